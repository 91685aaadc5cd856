"""nbgrader's database: what is written into it, what stays, and what survives a crash.

Long, since all of it works at one desk: a course with a database of its own.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from nbconvert.filters import markdown2html
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from sqlalchemy.engine import URL

from autograder import database, gradebook, labs
from autograder.completion import completed, released, save
from autograder.course import Course, root_of
from autograder.errors import AutograderError, UsageError
from autograder.labs import Lab
from autograder.results import SubmissionResult, TaskResult, TestResult

LAB = labs.find("lab01")
TASK = LAB.code_tasks()[0]
WRITTEN = [task.name for task in LAB.tasks if task.kind == "written"]


def result_of(student: str, share: float = 1.0, notebook: str = "sha") -> SubmissionResult:
    """A result in which every automatic task has this share of its points."""
    passed = round(share * 4)
    tests = [TestResult(f"holds[{i}]", i < passed, message="it does not hold") for i in range(4)]
    tasks = [
        TaskResult.manual(task.name, task.points)
        if task.kind == "written"
        else TaskResult.of_tests(task.name, task.points, tests)
        for task in LAB.tasks
    ]
    return SubmissionResult.graded(student, LAB.name, tasks, notebook_sha256=notebook)


@dataclasses.dataclass(frozen=True)
class Desk:
    """A course of one's own, and what its database says."""

    root: Path

    @property
    def url(self) -> str:
        return f"sqlite:///{self.root / 'gradebook.db'}"

    def hand_in(self, student: str, when: str = "", notebook: object = None) -> Path:
        path = self.root / "submitted" / student / LAB.name / f"{LAB.name}.ipynb"
        save(notebook or completed(LAB), path)
        if when:
            path.with_name("timestamp.txt").write_text(when)
        return path

    def write(self, *results: SubmissionResult) -> None:
        files = {path.parent.parent.name: path for path in self.root.glob("submitted/*/*/*.ipynb")}
        gradebook.write(LAB, results, self.url, files=files)

    def mark(self, student: str, cell: str, score: float) -> None:
        """As formgrader does when somebody types a score."""
        with Gradebook(self.url) as book:
            grade = book.find_grade(cell, LAB.name, LAB.name, student)
            grade.manual_score, grade.needs_manual_grade = score, False
            book.db.commit()

    def grade(self, student: str, cell: str) -> dict[str, object]:
        with Gradebook(self.url) as book:
            grade = book.find_grade(cell, LAB.name, LAB.name, student)
            return grade.to_dict() | {"score": grade.score}

    def comment(self, student: str, cell: str) -> str | None:
        with Gradebook(self.url) as book:
            found: str | None = book.find_comment(cell, LAB.name, LAB.name, student).comment
            return found

    def penalty(self, student: str) -> float | None:
        with Gradebook(self.url) as book:
            notebook = book.find_submission_notebook(LAB.name, LAB.name, student)
            found: float | None = notebook.late_submission_penalty
            return found

    def due(self, when: str) -> None:
        with Gradebook(self.url) as book:
            book.update_or_create_assignment(LAB.name, duedate=when)


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that knows the lab; making it takes longer than all that is done with it."""
    path = tmp_path_factory.mktemp("registered") / "gradebook.db"
    gradebook.register(LAB, f"sqlite:///{path}")
    return path


@pytest.fixture
def desk(registered: Path, tmp_path: Path) -> Desk:
    shutil.copy(registered, tmp_path)
    return Desk(tmp_path)


# Scores and comments


def test_scores_reasons_and_written_answers_are_written(desk: Desk) -> None:
    desk.hand_in("ada")
    desk.write(result_of("ada", 0.5))
    for task in LAB.tasks:
        grade = desk.grade("ada", gradebook.grade_cell(task))
        written = task.kind == "written"
        assert grade["auto_score"] == (None if written else task.points / 2)
        assert grade["needs_manual_grade"] is written
        assert grade["max_score"] == task.points
    assert "2 of 4 hidden tests passed\n- holds: it does not hold" in str(desk.comment("ada", TASK))
    assert desk.comment("ada", WRITTEN[0]) is None


def test_answer_that_was_not_written_has_nbgraders_comment(desk: Desk) -> None:
    desk.hand_in("ada", notebook=released(LAB))
    desk.write(result_of("ada", 0.0))
    assert desk.comment("ada", WRITTEN[0]) == "No response."


def test_failed_submission_has_zero_and_the_reason(desk: Desk) -> None:
    desk.write(SubmissionResult.failed("ada", LAB.name, 90, "this is no notebook"))
    assert desk.grade("ada", f"test_{TASK}")["auto_score"] == 0
    assert desk.comment("ada", TASK) == "this is no notebook"


def test_comment_with_a_students_words_is_shown_by_nbgrader_without_running(desk: Desk) -> None:
    words = "it raised ValueError: <script>alert(1)</script> [x](javascript:alert(1))"
    task = TaskResult.of_tests(TASK, 6, [TestResult("holds", False, message=words)])
    desk.write(
        SubmissionResult.graded("ada", LAB.name, [task]),
        SubmissionResult.failed("eve", LAB.name, 90, words),
    )
    for student in ("ada", "eve"):
        shown = markdown2html(desk.comment(student, TASK))
        assert "alert(1)" in shown
        assert "<script" not in shown
        assert "href" not in shown


def test_points_that_the_instructor_changed_reach_the_database(desk: Desk) -> None:
    desk.write(result_of("ada"))
    source = json.loads(LAB.path.read_text())
    for cell in source["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == f"test_{TASK}":
            cell["metadata"]["nbgrader"]["points"] = 7.5
    changed = labs.read(_saved(source, desk.root / "solutions" / LAB.name / f"{LAB.name}.ipynb"))
    gradebook.register(changed, desk.url)
    assert desk.grade("ada", f"test_{TASK}")["max_score"] == 7.5


def test_lab_with_other_cells_than_the_database_holds_is_refused_in_words(desk: Desk) -> None:
    desk.write(result_of("ada"))
    source = json.loads(LAB.path.read_text())
    gone = (WRITTEN[0],)
    source["cells"] = [
        cell
        for cell in source["cells"]
        if cell["metadata"].get("nbgrader", {}).get("grade_id") not in gone
    ]
    changed = labs.read(_saved(source, desk.root / "solutions" / LAB.name / f"{LAB.name}.ipynb"))
    with pytest.raises(AutograderError, match="write into a new database"):
        gradebook.register(changed, desk.url)


def _saved(notebook: dict[str, object], path: Path) -> Path:
    save(notebook, path)
    return path


# What stays


def test_manual_score_stays_and_is_asked_for_again_only_if_something_changed(desk: Desk) -> None:
    desk.hand_in("ada")
    desk.write(result_of("ada", 0.5))
    for cell in (f"test_{TASK}", WRITTEN[0]):
        desk.mark("ada", cell, 2.5)
    desk.write(result_of("ada", 0.5))
    for cell in (f"test_{TASK}", WRITTEN[0]):
        assert desk.grade("ada", cell)["score"] == 2.5
        assert desk.grade("ada", cell)["needs_manual_grade"] is False
    assert desk.grade("ada", WRITTEN[1])["needs_manual_grade"] is True
    desk.write(result_of("ada", 0.75))
    assert desk.grade("ada", f"test_{TASK}")["needs_manual_grade"] is True
    assert desk.grade("ada", WRITTEN[0])["needs_manual_grade"] is False
    desk.write(result_of("ada", 0.75, notebook="another"))
    for cell in (f"test_{TASK}", WRITTEN[0]):
        assert desk.grade("ada", cell)["score"] == 2.5
        assert desk.grade("ada", cell)["needs_manual_grade"] is True


def test_manual_comment_stays(desk: Desk) -> None:
    desk.write(result_of("ada", 0.5))
    with Gradebook(desk.url) as book:
        book.find_comment(TASK, LAB.name, LAB.name, "ada").manual_comment = "well tried"
        book.db.commit()
    desk.write(result_of("ada", 0.25))
    assert desk.comment("ada", TASK) == "well tried"


def test_grade_twice_with_a_resubmission_between_grades_and_writes_only_that(
    desk: Desk, autograder
) -> None:
    half = completed(LAB, {TASK: f"def {TASK}(*args): return 0"})
    for student in ("ada", "bob"):
        desk.hand_in(student, notebook=half)
    command = ("grade", LAB.name, "submitted", "--out", "results", "--jobs", 1, "--gradebook")
    assert autograder(desk.root, *command).returncode == 0
    desk.mark("ada", WRITTEN[0], 3)
    desk.mark("bob", f"test_{TASK}", 1)
    before = (desk.root / "results" / "results.jsonl").read_bytes()
    desk.hand_in("bob")
    done = autograder(desk.root, *command)
    assert done.returncode == 0, done.stderr
    added = (desk.root / "results" / "results.jsonl").read_bytes()[len(before) :]
    assert [json.loads(line)["student"] for line in added.splitlines()] == ["bob"]
    assert desk.grade("ada", WRITTEN[0])["score"] == 3
    assert desk.grade("ada", WRITTEN[0])["needs_manual_grade"] is False
    bob = desk.grade("bob", f"test_{TASK}")
    points = next(task.points for task in LAB.tasks if task.name == TASK)
    assert (bob["score"], bob["auto_score"], bob["needs_manual_grade"]) == (1, points, True)


# What formgrader and feedback find


def test_formgrader_lists_what_was_graded_and_what_came_since(desk: Desk) -> None:
    desk.hand_in("ada", "2026-05-01 10:00:00 UTC")
    desk.hand_in("bob")
    desk.write(result_of("ada"), result_of("bob"))
    (desk.root / "source" / LAB.name).mkdir(parents=True)
    api = NbGraderAPI(Course.at(desk.root).directory)
    assert api.get_autograded_students(LAB.name) == {"ada", "bob"}
    listed = {entry["student"]: entry for entry in api.get_submissions(LAB.name)}
    assert listed["ada"]["timestamp"] == "2026-05-01T10:00:00"
    assert listed["bob"]["timestamp"] is None
    assert all(entry["needs_manual_grade"] for entry in listed.values())
    desk.hand_in("ada", "2026-05-02 10:00:00 UTC")
    assert api.get_autograded_students(LAB.name) == {"bob"}
    desk.write(result_of("ada", notebook="newer"))
    assert api.get_autograded_students(LAB.name) == {"ada", "bob"}
    copies = [p.read_text() for p in desk.root.glob("autograded/*/*/timestamp.txt")]
    assert copies == ["2026-05-02 10:00:00 UTC"]


@pytest.mark.parametrize("words", ["", "yesterday, I swear", "9" * 1000, "\n"])
def test_timestamp_that_is_none_is_passed_over(desk: Desk, words: str) -> None:
    desk.hand_in("ada", when=words)
    desk.write(result_of("ada"))
    with Gradebook(desk.url) as book:
        assert book.find_submission(LAB.name, "ada").timestamp is None


def test_file_that_nbgrader_made_read_only_is_written_anew(desk: Desk) -> None:
    desk.hand_in("ada")
    desk.write(result_of("ada"))
    graded = desk.root / "autograded" / "ada" / LAB.name / f"{LAB.name}.ipynb"
    graded.chmod(0o444)
    desk.write(result_of("ada", 0.5))
    assert "45 of 90 automatic points" in graded.read_text()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:////srv/course/gradebook.db", Path("/srv/course")),
        ("sqlite:///gradebook.db", None),
        ("sqlite://", None),
        ("postgresql+psycopg://me@host/grades", None),
    ],
)
def test_course_root_is_where_the_database_lies_else_here(url: str, expected: Path | None) -> None:
    assert root_of(url) == (expected or Path.cwd())


def test_directories_are_those_of_the_courses_own_settings(desk: Desk) -> None:
    config = 'c = get_config()\nc.CourseDirectory.autograded_directory = "marked"\n'
    (desk.root / "nbgrader_config.py").write_text(config)
    desk.hand_in("ada")
    desk.write(result_of("ada"))
    assert (desk.root / "marked" / "ada" / LAB.name / f"{LAB.name}.ipynb").exists()
    assert not (desk.root / "autograded").exists()


# Late


def test_late_submission_loses_what_the_courses_plugin_says(desk: Desk) -> None:
    (desk.root / "penalty.py").write_text(
        "from nbgrader.plugins import BasePlugin\n\n\n"
        "class TenPercentADay(BasePlugin):\n"
        "    def late_submission_penalty(self, student_id, score, total_seconds_late):\n"
        "        return score * 0.1 * total_seconds_late / 86400\n"
    )
    (desk.root / "nbgrader_config.py").write_text(
        "import sys\n\n"
        f"sys.path.insert(0, {str(desk.root)!r})\n"
        "from penalty import TenPercentADay\n\n"
        "c = get_config()\n"
        "c.AssignLatePenalties.plugin_class = TenPercentADay\n"
    )
    desk.due("2026-05-01 12:00:00 UTC")
    desk.hand_in("early", "2026-05-01 11:59:59 UTC")
    desk.hand_in("late", "2026-05-03 12:00:00 UTC")
    desk.hand_in("far_too_late", "2027-05-03 12:00:00 UTC")
    desk.write(result_of("early"), result_of("late", 0.5), result_of("far_too_late"))
    assert desk.penalty("early") is None
    assert desk.penalty("late") == pytest.approx(45 * 0.2)
    assert desk.penalty("far_too_late") == 90
    desk.due("2026-05-04")
    desk.write(result_of("late", 0.5))
    assert desk.penalty("late") is None


def test_extension_is_no_lateness(desk: Desk) -> None:
    config = 'c = get_config()\nc.LateSubmissionPlugin.penalty_method = "zero"\n'
    (desk.root / "nbgrader_config.py").write_text(config)
    desk.due("2026-05-01 12:00:00 UTC")
    desk.hand_in("ada", "2026-05-02 12:00:00 UTC")
    desk.write(result_of("ada"))
    assert desk.penalty("ada") == 90
    with Gradebook(desk.url) as book:
        book.grant_extension(LAB.name, "ada", days=2)
    desk.write(result_of("ada"))
    assert desk.penalty("ada") is None


# Crashes and wrong usage


def test_killed_writer_leaves_a_database_that_opens_and_resumes(
    desk: Desk, registered: Path
) -> None:
    class_of = [result_of(f"student-{number:03}", number % 5 / 4) for number in range(130)]
    lines = desk.root / "results.jsonl"
    lines.write_text("".join(result.to_json() + "\n" for result in class_of))
    script = (
        "import os, signal, sys\n"
        "from autograder import gradebook, labs\n"
        "from autograder.results import ResultsFile\n"
        "from pathlib import Path\n"
        "from sqlalchemy import event\n"
        "from sqlalchemy.orm import Session\n"
        "results = ResultsFile.open(Path(sys.argv[1])).latest()\n"
        "lab, url = labs.find('lab01'), sys.argv[2]\n"
        "gradebook.write(lab, results[:100], url)\n"
        "def die(session):\n"
        "    students = session.connection().exec_driver_sql('select count(*) from student')\n"
        "    if students.scalar() > 100:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "event.listen(Session, 'before_commit', die)\n"
        "gradebook.write(lab, results[100:], url)\n"
    )
    killed = subprocess.run(
        [sys.executable, "-c", script, lines, desk.url], cwd=labs.ROOT, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    with Gradebook(desk.url) as book:
        there = sorted(
            submission.student.id for submission in book.assignment_submissions(LAB.name)
        )
    assert there == [result.student for result in class_of[:100]]
    gradebook.write(LAB, class_of, desk.url)
    fresh = f"sqlite:///{shutil.copy(registered, desk.root / 'fresh.db')}"
    gradebook.write(LAB, class_of, fresh)
    assert gradebook.dump(desk.url) == gradebook.dump(fresh)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("submitted/", "names no database that can be opened"),
        ("oracle+none://x", "names no database that can be opened"),
        ("sqlite:////nowhere/at/all/gradebook.db", "cannot be opened"),
        ("postgresql+psycopg://me:hunter2@127.0.0.1:1/grades", "cannot be opened"),
    ],
)
def test_database_that_cannot_be_opened_is_said_before_grading(
    desk: Desk, autograder, url: str, words: str
) -> None:
    desk.hand_in("ada")
    done = autograder(
        desk.root, "grade", LAB.name, "submitted", "--out", "results", "--gradebook", url
    )
    assert done.returncode == 2
    assert words in done.stderr
    assert "hunter2" not in done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    assert not (desk.root / "results").exists()


def test_file_that_is_no_database_is_said_to_be_none(desk: Desk) -> None:
    (desk.root / "gradebook.db").write_text("something else " * 100)
    with pytest.raises(UsageError, match="not a database"):
        database.check(desk.url)


def test_new_database_is_made_where_pythons_scripts_are_not_on_the_path(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin")
    gradebook.register(LAB, f"sqlite:///{desk.root / 'new.db'}")
    assert (desk.root / "new.db").exists()
    assert os.environ["PATH"] == "/usr/bin"


# PostgreSQL


def _postgres_program(name: str) -> str:
    places = os.environ["PATH"].split(os.pathsep)
    places += map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True))
    found = shutil.which(name, path=os.pathsep.join(places))
    if found is None:
        pytest.skip(f"PostgreSQL's {name} is not installed; say: apt-get install postgresql")
    return str(Path(found).resolve())


@pytest.fixture(scope="module")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server of our own, which root must run as somebody else."""
    pytest.importorskip("psycopg", reason="no driver; say: pip install 'psycopg[binary]'")
    initdb, server = _postgres_program("initdb"), _postgres_program("postgres")
    as_user: list[str] = []
    directory = tmp_path_factory.mktemp("postgresql")
    if os.getuid() == 0:
        as_user = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
        shutil.chown(directory, "nobody", "nogroup")
        for parent in directory.parents[:4]:  # pytest's and its workers' are their owner's alone
            if parent.name.startswith(("pytest-", "popen-")):
                parent.chmod(parent.stat().st_mode | 0o011)
    data = str(directory / "data")
    made = [*as_user, initdb, "-D", data, "-U", "grader", "-A", "trust", "--no-sync"]
    subprocess.run(made, check=True, capture_output=True, cwd=directory)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = ["-h", "127.0.0.1", "-p", str(port), "-k", str(directory), "-F"]
    log = (directory / "log").open("wb")
    with (
        log,
        subprocess.Popen([*as_user, server, "-D", data, *settings], stderr=log, cwd="/") as up,
    ):
        url = URL.create("postgresql+psycopg", "grader", None, "127.0.0.1", port, "postgres")
        _wait_for(url.render_as_string(hide_password=False))
        yield url.render_as_string(hide_password=False)
        up.send_signal(signal.SIGINT)


def _wait_for(url: str) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            database.check(url)
            return
        except UsageError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def test_postgresql_holds_the_same_as_sqlite(desk: Desk, postgresql: str) -> None:
    results = [result_of("ada", 0.5), result_of("bob"), result_of("eve", 0.0)]
    files = {"ada": desk.hand_in("ada", "2026-05-01 10:00:00 UTC")}
    for url in (desk.url, postgresql):
        gradebook.write(LAB, results, url, files=files, course=Course.at(desk.root))
        with Gradebook(url) as book:
            grade = book.find_grade(f"test_{TASK}", LAB.name, LAB.name, "ada")
            grade.manual_score, grade.needs_manual_grade = 1.5, False
            book.db.commit()
        gradebook.write(LAB, results, url, files=files, course=Course.at(desk.root))
    assert gradebook.dump(postgresql) == gradebook.dump(desk.url)
    with Gradebook(postgresql) as book:
        submission = book.find_submission(LAB.name, "ada")
        assert submission.timestamp.isoformat() == "2026-05-01T10:00:00"
        points = next(task.points for task in LAB.tasks if task.name == TASK)
        assert submission.score == pytest.approx(45 - points / 2 + 1.5)
        assert submission.needs_manual_grade


def test_grade_command_writes_to_postgresql(
    desk: Desk, postgresql: str, autograder, lab_two: Lab
) -> None:
    path = desk.root / "submitted" / "ada" / lab_two.name / f"{lab_two.name}.ipynb"
    save(completed(lab_two), path)
    done = autograder(
        *(desk.root, "grade", lab_two.name, "submitted", "--out", "results"),
        *("--jobs", 1, "--gradebook", postgresql),
    )
    assert done.returncode == 0, done.stderr
    with Gradebook(postgresql) as book:
        assert book.find_submission(lab_two.name, "ada").score == lab_two.max_score
    assert (desk.root / "autograded" / "ada" / lab_two.name / path.name).exists()


@pytest.fixture
def lab_two(two_labs: list[Lab]) -> Lab:
    return two_labs[1]
