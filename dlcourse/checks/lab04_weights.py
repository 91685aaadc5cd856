"""Lab 04's visible checks of weight normalization."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.properties import Function, run_properties
from dlcourse.testing import CheckError, DType, check_array, check_close, check_tuple

_V = np.array([[3.0, 1.0, 2.0], [4.0, -2.0, 0.0], [0.0, 2.0, -1.0]])
_G = np.array([10.0, 3.0, -0.5])
_DW = np.array([[1.0, 0.0, 2.0], [0.0, 3.0, 1.0], [-1.0, 1.0, 1.0]])


def weight_norm(function: object) -> None:
    """Check ``weight_norm(v, g) -> W``."""
    run_properties(
        "weight_norm",
        function,
        [_forward_by_hand, _forward_lengths, _forward_any_length, _forward_float32],
    )


def weight_norm_backward(function: object) -> None:
    """Check ``weight_norm_backward(dW, v, g) -> (dv, dg)``."""
    run_properties(
        "weight_norm_backward",
        function,
        [
            _backward_by_hand,
            _backward_orthogonal,
            _backward_along,
            _backward_lengths,
            _backward_float32,
        ],
    )


def _forward_by_hand(function: Function) -> None:
    """By hand, v = (3, 4) with g = 10 gives (6, 8)."""
    W = function(np.array([[3.0], [4.0]]), np.array([10.0]))
    check_array(W, (2, 1), "W")
    if np.allclose(W, [[1.2], [1.6]]):
        raise CheckError("v is divided by its squared length")
    if np.allclose(W, [[30 / 7], [40 / 7]]):
        raise CheckError("v is divided by the sum of its entries; its Euclidean length is meant")
    check_close(W, np.array([[6.0], [8.0]]), "W")


def _forward_lengths(function: Function) -> None:
    """Each column of W has the length |g|; a negative g turns it round."""
    W = function(_V, _G)
    check_array(W, _V.shape, "W")
    W = np.asarray(W)
    lengths = np.linalg.norm(W, axis=0)
    if np.isclose(np.linalg.norm(function(_V, np.ones(3))), 1.0):
        raise CheckError("all of v has one length together; each column has its own")
    if np.allclose(np.linalg.norm(function(_V, np.ones(3)), axis=1), 1.0):
        raise CheckError("the rows have length 1; a unit is a column")
    check_close(lengths, np.abs(_G), "the lengths of the columns")
    check_close(np.sign((W * _V).sum(axis=0)), np.sign(_G), "the direction of the columns")


def _forward_any_length(function: Function) -> None:
    """How long v is does not matter: a column times 1e-6 or 1e6 gives the same W."""
    W = function(_V, _G)
    check_array(W, _V.shape, "W")
    check_close(function(_V * np.array([1e-6, 1e6, 7.0]), _G), np.asarray(W), "W", rtol=1e-6)


def _forward_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    W = function(_V.astype(np.float32), _G.astype(np.float32))
    check_array(W, _V.shape, "W", dtype=np.float32)


def _gradients(
    value: object, shape: tuple[int, int], dtype: DType | None = None
) -> tuple[Any, ...]:
    dv, dg = check_tuple(value, 2, "(dv, dg)")
    check_array(dv, shape, "dv", dtype=dtype)
    check_array(dg, shape[1:], "dg", dtype=dtype)
    return dv, dg


def _backward_by_hand(function: Function) -> None:
    """With v = (3, 4), g = 10, dW = (1, 0): dg = 0.6 and dv = (1.28, −0.96)."""
    dv, dg = _gradients(
        function(np.array([[1.0], [0.0]]), np.array([[3.0], [4.0]]), np.array([10.0])), (2, 1)
    )
    for wrong, words in (
        (3.0, "v is not divided by its length"),
        (6.0, "dg has a factor g: W grows in proportion to g, whatever g is"),
    ):
        if np.isclose(dg[0], wrong):
            raise CheckError(f"dg: {words}")
    check_close(dg, np.array([0.6]), "dg")
    for wrong_dv, words in (
        ((2.0, 0.0), "the length of v is taken for a constant; it depends on v as well"),
        ((0.128, -0.096), "g is missing"),
        ((6.4, -4.8), "it is not divided by the length of v"),
        ((0.72, 0.96), "that is the part of dW along v; the rest is meant"),
    ):
        if np.allclose(dv[:, 0], wrong_dv):
            raise CheckError(f"dv: {words}")
    check_close(dv, np.array([[1.28], [-0.96]]), "dv")


def _backward_orthogonal(function: Function) -> None:
    """Each column of dv is orthogonal to that of v: along v nothing would change."""
    dv, _ = _gradients(function(_DW, _V, _G), _V.shape)
    if not np.any(dv):
        raise CheckError("dv is zero everywhere")
    check_close((np.asarray(dv) * _V).sum(axis=0), np.zeros(3), "the products of dv and v")


def _backward_along(function: Function) -> None:
    """A dW along v goes to g alone; one across v goes to dv alone, as g/‖v‖ of it."""
    v, g = np.array([[3.0], [4.0]]), np.array([-10.0])
    dv, dg = _gradients(function(2 * v, v, g), (2, 1))
    check_close(dg, np.array([10.0]), "dg of a dW of length 10 along v")
    check_close(dv, np.zeros((2, 1)), "dv of a dW along v")
    dv, dg = _gradients(function(np.array([[4.0], [-3.0]]), v, g), (2, 1))
    check_close(dg, np.zeros(1), "dg of a dW across v")
    check_close(dv, np.array([[-8.0], [6.0]]), "dv of a dW across v, g = −10")


def _backward_lengths(function: Function) -> None:
    """A v twice as long has half the dv and the same dg, for each unit by itself."""
    dv, dg = _gradients(function(_DW, _V, _G), _V.shape)
    longer = np.array([2.0, 1.0, 4.0])
    dv2, dg2 = _gradients(function(_DW, _V * longer, _G), _V.shape)
    check_close(dv2 * longer, dv, "dv of the longer v, times its factor")
    check_close(dg2, dg, "dg of the longer v")


def _backward_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    _gradients(function(*(a.astype(np.float32) for a in (_DW, _V, _G))), _V.shape, np.float32)
