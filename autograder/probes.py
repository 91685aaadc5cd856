"""Functions that a hidden test hands to a student: some remember their calls, some cost nothing."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.sandbox.wire import SourceFunction
from dlcourse.testing import CheckError, check_that, describe

MAX_CALLS = 100_000
MAX_KEPT = 128 << 20
Shape = tuple[int | None, ...]


class Recorder:
    """A function for the student to call that remembers every call.

    The keywords name its parameters in order, each with the shape of array it takes (None for a
    free length), or None for anything::

        grad = Recorder(lambda w, X, d: X.T @ (X @ w - d) / len(X), w=(3,), X=(None, 3), d=(None,))
        student.sgd_epoch(grad, w, X, d, lr, 0, student_rng)
        rows = [call["X"] for call in grad.calls]

    Raises:
        CheckError: in the test, when the student calls it with other arguments than these.
    """

    def __init__(self, function: Callable[..., Any], **shapes: Shape | None) -> None:
        self._function = function
        self._shapes = shapes
        self.calls: list[dict[str, Any]] = []
        self._kept = 0

    def __call__(self, *args: object, **kwargs: object) -> Any:
        """Remember the arguments, copied, and answer as the function does."""
        call = self._bind(args, kwargs)
        for name, value in call.items():
            self._check_shape(name, value)
        if len(self.calls) >= MAX_CALLS:
            raise CheckError("your function calls the function that it is given far too often")
        self._kept += sum(map(size, call.values()))
        if self._kept > MAX_KEPT:
            raise CheckError("your function gives the function that it is given far too much")
        self.calls.append({name: _copy(value) for name, value in call.items()})
        return self._function(**call)

    def _bind(self, args: tuple[object, ...], kwargs: dict[str, object]) -> dict[str, object]:
        names = list(self._shapes)
        call = dict(zip(names, args, strict=False)) | kwargs
        if len(args) + len(kwargs) != len(names) or set(call) != set(names):
            raise CheckError(f"the function that you are given takes ({', '.join(names)})")
        return {name: call[name] for name in names}

    def _check_shape(self, name: str, value: object) -> None:
        shape = self._shapes[name]
        if shape is None:
            return
        wanted = f"({', '.join('n' if n is None else str(n) for n in shape)})"
        message = f"the function that you are given wants {name} of shape {wanted}"
        if type(value) is not np.ndarray:
            raise CheckError(f"{message}, and got {describe(value)}")
        fits = len(shape) == value.ndim and all(
            n is None or n == m for n, m in zip(shape, value.shape, strict=True)
        )
        check_that(fits, f"{message}, and got {value.shape}")


def by_source(function: Callable[..., Any]) -> SourceFunction:
    """Have `function` run on the student's side, so that calling it costs no way over the wire.

    A decorator, for functions that a test hands over and does not watch: what a student does with
    one, and to it, is not seen. It crosses as its source, knows NumPy as ``np`` and ``math``, and
    holds nothing that a student may not read::

        @by_source
        def falling_rate(j: int) -> float:
            return 0.3 / (1.0 + 0.5 * j)
    """
    definition = textwrap.dedent(inspect.getsource(function))
    source = definition[definition.index("def ") :]
    return SourceFunction.of(function.__name__, f"from __future__ import annotations\n{source}")


def _copy(value: object) -> object:
    return value.copy() if type(value) is np.ndarray else value


def size(value: object) -> int:
    """About how many bytes of memory a value takes that came over the wire."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, dict):
        return size(list(value)) + size(list(value.values()))
    if isinstance(value, list | tuple | set):
        return 64 + sum(map(size, value))
    return 64 + 4 * len(value) if isinstance(value, str) else 64
