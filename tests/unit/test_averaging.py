"""Running averages, against closed forms and plain loops."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import binom

from dlcourse.backend import to_numpy
from dlcourse.optim.averaging import polynomial_decay_average, smoothed_loss

every_array_kind = pytest.mark.parametrize(
    ("library", "dtype"),
    [(np, "float32"), (np, "float64"), (torch, "float32"), (torch, "float64")],
)
some_losses = arrays(np.float64, st.integers(0, 30), elements=st.floats(-1e6, 1e6))


def average_of(weights, gamma):
    w_bar = np.zeros_like(weights[0])
    for t, w in enumerate(weights, start=1):
        w_bar = polynomial_decay_average(w_bar, w, t, gamma)
    return w_bar


def test_the_first_average_is_the_first_weights_whatever_came_before():
    w = np.array([1.0, -2.0])
    np.testing.assert_array_equal(polynomial_decay_average(np.full(2, 99.0), w, 1), w)


def test_gamma_zero_gives_the_plain_mean():
    weights = np.random.default_rng(0).standard_normal((20, 3))
    np.testing.assert_allclose(average_of(weights, 0.0), weights.mean(axis=0), rtol=1e-12)


@given(T=st.integers(1, 40), gamma=st.integers(0, 6), seed=st.integers(0, 99))
def test_weight_t_counts_in_proportion_to_a_rising_product(T, gamma, seed):
    weights = np.random.default_rng(seed).standard_normal((T, 2))
    shares = binom(np.arange(1, T + 1) + gamma - 1, gamma)
    expected = (shares[:, None] * weights).sum(axis=0) / shares.sum()
    np.testing.assert_allclose(average_of(weights, gamma), expected, rtol=1e-9, atol=1e-12)


def test_gamma_is_three_unless_given():
    w_bar, w = np.zeros(2), np.ones(2)
    np.testing.assert_allclose(polynomial_decay_average(w_bar, w, 5), np.full(2, 0.5))


@given(losses=some_losses, window=st.integers(1, 40))
def test_a_smoothed_loss_is_the_mean_of_the_last_ones(losses, window):
    smoothed = smoothed_loss(losses, window)
    assert smoothed.shape == losses.shape
    for k in range(len(losses)):
        last = losses[: k + 1][-window:]
        assert smoothed[k] == pytest.approx(sum(last) / len(last), rel=1e-9, abs=1e-6)


def test_one_enormous_loss_is_forgotten_once_it_leaves_the_window():
    losses = np.array([1.0, 1e300, 1.0, 2.0, 3.0])
    np.testing.assert_array_equal(smoothed_loss(losses, 2)[3:], [1.5, 2.5])


@every_array_kind
def test_library_and_dtype_are_kept_and_no_argument_changes(library, dtype):
    values = np.array([3.0, 1.0, 2.0, 0.5])
    w = library.asarray(values, dtype=getattr(library, dtype))
    w_bar = library.ones_like(w)
    average, smoothed = polynomial_decay_average(w_bar, w, 2), smoothed_loss(w, 2)
    for result in (average, smoothed):
        assert type(result) is type(w)
        assert result.dtype == w.dtype
    np.testing.assert_allclose(to_numpy(average), 0.2 + 0.8 * values, rtol=1e-6)
    np.testing.assert_allclose(to_numpy(smoothed), [3.0, 2.0, 1.5, 1.25], rtol=1e-6)
    np.testing.assert_array_equal(to_numpy(w), values)
    np.testing.assert_array_equal(to_numpy(w_bar), np.ones(4))
