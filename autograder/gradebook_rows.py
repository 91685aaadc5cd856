"""One lab's rows in nbgrader's database: looked up, made where missing and filled, many at a time.

nbgrader's own interface makes an object for each of a submission's fifty rows, which takes longer
than grading some submissions does. Here its tables are read and written a batch at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from nbgrader.api import (
    Comment,
    Grade,
    Gradebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    new_uuid,
)
from sqlalchemy import insert, select, update

from autograder import autograded
from autograder.autograded import harmless, in_words
from autograder.completion import Notebook
from autograder.course import Course
from autograder.labs import Lab, Task
from autograder.results import SubmissionResult

NO_RESPONSE = "No response."  # nbgrader's words

Columns = dict[str, Any]


@dataclass(frozen=True)
class Handin:
    """A result to be written, and what the file that was graded adds to it.

    Attributes:
        result: the record of the graded submission.
        notebook: the graded notebook, for formgrader; None where the file is not known.
        unanswered: the written answers that were left as they were handed out.
        timestamp: when the file was handed in (UTC), if nbgrader noted that.
    """

    result: SubmissionResult
    notebook: Notebook | None = None
    unanswered: set[str] = field(default_factory=set)
    timestamp: datetime | None = None


def grade_cell(task: Task) -> str:
    """The grade_id of the cell that carries a task's points."""
    return task.name if task.kind == "written" else f"test_{task.name}"


class Rows:
    """The rows of one lab in an open database."""

    def __init__(self, gradebook: Gradebook, lab: Lab, course: Course) -> None:
        notebook = gradebook.find_notebook(lab.name, lab.name)
        self._db = gradebook.db
        self._lab = lab
        self._course = course
        self._assignment = notebook.assignment.id
        self._notebook = notebook.id
        self._due = notebook.assignment.duedate is not None
        graded = (*notebook.grade_cells, *notebook.task_cells)
        commented = (*notebook.solution_cells, *notebook.task_cells)
        self._grade_cells = {cell.name: cell.id for cell in graded}
        self._comment_cells = {cell.name: cell.id for cell in commented}

    def write(self, handins: Sequence[Handin]) -> None:
        """Scores, comments and penalties of some students; what a person marked stays."""
        self._make_students([handin.result.student for handin in handins])
        notebooks = self._notebooks(handins)
        pairs = [(handin, notebooks[handin.result.student]) for handin in handins]
        grades = self._known(Grade, notebooks.values())
        comments = self._known(Comment, notebooks.values())
        self._save(Grade, [row for pair in pairs for row in self._grades(*pair, grades)])
        self._save(Comment, [row for pair in pairs for row in self._comments(*pair, comments)])
        self._write_penalties(list(notebooks.values()))

    def _make_students(self, names: list[str]) -> None:
        known = set(self._db.scalars(select(Student.id).where(Student.id.in_(names))))
        self._insert(Student, [{"id": name} for name in names if name not in known])

    def _notebooks(self, handins: Sequence[Handin]) -> dict[str, str]:
        """The id of each student's row for the notebook; rows are made where there are none."""
        names = [handin.result.student for handin in handins]
        found = select(SubmittedAssignment.student_id, SubmittedAssignment.id).where(
            SubmittedAssignment.assignment_id == self._assignment,
            SubmittedAssignment.student_id.in_(names),
        )
        assignments = {row.student_id: row.id for row in self._db.execute(found)}
        inserted, updated = [], []
        for handin in handins:
            student, time = handin.result.student, {"timestamp": handin.timestamp}
            if student in assignments:
                updated += [{"id": assignments[student], **time}] if handin.notebook else []
                continue
            assignments[student] = new_uuid()
            row = {"assignment_id": self._assignment, "student_id": student, **time}
            inserted.append({"id": assignments[student], **row})
        self._insert(SubmittedAssignment, inserted)
        self._update(SubmittedAssignment, updated)
        return self._notebooks_of(assignments)

    def _notebooks_of(self, assignments: dict[str, str]) -> dict[str, str]:
        found = select(SubmittedNotebook.assignment_id, SubmittedNotebook.id).where(
            SubmittedNotebook.notebook_id == self._notebook,
            SubmittedNotebook.assignment_id.in_(assignments.values()),
        )
        ids = {row.assignment_id: row.id for row in self._db.execute(found)}
        missing = {entry: new_uuid() for entry in assignments.values() if entry not in ids}
        rows = [
            {"id": new, "notebook_id": self._notebook, "assignment_id": entry}
            for entry, new in missing.items()
        ]
        self._insert(SubmittedNotebook, rows)
        return {student: (ids | missing)[entry] for student, entry in assignments.items()}

    def _known(self, table: Any, notebooks: Iterable[str]) -> dict[tuple[str, str], Any]:
        """The rows of `table` that belong to these notebooks, by notebook and cell."""
        chosen = table.__table__.select().where(table.notebook_id.in_(notebooks))
        return {(row.notebook_id, row.cell_id): row for row in self._db.execute(chosen)}

    def _grades(
        self, handin: Handin, notebook: str, known: dict[tuple[str, str], Any]
    ) -> Iterable[Columns]:
        cells = self._grade_cells.values()
        rows = [row for cell in cells if (row := known.get((notebook, cell))) is not None]
        other = any(row.manual_score is not None for row in rows) and self._is_other_file(handin)
        tasks = {task.name: task for task in handin.result.tasks}
        for task in self._lab.tasks:
            score = None
            if task.kind != "written":
                score = tasks[task.name].score if task.name in tasks else 0.0
            cell = self._grade_cells[grade_cell(task)]
            row = known.get((notebook, cell))
            if row is None or row.manual_score is None:
                wanted = score is None
            else:  # whoever marked it is to look again, but only at what has changed
                wanted = row.needs_manual_grade or other or row.auto_score != score
            columns = {"auto_score": score, "needs_manual_grade": wanted}
            yield _row(row, notebook, cell, columns)

    def _is_other_file(self, handin: Handin) -> bool:
        """Whether the file that was marked by hand is not the one that was graded now."""
        result = handin.result
        path = self._course.autograded(result.student, self._lab.name)
        return autograded.sha256_of_handin(path) != result.notebook_sha256

    def _comments(
        self, handin: Handin, notebook: str, known: dict[tuple[str, str], Any]
    ) -> Iterable[Columns]:
        result = handin.result
        words: dict[str, str | None] = dict.fromkeys(handin.unanswered, NO_RESPONSE)
        for task in result.tasks:
            if task.status in ("partial", "failed", "missing"):
                words[task.name] = harmless(in_words(task))
        if result.status == "failed":
            words = dict.fromkeys(self._comment_cells, harmless(result.errors[0]))
        for name, cell in self._comment_cells.items():
            columns = {"auto_comment": words.get(name)}
            yield _row(known.get((notebook, cell)), notebook, cell, columns)

    def _write_penalties(self, notebooks: list[str]) -> None:
        """As nbgrader's AssignLatePenalties does it, with its plugin and its bounds."""
        penalties: dict[str, float | None] = dict.fromkeys(notebooks)
        if self._due:
            self._db.expire_all()  # the sums of what was just written
            chosen = select(SubmittedNotebook).where(SubmittedNotebook.id.in_(notebooks))
            for found in self._db.scalars(chosen):
                penalties[found.id] = self._penalty(found)
        rows = [{"id": found, "late_submission_penalty": p} for found, p in penalties.items()]
        self._update(SubmittedNotebook, rows)

    def _penalty(self, found: SubmittedNotebook) -> float | None:
        seconds = found.assignment.total_seconds_late
        if seconds <= 0:
            return None
        step = self._course.penalties
        penalty: float | None = step.plugin_inst.late_submission_penalty(
            found.student.id, found.score, seconds
        )
        return None if penalty is None else step._check_late_penalty(found, penalty)

    def _save(self, table: Any, rows: Sequence[Columns]) -> None:
        self._update(table, [row for row in rows if "id" in row])
        self._insert(table, [row for row in rows if "id" not in row])

    def _insert(self, table: Any, rows: list[Columns]) -> None:
        if rows:
            self._db.execute(insert(table.__table__), rows)

    def _update(self, table: Any, rows: list[Columns]) -> None:
        if rows:
            self._db.execute(update(table), rows)


def _row(known: Any, notebook: str, cell: str, columns: Columns) -> Columns:
    """The columns of a row that is there, or of a new one."""
    place = {"notebook_id": notebook, "cell_id": cell} if known is None else {"id": known.id}
    return place | columns
