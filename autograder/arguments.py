"""What a hidden test hands over: arrays made, copied and rounded, and looked at afterwards."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from dlcourse.testing import check_close, check_unchanged

Shape = tuple[int, ...]
Layers = list[tuple[np.ndarray, np.ndarray]]
"""The weights and biases of a network: (W, b) for each layer, from the input on."""


def mixed(
    rng: np.random.Generator, shape: Shape, *, low: float = 0.2, high: float = 2.5
) -> np.ndarray:
    """As many positive entries as negative ones, in random places, none nearer to 0 than `low`."""
    signs = 2 * rng.permutation(math.prod(shape)).reshape(shape) % 4 - 1
    numbers: np.ndarray = signs * rng.uniform(low, high, size=shape)
    return numbers


def copies(*arrays: np.ndarray) -> list[np.ndarray]:
    """The arrays again, for a student to spoil: that costs points in one test alone."""
    return [array.copy() for array in arrays]


def copied_layers(layers: Layers) -> Layers:
    """The layers again, for a student to spoil."""
    return [(W.copy(), b.copy()) for W, b in layers]


def in_float32(*arrays: np.ndarray) -> list[np.ndarray]:
    """The arrays rounded to single precision."""
    return [array.astype(np.float32) for array in arrays]


def layers_in_float32(layers: Layers) -> Layers:
    """The layers rounded to single precision."""
    return [(W.astype(np.float32), b.astype(np.float32)) for W, b in layers]


def check_same_arguments(before: Iterable[np.ndarray], **after: np.ndarray) -> None:
    """None of the arguments was changed; `before` has copies of them, in this order."""
    for old, (name, new) in zip(before, after.items(), strict=True):
        check_unchanged(old, new, name)


def check_same_layers(before: Layers, after: Sequence[tuple[np.ndarray, np.ndarray]]) -> None:
    """No weight and no bias of the layers was changed; `before` has copies of them."""
    for (old_W, old_b), (W, b) in zip(before, after, strict=True):
        check_same_arguments((old_W, old_b), weights=W, biases=b)


def check_single(actual: object, expected: np.ndarray | float, name: str) -> None:
    """`actual` is `expected` within what float32 allows."""
    check_close(actual, expected, name, rtol=1e-4, atol=1e-5)
