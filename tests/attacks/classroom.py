"""What all attacks share: a bench that grades attacker and classmate, and hostile notebooks."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder import labs
from autograder.answers import load
from autograder.completion import Notebook, completed, released, save, with_cell
from autograder.errors import SandboxUnavailable
from autograder.grader import Grader
from autograder.labs import Lab
from autograder.results import ResultsFile, SubmissionResult, TaskResult
from autograder.sandbox.backends import check
from autograder.sandbox.launch import Sandbox
from autograder.sandbox.stage import Stage

LAB = "lab01_sgd_vs_batch"
SECRET = bytes(range(32))
FIRST = "gradient_descent"


def attacked_lab(name: str) -> Lab:
    """The lab as the instructor wrote it; without a sandbox the attacks on it fail in words."""
    try:
        check("bubblewrap")
    except SandboxUnavailable as error:
        pytest.fail(f"attacks need a sandbox: {error}")
    return labs.find(name)


@contextlib.contextmanager
def box_for(lab: Lab) -> Iterator[Sandbox]:
    """A sandbox of its own, and the files that it sees, both gone afterwards."""
    stage = Stage(lab)
    sandbox = Sandbox(lab, stage, "bubblewrap")
    yield sandbox
    sandbox.close()
    stage.close()


class Bench:
    """Grades an attacker, then an innocent classmate, whose result must not differ.

    The classmate has one mistake and one helper cell, so that both points and their loss show.
    """

    def __init__(self, lab: Lab, directory: Path) -> None:
        self.lab = lab
        self._directory = directory
        self._grader = Grader(lab, SECRET, "bubblewrap")
        self._classmate = directory / "classmate.ipynb"
        save(classmate(lab), self._classmate)
        self._expected = without_time(self._grader.grade("classmate", self._classmate))
        assert 0 < self._expected.score < lab.max_score

    def grade(self, handed_in: Notebook | str | bytes | Path) -> SubmissionResult:
        """The attacker's result, once the classmate's has been compared."""
        path = self._directory / "attacker.ipynb"
        if isinstance(handed_in, dict):
            save(handed_in, path)
        elif isinstance(handed_in, str):
            path.write_text(handed_in, encoding="utf-8")
        elif isinstance(handed_in, bytes):
            path.write_bytes(handed_in)
        else:
            path = handed_in
        result = self._grader.grade("attacker", path)
        SubmissionResult.from_json(result.to_json())
        after = without_time(self._grader.grade("classmate", self._classmate))
        assert after == self._expected, "the classmate's result is another one"
        return result

    def close(self) -> None:
        """End the sandbox."""
        self._grader.close()


def classmate(lab: Lab) -> Notebook:
    """The notebook of somebody who attacks nobody."""
    mistake = next(answer for answer in load(lab.name) if answer.kind == "mistake")
    notebook = completed(lab, {mistake.task: mistake.source})
    return with_cell(notebook, "helper = 'written by the classmate'", before=FIRST)


def without_time(result: SubmissionResult) -> SubmissionResult:
    """`result` without what may differ from run to run."""
    return dataclasses.replace(result, seconds=0.0)


def attacked(lab: Lab, cell: str, body: str = "return forge(args, kwargs)") -> Notebook:
    """The released notebook with `cell` before the first task, and each task's body `body`."""
    notebook = released(lab)
    for number, task in enumerate(lab.code_tasks()):
        source = (
            f"def {task}(*args, **kwargs):\n    task, number = {task!r}, {number}\n    {body}\n"
        )
        cell_of(notebook, task)["source"] = source
    return with_cell(notebook, cell, before=FIRST)


def cell_of(notebook: Notebook, grade_id: str) -> dict[str, Any]:
    """The cell that nbgrader knows as `grade_id`."""
    cells: list[dict[str, Any]] = notebook["cells"]
    return next(
        cell for cell in cells if cell["metadata"].get("nbgrader", {}).get("grade_id") == grade_id
    )


def task_of(result: SubmissionResult, name: str) -> TaskResult:
    """The result of the task `name`."""
    return next(task for task in result.tasks if task.name == name)


def full_marks(result: SubmissionResult) -> None:
    """Assert that no point is missing, and name those that are."""
    lost = [f"{t.name} {test.name}: {test.message} {test.detail}"
            for t in result.tasks for test in t.tests if not test.passed]  # fmt: skip
    assert (lost, result.score) == ([], result.max_score), result.errors


@dataclasses.dataclass(frozen=True)
class Command:
    """What ``python -m autograder grade`` did."""

    code: int
    output: str
    out: Path

    @property
    def results(self) -> dict[str, SubmissionResult]:
        """The results that count, by student."""
        return {r.student: r for r in ResultsFile.open(self.out / "results.jsonl").latest(LAB)}

    def feedback(self, student: str) -> str:
        """The page that the student gets."""
        return (self.out / "feedback" / student / f"{LAB}.html").read_text(encoding="utf-8")
