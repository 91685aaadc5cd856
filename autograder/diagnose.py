"""Which known mistake is this: a student's answers to the hidden tests, held against each one's.

The tests' inputs are the same for every submission, so a mistake answers them in one way only. Its
answers are made here, by running it through the same tests, when a student first fails the task. A
student who fails the same tests, in the same words and with the same answers, made this mistake.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograder.answers import Answer, load
from autograder.grading import HiddenTests
from autograder.labs import Lab
from autograder.local import LocalStudent
from autograder.reference import function_of, reference_names
from autograder.results import TaskResult, TestResult
from autograder.sandbox.stateless import stateless
from autograder.transcript import Call, agree

Failures = Mapping[str, tuple[Call, ...]]


@dataclass(frozen=True)
class Behaviour:
    """What one function makes of a task's tests: which fail, in which words, on which answers."""

    failed: tuple[TestResult, ...]
    answers: Failures

    def is_that_of(self, other: Behaviour) -> bool:
        """Whether the same function, or one that differs in rounding, could have done both."""
        if [test.name for test in self.failed] != [test.name for test in other.failed]:
            return False
        return all(
            agree(self.answers[mine.name], other.answers[mine.name])
            and (mine.message == theirs.message or _raised(self.answers[mine.name]))
            for mine, theirs in zip(self.failed, other.failed, strict=True)
        )

    def shows_a_value(self) -> bool:
        """Whether it is more than exceptions, whose words many mistakes have in common."""
        return any(calls and not _raised(calls) for calls in self.answers.values())


class Diagnoser:
    """Finds the known mistakes of a lab in what students answer to its hidden tests."""

    def __init__(self, lab: Lab, tests: HiddenTests) -> None:
        self._lab = lab
        self._tests = tests
        # training takes too long, and never gives the same numbers twice
        known = [answer for answer in load(lab.name) if "torch" not in answer.source]
        self._mistakes = [answer for answer in known if answer.kind == "mistake"]
        self._known: dict[str, list[tuple[Answer, Behaviour]]] = {}

    def with_hints(self, tasks: list[TaskResult], answers: Failures) -> list[TaskResult]:
        """The tasks, with the sentence of a mistake that was found as hint of the failed tests.

        Args:
            tasks: the results of one submission.
            answers: what was answered in the tests that failed (`HiddenTests.failures`).
        """
        code = set(self._lab.code_tasks())
        return [self._hinted(task, answers) if task.name in code else task for task in tasks]

    def sentence(self, task: str, seen: Behaviour) -> str:
        """What the known mistake says that behaves as `seen`; empty if none or several do."""
        if not seen.shows_a_value() or any(test.missing for test in seen.failed):
            return ""
        if task not in self._known:
            self._known[task] = list(self._behaviours(task))
        found = {mistake.says for mistake, known in self._known[task] if known.is_that_of(seen)}
        return found.pop() if len(found) == 1 else ""

    def _hinted(self, task: TaskResult, answers: Failures) -> TaskResult:
        failed = tuple(test for test in task.tests if not test.passed)
        if not failed:
            return task
        seen = Behaviour(failed, {test.name: answers[test.name] for test in failed})
        sentence = self.sentence(task.name, seen)
        if not sentence:
            return task
        tests = tuple(t if t.passed else replace(t, hint=sentence) for t in task.tests)
        return replace(task, tests=tests)

    def _behaviours(self, task: str) -> Iterator[tuple[Answer, Behaviour]]:
        for mistake in self._mistakes:
            if mistake.task == task:
                yield mistake, self.behaviour(mistake)

    def behaviour(self, answer: Answer) -> Behaviour:
        """How a known answer fares in the hidden tests of its task, run in this process."""
        with quiet():
            results = self._tests.run(KnownStudent(self._lab, answer), answer.task)
        failed = tuple(test for test in results[answer.task] if not test.passed)
        return Behaviour(failed, self._tests.failures)


class KnownStudent(LocalStudent):
    """The reference with a known answer in one place; it starts afresh as in the sandbox."""

    def __init__(self, lab: Lab, answer: Answer) -> None:
        self._answer = answer
        self._lab = lab
        super().__init__({})
        self.restart()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in self._namespace and name in self._lab.code_tasks():
            self._namespace = {**reference_names(self._lab), **self._namespace}
        return super().__getattr__(name)

    def may_remember(self, called: frozenset[str]) -> bool:
        """Whether calls may have left something that later ones find."""
        task = self._answer.task
        return task not in stateless({task: self._function}, [task])

    def restart(self) -> None:
        """Define the function anew."""
        self._function = function_of(self._answer.source, self._answer.task)
        self._namespace = {**self._namespace, self._answer.task: self._function}


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without the warnings of known mistakes, which overflow and divide by zero."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def _raised(calls: tuple[Call, ...]) -> bool:
    return bool(calls) and bool(calls[-1].raised)
