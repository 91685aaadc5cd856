"""Exports, read back as the platforms' published descriptions and importers read them."""

from __future__ import annotations

import csv
import dataclasses
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from nbgrader.api import Gradebook

from autograder import gradebook, labs
from autograder.cli import cli
from autograder.errors import UsageError
from autograder.export import Export, Format, gradescope_results, plain, read_roster
from autograder.results import ResultsFile, SubmissionResult, TaskResult, TestResult

SCHEMA = json.loads(
    (Path(__file__).parents[1] / "schemas" / "gradescope_results.json").read_bytes()
)
ONE, TWO = "lab01_sgd_vs_batch", "lab02_momentum"
FORMULA = re.compile(r"\s*[=+\-@]")
ROSTER = """student,name,email,lms_id,section
ada,"Lovelace, Ada",Ada@uni.example,4711,A
-bob,=HYPERLINK("http://x"),@bob,+1,
"""


def result(student: str, lab: str, score: float, seconds: float = 1.5) -> SubmissionResult:
    """A graded submission: one task passed, one partly, one to be marked by hand."""
    tests = (
        TestResult("right", True),
        TestResult("wrong", False, message="the sum is off", hint="You forgot the mean."),
        TestResult("wrong_too", False, message="the sum is off", detail="expected 42"),
    )
    tasks = (
        TaskResult("sgd_epoch", score, 60.0, "passed", (TestResult("right", True),)),
        TaskResult("minibatches", 10.0, 30.0, "partial", tests),
        TaskResult.manual("w_batch_size", 10.0),
    )
    return SubmissionResult.graded(student, lab, tasks, seconds=seconds, isolation="bubblewrap")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    results = ResultsFile(tmp_path / "results.jsonl")
    results.append(result("ada", ONE, 60.0))
    results.append(result("ada", TWO, 30.5))
    results.append(result("-bob", ONE, 0.0))
    (tmp_path / "roster.csv").write_text(ROSTER, encoding="utf-8")
    return tmp_path


def rows(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file, strict=True))


# Canvas: the rules of its GradebookImporter


@dataclasses.dataclass(frozen=True)
class CanvasImport:
    """What Canvas reads from a file: assignments with their points, a record a student."""

    points: dict[str, float]
    students: list[dict[str, str]]
    scores: list[dict[str, str]]

    @classmethod
    def read(cls, path: Path) -> CanvasImport:
        header, *body = rows(path)
        assert len(header) > 3
        assert "Student" in header[0]
        assert "ID" in header[1]
        assert header[2:4] == ["SIS User ID", "SIS Login ID"]
        assert "Section" in header[4]
        assert all(len(row) == len(header) for row in body)
        assert "Points Possible" in body[0][0]
        titles = header[5:]
        return cls(
            {title: float(n) for title, n in zip(titles, body[0][5:], strict=True)},
            [dict(zip(header[:5], row, strict=False)) for row in body[1:]],
            [dict(zip(titles, row[5:], strict=True)) for row in body[1:]],
        )


def test_canvas_file_is_one_that_canvas_imports(directory: Path) -> None:
    exported = Export("canvas", directory, roster=directory / "roster.csv").write()
    assert exported.path == directory / "canvas.csv"
    read = CanvasImport.read(exported.path)
    assert read.points == {ONE: 90.0, TWO: 90.0}
    assert read.scores == [{ONE: "10.0", TWO: ""}, {ONE: "70.0", TWO: "40.5"}]
    assert read.students[1] == {
        "Student": "Lovelace, Ada",
        "ID": "4711",
        "SIS User ID": "",
        "SIS Login ID": "ada",
        "Section": "A",
    }


def test_canvas_without_a_roster_finds_students_by_their_login(directory: Path) -> None:
    read = CanvasImport.read(Export("canvas", directory, lab="lab02").write().path)
    assert read.points == {TWO: 90.0}
    assert [(row["Student"], row["ID"], row["SIS Login ID"]) for row in read.students] == [
        ("ada", "", "ada")
    ]


# Moodle: docs.moodle.org, Grade import


def test_moodle_file_has_columns_to_map_users_by_and_numbers(directory: Path) -> None:
    exported = Export("moodle", directory, roster=directory / "roster.csv").write()
    header, *body = rows(exported.path)
    assert header == ["Username", "ID number", "Email address", "Full name", ONE, TWO]
    assert body[1] == ["ada", "4711", "Ada@uni.example", "Lovelace, Ada", "70.0", "40.5"]
    for column in range(3):
        assert len({row[column] for row in body}) == len(body)
    for row in body:
        assert all(cell == "-" or 0 <= float(cell) <= 100 for cell in row[4:])


# Gradescope: gradescope-autograders.readthedocs.io, Autograder Specifications


def test_gradescope_results_are_as_its_specification_says(directory: Path) -> None:
    exported = Export("gradescope", directory).write()
    written = sorted(path.relative_to(exported.path) for path in exported.path.rglob("*.json"))
    assert written == [
        Path("-bob") / f"{ONE}.json",
        Path("ada") / f"{ONE}.json",
        Path("ada") / f"{TWO}.json",
    ]
    for path in written:
        jsonschema.validate(json.loads((exported.path / path).read_bytes()), SCHEMA)


def test_gradescope_shows_a_case_a_task_with_words_for_the_student_alone() -> None:
    record = gradescope_results(result("ada", ONE, 60.0))
    assert record["score"] == sum(case["score"] for case in record["tests"]) == 70
    assert record["stdout_visibility"] == "hidden"
    assert record["output"] == "marked by hand: w_batch_size"
    names = [(case["name"], case["status"], case["max_score"]) for case in record["tests"]]
    assert names == [("sgd_epoch", "passed", 60.0), ("minibatches", "failed", 30.0)]
    assert record["tests"][1]["output"] == "the sum is off\nYou forgot the mean."
    assert "expected 42" not in json.dumps(record)


def test_gradescope_file_of_a_submission_that_failed_has_the_reason() -> None:
    failed = SubmissionResult.failed("ada", ONE, 90.0, "this is not a notebook")
    record = gradescope_results(failed)
    jsonschema.validate(record, SCHEMA)
    assert (record["score"], record["tests"]) == (0.0, [])
    assert record["output"] == "this is not a notebook"


def test_gradescope_leaderboard_has_the_finite_measures() -> None:
    measured = TestResult("accuracy", True, measures={"accuracy": 0.97, "loss": float("nan")})
    task = TaskResult.of_tests("train", 10.0, [measured])
    record = gradescope_results(SubmissionResult.graded("ada", ONE, [task]))
    jsonschema.validate(record, SCHEMA)
    assert record["leaderboard"] == [{"name": "accuracy", "value": 0.97}]


def test_one_gradescope_file_is_of_one_submission(directory: Path) -> None:
    out = directory / "results.json"
    with pytest.raises(UsageError, match="choose one with --lab and --student"):
        Export("gradescope", directory, out=out, student="ada").write()
    Export("gradescope", directory, out=out, student="ada", lab="lab01").write()
    assert json.loads(out.read_bytes())["score"] == 70


@pytest.mark.parametrize(
    "spoil",
    [
        lambda record: record.pop("score") and [case.pop("score") for case in record["tests"]],
        lambda record: record.update(visibility="secret"),
        lambda record: record["tests"][0].update(status="partial"),
        lambda record: record.update(leaderboard=[{"value": 1}]),
    ],
    ids=["no score", "visibility", "status", "leaderboard"],
)
def test_schema_refuses_what_gradescope_would(spoil: Callable[[dict[str, Any]], object]) -> None:
    record = gradescope_results(result("ada", ONE, 60.0))
    spoil(record)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(record, SCHEMA)


# Spreadsheets


@pytest.mark.parametrize("kind", ["csv", "canvas", "moodle"])
def test_no_cell_is_a_formula_whoever_hands_in(directory: Path, kind: Format) -> None:
    roster = None if kind == "csv" else directory / "roster.csv"
    cells = [
        cell for row in rows(Export(kind, directory, roster=roster).write().path) for cell in row
    ]
    assert "'-bob" in cells
    assert not [cell for cell in cells if FORMULA.match(cell) and cell != "-"]


@given(st.text(alphabet="=+-@;,\t\r\n\"' ab１＝", max_size=12))
def test_no_text_is_a_formula_in_any_spreadsheets_split(text: str) -> None:
    for cell in re.split(r'[;,|"\t\r\n]', plain(text)):
        assert not re.match(r"\s*[=+\-@＝]", cell)


@given(st.from_regex(r"[A-Za-z][A-Za-z .'-]*(, [A-Za-z]+)?", fullmatch=True))
def test_ordinary_names_stay_as_they_are(name: str) -> None:
    assert plain(name) == name


def test_csv_has_a_row_a_submission_and_a_column_a_task(directory: Path) -> None:
    exported = Export("csv", directory, lab="lab01").write()
    header, *body = rows(exported.path)
    assert header[:4] == ["student", "lab", "score", "max_score"]
    assert header[4:] == [task.name for task in labs.find(ONE).tasks]
    ada = dict(zip(header, body[1], strict=True))
    assert (ada["student"], ada["score"], ada["sgd_epoch"]) == ("ada", "70.0", "60.0")
    assert ada["w_batch_size"] == ""


# What is asked for


def test_command_says_where_the_file_is(directory: Path) -> None:
    out = directory / "elsewhere" / "marks.csv"
    arguments = ["moodle", str(directory), "--lab", "lab02", "--student", "ada", "--out", str(out)]
    finished = CliRunner().invoke(cli, ["export", *arguments])
    assert finished.exit_code == 0, finished.output
    assert finished.output.strip() == str(out)
    assert len(rows(out)) == 2


def test_totals_with_a_gradebook_have_the_marks_given_by_hand(directory: Path) -> None:
    url = f"sqlite:///{directory / 'gradebook.db'}"
    results = ResultsFile.open(directory / "results.jsonl")
    gradebook.write(labs.find(ONE), results.latest(ONE), url)
    with Gradebook(url) as database:
        grade = database.find_grade("w_batch_size", ONE, ONE, "ada")
        grade.manual_score = 4.0
        database.db.commit()
    exported = Export("canvas", directory, lab="lab01", gradebook=url).write()
    read = CanvasImport.read(exported.path)
    assert read.points == {ONE: 100.0}
    assert [row[ONE] for row in read.scores] == ["10.0", "74.0"]
    assert exported.remarks == [f"{ONE}: 1 submissions have written answers without marks"]


def test_scores_without_isolation_are_exported_with_a_remark(directory: Path) -> None:
    results = ResultsFile.open(directory / "results.jsonl")
    results.append(dataclasses.replace(result("eve", ONE, 60.0), isolation="unsafe"))
    exported = Export("canvas", directory, lab="lab01").write()
    assert exported.remarks == ["1 of 3 were graded without isolation: their scores can be forged"]


def test_student_whom_the_roster_lacks_is_named_and_nothing_written(directory: Path) -> None:
    (directory / "roster.csv").write_text("student\nada\n")
    with pytest.raises(UsageError, match="add a row for -bob"):
        Export("moodle", directory, roster=directory / "roster.csv").write()
    assert not (directory / "moodle.csv").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"name,email\nAda,a@b\n", "expected the columns student, name"),
        (b"student,phone\nada,1\n", "it has student, phone"),
        (b"student\nada\nada\n", "ada is there twice"),
        (b"student,name\nada\n", "too long or too short"),
        (b"student\nada,extra\n", "too long or too short"),
        (b"\xff\xfe", "cannot be read"),
        (b'student\n"ada', "cannot be read"),
    ],
    ids=["no student", "unknown", "twice", "short", "long", "encoding", "quotes"],
)
def test_roster_that_is_none_is_refused_with_what_is_expected(
    tmp_path: Path, content: bytes, words: str
) -> None:
    (tmp_path / "roster.csv").write_bytes(content)
    with pytest.raises(UsageError, match=words):
        read_roster(tmp_path / "roster.csv")


def test_roster_that_excel_saved_is_read(tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_bytes(b"\xef\xbb\xbfstudent,name\r\nada,Ada\r\n")
    assert read_roster(tmp_path / "roster.csv")["ada"].name == "Ada"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"format": "csv", "roster": Path("roster.csv")}, "csv has no use for --roster"),
        ({"format": "gradescope", "gradebook": "sqlite://"}, "gradescope has no use for"),
        ({"format": "canvas", "student": "nobody"}, "no result of this lab and student"),
        ({"format": "canvas", "lab": "lab03"}, "no result of this lab and student"),
        ({"format": "canvas", "lab": "lab99"}, "no lab is called"),
    ],
    ids=["roster", "gradebook", "student", "lab", "no lab"],
)
def test_options_without_sense_are_refused(
    directory: Path, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        Export(directory=directory, **options).write()


def test_directory_without_results_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'python -m autograder grade' writes them"):
        Export("csv", tmp_path).write()
