"""What the visible checks of a multilayer perceptron ask in more than one lab."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.testing import CheckError, check_array, check_tuple, describe

Weights = list[tuple[np.ndarray, np.ndarray]]
"""A pair (W, b) for each layer, from the input on."""


def in_float32(weights: Weights) -> Weights:
    """The weights rounded to single precision."""
    return [(W.astype(np.float32), b.astype(np.float32)) for W, b in weights]


def gradients(value: object, weights: Weights) -> Weights:
    """The pairs (dW, db) that `value` holds, once they have the number and shapes of `weights`."""
    if not isinstance(value, list | tuple):
        raise CheckError(f"expected a list of pairs (dW, db), got {describe(value)}")
    if len(value) != len(weights):
        raise CheckError(f"expected a pair for each of {len(weights)} layers, got {len(value)}")
    found: list[tuple[Any, ...]] = [
        check_tuple(pair, 2, f"layer {k}") for k, pair in enumerate(value)
    ]
    shapes = [W.shape for W, _ in weights]
    if [np.shape(dW) for dW, _ in found] == shapes[::-1] != shapes:
        raise CheckError("the pairs come last layer first; give them in the order of weights")
    for k, ((dW, db), (W, b)) in enumerate(zip(found, weights, strict=True)):
        check_array(dW, W.shape, f"dW of layer {k}", dtype=W.dtype)
        check_array(db, b.shape, f"db of layer {k}", dtype=b.dtype)
    return [(np.asarray(dW), np.asarray(db)) for dW, db in found]
