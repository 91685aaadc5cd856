"""A lab's autograder as a zip for Gradescope: what grading it needs, and nothing of other labs.

The zip holds the hidden tests, the reference and the course secret: it is the instructor's alone.
In the container all of that is root's, and the notebook runs as a user who can open none of it.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from autograder import labs
from autograder.edition import LIBRARY
from autograder.labs import ROOT, Lab
from autograder.sandbox.packages import NAMES, WITH_TORCH

TEMPLATES = Path(__file__).parent / "templates"
SCRIPTS = ("setup.sh", "run_autograder")
TRUSTED = ("packaging", "pytest")  # what grading needs besides the packages of the sandbox
_LEFT_OUT = {"__pycache__", "hidden", "answers", "templates"}
_DATE = (1980, 1, 1, 0, 0, 0)  # the same files make the same zip


def pack(lab: Lab, secret: bytes, out: Path) -> Path:
    """Write the autograder zip of `lab` to `out`.

    Args:
        lab: the lab.
        secret: the course secret, so that scores there are the scores here.
        out: the zip.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(_contents(lab, secret)):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o100755 if name in SCRIPTS else 0o100600) << 16
            archive.writestr(entry, content)
    return out


def _contents(lab: Lab, secret: bytes) -> Iterator[tuple[str, bytes]]:
    for name in SCRIPTS:
        script = (TEMPLATES / name).read_text(encoding="utf-8")
        yield name, script.replace("@LAB@", lab.name).encode()
    yield "requirements.txt", _requirements(lab)
    for name in ("constraints.txt", "pyproject.toml", "LICENSE"):
        yield name, (ROOT / name).read_bytes()
    yield ".course-secret", secret.hex().encode() + b"\n"
    grader = ROOT / "autograder"
    own = [lab.hidden_tests, *_answers(lab, grader / "answers")]
    for path in [*_sources(grader, "*.py"), *own]:
        yield f"autograder/{path.relative_to(grader).as_posix()}", path.read_bytes()
    for path in _sources(LIBRARY, "*"):
        yield f"dlcourse/{path.relative_to(LIBRARY).as_posix()}", path.read_bytes()
    yield f"solutions/{lab.name}/{lab.name}.ipynb", lab.path.read_bytes()
    for name in labs.all_labs():
        if name > lab.name:
            yield f"solutions/{name}/{name}.ipynb", names_only(labs.find(name))


def names_only(lab: Lab) -> bytes:
    """A notebook that says what a later lab asks for, which is withheld here too, and no more."""
    cells: list[dict[str, Any]] = []
    for task in lab.code_tasks():
        solution = {"grade_id": task, "solution": True, "grade": False}
        test = {"grade_id": f"test_{task}", "solution": False, "grade": True, "points": 0}
        cells += [
            {"cell_type": "code", "metadata": {"nbgrader": marks}, "source": ""}
            for marks in (solution, test)
        ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, indent=1).encode()


def _requirements(lab: Lab) -> bytes:
    names = [*(WITH_TORCH if lab.torch else NAMES), *TRUSTED]
    return "".join(f"{name}=={version(name).partition('+')[0]}\n" for name in names).encode()


def _answers(lab: Lab, directory: Path) -> list[Path]:
    number = labs.number_of(lab.name)
    return [directory / "__init__.py", *sorted(directory.glob(f"{number}*.py"))]


def _sources(directory: Path, pattern: str) -> list[Path]:
    return [
        path
        for path in sorted(directory.rglob(pattern))
        if path.is_file() and not _LEFT_OUT & set(path.relative_to(directory).parts)
    ]
