"""Scores into nbgrader's database, through nbgrader's own interface.

What formgrader and ``nbgrader generate_feedback`` need lies in the course's ``autograded/``
besides: the graded notebook of each student, and when it was handed in.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
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
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, SAWarning, SQLAlchemyError

from autograder import autograded, submission
from autograder.autograded import harmless, in_words
from autograder.completion import Notebook
from autograder.course import TIMESTAMP, Course, handed_in_at, root_of
from autograder.errors import AutograderError, UnreadableSubmission, UsageError
from autograder.labs import Lab
from autograder.results import SubmissionResult, TaskResult

DEFAULT_URL = "sqlite:///gradebook.db"
PER_COMMIT = 100
NO_RESPONSE = "No response."  # nbgrader's words


def write(
    lab: Lab,
    results: Iterable[SubmissionResult],
    url: str,
    progress: Callable[[SubmissionResult], None] = lambda result: None,
    *,
    files: Mapping[str, Path] | None = None,
    course: Course | None = None,
) -> None:
    """Write the results of `lab` into the database at `url`; manual scores stay as they are.

    Args:
        lab: the lab.
        results: what was graded, at most one result a student.
        url: the database, as SQLAlchemy names it.
        progress: called after each result.
        files: what the students handed in; the graded notebooks are made from it.
        course: where they go; by default the course that the database belongs to.

    Raises:
        AutograderError: the database cannot be opened, read or written.
    """
    course = course or Course.at(root_of(url))
    register(lab, url)
    waiting = list(results)
    with _opened(url) as gradebook:
        writer = _Writer(gradebook, lab, course, files or {})
        # nbgrader would commit three times a submission, and read the lab anew each time
        commit, gradebook.db.commit = gradebook.db.commit, gradebook.db.flush
        for start in range(0, len(waiting), PER_COMMIT):
            batch = waiting[start : start + PER_COMMIT]
            notebooks = []
            for result in batch:
                notebooks.append(writer.write(result))
                progress(result)
            commit()
            # only now: a notebook that is there says that its scores are in the database
            for result, notebook in zip(batch, notebooks, strict=True):
                writer.save(result, notebook)


def check(url: str) -> None:
    """Raise UsageError unless the database at `url` can be opened; a new one is made."""
    with _opened(url):
        pass


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


def grade_cell(lab: Lab, task: str) -> str:
    """The grade_id of the cell that carries a task's points."""
    kinds = {entry.name: entry.kind for entry in lab.tasks}
    return task if kinds[task] == "written" else f"test_{task}"


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


class _Writer:
    """Writes one lab's results, one student after the other, into an open database."""

    def __init__(
        self, gradebook: Gradebook, lab: Lab, course: Course, files: Mapping[str, Path]
    ) -> None:
        self._gradebook = gradebook
        self._lab = lab
        self._course = course
        self._files = files
        notebook = gradebook.find_notebook(lab.name, lab.name)
        # asking each grade for its cell is a query a grade
        cells = (*notebook.grade_cells, *notebook.solution_cells)
        self._names = {cell.id: cell.name for cell in cells}

    def write(self, result: SubmissionResult) -> Notebook | None:
        """Scores, comments and penalty; the graded notebook, if the file is known, is returned."""
        self._gradebook.update_or_create_student(result.student)
        handin = self._gradebook.update_or_create_submission(self._lab.name, result.student)
        name = self._lab.name
        found = self._gradebook.find_submission_notebook(name, name, result.student)
        notebook = None
        if (path := self._files.get(result.student)) is not None:
            handin.timestamp = handed_in_at(path)
            notebook = autograded.merged(self._lab, _content(path))
        unanswered = autograded.unanswered(self._lab, notebook) if notebook else set()
        with self._gradebook.db.no_autoflush:
            self._write_scores(found, result)
            self._write_comments(found, result, unanswered)
        self._gradebook.db.flush()
        self._write_penalty(handin, found)
        if notebook is not None:
            autograded.add_verdict(notebook, result)
        return notebook

    def save(self, result: SubmissionResult, notebook: Notebook | None) -> None:
        """Put the graded notebook where formgrader looks for it, with nbgrader's timestamp."""
        if notebook is None:
            return
        target = self._course.autograded(result.student, self._lab.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        path, timestamp = self._files[result.student], target.with_name(TIMESTAMP)
        timestamp.unlink(missing_ok=True)
        if handed_in_at(path) is not None:
            timestamp.write_bytes(path.with_name(TIMESTAMP).read_bytes())
        autograded.save(notebook, target)

    def _write_scores(self, found: Any, result: SubmissionResult) -> None:
        grades = {self._names[grade.cell_id]: grade for grade in found.grades}
        tasks: dict[str, TaskResult] = {task.name: task for task in result.tasks}
        marked = any(grade.manual_score is not None for grade in found.grades)
        other = marked and self._is_other_file(result)
        for task in self._lab.tasks:
            grade = grades[grade_cell(self._lab, task.name)]
            score = None
            if task.kind != "written":
                score = tasks[task.name].score if task.name in tasks else 0.0
            if grade.manual_score is None:
                grade.needs_manual_grade = score is None
            else:  # whoever marked it is to look again, but only at what has changed
                grade.needs_manual_grade |= other or grade.auto_score != score
            grade.auto_score = score

    def _is_other_file(self, result: SubmissionResult) -> bool:
        """Whether the file that was marked by hand is not the one that was graded now."""
        path = self._course.autograded(result.student, self._lab.name)
        return autograded.sha256_of_handin(path) != result.notebook_sha256

    def _write_comments(self, found: Any, result: SubmissionResult, unanswered: set[str]) -> None:
        words: dict[str, str | None] = dict.fromkeys(unanswered, NO_RESPONSE)
        for task in result.tasks:
            if task.status in ("partial", "failed", "missing"):
                words[task.name] = harmless(in_words(task))
        for comment in found.comments:
            if result.status == "failed":
                comment.auto_comment = harmless(result.errors[0])
            else:
                comment.auto_comment = words.get(self._names[comment.cell_id])

    def _write_penalty(self, handin: Any, found: Any) -> None:
        """As nbgrader's AssignLatePenalties does it, with its plugin and its bounds."""
        penalty = None
        if handin.total_seconds_late > 0:
            self._gradebook.db.refresh(found)  # the sum of what was just written
            step = self._course.penalties
            penalty = step.plugin_inst.late_submission_penalty(
                handin.student.id, found.score, handin.total_seconds_late
            )
            if penalty is not None:
                penalty = step._check_late_penalty(found, penalty)
        found.late_submission_penalty = penalty


@contextlib.contextmanager
def _opened(url: str) -> Iterator[Gradebook]:
    """The database, with what goes wrong in it in words."""
    try:
        with _scripts_on_path():
            gradebook = Gradebook(url)
    except (ArgumentError, ImportError) as error:
        raise UsageError(
            f"{url!r} names no database that can be opened ({_brief(error)}); "
            f"say {DEFAULT_URL} or postgresql+psycopg://USER@HOST/NAME"
        ) from error
    except SQLAlchemyError as error:
        shown = make_url(url).render_as_string(hide_password=True)
        raise UsageError(f"the database {shown} cannot be opened: {_brief(error)}") from error
    with gradebook, warnings.catch_warnings():
        # nbgrader adds a submission to its relations before its session, which SQLAlchemy remarks
        warnings.simplefilter("ignore", SAWarning)
        try:
            yield gradebook
        except SQLAlchemyError as error:
            raise AutograderError(f"the gradebook cannot be written: {_brief(error)}") from error


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
    return {(grade_cell(lab, task.name), task.points) for task in lab.tasks}


def _content(path: Path) -> bytes:
    try:
        return submission.read_file(path)
    except UnreadableSubmission:
        return b""


def _brief(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).strip().split("\n")[0]
