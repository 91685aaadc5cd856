"""`python -m autograder grade` on the sample class: who loses which points, and what is kept."""

from __future__ import annotations

import csv
import dataclasses
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder import labs
from autograder.completion import completed, released, save
from autograder.results import ResultsFile, SubmissionResult
from autograder.sample_class import SINGLE_MISTAKES, TWO_MISTAKES
from autograder.sample_class import main as write_sample_class

Command = Callable[..., subprocess.CompletedProcess[str]]
LAB = labs.find("lab01")
MAX = 90.0
AUTOMATIC = [task.name for task in LAB.tasks if task.kind != "written"]
STUDENTS = sorted(
    [
        *("all_right", "blank", "two_mistakes", "helper_cell", "float32", "warnings"),
        *("endless_loop", "forger", "broken_file", *SINGLE_MISTAKES),
    ]
)


@dataclasses.dataclass(frozen=True)
class Graded:
    """What one grading of the class left behind."""

    course: Path
    returncode: int
    printed: str

    @property
    def out(self) -> Path:
        return self.course / "results"

    def result(self, student: str) -> SubmissionResult:
        found = ResultsFile.open(self.out / "results.jsonl").get(student, LAB.name)
        assert found is not None
        return found

    def lost(self, student: str) -> dict[str, float]:
        """The tasks on which the student has not all points, and how many are lost."""
        tasks = self.result(student).tasks
        return {
            task.name: task.max_score - task.score
            for task in tasks
            if task.score is not None and task.score != task.max_score
        }


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory, autograder: Command) -> Graded:
    """The class, graded once, also if several processes share the tests."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    course, record = shared / "sample-class", shared / "sample-class.json"
    with (shared / "sample-class.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not record.exists():
            course.mkdir()
            write_sample_class(course / "submitted")
            finished = autograder(
                *(course, "grade", "lab01", "submitted", "--out", "results", "--jobs", 2),
                *("--gradebook", "sqlite:///gradebook.db"),
            )
            record.write_text(json.dumps([finished.returncode, finished.stdout + finished.stderr]))
        returncode, printed = json.loads(record.read_text())
    return Graded(course, returncode, printed)


@pytest.fixture
def again(graded: Graded, tmp_path: Path) -> Graded:
    """A copy of the graded class, to grade again."""
    shutil.copytree(graded.course, tmp_path / "course")
    return dataclasses.replace(graded, course=tmp_path / "course")


# Scores


def test_every_student_has_one_result_made_in_the_box(graded: Graded) -> None:
    lines = (graded.out / "results.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    assert sorted(record["student"] for record in records) == STUDENTS
    assert {record["isolation"] for record in records} == {"bubblewrap"}
    assert {record["lab"] for record in records} == {LAB.name}
    assert {record["max_score"] for record in records} == {MAX}


@pytest.mark.parametrize("student", ["all_right", "helper_cell", "float32", "warnings"])
def test_right_answer_has_every_point_whatever_surrounds_it(graded: Graded, student: str) -> None:
    result = graded.result(student)
    assert result.score == result.max_score == MAX == LAB.max_score
    assert graded.lost(student) == {}
    assert result.errors == ()


def test_blank_notebook_has_nothing_and_every_task_is_missing(graded: Graded) -> None:
    result = graded.result("blank")
    assert result.score == 0
    assert {task.status for task in result.tasks if task.score is not None} == {"missing"}
    assert not [test for task in result.tasks for test in task.tests if test.passed]


@pytest.mark.parametrize(("student", "task"), SINGLE_MISTAKES.items())
def test_mistake_costs_points_on_its_own_task_and_no_other(
    graded: Graded, student: str, task: str
) -> None:
    lost = graded.lost(student)
    assert set(lost) == {task}
    assert graded.result(student).score == pytest.approx(MAX - lost[task])
    assert graded.result(student).errors == ()


def test_two_mistakes_cost_points_on_these_two_tasks(graded: Graded) -> None:
    assert set(graded.lost("two_mistakes")) == set(TWO_MISTAKES)


def test_endless_loop_costs_only_the_test_that_it_hangs_in(graded: Graded) -> None:
    result = graded.result("endless_loop")
    wrong = [test for task in result.tasks for test in task.tests if not test.passed]
    assert [test.name for test in wrong] == [
        "batches_are_full_but_the_last_and_hold_each_index_once[3-8]"
    ]
    assert "does not end" in wrong[0].message
    assert set(graded.lost("endless_loop")) == {"minibatches"}
    assert 0 < graded.lost("endless_loop")["minibatches"] < 1


def test_forger_has_nothing(graded: Graded) -> None:
    result = graded.result("forger")
    assert (result.status, result.score) == ("graded", 0)
    assert not [test for task in result.tasks for test in task.tests if test.passed]


def test_broken_file_is_one_failed_line_with_the_reason(graded: Graded) -> None:
    result = graded.result("broken_file")
    assert (result.status, result.score, result.tasks) == ("failed", 0, ())
    assert len(result.errors) == 1
    assert "not a notebook" in result.errors[0]
    row = next(line for line in graded.printed.splitlines() if "broken_file" in line)
    assert "failed" in row


def test_score_is_the_sum_of_tasks_and_a_task_that_of_its_tests(graded: Graded) -> None:
    for student in STUDENTS:
        result = graded.result(student)
        assert result.score == pytest.approx(sum(task.score or 0 for task in result.tasks))
        for task in result.tasks:
            weights = sum(test.weight for test in task.tests)
            passed = sum(test.weight for test in task.tests if test.passed)
            if task.name in LAB.code_tasks():
                assert task.score == round(task.max_score * passed / weights, 2)


def test_written_answers_wait_to_be_marked(graded: Graded) -> None:
    manual = [task for task in graded.result("all_right").tasks if task.status == "manual"]
    assert [task.name for task in manual] == ["w_batch_size", "w_hard_rows"]
    assert [task.score for task in manual] == [None, None]
    assert sum(task.max_score for task in manual) == 10


# What is written


def test_scores_csv_has_a_row_a_student_and_a_column_a_task(graded: Graded) -> None:
    with (graded.out / "scores.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["student", "lab", "score", "max_score", *(task.name for task in LAB.tasks)]
    assert [row[0] for row in rows] == STUDENTS
    for row in rows:
        record = dict(zip(header, row, strict=True))
        result = graded.result(record["student"])
        assert float(record["score"]) == result.score
        scores = {task.name: task.score for task in result.tasks}
        for task in LAB.tasks:
            score = scores.get(task.name)
            assert record[task.name] == ("" if score is None else str(score))


def test_every_student_has_feedback_with_the_score(graded: Graded) -> None:
    assert sorted(path.name for path in (graded.out / "feedback").iterdir()) == STUDENTS
    for student in STUDENTS:
        html = (graded.out / "feedback" / student / f"{LAB.name}.html").read_text()
        score = f"{graded.result(student).score:.2f}".rstrip("0").rstrip(".")
        assert f'<p class="score">{score} <small>of 90 points' in html
        assert all(task in html for task in graded.lost(student))


def test_feedback_holds_no_detail_of_a_hidden_test(graded: Graded) -> None:
    for student in STUDENTS:
        html = (graded.out / "feedback" / student / f"{LAB.name}.html").read_text()
        details = {test.detail for task in graded.result(student).tasks for test in task.tests}
        assert not [detail for detail in details if len(detail) > 12 and detail in html]


def test_rows_of_the_gradebook_are_the_scores(graded: Graded) -> None:
    with Gradebook(f"sqlite:///{graded.course / 'gradebook.db'}") as gradebook:
        assert sorted(student.id for student in gradebook.students) == STUDENTS
        for student in STUDENTS:
            notebook = gradebook.find_submission_notebook(LAB.name, LAB.name, student)
            rows = {grade.cell.name.removeprefix("test_"): grade for grade in notebook.grades}
            assert set(rows) == {task.name for task in LAB.tasks}
            scores = {task.name: task.score for task in graded.result(student).tasks}
            for task in LAB.tasks:
                assert rows[task.name].max_score == task.points
                if task.kind == "written":
                    assert rows[task.name].needs_manual_grade
                    assert not rows[task.name].auto_score
                else:
                    assert rows[task.name].auto_score == scores.get(task.name, 0.0)
                    assert not rows[task.name].needs_manual_grade
            assert notebook.score == pytest.approx(graded.result(student).score)


def test_secret_is_made_for_its_owner_alone_and_stands_in_no_result(graded: Graded) -> None:
    path = graded.course / ".course-secret"
    assert path.stat().st_mode & 0o777 == 0o600
    secret = path.read_text().strip()
    for file in (path for path in graded.out.rglob("*") if path.is_file()):
        assert secret not in file.read_text()


# Exit codes


def test_exit_code_is_1_since_one_file_could_not_be_graded(graded: Graded) -> None:
    assert graded.returncode == 1


def test_exit_code_is_0_without_that_file(again: Graded, autograder: Command) -> None:
    shutil.rmtree(again.course / "submitted" / "broken_file")
    finished = autograder(again.course, "grade", "lab01", "submitted", "--out", "results")
    assert finished.returncode == 0, finished.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["lab99", "a.ipynb", "--out", "o"], "no lab is called 'lab99'"),
        (["lab01", "b.ipynb", "--out", "o"], "b.ipynb: there is no such file"),
        (["lab01", "a.ipynb", "a.ipynb", "--out", "o"], "two files for a"),
        (["lab01", "no id.ipynb", "--out", "o"], "cannot be a student's id"),
        (["lab01", "x[/b].ipynb", "--out", "o"], "x[/b].ipynb"),
        (["lab01", "--out", "o"], "Missing argument"),
        (["lab01", "a.ipynb"], "Missing option '--out'"),
        (["lab01", "a.ipynb", "--out", "/proc/o"], "error: /proc/o: No such file or directory"),
        (["lab01", "a.ipynb", "--out", "o", "--isolation", "none"], "'none' is not one of"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_wrong_usage_is_exit_code_2_with_one_line_and_grades_nothing(
    tmp_path: Path, autograder: Command, arguments: list[str], words: str
) -> None:
    for name in ("a.ipynb", "no id.ipynb"):
        save(released(LAB), tmp_path / name)
    finished = autograder(tmp_path, "grade", *arguments)
    assert finished.returncode == 2
    assert words in finished.stderr
    assert "Traceback" not in finished.stderr
    assert not list(tmp_path.rglob("results.jsonl"))


# Grading again


def test_second_run_grades_nothing_anew_and_is_quick(again: Graded, autograder: Command) -> None:
    before = (again.out / "results.jsonl").read_bytes()
    scores = (again.out / "scores.csv").read_bytes()
    started = time.monotonic()
    finished = autograder(again.course, "grade", "lab01", "submitted", "--out", "results")
    assert time.monotonic() - started < 15  # the endless loop alone takes ten
    assert finished.returncode == 1
    assert (again.out / "results.jsonl").read_bytes() == before
    assert (again.out / "scores.csv").read_bytes() == scores


def test_only_a_changed_notebook_is_graded_anew(again: Graded, autograder: Command) -> None:
    before = (again.out / "results.jsonl").read_bytes()
    path = again.course / "submitted" / "blank" / LAB.name / f"{LAB.name}.ipynb"
    save(completed(LAB), path)
    finished = autograder(again.course, "grade", "lab01", "submitted", "--out", "results")
    assert finished.returncode == 1
    after = (again.out / "results.jsonl").read_bytes()
    assert after.startswith(before)
    assert len(after[len(before) :].splitlines()) == 1
    assert again.result("blank").score == MAX


def test_another_secret_grades_anew(again: Graded, autograder: Command) -> None:
    (again.course / ".course-secret").write_text("ab" * 32)
    save(released(LAB), again.course / "blank.ipynb")
    old = again.result("blank")
    autograder(again.course, "grade", "lab01", "blank.ipynb", "--out", "results")
    new = again.result("blank")
    assert new.secret_sha256 != old.secret_sha256
    assert (new.score, new.notebook_sha256) == (old.score, old.notebook_sha256)


def test_force_prints_whose_score_changes_and_replaces_nothing_without_yes(
    again: Graded, autograder: Command
) -> None:
    kept = ResultsFile.open(again.out / "results.jsonl")
    kept.append(dataclasses.replace(again.result("all_right"), score=50.0))
    before = (again.out / "results.jsonl").read_bytes()
    for student in ("all_right", "blank"):
        source = again.course / "submitted" / student / LAB.name / f"{LAB.name}.ipynb"
        shutil.copy(source, again.course / f"{student}.ipynb")
    command = ("grade", "lab01", "all_right.ipynb", "blank.ipynb", "--out", "results", "--force")

    finished = autograder(again.course, *command)
    assert finished.returncode == 0, finished.stderr
    assert "all_right: 50 → 90 (+40)" in finished.stdout
    assert "1 of 2 scores change" in finished.stdout
    assert "blank:" not in finished.stdout
    assert "--yes" in finished.stdout
    assert (again.out / "results.jsonl").read_bytes() == before
    assert again.result("all_right").score == 50

    finished = autograder(again.course, *command, "--yes")
    assert "all_right: 50 → 90 (+40)" in finished.stdout
    assert (again.out / "results.jsonl").read_bytes().startswith(before)
    assert again.result("all_right").score == MAX
    assert sorted(path.name for path in again.out.iterdir()) == [
        "feedback",
        "results.jsonl",
        "scores.csv",
        "submitted",
    ]


def test_run_that_was_killed_goes_on_where_it_stopped(tmp_path: Path, autograder: Command) -> None:
    students = [f"student{number}" for number in range(8)]
    for student in students:
        save(completed(LAB), tmp_path / "submitted" / f"{student}.ipynb")
    path = tmp_path / "results" / "results.jsonl"
    command = ["grade", "lab01", "submitted", "--out", "results", "--jobs", "1"]
    process = subprocess.Popen(
        [sys.executable, "-m", "autograder", *command],
        cwd=tmp_path,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while not path.exists() or path.read_bytes().count(b"\n") < 2:
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    done = path.read_bytes()
    assert 2 <= done.count(b"\n") < len(students)
    with path.open("ab") as file:
        file.write(b'{"student": "student7", "lab": "lab01')  # what a crash can leave

    finished = autograder(tmp_path, *command)
    assert finished.returncode == 0, finished.stderr
    whole = path.read_bytes()
    assert whole.startswith(done[: done.rfind(b"\n") + 1])
    records = [json.loads(line) for line in whole.splitlines()]
    assert sorted(record["student"] for record in records) == students  # none was graded twice
    assert {record["score"] for record in records} == {MAX}
