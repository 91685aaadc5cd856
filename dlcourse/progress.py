"""How far a lab is: which tasks pass their visible checks, for how many points, what is open.

In a notebook, in a cell at the end::

    from dlcourse.progress import progress

    progress()

The visible checks report here what they found; it is remembered as long as the kernel runs.
"""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Kind = Literal["code", "concept", "written"]
State = Literal["passed", "failed", "changed", "unchecked", "open"]
"""``changed``: it passed, and its function was defined again since. ``open``: nothing written."""

_MARKS: dict[State, str] = {
    "passed": "✓", "failed": "✗", "changed": "·", "unchecked": "·", "open": "·",
}  # fmt: skip
_WORDS: dict[State, str] = {
    "passed": "",
    "failed": "fails its check",
    "changed": "changed since its check: run that again",
    "unchecked": "not checked yet",
    "open": "not written yet",
}


@dataclass(frozen=True)
class TaskState:
    """Where one task stands.

    Attributes:
        name: the function to write, the question (q_…) or the written answer (w_…).
        kind: "code", "concept" or "written".
        points: what it can bring; None where nobody said.
        state: what is known of it.
        lines: what its check said, where it failed.
    """

    name: str
    kind: Kind
    points: float | None
    state: State
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Checked:
    passed: bool
    function: object


_checked: dict[str, _Checked] = {}


def remember(task: str, passed: bool, function: object = None) -> None:
    """Take down what the visible check of `task` has found last, and of which function."""
    _checked[task] = _Checked(passed, function)


def forget() -> None:
    """Know nothing of any task, as in a kernel that has just started."""
    _checked.clear()


def progress(notebook: str | os.PathLike[str] | None = None) -> None:
    """Print which tasks pass their visible checks in this kernel, and what is open.

    Args:
        notebook: the lab's file, which knows all tasks and their points. By default the notebook
            that this cell is in, where the front end says which that is; without a file, the tasks
            are those of the checks that were imported.

    Raises:
        NotebookError: if `notebook` is given and is no lab.
    """
    from dlcourse import notebook as files

    path = Path(notebook) if notebook is not None else _own_notebook()
    if path is None:
        tasks = [TaskState(name, kind_of(name), None, "unchecked") for name in _known_tasks()]
    else:
        tasks = files.saved_states(files.read(path))
    print(table([task if task.kind == "written" else _remembered(task) for task in tasks]))


def table(tasks: Sequence[TaskState]) -> str:
    """The tasks as text, a line each, and a summary.

    >>> print(table([TaskState("relu", "code", 3.0, "passed"),
    ...              TaskState("q_order", "concept", 1.0, "open")]))
    ✓ relu     3 points
    · q_order  1 point   not written yet
    visible checks pass for 3 of 3 points; questions answered for 0 of 1 point
    still open: q_order
    """
    if not tasks:
        return "no check has run yet in this kernel"
    names = max(len(task.name) for task in tasks)
    points = max(len(_points(task.points)) for task in tasks)
    lines = []
    for task in tasks:
        row = f"{_MARKS[task.state]} {task.name:{names}}  {_points(task.points):{points}}"
        lines.append(f"{row}  {_WORDS[task.state]}".rstrip())
        lines += [f"    {line}" for line in task.lines]
    unfinished = [task.name for task in tasks if task.state != "passed"]
    lines.append(_summary(tasks))
    words = f"still open: {', '.join(unfinished)}" if unfinished else "nothing is open"
    lines += textwrap.wrap(words, 90, subsequent_indent="  ", break_on_hyphens=False)
    return "\n".join(lines)


def _summary(tasks: Iterable[TaskState]) -> str:
    parts = []
    for kind, words in (
        ("code", "visible checks pass for"),
        ("concept", "questions answered for"),
        ("written", "texts written for"),
    ):
        those = [task for task in tasks if task.kind == kind]
        passed = [task for task in those if task.state == "passed"]
        if those and all(task.points is not None for task in those):
            reached, possible = (sum(task.points or 0 for task in some) for some in (passed, those))
            parts.append(f"{words} {reached:g} of {_points(possible)}")
        elif those:
            parts.append(f"{words} {len(passed)} of {len(those)}")
    return "; ".join(parts)


def _points(points: float | None) -> str:
    if points is None:
        return ""
    return f"{points:g} point" if points == 1 else f"{points:g} points"


def _remembered(task: TaskState) -> TaskState:
    """The task with what its check found in this kernel in place of what the file says."""
    checked = _checked.get(task.name)
    state: State = "unchecked"
    if checked is not None and not checked.passed:
        state = "failed"
    elif checked is not None:
        current = _user_names().get(task.name)
        replaced = callable(current) and checked.function is not None
        state = "changed" if replaced and current is not checked.function else "passed"
    return TaskState(task.name, task.kind, task.points, state)


def kind_of(name: str) -> Kind:
    """Of a task that is checked by itself: concept questions are named ``q_…``."""
    return "concept" if name.startswith("q_") else "code"


def _known_tasks() -> list[str]:
    """The tasks of the labs whose checks were imported, then whatever else was checked."""
    modules = [module for name, module in sorted(sys.modules.items()) if _is_lab_checks(name)]
    listed = [task for module in modules for task in getattr(module, "__all__", [])]
    return list(dict.fromkeys([*listed, *_checked]))


def _is_lab_checks(name: str) -> bool:
    package, _, lab = name.rpartition(".")
    return package == "dlcourse.checks" and lab.startswith("lab") and lab[3:].isdigit()


def _own_notebook() -> Path | None:
    """The file of the notebook that runs this, as Jupyter's server or VS Code tells it."""
    told = (_user_names().get("__vsc_ipynb_file__"), os.environ.get("JPY_SESSION_NAME"))
    for name in told:
        if isinstance(name, str) and name.endswith(".ipynb") and Path(name).is_file():
            return Path(name)
    return None


def _user_names() -> dict[str, Any]:
    """The names that the notebook's cells see; none outside of IPython."""
    ipython = sys.modules.get("IPython")
    get: Callable[[], Any] = getattr(ipython, "get_ipython", lambda: None)
    return getattr(get(), "user_ns", {})
