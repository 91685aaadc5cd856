"""A course as an instructor has it, with a class that handed in two labs; Jupyter servers."""

from __future__ import annotations

import contextlib
import copy
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autograder import labs
from autograder.answers import load
from autograder.completion import Notebook, completed, released, save, with_cell
from autograder.labs import Lab
from autograder.sample_class import sample_class

Finished = subprocess.CompletedProcess[str]
CONFIG = """from autograder.nbgrader_plugin import configure

c = get_config()
configure(c)
"""


@pytest.fixture(scope="session")
def two_labs() -> list[Lab]:
    """The labs that the class handed in."""
    return [labs.find("lab01"), labs.find("lab02")]


@pytest.fixture(scope="session")
def write_course(two_labs: list[Lab]) -> Callable[..., Path]:
    """``write_course(root)``: a course directory in which 23 notebooks are handed in.

    With ``small=True`` there are seven, of lab 02 alone.
    """

    def write(root: Path, *, small: bool = False) -> Path:
        root.mkdir(parents=True)
        (root / "nbgrader_config.py").write_text(CONFIG)
        first, second = two_labs
        handed_in = [(second, *entry) for entry in _rearranged(second)]
        if not small:
            handed_in += [(first, *entry) for entry in sample_class(first)]
            handed_in += [(second, *entry) for entry in _mistaken(second)]
        for lab, student, notebook in handed_in:
            path = root / "submitted" / student / lab.name / f"{lab.name}.ipynb"
            if isinstance(notebook, dict):
                save(notebook, path)
            else:
                path.parent.mkdir(parents=True)
                path.write_text(notebook, encoding="utf-8")
        return root

    return write


@pytest.fixture(scope="session")
def nbgrader() -> Callable[..., Finished]:
    """``nbgrader(root, "autograde", "lab01_…")``: nbgrader's command, run in a course."""

    def run(root: Path, *arguments: str, **environment: str) -> Finished:
        return subprocess.run(
            [sys.executable, "-m", "nbgrader", *arguments],
            cwd=root,
            env=_environment() | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=500,
        )

    return run


def _environment() -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return os.environ | {"PATH": path, "OMP_NUM_THREADS": "1"}


def _rearranged(lab: Lab) -> Iterator[tuple[str, Notebook | str]]:
    """The right solution, with cells that nbgrader would stumble over; and two without points."""
    reference, task = completed(lab), lab.code_tasks()[0]
    yield "all_right", reference
    yield "blank", released(lab)
    yield "broken_file", '{"cells": ['
    yield "copied_cells", _copied(reference)
    yield "deleted_cells", _kept(reference, lambda cell: not _marks(cell).get("locked"))
    yield "renamed_cells", _renamed(reference)
    mistakes = {a.task: a.source for a in load(lab.name) if a.kind == "mistake"}
    yield "mistaken", with_cell(completed(lab, {task: mistakes[task]}), "mine = 1", before=task)


def _mistaken(lab: Lab) -> Iterator[tuple[str, Notebook]]:
    mistakes = [answer for answer in load(lab.name) if answer.kind == "mistake"]
    for student, answer in zip(("two_mistakes", "float32"), mistakes, strict=False):
        yield student, completed(lab, {answer.task: answer.source})


def _copied(notebook: Notebook) -> Notebook:
    """Every graded cell twice, as Jupyter copies it: with all of nbgrader's metadata."""
    copied = copy.deepcopy(notebook)
    copied["cells"] = [
        twin | ({"id": f"copy-{number}-{which}"} if which else {})
        for number, cell in enumerate(notebook["cells"])
        for which, twin in enumerate([cell, copy.deepcopy(cell)][: 2 if _marks(cell) else 1])
    ]
    return copied


def _renamed(notebook: Notebook) -> Notebook:
    """No cell has its name, its id or its points any more."""
    renamed = copy.deepcopy(notebook)
    for number, cell in enumerate(renamed["cells"]):
        cell["id"] = f"renamed-{number}"
        if marks := _marks(cell):
            marks |= {"grade_id": f"renamed-{number}", "points": 1000, "locked": False}
    return renamed


def _kept(notebook: Notebook, wanted: Callable[[dict[str, object]], bool]) -> Notebook:
    return notebook | {"cells": [cell for cell in notebook["cells"] if wanted(cell)]}


def _marks(cell: dict[str, object]) -> dict[str, object]:
    metadata = cell["metadata"]
    assert isinstance(metadata, dict)
    marks: dict[str, object] = metadata.get("nbgrader", {})
    return marks


@pytest.fixture
def jupyter(tmp_path: Path) -> Iterator[Callable[[list[str], Path, dict[str, str]], str]]:
    """``jupyter(command, folder, environment)``: the address of the server that it starts there.

    The system gives the server a free port, and the server's runtime directory says which it is,
    some time before the server listens there.
    """
    servers: list[subprocess.Popen[bytes]] = []

    def start(command: list[str], folder: Path, environment: dict[str, str]) -> str:
        runtime = tmp_path / f"runtime{len(servers)}"
        log = tmp_path / f"server{len(servers)}.log"
        environment = environment | {"JUPYTER_RUNTIME_DIR": str(runtime)}
        options = ["--no-browser", "--allow-root", "--IdentityProvider.token=", "--port=0"]
        with log.open("wb") as file:
            server = subprocess.Popen(
                [*command, *options], cwd=folder, env=environment, stdout=file, stderr=file
            )
        servers.append(server)
        until = time.monotonic() + 180
        while True:
            for path in runtime.glob("jpserver-*.json"):
                with contextlib.suppress(ValueError, OSError):  # half written, not yet listening
                    address: str = json.loads(path.read_text())["url"].rstrip("/")
                    urllib.request.urlopen(f"{address}/api", timeout=60).close()
                    return address
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.2)

    yield start
    for server in servers:
        server.terminate()
        server.wait(timeout=60)
