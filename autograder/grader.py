"""One slot of the grader: a warm sandbox and a lab's hidden tests; submissions in, results out."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from autograder import submission
from autograder.diagnose import Diagnoser
from autograder.errors import SandboxFailed, UnreadableSubmission
from autograder.grading import HiddenTests
from autograder.labs import Lab, Task
from autograder.questions import mark_question
from autograder.results import SubmissionResult, TaskResult, TestResult
from autograder.sandbox.backends import Isolation
from autograder.sandbox.launch import Sandbox
from autograder.sandbox.stage import Stage
from autograder.sandbox.student import StudentProxy
from autograder.secret import secret_sha256


class Grader:
    """Grades submissions of one lab, one after the other; none can hurt the next."""

    def __init__(self, lab: Lab, secret: bytes, isolation: Isolation) -> None:
        self._lab = lab
        self._secret = secret
        self._isolation = isolation
        self._tests = HiddenTests(lab.hidden_tests, secret)
        self._diagnoser = Diagnoser(lab, self._tests)
        self._stage = Stage(lab)
        self._sandbox = Sandbox(lab, self._stage, isolation)

    def grade(self, student: str, path: Path, key: str = "") -> SubmissionResult:
        """Grade one file. Never raises for anything that the file is, holds or does."""
        try:
            content = submission.read_file(path)
        except UnreadableSubmission as error:
            return self._failed(student, str(error), key=key)
        return self.grade_content(student, content, key)

    def grade_content(self, student: str, content: bytes, key: str = "") -> SubmissionResult:
        """Grade the bytes of a notebook file."""
        started = time.monotonic()
        try:
            read = submission.parse(content, student, self._lab.name)
        except UnreadableSubmission as error:
            return self._failed(student, str(error), key=key)
        try:
            result = self._grade(read, key)
        except SandboxFailed as error:
            reason = f"the sandbox went down under this notebook: {error}"
            result = self._failed(student, reason, notebook_sha256=read.sha256, key=key)
        finally:
            self._sandbox.clean()
        seconds = round(time.monotonic() - started, 3)
        return result.with_seconds(seconds)

    def close(self) -> None:
        """End the sandbox and the pytest session."""
        self._sandbox.close()
        self._stage.close()
        self._tests.close()

    def _grade(self, read: submission.Submission, key: str) -> SubmissionResult:
        loaded = self._sandbox.open(submission.plan(self._lab, read))
        student = StudentProxy(loaded, self._lab.limits.call_wall)
        answers = student.value("answers")
        tests = self._tests.run(student)
        tasks = [self._task(task, tests, answers) for task in self._lab.tasks]
        if not all(task.status in ("passed", "manual") for task in tasks):
            tasks = self._diagnoser.with_hints(tasks, self._tests.failures)
            tasks = with_follow_on_hints(tasks, submission.calls(read, failing(tasks)))
        return SubmissionResult.graded(
            read.student,
            self._lab.name,
            tasks,
            errors=tuple(loaded.errors),
            isolation=self._isolation,
            guarantees=self._sandbox.guarantees,
            notebook_sha256=read.sha256,
            key=key,
            secret_sha256=secret_sha256(self._secret),
        )

    def _task(self, task: Task, tests: dict[str, list[TestResult]], answers: object) -> TaskResult:
        if task.kind == "written":
            return TaskResult.manual(task.name, task.points)
        if task.kind == "concept":
            return mark_question(task, answers)
        return TaskResult.of_tests(task.name, task.points, tests.get(task.name, []))

    def _failed(self, student: str, reason: str, **rest: Any) -> SubmissionResult:
        return SubmissionResult.failed(
            student,
            self._lab.name,
            self._lab.max_score,
            reason,
            isolation=self._isolation,
            guarantees=self._sandbox.guarantees,
            secret_sha256=secret_sha256(self._secret),
            **rest,
        )


def failing(tasks: list[TaskResult]) -> frozenset[str]:
    """The names of the tasks that are not wholly right."""
    statuses = ("failed", "partial", "missing")
    return frozenset(task.name for task in tasks if task.status in statuses)


def with_follow_on_hints(tasks: list[TaskResult], calls: dict[str, set[str]]) -> list[TaskResult]:
    """Say of a task that fails and calls another failing one of the student's: mend that first."""
    broken = failing(tasks)
    hinted = []
    for task in tasks:
        culprits = sorted(calls.get(task.name, set()) & broken)
        if task.name in broken and culprits:
            hint = f"{task.name} calls your {', '.join(culprits)}, which fails too: mend that first"
            tests = tuple(test if test.passed else replace(test, hint=hint) for test in task.tests)
            task = replace(task, tests=tests)
        hinted.append(task)
    return hinted
