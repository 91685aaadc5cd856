"""Runs INSIDE the sandbox: a notebook's cells, as IPython would run them, and what they raise."""

from __future__ import annotations

import contextlib
import functools
import traceback
from collections.abc import Iterator
from types import CodeType
from typing import Any


@functools.cache
def warm_shell() -> Any:
    """IPython's shell, without history: what runs a notebook's cells, magics included."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    class NotebookShell(InteractiveShell):
        """A shell that nobody looks at: it opens no window and prints no traceback."""

        def enable_gui(self, gui: object = None) -> None:
            """Accept what ``%matplotlib inline`` asks for."""

        def showtraceback(self, *args: object, **kwargs: object) -> None:
            """Save the time to format a traceback."""

        def showsyntaxerror(self, *args: object, **kwargs: object) -> None:
            """Likewise."""

        @contextlib.contextmanager
        def _tee(self, channel: str) -> Iterator[None]:
            """Forget what is printed: IPython 9 keeps it all, until memory is used up."""
            yield

    config = Config()
    config.HistoryManager.enabled = False
    shell = NotebookShell.instance(config=config)
    shell.builtin_trap.activate()  # `display` and the like, for plain cells too
    return shell


def run_cell(shell: Any, source: str) -> BaseException | None:
    """Run a cell as IPython would, which takes its time only where a cell is not plain.

    What it raises is raised here, or returned if IPython caught it.
    """
    code = _compiled(shell, source)
    if code is not None:
        exec(code, shell.user_ns)
        return None
    result = shell.run_cell(source, store_history=False, silent=True)
    error: BaseException | None = result.error_before_exec or result.error_in_exec
    return error


def _compiled(shell: Any, source: str) -> CodeType | None:
    """The code of a cell that is plain Python; None for one with magics, `await` or faults."""
    if source.strip().isidentifier():  # perhaps a magic without its sign
        return None
    try:
        compiler = shell.compile
        code: CodeType = compiler(source, compiler.cache(source), "exec")
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
        return None
    return code


def words_of(error: BaseException) -> str:
    """The exception's message and the line of the student's that raised it."""
    try:
        text = str(error)[:200]
        frames = traceback.extract_tb(error.__traceback__)
        mine = [frame for frame in frames if frame.filename.startswith("<ipython-input")]
        if mine and mine[-1].line:
            text += f" (at: {mine[-1].line[:100]})"
    except BaseException:  # a hostile __str__ may raise anything
        text = ""
    return text
