"""A student in this very process: the hidden tests on functions of a plain namespace.

Not forgery-proof, since the functions run beside the tests. For writing hidden tests, and for a
hidden cell in a plain nbgrader kernel, which holds one call::

    check_task("lab01", "sgd_epoch", globals())

The sandboxed student is `sandbox.student`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from autograder import labs
from autograder.errors import UsageError
from autograder.grading import HiddenTests, MissingFunction
from autograder.labs import Lab, Task
from autograder.questions import mark_question
from autograder.results import TestResult
from autograder.secret import course_secret
from dlcourse.testing import CheckError

WARNING = (
    "The hidden tests run beside the notebook's own code, which could forge their verdict;"
    " 'python -m autograder grade' keeps the two apart."
)


class LocalStudent:
    """Attributes are the student's functions: ``student.sgd_epoch(...)``.

    What they raise is a `CheckError` in the words that the sandbox has for it.
    """

    called: frozenset[str] = frozenset()

    def __init__(self, namespace: Mapping[str, object]) -> None:
        self._namespace = namespace

    def __getattr__(self, name: str) -> Callable[..., Any]:
        function = self._namespace.get(name)
        if not callable(function):
            raise MissingFunction(name)

        def call(*args: object, **kwargs: object) -> Any:
            try:
                return function(*args, **kwargs)
            except CheckError:
                raise
            except NotImplementedError:
                raise MissingFunction(name, unwritten=True) from None
            except Exception as error:
                raise CheckError(f"{name} raised {type(error).__name__}: {error}") from None

        return call

    def may_remember(self, called: frozenset[str]) -> bool:
        """Whether a fresh process would be another one; here is none to be had."""
        return False

    def restart(self) -> None:
        """Nothing: what a call left behind in this process stays."""


def check_task(lab: str, task: str, namespace: Mapping[str, object]) -> None:
    """Run the hidden tests of one task, here and now, on what `namespace` holds.

    The tests are collected at the first call; it also prints that this is not forgery-proof.

    Args:
        lab: the lab's name, or the beginning of it.
        task: a function that the student writes, or a concept question.
        namespace: the notebook's names, as ``globals()`` gives them.

    Raises:
        CheckError: with the message of every test that fails.
        UsageError: if there is no such lab, or no such task that tests could check.
    """
    found = labs.find(lab)
    entry = _task(found, task)
    _warn()
    if entry.kind == "concept":
        results = list(mark_question(entry, namespace.get("answers")).tests)
    else:
        results = _hidden_tests(found.name).run(LocalStudent(namespace), task).get(task, [])
    if not results:
        raise UsageError(f"{found.name} has no hidden test of {task}")
    failed = [result for result in results if not result.passed]
    if failed:
        raise CheckError(_sentence(task, failed, len(results)))


def _task(lab: Lab, name: str) -> Task:
    tasks = {task.name: task for task in lab.tasks if task.kind != "written"}
    if name not in tasks:
        raise UsageError(f"{lab.name} has no task {name!r}; choose one of: {', '.join(tasks)}")
    return tasks[name]


def _sentence(task: str, failed: list[TestResult], total: int) -> str:
    words = dict.fromkeys(result.message for result in failed)
    return f"{task}: {len(failed)} of {total} hidden tests fail: {'; '.join(words)}"


@functools.cache
def _warn() -> None:
    print(WARNING)


@functools.cache
def _hidden_tests(lab_name: str) -> HiddenTests:
    lab = labs.find(lab_name)
    return HiddenTests(lab.hidden_tests, course_secret(labs.ROOT))
