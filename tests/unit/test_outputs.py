"""What grading leaves is written while it grades, and a database that fails loses no result."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from autograder import labs
from autograder.collect import Handin
from autograder.completion import completed, save
from autograder.errors import AutograderError
from autograder.gradebook import dump
from autograder.outputs import AT_ONCE, Outputs
from autograder.results import SubmissionResult, TaskResult

LAB = labs.find("lab01")
NOWHERE = "sqlite:////nowhere/at/all/gradebook.db"


def results(count: int) -> list[SubmissionResult]:
    tasks = [TaskResult(task.name, 0.0, task.points, "failed") for task in LAB.tasks]
    names = [f"student{number:03}" for number in range(count)]
    return [SubmissionResult.graded(name, LAB.name, tasks) for name in names]


def pages(out: Path) -> list[str]:
    return sorted(path.parent.name for path in (out / "feedback").glob("*/*.html"))


def test_first_students_are_written_while_the_rest_is_graded(tmp_path: Path) -> None:
    outputs = Outputs(LAB, [], tmp_path)
    class_of = results(AT_ONCE + 3)
    for result in class_of:
        outputs.add(result)
    assert pages(tmp_path) == [result.student for result in class_of[:AT_ONCE]]
    outputs.finish()
    assert pages(tmp_path) == [result.student for result in class_of]


def test_all_of_a_class_reaches_the_database_in_several_batches(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/gradebook.db"
    outputs = Outputs(LAB, [], tmp_path, url)
    for result in results(AT_ONCE + 3):
        outputs.add(result)
    outputs.finish()
    assert all(f"student{number:03}" in dump(url) for number in (0, AT_ONCE - 1, AT_ONCE + 2))


def test_database_that_fails_is_said_at_the_end_and_stops_no_grading(tmp_path: Path) -> None:
    outputs = Outputs(LAB, [], tmp_path, NOWHERE)
    for result in results(2 * AT_ONCE + 1):
        outputs.add(result)
    with pytest.raises(AutograderError, match="cannot be opened"):
        outputs.finish()


def test_notebook_that_was_graded_is_kept_and_shown(tmp_path: Path) -> None:
    path = tmp_path / "ada.ipynb"
    save(completed(LAB), path)
    outputs = Outputs(LAB, [Handin("ada", path)], tmp_path / "out")
    tasks = [TaskResult(task.name, 0.0, task.points, "failed") for task in LAB.tasks]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    outputs.add(SubmissionResult.graded("ada", LAB.name, tasks, notebook_sha256=digest))
    outputs.finish()
    kept = tmp_path / "out" / "submitted" / "ada" / LAB.name / f"{LAB.name}.ipynb"
    assert kept.read_bytes() == path.read_bytes()
    page = tmp_path / "out" / "feedback" / "ada" / f"{LAB.name}.html"
    assert "gradient_descent" in page.read_text(encoding="utf-8")
