"""The visible checks of lab NN: a function a task, to be called with the student's own."""

from __future__ import annotations

import numpy as np

from dlcourse.checks.properties import Function, run_properties
from dlcourse.testing import CheckError, check_array, check_close


def topic_mean(function: object) -> None:
    """Check ``topic_mean(values, weights)``."""
    run_properties(
        "topic_mean",
        function,
        [_mean_shape, _mean_by_hand, _mean_of_any_scale, _mean_float32],
    )


def _rows(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(5, 3)), rng.uniform(0.5, 2.0, size=5)


def _mean_shape(function: Function) -> None:
    """It returns one row."""
    values, weights = _rows(1)
    check_array(function(values, weights), (3,), "the mean")


def _mean_by_hand(function: Function) -> None:
    """Of 2 and 6, with weights 3 and 1, it is 3."""
    mean = function(np.array([[2.0], [6.0]]), np.array([3.0, 1.0]))
    if np.allclose(mean, 4.0):
        raise CheckError("the mean: the rows count alike; use the weights")
    check_close(mean, np.array([3.0]), "the mean")


def _mean_of_any_scale(function: Function) -> None:
    """Twice the weights give the same mean."""
    values, weights = _rows(2)
    once = np.asarray(function(values, weights))
    check_close(function(values, 2 * weights), once, "the mean with twice the weights")


def _mean_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    values, weights = (array.astype(np.float32) for array in _rows(3))
    check_array(function(values, weights), (3,), "the mean", dtype=np.float32)
