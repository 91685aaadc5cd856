"""Gradient descent against torch's own autograd and SGD."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcourse.backend import to_numpy
from dlcourse.optim.gradient import gradient_descent, minibatch_epoch, sgd_epoch

every_array_kind = pytest.mark.parametrize(
    ("library", "dtype"),
    [(np, "float32"), (np, "float64"), (torch, "float32"), (torch, "float64")],
)


def mean_gradient(w, X, d):
    """Of ½·(x·w − d)², averaged over the rows."""
    return X.T @ (X @ w - d) / X.shape[0]


def problem(T=11, D=3, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal(D), rng.standard_normal((T, D)), rng.standard_normal(T)


def torch_sgd(w, X, d, batches, lr):
    """torch.optim.SGD over the given batches of rows, update j at the rate lr(j)."""
    weights = torch.tensor(w, requires_grad=True)
    optimizer = torch.optim.SGD([weights], lr=1.0)
    path = [w]
    for j, rows in enumerate(batches, start=1):
        optimizer.param_groups[0]["lr"] = lr(j)
        optimizer.zero_grad()
        loss = 0.5 * ((torch.tensor(X[rows]) @ weights - torch.tensor(d[rows])) ** 2).mean()
        loss.backward()
        optimizer.step()
        path.append(weights.detach().numpy().copy())
    return np.stack(path)


def falling_rate(j):
    return 0.3 / (1 + 0.1 * j)


def test_the_path_of_batch_gradient_descent_is_that_of_torch():
    w, X, d = problem()
    path = gradient_descent(mean_gradient, w, X, d, 0.2, 5)
    expected = torch_sgd(w, X, d, [np.arange(11)] * 5, lambda j: 0.2)
    np.testing.assert_allclose(path, expected, rtol=1e-12)


def test_no_steps_leave_a_path_of_the_start_alone():
    w, X, d = problem()
    np.testing.assert_array_equal(gradient_descent(mean_gradient, w, X, d, 0.2, 0), [w])


def test_an_sgd_epoch_is_torchs_in_the_same_order():
    w, X, d = problem()
    moved, j = sgd_epoch(mean_gradient, w, X, d, falling_rate, 0, np.random.default_rng(7))
    order = np.random.default_rng(7).permutation(11)
    expected = torch_sgd(w, X, d, [[i] for i in order], falling_rate)[-1]
    np.testing.assert_allclose(moved, expected, rtol=1e-12)
    assert j == 11


@given(T=st.integers(1, 20), batch_size=st.integers(1, 25), seed=st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_a_minibatch_epoch_is_torchs_on_the_same_minibatches(T, batch_size, seed):
    w, X, d = problem(T, seed=seed)
    order = np.random.default_rng(seed).permutation(T)
    batches = np.split(order, np.arange(batch_size, T, batch_size))
    rng = np.random.default_rng(seed)
    moved, j = minibatch_epoch(mean_gradient, w, X, d, batch_size, falling_rate, 0, rng)
    np.testing.assert_allclose(moved, torch_sgd(w, X, d, batches, falling_rate)[-1], rtol=1e-9)
    assert j == len(batches)


def test_minibatches_of_one_row_make_an_sgd_epoch():
    w, X, d = problem()
    by_row = sgd_epoch(mean_gradient, w, X, d, falling_rate, 3, np.random.default_rng(1))
    rng = np.random.default_rng(1)
    by_batch = minibatch_epoch(mean_gradient, w, X, d, 1, falling_rate, 3, rng)
    np.testing.assert_allclose(by_batch[0], by_row[0], rtol=1e-12)
    assert by_batch[1] == by_row[1] == 14


def test_a_minibatch_of_all_rows_makes_a_step_of_gradient_descent():
    w, X, d = problem()
    rng = np.random.default_rng(1)
    moved, j = minibatch_epoch(mean_gradient, w, X, d, 99, lambda j: 0.2, 0, rng)
    np.testing.assert_allclose(moved, gradient_descent(mean_gradient, w, X, d, 0.2, 1)[1])
    assert j == 1


@pytest.mark.parametrize("batch_size", [None, 4])
def test_the_rates_go_on_from_the_updates_already_made(batch_size):
    w, X, d = problem()
    asked = []

    def rate(j):
        asked.append(j)
        return 0.1

    rng = np.random.default_rng(0)
    if batch_size is None:
        sgd_epoch(mean_gradient, w, X, d, rate, 5, rng)
        assert asked == list(range(6, 17))
    else:
        minibatch_epoch(mean_gradient, w, X, d, batch_size, rate, 5, rng)
        assert asked == [6, 7, 8]


@every_array_kind
def test_library_and_dtype_are_kept_and_no_argument_changes(library, dtype):
    w, X, d = (library.asarray(a, dtype=getattr(library, dtype)) for a in problem())
    before = [to_numpy(a).copy() for a in (w, X, d)]
    results = [
        gradient_descent(mean_gradient, w, X, d, 0.1, 3),
        sgd_epoch(mean_gradient, w, X, d, falling_rate, 0, np.random.default_rng(0))[0],
        minibatch_epoch(mean_gradient, w, X, d, 4, falling_rate, 0, np.random.default_rng(0))[0],
    ]
    for result in results:
        assert type(result) is type(w)
        assert result.dtype == w.dtype
    reference = minibatch_epoch(
        mean_gradient, *problem(), 4, falling_rate, 0, np.random.default_rng(0)
    )[0]
    np.testing.assert_allclose(to_numpy(results[2]), reference, rtol=1e-4)
    for array, copy in zip((w, X, d), before, strict=True):
        np.testing.assert_array_equal(to_numpy(array), copy)
