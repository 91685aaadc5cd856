"""The explorers in JupyterLab and in Notebook 7: by keyboard alone, every control with a name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from notebook_page import OPTIONS, NotebookPage

SETUP = """\
from dlcourse.dropout import dropout_forward, dropout_mask
from dlcourse.explorers import explore_batchnorm, explore_bowl, explore_depth, explore_keep
from dlcourse.init import activation_statistics
from dlcourse.norm import batchnorm_forward
from dlcourse.optim.momentum import momentum_step"""
EXPLORERS = {
    "explore_bowl(momentum_step)": ["Learning rate · L", "Momentum β"],
    "explore_batchnorm(batchnorm_forward)": [
        "Scale γ",
        "Shift β",
        "Mean of the input",
        "Width of the input",
    ],
    "explore_keep(dropout_mask, dropout_forward)": ["Keep probability", "Draw number"],
    "explore_depth(activation_statistics)": ["Standard deviation"],
}
BUTTONS = {
    0: [f"Condition number κ: {kappa}" for kappa in (1, 3, 10, 30, 100)],
    3: [
        *(f"Units a layer: {units}" for units in (25, 100, 225)),
        *(f"Nonlinearity: {kind}" for kind in ("tanh", "relu")),
    ],
}
CLASSES = "document.activeElement.className"
NAME = """() => {
    const focus = document.activeElement;
    return focus.labels?.[0]?.innerText || focus.title.replace('Set every knob back', 'reset');
}"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "place"), [("jupyterlab", "lab/tree"), ("notebook", "notebooks")]
)
def test_every_knob_has_a_name_and_is_turned_by_arrow_keys(
    program: str, place: str, browser: Any, serve: Callable[..., str], tmp_path: Path
) -> None:
    pytest.importorskip(program)
    (tmp_path / "desk").mkdir()
    cells = [nbformat.v4.new_code_cell(source) for source in (SETUP, *EXPLORERS)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=kernel)
    nbformat.write(notebook, tmp_path / "desk" / "knobs.ipynb")
    address = serve(program, tmp_path / "desk", *OPTIONS)
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    opened = NotebookPage.open(page, address, Path("knobs.ipynb"), notebook, place)
    opened.press_through()

    for number, names in enumerate(EXPLORERS.values()):
        shown = page.locator(".jp-Notebook .jp-Cell").nth(number + 1).locator(".jp-OutputArea")
        shown.locator("img").wait_for()
        first = shown.get_by_role("spinbutton", name=names[0], exact=True)
        first.focus()
        turned: list[str] = []
        for _ in range(30):
            name = page.evaluate(NAME)
            if name in names:
                press(page, shown, "ArrowUp", "Enter")
            elif name in BUTTONS.get(number, []):
                press(page, shown, "Space", changes="mod-active" not in page.evaluate(CLASSES))
            elif name == "reset":
                press(page, shown, "Space")
                break
            turned += [name] * (name != "")
            page.keyboard.press("Tab")
        assert turned == names + BUTTONS.get(number, [])
    page.close()


def press(page: Any, shown: Any, *keys: str, changes: bool = True) -> None:
    """Press the keys on the control that has the focus, and see the picture's words change."""
    before = words(shown)
    for key in keys:
        page.keyboard.press(key)
    if not changes:
        return
    page.wait_for_function(
        "([area, before]) => area.querySelector('img')?.alt !== before",
        arg=[shown.first.element_handle(), before],
    )
    assert shown.get_by_role("status").inner_text() == words(shown)


def words(shown: Any) -> str:
    return str(shown.locator("img").get_attribute("alt"))
