"""What holds of the visible checks of every lab, as a class whose heirs say which lab they mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
import pytest

from dlcourse.checks.properties import ChecksFailedError

Function = Callable[..., Any]
CONSTANTS = {
    "None": None,
    "zero": 0.0,
    "zeros": np.zeros(3),
    "empty": (),
    "pair": (0.0, np.zeros(3)),
    "pair of a row": (0.0, np.zeros((1, 3))),
    "triple": (1, 2, 3),
    "text": "x",
}


class VisibleChecks:
    """The tests; an heir has a lab's checks, and answers that they reject and accept.

    Attributes:
        checks: the module of the lab's checks, ``dlcourse.checks.labNN``.
        library: where the functions that the lab asks for are to be found.
        wrong: for each task wrong answers, each with words of what the student is told.
        right: for each task right answers, written otherwise than the library's.
        by_sentence: whether some words stand in the sentence of the property that fails; else they
            stand in the reason that follows it.
    """

    checks: ClassVar[ModuleType]
    library: ClassVar[Sequence[ModuleType]]
    wrong: ClassVar[Mapping[str, Sequence[tuple[Function, str]]]]
    right: ClassVar[Mapping[str, Sequence[Function]]]
    by_sentence: ClassVar[bool] = False

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Each test runs for every task, and for every answer to it that the test is about."""
        if "words" in metafunc.fixturenames:
            wrong = [(task, *case) for task, cases in self.wrong.items() for case in cases]
            ids = [f"{task}: {words}" for task, _, words in wrong]
            metafunc.parametrize(("task", "function", "words"), wrong, ids=ids)
        elif "function" in metafunc.fixturenames:
            right = [
                (task, function) for task, functions in self.right.items() for function in functions
            ]
            metafunc.parametrize(("task", "function"), right)
        elif "task" in metafunc.fixturenames:
            metafunc.parametrize("task", self.checks.__all__)

    def _check(self, task: str, function: Function) -> None:
        getattr(self.checks, task)(function)

    def _library(self, task: str) -> Function:
        return next(getattr(module, task) for module in self.library if hasattr(module, task))

    @pytest.mark.filterwarnings("ignore::RuntimeWarning")
    def test_a_wrong_answer_is_told_what_is_wrong(
        self, task: str, function: Function, words: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(ChecksFailedError, match=f"{task}: "):
            self._check(task, function)
        failed = [line for line in capsys.readouterr().out.splitlines() if line.startswith("✗")]
        told = failed if self.by_sentence else [line.partition(" — ")[2] for line in failed]
        assert any(words in line for line in told), failed

    @pytest.mark.filterwarnings("ignore::RuntimeWarning")
    def test_a_right_answer_passes_however_it_is_written(
        self, task: str, function: Function
    ) -> None:
        self._check(task, function)

    def test_the_library_passes(self, task: str) -> None:
        self._check(task, self._library(task))

    def test_a_stub_is_told_that_it_is_not_written(
        self, task: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def stub(*args: object, **kwargs: object) -> None:
            raise NotImplementedError

        with pytest.raises(ChecksFailedError):
            self._check(task, stub)
        lines = capsys.readouterr().out.splitlines()
        assert lines
        assert all(line.endswith("not written yet") for line in lines)

    @pytest.mark.filterwarnings("ignore::RuntimeWarning")
    @pytest.mark.parametrize("value", CONSTANTS.values(), ids=CONSTANTS)
    def test_a_function_that_returns_a_constant_fails(self, task: str, value: object) -> None:
        with pytest.raises(ChecksFailedError):
            self._check(task, lambda *args, **kwargs: value)

    @pytest.mark.filterwarnings("ignore::RuntimeWarning")
    def test_a_function_that_returns_its_first_argument_fails(self, task: str) -> None:
        with pytest.raises(ChecksFailedError):
            self._check(task, lambda first, *args, **kwargs: first)

    def test_every_task_has_wrong_and_right_answers(self) -> None:
        assert set(self.wrong) == set(self.right) == set(self.checks.__all__)
        assert all(len(cases) >= 3 for cases in self.wrong.values())
