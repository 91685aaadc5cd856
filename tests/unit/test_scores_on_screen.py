"""What `grade` prints: a row a student, as long as a person would read them."""

from __future__ import annotations

import pytest

from autograder.cli.grade import MOST_ROWS, print_scores
from autograder.results import SubmissionResult, TaskResult


def class_of(size: int) -> list[SubmissionResult]:
    """Students with 3 of 4 points, and one whose file could not be read."""
    task = TaskResult("step", 3.0, 4.0, "partial")
    graded = [SubmissionResult.graded(f"student{n}", "lab01", [task]) for n in range(size - 1)]
    return [*graded, SubmissionResult.failed("eve", "lab01", 4.0, "no JSON")]


def test_class_has_a_row_for_each_student(capsys: pytest.CaptureFixture[str]) -> None:
    print_scores(class_of(MOST_ROWS))
    shown = capsys.readouterr().out
    assert shown.count("student") == MOST_ROWS  # once in the head of the table
    assert "step 3/4" in shown
    assert "no JSON" in shown


def test_long_class_has_those_that_could_not_be_graded_and_its_mean(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_scores(class_of(MOST_ROWS + 1))
    shown = " ".join(capsys.readouterr().out.split())
    assert "student0" not in shown
    assert "eve" in shown
    assert "no JSON" in shown
    assert f"{MOST_ROWS} of {MOST_ROWS + 1} graded, mean score 2.97 of 4" in shown


def test_long_class_that_was_graded_has_no_empty_table(capsys: pytest.CaptureFixture[str]) -> None:
    print_scores(class_of(MOST_ROWS + 2)[:-1])
    assert "student" not in capsys.readouterr().out
