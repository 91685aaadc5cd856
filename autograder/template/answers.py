"""Known mistakes and right variants of lab NN."""

from __future__ import annotations

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "topic_mean",
    says="Your rows count alike; the weights say how much each of them counts.",
)
def rows_counted_alike(values: Array, weights: Array) -> Array:
    return values.mean(axis=0)


@variant("topic_mean")
def rows_added_up(values: Array, weights: Array) -> Array:
    total = np.zeros_like(values[0])
    for row, weight in zip(values, weights, strict=True):
        total += weight * row
    return total / weights.sum()
