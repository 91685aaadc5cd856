"""Comparisons that do not fall into the usual traps, with words for the person who reads them.

``numpy.testing.assert_allclose`` passes an empty array against 3.0, a scalar against an array of
equal entries, and NaN against NaN. Here type, shape, dtype and finiteness are looked at first, then
the values, and the message says which of them failed.

A `CheckError` has three parts. `message` gives nothing away: it is all that a student sees of a
hidden test. `detail` holds the numbers: visible checks show it, and the instructor's log. `errors`
is for a map in a visible check.
"""

from __future__ import annotations

import math
from collections.abc import Sequence, Sized
from typing import Any, TypeAlias, cast

import numpy as np

from dlcourse.backend import Array, is_torch, to_numpy

DType: TypeAlias = "np.dtype[Any] | type[np.number[Any]]"
"""A dtype as NumPy's arrays have it, or the class of its numbers: ``np.float32``."""


class CheckError(AssertionError):
    """A property does not hold: `message` for everyone, the rest not in hidden tests.

    Attributes:
        message: in words what does not hold.
        detail: the numbers that came, and where.
        errors: of an array, the error of each entry where it is too large, 0 elsewhere; or None.
    """

    def __init__(self, message: str, detail: str = "", *, errors: np.ndarray | None = None) -> None:
        super().__init__(f"{message} ({detail})" if detail else message)
        self.message = message
        self.detail = detail
        self.errors = errors


def check_that(condition: object, message: str, detail: str = "") -> None:
    """Raise `CheckError(message, detail)` unless `condition` is exactly true.

    Only True (or NumPy's) passes: an array, or an object with a truth of its own, does not.
    """
    if not (isinstance(condition, bool | np.bool_) and condition):
        raise CheckError(message, detail)


def check_array(
    actual: object, shape: Sequence[int], name: str, *, dtype: DType | None = None
) -> None:
    """`actual` is an array of this shape, of floating dtype (or exactly `dtype`), and finite."""
    if not (type(actual) is np.ndarray or is_torch(actual)):
        raise CheckError(f"{name}: expected an array, got {describe(actual)}")
    array = to_numpy(actual)
    if array.shape != tuple(shape):
        raise CheckError(f"{name}: expected shape {tuple(shape)}, got {array.shape}")
    if dtype is not None and array.dtype != np.dtype(dtype):
        raise CheckError(f"{name}: expected dtype {np.dtype(dtype)}, got {array.dtype}")
    if dtype is None and array.dtype.kind != "f":
        raise CheckError(f"{name}: expected floating-point numbers, got dtype {array.dtype}")
    _check_finite(array, name)


def check_close(
    actual: object,
    expected: Array | float,
    name: str,
    *,
    rtol: float = 1e-7,
    atol: float = 1e-9,
) -> None:
    """`actual` equals `expected` within rtol·|expected| + atol, entry by entry.

    An expected array asks for an array of the same shape and the same dtype; an expected Python
    float for one number, be it a Python float, a NumPy scalar or an array without dimensions.

    Raises:
        CheckError: naming the first of type, shape, dtype, finiteness and values that is wrong.
    """
    if np.ndim(expected) == 0 and not isinstance(expected, np.ndarray):
        number = check_number(actual, name)
        _check_values(np.asarray(number), np.asarray(float(expected)), name, rtol, atol)
        return
    reference = to_numpy(expected)
    check_array(actual, reference.shape, name, dtype=reference.dtype)
    _check_values(to_numpy(actual), reference, name, rtol, atol)


def check_number(actual: object, name: str) -> float:
    """`actual` is one finite real number; returned as a float."""
    wrong_kind = CheckError(f"{name}: expected a number, got {describe(actual)}")
    if type(actual) is np.ndarray or is_torch(actual):
        array = to_numpy(actual)
        if array.ndim or array.dtype.kind not in "fiu":
            raise wrong_kind
        number = float(array)
    elif isinstance(actual, int | float | np.floating | np.integer) and type(actual) is not bool:
        try:
            number = float(actual)
        except OverflowError as error:
            raise wrong_kind from error
    else:
        raise wrong_kind
    if not math.isfinite(number):
        raise CheckError(f"{name}: the number is not finite", f"got {number}")
    return number


def check_integers(actual: object, expected: Array, name: str) -> None:
    """`actual` is an array of integers, of the shape and values of `expected`."""
    if not (type(actual) is np.ndarray or is_torch(actual)):
        raise CheckError(f"{name}: expected an array of integers, got {describe(actual)}")
    array, reference = to_numpy(actual), to_numpy(expected)
    if array.dtype.kind not in "iu":
        raise CheckError(f"{name}: expected integers, got dtype {array.dtype}")
    if array.shape != reference.shape:
        raise CheckError(f"{name}: expected shape {reference.shape}, got {array.shape}")
    wrong = array != reference
    if wrong.any():
        worst = _first(wrong)
        raise CheckError(
            f"{name}: {wrong.sum()} of {wrong.size} entries are wrong",
            f"the first at index {worst}: got {array[worst]}, expected {reference[worst]}",
        )


def check_bool(actual: object, expected: bool, name: str) -> None:
    """`actual` is the boolean `expected`, as bool or NumPy's."""
    if not isinstance(actual, bool | np.bool_):
        raise CheckError(f"{name}: expected True or False, got {describe(actual)}")
    if bool(actual) != expected:
        raise CheckError(f"{name}: the answer is wrong", f"got {actual}")


def check_tuple(actual: object, length: int, name: str) -> tuple[object, ...]:
    """`actual` is a tuple (or list) of `length` values; returned as a tuple."""
    if not isinstance(actual, tuple | list):
        raise CheckError(f"{name}: expected {length} values, got {describe(actual)}")
    if len(actual) != length:
        raise CheckError(f"{name}: expected {length} values, got {len(actual)}")
    return tuple(actual)


def check_unchanged(before: Array, after: Array, name: str) -> None:
    """The argument `name` was not changed by the call: `after` is bit for bit `before`."""
    same = before.dtype == after.dtype and before.shape == after.shape
    if not same or to_numpy(before).tobytes() != to_numpy(after).tobytes():
        raise CheckError(f"{name}: your function changes its argument; work on a new array")


def describe(value: object) -> str:
    """A few words for a value of the wrong kind: what it is, never what it holds.

    >>> describe(None), describe(np.zeros((2, 3))), describe([1, 2])
    ('None: is there a return?', 'an array of shape (2, 3)', 'a list of length 2')
    """
    if value is None:
        return "None: is there a return?"
    if type(value) is np.ndarray:
        return f"an array of shape {value.shape}" if value.ndim else "an array without dimensions"
    if type(value) in (list, tuple, dict, set):
        return f"a {type(value).__name__} of length {len(cast(Sized, value))}"
    # an object that stays in another process stands here with the name of its type
    name = getattr(value, "type_name", type(value).__name__)
    return f"an object of type {name}"


def _check_finite(array: np.ndarray, name: str) -> None:
    if array.dtype.kind not in "fc":
        return
    wrong = ~np.isfinite(array)
    if wrong.any():
        worst = _first(wrong)
        raise CheckError(
            f"{name}: {wrong.sum()} of {wrong.size} entries are not finite",
            f"the first at index {worst}: {array[worst]}",
        )


def _check_values(
    actual: np.ndarray, expected: np.ndarray, name: str, rtol: float, atol: float
) -> None:
    error = np.abs(actual - expected)
    wrong = ~(error <= atol + rtol * np.abs(expected))
    if not wrong.any():
        return
    if actual.ndim == 0:
        raise CheckError(
            f"{name}: the value is wrong",
            f"got {float(actual):.6g}, expected {float(expected):.6g}",
        )
    worst = tuple(int(i) for i in np.unravel_index(np.argmax(error), error.shape))
    raise CheckError(
        f"{name}: {wrong.sum()} of {wrong.size} entries are wrong",
        f"the worst at index {worst}: got {actual[worst]:.6g}, expected {expected[worst]:.6g}",
        errors=np.where(wrong, error, 0.0) if error.ndim <= 2 else None,
    )


def _first(wrong: np.ndarray) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(np.argmax(wrong), wrong.shape))
