"""Lab 05's visible checks of masks, and of dropout forward and backward."""

from __future__ import annotations

import numpy as np

from dlcourse.checks.properties import Function, run_properties
from dlcourse.testing import CheckError, check_array, check_close, check_that, describe


def dropout_mask(function: object) -> None:
    """Check ``dropout_mask(shape, keep, rng)``."""
    run_properties(
        "dropout_mask",
        function,
        [_mask_form, _mask_certain, _mask_share, _mask_independent, _mask_follows_rng],
    )


def dropout_forward(function: object) -> None:
    """Check ``dropout_forward(y, mask, keep)``."""
    run_properties(
        "dropout_forward",
        function,
        [_forward_by_hand, _forward_keeps_all, _forward_mean, _forward_dtypes],
    )


def dropout_backward(function: object) -> None:
    """Check ``dropout_backward(dout, mask, keep)``."""
    run_properties(
        "dropout_backward",
        function,
        [_backward_by_hand, _backward_keeps_all, _backward_scaling, _backward_dtypes],
    )


def _mask(
    function: Function, shape: tuple[int, ...], keep: float, rng: np.random.Generator
) -> np.ndarray:
    """A mask, once its shape is right and its entries are 0 and 1."""
    mask = function(shape, keep, rng)
    if not isinstance(mask, np.ndarray):
        raise CheckError(f"mask: expected an array, got {describe(mask)}")
    if mask.shape != shape:
        raise CheckError(f"mask: expected shape {shape}, got {mask.shape}")
    found = np.unique(mask)
    if 0 < keep < 1 and len(found) == 2 and np.allclose(found, [0, 1 / keep]):
        raise CheckError("the ones are divided by keep already; a mask is of 0 and 1 only")
    if not np.isin(found, [0, 1]).all():
        raise CheckError("mask: there are entries other than 0 and 1", f"such as {found[0]:.3g}")
    return mask


def _mask_form(function: Function) -> None:
    """A mask is an array of 0 and 1, float64, of the shape asked for."""
    for shape in ((3, 4), (5,), (2, 3, 4)):
        mask = _mask(function, shape, 0.5, np.random.default_rng(0))
        check_array(mask, shape, "mask", dtype=np.float64)


def _mask_certain(function: Function) -> None:
    """With keep = 1 all units stay on, with keep = 0 none does."""
    for keep in (1.0, 0.0):
        mask = _mask(function, (50, 4), keep, np.random.default_rng(1))
        if (mask == 1 - keep).all():
            raise CheckError("keep is the probability of a 1; here it is that of a 0")
        check_that((mask == keep).all(), f"with keep = {keep:g} some entries are not {keep:g}")


def _mask_share(function: Function) -> None:
    """With keep = 0.8 about 80 % of 40,000 entries are on."""
    share = float(_mask(function, (4000, 10), 0.8, np.random.default_rng(2)).mean())
    if abs(share - 0.2) < 0.02:
        raise CheckError("20 % are on: keep is the probability of staying on, not of going off")
    if abs(share - 0.5) < 0.02:
        raise CheckError("half of them are on, whatever keep is")
    if abs(share - 0.8) > 0.02:
        raise CheckError("the share of units that are on is wrong", f"{share:.3f} instead of 0.8")


def _mask_independent(function: Function) -> None:
    """Each entry has a draw of its own: no two rows or columns are bound together."""
    mask = _mask(function, (2000, 8), 0.5, np.random.default_rng(3))
    if (mask == mask.flat[0]).all():
        raise CheckError("one draw decides for all entries; each needs its own")
    if (mask == mask[0]).all():
        raise CheckError("all rows are off at the same places: each row needs draws of its own")
    if (mask == mask[:, :1]).all():
        raise CheckError("a row is on or off as a whole: each unit needs a draw of its own")
    if np.ptp(mask.sum(axis=1)) == 0 or np.ptp(mask.sum(axis=0)) == 0:
        raise CheckError("the same number is on each time: let every entry decide for itself")
    if mask.mean(axis=0).std() > 0.05 or mask.mean(axis=1).std() > 0.25:
        raise CheckError("some rows or columns are on more often than others")


def _mask_follows_rng(function: Function) -> None:
    """The draws come from rng: the seed decides them, and the next mask is another."""
    rng = np.random.default_rng(4)
    first, second = (_mask(function, (6, 9), 0.5, rng) for _ in range(2))
    again = _mask(function, (6, 9), 0.5, np.random.default_rng(4))
    other = _mask(function, (6, 9), 0.5, np.random.default_rng(5))
    if np.array_equal(first, second) or np.array_equal(first, other):
        raise CheckError("the mask is the same each time: draw from the rng that you are given")
    if not np.array_equal(first, again):
        raise CheckError("the same seed gives another mask: draw from the rng given, only")


_Y = np.array([[1.0, -2.0, 3.0], [4.0, 5.0, 0.0]])
_MASK = np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]])
_KEPT = np.array([[1.0, -2.0, 0.0], [0.0, 5.0, 0.0]])
"""_Y where _MASK is 1, by hand, before anything is scaled."""


def _forward_by_hand(function: Function) -> None:
    """Six outputs, two of them off, keep = 0.8: by hand."""
    found = function(_Y, _MASK, 0.8)
    check_array(found, (2, 3), "the output")
    _check_scale(np.asarray(found))
    check_close(found, 1.25 * _KEPT, "the output")


def _forward_keeps_all(function: Function) -> None:
    """With keep = 1 and a mask of ones the outputs come out as they are."""
    check_close(function(_Y, np.ones((2, 3)), 1.0), _Y, "the output")


def _forward_mean(function: Function) -> None:
    """A unit with output 1 is still 1 in the mean over the 4 masks of 2 units, keep = 0.5."""
    masks = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    found = function(np.ones((4, 2)), masks, 0.5)
    check_array(found, (4, 2), "the output")
    check_close(np.asarray(found).mean(axis=0), np.ones(2), "the mean over the masks")


def _forward_dtypes(function: Function) -> None:
    """float32 in gives float32 out, be the mask of float64, of integers or of booleans."""
    _check_dtypes(function, _Y, "the output")


def _check_scale(found: np.ndarray) -> None:
    """Say which scale `found` has instead of 1/0.8, or that the mask acts wrongly."""
    if np.allclose(found, 1.25 * _Y) or np.allclose(found, _Y):
        raise CheckError("units that are off get through: where does the mask act?")
    if np.allclose(found, _KEPT):
        raise CheckError("nothing makes up for the units that are off: keep is not used")
    if np.allclose(found, 0.8 * _KEPT):
        raise CheckError("the entries shrink by keep; units that stay must make up for the others")
    if np.allclose(found, 5 * _KEPT):
        raise CheckError("scaled by the probability of going off; keep is that of staying on")
    if np.allclose(found, 1.25 * (_Y - _KEPT)):
        raise CheckError("the units that are on are set to zero: 1 means on")


def _check_dtypes(function: Function, array: np.ndarray, name: str) -> None:
    single = array.astype(np.float32)
    for dtype in (np.float64, np.int64, np.bool_):
        found = function(single, _MASK.astype(dtype), 0.8)
        if isinstance(found, np.ndarray) and found.dtype != np.float32:
            raise CheckError(
                f"{name}: float32 has become {found.dtype}; the mask has a dtype of its own",
                f"here {np.dtype(dtype)}",
            )
        check_close(found, np.float32(1.25) * _KEPT.astype(np.float32), name, rtol=1e-6)


def _backward_by_hand(function: Function) -> None:
    """Six derivatives, two of them of units that are off, keep = 0.8: by hand."""
    found = function(_Y, _MASK, 0.8)
    check_array(found, (2, 3), "the derivative")
    _check_scale(np.asarray(found))
    check_close(found, 1.25 * _KEPT, "the derivative")


def _backward_keeps_all(function: Function) -> None:
    """With keep = 1 and a mask of ones the derivative passes unchanged."""
    check_close(function(_Y, np.ones((2, 3)), 1.0), _Y, "the derivative")


def _backward_scaling(function: Function) -> None:
    """Moving an input by h moves an output that is on by 2h at keep = 0.5; one that is off, not."""
    dout, mask = np.array([3.0, 3.0]), np.array([1.0, 0.0])
    found = function(dout, mask, 0.5)
    check_array(found, (2,), "the derivative")
    if np.allclose(found, 3 * mask):
        raise CheckError("the forward pass divides by keep; the derivative must know of that")
    check_close(found, np.array([6.0, 0.0]), "the derivative")


def _backward_dtypes(function: Function) -> None:
    """float32 in gives float32 out, be the mask of float64, of integers or of booleans."""
    _check_dtypes(function, _Y, "the derivative")
