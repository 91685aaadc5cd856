"""Grade, mark by hand, grade again, report: what lies in DIR then, and what the pages say."""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from nbgrader.api import Gradebook

from autograder import labs
from autograder.answers import load
from autograder.completion import completed, released, save
from autograder.results import ResultsFile

Command = Callable[..., CompletedProcess[str]]
LAB = labs.find("lab01")
MISTAKE = next(a for a in load(LAB.name) if a.kind == "mistake" and a.task == "smoothed_loss")
BOOK = ("--jobs", 1, "--gradebook", "sqlite:///gradebook.db")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory, autograder: Command) -> Path:
    """A graded class of four: all right, one mistake, nothing done, and a torn file."""
    course = tmp_path_factory.mktemp("course")
    notebooks = {
        "ada": completed(LAB),
        "bob": completed(LAB, {MISTAKE.task: MISTAKE.source, "w_batch_size": "Small is *noisy*."}),
        "cyd": released(LAB),
    }
    for student, notebook in notebooks.items():
        save(notebook, handed_in(course, student))
    torn = handed_in(course, "dan")
    torn.parent.mkdir(parents=True)
    torn.write_text('{"cells": [')
    graded = autograder(course, "grade", "lab01", "submitted", "--out", "results", *BOOK)
    assert graded.returncode == 1, graded.stderr
    return course


def handed_in(course: Path, student: str) -> Path:
    return course / "submitted" / student / LAB.name / f"{LAB.name}.ipynb"


def words(page: Path) -> str:
    """The words of a page, without its style."""
    text = re.sub(r"<style>.*?</style>|<[^>]*>", " ", page.read_text(encoding="utf-8"), flags=re.S)
    return " ".join(html.unescape(text).split())


def feedback(course: Path, student: str) -> str:
    return words(course / "results" / "feedback" / student / f"{LAB.name}.html")


def test_notebooks_are_kept_beside_the_results_byte_by_byte(course: Path) -> None:
    kept = course / "results" / "submitted"
    assert sorted(path.name for path in kept.iterdir()) == ["ada", "bob", "cyd"]
    for student in ("ada", "bob", "cyd"):
        path = kept / student / LAB.name / f"{LAB.name}.ipynb"
        assert path.read_bytes() == handed_in(course, student).read_bytes()
        assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_feedback_has_the_notebook_with_its_verdicts(course: Path) -> None:
    bob = feedback(course, "bob")
    assert re.search(r"✗ smoothed_loss \S+ of 5 (import|def)", bob)
    assert re.search(r"✓ sgd_epoch 9 of 9 def sgd_epoch\(", bob)
    assert "Small is *noisy*." in bob
    assert "✗ sgd_epoch 0 of 9 sgd_epoch is not written yet" in feedback(course, "cyd")
    assert "could not be graded" in feedback(course, "dan")


def test_marks_of_a_person_are_on_the_page_after_grading_again(
    course: Path, tmp_path: Path, autograder: Command
) -> None:
    shutil.copytree(course, tmp_path / "course")
    course = tmp_path / "course"
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        gradebook.update_or_create_student("bob", first_name="Robert", last_name="<b>O'Hara</b>")
        gradebook.find_grade("w_batch_size", LAB.name, LAB.name, "bob").manual_score = 3.5
        gradebook.find_grade("test_smoothed_loss", LAB.name, LAB.name, "bob").manual_score = 4
        comment = gradebook.find_comment("w_batch_size", LAB.name, LAB.name, "bob")
        comment.manual_comment = "Of what variance? <script>"
        gradebook.db.commit()
    again = autograder(course, "grade", "lab01", "submitted", "--out", "results", *BOOK)
    assert again.returncode == 1, again.stderr

    result = ResultsFile.open(course / "results" / "results.jsonl").get("bob", LAB.name)
    assert result is not None
    lost = {task.name: task.score for task in result.tasks}["smoothed_loss"]
    assert lost is not None
    bob = feedback(course, "bob")
    assert "Feedback for Robert <b>O'Hara</b> (bob)" in bob
    assert f"{result.score - lost + 4 + 3.5:g} of 95 points" in bob
    assert "w_batch_size 3.5 of 5, marked by hand" in bob
    assert f"smoothed_loss 4 of 5, corrected by hand from {lost:g}" in bob
    assert "Comment from your instructor Of what variance? <script>" in bob
    assert "90 of 90 points that are graded automatically" in feedback(course, "ada")


def test_kept_notebooks_can_be_graded_where_they_lie(
    course: Path, tmp_path: Path, autograder: Command
) -> None:
    shutil.copytree(course / "results", tmp_path / "results")
    shutil.copy(course / ".course-secret", tmp_path)
    before = (tmp_path / "results" / "results.jsonl").read_bytes()
    again = autograder(
        tmp_path, "grade", "lab01", "results/submitted", "--out", "results", "--jobs", 1
    )
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "results" / "results.jsonl").read_bytes() == before
    assert "Small is *noisy*." in feedback(tmp_path, "bob")


def test_report_is_one_page_about_the_class(course: Path, autograder: Command) -> None:
    finished = autograder(course, "report", "results")
    assert finished.returncode == 0, finished.stderr
    assert "the report is results/report.html" in finished.stdout
    page = words(course / "results" / "report.html")
    assert "4 submissions 1 could not be graded" in page
    assert "dan the file is not a notebook" in page
    assert re.search(r"Commonest failures .* 1 smoothed_loss [a-z]", page)
    assert "Of 3 notebooks, the pairs" in page
    assert "No pair stands out." in page
    assert re.search(r"smoothed_loss \d+% class_balanced_batches 67%", page)


def test_report_without_results_is_exit_code_2(tmp_path: Path, autograder: Command) -> None:
    finished = autograder(tmp_path, "report", ".")
    assert finished.returncode == 2
    assert "no results here; grade a lab with --out" in finished.stderr
    assert autograder(tmp_path, "report", "nowhere").returncode == 2
