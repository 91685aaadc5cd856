"""Cutting a training set into minibatches: arrays of row numbers, a new cut each epoch."""

from __future__ import annotations

import numpy as np

from dlcourse.backend import Array, to_numpy


def minibatches(T: int, batch_size: int, rng: np.random.Generator) -> list[np.ndarray]:
    """The rows 0 … T−1 in random order, cut into pieces of `batch_size`.

    Args:
        T: the number of rows.
        batch_size: b, the rows of a minibatch.
        rng: gives the order, by one ``rng.permutation(T)``.

    Returns:
        ⌈T/b⌉ arrays of row numbers, each row in exactly one; the last array may be short.

    >>> [len(rows) for rows in minibatches(10, 4, np.random.default_rng(0))]
    [4, 4, 2]

    Source: 000 and 002, "Incremental Update: Mini-batch update".
    """
    order = rng.permutation(T)
    return [order[start : start + batch_size] for start in range(0, T, batch_size)]


def class_balanced_batches(
    labels: Array, batch_size: int, rng: np.random.Generator
) -> list[np.ndarray]:
    """Minibatches that each hold all classes, as evenly as their numbers of rows allow.

    There are as many batches as `minibatches` gives, n = ⌈T/b⌉. The numbers of rows of one class
    in any two of them differ by at most one: a class of m rows puts ⌊m/n⌋ or ⌈m/n⌉ into each. No
    batch has more than b rows, and the sizes, too, differ by at most one. So where b does not
    divide T all batches are a little short, and not the last alone: a short last batch could not
    hold its share of every class.

    Args:
        labels: (T,) integers, the class of each row.
        batch_size: b, the most rows of a minibatch.
        rng: gives which rows of a class come together, and the order within each batch.

    Returns:
        ⌈T/b⌉ arrays of row numbers, each row in exactly one.

    >>> labels = np.array([0] * 6 + [1] * 3)
    >>> batches = class_balanced_batches(labels, 3, np.random.default_rng(0))
    >>> [np.bincount(labels[rows]).tolist() for rows in batches]
    [[2, 1], [2, 1], [2, 1]]

    Source: 004, "Shuffling examples".
    """
    labels = to_numpy(labels)
    count = -(-len(labels) // batch_size)
    order = rng.permutation(len(labels))
    by_class = order[np.argsort(labels[order], kind="stable")]
    # Dealing like cards spreads every run of equal labels evenly, and the sizes with them.
    return [rng.permutation(by_class[first::count]) for first in range(count)]
