"""Marks: of tests, of concept questions, and of whole notebooks in one warm sandbox."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder import labs
from autograder.completion import Notebook, completed, released, save, with_cell
from autograder.grader import Grader, mark_question, with_follow_on_hints
from autograder.labs import Task
from autograder.results import SubmissionResult, TaskResult, TestResult
from autograder.sandbox.values import Handle

LAB = "lab01_sgd_vs_batch"
QUESTION = Task("q_order", 2, "concept", frozenset("ac"), frozenset("abcd"))


def of(*passed: bool, weights: tuple[float, ...] = (), points: float = 6) -> TaskResult:
    weights = weights or (1.0,) * len(passed)
    tests = [
        TestResult(f"t{i}", p, w) for i, (p, w) in enumerate(zip(passed, weights, strict=True))
    ]
    return TaskResult.of_tests("task", points, tests)


# Tests to points


@pytest.mark.parametrize(
    ("passed", "score", "status"),
    [
        ((True,), 6, "passed"),
        ((True, True), 6, "passed"),
        ((True, False), 3, "partial"),
        ((True, False, False), 2, "partial"),
        ((False, False), 0, "failed"),
        ((), 0, "failed"),
    ],
)
def test_score_is_the_share_of_tests_that_passed(
    passed: tuple[bool, ...], score: float, status: str
) -> None:
    assert (of(*passed).score, of(*passed).status) == (score, status)


def test_weights_count_and_points_are_rounded_to_a_hundredth() -> None:
    assert of(True, False, weights=(2, 1), points=5).score == 3.33
    assert of(False, True, weights=(2, 1), points=5).score == 1.67
    assert of(True, False, weights=(0, 1)).score == 0


def test_task_is_missing_only_if_every_test_misses_the_function() -> None:
    gone = TestResult("a", False, missing=True)
    wrong = TestResult("b", False)
    assert TaskResult.of_tests("task", 6, [gone, gone]).status == "missing"
    assert TaskResult.of_tests("task", 6, [gone, wrong]).status == "failed"
    assert TaskResult.of_tests("task", 6, [gone, TestResult("c", True)]).status == "partial"


@given(st.lists(st.tuples(st.booleans(), st.floats(0.1, 10)), min_size=1), st.floats(0.5, 100))
def test_score_lies_between_nothing_and_all_points(
    tests: list[tuple[bool, float]], points: float
) -> None:
    passed, weights = zip(*tests, strict=True)
    result = of(*passed, weights=weights, points=points)
    assert result.score is not None
    assert 0 <= result.score <= points + 0.005
    assert (result.status == "passed") == all(passed)
    if not any(passed):
        assert result.score == 0


# Questions to points


@pytest.mark.parametrize(
    ("given_letters", "score", "status"),
    [
        ({"a", "c"}, 2, "passed"),
        (["c", "a"], 2, "passed"),
        (("a", "c", "a"), 2, "passed"),
        ({" A", "C "}, 2, "passed"),
        ({"a"}, 1, "partial"),
        ({"a", "c", "b"}, 1, "partial"),
        ({"a", "b"}, 0, "failed"),
        ({"b"}, 0, "failed"),
        ({"b", "d"}, 0, "failed"),
        ({"a", "b", "c", "d"}, 0, "failed"),
        ({"z"}, 0, "failed"),
        (set(), 0, "missing"),
        ([], 0, "missing"),
        (None, 0, "missing"),
        ("ac", 0, "missing"),
        (True, 0, "missing"),
        ({"a": 1, "c": 1}, 0, "missing"),
        (Handle(1, "set"), 0, "missing"),
        ({None, 3}, 0, "failed"),
        (["ac", ["a"], {"c"}], 0, "failed"),
    ],
)
def test_question_is_worth_right_ticks_less_wrong_ones(
    given_letters: Any, score: float, status: str
) -> None:
    result = mark_question(QUESTION, {"q_order": given_letters})
    assert (result.score, result.status, result.max_score) == (score, status, 2)


@pytest.mark.parametrize(
    "answers", [None, [], "q_order", {}, {"q_other": {"a"}}, Handle(1, "dict")]
)
def test_question_without_an_answer_is_missing(answers: object) -> None:
    result = mark_question(QUESTION, answers)
    assert (result.score, result.status) == (0, "missing")
    assert result.tests[0].message == "no answer"


@given(st.sets(st.sampled_from("abcde"), min_size=1))
def test_feedback_on_a_question_does_not_say_which_letters(letters: set[str]) -> None:
    result = mark_question(QUESTION, {"q_order": letters})
    wrong = mark_question(QUESTION, {"q_order": {"b"}})
    assert result.tests[0].message in ("", wrong.tests[0].message)
    assert (result.tests[0].message == "") == (letters - {"e"} == {"a", "c"})


def test_ticking_everything_is_never_worth_anything_in_a_real_lab() -> None:
    for task in labs.find(LAB).tasks:
        if task.kind == "concept":
            assert mark_question(task, {task.name: set(task.letters)}).score == 0
            assert mark_question(task, {task.name: set(task.key)}).score == task.points


# Whole notebooks


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    grader = Grader(labs.find(LAB), b"a secret", "bubblewrap")
    yield grader
    grader.close()


def graded(grader: Grader, tmp_path: Path, notebook: Notebook) -> SubmissionResult:
    path = tmp_path / "alice.ipynb"
    save(notebook, path)
    return grader.grade("alice", path, key="the key")


def test_reference_gets_every_point_and_its_record_says_how(grader: Grader, tmp_path: Path) -> None:
    result = graded(grader, tmp_path, completed(labs.find(LAB)))
    assert (result.status, result.score, result.max_score) == ("graded", 90, 90)
    assert result.errors == ()
    assert {task.status for task in result.tasks} == {"passed", "manual"}
    assert (result.isolation, result.key, result.student) == ("bubblewrap", "the key", "alice")
    assert len(result.notebook_sha256) == len(result.secret_sha256) == 64
    assert "a secret" not in result.to_json()
    assert result.seconds > 0


def test_released_notebook_gets_nothing_and_every_task_is_missing(
    grader: Grader, tmp_path: Path
) -> None:
    result = graded(grader, tmp_path, released(labs.find(LAB)))
    assert result.score == 0
    assert {task.status for task in result.tasks} == {"missing", "manual"}
    assert result.errors == ()


def test_directory_pipe_and_link_in_place_of_a_notebook_are_failed_results(
    grader: Grader, tmp_path: Path
) -> None:
    (tmp_path / "link.ipynb").symlink_to("/etc/passwd")
    for path in (tmp_path, tmp_path / "link.ipynb", tmp_path / "nothing.ipynb"):
        result = grader.grade("alice", path)
        assert (result.status, result.score, result.max_score) == ("failed", 0, 90)
        assert len(result.errors) == 1


def test_failing_cell_is_named_and_costs_only_what_it_would_have_defined(
    grader: Grader, tmp_path: Path
) -> None:
    replaced = {"smoothed_loss": "def smoothed_loss(:"}
    result = graded(grader, tmp_path, completed(labs.find(LAB), replaced))
    assert result.score == 85
    assert [task.name for task in result.tasks if task.status == "missing"] == ["smoothed_loss"]
    assert len(result.errors) == 1
    assert "(smoothed_loss) failed with SyntaxError" in result.errors[0]


def test_experiment_that_fails_is_no_error(grader: Grader, tmp_path: Path) -> None:
    notebook = completed(labs.find(LAB))
    for cell in notebook["cells"]:
        if "experiment" in cell["metadata"].get("tags", []):
            cell["source"] = "import no_such_package\n" + "".join(cell["source"]) + "\n1 / 0\n"
    result = graded(grader, tmp_path, notebook)
    assert (result.score, result.errors) == (90, ())


def test_name_of_a_cell_cannot_break_the_file_of_results(grader: Grader, tmp_path: Path) -> None:
    notebook = with_cell(released(labs.find(LAB)), "1 / 0", before="gradient_descent")
    added = next(cell for cell in notebook["cells"] if cell["source"] == "1 / 0")
    added["metadata"] = {"nbgrader": {"grade_id": "<b>\u2028\x1b[2J\ud800"}}
    path = tmp_path / "alice.ipynb"
    path.write_text(json.dumps(notebook))
    result = grader.grade("alice", path)
    assert len(result.errors) == 1
    assert "ZeroDivisionError" in result.errors[0]
    assert result.errors[0].isprintable()


def test_next_student_finds_nothing_of_the_last_one(grader: Grader, tmp_path: Path) -> None:
    lab = labs.find(LAB)
    spoil = (
        "import numpy as np, pathlib\n"
        "np.array = np.zeros_like = np.asarray = None\n"
        "pathlib.Path('/tmp/numpy.py').write_text('raise SystemExit')\n"
    )
    assert graded(grader, tmp_path, with_cell(completed(lab), spoil, before="setup")).score < 90
    look = "import os\nassert os.listdir('/tmp') == [], 'something is left'"
    again = graded(grader, tmp_path, with_cell(completed(lab), look, before="setup"))
    assert (again.score, again.errors) == (90, ())


def test_score_is_the_same_each_time(grader: Grader, tmp_path: Path) -> None:
    half = {"minibatches": "def minibatches(T, batch_size, rng):\n    return [rng.permutation(T)]"}
    first, second = (
        graded(grader, tmp_path, completed(labs.find(LAB), half)).with_seconds(0) for _ in range(2)
    )
    assert first == second
    assert 84 <= first.score < 90


def test_a_loss_that_follows_from_another_says_which_to_mend_first() -> None:
    broken = TaskResult.of_tests("minibatches", 6, [TestResult("a", False, message="wrong")])
    caller = TaskResult.of_tests(
        "minibatch_epoch", 8, [TestResult("b", True), TestResult("c", False, message="wrong")]
    )
    other = TaskResult.of_tests("sgd_epoch", 9, [TestResult("d", False, message="wrong")])
    calls = {"minibatch_epoch": {"minibatches"}, "sgd_epoch": {"inverse_decay"}}
    hinted = with_follow_on_hints([broken, caller, other], calls)
    hints = [[test.hint for test in task.tests] for task in hinted]
    words = "minibatch_epoch calls your minibatches, which fails too: mend that first"
    assert hints == [[""], ["", words], [""]]
    assert [task.score for task in hinted] == [0, 4, 0]


CALLS_MINIBATCHES = """
def minibatch_epoch(grad, w, X, d, batch_size, lr, j, rng):
    for rows in minibatches(len(X), batch_size, rng):
        j += 1
        w = w - lr(j) * grad(w, X[rows], d[rows])
    return w, j
"""

DROPS_THE_SHORT_BATCH = """
def minibatches(T, batch_size, rng):
    order = rng.permutation(T)
    return [order[k * batch_size : (k + 1) * batch_size] for k in range(T // batch_size)]
"""


def test_feedback_on_a_notebook_names_the_function_to_mend_first(
    grader: Grader, tmp_path: Path
) -> None:
    own = {"minibatch_epoch": CALLS_MINIBATCHES, "minibatches": DROPS_THE_SHORT_BATCH}
    result = graded(grader, tmp_path, completed(labs.find(LAB), own))
    tasks = {task.name: task for task in result.tasks}
    failed = [test for test in tasks["minibatch_epoch"].tests if not test.passed]
    assert failed
    assert all("calls your minibatches" in test.hint for test in failed)
    assert not any("mend that first" in test.hint for test in tasks["minibatches"].tests)
