"""The hidden tests of every lab against its known mistakes, its variants and empty stubs."""

from __future__ import annotations

import copy
import importlib
import pkgutil
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dlcourse
from autograder.answers import Answer, AnswerError, load, unbound
from autograder.grading import Case, HiddenTests
from autograder.labs import HIDDEN, all_labs
from autograder.local import LocalStudent
from autograder.results import TestResult

Function = Callable[..., Any]

# Some answers divide zero by zero, be it by mistake or to mend it afterwards.
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

LABS = sorted(path.stem.removeprefix("test_") for path in HIDDEN.glob("test_lab*.py"))
# The right ones of train_recipe train for seconds each: test_answers_capstone.py has them all.
LENGTHY = {"train_recipe"}
ANSWERS = {lab: [a for a in load(lab) if a.task not in LENGTHY] for lab in LABS}
SECRETS = [b"a second secret", b"a third", b"a fourth"]


def of_kind(kind: str, lab: str) -> list[Answer]:
    return [answer for answer in ANSWERS[lab] if answer.kind == kind]


@cache
def library() -> dict[str, Function]:
    """Every public function of the library, by its name."""
    functions: dict[str, Function] = {}
    for module in pkgutil.walk_packages(dlcourse.__path__, "dlcourse."):
        if module.name.split(".")[1] in {"checks", "plots", "cli"}:
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            if callable(value) and getattr(value, "__module__", "") == module.name:
                functions[name] = value
    return functions


@cache
def reference(lab: str) -> dict[str, Function]:
    """The library's function for each of the lab's tasks."""
    return {answer.task: library()[answer.task] for answer in ANSWERS[lab]}


class WatchedStudent(LocalStudent):
    """A student who remembers which functions were asked for."""

    def __init__(self, functions: dict[str, Function]) -> None:
        super().__init__(functions)
        self.asked: set[str] = set()

    def __getattr__(self, name: str) -> Function:
        self.asked.add(name)
        return super().__getattr__(name)


class LabTests(HiddenTests):
    """The hidden tests of one lab, which remember whose they are and what they ask for."""

    def __init__(self, lab: str, secret: bytes) -> None:
        super().__init__(HIDDEN / f"test_{lab}.py", secret)
        self.cases = [case for case in self.cases if case.task not in LENGTHY]
        self.lab = lab
        self._asked: list[set[str]] = []

    def run_where_asked(self, functions: dict[str, Function]) -> dict[str, list[TestResult]]:
        """Run the tests that ask for any of `functions`, the rest being the reference.

        The others would run as they do for the reference, which passes: tests are repeatable.
        """
        everything = self.cases
        if not self._asked:
            self._asked = [self._asked_by(case) for case in everything]
        pairs = zip(everything, self._asked, strict=True)
        self.cases = [case for case, asked in pairs if asked & functions.keys()]
        try:
            return self.run(LocalStudent(reference(self.lab) | functions))
        finally:
            self.cases = everything

    def _asked_by(self, case: Case) -> set[str]:
        everything, student = self.cases, WatchedStudent(reference(self.lab))
        self.cases = [case]
        try:
            ((result,),) = self.run(student).values()
        finally:
            self.cases = everything
        assert result.passed, result
        return student.asked


Opened = dict[tuple[str, bytes], LabTests]


@pytest.fixture(scope="module")
def opened() -> Iterator[Opened]:
    """The hidden tests collected so far, by lab and secret: collecting takes longer than running.

    pytest would make a parametrized module fixture anew for nearly every test.
    """
    tests: Opened = {}
    yield tests
    for of_lab in tests.values():
        of_lab.close()


def open_tests(opened: Opened, lab: str, secret: bytes) -> LabTests:
    if (lab, secret) not in opened:
        opened[lab, secret] = LabTests(lab, secret)
    return opened[lab, secret]


@pytest.fixture
def hidden(request: pytest.FixtureRequest, opened: Opened) -> LabTests:
    return open_tests(opened, request.param, b"a secret")


@pytest.fixture(
    params=[SECRETS[0], *(pytest.param(secret, marks=pytest.mark.slow) for secret in SECRETS[1:])]
)
def secret(request: pytest.FixtureRequest) -> bytes:
    value: bytes = request.param
    return value


@pytest.fixture(params=LABS)
def hidden_with_other_seeds(
    request: pytest.FixtureRequest, opened: Opened, secret: bytes
) -> LabTests:
    return open_tests(opened, request.param, secret)


every_lab = pytest.mark.parametrize("hidden", LABS, indirect=True)


def every_answer(kind: str) -> pytest.MarkDecorator:
    """Each answer of one kind, with its lab's hidden tests."""
    pairs = [
        pytest.param(lab, answer, id=f"{lab[:5]}-{label(answer)}")
        for lab in LABS
        for answer in of_kind(kind, lab)
    ]
    return pytest.mark.parametrize(("hidden", "answer"), pairs, indirect=["hidden"])


def label(answer: Answer) -> str:
    return f"{answer.task}-{answer.name}"


def results(hidden: LabTests, **replaced: Function) -> list[tuple[str, TestResult]]:
    """What each hidden test says, with its task, of the reference with some functions replaced.

    Without those that ask for none of the replaced ones.
    """
    if replaced:
        by_task = hidden.run_where_asked(replaced)
    else:
        by_task = hidden.run(LocalStudent(reference(hidden.lab)))
    return [(task, result) for task, of_task in by_task.items() for result in of_task]


def failures(hidden: LabTests, **replaced: Function) -> dict[str, str]:
    """The tests that fail, with what they say, by "task: test"."""
    return {
        f"{task}: {result.name}": f"{result.message} {result.detail}"
        for task, result in results(hidden, **replaced)
        if not result.passed
    }


def function(answer: Answer) -> Function:
    """The function that a notebook has after a cell with the answer's source has run."""
    namespace: dict[str, Any] = {}
    exec(compile(answer.source, answer.name, "exec", dont_inherit=True), namespace)
    found: Function = namespace[answer.task]
    return found


@every_lab
def test_every_task_has_at_least_three_hidden_tests(hidden: LabTests) -> None:
    counts = Counter(task for task, _ in results(hidden))
    assert set(counts) == set(reference(hidden.lab))
    assert min(counts.values()) >= 3
    assert counts.total() >= 45


def test_reference_passes_whatever_the_seeds(hidden_with_other_seeds: LabTests) -> None:
    assert failures(hidden_with_other_seeds) == {}


@every_answer("variant")
def test_variant_passes(hidden: LabTests, answer: Answer) -> None:
    assert failures(hidden, **{answer.task: function(answer)}) == {}


def test_variants_pass_whatever_the_seeds(hidden_with_other_seeds: LabTests) -> None:
    lab = hidden_with_other_seeds.lab
    variants: dict[str, list[Answer]] = {task: [] for task in reference(lab)}
    for answer in of_kind("variant", lab):
        variants[answer.task].append(answer)
    for index in range(max(len(answers) for answers in variants.values())):
        chosen = [answers[index] for answers in variants.values() if index < len(answers)]
        replaced = {answer.task: function(answer) for answer in chosen}
        assert failures(hidden_with_other_seeds, **replaced) == {}


def test_every_mistake_fails_whatever_the_seeds(hidden_with_other_seeds: LabTests) -> None:
    lab = hidden_with_other_seeds.lab
    mistakes: dict[str, list[Answer]] = {task: [] for task in reference(lab)}
    for answer in of_kind("mistake", lab):
        mistakes[answer.task].append(answer)
    for index in range(max(len(answers) for answers in mistakes.values())):
        chosen = [answers[index] for answers in mistakes.values() if index < len(answers)]
        replaced = {answer.task: function(answer) for answer in chosen}
        failed = failures(hidden_with_other_seeds, **replaced)
        assert {name.partition(":")[0] for name in failed} == set(replaced)


@every_answer("mistake")
def test_mistake_fails_in_its_own_task_alone(hidden: LabTests, answer: Answer) -> None:
    failed = failures(hidden, **{answer.task: function(answer)})
    assert {name.partition(":")[0] for name in failed} == {answer.task}


@every_lab
def test_changed_argument_costs_one_test_alone(hidden: LabTests) -> None:
    for answer in of_kind("mistake", hidden.lab):
        if "changes the caller's" in answer.says:
            failed = failures(hidden, **{answer.task: function(answer)})
            assert len(failed) == 1, label(answer)
            assert "changes its argument" in next(iter(failed.values()))


def returns(value: Any) -> Function:
    return lambda *args, **kwargs: value


def returns_argument(*positions: int) -> Function:
    """A stub that returns one of its arguments, or a tuple of several."""

    def stub(*args: object) -> object:
        chosen = tuple(args[min(position, len(args) - 1)] for position in positions)
        return chosen if len(chosen) > 1 else chosen[0]

    return stub


def not_written(*args: object, **kwargs: object) -> object:
    raise NotImplementedError


CONSTANTS: list[object] = [None, 0, 0.0, 1.0, False, True, [], (None, 0)]
STUBS = {
    **{repr(value): returns(value) for value in CONSTANTS},
    **{f"argument {i}": returns_argument(i) for i in range(8)},
    **{
        f"arguments {i}, {k}": returns_argument(i, k)
        for i, k in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 2), (1, 5), (1, 6)]
    },
    "arguments 1, 2, 0": returns_argument(1, 2, 0),
    "not written": not_written,
}


@every_lab
@pytest.mark.parametrize("stub", STUBS.values(), ids=STUBS)
def test_no_hidden_test_passes_for_a_stub(hidden: LabTests, stub: Function) -> None:
    stubs = dict.fromkeys(reference(hidden.lab), stub)
    assert [result.name for _, result in results(hidden, **stubs) if result.passed] == []


def zeros_like(value: Any) -> Any:
    """Zeros in the place of every number in `value`."""
    if isinstance(value, tuple | list):
        return type(value)(zeros_like(entry) for entry in value)
    if isinstance(value, dict):
        return {name: zeros_like(entry) for name, entry in value.items()}
    return np.zeros_like(value) if isinstance(value, np.ndarray) else type(value)()


def returns_zeros_for(right: Function) -> Function:
    """A stub that returns zeros of the right kind, shape and dtype."""
    return lambda *args: zeros_like(right(*copy.deepcopy(args)))


@every_lab
def test_no_hidden_test_passes_for_zeros_of_the_right_shape(hidden: LabTests) -> None:
    stubs = {task: returns_zeros_for(right) for task, right in reference(hidden.lab).items()}
    assert [result.name for _, result in results(hidden, **stubs) if result.passed] == []


@pytest.mark.parametrize("lab", LABS)
def test_every_task_has_five_mistakes_and_three_variants_at_least(lab: str) -> None:
    mistakes = Counter(answer.task for answer in of_kind("mistake", lab))
    variants = Counter(answer.task for answer in of_kind("variant", lab))
    assert {task: count for task, count in mistakes.items() if count < 5} == {}
    assert {task: count for task, count in variants.items() if count < 3} == {}
    assert set(mistakes) == set(variants)


@pytest.mark.parametrize("lab", LABS)
def test_mistakes_speak_in_sentences_and_variants_not_at_all(lab: str) -> None:
    mistakes = of_kind("mistake", lab)
    for answer in mistakes:
        assert answer.says[0].isupper() or answer.says[0].isdigit(), label(answer)
        assert answer.says[-1] in ".?…", label(answer)
        assert not set("`()[]") & set(answer.says), label(answer)
    assert {answer.says for answer in of_kind("variant", lab)} == {""}
    assert len({(answer.task, answer.says) for answer in mistakes}) == len(mistakes)


@pytest.mark.parametrize("lab", LABS)
def test_number_of_the_lab_loads_the_same_answers(lab: str) -> None:
    assert load(lab[:5]) == load(lab)


def test_source_is_a_cell_with_its_imports_and_the_tasks_name(tmp_path: Path) -> None:
    (tmp_path / "lab42.py").write_text(
        "from __future__ import annotations\n"
        "import math, random\n"
        "from autograder.answers import mistake\n"
        "\n"
        '@mistake("area", says="Radius, not "\n'
        '    "diameter.")\n'
        "def diameter_taken(r):\n"
        "    # a comment stays\n"
        "    return math.pi * r if r < 1 else 4 * diameter_taken(r / 2)\n",
        encoding="utf-8",
    )
    source = (
        "import math\n\n\ndef area(r):\n    # a comment stays\n"
        "    return math.pi * r if r < 1 else 4 * area(r / 2)\n"
    )
    says = "Radius, not diameter."
    assert load("lab42_circles", tmp_path) == [
        Answer("mistake", "area", "diameter_taken", says, source)
    ]


@pytest.mark.parametrize(
    "decorators",
    [
        "",
        "@functools.cache\n",
        '@mistake("area")\n',
        '@variant("area", says="No word for a right one.")\n',
        '@mistake(TASK, says="The task is not written out.")\n',
        '@variant("area")\n@variant("volume")\n',
    ],
)
def test_function_that_is_no_answer_is_refused_with_its_place(
    tmp_path: Path, decorators: str
) -> None:
    (tmp_path / "lab42.py").write_text(f"{decorators}def area(r): ...\n", encoding="utf-8")
    with pytest.raises(AnswerError, match=r"lab42.py, line \d, area: expected"):
        load("lab42", tmp_path)


def test_names_that_an_answer_does_not_bring_along_are_found(tmp_path: Path) -> None:
    text = (
        "import math\n\nHALF = 0.5\n\n\n"
        '@mistake("area", says="Half.")\n'
        "def half(r):\n"
        "    def inner(x): return [HALF * math.pi * x * np.e for _ in range(2)]\n"
        "    return inner(r) if r else half(1)\n"
    )
    (tmp_path / "lab42.py").write_text(text, encoding="utf-8")
    assert unbound(*load("lab42", tmp_path)) == {"HALF", "np"}


@pytest.mark.parametrize("lab", all_labs())
def test_every_answer_brings_its_names_along(lab: str) -> None:
    assert {answer.name: names for answer in load(lab) if (names := unbound(answer))} == {}
