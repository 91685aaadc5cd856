"""Feedback: one self-contained page a student, that says what passed and what to look at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from autograder.labs import Lab, is_question
from autograder.report import pages
from autograder.report.handins import ShownCell, heading, lab_of, last_heading, shown_cells
from autograder.report.marks import Marks
from autograder.results import SubmissionResult, TaskResult, TestResult


@dataclass(frozen=True)
class Property:
    """What the cases of one hidden test have in common: the sentence that is its name.

    Of messages that differ in their numbers alone, the first is enough.
    """

    name: str
    cases: int
    failed: int
    messages: tuple[str, ...]


@dataclass(frozen=True)
class TaskRow:
    """A task as the page shows it; `manual` and `comment` are a person's."""

    result: TaskResult
    properties: tuple[Property, ...]
    hints: tuple[str, ...]
    manual: float | None
    comment: str

    @property
    def status(self) -> str:
        """The automatic status, or manual where a person's score stands in its place."""
        return self.result.status if self.manual is None else "manual"

    @property
    def is_question(self) -> bool:
        """Whether this is a concept question, whose one test has nothing to say but its message."""
        return is_question(self.result.name)


@dataclass(frozen=True)
class CellGroup:
    """One cell of the student's, or the cells in a row that were handed out, under `title`."""

    cells: tuple[ShownCell, ...]
    handed_out: bool
    title: str


def write_feedback(
    result: SubmissionResult,
    directory: Path,
    notebook: bytes | None = None,
    marks: Marks | None = None,
) -> Path:
    """Write ``directory/{student}/{lab}.html`` and return its path.

    Args:
        result: the record of the graded submission.
        directory: where all feedback lies.
        notebook: the notebook that was graded, to be shown; None to leave it out.
        marks: what a person added, from the gradebook.
    """
    marks = marks or Marks()
    lab = lab_of(result)
    rows = [_row(task, marks) for task in result.tasks]
    cells = shown_cells(notebook, lab) if notebook is not None and lab is not None else []
    page = pages.template("feedback.html.j2").render(
        result=result,
        title=heading(lab) if lab is not None else result.lab,
        marks=marks,
        rows=rows,
        by_task={row.result.name: row for row in rows},
        total=marks.total(result),
        max_total=result.max_score + _marked_by_hand(lab, marks),
        open_tasks=sum(row.status in ("failed", "partial", "missing") for row in rows),
        automatic_tasks=sum(row.status != "manual" for row in rows),
        groups=_groups(cells),
    )
    return pages.write(directory / result.student / f"{result.lab}.html", page)


def _row(task: TaskResult, marks: Marks) -> TaskRow:
    hints = dict.fromkeys(test.hint for test in task.tests if test.hint and not test.passed)
    manual, comment = marks.scores.get(task.name), marks.comments.get(task.name, "")
    return TaskRow(task, tuple(_properties(task.tests)), tuple(hints), manual, comment)


def _properties(tests: Iterable[TestResult]) -> list[Property]:
    """The tests without their parameters, those that fail first."""
    cases: dict[str, list[TestResult]] = {}
    for test in tests:
        cases.setdefault(pages.sentence(test.name), []).append(test)
    found = []
    for name, group in cases.items():
        failed = [test for test in group if not test.passed]
        kinds = {pages.shape(test.message): test.message for test in reversed(failed)}
        messages = tuple(reversed(kinds.values()))
        found.append(Property(name, len(group), len(failed), messages))
    return sorted(found, key=lambda entry: entry.failed == 0)


def _marked_by_hand(lab: Lab | None, marks: Marks) -> float:
    """The points of the written answers that have been marked."""
    tasks = lab.tasks if lab is not None else ()
    return sum(t.points for t in tasks if t.kind == "written" and t.name in marks.scores)


def _groups(cells: list[ShownCell]) -> list[CellGroup]:
    groups: list[CellGroup] = []
    for handed_out, run in groupby(cells, key=lambda cell: cell.handed_out):
        if handed_out:
            together = tuple(run)
            groups.append(CellGroup(together, True, last_heading(together)))
        else:
            groups += [CellGroup((cell,), False, "") for cell in run if cell.source.strip()]
    return groups
