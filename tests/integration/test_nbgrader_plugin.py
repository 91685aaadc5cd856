"""`nbgrader autograde` with our plugin: the scores that `grade` gives, and nobody's are lost."""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograder import labs
from autograder.answers import load
from autograder.completion import completed, save
from autograder.gradebook import dump
from autograder.labs import Lab, source_of
from autograder.local import WARNING
from autograder.results import ResultsFile

URL = "sqlite:///gradebook.db"


@dataclasses.dataclass(frozen=True)
class Course:
    """A course in which everything was graded, by `nbgrader autograde` or by `grade`."""

    root: Path
    printed: str = ""

    @property
    def url(self) -> str:
        return f"sqlite:///{self.root / 'gradebook.db'}"

    def score(self, lab: Lab, student: str) -> float:
        with Gradebook(self.url) as gradebook:
            submission = gradebook.find_submission_notebook(lab.name, lab.name, student)
            return float(submission.score)

    def graded(self, lab: Lab, student: str) -> Path:
        return self.root / "autograded" / student / lab.name / f"{lab.name}.ipynb"

    def handed_in(self, lab: Lab, student: str) -> Path:
        return self.root / "submitted" / student / lab.name / f"{lab.name}.ipynb"


@pytest.fixture(scope="module")
def lab(two_labs: list[Lab]) -> Lab:
    return two_labs[1]


@pytest.fixture(scope="module")
def autograded(tmp_path_factory, write_course, nbgrader, lab: Lab) -> Course:
    """The small class, graded by `nbgrader autograde`."""
    root = write_course(tmp_path_factory.mktemp("nbgrader") / "course", small=True)
    assert nbgrader(root, "generate_assignment", lab.name).returncode == 0
    done = nbgrader(root, "autograde", lab.name)
    assert done.returncode == 0, done.stderr
    return Course(root, done.stderr)


@pytest.fixture
def again(autograded: Course, tmp_path: Path) -> Course:
    """A copy of the graded course, to grade again."""
    shutil.copytree(autograded.root, tmp_path / "course")
    return Course(tmp_path / "course")


# Scores


def test_scores_are_those_that_grade_writes(
    autograded: Course, write_course, autograder, lab: Lab, tmp_path: Path
) -> None:
    root = write_course(tmp_path / "course", small=True)
    shutil.copy(autograded.root / ".course-secret", root)
    done = autograder(
        *(root, "grade", lab.name, "submitted", "--out", "results"),
        *("--jobs", 1, "--gradebook", URL),
    )
    assert done.returncode == 1, done.stderr  # one file is broken
    assert dump(f"sqlite:///{root / 'gradebook.db'}") == dump(autograded.url)
    for path in (root / "autograded").rglob("*.ipynb"):
        other = autograded.root / path.relative_to(root)
        ours, theirs = (nbformat.read(notebook, as_version=4) for notebook in (path, other))
        assert ours.cells == theirs.cells


@pytest.mark.parametrize("student", ["copied_cells", "deleted_cells", "renamed_cells"])
def test_cells_that_were_moved_about_cost_no_points(
    autograded: Course, lab: Lab, student: str
) -> None:
    assert autograded.score(lab, student) == lab.max_score


def test_file_that_is_no_notebook_has_zero_and_the_rest_is_graded(
    autograded: Course, lab: Lab
) -> None:
    assert autograded.score(lab, "broken_file") == autograded.score(lab, "blank") == 0
    assert 0 < autograded.score(lab, "mistaken") < lab.max_score
    assert "broken_file gets no points: the file is not a notebook" in autograded.printed


def test_results_are_kept_for_the_reports(autograded: Course, lab: Lab) -> None:
    results = ResultsFile.open(autograded.root / "results" / "results.jsonl").latest(lab.name)
    assert len(results) == 7
    assert {result.isolation for result in results} == {"bubblewrap"}
    for result in results:
        assert result.score == pytest.approx(autograded.score(lab, result.student))


def test_graded_notebook_is_the_instructors_with_the_students_sources(
    autograded: Course, lab: Lab
) -> None:
    names = [known.name for known in lab.cells if known.name]
    for student in ("all_right", "copied_cells", "deleted_cells", "renamed_cells", "blank"):
        notebook = nbformat.read(autograded.graded(lab, student), as_version=4)
        nbformat.validate(notebook)
        marks = [cell.metadata.get("nbgrader", {}) for cell in notebook.cells]
        assert [mark["grade_id"] for mark in marks if mark] == names
    expected = {cell["id"]: source_of(cell) for cell in completed(lab)["cells"]}
    for student in ("all_right", "renamed_cells"):
        notebook = nbformat.read(autograded.graded(lab, student), as_version=4)
        for cell in notebook.cells:
            if cell.id in expected and cell.cell_type == "code":
                assert cell.source == expected[cell.id]


def test_failing_tests_are_told_in_the_test_cell_and_in_a_comment(
    autograded: Course, lab: Lab
) -> None:
    task = lab.code_tasks()[0]
    notebook = nbformat.read(autograded.graded(lab, "mistaken"), as_version=4)
    marked = {c.metadata.nbgrader.grade_id: c for c in notebook.cells if "nbgrader" in c.metadata}
    printed = marked[f"test_{task}"].outputs[0].text
    assert "hidden tests passed\n- " in printed
    with Gradebook(autograded.url) as gradebook:
        comment = gradebook.find_comment(task, lab.name, lab.name, "mistaken")
        assert comment.auto_comment == printed
        right = gradebook.find_comment(task, lab.name, lab.name, "all_right")
        assert right.auto_comment is None


# Fail closed


def test_nothing_is_graded_without_a_sandbox(
    again: Course, nbgrader, lab: Lab, tmp_path: Path
) -> None:
    shutil.rmtree(again.root / "autograded")
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "alembic").symlink_to(Path(sys.executable).parent / "alembic")
    done = nbgrader(again.root, "autograde", lab.name, PATH=str(tools))
    assert done.returncode == 1
    assert "bubblewrap" in done.stderr
    assert not list((again.root / "autograded").rglob("*.ipynb"))


def test_assignment_that_is_no_lab_is_not_graded_and_words_say_so(
    again: Course, nbgrader, lab: Lab
) -> None:
    config = again.root / "nbgrader_config.py"
    config.write_text(config.read_text() + 'c.CourseDirectory.source_directory = "source"\n')
    for step in ("source", "submitted/ada"):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x = 1")])
        path = again.root / step / "ps1" / "ps1.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)
    assert nbgrader(again.root, "generate_assignment", "ps1").returncode == 0
    done = nbgrader(again.root, "autograde", "ps1")
    assert done.returncode == 1
    assert "ps1/ps1 is no lab of this course" in done.stderr


# Again


def test_only_what_was_handed_in_again_is_graded_again(again: Course, nbgrader, lab: Lab) -> None:
    before = (again.root / "results" / "results.jsonl").read_bytes()
    save(completed(lab), again.handed_in(lab, "mistaken"))
    for student, when in (("mistaken", "2026-01-02 03:04:05 UTC"), ("blank", "")):
        again.handed_in(lab, student).with_name("timestamp.txt").write_text(when)
    shutil.rmtree(again.root / "autograded" / "mistaken")
    done = nbgrader(again.root, "autograde", lab.name)
    assert done.returncode == 0, done.stderr
    added = (again.root / "results" / "results.jsonl").read_bytes()[len(before) :]
    assert [json.loads(line)["student"] for line in added.splitlines()] == ["mistaken"]
    assert again.score(lab, "mistaken") == lab.max_score
    assert again.graded(lab, "mistaken").with_name("timestamp.txt").exists()


def test_manual_score_and_comment_stay_when_graded_again(again: Course, nbgrader, lab: Lab) -> None:
    task, written = lab.code_tasks()[0], next(t.name for t in lab.tasks if t.kind == "written")
    with Gradebook(again.url) as gradebook:
        for cell, score in ((f"test_{task}", 1.5), (written, 2.5)):
            grade = gradebook.find_grade(cell, lab.name, lab.name, "mistaken")
            grade.manual_score, grade.needs_manual_grade = score, False
        comment = gradebook.find_comment(task, lab.name, lab.name, "mistaken")
        comment.manual_comment = "well tried"
        gradebook.db.commit()
    done = nbgrader(again.root, "autograde", lab.name, "--student", "mistaken", "--force")
    assert done.returncode == 0, done.stderr
    with Gradebook(again.url) as gradebook:
        for cell, score in ((f"test_{task}", 1.5), (written, 2.5)):
            grade = gradebook.find_grade(cell, lab.name, lab.name, "mistaken")
            assert (grade.score, grade.manual_score) == (score, score)
            assert grade.needs_manual_grade
        comment = gradebook.find_comment(task, lab.name, lab.name, "mistaken")
        assert comment.comment == "well tried"


def test_late_submission_has_the_penalty_of_nbgraders_plugin(
    again: Course, nbgrader, lab: Lab
) -> None:
    config = again.root / "nbgrader_config.py"
    config.write_text(config.read_text() + 'c.LateSubmissionPlugin.penalty_method = "zero"\n')
    with Gradebook(again.url) as gradebook:
        gradebook.update_or_create_assignment(lab.name, duedate="2026-01-01")
    late = again.handed_in(lab, "all_right").with_name("timestamp.txt")
    late.write_text("2026-01-02 00:00:00 UTC")
    done = nbgrader(again.root, "autograde", lab.name, "--student", "all_right", "--force")
    assert done.returncode == 0, done.stderr
    with Gradebook(again.url) as gradebook:
        found = gradebook.find_submission_notebook(lab.name, lab.name, "all_right")
        assert found.late_submission_penalty == found.score == lab.max_score


# Feedback


def test_feedback_has_scores_and_reasons_and_no_line_of_a_hidden_test(
    again: Course, nbgrader, lab: Lab
) -> None:
    for student in ("copied_cells", "deleted_cells", "renamed_cells"):
        shutil.rmtree(again.root / "autograded" / student)
    done = nbgrader(again.root, "generate_feedback", lab.name)
    assert done.returncode == 0, done.stderr
    pages = {p.parent.parent.name: p.read_text() for p in again.root.glob("feedback/*/*/*.html")}
    assert sorted(pages) == ["all_right", "blank", "broken_file", "mistaken"]
    assert f"(Score: {lab.max_score:.1f}".rstrip("0") in pages["all_right"]
    assert "hidden tests passed" in pages["mistaken"]
    given = source_of({"source": "".join(source_of(c) for c in completed(lab)["cells"])})
    secret = [
        line.strip()
        for line in lab.hidden_tests.read_text().splitlines()
        if len(line.strip()) > 25 and line.strip() not in given
    ]
    for page in pages.values():
        assert not [line for line in secret if line in page]


# Both labs, more than twenty notebooks


@pytest.mark.slow
def test_class_of_two_labs_has_equal_scores_either_way(
    tmp_path: Path, write_course, nbgrader, autograder, two_labs: list[Lab]
) -> None:
    one, other = write_course(tmp_path / "one"), write_course(tmp_path / "other")
    for lab in two_labs:
        done = autograder(
            *(one, "grade", lab.name, "submitted", "--out", "results"),
            *("--jobs", 2, "--gradebook", URL),
        )
        assert done.returncode == 1, done.stderr
    shutil.copy(one / ".course-secret", other)
    for lab in two_labs:
        assert nbgrader(other, "generate_assignment", lab.name).returncode == 0
        done = nbgrader(other, "autograde", lab.name)
        assert done.returncode == 0, done.stderr
    scores = [dump(f"sqlite:///{root / 'gradebook.db'}") for root in (one, other)]
    assert scores[0] == scores[1]
    assert len(list(one.glob("autograded/*/*/*.ipynb"))) == 23


# A plain kernel


@pytest.mark.slow
def test_hidden_cell_of_a_plain_course_runs_the_hidden_tests_and_says_what_that_is_worth(
    tmp_path: Path, nbgrader
) -> None:
    lab, task = labs.find("lab01"), "inverse_decay"
    root = tmp_path / "plain"
    save(_plain_source(lab, task), root / "source" / "ps1" / "ps1.ipynb")
    assert nbgrader(root, "generate_assignment", "ps1").returncode == 0
    handed_out = (root / "release" / "ps1" / "ps1.ipynb").read_text()
    assert "check_task" not in handed_out
    wrong = next(a.source for a in load(lab.name) if a.task == task and a.kind == "mistake")
    right = source_of(_cell(completed(lab), task))
    for student, source in (("right", right), ("wrong", wrong)):
        notebook = json.loads(handed_out)
        _cell(notebook, task)["source"] = source
        save(notebook, root / "submitted" / student / "ps1" / "ps1.ipynb")
    done = nbgrader(root, "autograde", "ps1", PYTHONPATH=str(labs.ROOT))
    assert done.returncode == 0, done.stderr
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as gradebook:
        scores = {s: gradebook.find_submission("ps1", s).score for s in ("right", "wrong")}
    assert scores == {"right": 3.0, "wrong": 0.0}
    assert nbgrader(root, "generate_feedback", "ps1").returncode == 0
    for student in ("right", "wrong"):
        page = (root / "feedback" / student / "ps1" / "ps1.html").read_text()
        assert WARNING[:60] in page
        assert "assert" not in page.partition("check_task")[2].partition("</pre>")[0]


def _plain_source(lab: Lab, task: str) -> dict[str, object]:
    """A source notebook for nbgrader alone: one task, its hidden tests behind one call."""
    notebook = json.loads(lab.path.read_text())
    test = _cell(notebook, f"test_{task}")
    test["source"] = (
        "### BEGIN HIDDEN TESTS\n"
        "from autograder.local import check_task\n\n"
        f'check_task("{lab.name}", "{task}", globals())\n'
        "### END HIDDEN TESTS"
    )
    cells = [_cell(notebook, "setup"), _cell(notebook, task), test]
    return notebook | {"cells": cells}


def _cell(notebook: dict[str, object], name: str) -> dict[str, object]:
    cells = notebook["cells"]
    assert isinstance(cells, list)
    return next(c for c in cells if c["metadata"].get("nbgrader", {}).get("grade_id") == name)
