"""Lab 01's visible checks of cutting a training set into minibatches."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dlcourse.checks.properties import Function, run_properties
from dlcourse.testing import CheckError, check_that, describe


def minibatches(function: object) -> None:
    """Check ``minibatches(T, batch_size, rng) -> [index arrays]``."""
    run_properties(
        "minibatches",
        function,
        [_batches_are_index_arrays, _batches_partition, _batches_sizes, _batches_random],
    )


def class_balanced_batches(function: object) -> None:
    """Check ``class_balanced_batches(labels, batch_size, rng) -> [index arrays]``."""
    run_properties(
        "class_balanced_batches",
        function,
        [_balanced_partition, _balanced_sizes, _balanced_counts, _balanced_random],
    )


def _batches_are_index_arrays(function: Function) -> None:
    """It returns a list of one-dimensional arrays of integers."""
    _check_index_arrays(function(10, 4, np.random.default_rng(0)))


def _batches_partition(function: Function) -> None:
    """Each index 0 … T−1 stands in exactly one batch."""
    for T, batch_size in ((10, 4), (8, 4), (3, 5), (6, 1)):
        batches = _check_index_arrays(function(T, batch_size, np.random.default_rng(0)))
        check_each_once([int(i) for batch in batches for i in batch], T, "index")


def _batches_sizes(function: Function) -> None:
    """Every batch but the last has batch_size indices, and none is empty."""
    for T, batch_size, sizes in ((10, 4, [4, 4, 2]), (8, 4, [4, 4]), (3, 5, [3])):
        batches = _check_index_arrays(function(T, batch_size, np.random.default_rng(0)))
        found = [len(batch) for batch in batches]
        if 0 in found:
            raise CheckError("one batch is empty", f"T = {T}, batch_size = {batch_size}: {found}")
        if found == sizes[:-1]:
            raise CheckError("the short last batch is missing", f"{found} for T = {T}")
        if found != sizes:
            raise CheckError("the batches have the wrong sizes", f"{found} instead of {sizes}")


def _batches_random(function: Function) -> None:
    """The order comes from rng: the seed decides it, and the next epoch has another."""
    check_random(lambda rng: function(40, 8, rng))


def _labels() -> np.ndarray:
    """30 labels in runs, of three classes with 15, 9 and 6 rows."""
    return np.repeat(np.array([0, 5, 2]), [15, 9, 6])


def _balanced_partition(function: Function) -> None:
    """Each row stands in exactly one batch, and the batches are arrays of integers."""
    for labels, batch_size in ((_labels(), 10), (_labels()[:23], 5), (np.array([1, 1, 0]), 8)):
        batches = _check_index_arrays(function(labels, batch_size, np.random.default_rng(0)))
        check_each_once([int(i) for batch in batches for i in batch], len(labels), "row")


def _balanced_sizes(function: Function) -> None:
    """There are ⌈T/batch_size⌉ batches, none larger than batch_size."""
    for batch_size, count in ((10, 3), (7, 5), (30, 1), (64, 1)):
        batches = _check_index_arrays(function(_labels(), batch_size, np.random.default_rng(0)))
        largest = max(len(batch) for batch in batches)
        if largest > batch_size:
            raise CheckError("a batch has too many rows", f"{largest} instead of {batch_size}")
        if len(batches) != count:
            raise CheckError(
                "the number of batches is wrong",
                f"30 rows, batch_size = {batch_size}: {len(batches)} instead of {count}",
            )


def _balanced_counts(function: Function) -> None:
    """In any two batches the counts of one class differ by one at most."""
    for labels, batch_size in (
        (_labels(), 10),
        (_labels(), 7),
        (np.random.default_rng(2).permutation(_labels()), 6),
    ):
        batches = _check_index_arrays(function(labels, batch_size, np.random.default_rng(0)))
        for label in np.unique(labels):
            counts = [int((labels[batch] == label).sum()) for batch in batches]
            if max(counts) - min(counts) > 1:
                raise CheckError(f"class {label} is spread unevenly", f"a batch has {counts} of it")


def _balanced_random(function: Function) -> None:
    """Which rows of a class meet is drawn from rng, anew each epoch."""
    check_random(lambda rng: function(np.repeat(np.arange(4), 10), 8, rng))


def check_each_once(found: list[int], T: int, what: str) -> None:
    """0 … T−1 occur once each in `found`; `what` names one of them: "row", "index"."""
    outside = [i for i in found if not 0 <= i < T]
    if outside:
        raise CheckError(f"there is no {what} {outside[0]}", f"T = {T}")
    missing = sorted(set(range(T)) - set(found))
    if missing:
        raise CheckError(f"{what} {missing[0]} is not used", f"{len(missing)} of {T} are missing")
    if len(found) > T:
        raise CheckError(f"a {what} is used more than once", f"{len(found)} of them for T = {T}")


def _check_index_arrays(batches: object) -> list[np.ndarray]:
    if not isinstance(batches, list | tuple):
        raise CheckError(f"expected a list of index arrays, got {describe(batches)}")
    check_that(len(batches) > 0, "the list of batches is empty")
    for batch in batches:
        if not (isinstance(batch, np.ndarray) and batch.ndim == 1):
            raise CheckError(f"each batch is a one-dimensional array; one is {describe(batch)}")
        if batch.size and batch.dtype.kind not in "iu":
            raise CheckError(f"a batch holds indices, so integers; one has dtype {batch.dtype}")
    return list(batches)


def check_random(draw: Callable[[np.random.Generator], list[np.ndarray]]) -> None:
    """The batches that `draw` makes are shuffled, follow the seed, and change with each call."""

    def order(rng: np.random.Generator) -> list[int]:
        return [int(i) for batch in draw(rng) for i in batch]

    rng = np.random.default_rng(5)
    first, second, again, other = (
        order(rng),
        order(rng),
        order(np.random.default_rng(5)),
        order(np.random.default_rng(6)),
    )
    if first == sorted(first):
        raise CheckError("the rows come in the order in which they are stored: shuffle them")
    check_that(first == again, "the same seed gives other batches: draw from the rng given, only")
    if first in (second, other):
        raise CheckError("the batches are the same each time: draw from the rng that you are given")
