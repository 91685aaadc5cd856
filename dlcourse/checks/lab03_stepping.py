"""What lab 03's visible checks ask of every step: what comes back, and that ε does its work.

ε may stand inside or outside the root, so numbers are compared where that makes no difference.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dlcourse.testing import CheckError, check_array, check_close, check_tuple

LOOSE = 1e-5
"""A relative tolerance that no place of ε exceeds, with slopes of 1 and more."""

Call = Callable[[np.ndarray, np.ndarray], object]
"""``call(w, grad)``: one step from fresh state, every other argument filled in."""


def check_step(value: object, like: np.ndarray, names: str) -> list[np.ndarray]:
    """One array a name in `names`, such as ``"(w, m, v)"``, of the shape and dtype of `like`."""
    if isinstance(value, np.ndarray) and value.shape == like.shape:
        raise CheckError(f"one array comes back; {names} are asked for")
    labels = names.strip("()").split(", ")
    arrays = check_tuple(value, len(labels), names)
    for array, label in zip(arrays, labels, strict=True):
        check_array(array, like.shape, label, dtype=like.dtype)
    return [np.asarray(array) for array in arrays]


def check_shapes(call: Call, names: str) -> None:
    """A vector and a matrix give back arrays of their own shape."""
    for shape in ((3,), (2, 3)):
        w = np.ones(shape)
        check_step(call(w, 2.0 * w), w, names)


def check_float32(call: Call, names: str) -> None:
    """float32 in gives float32 out."""
    w = np.full(3, 2.0, dtype=np.float32)
    check_step(call(w, w), w, names)


def check_rests(call: Call, names: str) -> None:
    """From fresh state a slope of exactly zero moves nothing, and gives no 0/0."""
    w, grad = np.array([1.0, -2.0]), np.array([0.0, 3.0])
    value = check_tuple(call(w, grad), len(names.split(", ")), names)
    if isinstance(value[0], np.ndarray) and value[0].shape == (2,) and np.isnan(value[0][0]):
        raise CheckError("w: a slope of zero gives 0/0 = NaN: where is eps?")
    moved = check_step(value, w, names)[0]
    check_close(moved[:1], w[:1], "w where the slope is zero", atol=1e-12)


def check_huge_eps(call: Call, names: str) -> None:
    """With eps = 1e12 below the line almost nothing moves."""
    w = np.array([1.0, -2.0])
    moved = check_step(call(w, np.array([3.0, 5.0])), w, names)[0]
    if np.abs(moved - w).max() > 1e-3:
        raise CheckError("eps makes no difference: use the one that is given")


def check_downhill(moved: np.ndarray, w: np.ndarray, grad: np.ndarray) -> None:
    """Each component moves against its slope."""
    if np.array_equal(moved, w):
        raise CheckError("w has not moved")
    if (np.sign(moved - w) == np.sign(grad)).all():
        raise CheckError("w moves uphill: look at the sign")
