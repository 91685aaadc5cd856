"""A student in this very process: the hidden tests' `student`, looked up in a plain namespace.

Not forgery-proof, since the functions run beside the tests; for writing hidden tests and for the
plain nbgrader kernel. The sandboxed one is `sandbox.student`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from autograder.grading import MissingFunction


class LocalStudent:
    """Attributes are the student's functions: ``student.sgd_epoch(...)``."""

    def __init__(self, namespace: Mapping[str, object]) -> None:
        self._namespace = namespace

    def __getattr__(self, name: str) -> Callable[..., Any]:
        function = self._namespace.get(name)
        if not callable(function):
            raise MissingFunction(name)
        return function
