"""The real commands, run as an instructor runs them, and a copy of the project to spoil."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder import labs

Finished = subprocess.CompletedProcess[str]
Command = Callable[..., Finished]


@pytest.fixture(scope="session")
def autograder() -> Command:
    """``autograder(directory, "grade", "lab01", ..., PATH=...)``: the command, run there."""

    def run(directory: Path, *arguments: object, **environment: str) -> Finished:
        return subprocess.run(
            [sys.executable, "-m", "autograder", *map(str, arguments)],
            cwd=directory,
            env=os.environ | {"COLUMNS": "250", "OMP_NUM_THREADS": "1"} | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    return run


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project's root in which every command finds its own files."""
    root = tmp_path / "project"
    ignore = shutil.ignore_patterns("__pycache__")
    for name in ("autograder", "dlcourse", "solutions", "labs"):
        shutil.copytree(labs.ROOT / name, root / name, ignore=ignore)
    shutil.copy(labs.ROOT / "nbgrader_config.py", root)
    return root
