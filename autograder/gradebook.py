"""Scores into nbgrader's database, through nbgrader's own interface.

What formgrader and ``nbgrader generate_feedback`` need lies in the course's ``autograded/``
besides: the graded notebook of each student, and when it was handed in.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
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
from sqlalchemy.exc import SQLAlchemyError

from autograder import autograded, submission
from autograder.course import TIMESTAMP, Course, handed_in_at, root_of
from autograder.database import brief, opening
from autograder.errors import AutograderError, UnreadableSubmission
from autograder.gradebook_rows import Handin, Rows, grade_cell
from autograder.labs import Lab
from autograder.results import SubmissionResult


def write(
    lab: Lab,
    results: Iterable[SubmissionResult],
    url: str,
    *,
    files: Mapping[str, Path] | None = None,
    course: Course | None = None,
) -> None:
    """Write the results of `lab` into the database at `url`; manual scores stay as they are.

    All of them are in the database afterwards, or none.

    Args:
        lab: the lab.
        results: what was graded, at most one result a student.
        url: the database, as SQLAlchemy names it.
        files: what the students handed in; the graded notebooks are made from it.
        course: where they go; by default the course that the database belongs to.

    Raises:
        AutograderError: the database cannot be opened, read or written.
    """
    course = course or Course.at(root_of(url))
    register(lab, url)
    files = files or {}
    handins = [_handin(lab, result, files.get(result.student)) for result in results]
    with _opened(url) as gradebook:
        Rows(gradebook, lab, course).write(handins)
        gradebook.db.commit()
    # only now: a notebook that is there says that its scores are in the database
    for handin in handins:
        _save(handin, course, files)


def register(lab: Lab, url: str) -> None:
    """Make the assignment, its notebook and its cells known to the database, as nbgrader does."""
    with _opened(url) as gradebook:
        gradebook.update_or_create_assignment(lab.name)
        try:
            notebook = gradebook.find_notebook(lab.name, lab.name)
            if {(cell.name, cell.max_score) for cell in notebook.grade_cells} == _grade_cells(lab):
                return
        except MissingEntry:
            pass
    node = nbformat.read(lab.path, as_version=4)
    names = {"notebook": lab.name, "assignment": lab.name, "db_url": url}
    resources: dict[str, Any] = {"nbgrader": names}
    try:
        for step in (
            *(LockCells, ClearSolutions, ClearOutput),
            *(CheckCellMetadata, ComputeChecksums, SaveCells),
        ):
            node, resources = step().preprocess(node, resources)
    except RuntimeError as error:  # SaveCells, of a lab with submissions
        raise AutograderError(
            f"{lab.name} has other cells than the database knows, which holds submissions of it:"
            " write into a new database"
        ) from error


def dump(url: str) -> str:
    """All scores in the database, as JSON: for looking, and for tests."""
    with _opened(url) as gradebook:
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


def _handin(lab: Lab, result: SubmissionResult, path: Path | None) -> Handin:
    """A result, with what the file that was graded adds to it, where that is known."""
    if path is None:
        return Handin(result)
    notebook = autograded.merged(lab, _content(path))
    unanswered = autograded.unanswered(lab, notebook)
    autograded.add_verdict(notebook, result)
    return Handin(result, notebook, unanswered, handed_in_at(path))


def _save(handin: Handin, course: Course, files: Mapping[str, Path]) -> None:
    """Put the graded notebook where formgrader looks for it, with nbgrader's timestamp."""
    if handin.notebook is None:
        return
    target = course.autograded(handin.result.student, handin.result.lab)
    target.parent.mkdir(parents=True, exist_ok=True)
    path, timestamp = files[handin.result.student], target.with_name(TIMESTAMP)
    timestamp.unlink(missing_ok=True)
    if handin.timestamp is not None:
        timestamp.write_bytes(path.with_name(TIMESTAMP).read_bytes())
    autograded.save(handin.notebook, target)


@contextlib.contextmanager
def _opened(url: str) -> Iterator[Gradebook]:
    """The database, with what goes wrong in it in words; a new one is made."""
    with opening(url), _scripts_on_path():
        gradebook = Gradebook(url)
    with gradebook:
        try:
            yield gradebook
        except SQLAlchemyError as error:
            raise AutograderError(f"the gradebook cannot be written: {brief(error)}") from error


@contextlib.contextmanager
def _scripts_on_path() -> Iterator[None]:
    """A new database is made by the command ``alembic``, which is installed beside Python."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{before}"
    try:
        yield
    finally:
        os.environ["PATH"] = before


def _grade_cells(lab: Lab) -> set[tuple[str, float]]:
    return {(grade_cell(task), task.points) for task in lab.tasks}


def _content(path: Path) -> bytes:
    try:
        return submission.read_file(path)
    except UnreadableSubmission:
        return b""
