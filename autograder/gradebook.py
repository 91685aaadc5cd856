"""Scores into nbgrader's database, through nbgrader's own interface."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import nbformat
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    LockCells,
    SaveCells,
)
from sqlalchemy.exc import SAWarning

from autograder.labs import Lab
from autograder.results import SubmissionResult, TaskResult

DEFAULT_URL = "sqlite:///gradebook.db"
PER_COMMIT = 100


def write(
    lab: Lab,
    results: Iterable[SubmissionResult],
    url: str,
    progress: Callable[[SubmissionResult], None] = lambda result: None,
) -> None:
    """Write the results of `lab` into the database at `url`; manual scores stay as they are."""
    register(lab, url)
    with Gradebook(url) as gradebook, warnings.catch_warnings():
        # nbgrader adds a submission to its relations before its session, which SQLAlchemy remarks
        warnings.simplefilter("ignore", SAWarning)
        commit, gradebook.db.commit = gradebook.db.commit, gradebook.db.flush
        for number, result in enumerate(results, 1):
            _write_one(gradebook, lab, result)
            # nbgrader would commit three times a submission, and read the lab anew each time
            if number % PER_COMMIT == 0:
                commit()
            progress(result)
        commit()


def register(lab: Lab, url: str) -> None:
    """Make the assignment, its notebook and its cells known to the database, as nbgrader does."""
    with Gradebook(url) as gradebook:
        gradebook.update_or_create_assignment(lab.name)
        try:
            notebook = gradebook.find_notebook(lab.name, lab.name)
            if {cell.name for cell in notebook.grade_cells} == _grade_cells(lab):
                return
        except MissingEntry:
            pass
    node = nbformat.read(lab.path, as_version=4)
    names = {"notebook": lab.name, "assignment": lab.name, "db_url": url}
    resources: dict[str, Any] = {"nbgrader": names}
    for step in (
        *(LockCells, ClearSolutions, ClearOutput),
        *(CheckCellMetadata, ComputeChecksums, SaveCells),
    ):
        node, resources = step().preprocess(node, resources)


def grade_cell(lab: Lab, task: str) -> str:
    """The grade_id of the cell that carries a task's points."""
    kinds = {entry.name: entry.kind for entry in lab.tasks}
    return task if kinds[task] == "written" else f"test_{task}"


def _grade_cells(lab: Lab) -> set[str]:
    return {grade_cell(lab, task.name) for task in lab.tasks}


def _write_one(gradebook: Gradebook, lab: Lab, result: SubmissionResult) -> None:
    gradebook.update_or_create_student(result.student)
    gradebook.update_or_create_submission(
        lab.name, result.student, timestamp=datetime.now(UTC).replace(tzinfo=None).isoformat()
    )
    found = gradebook.find_submission_notebook(lab.name, lab.name, result.student)
    grades = {grade.cell.name: grade for grade in found.grades}
    tasks: dict[str, TaskResult] = {task.name: task for task in result.tasks}
    for task in lab.tasks:
        grade = grades[grade_cell(lab, task.name)]
        if task.kind == "written":
            grade.needs_manual_grade = grade.manual_score is None
            continue
        graded = tasks.get(task.name)
        grade.auto_score = graded.score if graded is not None else 0.0
        grade.needs_manual_grade = grade.manual_score is not None
    gradebook.db.flush()


def dump(url: str) -> str:
    """All scores in the database, as JSON: for looking, and for tests."""
    with Gradebook(url) as gradebook:
        grades = [
            grade.to_dict()
            for assignment in gradebook.assignments
            for submission in assignment.submissions
            for notebook in submission.notebooks
            for grade in notebook.grades
        ]
    kept = ("assignment", "student", "name", "auto_score", "manual_score", "max_score")
    rows = sorted([str(grade[key]) for key in kept] for grade in grades)
    return json.dumps(rows, indent=1)
