"""Scores in the formats that others read: a spreadsheet, Canvas, Moodle, Gradescope.

Each follows the platform's published description; where that is silent, its importer's source.
"""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from autograder.errors import UsageError
from autograder.labs import Lab, all_labs, find
from autograder.results import SubmissionResult, TaskResult, read_results
from autograder.writing import write_whole

Format = Literal["csv", "canvas", "moodle", "gradescope"]
FORMATS: tuple[Format, ...] = get_args(Format)
ROSTER_COLUMNS = ("student", "name", "email", "lms_id", "section")
_FORMULA = re.compile(r'(^|[;,|"\t\r\n])(\s*)(?=[=+\-@＝＋－＠])')


@dataclass(frozen=True)
class Person:
    """A row of the roster: who a student is to the LMS."""

    student: str
    name: str = ""
    email: str = ""
    lms_id: str = ""
    section: str = ""


@dataclass(frozen=True)
class Exported:
    """What was written, and what the instructor should know about it."""

    path: Path
    remarks: list[str]


@dataclass(frozen=True)
class Export:
    """An ``export`` command. `lab` and `student` narrow it down to one.

    With `gradebook`, nbgrader's database, totals have the marks given by hand and the price of
    lateness in them; without, they are the automatic points.
    """

    format: Format
    directory: Path
    out: Path | None = None
    lab: str | None = None
    student: str | None = None
    roster: Path | None = None
    gradebook: str | None = None

    def write(self) -> Exported:
        """Write the file.

        Raises:
            UsageError: there are no such results, or options that this format has no use for.
        """
        if self.format in ("csv", "gradescope") and (self.roster or self.gradebook):
            raise UsageError(f"{self.format} has no use for --roster and --gradebook: leave them")
        results = self._results()
        remarks = _remarks(results)
        if self.format == "csv":
            path = self.out or self.directory / "scores.csv"
            write_all_scores(results, path)
        elif self.format == "gradescope":
            path = self.out or self.directory / "gradescope"
            write_gradescope(results, path)
        else:
            path = self.out or self.directory / f"{self.format}.csv"
            table = Totals.of(results, self.gradebook)
            people = _people(table, self.roster)
            write = write_canvas if self.format == "canvas" else write_moodle
            write(table, people, path)
            remarks += table.remarks
        return Exported(path, remarks)

    def _results(self) -> list[SubmissionResult]:
        lab = find(self.lab).name if self.lab else None
        found = read_results(self.directory)
        of_lab = [result for result in found if lab in (None, result.lab)]
        chosen = [result for result in of_lab if self.student in (None, result.student)]
        if not chosen:
            graded = ", ".join(sorted({result.lab for result in found}))
            raise UsageError(
                f"{self.directory}: no result of this lab and student; graded here: {graded}"
            )
        return chosen


@dataclass
class Totals:
    """A number a student and lab, and how many points a lab has."""

    scores: dict[str, dict[str, float]] = field(default_factory=dict)
    points: dict[str, float] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, results: Sequence[SubmissionResult], gradebook: str | None = None) -> Totals:
        """The totals of `results`, with the marks in the database at `gradebook`."""
        table = cls()
        for lab in sorted({result.lab for result in results}):
            of_lab = [result for result in results if result.lab == lab]
            if gradebook is None:
                table.points[lab] = max(result.max_score for result in of_lab)
                totals = {result.student: result.score for result in of_lab}
            else:
                table.points[lab] = max(_all_points(result) for result in of_lab)
                totals = table._marked(lab, of_lab, gradebook)
            for student, score in totals.items():
                table.scores.setdefault(student, {})[lab] = score
        return table

    def _marked(
        self, lab: str, results: list[SubmissionResult], gradebook: str
    ) -> dict[str, float]:
        from autograder.report.marks import Marks, read_marks

        marks, waiting = read_marks(lab, gradebook), 0
        totals = {}
        for result in results:
            mark = marks.get(result.student, Marks())
            written = {task.name for task in result.tasks if task.status == "manual"}
            waiting += not written <= set(mark.scores)
            totals[result.student] = mark.total(result)
        if waiting:
            self.remarks.append(f"{lab}: {waiting} submissions have written answers without marks")
        return totals


def write_scores(labs: Iterable[Lab], results: Iterable[SubmissionResult], path: Path) -> None:
    """``scores.csv``: student, lab, score, max_score, then a column a task; empty if not marked."""
    names = list(dict.fromkeys(task.name for lab in labs for task in lab.tasks))
    rows: list[list[object]] = [["student", "lab", "score", "max_score", *names]]
    for result in results:
        scores = {task.name: task.score for task in result.tasks}
        columns = ["" if scores.get(name) is None else scores[name] for name in names]
        rows.append([plain(result.student), result.lab, result.score, result.max_score, *columns])
    _write_csv(path, rows)


def write_all_scores(results: Sequence[SubmissionResult], path: Path) -> None:
    """`write_scores` with the columns of every lab of `results` that the course still has."""
    known = {result.lab for result in results} & set(all_labs())
    write_scores([find(name) for name in sorted(known)], results, path)


def write_canvas(table: Totals, people: Mapping[str, Person], path: Path) -> None:
    """A CSV for Canvas: Grades, Import.

    Canvas finds a student by `ID` (its own number), else by `SIS Login ID`, else by name, and an
    assignment by its title, which is the lab's name.
    """
    who = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    rows: list[list[object]] = [
        [*who, *table.points],
        ["    Points Possible", "", "", "", "", *table.points.values()],
    ]
    for student, scores in sorted(table.scores.items()):
        person = people[student]
        known = [person.name or student, person.lms_id, "", student, person.section]
        rows.append([*map(plain, known), *(scores.get(lab, "") for lab in table.points)])
    _write_csv(path, rows)


def write_moodle(table: Totals, people: Mapping[str, Person], path: Path) -> None:
    """A CSV for Moodle: Grades, Import, CSV file; there one column is chosen to map users by.

    A student who did not hand in has "-", which is Moodle's word for no grade.
    """
    rows: list[list[object]] = [
        ["Username", "ID number", "Email address", "Full name", *table.points]
    ]
    for student, scores in sorted(table.scores.items()):
        person = people[student]
        known = [student, person.lms_id, person.email, person.name]
        rows.append([*map(plain, known), *(scores.get(lab, "-") for lab in table.points)])
    _write_csv(path, rows)


def write_gradescope(results: Sequence[SubmissionResult], path: Path) -> None:
    """Gradescope's results.json: `path` itself if it ends in .json, else a file a submission."""
    if path.suffix == ".json":
        if len(results) != 1:
            raise UsageError(
                f"{path} holds one submission, and there are {len(results)}: choose one with"
                " --lab and --student, or name a directory"
            )
        write_json(gradescope_results(results[0]), path)
        return
    for result in results:
        write_json(gradescope_results(result), path / result.student / f"{result.lab}.json")


def gradescope_results(result: SubmissionResult) -> dict[str, Any]:
    """What Gradescope shows of a submission: a test case a task, in words for the student."""
    said = [*result.errors]
    manual = [task.name for task in result.tasks if task.status == "manual"]
    if manual:
        said.append(f"marked by hand: {', '.join(manual)}")
    record: dict[str, Any] = {
        "score": result.score,
        "execution_time": round(result.seconds, 3),
        "output": "\n".join(said) or "all cells ran",
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "extra_data": {"lab": result.lab, "notebook_sha256": result.notebook_sha256},
        "tests": [
            _test_case(number, task)
            for number, task in enumerate(result.tasks, 1)
            if task.score is not None
        ],
    }
    board = [
        {"name": name, "value": value}
        for name, value in result.measures.items()
        if math.isfinite(value)
    ]
    return record | ({"leaderboard": board} if board else {})


def write_json(record: Mapping[str, Any], path: Path) -> None:
    """Write `record`, whole or not at all."""
    text = json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False)
    write_whole(path, f"{text}\n".encode())


def read_roster(path: Path) -> dict[str, Person]:
    """A CSV with the column student, and any of name, email, lms_id and section.

    Raises:
        UsageError: a column is missing or unknown, or a student is there twice.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, strict=True)
            columns = reader.fieldnames or []
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path}: this roster cannot be read: {error}") from error
    if "student" not in columns or set(columns) - set(ROSTER_COLUMNS):
        raise UsageError(
            f"{path}: expected the columns {', '.join(ROSTER_COLUMNS)}, of which only student is"
            f" needed; it has {', '.join(columns)}"
        )
    people: dict[str, Person] = {}
    for row in rows:
        if None in row or None in row.values():
            raise UsageError(f"{path}: the row of {row['student']!r} is too long or too short")
        person = Person(**{name: value.strip() for name, value in row.items()})
        if person.student in people:
            raise UsageError(f"{path}: {person.student} is there twice")
        people[person.student] = person
    return people


def plain(text: str) -> str:
    """`text` as a spreadsheet shows it: what would be a formula there has a ' in front of it."""
    return _FORMULA.sub(r"\1\2'", text)


def _people(table: Totals, roster: Path | None) -> dict[str, Person]:
    if roster is None:
        return {student: Person(student) for student in table.scores}
    people = read_roster(roster)
    missing = sorted(set(table.scores) - set(people))
    if missing:
        raise UsageError(f"{roster}: add a row for {', '.join(missing)}")
    return people


def _remarks(results: Sequence[SubmissionResult]) -> list[str]:
    unsafe = sum(result.isolation == "unsafe" for result in results)
    if not unsafe:
        return []
    return [f"{unsafe} of {len(results)} were graded without isolation: their scores can be forged"]


def _all_points(result: SubmissionResult) -> float:
    """The points of the lab, those for written answers too; a failed result has no tasks."""
    return sum(task.max_score for task in result.tasks) or result.max_score


def _test_case(number: int, task: TaskResult) -> dict[str, Any]:
    failed = [test for test in task.tests if not test.passed]
    said = dict.fromkeys([*(t.message for t in failed), *(t.hint for t in failed)])
    return {
        "name": task.name,
        "number": str(number),
        "score": task.score,
        "max_score": task.max_score,
        "status": "passed" if task.status == "passed" else "failed",
        "output": "\n".join(words for words in said if words),
        "visibility": "visible",
    }


def _write_csv(path: Path, rows: Iterable[Sequence[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
