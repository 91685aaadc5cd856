"""A lab as nbgrader and as otter-grader want it, made from ours, and the commands that grade it.

Both run the hidden tests of ours through `autograder.local.check_task`: nbgrader in its test
cells, otter in test files of its OK format. They live in an environment of their own, made by
``python3 -m venv .venv-peers && .venv-peers/bin/pip install -r benchmarks/peers.txt``.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
from pathlib import Path

from autograder.completion import Notebook, save
from autograder.labs import ROOT, Lab

BIN = ROOT / ".venv-peers" / "bin"
IMPORT = "from autograder.local import check_task\n"
OTTER_TEST = """OK_FORMAT = True

test = {{
    "name": "{task}",
    "points": {points},
    "suites": [
        {{
            "cases": [{{"code": {code!r}, "hidden": True, "locked": False}}],
            "scored": True,
            "setup": "",
            "teardown": "",
            "type": "doctest",
        }}
    ],
}}
"""
NBGRADER_CONFIG = """c = get_config()
c.CourseDirectory.course_id = "benchmark"
c.Execute.timeout = 600
c.ClearSolutions.enforce_metadata = False
"""


def check() -> None:
    """End the program, with the remedy, if the peers are not installed."""
    if not (BIN / "otter").exists():
        raise SystemExit(
            "the peers are not installed: python3 -m venv .venv-peers"
            " && .venv-peers/bin/pip install -r benchmarks/peers.txt"
        )


def environment() -> dict[str, str]:
    """Where the peers' kernels find themselves and our tests."""
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}


def call(lab: Lab, task: str) -> str:
    """What a hidden test of `task` holds."""
    return f"check_task({lab.name!r}, {task!r}, globals())"


def nbgrader_course(lab: Lab, submissions: list[tuple[str, Notebook]], root: Path) -> None:
    """A course of nbgrader's below `root`: its source, its release, and what was handed in."""
    source = json.loads(lab.path.read_text(encoding="utf-8"))
    for cell in source["cells"]:
        marks = cell["metadata"].get("nbgrader", {})
        if marks.get("grade") and not marks.get("solution"):
            cell["source"] = IMPORT + call(lab, marks["grade_id"].removeprefix("test_"))
    save(source, root / "source" / lab.name / f"{lab.name}.ipynb")
    for student, notebook in submissions:
        save(notebook, root / "submitted" / student / lab.name / f"{lab.name}.ipynb")
    (root / "nbgrader_config.py").write_text(NBGRADER_CONFIG, encoding="utf-8")
    command = [str(BIN / "nbgrader"), "generate_assignment", lab.name]
    subprocess.run(command, cwd=root, env=environment(), check=True, capture_output=True)


def nbgrader_command(lab: Lab) -> list[str]:
    """Grades all that was handed in to the course in the working directory."""
    return [str(BIN / "nbgrader"), "autograde", lab.name]


def nbgrader_scores(root: Path) -> dict[str, float]:
    """Each student's score in the database of the course."""
    with sqlite3.connect(root / "gradebook.db") as database:
        rows = database.execute(
            "select handed_in.student_id, sum(grade.auto_score) from grade"
            " join submitted_notebook notebook on grade.notebook_id = notebook.id"
            " join submitted_assignment handed_in on notebook.assignment_id = handed_in.id"
            " group by handed_in.student_id"
        )
        return {student: float(score or 0.0) for student, score in rows}


def otter_course(lab: Lab, submissions: list[tuple[str, Notebook]], root: Path) -> None:
    """An autograder.zip, made with otter's own tool, and what was handed in, without our cells."""
    tests = root / "tests"
    tests.mkdir(parents=True)
    for task in lab.tasks:
        if task.kind != "written":
            # what is printed would fail a doctest
            lines = [
                *("from contextlib import redirect_stdout", IMPORT.strip()),
                f"with redirect_stdout(None): {call(lab, task.name)}",
            ]
            code = "".join(f">>> {line}\n" for line in lines)
            text = OTTER_TEST.format(task=task.name, points=task.points, code=code)
            (tests / f"{task.name}.py").write_text(text, encoding="utf-8")
    for student, notebook in submissions:
        save(_without_test_cells(notebook), root / "submitted" / f"{student}.ipynb")
    command = [str(BIN / "otter"), "generate", "-t", "tests", "-o", "autograder.zip"]
    subprocess.run(command, cwd=root, env=environment(), check=True, capture_output=True)


def otter_command(student: str) -> list[str]:
    """Grades one notebook of the course in the working directory."""
    zipped = ["--autograder", "autograder.zip", "--output-dir", f"results/{student}"]
    return [str(BIN / "otter"), "run", *zipped, "--no-logo", f"submitted/{student}.ipynb"]


def otter_scores(root: Path) -> dict[str, float]:
    """Each student's score in the files that otter wrote."""
    return {
        path.parent.name: sum(
            test.get("score", 0.0) for test in json.loads(path.read_text())["tests"]
        )
        for path in (root / "results").glob("*/results.json")
    }


def _without_test_cells(notebook: Notebook) -> Notebook:
    def is_test(cell: Notebook) -> bool:
        marks = cell["metadata"].get("nbgrader", {})
        return bool(marks.get("grade") and not marks.get("solution"))

    return {**notebook, "cells": [cell for cell in notebook["cells"] if not is_test(cell)]}
