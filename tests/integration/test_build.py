"""solutions/ → labs/: in step, without solutions or outputs, and by nbgrader's own commands."""

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

import pytest

from autograder import build, labs
from autograder.labs import LABS, SOLUTIONS, find, solution_regions, source_of

Command = Callable[..., subprocess.CompletedProcess[str]]
NAMES = labs.all_labs()
NBGRADER = Path(sys.executable).parent / "nbgrader"


def cells(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return found


def nbgrader(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    path = f"{NBGRADER.parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [str(NBGRADER), *arguments],
        cwd=directory,
        env=os.environ | {"PATH": path, "MPLBACKEND": "agg", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.mark.parametrize("name", NAMES)
def test_released_notebook_is_what_building_would_write(name: str) -> None:
    assert build.is_current(find(name))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("folder", [SOLUTIONS, LABS], ids=["solutions", "labs"])
def test_notebook_holds_no_outputs(folder: Path, name: str) -> None:
    for cell in cells(folder / name / f"{name}.ipynb"):
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


@pytest.mark.parametrize("name", NAMES)
def test_released_notebook_holds_no_text_of_a_solution(name: str) -> None:
    lab = find(name)
    released = lab.release.read_text(encoding="utf-8")
    assert "BEGIN SOLUTION" not in released
    assert "END SOLUTION" not in released
    code = "\n".join(source_of(cell) for cell in cells(lab.release) if cell["cell_type"] == "code")
    for cell in lab.cells:
        for region in solution_regions(cell.source):
            assert region not in code
    stubs = {
        cell["metadata"]["nbgrader"]["grade_id"]: source_of(cell)
        for cell in cells(lab.release)
        if cell["metadata"].get("nbgrader", {}).get("solution")
    }
    for task in lab.tasks:
        if task.kind == "code":
            assert "NotImplementedError" in stubs[task.name]
            assert f"def {task.name}(" in stubs[task.name]
        elif task.kind == "concept":
            assert set(re.findall(r'"(\w)"', stubs[task.name])) != task.key
        else:
            assert len(stubs[task.name]) < 100


@pytest.mark.parametrize("name", NAMES)
def test_written_answers_of_the_instructor_are_not_released(name: str) -> None:
    lab = find(name)
    released = lab.release.read_text(encoding="utf-8")
    written = {task.name for task in lab.tasks if task.kind == "written"}
    for cell in cells(lab.path):
        if cell["metadata"].get("nbgrader", {}).get("grade_id") in written:
            lines = [line for line in source_of(cell).splitlines() if len(line) > 30]
            assert lines
            assert not [line for line in lines if json.dumps(line)[1:-1] in released]


def test_check_finds_what_is_out_of_step_and_building_mends_it(
    project: Path, autograder: Command
) -> None:
    assert autograder(project, "build", "--check").returncode == 0
    source = project / "solutions" / NAMES[0] / f"{NAMES[0]}.ipynb"
    notebook = json.loads(source.read_text())
    notebook["cells"][0]["source"] = ["# Another title"]
    source.write_text(json.dumps(notebook, indent=1))
    finished = autograder(project, "build", "--check")
    assert finished.returncode == 1
    assert f"{NAMES[0]}: out of step" in finished.stdout
    release = project / "labs" / NAMES[0] / f"{NAMES[0]}.ipynb"
    assert "Another title" not in release.read_text()  # checking writes nothing
    assert autograder(project, "build").returncode == 0
    assert "Another title" in release.read_text()
    assert autograder(project, "build", "--check").returncode == 0


def test_nbgraders_own_command_builds_the_same_from_the_projects_root(project: Path) -> None:
    name = "lab01_sgd_vs_batch"
    release = project / "labs" / name / f"{name}.ipynb"
    tracked = release.read_bytes()
    shutil.rmtree(project / "labs")
    finished = nbgrader(project, "generate_assignment", name)
    assert finished.returncode == 0, finished.stderr
    assert release.read_bytes() == tracked
    assert (project / "gradebook.db").exists()


def test_nbgraders_validate_runs_the_released_notebook(tmp_path: Path) -> None:
    lab = find("lab01")
    shutil.copy(lab.release, tmp_path)
    finished = nbgrader(tmp_path, "validate", lab.release.name)
    assert finished.returncode == 0, finished.stderr
    assert f"VALIDATION FAILED ON {len(lab.tasks)} CELL(S)" in finished.stdout
    assert "Traceback" not in finished.stderr
