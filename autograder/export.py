"""Scores in the formats that others read."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from autograder.labs import Lab
from autograder.results import SubmissionResult


def write_scores(labs: Iterable[Lab], results: Iterable[SubmissionResult], path: Path) -> None:
    """``scores.csv``: student, lab, score, max_score, then a column a task; empty if not marked."""
    names = list(dict.fromkeys(task.name for lab in labs for task in lab.tasks))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["student", "lab", "score", "max_score", *names])
        for result in results:
            scores = {task.name: task.score for task in result.tasks}
            columns = ["" if scores.get(name) is None else scores[name] for name in names]
            writer.writerow([result.student, result.lab, result.score, result.max_score, *columns])
