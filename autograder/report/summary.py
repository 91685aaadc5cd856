"""A class in figures: what the class report shows, taken from the results alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import mean

import numpy as np

from autograder.labs import is_question
from autograder.report.pages import sentence, shape
from autograder.results import SubmissionResult

LEADERBOARD = "accuracy"
MOST_FAILURES = 15
MOST_SLOW = 10
OUTCOMES = ("passed", "partial", "failed", "missing")


@dataclass(frozen=True)
class Scores:
    """The scores of the submissions that could be graded, in points."""

    values: tuple[float, ...]
    max_score: float

    @property
    def figures(self) -> dict[str, float]:
        """Mean and quartiles; nothing of an empty class."""
        if not self.values:
            return {}
        low, middle, high = np.percentile(self.values, [25, 50, 75])
        return {
            "mean": float(np.mean(self.values)),
            "median": float(middle),
            "lower quartile": float(low),
            "upper quartile": float(high),
        }


@dataclass(frozen=True)
class TaskSummary:
    """How a task went: how many submissions had which outcome, and the mean share of points."""

    name: str
    outcomes: dict[str, int]
    mean_share: float

    @property
    def total(self) -> int:
        """How many submissions were graded on it."""
        return sum(self.outcomes.values())


@dataclass(frozen=True)
class Failure:
    """A way to fail a task, in the words of the commonest message; `students` is how many."""

    task: str
    property: str
    message: str
    hint: str
    students: int


def scores(results: Iterable[SubmissionResult]) -> Scores:
    """The scores of one lab's graded submissions."""
    graded = [result for result in results if result.status == "graded"]
    return Scores(
        tuple(sorted(result.score for result in graded)),
        max((result.max_score for result in graded), default=0.0),
    )


def tasks(results: Iterable[SubmissionResult]) -> list[TaskSummary]:
    """The automatically graded tasks of one lab, in its order."""
    outcomes: dict[str, Counter[str]] = {}
    shares: dict[str, list[float]] = defaultdict(list)
    for result in results:
        for task in result.tasks:
            if task.score is not None:
                outcomes.setdefault(task.name, Counter())[task.status] += 1
                shares[task.name].append(task.score / task.max_score if task.max_score else 1.0)
    return [
        TaskSummary(name, {kind: count[kind] for kind in OUTCOMES}, mean(shares[name]))
        for name, count in outcomes.items()
    ]


def commonest_failures(results: Iterable[SubmissionResult]) -> list[Failure]:
    """The failures that most students of one lab share.

    Failures are alike if a hint says the same of them, or else if their messages differ in numbers
    alone. A task that is not written yet is none, and of a question there is nothing to tell.
    """
    students: dict[tuple[str, str], set[str]] = defaultdict(set)
    words: dict[tuple[str, str], Counter[tuple[str, str, str]]] = defaultdict(Counter)
    for result in results:
        for task in result.tasks:
            failed = [test for test in task.tests if not (test.passed or test.missing)]
            for test in failed if not is_question(task.name) else []:
                kind = (task.name, test.hint or shape(test.message))
                students[kind].add(result.student)
                words[kind][sentence(test.name), test.message, test.hint] += 1
    found = []
    for kind, who in students.items():
        name, message, hint = words[kind].most_common(1)[0][0]
        found.append(Failure(kind[0], name, message, hint, len(who)))
    return sorted(found, key=lambda failure: (-failure.students, failure.task))[:MOST_FAILURES]


def leaderboard(results: Iterable[SubmissionResult]) -> list[tuple[int, SubmissionResult]]:
    """Rank and result of those for whom the hidden tests took down an accuracy; equals tie."""
    ranked = sorted(
        (result for result in results if LEADERBOARD in result.measures),
        key=lambda result: (-result.measures[LEADERBOARD], result.student),
    )
    rank: dict[float, int] = {}
    for place, result in enumerate(ranked, start=1):
        rank.setdefault(result.measures[LEADERBOARD], place)
    return [(rank[result.measures[LEADERBOARD]], result) for result in ranked]


def slowest(results: Iterable[SubmissionResult]) -> list[SubmissionResult]:
    """The submissions that took longest to grade."""
    return sorted(results, key=lambda result: -result.seconds)[:MOST_SLOW]
