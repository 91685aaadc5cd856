"""`python -m autograder verify`: references reach full marks, released notebooks zero."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from autograder import labs

Command = Callable[..., subprocess.CompletedProcess[str]]
LAB = labs.find("lab01")


def change(path: Path, name: str, old: str, new: str) -> None:
    """Change the source of the cell called `name` in a notebook."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == name:
            source = labs.source_of(cell)
            assert old in source
            cell["source"] = source.replace(old, new)
    path.write_text(json.dumps(notebook, indent=1))


def test_lab_that_is_sound_is_verified(tmp_path: Path, autograder: Command) -> None:
    finished = autograder(tmp_path, "verify", "lab01")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    row = next(line for line in finished.stdout.splitlines() if LAB.name in line)
    assert "90 of 90" in row
    tests = LAB.hidden_tests.read_text().count("\ndef test_")
    assert any(word.isdigit() and int(word) >= tests for word in row.split())


def test_wrong_reference_is_found_with_the_test_that_it_fails(
    project: Path, autograder: Command
) -> None:
    path = project / "solutions" / LAB.name / f"{LAB.name}.ipynb"
    change(path, "inverse_decay", "return", "return 2 *")
    finished = autograder(project, "verify", "lab01")
    assert finished.returncode == 1
    assert "the reference fails inverse_decay: " in finished.stderr


def test_reference_with_a_cell_that_fails_is_found(project: Path, autograder: Command) -> None:
    path = project / "solutions" / LAB.name / f"{LAB.name}.ipynb"
    change(path, "answers", "answers", "1 / 0\nanswers")
    finished = autograder(project, "verify", "lab01")
    assert finished.returncode == 1
    assert "ZeroDivisionError" in finished.stderr


def test_released_notebook_that_holds_a_solution_is_found(
    project: Path, autograder: Command
) -> None:
    path = project / "labs" / LAB.name / f"{LAB.name}.ipynb"
    notebook, whole = json.loads(path.read_text()), json.loads(LAB.path.read_text())
    for cell, solved in zip(notebook["cells"], whole["cells"], strict=True):
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "inverse_decay":
            cell["source"] = solved["source"]
    path.write_text(json.dumps(notebook))
    finished = autograder(project, "verify", "lab01")
    assert finished.returncode == 1
    assert "the released notebook passes inverse_decay" in finished.stderr


def test_every_lab_is_verified_if_none_is_named(tmp_path: Path, autograder: Command) -> None:
    finished = autograder(tmp_path, "verify")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert all(name in finished.stdout for name in labs.all_labs())
