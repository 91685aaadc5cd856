"""SubmissionResult: the one record of a graded submission that everything downstream reads."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from autograder.errors import UsageError

FILE = "results.jsonl"
TaskStatus = Literal["passed", "partial", "failed", "missing", "manual"]


@dataclass(frozen=True)
class TestResult:
    """One hidden test: `message` and `hint` are for the student, `detail` for the instructor.

    `measures` are the figures that the test took down with pytest's ``record_property``.
    """

    __test__ = False

    name: str
    passed: bool
    weight: float = 1.0
    message: str = ""
    hint: str = ""
    detail: str = ""
    missing: bool = False
    measures: dict[str, float] = field(default_factory=dict)


def property_of(test: str) -> str:
    """The property that a hidden test is about: its name without the parameters of one case.

    >>> property_of("path_of_float32_is_float32[None-9]")
    'path_of_float32_is_float32'
    """
    return test.partition("[")[0]


@dataclass(frozen=True)
class TaskResult:
    """One task: its points, and the hidden tests that decided them.

    A task of status manual (a written answer) has `max_score` and no `score` until it is marked.
    """

    name: str
    score: float | None
    max_score: float
    status: TaskStatus
    tests: tuple[TestResult, ...] = ()

    @classmethod
    def of_tests(cls, name: str, points: float, tests: Iterable[TestResult]) -> TaskResult:
        """Score a task: points × weight of the tests that passed / weight of all its tests."""
        tests = tuple(tests)
        total = sum(test.weight for test in tests)
        share = sum(test.weight for test in tests if test.passed) / total if total else 0.0
        if tests and all(test.passed for test in tests):
            status: TaskStatus = "passed"
        elif tests and all(test.missing for test in tests):
            status = "missing"
        else:
            status = "partial" if share > 0 else "failed"
        return cls(name, round(points * share, 2), points, status, tests)

    @classmethod
    def manual(cls, name: str, points: float) -> TaskResult:
        """A written answer, to be marked by hand."""
        return cls(name, None, points, "manual")


@dataclass(frozen=True)
class SubmissionResult:
    """One submission, graded or failed.

    `score` and `max_score` count automatic points. `errors` are sentences for the student: cells
    that failed, why the file could not be graded. `key` identifies everything that the scores
    depend on, so that a result with the same key need not be computed again.
    """

    student: str
    lab: str
    status: Literal["graded", "failed"]
    score: float
    max_score: float
    tasks: tuple[TaskResult, ...]
    errors: tuple[str, ...] = ()
    isolation: str = ""
    guarantees: str = ""
    notebook_sha256: str = ""
    seconds: float = 0.0
    key: str = ""
    secret_sha256: str = ""

    @classmethod
    def graded(
        cls, student: str, lab: str, tasks: Iterable[TaskResult], **rest: Any
    ) -> SubmissionResult:
        """The result of a submission that was graded, its score the sum over `tasks`."""
        tasks = tuple(tasks)
        automatic = [task for task in tasks if task.score is not None]
        score = round(sum(task.score or 0.0 for task in automatic), 2)
        max_score = round(sum(task.max_score for task in automatic), 2)
        return cls(student, lab, "graded", score, max_score, tasks, **rest)

    @classmethod
    def failed(
        cls, student: str, lab: str, max_score: float, reason: str, **rest: Any
    ) -> SubmissionResult:
        """The result of a submission that could not be graded, with the reason in one line."""
        return cls(student, lab, "failed", 0.0, max_score, (), (reason,), **rest)

    @property
    def measures(self) -> dict[str, float]:
        """The figures that its hidden tests took down, such as an accuracy for a leaderboard."""
        tests = (test for task in self.tasks for test in task.tests)
        return {name: value for test in tests for name, value in test.measures.items()}

    def with_seconds(self, seconds: float) -> SubmissionResult:
        """This result with the time that it took."""
        return dataclasses.replace(self, seconds=seconds)

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps(self, default=vars, ensure_ascii=False)

    @classmethod
    def from_json(cls, line: str | bytes) -> SubmissionResult:
        """The inverse of `to_json`; raises ValueError if the line is none."""
        try:
            record = json.loads(line)
            record["tasks"] = tuple(
                TaskResult(**task | {"tests": tuple(map(_test, task["tests"]))})
                for task in record["tasks"]
            )
            record["errors"] = tuple(record["errors"])
            return cls(**record)
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"not a result: {error}") from error

    def __reduce__(self) -> tuple[Any, ...]:
        """Between processes, too, a result is its line of JSON."""
        return SubmissionResult.from_json, (self.to_json(),)


def _test(record: dict[str, Any]) -> TestResult:
    """The test of a record; in a class most are alike, and those are one object."""
    if record.get("measures"):
        return TestResult(**record)
    record.pop("measures", None)
    return _known_test(tuple(record.items()))


@lru_cache(maxsize=4096)
def _known_test(items: tuple[tuple[str, Any], ...]) -> TestResult:
    return TestResult(**dict(items))


@dataclass
class ResultsFile:
    """``DIR/results.jsonl``: a line a result, appended; the last whole line of a key counts."""

    path: Path
    _latest: dict[tuple[str, str], SubmissionResult] = field(default_factory=dict)

    @classmethod
    def of(cls, directory: Path) -> ResultsFile:
        """The results in the directory that ``grade --out`` names, which may be none yet."""
        return cls.open(directory / FILE)

    @classmethod
    def open(cls, path: Path) -> ResultsFile:
        """Read what is there, and cut off a torn last line that a killed run left."""
        results = cls(path)
        if not path.exists():
            return results
        content = path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content):
            with path.open("r+b") as file:
                file.truncate(len(whole))
        for number, line in enumerate(whole.splitlines(), start=1):
            try:
                result = SubmissionResult.from_json(line)
            except ValueError as error:
                raise ValueError(f"{path}, line {number}: {error}") from error
            results._latest[result.student, result.lab] = result
        return results

    def append(self, result: SubmissionResult) -> None:
        """Write `result` so that it survives a crash of this process or of the machine."""
        with self.path.open("ab") as file:
            file.write(result.to_json().encode("utf-8") + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self._latest[result.student, result.lab] = result

    def get(self, student: str, lab: str) -> SubmissionResult | None:
        """The result of this student in this lab, if there is one."""
        return self._latest.get((student, lab))

    def latest(self, lab: str | None = None) -> list[SubmissionResult]:
        """The results that count, by lab and student."""
        chosen = (r for r in self._latest.values() if lab is None or r.lab == lab)
        return sorted(chosen, key=lambda result: (result.lab, result.student))


def read_results(directory: Path) -> list[SubmissionResult]:
    """What was graded into `directory`, by lab and student; UsageError if nothing was."""
    results = ResultsFile.of(directory).latest()
    if not results:
        raise UsageError(
            f"{directory / FILE}: no results here; grade a lab with --out {directory} first"
            " ('python -m autograder grade' writes them)"
        )
    return results
