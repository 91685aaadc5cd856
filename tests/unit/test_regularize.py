"""Lab 07's functions against torch, SciPy's proximal problem, and their definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.optimize import minimize_scalar

from dlcourse.regularize import (
    activation_l1,
    clip_by_norm,
    clip_by_value,
    early_stopping,
    l1_penalty,
    l2_penalty,
    max_norm,
    noise_penalty,
    soft_threshold,
    weight_decay_step,
)

seeds = st.integers(0, 2**32 - 1)
# Below these limits products are subnormal, and have no relative accuracy left.
lambdas = st.just(0.0) | st.floats(1e-6, 10.0)
shapes = array_shapes(min_dims=1, max_dims=3, max_side=4)
any_array = arrays(np.float64, shapes, elements=st.floats(-1e3, 1e3).map(lambda x: round(x, 9)))


@settings(max_examples=40, deadline=None)
@given(st.lists(any_array, min_size=1, max_size=4), lambdas)
def test_penalties_and_their_gradients_are_autograds(weights, lam):
    # Sums of squares up to 1e6 an entry: relative accuracy is what can be asked.
    for penalty, power, factor in [(l2_penalty, 2, 0.5), (l1_penalty, 1, 1.0)]:
        tensors = [torch.tensor(W, requires_grad=True) for W in weights]
        expected = factor * lam * sum((W.abs() ** power).sum() for W in tensors)
        expected.backward()
        value, grads = penalty(weights, lam)
        np.testing.assert_allclose(value, expected.item(), rtol=1e-10)
        for grad, tensor in zip(grads, tensors, strict=True):
            np.testing.assert_allclose(grad, tensor.grad, rtol=1e-10)


def test_the_gradient_of_an_absolute_value_is_zero_at_zero():
    _, (grad,) = l1_penalty([np.array([-2.0, 0.0, 3.0])], 0.5)
    assert grad.tolist() == [-0.5, 0.0, 0.5]
    _, dh = activation_l1(np.array([[-2.0, 0.0], [0.0, 3.0]]), 0.5)
    assert dh.tolist() == [[-0.25, 0.0], [0.0, 0.25]]


@settings(max_examples=30, deadline=None)
@given(seeds, shapes, st.floats(1e-4, 1.0), lambdas)
def test_weight_decay_is_torch_sgds(seed, shape, lr, lam):
    w, grad = np.random.default_rng(seed).normal(size=(2, *shape))
    parameter = torch.nn.Parameter(torch.tensor(w))
    parameter.grad = torch.tensor(grad)
    torch.optim.SGD([parameter], lr=lr, weight_decay=lam).step()
    np.testing.assert_allclose(
        weight_decay_step(w, grad, lr, lam), parameter.detach(), rtol=1e-10, atol=1e-10
    )


@settings(max_examples=40, deadline=None)
@given(any_array, st.floats(0.0, 100.0))
def test_soft_threshold_is_torchs_softshrink(w, amount):
    expected = torch.nn.functional.softshrink(torch.tensor(w), amount)
    np.testing.assert_allclose(soft_threshold(w, amount), expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("w", [-3.0, -0.4, 0.0, 0.2, 1.7])
def test_soft_threshold_solves_the_proximal_problem(w):
    best = minimize_scalar(
        lambda x: 0.5 * (x - w) ** 2 + 0.5 * abs(x), bounds=(-5, 5), options={"xatol": 1e-9}
    )
    assert soft_threshold(np.array([w]), 0.5)[0] == pytest.approx(best.x, abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(seeds, st.integers(1, 6), st.sampled_from([(3,), (2, 3)]), lambdas)
def test_activation_penalty_is_a_mean_over_the_batch(seed, n, rest, lam):
    h = np.random.default_rng(seed).normal(size=(n, *rest))
    tensor = torch.tensor(h, requires_grad=True)
    expected = lam * tensor.abs().flatten(1).sum(1).mean()
    expected.backward()
    value, dh = activation_l1(h, lam)
    np.testing.assert_allclose(value, expected.item(), rtol=1e-10)
    np.testing.assert_allclose(dh, tensor.grad, rtol=1e-10, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(seeds, st.integers(1, 5), st.integers(1, 5), st.floats(0.1, 3.0))
def test_max_norm_is_torchs_renorm_of_columns(seed, rows, columns, limit):
    W = np.random.default_rng(seed).normal(size=(rows, columns))
    W[:, 0] = 0.0
    limited = max_norm(W, limit)
    # torch adds 1e-7 to the norm that it divides by.
    expected = torch.renorm(torch.tensor(W), 2, 1, limit)
    np.testing.assert_allclose(limited, expected, rtol=1e-6)
    norms = np.linalg.norm(W, axis=0)
    np.testing.assert_allclose(np.linalg.norm(limited, axis=0), np.minimum(norms, limit))
    np.testing.assert_array_equal(limited[:, norms < limit], W[:, norms < limit])


def stops_by_definition(losses, patience):
    """Look at every epoch at which training could stop."""
    for end in range(1, len(losses) + 1):
        best = int(np.argmin(losses[:end]))
        if end - 1 - best >= patience:
            return best
    return int(np.argmin(losses))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 8), min_size=1, max_size=30), st.integers(1, 5))
def test_early_stopping_keeps_the_best_epoch_before_patience_runs_out(losses, patience):
    assert early_stopping(losses, patience) == stops_by_definition(losses, patience)


def test_early_stopping_misses_what_comes_after_it_stopped():
    losses = [3.0, 2.0, 2.5, 2.0, 0.1]
    assert early_stopping(losses, patience=2) == 1
    assert early_stopping(losses, patience=3) == 4
    assert early_stopping([1.0], patience=1) == 0


def test_a_loss_that_is_not_a_number_is_no_improvement():
    assert early_stopping([math.nan, 2.0, math.nan, 1.0], patience=2) == 3
    assert early_stopping([1.0, math.nan, math.nan, 0.5], patience=2) == 0


def test_noise_on_the_inputs_adds_the_penalty_to_the_squared_error():
    rng = np.random.default_rng(0)
    w, x, d, sigma = rng.normal(size=5), rng.normal(size=5), 0.7, 0.3
    noisy = x + sigma * rng.standard_normal((400_000, 5))
    added = np.mean((noisy @ w - d) ** 2) - (x @ w - d) ** 2
    assert noise_penalty(w, sigma) == pytest.approx(added, rel=2e-2)


@settings(max_examples=40, deadline=None)
@given(any_array, st.floats(0.1, 100.0))
def test_clipping_by_value_is_torchs_of_both_signs(grad, limit):
    parameter = torch.nn.Parameter(torch.zeros(grad.shape, dtype=torch.float64))
    parameter.grad = torch.tensor(grad)
    torch.nn.utils.clip_grad_value_([parameter], limit)
    np.testing.assert_array_equal(clip_by_value(grad, limit), parameter.grad)


def test_the_lectures_limit_on_a_slope_is_five():
    assert clip_by_value(np.array([-7.0, 4.0, 6.0])).tolist() == [-5.0, 4.0, 5.0]


@settings(max_examples=40, deadline=None)
@given(seeds, st.lists(shapes, min_size=1, max_size=4), st.floats(0.01, 20.0))
def test_clipping_by_norm_scales_all_arrays_by_one_factor(seed, all_shapes, limit):
    rng = np.random.default_rng(seed)
    grads = [rng.normal(size=shape) for shape in all_shapes]
    norm = math.sqrt(math.fsum(float(g) ** 2 for grad in grads for g in grad.ravel()))
    clipped = clip_by_norm(grads, limit)
    for grad, short in zip(grads, clipped, strict=True):
        np.testing.assert_allclose(short, grad * min(1.0, limit / norm), rtol=1e-10)
    parameters = [torch.nn.Parameter(torch.tensor(grad)) for grad in grads]
    for parameter in parameters:
        parameter.grad = parameter.detach().clone()
    torch.nn.utils.clip_grad_norm_(parameters, limit)
    # torch adds 1e-6 to the norm.
    for parameter, short in zip(parameters, clipped, strict=True):
        np.testing.assert_allclose(short, parameter.grad, rtol=1e-5 + 2e-6 / norm)


def test_short_gradients_and_zero_gradients_are_left_as_they_are():
    grads = [np.array([0.3, -0.4]), np.zeros(3)]
    for grad, short in zip(grads, clip_by_norm(grads, 0.5), strict=True):
        np.testing.assert_array_equal(short, grad)
    np.testing.assert_array_equal(clip_by_norm([np.zeros(2)], 1.0)[0], np.zeros(2))


FUNCTIONS = {
    "l2_penalty": lambda W, V: l2_penalty([W, V], 0.1),
    "l1_penalty": lambda W, V: l1_penalty([W, V], 0.1),
    "weight_decay_step": lambda W, V: weight_decay_step(W, W, 0.1, 0.2),
    "soft_threshold": lambda W, V: soft_threshold(W, 0.3),
    "activation_l1": lambda W, V: activation_l1(W, 0.1),
    "max_norm": lambda W, V: max_norm(W, 0.7),
    "noise_penalty": lambda W, V: noise_penalty(W, 0.3),
    "clip_by_value": lambda W, V: clip_by_value(W, 0.5),
    "clip_by_norm": lambda W, V: clip_by_norm([W, V], 0.5),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_kind_of_array_gives_the_same(name, agrees_with_numpy):
    rng = np.random.default_rng(0)
    agrees_with_numpy(FUNCTIONS[name], rng.normal(size=(4, 3)), rng.normal(size=5))
