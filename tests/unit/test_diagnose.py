"""Which known mistake is this: in whole notebooks through the sandbox, and of values."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from autograder import equivalents, labs
from autograder.answers import Answer, load
from autograder.completion import completed
from autograder.diagnose import Diagnoser
from autograder.grader import Grader
from autograder.grading import HiddenTests
from autograder.labs import Lab
from autograder.results import SubmissionResult
from autograder.transcript import MOST_BYTES, NOT_KEPT, Recorded, Sampled, same
from dlcourse.testing import CheckError

SECRET = b"the diagnoses' own secret"
LABS = labs.all_labs()
# of two mistakes in one notebook, one a task
PAIRS = 20
Graders = Callable[[str], Grader]


@pytest.fixture(scope="module")
def graders() -> Iterator[Graders]:
    """The grader of a lab, one at a time: ``graders("lab01")``."""
    opened: dict[str, Grader] = {}

    def grader(lab: str) -> Grader:
        if lab not in opened:
            while opened:
                opened.popitem()[1].close()
            opened[lab] = Grader(labs.find(lab), SECRET, "bubblewrap")
        return opened[lab]

    yield grader
    for left in opened.values():
        left.close()


def by_task(lab: Lab, kind: str) -> dict[str, list[Answer]]:
    """The answers of one kind, but for those that train with torch, which are not diagnosed."""
    found = defaultdict(list)
    for answer in load(lab.name):
        if answer.kind == kind and "torch" not in answer.source:
            found[answer.task].append(answer)
    return dict(found)


def graded(grader: Grader, lab: Lab, answers: list[Answer]) -> SubmissionResult:
    unwritten = {
        task: f"def {task}(*args):\n    raise NotImplementedError"
        for task in equivalents.read(lab.name).left_out  # it would train for a minute
    }
    notebook = completed(lab, unwritten | {answer.task: answer.source for answer in answers})
    return grader.grade_content("student", json.dumps(notebook).encode())


def hints(result: SubmissionResult) -> dict[str, set[str]]:
    """The hints on the failing tests of each task that has any."""
    found = {task.name: {test.hint for test in task.tests if test.hint} for task in result.tasks}
    return {task: words for task, words in found.items() if words}


def named(grader: Grader, lab: Lab, answers: list[Answer]) -> list[bool]:
    """Of each of the mistakes in one notebook, whether it is named; nothing else may be."""
    found = hints(graded(grader, lab, answers))
    expected = {answer.task: {answer.says} for answer in answers}
    assert {task: words for task, words in found.items() if words != expected.get(task)} == {}
    return [answer.task in found for answer in answers]


# Whole notebooks


@pytest.mark.parametrize("name", ["lab01", "lab04"])
def test_sampled_mistakes_are_named_one_a_notebook_and_nothing_else_is(
    graders: Graders, name: str
) -> None:
    lab = labs.find(name)
    chosen = [answers[number % len(answers)] for number, answers in numbered(lab)][:8]
    assert sum(named(graders(name), lab, [answer])[0] for answer in chosen) >= 7


@pytest.mark.parametrize("name", ["lab01", "lab04"])
def test_right_variants_are_given_no_name(graders: Graders, name: str) -> None:
    lab = labs.find(name)
    variants = by_task(lab, "variant")
    for number in range(2):
        chosen = [answers[number % len(answers)] for answers in variants.values()]
        result = graded(graders(name), lab, chosen)
        assert result.score == result.max_score
        assert hints(result) == {}


def test_mistakes_in_every_task_of_a_notebook_are_all_named(graders: Graders) -> None:
    lab = labs.find("lab01")
    chosen = [answers[number % len(answers)] for number, answers in numbered(lab)]
    assert sum(named(graders("lab01"), lab, chosen)) >= 0.9 * len(chosen)


@pytest.mark.slow
@pytest.mark.parametrize("name", LABS)
def test_nine_of_ten_mistakes_of_a_lab_are_named(graders: Graders, name: str) -> None:
    lab = labs.find(name)
    right = [
        named(graders(name), lab, [mistake])[0]
        for mistakes in by_task(lab, "mistake").values()
        for mistake in mistakes
    ]
    assert sum(right) >= 0.9 * len(right)


@pytest.mark.slow
@pytest.mark.parametrize("name", LABS)
def test_no_variant_and_no_reference_is_given_a_name(graders: Graders, name: str) -> None:
    lab = labs.find(name)
    variants = by_task(lab, "variant")
    for number in range(max(map(len, variants.values()))):
        chosen = [answers[number] for answers in variants.values() if number < len(answers)]
        assert hints(graded(graders(name), lab, chosen)) == {}
    assert hints(graded(graders(name), lab, [])) == {}


@pytest.mark.slow
@pytest.mark.parametrize("name", LABS)
def test_four_of_five_pairs_in_different_tasks_are_both_named(graders: Graders, name: str) -> None:
    lab, rng = labs.find(name), np.random.default_rng(9)
    mistakes = by_task(lab, "mistake")
    both = 0
    for _ in range(PAIRS):
        tasks = rng.choice(list(mistakes), size=2, replace=False)
        pair = [mistakes[task][rng.integers(len(mistakes[task]))] for task in tasks]
        both += all(named(graders(name), lab, pair))
    assert both >= 0.8 * PAIRS


def numbered(lab: Lab) -> list[tuple[int, list[Answer]]]:
    return list(enumerate(by_task(lab, "mistake").values()))


HALF_A_STEP = """
def inverse_decay(j, lr0, decay):
    return 0.5 * lr0 / (1 + decay * j)
"""
TYPING_ERROR = """
def inverse_decay(j, lr0, decay):
    return lr / (1 + decay * j)
"""
LOUDLY_RENAMED = """
def lost(first, falling, update):
    return update * (first * falling)

def inverse_decay(update, first, falling):
    print("update", update)
    return first - lost(first, falling, update)
"""


@pytest.mark.parametrize("source", [HALF_A_STEP, TYPING_ERROR])
def test_mistake_that_nobody_has_listed_gets_no_name(graders: Graders, source: str) -> None:
    own = Answer("mistake", "inverse_decay", "own", "", source)
    result = graded(graders("lab01"), labs.find("lab01"), [own])
    assert result.score < result.max_score
    assert hints(result) == {}


def test_mistake_is_named_in_other_words_and_another_order_of_arithmetic(graders: Graders) -> None:
    lab = labs.find("lab01")
    listed = [a for a in by_task(lab, "mistake")["inverse_decay"] if a.name == "straight_line"]
    own = Answer("mistake", "inverse_decay", "own", "", LOUDLY_RENAMED)
    assert hints(graded(graders("lab01"), lab, [own])) == {
        "inverse_decay": {mistake.says for mistake in listed}
    }


# Twins


def test_two_mistakes_that_answer_alike_are_both_left_unnamed() -> None:
    lab = labs.find("lab00")
    tests = HiddenTests(lab.hidden_tests, SECRET)
    try:
        diagnoser = Diagnoser(lab, tests)
        twins = [a for a in load("lab00") if a.name in ("falling_sigmoid", "cases_exchanged")]
        behaviours = [diagnoser.behaviour(twin) for twin in twins]
        assert behaviours[0].is_that_of(behaviours[1])
        assert [diagnoser.sentence("sigmoid", seen) for seen in behaviours] == ["", ""]
    finally:
        tests.close()


# Values


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.array([1.0, 2.0]), np.array([1.0, 2.0 + 1e-9])),
        (np.array([np.nan, np.inf, 1.0]), np.array([np.nan, np.inf, 1.0])),
        (np.float64(0.5), 0.5),
        ([np.ones(2), 3], (np.ones(2), 3)),
        ({"t": 1, "m": np.zeros(2)}, {"m": np.zeros(2), "t": 1}),
        (None, None),
    ],
)
def test_values_are_the_same_but_for_rounding_and_kind_of_sequence(one: Any, other: Any) -> None:
    assert same(one, other)
    assert same(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.array([1.0, 2.0]), np.array([1.0, 2.0 + 1e-5])),
        (np.array([1e-9, 1.0]), np.array([1e-9, -1.0])),
        (np.zeros(2), np.zeros(2, np.float32)),
        (np.zeros((2, 1)), np.zeros(2)),
        (np.array(0.5), 0.5),
        (np.array([True]), np.array([1])),
        (True, 1),
        (None, 0.0),
        ([1.0], [1.0, 2.0]),
        ({"t": 1}, {"k": 1}),
        (np.array([np.nan]), np.array([0.0])),
    ],
)
def test_values_of_another_size_or_kind_are_others(one: Any, other: Any) -> None:
    assert not same(one, other)
    assert not same(other, one)


class Functions:
    """A student whose functions are these."""

    def double(self, x: Any) -> Any:
        return 2 * x

    def give(self, x: Any) -> Any:
        return x

    def fail(self) -> None:
        raise CheckError("fail raised ValueError: no (at: a line of the student's)")


def test_calls_are_written_down_as_copies_with_what_was_raised() -> None:
    student = Recorded(Functions())
    array = np.ones(3)
    assert student.give(array) is array
    array[:] = 7
    assert student.double(2) == 4
    with pytest.raises(CheckError):
        student.fail()
    given, doubled, failed = student.take()
    assert same(given.value, np.ones(3))
    assert (doubled.function, doubled.value) == ("double", 4)
    assert failed.raised == "fail raised ValueError: no"
    assert student.take() == ()


def test_large_answers_are_sampled_and_endless_ones_no_longer_kept() -> None:
    student = Recorded(Functions())
    for number in range(3):
        student.give(np.full((400, 300), float(number)))
    kept = [call.value for call in student.take()]
    assert all(isinstance(value, Sampled) and value.entries.size < 3000 for value in kept)
    assert not same(kept[0], kept[1])
    for _ in range(200):
        student.give([np.ones(1000)])
    last = student.take()[-1]
    assert last.value == NOT_KEPT
    assert MOST_BYTES < 200 * 8000
