"""What a cell says that meets a function nobody has written yet, or a name nobody has set: a line.

Python's own words for it, a long traceback, stay for every other exception.
"""

from __future__ import annotations

import sys
import traceback
from types import TracebackType
from typing import Any

from dlcourse import Withheld


def tell_in_words() -> None:
    """From now on, in a Jupyter kernel: one line where a cell stops at what is not there yet."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is not None and hasattr(shell, "kernel"):
        shell.set_custom_exc((NotImplementedError, NameError), _tell)


def in_words(error: BaseException, trace: TracebackType | None, cells: frozenset[str]) -> str:
    """What to do about `error`, which a cell stopped with; empty where Python says it better.

    Args:
        error: what was raised.
        trace: where.
        cells: the names of the files that are cells of the notebook.
    """
    frames = traceback.extract_tb(trace)
    last = frames[-1] if frames else None
    if last is None:
        return ""
    if isinstance(error, Withheld):
        return f"{last.name} of dlcourse is not here for you: {error}. Call your own."
    if last.filename not in cells:
        return ""
    if type(error) is NotImplementedError and not str(error):
        if last.name == "<module>":
            return "This cell has no answer yet: write yours in place of the line with raise."
        return f"{last.name} is not written yet. Write it, run its cell, and then this one again."
    if type(error) is NameError and error.name:
        return (
            f"{error.name} is not defined. Is it misspelt? Else run the cell that defines it first"
            " (Run → Run All Above Selected Cell runs all that come before this one)."
        )
    return ""


def _tell(
    shell: Any,
    kind: type[BaseException],
    error: BaseException,
    trace: TracebackType | None,
    tb_offset: int | None = None,
) -> list[str]:
    cells = frozenset(getattr(shell.compile, "_filename_map", ()))
    words = in_words(error, trace, cells)
    if not words:
        shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
        return []
    _drop_unfinished_figures()
    last = traceback.extract_tb(trace)[-1]
    if isinstance(error, NameError):
        words = f"line {last.lineno}: {(last.line or '').strip()}\n{words}"
    shell._showtraceback(kind, error, [words])
    return [words]


def _drop_unfinished_figures() -> None:
    """Empty axes under the line would only ask to be looked at."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close("all")
