"""Each lab in real JupyterLab, as a student has it: at first, and when it is finished."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from notebook_page import OPTIONS, NotebookPage

from autograder import labs
from autograder.bundle import write_bundle
from autograder.completion import completed, released
from autograder.labs import Lab, source_of

QUICK = "lab08_divergences_and_data"  # takes the least time of all
PATIENT = "get_config().Execute.timeout = 300"
CLEAR = (
    "is not written yet. Write it,",
    "This cell has no answer yet",
    "checks failed, see ✗ above",
    "run the cell that ",
)
Open = Callable[[Lab], NotebookPage]


@pytest.fixture
def open_lab(browser: Any, serve: Callable[..., str], tmp_path: Path) -> Iterator[Open]:
    """``open_lab(lab)``: the lab's bundle, unpacked, and its notebook open in JupyterLab.

    The kernel has the library of the bundle's wheel, without what the lab asks for.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    context.grant_permissions(["clipboard-read", "clipboard-write"])

    def start(lab: Lab) -> NotebookPage:
        write_bundle(lab, tmp_path / "lab.zip")
        with zipfile.ZipFile(tmp_path / "lab.zip") as bundle:
            bundle.extractall(tmp_path)
            wheel = next(name for name in bundle.namelist() if name.endswith(".whl"))
            with zipfile.ZipFile(io.BytesIO(bundle.read(wheel))) as library:
                library.extractall(tmp_path / "library")
        # nbgrader gives a cell 30 seconds; a larger exercise on a busy machine wants more.
        (tmp_path / "jupyter").mkdir()
        (tmp_path / "jupyter" / "nbgrader_config.py").write_text(PATIENT)
        folder = tmp_path / lab.name
        address = serve("jupyterlab", folder, *OPTIONS, PYTHONPATH=str(tmp_path / "library"))
        path = folder / lab.release.name
        return NotebookPage.open(context.new_page(), address, path, released(lab))

    yield start
    context.close()


def checked(lab: Lab) -> list[str]:
    """The tasks that have a visible check."""
    return [task.name for task in lab.tasks if task.kind != "written"]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name == QUICK else pytest.mark.slow)
        for name in labs.all_labs()
    ],
)
def test_lab_tells_what_is_missing_and_is_green_when_finished(name: str, open_lab: Open) -> None:
    lab = labs.find(name)
    opened = open_lab(lab)
    see_it_untouched(lab, opened)
    finish(lab, opened)
    see_it_finished(lab, opened)
    assert opened.complaints == []


def see_it_untouched(lab: Lab, opened: NotebookPage) -> None:
    first, *_ = checked(lab)
    opened.command("notebook:run-all-cells")
    assert "not written yet" in opened.output(f"test_{first}")
    assert list(opened.errors()) == [opened.number(f"test_{first}")], "it stops at the first check"

    opened.press_through()
    for task in lab.tasks:
        if task.kind == "code":
            words = opened.output(f"test_{task.name}")
            assert words.count("✗ fails") == words.count("not written yet") >= 1, words
            assert "✓" not in words, words
            assert f"{task.name}: " in words
            assert "see ✗ above" in words
        elif task.kind == "concept":
            assert f"{task.name} is not answered yet" in opened.output(f"test_{task.name}")
    for number, words in opened.errors().items():
        assert any(clear in words for clear in CLEAR), f"cell {number}: {words}"
        assert "Traceback" not in words

    words = opened.validate()
    assert "Success" not in words, words
    assert words.count("The following cell failed:") == len(lab.tasks), words
    assert "The following cell has changed:" not in words


def finish(lab: Lab, opened: NotebookPage) -> None:
    for cell in completed(lab)["cells"]:
        marks = cell["metadata"].get("nbgrader", {})
        if marks.get("solution"):
            opened.paste(marks["grade_id"], source_of(cell))


def see_it_finished(lab: Lab, opened: NotebookPage) -> None:
    opened.command("notebook:run-all-cells")
    assert opened.errors() == {}
    for task in lab.tasks:
        if task.kind != "written":
            words = opened.output(f"test_{task.name}")
            assert words.startswith("✓ holds"), f"{task.name}: {words}"
            assert "✗" not in words
    words = opened.validate()
    assert "Success! Your notebook passes all the tests." in words, words
