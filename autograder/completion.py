"""Notebooks as students would hand them in: the released one, with solutions filled in.

For the sample class, for tests and for audits: a lab's released notebook in which each solution
cell holds the reference solution, or another one in its place.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.labs import Lab, source_of

_MARKER = re.compile(r"^[ \t]*#+ ?(BEGIN|END) SOLUTION[^\n]*\n?", re.M)
Notebook = dict[str, Any]


def completed(lab: Lab, replace: Mapping[str, str] | None = None) -> Notebook:
    """The released notebook with every solution cell filled in.

    Args:
        lab: the lab.
        replace: for some tasks, the source of the solution cell to use instead of the reference.
    """
    notebook = released(lab)
    solutions = {
        _grade_id(cell): _MARKER.sub("", source_of(cell)).strip("\n")
        for cell in json.loads(lab.path.read_text(encoding="utf-8"))["cells"]
    }
    solutions |= dict(replace or {})
    for cell in notebook["cells"]:
        marks = cell["metadata"].get("nbgrader", {})
        if marks.get("solution"):
            cell["source"] = solutions[marks["grade_id"]]
    return notebook


def released(lab: Lab) -> Notebook:
    """The released notebook as it is."""
    notebook: Notebook = json.loads(lab.release.read_text(encoding="utf-8"))
    return notebook


def with_cell(notebook: Notebook, source: str, *, before: str) -> Notebook:
    """A copy of `notebook` with a code cell of the student's own before the cell `before`."""
    changed = copy.deepcopy(notebook)
    names = [_grade_id(cell) for cell in changed["cells"]]
    cell: dict[str, Any] = {
        "cell_type": "code",
        "id": f"own-{len(names)}",
        "metadata": {},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }
    changed["cells"].insert(names.index(before), cell)
    return changed


def save(notebook: Notebook, path: Path) -> None:
    """Write a notebook file, with the directories above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _grade_id(cell: Mapping[str, Any]) -> str:
    name: str = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
    return name
