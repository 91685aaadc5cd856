"""A lab's notebook as a file: its tasks and points, and what its visible checks say of them."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from dlcourse.progress import State, TaskState, kind_of

KERNEL_SECONDS = 60
QUIET = "--IPKernelApp.log_level=ERROR"  # no warnings about a connection that stays on the machine
KERNEL = "python3"  # the name that ipykernel gives to the Python that runs this
_STUBS = ("YOUR CODE HERE", "raise NotImplementedError()")
_NO_TEXT = ("", "YOUR ANSWER HERE")

Notebook = dict[str, Any]
Cell = dict[str, Any]


class NotebookError(Exception):
    """A file that is no lab, or a kernel that does not start, in words that say what to do."""


class StoppedError(Exception):
    """The notebook stopped its own kernel."""


def read(path: str | os.PathLike[str]) -> Notebook:
    """The notebook in a file.

    Raises:
        NotebookError: if there is none, it is not JSON, not a notebook, or has no tasks.
    """
    file = Path(path)
    if file.is_dir():
        inside = ", ".join(sorted(f.name for f in file.glob("*.ipynb"))) or "no notebook"
        raise NotebookError(f"{file} is a folder; in it there is: {inside}")
    try:
        notebook: Notebook = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotebookError(f"there is no file {file}; you are in {Path.cwd()}") from None
    except OSError as error:
        raise NotebookError(f"{file} cannot be read: {error.strerror}") from error
    except ValueError as error:  # of JSON or of UTF-8
        raise NotebookError(
            f"{file} is damaged, it is not JSON ({error}); open it in JupyterLab and save it"
            " again, or go back to an earlier copy"
        ) from error
    if not _is_notebook(notebook):
        raise NotebookError(f"{file} is not a notebook in the format of today (nbformat 4)")
    if not any(_test_cells(notebook)):
        raise NotebookError(f"{file} has no tasks in it; is it the notebook that you were given?")
    return notebook


def saved_states(notebook: Notebook) -> list[TaskState]:
    """Where each task stands by the outputs that the notebook has, in its order."""
    solutions = {_grade_id(cell): cell for cell in notebook["cells"] if _marks(cell)}
    states: dict[str, TaskState] = {}
    for cell in _test_cells(notebook):
        name = _grade_id(cell).removeprefix("test_")
        kind = kind_of(name)
        if _marks(cell).get("solution"):
            kind, state = "written", _written_state(cell)
        else:
            state = _state(cell, solutions.get(name))
        lines = _failed_lines(cell) if state == "failed" else ()
        points = float(_marks(cell).get("points") or 0)
        states.setdefault(name, TaskState(name, kind, points, state, lines))
    return list(states.values())


def run(notebook: Notebook, folder: Path, seconds: float, on_cell: Callable[[], None]) -> Notebook:
    """Run a copy of the notebook, without its experiments, in a fresh kernel, and return it.

    A cell that fails, or is interrupted after `seconds`, is left behind, and the next one runs.

    Args:
        notebook: as `read` gives it; not changed.
        folder: where the kernel works.
        seconds: how long a cell may take.
        on_cell: called after each cell.

    Raises:
        NotebookError: if the kernel does not start.
        StoppedError: if it dies on the way, naming the cell.
    """
    import nbformat
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient import NotebookClient
    from nbclient.exceptions import DeadKernelError

    fresh: Any = nbformat.from_dict(without_experiments(notebook))
    client = NotebookClient(
        fresh,
        kernel_name=KERNEL,
        timeout=seconds,
        startup_timeout=KERNEL_SECONDS,
        interrupt_on_timeout=True,
        allow_errors=True,
        extra_arguments=[QUIET],
    )
    cell: Cell = {}
    try:
        with client.setup_kernel(cwd=str(folder)):
            for i, cell in enumerate(fresh["cells"]):
                client.execute_cell(cell, i)
                on_cell()
    except DeadKernelError as error:
        raise StoppedError(f"the kernel died in the cell {cell.get('id', '')!r}") from error
    except (NoSuchKernel, RuntimeError, TimeoutError, OSError) as error:
        raise NotebookError(
            f"the Python kernel does not start ({error}); 'dlcourse doctor' says more"
        ) from error
    done: Notebook = fresh
    return done


def without_experiments(notebook: Notebook) -> Notebook:
    """A copy without outputs and without the cells that only explore; sources as one string."""
    fresh = copy.deepcopy(notebook)
    fresh["cells"] = [
        cell for cell in fresh["cells"] if "experiment" not in cell["metadata"].get("tags", [])
    ]
    for cell in fresh["cells"]:
        cell["source"] = _source(cell)
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    return fresh


def _is_notebook(value: object) -> bool:
    if not isinstance(value, dict) or value.get("nbformat") != 4:
        return False
    cells = value.get("cells")
    return (
        isinstance(value.get("metadata"), dict)
        and isinstance(cells, list)
        and all(
            isinstance(cell, dict)
            and "cell_type" in cell
            and isinstance(cell.get("metadata"), dict)
            for cell in cells
        )
    )


def _marks(cell: Cell) -> dict[str, Any]:
    """What nbgrader has noted of a cell."""
    marks = cell["metadata"].get("nbgrader")
    return marks if isinstance(marks, dict) else {}


def _grade_id(cell: Cell) -> str:
    return str(_marks(cell).get("grade_id", ""))


def _test_cells(notebook: Notebook) -> Iterator[Cell]:
    return (cell for cell in notebook["cells"] if _marks(cell).get("grade"))


def _source(cell: Cell) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def _written_state(cell: Cell) -> State:
    return "open" if _source(cell).strip() in _NO_TEXT else "passed"


def _state(test: Cell, solution: Cell | None) -> State:
    if solution is not None and all(stub in _source(solution) for stub in _STUBS):
        return "open"
    checked = test.get("execution_count")
    if not isinstance(checked, int):
        return "unchecked"
    if any(output.get("output_type") == "error" for output in test.get("outputs", [])):
        return "failed"
    defined = solution.get("execution_count") if solution is not None else None
    return "changed" if isinstance(defined, int) and defined > checked else "passed"


def _failed_lines(test: Cell) -> tuple[str, ...]:
    """The lines of a check's output that say what is wrong; else its error."""
    texts = [_text(output) for output in test.get("outputs", [])]
    wrong = [line for text in texts for line in text.splitlines() if line.startswith("✗")]
    errors = [
        f"{output.get('ename')}: {output.get('evalue')}".splitlines()[0]
        for output in test.get("outputs", [])
        if output.get("output_type") == "error"
    ]
    return tuple(wrong or errors)


def _text(output: dict[str, Any]) -> str:
    text = output.get("text") or output.get("data", {}).get("text/plain", "")
    return text if isinstance(text, str) else "".join(text)
