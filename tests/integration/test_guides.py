"""What the guides tell to write works; what they tell to type is in `test_commands`."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from autograder import labs
from autograder.completion import released, save
from autograder.new import PLACES

Command = Callable[..., subprocess.CompletedProcess[str]]
GUIDES = labs.ROOT / "docs" / "guides"
SCHEMAS = Path(__file__).parents[1] / "schemas"
WORKFLOW = GUIDES / "github-classroom.yml"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
CELL = re.compile(r"# (read-only|answer|tests): (\w+)(?:, (\d+) points?)?\n")
FILE = re.compile(r"# ([\w/]+\.py)\n")
KEYWORDS = "lab10 and not at_least"


def blocks(guide: str, language: str) -> list[str]:
    text = (GUIDES / f"{guide}.md").read_text(encoding="utf-8")
    return [block for name, block in BLOCK.findall(text) if name == language]


def workflow() -> dict[str, Any]:
    """The workflow file; YAML 1.1 takes its key `on` for true."""
    read = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    return {"on" if key is True else key: value for key, value in read.items()}


# The lab that the guides write


def lab_10(root: Path) -> None:
    """Edit what `new` wrote, until it is the lab that the guides show."""
    cells = []
    for block in [*blocks("writing-a-lab", "python"), *blocks("hidden-tests", "python")]:
        if cell := CELL.match(block):
            cells.append(code_cell(*cell.groups(), block[cell.end() :]))
        else:
            file = FILE.match(block)
            assert file, f"neither a cell nor a file: {block}"
            (root / file[1]).write_text(block[file.end() :], encoding="utf-8")
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {
        "cells": cells,
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    save(notebook, root / "solutions" / "lab10_decay" / "lab10_decay.ipynb")


def code_cell(kind: str, name: str, points: str | None, source: str) -> dict[str, Any]:
    """A cell as nbgrader's Create Assignment makes it."""
    marks: dict[str, Any] = {
        "grade_id": name,
        "schema_version": 3,
        "grade": kind == "tests",
        "solution": kind == "answer",
        "locked": kind != "answer",
        "task": False,
    }
    if points is not None:
        marks["points"] = int(points)
    return {
        "cell_type": "code",
        "id": name.replace("_", "-"),
        "metadata": {"nbgrader": marks},
        "source": source.rstrip("\n"),
        "outputs": [],
        "execution_count": None,
    }


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, autograder: Command) -> Path:
    root = tmp_path_factory.mktemp("guides") / "project"
    ignore = shutil.ignore_patterns("__pycache__")
    for name in ("autograder", "dlcourse", "solutions", "labs"):
        shutil.copytree(labs.ROOT / name, root / name, ignore=ignore)
    for name in ("pyproject.toml", "nbgrader_config.py"):
        shutil.copy(labs.ROOT / name, root)
    started = autograder(root, "new", "lab10_decay")
    assert started.returncode == 0, started.stderr
    lab_10(root)
    finished = autograder(root, "build", "lab10")
    assert finished.returncode == 0, finished.stderr
    return root


def test_table_of_the_guide_names_the_files_that_new_writes() -> None:
    text = (GUIDES / "writing-a-lab.md").read_text(encoding="utf-8")
    places = [place.replace("NN", "10").replace("topic", "decay") for place in PLACES.values()]
    rows = re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)
    assert rows == places


def test_lab_of_the_guides_is_built_and_verified(written: Path, autograder: Command) -> None:
    finished = autograder(written, "verify", "lab10")
    assert finished.returncode == 0, finished.stderr + finished.stdout
    assert re.search(r"lab10_decay\s+│ 4\s+│ 5 of 5\s+│ 0 ", finished.stdout)
    handed_out = (written / "labs/lab10_decay/lab10_decay.ipynb").read_text(encoding="utf-8")
    assert "NotImplementedError" in handed_out
    assert "(1 - rate) ** steps" not in handed_out


def test_audit_finds_nothing_to_mend_in_the_lab_of_the_guides(
    written: Path, autograder: Command
) -> None:
    finished = autograder(written, "audit", "lab10", "--jobs", "1")
    assert (finished.returncode, finished.stderr) == (0, "")


def test_mistake_of_the_guides_fails_its_task_and_the_variant_none(written: Path) -> None:
    target = written / "tests" / "unit"
    target.mkdir(parents=True)
    for name in ("test_answers.py", "conftest.py"):
        shutil.copy(labs.ROOT / "tests" / "unit" / name, target)
    finished = in_project(
        written, "-m", "pytest", "-q", "tests/unit/test_answers.py", "-k", KEYWORDS
    )
    assert finished.returncode == 0, finished.stdout
    assert f'-k "{KEYWORDS}"' in (GUIDES / "hidden-tests.md").read_text(encoding="utf-8")
    assert re.search(r"^\d+ passed", finished.stdout, re.MULTILINE)


def test_hidden_tests_of_the_guides_pass_and_fail_by_hand(written: Path) -> None:
    hidden = "autograder/hidden/test_lab10_decay.py"
    for directory, words in (("solutions", "3 passed"), ("labs", "3 failed")):
        notebook = f"{directory}/lab10_decay/lab10_decay.ipynb"
        finished = in_project(written, "-m", "pytest", "-q", hidden, "--submission", notebook)
        assert words in finished.stdout


def in_project(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=root,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


# The backend that refuses


def test_backend_of_the_guide_refuses_in_one_line_wherever_it_is_asked_for(
    project: Path, autograder: Command
) -> None:
    path = project / "autograder" / "sandbox" / "backends.py"
    text = path.read_text(encoding="utf-8")
    for change in blocks("isolation-backend", "diff"):
        lines = change.splitlines()
        before = "\n".join(line[1:] for line in lines if line[0] in "- ")
        after = "\n".join(line[1:] for line in lines if line[0] in "+ ")
        assert text.count(before) == 1, f"not, or not once, in backends.py:\n{before}"
        text = text.replace(before, after)
    path.write_text(text, encoding="utf-8")
    for command in (["verify", "lab01"], ["grade", "lab01", project / "labs", "--out", "o"]):
        finished = autograder(project, *command, "--isolation", "podman")
        assert finished.returncode == 2
        assert finished.stderr == "error: podman makes no box yet; leave --isolation out\n"
    assert not (project / "o").exists()


def test_backend_without_a_box_grades_nothing(project: Path, autograder: Command) -> None:
    path = project / "autograder" / "sandbox" / "backends.py"
    text = path.read_text(encoding="utf-8").replace('"account", "unsafe"]', '"podman", "unsafe"]')
    path.write_text(text.replace('    "unsafe": "', '    "podman": "much",\n    "unsafe": "'))
    submitted = project / "labs" / "lab01_sgd_vs_batch" / "lab01_sgd_vs_batch.ipynb"
    grade = ["grade", "lab01", submitted, "--out", "o", "--isolation", "podman", "--jobs", 1]
    finished = autograder(project, *grade)
    assert finished.returncode == 2
    assert "--isolation podman makes no box" in finished.stderr
    assert not (project / "o" / "scores.csv").exists()


# The workflow for GitHub Classroom


def test_workflow_has_the_keys_that_github_asks_for() -> None:
    jsonschema.validate(
        workflow(), json.loads((SCHEMAS / "github_workflow.json").read_text(encoding="utf-8"))
    )


def test_workflow_puts_nothing_of_a_students_into_a_script() -> None:
    for step in workflow()["jobs"]["grade"]["steps"]:
        assert "${{" not in step.get("run", "")


def test_workflow_names_each_notebook_after_its_student(tmp_path: Path) -> None:
    lab = labs.find("lab01")
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "gh").write_text(
        """#!/bin/bash
case "$1 $2" in
  "api --paginate") for name in ada bob eve; do printf "$name\\tcourse/lab-$name\\n"; done ;;
  "repo clone") mkdir -p handed-in && cp -a "repositories/$3" "$4" ;;
esac
"""
    )
    (tools / "gh").chmod(0o755)
    handed_in = tmp_path / "repositories" / "course"
    save(released(lab), handed_in / "lab-ada" / "work" / f"{lab.name}.ipynb")
    save(released(lab), handed_in / "lab-bob" / ".ipynb_checkpoints" / f"{lab.name}.ipynb")
    (handed_in / "lab-eve").mkdir()
    (handed_in / "lab-eve" / f"{lab.name}.ipynb").symlink_to("/etc/passwd")
    (step,) = [s for s in workflow()["jobs"]["grade"]["steps"] if "accepted" in s.get("run", "")]
    subprocess.run(
        ["bash", "-e", "-c", step["run"]],
        cwd=tmp_path,
        env={"PATH": f"{tools}:/usr/bin:/bin", "ASSIGNMENT": "1", "LAB": "lab01"},
        check=True,
    )
    assert [path.name for path in (tmp_path / "submitted").iterdir()] == ["ada.ipynb"]
