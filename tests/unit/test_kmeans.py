"""K-means against scikit-learn and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn.cluster import KMeans, MiniBatchKMeans

from dlcourse.backend import to_numpy
from dlcourse.kmeans import (
    kmeans_assign,
    kmeans_batch_step,
    kmeans_loss,
    kmeans_minibatch_step,
    kmeans_sgd_step,
)

every_array_kind = pytest.mark.parametrize(
    ("library", "dtype"),
    [(np, "float32"), (np, "float64"), (torch, "float32"), (torch, "float64")],
)
seeds = st.integers(0, 10_000)


def rows_and_centers(seed=0, n=60, k=4, dim=3):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, dim)), rng.standard_normal((k, dim))


@given(seed=seeds, n=st.integers(1, 40), k=st.integers(1, 6), dim=st.integers(1, 5))
def test_each_row_is_given_to_the_centre_that_scipy_finds_nearest(seed, n, k, dim):
    X, centers = rows_and_centers(seed, n, k, dim)
    np.testing.assert_array_equal(kmeans_assign(X, centers), cdist(X, centers).argmin(axis=1))


def test_of_centres_at_one_distance_the_first_is_taken():
    X = np.zeros((1, 2))
    centers = np.array([[2.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    assert kmeans_assign(X, centers).tolist() == [1]


def test_single_precision_tells_near_centres_apart_even_far_from_the_origin():
    X, centers = rows_and_centers()
    X, centers = (np.round(a, 2).astype(np.float32) + np.float32(8192) for a in (X, centers))
    exact = cdist(X.astype(np.float64), centers.astype(np.float64)).argmin(axis=1)
    np.testing.assert_array_equal(kmeans_assign(X, centers), exact)


@given(seed=seeds)
@settings(max_examples=20, deadline=None)
def test_the_loss_is_scikit_learns_inertia_a_row(seed):
    X, centers = rows_and_centers(seed)
    fitted = KMeans(4, init=centers, n_init=1, max_iter=5).fit(X)
    assert kmeans_loss(X, fitted.cluster_centers_) == pytest.approx(fitted.inertia_ / len(X))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("seed", range(5))
def test_a_batch_step_is_one_iteration_of_scikit_learn(seed):
    X, _ = rows_and_centers(seed)
    centers = X[:4]  # so that no cluster is empty, which scikit-learn treats otherwise
    fitted = KMeans(4, init=centers, n_init=1, max_iter=1, algorithm="lloyd").fit(X)
    np.testing.assert_allclose(kmeans_batch_step(X, centers), fitted.cluster_centers_, rtol=1e-10)


@given(seed=seeds, k=st.integers(1, 8))
def test_a_batch_step_never_raises_the_loss(seed, k):
    X, centers = rows_and_centers(seed, n=20, k=k)
    before, after = kmeans_loss(X, centers), kmeans_loss(X, kmeans_batch_step(X, centers))
    assert after <= before * (1 + 1e-12)


def test_a_centre_without_rows_stays_in_every_kind_of_step():
    X = np.array([[0.0, 0.0], [1.0, 0.0]])
    centers, counts = np.array([[0.5, 0.0], [9.0, 9.0]]), np.array([0, 0])
    steps = [
        kmeans_batch_step(X, centers),
        kmeans_sgd_step(X[0], centers, counts)[0],
        kmeans_minibatch_step(X, centers, counts)[0],
    ]
    for moved in steps:
        np.testing.assert_array_equal(moved[1], [9.0, 9.0])


@pytest.mark.parametrize("seed", range(5))
def test_minibatch_steps_are_scikit_learns_partial_fits(seed):
    X, centers = rows_and_centers(seed)
    reference = MiniBatchKMeans(4, init=centers, n_init=1, reassignment_ratio=0.0, batch_size=12)
    counts = np.zeros(4, dtype=np.int64)
    for rows in np.split(np.arange(60), 5):
        reference.partial_fit(X[rows])
        centers, counts = kmeans_minibatch_step(X[rows], centers, counts)
        np.testing.assert_allclose(centers, reference.cluster_centers_, rtol=1e-9)
    assert counts.sum() == 60


@given(seed=seeds)
@settings(max_examples=30)
def test_sgd_makes_each_centre_the_mean_of_the_rows_it_was_given(seed):
    X, centers = rows_and_centers(seed, n=30)
    counts, given_to = np.zeros(4, dtype=np.int64), [[] for _ in range(4)]
    start = centers
    for x in X:
        given_to[cdist(x[None], centers).argmin()].append(x)
        centers, counts = kmeans_sgd_step(x, centers, counts)
    assert counts.tolist() == [len(rows) for rows in given_to]
    for k, rows in enumerate(given_to):
        expected = np.mean(rows, axis=0) if rows else start[k]
        np.testing.assert_allclose(centers[k], expected, rtol=1e-9, atol=1e-12)


@given(seed=seeds)
@settings(max_examples=30)
def test_an_sgd_step_is_a_minibatch_step_of_one_row(seed):
    X, centers = rows_and_centers(seed)
    counts = np.random.default_rng(seed).integers(0, 5, 4)
    by_row = kmeans_sgd_step(X[0], centers, counts)
    by_batch = kmeans_minibatch_step(X[:1], centers, counts)
    np.testing.assert_allclose(by_row[0], by_batch[0], rtol=1e-10, atol=1e-12)
    np.testing.assert_array_equal(by_row[1], by_batch[1])


def test_all_rows_of_a_minibatch_are_assigned_before_a_centre_moves():
    # Were rows assigned one after the other, the first would draw centre 0 over to the second.
    X = np.array([[4.0], [7.0]])
    centers, counts = kmeans_minibatch_step(X, np.array([[0.0], [10.0]]), np.array([0, 1]))
    np.testing.assert_allclose(centers, [[4.0], [8.5]])
    assert counts.tolist() == [1, 2]


@every_array_kind
@pytest.mark.parametrize("count_dtype", ["int64", "float"])
def test_library_and_dtypes_are_kept_and_no_argument_changes(library, dtype, count_dtype):
    arrays = rows_and_centers()
    X, centers = (library.asarray(a, dtype=getattr(library, dtype)) for a in arrays)
    counts = library.asarray(
        [1, 2, 3, 4], dtype=getattr(library, dtype if count_dtype == "float" else "int64")
    )
    labels = kmeans_assign(X, centers)
    assert type(labels) is type(X)
    assert labels.dtype == library.int64
    by_row, by_batch = (
        kmeans_sgd_step(X[0], centers, counts),
        kmeans_minibatch_step(X, centers, counts),
    )
    for moved in (kmeans_batch_step(X, centers), by_row[0], by_batch[0]):
        assert type(moved) is type(X)
        assert moved.dtype == X.dtype
    for counted in (by_row[1], by_batch[1]):
        assert type(counted) is type(X)
        assert counted.dtype == counts.dtype
    expected = kmeans_minibatch_step(*arrays, np.array([1, 2, 3, 4]))[0]
    np.testing.assert_allclose(to_numpy(by_batch[0]), expected, rtol=1e-4, atol=1e-5)
    assert isinstance(kmeans_loss(X, centers), float)
    np.testing.assert_array_equal(to_numpy(centers), arrays[1].astype(dtype))
    np.testing.assert_array_equal(to_numpy(X), arrays[0].astype(dtype))
    np.testing.assert_array_equal(to_numpy(counts), [1, 2, 3, 4])
