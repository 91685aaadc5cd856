"""Notebooks as students would hand them in."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import nbformat
import pytest

from autograder import labs
from autograder.completion import Notebook, completed, released, save, with_cell
from autograder.labs import Lab


@pytest.fixture(scope="module")
def lab() -> Lab:
    return labs.find("lab01")


def sources(notebook: Notebook) -> dict[str, str]:
    return {
        cell["metadata"]["nbgrader"]["grade_id"]: "".join(cell["source"])
        for cell in notebook["cells"]
        if "nbgrader" in cell["metadata"]
    }


def test_completed_notebook_is_the_released_one_but_for_its_solutions(lab: Lab) -> None:
    whole, bare = completed(lab), released(lab)
    assert len(whole["cells"]) == len(bare["cells"])
    for filled, empty in zip(whole["cells"], bare["cells"], strict=True):
        is_solution = empty["metadata"].get("nbgrader", {}).get("solution")
        assert (filled == empty) == (not is_solution)
        assert {**filled, "source": ""} == {**empty, "source": ""}


def test_no_marker_and_no_stub_is_left_in_a_completed_notebook(lab: Lab) -> None:
    text = json.dumps(completed(lab))
    assert "BEGIN SOLUTION" not in text
    assert "END SOLUTION" not in text
    for task in lab.code_tasks():
        assert "NotImplementedError" not in sources(completed(lab))[task]


def test_every_task_is_solved_by_a_cell_that_compiles(lab: Lab) -> None:
    solved = sources(completed(lab))
    for task in lab.code_tasks():
        namespace = {}
        exec(compile("import numpy as np\n" + solved[task], task, "exec"), namespace)
        assert callable(namespace[task])


def test_replacement_stands_in_its_own_cell_only(lab: Lab) -> None:
    changed, whole = sources(completed(lab, {"sgd_epoch": "x = 1"})), sources(completed(lab))
    assert changed.pop("sgd_epoch") == "x = 1"
    del whole["sgd_epoch"]
    assert changed == whole


def test_cell_is_put_before_the_named_one_into_a_copy(lab: Lab) -> None:
    notebook = released(lab)
    before = copy.deepcopy(notebook)
    changed = with_cell(notebook, "x = 1", before="sgd_epoch")
    assert notebook == before
    names = [c["metadata"].get("nbgrader", {}).get("grade_id") for c in changed["cells"]]
    assert changed["cells"][names.index("sgd_epoch") - 1]["source"] == "x = 1"
    assert len(changed["cells"]) == len(before["cells"]) + 1


def test_saved_notebook_is_one_that_jupyter_accepts(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "new" / "alice.ipynb"
    save(with_cell(completed(lab), "x = 'é'", before="setup"), path)
    nbformat.validate(nbformat.read(path, as_version=4))
    assert json.loads(path.read_text(encoding="utf-8"))["cells"]
