"""Bootstraps, votes and averages against NumPy, SciPy and what theory says of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dlcourse.ensembles import (
    average_parameters,
    average_predictions,
    bias_variance,
    bootstrap_indices,
    majority_vote,
    out_of_bag,
)

seeds = st.integers(0, 2**32 - 1)


def test_a_bootstrap_keeps_63_per_cent_of_the_rows():
    indices = bootstrap_indices(2000, 20, np.random.default_rng(0))
    assert indices.shape == (20, 2000)
    kept = np.mean([len(np.unique(rows)) / 2000 for rows in indices])
    assert kept == pytest.approx(1 - math.exp(-1), abs=5e-3)


@settings(max_examples=30, deadline=None)
@given(seeds, st.integers(1, 40))
def test_every_row_is_either_in_the_bag_or_out_of_it(seed, n):
    (rows,) = bootstrap_indices(n, 1, np.random.default_rng(seed))
    assert set(rows) | set(out_of_bag(rows, n)) == set(range(n))
    assert not set(rows) & set(out_of_bag(rows, n))


@settings(max_examples=30, deadline=None)
@given(seeds, st.integers(1, 7), st.integers(1, 5))
def test_the_majority_is_scipys_mode(seed, members, classes):
    labels = np.random.default_rng(seed).integers(0, classes, (members, 20))
    vote = majority_vote(list(labels), classes)
    np.testing.assert_array_equal(vote, stats.mode(labels, axis=0).mode)


@settings(max_examples=30, deadline=None)
@given(seeds, st.integers(1, 6))
def test_error_is_bias_squared_plus_variance(seed, members):
    rng = np.random.default_rng(seed)
    predictions, truth = rng.normal(size=(members, 8, 2)), rng.normal(size=(8, 2))
    bias_squared, variance = bias_variance(predictions, truth)
    error = np.mean((predictions - truth) ** 2)
    assert bias_squared + variance == pytest.approx(error, rel=1e-10)
    ensemble = average_predictions(list(predictions))
    assert np.mean((ensemble - truth) ** 2) == pytest.approx(bias_squared, rel=1e-10)


def test_averaged_parameters_are_means_array_by_array():
    checkpoints = [[np.full((2, 3), float(k)), np.full(3, -float(k))] for k in (1, 2, 6)]
    W, b = average_parameters(checkpoints)
    np.testing.assert_array_equal(W, np.full((2, 3), 3.0))
    np.testing.assert_array_equal(b, np.full(3, -3.0))


FUNCTIONS = {
    "average_predictions": lambda a, b, _: average_predictions([a, b]),
    "average_parameters": lambda a, b, _: average_parameters([[a, b], [b, a]]),
    "bias_variance": lambda a, b, _: bias_variance(a, b[0]),
    "majority_vote": lambda a, b, labels: majority_vote([labels[0], labels[1], labels[2]], 3),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_kind_of_array_gives_the_same(name, agrees_with_numpy):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, (3, 10))
    agrees_with_numpy(FUNCTIONS[name], *rng.normal(size=(2, 4, 3)), labels)
