"""What lab 08's visible checks ask of every divergence: a mean over the batch, and its slopes."""

from __future__ import annotations

import numpy as np

from dlcourse.checks.properties import Function
from dlcourse.testing import CheckError, DType, check_array, check_close, check_number, check_tuple


def loss_and_slopes(
    value: object, at: np.ndarray, name: str, dtype: DType | None = None
) -> tuple[float, np.ndarray]:
    """`value` is a pair of one finite number and an array of the shape of `at`."""
    loss, slopes = check_tuple(value, 2, f"(loss, {name})")
    if isinstance(loss, np.ndarray) and loss.ndim and loss.shape == at.shape[: loss.ndim]:
        kind = "entry" if loss.ndim > 1 else "row"
        raise CheckError(f"loss: one number for each {kind}; one for the whole batch is meant")
    number = check_number(loss, "loss")
    check_array(slopes, at.shape, name, dtype=dtype)
    assert isinstance(slopes, np.ndarray)
    return number, slopes


def check_loss(
    loss: float, expected: float, wrong: list[tuple[float, str]], rtol: float = 1e-7
) -> None:
    """`loss` is `expected`; one of the `wrong` ones is told why it is wrong."""
    for value, why in wrong:
        if np.isclose(loss, value):
            raise CheckError(f"loss: {why}", f"got {loss:.6g}, expected {expected:.6g}")
    check_close(loss, expected, "loss", rtol=rtol)


def check_slopes(function: Function, at: np.ndarray, other: np.ndarray, name: str) -> None:
    """The derivative is the slope of the function's own loss, entry by entry."""
    _, told = loss_and_slopes(function(at, other), at, name)
    h, measured = 1e-5, np.empty_like(at)
    for index in np.ndindex(*at.shape):
        step = np.zeros_like(at)
        step[index] = h
        above, _ = loss_and_slopes(function(at + step, other), at, name)
        below, _ = loss_and_slopes(function(at - step, other), at, name)
        measured[index] = (above - below) / (2 * h)
    for factor, why in (
        (-1.0, "points downhill: the sign is the wrong way round"),
        (2.0, "is twice as long as it should be"),
        (0.5, "is half as long as it should be"),
        (float(len(at)), "lacks the 1/N that the mean over the batch brings"),
        (1.0 / len(at), "has the 1/N of the mean over the batch once too often"),
    ):
        if np.allclose(told, factor * measured, rtol=1e-4, atol=1e-7):
            raise CheckError(f"{name} {why}")
    check_close(told, measured, name, rtol=1e-5, atol=1e-7)


def check_batch_mean(function: Function, at: np.ndarray, other: np.ndarray, name: str) -> None:
    """Rows that come three times over leave the loss as it is, and share the slopes."""
    once, slopes = loss_and_slopes(function(at, other), at, name)
    thrice = np.concatenate([at] * 3), np.concatenate([other] * 3)
    repeated, shared = loss_and_slopes(function(*thrice), thrice[0], name)
    if np.isclose(repeated, 3 * once) and once:
        raise CheckError("the loss is a sum over the batch; the mean over its rows is meant")
    check_close(repeated, once, "loss of the rows three times over", rtol=1e-6)
    if np.allclose(shared[: len(at)], slopes) and slopes.any():
        raise CheckError(f"{name} lacks the 1/N that the mean over the batch brings")
    check_close(shared[: len(at)], slopes / 3, f"{name} of the rows three times over", rtol=1e-6)


def check_float32(function: Function, at: np.ndarray, other: np.ndarray, name: str) -> None:
    """The derivative has the dtype float32, as the arguments have."""
    value = function(at.astype(np.float32), other)
    loss_and_slopes(value, at, name, dtype=np.float32)
