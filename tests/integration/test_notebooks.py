"""Every reference notebook runs from top to bottom beside the student edition of the library."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from autograder import labs
from autograder.edition import write_student_edition

MINUTES = 5
QUICK = "lab08_divergences_and_data"  # takes the least time of all


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name == QUICK else pytest.mark.slow)
        for name in labs.all_labs()
    ],
)
def test_the_reference_notebook_runs_in_the_student_edition(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = labs.find(name)
    write_student_edition(lab.name, tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    notebook = nbformat.read(lab.path, as_version=4)
    where = nbformat.v4.new_code_cell("import dlcourse; print(dlcourse.__file__)")
    notebook.cells.insert(0, where)
    client = NotebookClient(
        notebook, timeout=60 * MINUTES, resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute(env=dict(os.environ))
    assert str(tmp_path) in where.outputs[0].text
    checks = [
        "".join(map(words, cell.outputs))
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade") and cell.cell_type == "code"
    ]
    assert len(checks) == sum(task.kind != "written" for task in lab.tasks)
    assert all("✓" in text or "answered" in text for text in checks), checks
    assert not any("✗" in text for text in checks)


def words(output: nbformat.NotebookNode) -> str:
    """What an output says where no HTML is shown."""
    return str(output.get("text", "")) + str(output.get("data", {}).get("text/plain", ""))


@pytest.mark.gpu
@pytest.mark.parametrize("name", labs.all_labs())
def test_the_larger_exercise_runs_on_the_device_with_no_edit(name: str, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("there is no CUDA device here")
    notebook = nbformat.read(labs.find(name).path, as_version=4)
    look = nbformat.v4.new_code_cell("import torch; print(torch.cuda.max_memory_allocated())")
    notebook.cells.append(look)
    NotebookClient(notebook, timeout=60 * MINUTES).execute()
    assert int(look.outputs[0].text) > 1 << 20
