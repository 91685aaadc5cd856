"""The plugin under the hidden tests: reruns, words, seeds, and what a failure is called."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder import labs
from autograder.errors import UsageError
from autograder.grading import OTHER_FAILURE, HiddenTests, MissingFunction
from autograder.results import TestResult

MODULE = """
import numpy as np
import pytest
from dlcourse.testing import CheckError, check_close

@pytest.mark.task("double", weight=2)
def test_doubles(student):
    check_close(student.double(2.0), 4.0, "double")

@pytest.mark.task("double")
@pytest.mark.parametrize("x", [1.0, 3.0])
def test_doubles_many(student, x):
    check_close(student.double(x), 2 * x, "double")

@pytest.mark.task("draw")
def test_draws(student, rng, student_rng):
    student.draw(rng.random(), student_rng.random())

@pytest.mark.task("draw")
@pytest.mark.parametrize("n", [1, 2])
def test_draws_more(student, rng, student_rng, n):
    student.draw(rng.random(), student_rng.random())

@pytest.mark.task("odd")
def test_odd(student):
    student.odd()
"""


class Scripted:
    """A student of plain functions, with a memory that a restart wipes."""

    def __init__(self, **functions: Callable[..., Any]) -> None:
        self.functions = functions
        self.restarts = 0
        self.called: frozenset[str] = frozenset()

    def may_remember(self, called: frozenset[str]) -> bool:
        return bool(called)

    def restart(self) -> None:
        self.restarts += 1
        self.called = frozenset()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in self.functions:
            raise MissingFunction(name)
        self.called |= {name}
        return self.functions[name]


def write_module(directory: Path) -> Path:
    path = directory / "test_lab77_doubling.py"
    path.write_text(MODULE)
    return path


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_module(tmp_path_factory.mktemp("hidden"))


@pytest.fixture(scope="module")
def tests(module: Path) -> Iterator[HiddenTests]:
    hidden = HiddenTests(module, b"one secret")
    yield hidden
    hidden.close()


def right(**functions: Callable[..., Any]) -> Scripted:
    usual = {"double": lambda x: 2 * x, "draw": lambda *seen: None, "odd": lambda: None}
    return Scripted(**(usual | functions))


def of(tests: HiddenTests, student: Scripted, task: str) -> list[TestResult]:
    return tests.run(student)[task]


def test_results_come_by_task_with_weights_and_one_for_each_parameter(tests: HiddenTests) -> None:
    results = tests.run(right())
    assert list(results) == ["double", "draw", "odd"] == sorted(tests.tasks())
    assert [(test.name, test.weight, test.passed) for test in results["double"]] == [
        ("doubles", 2, True),
        ("doubles_many[1.0]", 1, True),
        ("doubles_many[3.0]", 1, True),
    ]


def test_same_tests_run_for_one_student_after_the_other(tests: HiddenTests) -> None:
    for _ in range(3):
        assert all(test.passed for test in of(tests, right(), "double"))
        assert not any(test.passed for test in of(tests, right(double=lambda x: x), "double"))


# Words


def test_check_error_says_its_message_to_the_student_and_the_rest_to_the_instructor(
    tests: HiddenTests,
) -> None:
    test = of(tests, right(double=lambda x: 2 * x + 1), "double")[0]
    assert (test.passed, test.message) == (False, "double: the value is wrong")
    assert test.detail == "got 5, expected 4"
    assert not test.missing


def raises(error: BaseException) -> Callable[[], None]:
    def function() -> None:
        raise error

    return function


@pytest.mark.parametrize(
    "error",
    [
        ValueError("the answer is 42"),
        AssertionError("expected 42"),
        KeyError("42"),
        RecursionError(),
        MemoryError("42"),
        StopIteration(42),
        pytest.skip.Exception("42"),
        pytest.xfail.Exception("42"),
        pytest.fail.Exception("42"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_any_other_failure_says_nothing_to_the_student(
    tests: HiddenTests, error: BaseException
) -> None:
    (test,) = of(tests, right(odd=raises(error)), "odd")
    assert (test.passed, test.message, test.hint) == (False, OTHER_FAILURE, "")
    assert type(error).__name__ in test.detail


def test_detail_of_a_failure_is_cut(tests: HiddenTests) -> None:
    (test,) = of(tests, right(odd=raises(ValueError("x" * 100_000))), "odd")
    assert len(test.detail) <= 2000


def test_missing_function_is_told_apart(tests: HiddenTests) -> None:
    student = right()
    del student.functions["double"]
    results = of(tests, student, "double")
    assert all(test.missing and not test.passed for test in results)
    assert "double is not there" in results[0].message


def test_function_that_is_not_written_yet_is_told_apart(tests: HiddenTests) -> None:
    student = right(odd=raises(MissingFunction("odd", unwritten=True)))
    (test,) = of(tests, student, "odd")
    assert test.missing
    assert test.message == "odd is not written yet"


# Reruns


def test_student_who_is_right_is_never_restarted(tests: HiddenTests) -> None:
    student = right()
    tests.run(student)
    assert student.restarts == 0


def test_failure_after_another_test_is_run_again_in_a_fresh_process_and_that_counts(
    tests: HiddenTests,
) -> None:
    student = right()

    def only_fresh() -> None:
        if len(student.called) > 1:
            raise ValueError("spoilt by an earlier test")

    student.functions["odd"] = only_fresh
    assert of(tests, student, "odd")[0].passed
    assert student.restarts == 1


def test_failure_in_a_fresh_process_too_is_a_failure_after_one_restart(tests: HiddenTests) -> None:
    student = right(odd=raises(ValueError("always")))
    assert not of(tests, student, "odd")[0].passed
    assert student.restarts == 1


def test_failure_where_nothing_can_have_been_left_is_not_run_again(tests: HiddenTests) -> None:
    class Forgetful(Scripted):
        def may_remember(self, called: frozenset[str]) -> bool:
            asked.append(called)
            return False

    asked: list[frozenset[str]] = []
    usual = right(odd=raises(ValueError("always"))).functions
    student = Forgetful(**usual)
    assert not of(tests, student, "odd")[0].passed
    assert (student.restarts, asked) == (0, [frozenset({"double", "draw"})])


def test_failure_in_an_unused_process_is_not_run_again(tests: HiddenTests) -> None:
    calls: list[float] = []

    def wrong(x: float) -> float:
        calls.append(x)
        return x

    tests.run(right(double=wrong))
    assert calls == [2.0, 1.0, 1.0, 3.0, 3.0]


def test_missing_function_is_not_looked_for_again(tests: HiddenTests) -> None:
    student = right()
    del student.functions["odd"]
    tests.run(student)
    assert student.restarts == 0


def test_pass_in_a_used_process_is_not_run_again(tests: HiddenTests) -> None:
    calls: list[float] = []
    tests.run(right(double=lambda x: calls.append(x) or 2 * x))
    assert calls == [2.0, 1.0, 3.0]


# Seeds


def drawn(tests: HiddenTests) -> list[tuple[float, float]]:
    seen: list[tuple[float, float]] = []
    tests.run(right(draw=lambda *pair: seen.append(pair)))
    return seen


def test_seeds_are_the_same_for_every_student_and_different_for_every_test_and_stream(
    tests: HiddenTests,
) -> None:
    seen = drawn(tests)
    assert seen == drawn(tests)
    assert len({number for pair in seen for number in pair}) == 6


def test_rerun_draws_the_same_numbers(tests: HiddenTests) -> None:
    seen: list[tuple[float, float]] = []

    def refuse(*pair: float) -> None:
        seen.append(pair)
        raise ValueError("no")

    tests.run(right(draw=refuse))
    assert len(seen) == 6
    assert seen[0::2] == seen[1::2]


def test_seeds_depend_on_the_secret(tests: HiddenTests, module: Path) -> None:
    same, other = HiddenTests(module, b"one secret"), HiddenTests(module, b"another secret")
    assert drawn(same) == drawn(tests)
    assert not {n for pair in drawn(other) for n in pair} & {n for p in drawn(tests) for n in p}
    same.close()
    other.close()


def test_seeds_are_the_same_in_another_process_and_another_directory(
    tests: HiddenTests, tmp_path: Path
) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from autograder.grading import HiddenTests\n"
        "class Student:\n"
        "    called = frozenset()\n"
        "    def may_remember(self, called): return False\n"
        "    def draw(self, *pair): print(*pair)\n"
        "HiddenTests(Path(sys.argv[1]), b'one secret').run(Student())\n"
    )
    command = [sys.executable, "-c", script, str(write_module(tmp_path))]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines = [line.split() for line in printed.splitlines()]
    assert [(float(one), float(other)) for one, other in lines] == drawn(tests)


# Modules of hidden tests


def test_module_without_tests_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "test_lab77_empty.py"
    path.write_text("")
    with pytest.raises(UsageError, match="holds no tests"):
        HiddenTests(path, b"secret")


def test_module_that_cannot_be_collected_is_an_error_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "test_lab77_broken.py"
    path.write_text("import nothing_of_this_name\n")
    with pytest.raises(UsageError, match=r"cannot be collected.*nothing_of_this_name"):
        HiddenTests(path, b"secret")


def test_test_without_a_task_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "test_lab77_lost.py"
    path.write_text("def test_lost(student):\n    pass\n")
    with pytest.raises(UsageError, match=r"test_lost has no @pytest\.mark\.task"):
        HiddenTests(path, b"secret")


def under_pytest(directory: Path, *arguments: str | Path) -> str:
    """What ``pytest`` with these arguments says before it gives up for a reason in words."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "autograder.grading", "-c", os.devnull]
    command += ["-p", "no:cacheprovider", *map(str, arguments)]
    finished = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=directory, timeout=60
    )
    assert finished.returncode == pytest.ExitCode.USAGE_ERROR
    return finished.stdout


def test_hidden_tests_without_a_submission_say_what_they_need(tmp_path: Path) -> None:
    said = under_pytest(tmp_path, write_module(tmp_path))
    assert said.count("hidden tests need --submission NOTEBOOK") == 1


def test_submission_that_cannot_be_opened_is_one_line(tmp_path: Path) -> None:
    hidden = labs.find("lab05").hidden_tests
    said = under_pytest(tmp_path, "--submission", "nobody.ipynb", hidden)
    assert said.count("nobody.ipynb: ") == 1


# Figures


def test_figures_that_a_test_takes_down_are_in_its_result_and_only_those_of_this_student(
    tmp_path: Path,
) -> None:
    module = tmp_path / "test_lab78_measuring.py"
    module.write_text(
        "import pytest\n"
        '@pytest.mark.task("double")\n'
        "def test_accuracy(student, record_property):\n"
        '    record_property("accuracy", student.double(0.25))\n'
        "    assert student.double(1.0) == 2.0\n"
    )
    hidden = HiddenTests(module, b"one secret")
    seen = [
        of(hidden, right(**functions), "double")[0]
        for functions in ({}, {"double": lambda x: x}, {"double": raises(ValueError("no"))})
    ]
    hidden.close()
    assert [(test.passed, test.measures) for test in seen] == [
        (True, {"accuracy": 0.5}),
        (False, {"accuracy": 0.25}),
        (False, {}),
    ]
