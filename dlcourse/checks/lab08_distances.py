"""Lab 08's visible checks of the distances to a target: squared and absolute."""

from __future__ import annotations

import numpy as np

from dlcourse.checks.lab08_slopes import (
    check_batch_mean,
    check_float32,
    check_loss,
    check_slopes,
    loss_and_slopes,
)
from dlcourse.checks.properties import Function, run_properties
from dlcourse.testing import CheckError, check_close


def l2_divergence(function: object) -> None:
    """Check ``l2_divergence(y, d) -> (loss, dy)``."""
    run_properties(
        "l2_divergence",
        function,
        [_l2_by_hand, _l2_at_target, _distance_mean, _distance_slopes, _distance_float32],
    )


def l1_divergence(function: object) -> None:
    """Check ``l1_divergence(y, d) -> (loss, dy)``."""
    run_properties(
        "l1_divergence",
        function,
        [_l1_by_hand, _l1_at_kink, _distance_mean, _distance_slopes, _distance_float32],
    )


def _outputs_and_targets() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    d = rng.normal(size=(4, 3))
    sides = np.resize([1.0, -1.0, -1.0, 1.0, -1.0], d.shape)
    return d + sides * rng.uniform(0.2, 2.0, size=d.shape), d


def _l2_by_hand(function: Function) -> None:
    """Outputs (1, 5) and (0, 0) for targets (3, 1) and (0, 6): the loss is 28."""
    y, d = np.array([[1.0, 5.0], [0.0, 0.0]]), np.array([[3.0, 1.0], [0.0, 6.0]])
    loss, dy = loss_and_slopes(function(y, d), y, "dy")
    wrong = [
        (14.0, "it is half as large as it should be: a ½, or a mean over the outputs too"),
        (56.0, "it is a sum over the batch; the mean over its rows is meant"),
        (6.0, "the differences are not squared"),
        (56.0**0.5, "it is a length; the squared length is meant"),
        ((20.0**0.5 + 6.0) / 2, "it is a length; the squared length is meant"),
    ]
    check_loss(loss, 28.0, wrong)
    if np.allclose(dy, [[2.0, -4.0], [0.0, 6.0]]):
        raise CheckError("dy points downhill; it should point where the loss rises")
    check_close(dy, np.array([[-2.0, 4.0], [0.0, -6.0]]), "dy")


def _l2_at_target(function: Function) -> None:
    """At the target loss and derivative are 0; three times as far off costs nine times as much."""
    y, d = _outputs_and_targets()
    loss, dy = loss_and_slopes(function(d, d), d, "dy")
    check_close(loss, 0.0, "loss at the target")
    check_close(dy, np.zeros_like(d), "dy at the target")
    once, near = loss_and_slopes(function(y, d), d, "dy")
    thrice, far = loss_and_slopes(function(d + 3 * (y - d), d), d, "dy")
    check_close(thrice, 9 * once, "loss three times as far from the target")
    check_close(far, 3 * near, "dy three times as far from the target")


def _l1_by_hand(function: Function) -> None:
    """Outputs (1, 5) and (2, 0) for targets (3, 1) and (1, 6): the loss is 6.5."""
    y, d = np.array([[1.0, 5.0], [2.0, 0.0]]), np.array([[3.0, 1.0], [1.0, 6.0]])
    loss, dy = loss_and_slopes(function(y, d), y, "dy")
    wrong = [
        (3.25, "it is half as large as it should be: is there a mean over the outputs too?"),
        (13.0, "it is a sum over the batch; the mean over its rows is meant"),
        (-1.5, "signs cancel: an output too high and one too low should both cost"),
        (28.5, "the differences are squared; their sizes are meant"),
    ]
    check_loss(loss, 6.5, wrong)
    if np.allclose(dy, [[0.5, -0.5], [-0.5, 0.5]]):
        raise CheckError("dy points downhill; it should point where the loss rises")
    if np.allclose(dy, np.array([[-2.0, 4.0], [1.0, -6.0]]) / 2):
        raise CheckError("dy grows with the distance; the slope of |x| does not")
    check_close(dy, np.array([[-0.5, 0.5], [0.5, -0.5]]), "dy")


def _l1_at_kink(function: Function) -> None:
    """Where an output meets its target exactly, dy is finite and no steeper than beside it."""
    y, d = np.array([[2.0, 1.0], [0.0, -3.0]]), np.array([[2.0, 0.0], [0.0, -3.0]])
    with np.errstate(invalid="ignore", divide="ignore"):
        loss, dy = loss_and_slopes(function(y, d), y, "dy")
    check_close(loss, 0.5, "loss of outputs (2, 1), (0, −3) for targets (2, 0), (0, −3)")
    check_close(dy[0, 1], 0.5, "dy beside the target")
    if not (np.abs(dy) <= 0.5 + 1e-9).all():
        raise CheckError("dy at the target is steeper than beside it")


def _distance_mean(function: Function) -> None:
    """It is a mean over the batch: the same rows three times over have the same loss."""
    check_batch_mean(function, *_outputs_and_targets(), "dy")


def _distance_slopes(function: Function) -> None:
    """Finite differences of your own loss agree with dy."""
    check_slopes(function, *_outputs_and_targets(), "dy")


def _distance_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    y, d = _outputs_and_targets()
    check_float32(function, y, d.astype(np.float32), "dy")
