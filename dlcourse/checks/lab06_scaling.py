"""Lab 06's visible checks of how signals scale: ReLU's second moment, and LSUV."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from dlcourse.checks.lab06_statistics import check_refused
from dlcourse.checks.properties import Function, run_properties
from dlcourse.testing import (
    CheckError,
    check_array,
    check_close,
    check_number,
    check_that,
    check_tuple,
)


def relu_second_moment(function: object) -> None:
    """Check ``relu_second_moment(depth, fan_in, std)``."""
    run_properties(
        "relu_second_moment",
        function,
        [_moment_by_hand, _moment_no_layer, _moment_chain, _moment_kept, _moment_drawn],
    )


def lsuv(function: object) -> None:
    """Check ``lsuv(x, weights, nonlinearity) -> weights``."""
    run_properties(
        "lsuv",
        function,
        [
            _unit_shapes,
            _unit_by_hand,
            _unit_everywhere,
            _unit_one_factor,
            _unit_other_name,
            _unit_float32,
        ],
    )


def _moment_by_hand(function: Function) -> None:
    """Sixteen inputs and std 0.25: each layer halves it, so three leave 0.125."""
    moment = check_number(function(3, 16, 0.25), "the second moment")
    for wrong, reason in (
        (1.0, "ReLU lets only a part of the second moment pass"),
        (0.125**0.5, "this is a root; the mean of y² is asked for"),
        (1.5, "layers multiply, one after the other"),
        (8.0, "the weights' standard deviation stands where its variance belongs"),
    ):
        if np.isclose(moment, wrong):
            raise CheckError(f"the second moment: {reason}")
    check_close(moment, 0.125, "the second moment")


def _moment_no_layer(function: Function) -> None:
    """Before the first layer it is 1, that of the input."""
    check_close(function(0, 7, 0.3), 1.0, "the second moment at depth 0")


def _moment_chain(function: Function) -> None:
    """Layers multiply: five of them are two and then three."""
    two, three, five = (
        check_number(function(n, 30, 0.2), f"the second moment at depth {n}") for n in (2, 3, 5)
    )
    check_close(five, two * three, "the second moment at depth 5")


def _moment_kept(function: Function) -> None:
    """100 inputs and a variance of 0.02 keep it at 1, through 50 layers."""
    check_close(function(50, 100, 0.02**0.5), 1.0, "the second moment at depth 50")


def _moment_drawn(function: Function) -> None:
    """One layer of 40,000 drawn units has the second moment that it says."""
    rng = np.random.default_rng(0)
    x = rng.choice([-1.0, 1.0], 50)
    y = np.maximum(x @ rng.normal(0.0, 0.3, (50, 40_000)), 0.0)
    check_close(function(1, 50, 0.3), float((y**2).mean()), "the second moment", rtol=0.08)


def _weights(value: object, given: list[np.ndarray]) -> list[np.ndarray]:
    weights = check_tuple(value, len(given), "the weights")
    for k, (W, before) in enumerate(zip(weights, given, strict=True), start=1):
        check_array(W, before.shape, f"W_{k}", dtype=before.dtype)
    return [np.asarray(W) for W in weights]


def _net(seed: int) -> tuple[np.ndarray, list[np.ndarray]]:
    rng = np.random.default_rng(seed)
    weights = [3 * rng.standard_normal(shape) for shape in pairwise((6, 8, 7, 5))]
    return rng.standard_normal((20, 6)) + 0.3, weights


def _unit_shapes(function: Function) -> None:
    """It returns a list with a matrix a layer, of the shapes that came in."""
    x, weights = _net(1)
    for nonlinearity in ("tanh", "relu"):
        _weights(function(x, weights, nonlinearity), weights)


def _unit_by_hand(function: Function) -> None:
    """ReLU, x = (2, −2), W_1 = 3, W_2 = 4: W_1 becomes 0.5, and then W_2 becomes 2."""
    given = [np.array([[3.0]]), np.array([[4.0]])]
    first, second = _weights(function(np.array([[2.0], [-2.0]]), given, "relu"), given)
    for wrong, reason in (
        (3 / 36, "divided by the variance; a standard deviation scales like the weights"),
        (1.0, "the std is to be taken of z, before the nonlinearity"),
        (18.0, "multiplied, where it should be divided"),
    ):
        if np.isclose(first.item(), wrong):
            raise CheckError(f"W_1: {reason}")
    if np.isclose(second.item(), 1 / 3):
        raise CheckError("W_2: measured on what W_1 gave before it was scaled")
    check_close(first, np.array([[0.5]]), "W_1")
    check_close(second, np.array([[2.0]]), "W_2")


def _unit_everywhere(function: Function) -> None:
    """With the new weights z has std 1 in every layer, over all its entries."""
    for nonlinearity in ("tanh", "relu"):
        x, given = _net(2)
        y = x
        for k, W in enumerate(_weights(function(x, given, nonlinearity), given), start=1):
            z = y @ W
            check_close(float(z.std()), 1.0, f'std(z_{k}) with "{nonlinearity}"')
            y = np.tanh(z) if nonlinearity == "tanh" else np.maximum(z, 0.0)


def _unit_one_factor(function: Function) -> None:
    """A layer's weights are all multiplied by one positive number."""
    x, given = _net(3)
    for k, (W, before) in enumerate(
        zip(_weights(function(x, given, "tanh"), given), given, strict=True), start=1
    ):
        factor = W / before
        check_that(factor.min() > 0, f"W_{k}: a sign has changed")
        check_that(
            np.allclose(factor, factor.flat[0]), f"W_{k}: one number for all its units is wanted"
        )


def _unit_other_name(function: Function) -> None:
    """A nonlinearity of another name raises a ValueError."""
    check_refused(function, *_net(4))


def _unit_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    x, weights = _net(4)
    narrow = [W.astype(np.float32) for W in weights]
    for nonlinearity in ("tanh", "relu"):
        _weights(function(x.astype(np.float32), narrow, nonlinearity), narrow)
