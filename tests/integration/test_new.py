"""`python -m autograder new`: a lab that is whole at once, and refusals that write nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from autograder import labs

Finished = subprocess.CompletedProcess[str]
Command = Callable[..., Finished]
NAME = "lab10_attention"


def files(root: Path) -> set[str]:
    """All files of the project but what Python compiled."""
    paths = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    return {path for path in paths if "__pycache__" not in path and not path.startswith(".")}


@pytest.fixture
def started(project: Path, autograder: Command) -> tuple[Path, Finished, set[str]]:
    """A project with a new lab, what the command said, and the files that are new."""
    before = files(project)
    finished = autograder(project, "new", NAME)
    assert finished.returncode == 0, finished.stderr
    return project, finished, files(project) - before


def test_new_lab_is_built_verified_and_audited_at_once(
    started: tuple[Path, Finished, set[str]], autograder: Command
) -> None:
    root, said, written = started
    *named, hint = said.stdout.splitlines()
    assert set(named) == written
    assert len(written) == 5
    assert not any("topic" in (root / path).read_text(encoding="utf-8") for path in written)
    assert hint == f"next: python -m autograder build {NAME}"
    assert autograder(root, *hint.split()[4:]).returncode == 0
    verified = autograder(root, "verify", NAME)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert "90 of 90" in verified.stdout
    audited = autograder(root, "audit", NAME, "--jobs", "1")
    assert (audited.returncode, audited.stderr) == (0, "")


def test_new_lab_has_a_task_of_each_kind_and_an_experiment_and_a_hundred_points(
    started: tuple[Path, Finished, set[str]],
) -> None:
    root, _, _ = started
    lab = labs.read(root / "solutions" / NAME / f"{NAME}.ipynb")
    assert {task.kind: task.points for task in lab.tasks} == {
        "code": 75,
        "concept": 15,
        "written": 10,
    }
    assert [cell.id for cell in lab.cells if cell.kind == "experiment"] == ["exp-outlier"]


def test_new_lab_runs_from_top_to_bottom_with_its_experiment(
    started: tuple[Path, Finished, set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    root, _, _ = started
    monkeypatch.setenv("PYTHONPATH", str(root))
    notebook = nbformat.read(root / "solutions" / NAME / f"{NAME}.ipynb", as_version=4)
    NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(root)}}).execute()
    shown = {
        cell.id: [out.get("data", {}) for out in cell.get("outputs", [])] for cell in notebook.cells
    }
    assert any("image/png" in data for data in shown["exp-outlier"])
    assert all("✗" not in str(data) for data in shown["test-attention-mean"])


def test_new_lab_is_clean_code_and_handed_out_without_a_leak(
    started: tuple[Path, Finished, set[str]], autograder: Command
) -> None:
    root, _, written = started
    settings = ["--config", str(labs.ROOT / "pyproject.toml")]
    for command in (["check"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *command, *settings, *sorted(written)]
        done = subprocess.run(ruff, cwd=root, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
    for name in ("pyproject.toml", "LICENSE", "docs/guides/student.md"):
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((labs.ROOT / name).read_bytes())
    assert autograder(root, "build", NAME).returncode == 0
    bundled = autograder(root, "bundle", NAME, "--out", "lab.zip")
    assert (bundled.returncode, bundled.stderr) == (0, "")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("lab01_sgd_vs_batch", "lab 01 is there already: lab01_sgd_vs_batch; 10 is free"),
        ("lab01_other", "lab 01 is there already: lab01_sgd_vs_batch; 10 is free"),
        ("lab10_dropout", "dlcourse/dropout.py is there already, and nothing was written"),
        ("lab10", "'lab10' is no name for a lab: write labNN_topic"),
        ("attention", "'attention' is no name for a lab"),
        ("lab10_Attention", "'lab10_Attention' is no name for a lab"),
        ("lab10_class", "'lab10_class' is no name for a lab"),
        ("../lab10_up", "'../lab10_up' is no name for a lab"),
    ],
)
def test_name_that_will_not_do_is_refused_in_one_line_and_nothing_is_written(
    project: Path, autograder: Command, name: str, words: str
) -> None:
    before = files(project)
    finished = autograder(project, "new", name)
    assert finished.returncode == 2
    assert finished.stderr.startswith(f"error: {words}")
    assert len(finished.stderr.splitlines()) == 1
    assert files(project) == before
