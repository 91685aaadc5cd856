"""Lab 00's visible checks of maxout."""

from __future__ import annotations

import numpy as np

from dlcourse.checks.properties import Function, run_properties
from dlcourse.testing import (
    CheckError,
    check_array,
    check_close,
    check_integers,
    check_tuple,
    describe,
)


def maxout(function: object) -> None:
    """Check ``maxout(z) -> (y, winner)``."""
    run_properties(
        "maxout",
        function,
        [_maxout_shapes, _maxout_by_hand, _maxout_shuffled, _maxout_float32],
    )


def maxout_backward(function: object) -> None:
    """Check ``maxout_backward(dy, winner, pieces)``."""
    run_properties(
        "maxout_backward",
        function,
        [_back_shape, _back_by_hand, _back_sum, _back_float32],
    )


def _pair(value: object, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both y and winner, once they are (N, M) and winner holds integers."""
    y, winner = check_tuple(value, 2, "(y, winner)")
    check_array(y, z.shape[:2], "y", dtype=z.dtype)
    if not isinstance(winner, np.ndarray):
        raise CheckError(f"winner: expected an array of integers, got {describe(winner)}")
    if winner.shape == z.shape:
        raise CheckError("winner has an entry for each piece; an index for each unit is enough")
    check_integers(winner, np.broadcast_to(winner, z.shape[:2]), "winner")
    assert isinstance(y, np.ndarray)
    return y, winner


def _maxout_shapes(function: Function) -> None:
    """From z of shape (5, 3, 4) come y and winner of shape (5, 3), winner an integer each."""
    z = np.random.default_rng(1).normal(size=(5, 3, 4))
    _pair(function(z), z)


def _maxout_by_hand(function: Function) -> None:
    """Pieces (3, 7, 5) and (−4, −9, −6) give 7 from piece 1 and −4 from piece 0."""
    z = np.array([[[3.0, 7.0, 5.0], [-4.0, -9.0, -6.0]]])
    y, winner = _pair(function(z), z)
    if np.array_equal(y, [[7.0, 0.0]]):
        raise CheckError("a unit of negative pieces gives 0; its largest is meant, whatever sign")
    check_close(y, np.array([[7.0, -4.0]]), "y")
    if np.array_equal(winner, [[2, 1]]):
        raise CheckError("winner counts from 1; pieces are counted from 0")
    check_integers(winner, np.array([[1, 0]]), "winner")


def _maxout_shuffled(function: Function) -> None:
    """The pieces in another order: y stays, and winner moves with them."""
    rng = np.random.default_rng(2)
    z, order = rng.normal(size=(4, 3, 5)), np.array([3, 0, 4, 1, 2])
    y, winner = _pair(function(z), z)
    shuffled, moved = _pair(function(z[:, :, order]), z)
    check_close(shuffled, y, "y after the shuffle")
    check_integers(order[np.clip(moved, 0, 4)], winner, "winner after the shuffle")


def _maxout_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    z = np.random.default_rng(3).normal(size=(2, 3, 2)).astype(np.float32)
    _pair(function(z), z)


def _back_shape(function: Function) -> None:
    """The shape of dz is (N, M, pieces), even if the last pieces never win."""
    check_array(function(np.ones((2, 3)), np.zeros((2, 3), dtype=int), 4), (2, 3, 4), "dz")


def _back_by_hand(function: Function) -> None:
    """Of dy = (5, −6), won by pieces 2 and 0 of 3, come (0, 0, 5) and (−6, 0, 0)."""
    dz = function(np.array([[5.0, -6.0]]), np.array([[2, 0]]), 3)
    check_array(dz, (1, 2, 3), "dz")
    if np.array_equal(dz, [[[5.0] * 3, [-6.0] * 3]]):
        raise CheckError("every piece gets dy; those that lost had no part in y")
    if np.allclose(dz, [[[5 / 3] * 3, [-2.0] * 3]]):
        raise CheckError("dy is shared out; those that lost had no part in y")
    if np.array_equal(dz, [[[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]]):
        raise CheckError("dy is not used: the chain rule has two factors")
    check_close(dz, np.array([[[0.0, 0.0, 5.0], [-6.0, 0.0, 0.0]]]), "dz")


def _back_sum(function: Function) -> None:
    """A unit's pieces together get its dy, one of them all of it."""
    rng = np.random.default_rng(4)
    dy, winner = rng.normal(size=(6, 4)), rng.integers(0, 5, size=(6, 4))
    dz = function(dy, winner, 5)
    check_array(dz, (6, 4, 5), "dz")
    assert isinstance(dz, np.ndarray)
    check_close(dz.sum(axis=-1), dy, "the sum over a unit's pieces")
    check_integers((dz != 0).sum(axis=-1), np.ones((6, 4), dtype=int), "pieces that get something")
    check_integers(np.abs(dz).argmax(axis=-1), winner, "the piece that gets it")


def _back_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    dz = function(np.ones((2, 3), dtype=np.float32), np.zeros((2, 3), dtype=int), 2)
    check_array(dz, (2, 3, 2), "dz", dtype=np.float32)
