"""A notebook that is open in JupyterLab: run it, read it and write in it, as a student would."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.completion import Notebook
from autograder.labs import source_of

PATIENCE = 30_000  # milliseconds, for what the page does
LONG = 300_000  # for what a kernel does
OPTIONS = ("--LabApp.expose_app_in_browser=True", "--JupyterNotebookApp.expose_app_in_browser=True")
_OVER = """() => {
    const kernel = window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel;
    const prompts = [...document.querySelectorAll('.jp-Notebook .jp-InputPrompt')];
    const running = prompts.some(prompt => prompt.textContent.includes('*'));
    return kernel?.connectionStatus === 'connected' && kernel.status === 'idle' && !running;
}"""
_WIDGETS = "window.jupyterapp.shell.currentWidget.content.widgets"
_OUTPUTS = f"{_WIDGETS}.map(cell => cell.model.outputs?.toJSON() ?? [])"
_CELLS = "document.querySelectorAll('.jp-Notebook .jp-Cell')"
_WRITING = "document.activeElement.closest('.cm-content')"
_PROMPT = f"n => {_CELLS}[n].querySelector('.jp-InputPrompt').textContent"


@dataclass
class NotebookPage:
    """The page of a notebook, and what its cells are called.

    Attributes:
        page: Playwright's page.
        cells: the cells of the file, in order.
        complaints: what the page's scripts said of errors.
    """

    page: Any
    cells: list[dict[str, Any]]
    complaints: list[str] = field(default_factory=list)

    @classmethod
    def open(
        cls, page: Any, address: str, path: Path, notebook: Notebook, where: str = "lab/tree"
    ) -> NotebookPage:
        """Open the file `path`, which holds `notebook`, and wait for its kernel.

        `where` is "notebooks" for Notebook 7.
        """
        opened = cls(page, notebook["cells"])
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        page.goto(f"{address}/{where}/{path.name}")
        page.wait_for_function(f"{_CELLS}.length === {len(opened.cells)}")
        opened.wait()
        page.evaluate(
            "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.info"
        )
        return opened

    def command(self, name: str) -> None:
        """Execute a command of JupyterLab's palette, and wait for what it starts."""
        run = "name => window.jupyterapp.commands.execute(name).then(() => null)"
        self.page.evaluate(run, name)
        self.wait()

    def wait(self) -> None:
        """Wait until no cell runs and none is queued."""
        self.page.wait_for_function(_OVER, timeout=LONG)

    def press_through(self) -> None:
        """From the top, press Shift+Enter on each cell, and wait for it."""
        self.select(0)
        for number, cell in enumerate(self.cells):
            before = self._prompt(number) if cell["cell_type"] == "code" else ""
            self.page.keyboard.press("Shift+Enter")
            if cell["cell_type"] == "code" and source_of(cell).strip():
                self.page.wait_for_function(
                    f"before => ({_PROMPT})({number}) !== before", arg=before
                )
                self.wait()

    def select(self, number: int) -> None:
        """Make the cell the active one, in command mode."""
        choose = """number => {
            const notebook = window.jupyterapp.shell.currentWidget.content;
            notebook.deselectAll();
            notebook.activeCellIndex = number;
            notebook.mode = 'command';
            notebook.activate();
            return notebook.scrollToItem(number);
        }"""
        self.page.evaluate(choose, number)

    def paste(self, name: str, source: str) -> None:
        """Replace what stands in the cell with the grade_id `name`, by keyboard and clipboard."""
        number = self.number(name)
        self.select(number)
        self.page.evaluate("words => navigator.clipboard.writeText(words)", source)
        self.page.keyboard.press("Enter")
        self.page.wait_for_function(f"n => {_CELLS}[n].contains({_WRITING})", arg=number)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.press("Control+v")
        written = f"([n, words]) => {_WIDGETS}[n].model.sharedModel.source === words"
        self.page.wait_for_function(written, arg=[number, source])
        self.page.keyboard.press("Escape")
        self.page.wait_for_function(f"!{_WRITING}")

    def output(self, name: str) -> str:
        """Scroll to the cell with the grade_id `name`; what is to be read under it."""
        number = self.number(name)
        self.select(number)
        area = self.page.locator(".jp-Notebook .jp-Cell").nth(number).locator(".jp-OutputArea")
        outputs = self.page.evaluate(f"n => ({_OUTPUTS})[n].length", number)
        area.locator(".jp-OutputArea-output").nth(outputs - 1).wait_for() if outputs else None
        return " ".join(str(area.first.inner_text()).split())

    def errors(self) -> dict[int, str]:
        """What is said of exceptions under cells, by the number of the cell."""
        outputs = self.page.evaluate(f"() => {_OUTPUTS}")
        return {
            number: "\n".join(output["traceback"])
            for number, shown in enumerate(outputs)
            for output in shown
            if output["output_type"] == "error"
        }

    def validate(self) -> str:
        """Press nbgrader's button; what its window says."""
        self.page.locator(".validate-button").click()
        window = self.page.locator(".jp-Dialog-content")
        window.wait_for(timeout=LONG)
        words = str(window.inner_text())
        window.locator("button").last.click()
        window.wait_for(state="detached")
        return words

    def number(self, name: str) -> int:
        """The place of the cell with the grade_id `name`."""
        names = [cell["metadata"].get("nbgrader", {}).get("grade_id") for cell in self.cells]
        return names.index(name)

    def _prompt(self, number: int) -> str:
        return str(self.page.evaluate(_PROMPT, number))
