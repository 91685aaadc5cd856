"""What a person added in nbgrader's database: scores, comments, names, and the price of lateness.

Read only; the automatic scores are those of `SubmissionResult`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)

from autograder.results import SubmissionResult


@dataclass
class Marks:
    """A student's marks in one lab: `scores` and `comments` by task, as a person gave them."""

    name: str = ""
    scores: dict[str, float] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    extra: float = 0.0
    penalty: float = 0.0

    def total(self, result: SubmissionResult) -> float:
        """The score of `result` with a person's scores in place of the automatic ones."""
        automatic = {task.name: task.score or 0.0 for task in result.tasks}
        changes = sum(score - automatic.get(task, 0.0) for task, score in self.scores.items())
        return round(result.score + changes + self.extra - self.penalty, 2)


def read_marks(lab: str, url: str, students: Iterable[str] | None = None) -> dict[str, Marks]:
    """The marks of the students, or of all, whom the database at `url` has in `lab`."""
    marks: dict[str, Marks] = {}
    with Gradebook(url) as gradebook:
        of_lab = (
            gradebook.db.query(SubmittedNotebook)
            .join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
            .join(Assignment, SubmittedAssignment.assignment_id == Assignment.id)
            .join(Student, SubmittedAssignment.student_id == Student.id)
            .filter(Assignment.name == lab)
        )
        if students is not None:
            of_lab = of_lab.filter(Student.id.in_(students))
        columns = (Student.id, Student.first_name, Student.last_name)
        late = SubmittedNotebook.late_submission_penalty
        for student, first, last, penalty in of_lab.with_entities(*columns, late):
            name = " ".join(part for part in (first, last) if part)
            marks[student] = Marks(name, penalty=penalty or 0.0)
        grades = of_lab.join(Grade, Grade.notebook_id == SubmittedNotebook.id).join(
            BaseCell, Grade.cell_id == BaseCell.id
        )
        scores = (Student.id, BaseCell.name, Grade.manual_score, Grade.extra_credit)
        for student, cell, score, extra in grades.with_entities(*scores):
            marks[student].extra += extra or 0.0
            if score is not None:
                marks[student].scores[cell.removeprefix("test_")] = score
        comments = of_lab.join(Comment, Comment.notebook_id == SubmittedNotebook.id).join(
            BaseCell, Comment.cell_id == BaseCell.id
        )
        said = (Student.id, BaseCell.name, Comment.manual_comment)
        for student, cell, comment in comments.with_entities(*said):
            if comment and comment.strip():
                marks[student].comments[cell.removeprefix("test_")] = comment.strip()
    return marks
