"""The reference solutions of a lab as functions, from its source notebook. Trusted code, run here.

For measuring the hidden tests and for known mistakes; never beside a student's code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from autograder.labs import Lab


@lru_cache(maxsize=16)
def reference_names(lab: Lab) -> Mapping[str, Any]:
    """What the locked cells and the reference solutions of the notebook define."""
    names: dict[str, Any] = {"__name__": lab.name}
    graded = {*lab.code_tasks(), *(cell.name for cell in lab.cells if cell.kind == "locked")}
    for cell in lab.cells:
        if cell.kind in ("locked", "solution") and cell.name in graded:
            exec(compile(cell.source, cell.name, "exec", dont_inherit=True), names)
    return MappingProxyType(names)


def reference_source(lab: Lab, task: str) -> str:
    """The solution cell of a task, with its solution."""
    return next(c.source for c in lab.cells if c.kind == "solution" and c.name == task)


def function_of(
    source: str, task: str, names: Mapping[str, Any] | None = None
) -> Callable[..., Any]:
    """The function `task` that a solution cell defines among `names`."""
    own = dict(names or {})
    exec(compile(source, task, "exec", dont_inherit=True), own)
    function: Callable[..., Any] = own[task]
    return function
