"""What a student's functions answered in one hidden test, and whether two answers agree.

Answers are kept as copies, of large arrays some entries, up to a bound: a student decides how large
they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.probes import size
from dlcourse.testing import CheckError

MOST_BYTES = 1 << 20  # of one test; of what comes after, only that it came
MOST_ENTRIES = 1024
_PLACE = " (at: "
_CLOSE = {"f8": 1e-7, "c16": 1e-7, "f4": 1e-4, "c8": 1e-4, "f2": 1e-2}


@dataclass(frozen=True)
class Opaque:
    """A value of which only the kind is kept."""

    kind: str


NOT_KEPT = Opaque("not kept")


@dataclass(frozen=True)
class Sampled:
    """A large array, of which some entries are kept, spread over all rows and columns."""

    shape: tuple[int, ...]
    entries: np.ndarray


@dataclass(frozen=True)
class Call:
    """One call of a student's function: the value that came, or the words of what it raised."""

    function: str
    value: object = None
    raised: str = ""


class Recorded:
    """A student whose calls are written down: attributes are the student's functions."""

    def __init__(self, student: Any) -> None:
        self._student = student
        self._calls: list[Call] = []
        self._room = MOST_BYTES

    def __getattr__(self, name: str) -> Callable[..., Any]:
        function = getattr(self._student, name)

        def call(*args: object, **kwargs: object) -> Any:
            try:
                value = function(*args, **kwargs)
            except CheckError as error:
                self._calls.append(Call(name, raised=error.message.partition(_PLACE)[0]))
                raise
            kept = _copy(value) if self._room > 0 else NOT_KEPT
            self._room -= _size(kept)
            self._calls.append(Call(name, kept))
            return value

        return call

    def take(self) -> tuple[Call, ...]:
        """The calls since the last time that they were taken."""
        calls, self._calls, self._room = tuple(self._calls), [], MOST_BYTES
        return calls


def agree(one: tuple[Call, ...], other: tuple[Call, ...]) -> bool:
    """Whether two transcripts of one test are those of the same behaviour, but for rounding."""
    return len(one) == len(other) and all(
        a.function == b.function and a.raised == b.raised and same(a.value, b.value)
        for a, b in zip(one, other, strict=True)
    )


def same(one: object, other: object) -> bool:
    """Whether two kept values are equal within rounding; lists and tuples are of one kind."""
    if isinstance(one, np.ndarray | np.generic) or isinstance(other, np.ndarray | np.generic):
        return _same_numbers(one, other)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        pairs = zip(one, other, strict=False)
        return len(one) == len(other) and all(same(a, b) for a, b in pairs)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, int | float) and isinstance(other, int | float):
        return isinstance(one, bool) == isinstance(other, bool) and _same_numbers(one, other)
    if isinstance(one, Sampled) and isinstance(other, Sampled):
        return one.shape == other.shape and _same_numbers(one.entries, other.entries)
    return type(one) is type(other) and one == other


def _same_numbers(one: Any, other: Any) -> bool:
    """Equal in shape and dtype (a NumPy scalar and a Python number are alike), and in values."""
    kinds = (np.ndarray, np.generic, int, float)
    if not (isinstance(one, kinds) and isinstance(other, kinds)):
        return False
    arrays = isinstance(one, np.ndarray), isinstance(other, np.ndarray)
    a, b = np.asarray(one), np.asarray(other)
    if arrays[0] != arrays[1] or a.shape != b.shape or (all(arrays) and a.dtype != b.dtype):
        return False
    if "b" in (a.dtype.kind, b.dtype.kind) and a.dtype != b.dtype:
        return False
    loosest = max(_CLOSE.get(array.dtype.str[1:], 0.0) for array in (a, b))
    finite = np.abs(b[np.isfinite(b)]) if b.dtype.kind in "fc" else np.zeros(0)
    scale = float(finite.max()) if finite.size else 0.0
    return bool(np.isclose(a, b, rtol=0, atol=loosest * scale, equal_nan=True).all())


def _copy(value: object) -> object:
    """A value as it is now, in kinds that can be compared."""
    if isinstance(value, np.ndarray):
        if value.size > MOST_ENTRIES:
            step = value.size // MOST_ENTRIES | 1  # odd, so that it is no multiple of a width
            return Sampled(value.shape, value.reshape(-1)[::step].copy())
        return value.copy()
    if isinstance(value, tuple | list):
        return [_copy(entry) for entry in value]
    if isinstance(value, dict):
        return {key: _copy(entry) for key, entry in value.items()}
    if value is None or isinstance(value, bool | int | float | str | set | np.generic):
        return value
    # what stays in another process stands here with the name of its type
    kind = "function" if callable(value) else getattr(value, "type_name", type(value).__name__)
    return Opaque(kind)


def _size(kept: object) -> int:
    return size(kept.entries if isinstance(kept, Sampled) else kept)
