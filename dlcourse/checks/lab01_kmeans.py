"""Lab 01's visible checks of K-means: batch, one row at a time, minibatches."""

from __future__ import annotations

import numpy as np

from dlcourse.checks.properties import Function, run_properties
from dlcourse.testing import (
    CheckError,
    check_array,
    check_close,
    check_integers,
    check_tuple,
    describe,
)


def kmeans_assign(function: object) -> None:
    """Check ``kmeans_assign(X, centers) -> labels``."""
    run_properties(
        "kmeans_assign",
        function,
        [_assign_shape, _assign_by_hand, _assign_euclidean, _assign_shift],
    )


def kmeans_batch_step(function: object) -> None:
    """Check ``kmeans_batch_step(X, centers) -> centers``."""
    run_properties(
        "kmeans_batch_step", function, [_batch_step_by_hand, _batch_step_empty, _batch_step_rests]
    )


def kmeans_sgd_step(function: object) -> None:
    """Check ``kmeans_sgd_step(x, centers, counts) -> (centers, counts)``."""
    run_properties(
        "kmeans_sgd_step",
        function,
        [_sgd_step_by_hand, _sgd_step_others, _sgd_step_first, _sgd_step_mean],
    )


def kmeans_minibatch_step(function: object) -> None:
    """Check ``kmeans_minibatch_step(X, centers, counts) -> (centers, counts)``."""
    run_properties(
        "kmeans_minibatch_step",
        function,
        [_mini_step_by_hand, _mini_step_incoming, _mini_step_empty, _mini_step_fresh],
    )


def _assign_shape(function: Function) -> None:
    """There is one integer label a row."""
    rng = np.random.default_rng(1)
    labels = function(rng.normal(size=(7, 2)), rng.normal(size=(3, 2)))
    check_integers(labels, labels, "labels")
    if np.shape(labels) != (7,):
        raise CheckError(f"labels: expected shape (7,), got {np.shape(labels)}")


def _assign_by_hand(function: Function) -> None:
    """Rows at 0, 4, 9 and 11 go to the centres at 1 and 10."""
    X, centers = np.array([[0.0], [4.0], [9.0], [11.0]]), np.array([[1.0], [10.0]])
    labels = function(X, centers)
    if isinstance(labels, np.ndarray) and np.array_equal(labels, [1, 1, 0, 0]):
        raise CheckError("the rows go to the farthest centre")
    check_integers(labels, np.array([0, 0, 1, 1]), "labels")


def _assign_euclidean(function: Function) -> None:
    """Near is meant in Euclidean distance."""
    X = np.zeros((1, 2))
    first = function(X, np.array([[3.0, 3.0], [5.0, 0.0]]))
    second = function(X, np.array([[3.0, 3.0], [4.0, 0.0]]))
    check_integers(first, np.array([0]), "(3, 3) against (5, 0), seen from the origin")
    check_integers(second, np.array([1]), "(3, 3) against (4, 0), seen from the origin")


def _assign_shift(function: Function) -> None:
    """Moving rows and centres together changes no label."""
    rng = np.random.default_rng(1)
    X, centers, shift = rng.normal(size=(9, 2)), rng.normal(size=(4, 2)), np.array([50.0, -30.0])
    before, after = function(X, centers), function(X + shift, centers + shift)
    check_integers(after, np.asarray(before), "labels after the move")


def _batch_step_by_hand(function: Function) -> None:
    """Rows at 0, 2, 10, 14 move the centres from 1.5 and 11 to 1 and 12."""
    X, centers = np.array([[0.0], [2.0], [10.0], [14.0]]), np.array([[1.5], [11.0]])
    moved = function(X, centers)
    if isinstance(moved, np.ndarray) and np.array_equal(moved, centers):
        raise CheckError("no centre has moved")
    check_close(moved, np.array([[1.0], [12.0]]), "centers")


def _batch_step_empty(function: Function) -> None:
    """A centre to which no row is nearest stays where it is."""
    X, centers = np.array([[0.0, 0.0], [2.0, 2.0]]), np.array([[1.0, 0.0], [90.0, 80.0]])
    moved = function(X, centers)
    if isinstance(moved, np.ndarray) and moved.shape == (2, 2):
        if np.isnan(moved[1]).any():
            raise CheckError("the empty cluster has become NaN: a mean over no rows")
        if not np.array_equal(moved[1], centers[1]):
            raise CheckError("the centre of the empty cluster has moved", f"to {moved[1]}")
    check_close(moved, np.array([[1.0, 1.0], [90.0, 80.0]]), "centers")


def _batch_step_rests(function: Function) -> None:
    """Centres that are the means of their own rows stay, and float32 stays float32."""
    X = np.array([[0, 1], [0, 3], [8, 0], [10, 0], [9, 3]], dtype=np.float32)
    centers = np.array([[0, 2], [9, 1]], dtype=np.float32)
    check_close(function(X, centers), centers, "centers", rtol=1e-5)


def _check_centers(value: object, centers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    moved, counts = check_tuple(value, 2, "(centers, counts)")
    check_array(moved, centers.shape, "centers")
    assert isinstance(moved, np.ndarray)
    if not (isinstance(counts, np.ndarray) and counts.shape == (len(centers),)):
        raise CheckError(f"counts: expected an array ({len(centers)},), got {describe(counts)}")
    if counts.dtype.kind == "f" and np.array_equal(counts, np.round(counts)):
        # a count is a count, in whichever type it is kept
        counts = counts.astype(np.int64)
    return moved, counts


def _sgd_step_by_hand(function: Function) -> None:
    """A centre at 0 with count 1 that is given x = 2 has count 2 and stands at 1."""
    centers, counts = np.array([[0.0, 0.0], [10.0, 10.0]]), np.array([1, 1])
    moved, counted = _check_centers(function(np.array([2.0, 0.0]), centers, counts), centers)
    if np.allclose(moved[0], [2.0, 0.0]):
        raise CheckError("the centre jumps onto x: count this row before you divide by the count")
    if np.allclose(moved[0], [-2.0, 0.0]) or moved[0, 0] < 0:
        raise CheckError("the centre moves away from x")
    check_integers(counted, np.array([2, 1]), "counts")
    check_close(moved[0], np.array([1.0, 0.0]), "the nearest centre")


def _sgd_step_others(function: Function) -> None:
    """Only the nearest centre moves, and only its count goes up."""
    centers, counts = np.array([[0.0, 1.0], [4.0, 4.0], [9.0, 0.0]]), np.array([3, 5, 2])
    moved, counted = _check_centers(function(np.array([4.0, 5.0]), centers, counts), centers)
    if not np.array_equal(moved[[0, 2]], centers[[0, 2]]):
        raise CheckError("a centre has moved that is not the nearest to x")
    check_integers(counted, np.array([3, 6, 2]), "counts")


def _sgd_step_first(function: Function) -> None:
    """A centre with count 0 is replaced by the first row that it is given."""
    centers, counts = np.array([[0.0], [8.0]]), np.array([0, 0])
    moved, counted = _check_centers(function(np.array([5.0]), centers, counts), centers)
    check_integers(counted, np.array([0, 1]), "counts")
    check_close(moved, np.array([[0.0], [5.0]]), "centers")


def _sgd_step_mean(function: Function) -> None:
    """After any number of rows a lone centre is their mean."""
    rows = np.random.default_rng(3).normal(size=(7, 2))
    centers, counts = np.zeros((1, 2)), np.array([0])
    for x in rows:
        centers, counts = _check_centers(function(x, centers, counts), centers)
    check_close(centers[0], rows.mean(axis=0), "the centre after 7 rows")


def _mini_step_by_hand(function: Function) -> None:
    """A centre at 0 with count 2 that is given rows at 3 and 6 has count 4 and stands at 2.25."""
    centers, counts = np.array([[0.0], [50.0]]), np.array([2, 7])
    X = np.array([[3.0], [6.0]])
    moved, counted = _check_centers(function(X, centers, counts), centers)
    if np.isclose(moved[0, 0], 4.5):
        raise CheckError("the centre forgets what it was: the rows counted before have a share too")
    check_integers(counted, np.array([4, 7]), "counts")
    check_close(moved, np.array([[2.25], [50.0]]), "centers")


def _mini_step_incoming(function: Function) -> None:
    """All rows are assigned before any centre moves."""
    # Taken one after the other, the first row would pull centre 0 close enough to catch the second.
    centers, counts = np.array([[0.0], [10.0]]), np.array([0, 0])
    moved, counted = _check_centers(function(np.array([[4.5], [6.0]]), centers, counts), centers)
    if counted.tolist() == [2, 0]:
        raise CheckError("the second row went to a centre that had moved: assign all rows first")
    check_integers(counted, np.array([1, 1]), "counts")
    check_close(moved, np.array([[4.5], [6.0]]), "centers")


def _mini_step_empty(function: Function) -> None:
    """A centre that is given no row stays as it is, even with count 0."""
    centers, counts = np.array([[0.0, 0.0], [50.0, 50.0]]), np.array([1, 0])
    X = np.array([[1.0, 1.0]])
    value = check_tuple(function(X, centers, counts), 2, "(centers, counts)")
    if isinstance(value[0], np.ndarray) and np.isnan(value[0]).any():
        raise CheckError("a centre without rows has become NaN: nothing is divided by no rows")
    moved, counted = _check_centers(value, centers)
    check_close(moved[1], centers[1], "the centre without rows")
    check_integers(counted, np.array([2, 0]), "counts")


def _mini_step_fresh(function: Function) -> None:
    """A fresh centre, count 0, becomes the mean of its rows; float32 stays float32."""
    X = np.random.default_rng(5).normal(size=(6, 2)).astype(np.float32)
    centers, counts = np.zeros((1, 2), dtype=np.float32), np.array([0])
    moved, counted = _check_centers(function(X, centers, counts), centers)
    check_integers(counted, np.array([6]), "counts")
    check_close(moved[0], X.mean(axis=0), "the centre", rtol=1e-5, atol=1e-6)
