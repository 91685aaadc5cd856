"""Lab 05's visible checks of what is done at test time: scaled weights, all masks, some masks."""

from __future__ import annotations

import numpy as np

from dlcourse.backend import Array
from dlcourse.checks.properties import Function, run_properties
from dlcourse.testing import CheckError, check_array, check_close, check_that, check_tuple


def weight_scaling(function: object) -> None:
    """Check ``weight_scaling(W, keep)``."""
    run_properties(
        "weight_scaling", function, [_scaling_by_hand, _scaling_in_the_mean, _scaling_float32]
    )


def exact_ensemble(function: object) -> None:
    """Check ``exact_ensemble(W, b, x, keep)``."""
    run_properties(
        "exact_ensemble",
        function,
        [
            _ensemble_one_input,
            _ensemble_by_hand,
            _ensemble_ends,
            _ensemble_shapes,
            _ensemble_float32,
        ],
    )


def mc_dropout(function: object) -> None:
    """Check ``mc_dropout(predict, x, samples, rng) -> (mean, std)``."""
    run_properties(
        "mc_dropout",
        function,
        [_mc_calls, _mc_by_hand, _mc_entries, _mc_one_sample, _mc_float32],
    )


def _scaling_by_hand(function: Function) -> None:
    """Four weights at keep = 0.8: by hand."""
    W = np.array([[1.0, -2.0], [0.0, 5.0]])
    found = function(W, 0.8)
    check_array(found, (2, 2), "W")
    if np.allclose(found, W):
        raise CheckError("the weights are what they were")
    if np.allclose(found, W / 0.8):
        raise CheckError("the weights have grown; with all inputs on, each must count for less")
    if np.allclose(found, 0.2 * W):
        raise CheckError("scaled by the probability of going off; keep is that of staying on")
    check_close(found, np.array([[0.8, -1.6], [0.0, 4.0]]), "W")


def _scaling_in_the_mean(function: Function) -> None:
    """With two inputs the scaled layer gives what the 4 masks give in the mean, keep = 0.5."""
    W, x = np.array([[2.0, -1.0], [4.0, 3.0]]), np.array([1.0, 2.0])
    found = function(W, 0.5)
    check_array(found, (2, 2), "W")
    # By hand, the sums of the 4 masks: (0, 0), (2, −1), (8, 6) and (10, 5).
    check_close(x @ found, np.array([5.0, 2.5]), "the sums by the scaled weights")


def _scaling_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    W = np.array([[1.0, -2.0], [0.0, 5.0]], dtype=np.float32)
    check_array(function(W, 0.5), (2, 2), "W", dtype=np.float32)


def _ensemble_one_input(function: Function) -> None:
    """One input of 10, keep = 0.25: the two subnetworks put out 12 and 2, the mean is 4.5."""
    found = function(np.ones((1, 1)), np.array([2.0]), np.array([10.0]), 0.25)
    check_array(found, (1,), "the mean output")
    if np.allclose(found, 7.0):
        raise CheckError("both masks count alike; how likely is each, if keep is 0.25?")
    if np.allclose(found, 9.5):
        raise CheckError("the probabilities of on and off are exchanged")
    if np.allclose(found, 3.0):
        raise CheckError("the subnetwork without inputs is left out; it puts out the bias, in full")
    if np.allclose(found, 12.0):
        raise CheckError("nothing is divided by keep in this sum")
    if np.allclose(found, 2.5):
        raise CheckError("the bias is lost: every subnetwork has it, in full")
    check_close(found, np.array([4.5]), "the mean output")


def _ensemble_by_hand(function: Function) -> None:
    """Two inputs, keep = 0.25: four masks, two units, by hand."""
    W, b, x = np.array([[1.0, 0.0], [2.0, -1.0]]), np.array([1.0, 3.0]), np.array([1.0, 2.0])
    found = function(W, b, x, 0.25)
    check_array(found, (2,), "the mean output")
    # Outputs (1, 3), (2, 3), (5, 1) and (6, 1), with probabilities 9, 3, 3 and 1 of 16.
    if np.allclose(found, [3.5, 2.0]):
        raise CheckError("all masks count alike; how likely is each, if keep is 0.25?")
    if np.allclose(found, [4.75, 1.5]):
        raise CheckError("the probabilities of on and off are exchanged")
    if np.allclose(found, np.array([30.0, 39.0]) / 16):
        raise CheckError("a mask is left out: that of all ones belongs in the sum")
    if np.allclose(found, np.array([27.0, 13.0]) / 16):
        raise CheckError("a mask is left out: that of all zeros belongs in the sum")
    check_close(found, np.array([2.25, 2.5]), "the mean output")


def _ensemble_ends(function: Function) -> None:
    """With keep = 1 it is the whole layer, with keep = 0 the bias alone."""
    W, b, x = np.arange(6.0).reshape(3, 2), np.array([1.0, -1.0]), np.array([1.0, -2.0, 1.0])
    check_close(function(W, b, x, 1.0), np.array([1.0, -1.0]), "keep = 1: the mean output")
    check_close(function(W, b, x, 0.0), b, "keep = 0: the mean output")


def _ensemble_shapes(function: Function) -> None:
    """Ten inputs, so 1,024 masks, and three units: a mean for each unit."""
    W, b = np.ones((10, 3)) * np.array([1.0, 2.0, 0.0]), np.array([0.0, 1.0, 7.0])
    found = function(W, b, np.ones(10), 0.5)
    check_close(found, np.array([5.0, 11.0, 7.0]), "the mean output")


def _ensemble_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    W, b = np.ones((4, 2), dtype=np.float32), np.zeros(2, dtype=np.float32)
    found = function(W, b, np.ones(4, dtype=np.float32), 0.5)
    check_array(found, (2,), "the mean output", dtype=np.float32)


class _Replies:
    """A predict whose answers are given beforehand; it notes what it is called with."""

    def __init__(self, *replies: Array) -> None:
        self.replies = replies
        self.given: list[tuple[object, object]] = []

    def __call__(self, x: object, rng: object) -> Array:
        self.given.append((x, rng))
        return self.replies[(len(self.given) - 1) % len(self.replies)].copy()


def _mc(
    function: Function, predict: object, x: object, samples: int, rng: np.random.Generator
) -> tuple[object, object]:
    mean, std = check_tuple(function(predict, x, samples, rng), 2, "(mean, std)")
    return mean, std


def _mc_calls(function: Function) -> None:
    """It calls predict `samples` times, each time with x and the very rng that it was given."""
    x, rng, predict = np.array([[1.0, 2.0]]), np.random.default_rng(0), _Replies(np.ones((1, 2)))
    _mc(function, predict, x, 7, rng)
    if len(predict.given) != 7:
        raise CheckError("predict is called too often or not often enough", str(len(predict.given)))
    for given, generator in predict.given:
        if generator is not rng:
            raise CheckError("predict gets another generator than yours: hand it the rng given")
        check_that(np.array_equal(np.asarray(given), x), "predict does not get x")


def _mc_by_hand(function: Function) -> None:
    """Predictions 1, 2, 3 and 6 have the mean 3 and the variance 14/4."""
    predict = _Replies(*(np.array([value]) for value in (1.0, 2.0, 3.0, 6.0)))
    mean, std = _mc(function, predict, np.zeros(1), 4, np.random.default_rng(0))
    check_close(mean, np.array([3.0]), "mean")
    check_array(std, (1,), "std")
    spread = np.asarray(std)
    if np.allclose(spread, np.sqrt(14 / 3)):
        raise CheckError("std divides by one less than the number of samples; divide by all")
    if np.allclose(spread, 3.5):
        raise CheckError("that is the variance; std is its root")
    if np.allclose(spread, np.sqrt(14 / 4 / 4)):
        raise CheckError("that is how far the mean may be off; std is the spread of predictions")
    check_close(std, np.array([np.sqrt(3.5)]), "std")


def _mc_entries(function: Function) -> None:
    """For predictions (2, 3) the mean and std are (2, 3), each entry over the samples alone."""
    low = np.array([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]])
    spread = np.array([[0.0, 1.0, 2.0], [0.0, 0.0, 3.0]])
    predict = _Replies(low, low + 2 * spread)
    mean, std = _mc(function, predict, np.zeros(3), 2, np.random.default_rng(0))
    check_close(mean, low + spread, "mean")
    check_close(std, spread, "std")


def _mc_one_sample(function: Function) -> None:
    """With one sample the mean is that prediction, and std is 0."""
    predict = _Replies(np.array([1.0, -2.0]))
    mean, std = _mc(function, predict, np.zeros(1), 1, np.random.default_rng(0))
    check_close(mean, np.array([1.0, -2.0]), "mean")
    check_close(std, np.zeros(2), "std")


def _mc_float32(function: Function) -> None:
    """Predictions in float32 give mean and std in float32."""
    predict = _Replies(np.ones((2, 2), dtype=np.float32))
    found = _mc(function, predict, np.zeros(1), 3, np.random.default_rng(0))
    for name, array in zip(("mean", "std"), found, strict=True):
        check_array(array, (2, 2), name, dtype=np.float32)
