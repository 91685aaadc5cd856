"""Lab 03's steps against torch.optim, where ε stands alike, and by their laws."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

from dlcourse.optim.adaptive import (
    adadelta_step,
    adagrad_step,
    adam_step,
    adamax_step,
    adamw_step,
    rmsprop_step,
    rprop_step,
)

STEPS = 8
seeds = st.integers(0, 2**32 - 1)
shapes = array_shapes(max_dims=3, max_side=4)
rates = st.floats(1e-4, 1.0)
# Nearer to zero, rounding of a moment that ought to vanish is divided by ε.
decays = st.floats(0.05, 0.999)
epsilons = st.sampled_from([1e-10, 1e-6, 1e-2])


def random_problem(seed, shape):
    """Parameters and gradients of very different sizes; some gradients exactly zero."""
    rng = np.random.default_rng(seed)
    grads = rng.normal(size=(STEPS, *shape)) * 10.0 ** rng.integers(-3, 3, shape)
    return rng.normal(size=shape), grads * (rng.random(grads.shape) < 0.9)


def assert_walks_with_torch(seed, shape, optimizer, step, **options):
    """`step(w, grad, slots, k) -> (w, *slots)` and torch's optimizer see the same gradients."""
    w, grads = random_problem(seed, shape)
    parameter = torch.nn.Parameter(torch.tensor(w))
    theirs = optimizer([parameter], **options)
    slots = [np.zeros(shape), np.zeros(shape)]
    for k, grad in enumerate(grads, start=1):
        parameter.grad = torch.tensor(grad)
        theirs.step()
        w, *slots = step(w, grad, slots, k)
        np.testing.assert_allclose(w, parameter.detach().numpy(), rtol=1e-10, atol=1e-10)


@settings(max_examples=30, deadline=None)
@given(seeds, shapes, rates, st.floats(0.1, 0.9), st.floats(1.05, 3.0))
def test_rprop_is_torchs(seed, shape, initial, down, up):
    sizes = [np.full(shape, initial)]

    def step(w, grad, slots, k):
        w, prev_grad, sizes[0] = rprop_step(w, grad, slots[0], sizes[0], up, down, 1e-3, 2.0)
        return w, prev_grad

    assert_walks_with_torch(
        seed, shape, torch.optim.Rprop, step, lr=initial, etas=(down, up), step_sizes=(1e-3, 2.0)
    )


@settings(max_examples=30, deadline=None)
@given(seeds, shapes, rates, epsilons)
def test_adagrad_is_torchs(seed, shape, lr, eps):
    def step(w, grad, slots, k):
        return adagrad_step(w, grad, slots[0], lr, eps)

    assert_walks_with_torch(seed, shape, torch.optim.Adagrad, step, lr=lr, eps=eps)


@settings(max_examples=30, deadline=None)
@given(seeds, shapes, rates, decays, epsilons)
def test_rmsprop_is_torchs(seed, shape, lr, gamma, eps):
    def step(w, grad, slots, k):
        return rmsprop_step(w, grad, slots[0], lr, gamma, eps)

    assert_walks_with_torch(seed, shape, torch.optim.RMSprop, step, lr=lr, alpha=gamma, eps=eps)


@settings(max_examples=30, deadline=None)
@given(seeds, shapes, decays, epsilons)
def test_adadelta_is_torchs_with_learning_rate_one(seed, shape, rho, eps):
    def step(w, grad, slots, k):
        return adadelta_step(w, grad, *slots, rho, eps)

    assert_walks_with_torch(seed, shape, torch.optim.Adadelta, step, lr=1.0, rho=rho, eps=eps)


@settings(max_examples=30, deadline=None)
@given(seeds, shapes, rates, decays, decays, epsilons)
def test_adam_is_torchs(seed, shape, lr, delta, gamma, eps):
    def step(w, grad, slots, k):
        return adam_step(w, grad, *slots, k, lr, delta, gamma, eps)

    assert_walks_with_torch(
        seed, shape, torch.optim.Adam, step, lr=lr, betas=(delta, gamma), eps=eps
    )


@settings(max_examples=30, deadline=None)
@given(seeds, shapes, rates, decays, decays, epsilons)
def test_adamax_is_torchs(seed, shape, lr, delta, gamma, eps):
    def step(w, grad, slots, k):
        return adamax_step(w, grad, *slots, k, lr, delta, gamma, eps)

    assert_walks_with_torch(
        seed, shape, torch.optim.Adamax, step, lr=lr, betas=(delta, gamma), eps=eps
    )


@settings(max_examples=30, deadline=None)
@given(seeds, shapes, rates, decays, decays, epsilons, st.floats(0.0, 0.5))
def test_adamw_is_torchs(seed, shape, lr, delta, gamma, eps, weight_decay):
    def step(w, grad, slots, k):
        return adamw_step(w, grad, *slots, k, lr, delta, gamma, eps, weight_decay)

    options = {"lr": lr, "betas": (delta, gamma), "eps": eps, "weight_decay": weight_decay}
    assert_walks_with_torch(seed, shape, torch.optim.AdamW, step, **options)


@pytest.mark.parametrize(
    ("step", "name"),
    [
        (lambda w, g: adagrad_step(w, g, np.zeros(1), 0.1)[0], "Adagrad"),
        (lambda w, g: adadelta_step(w, g, np.zeros(1), np.zeros(1))[0], "Adadelta"),
        (lambda w, g: adam_step(w, g, np.zeros(1), np.zeros(1), 1)[0], "Adam"),
        (lambda w, g: adamax_step(w, g, np.zeros(1), np.zeros(1), 1)[0], "Adamax"),
        (lambda w, g: adamw_step(w, g, np.zeros(1), np.zeros(1), 1)[0], "AdamW"),
        (lambda w, g: rprop_step(w, g, np.zeros(1), np.full(1, 0.01))[0], "Rprop"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_defaults_are_torchs(step, name):
    parameter = torch.nn.Parameter(torch.ones(1, dtype=torch.float64))
    options = {"Adagrad": {"lr": 0.1}, "Adadelta": {"lr": 1.0, "rho": 0.95}}.get(name, {})
    parameter.grad = torch.full((1,), 1e-4, dtype=torch.float64)
    getattr(torch.optim, name)([parameter], **options).step()
    ours = step(np.ones(1), np.full(1, 1e-4))
    np.testing.assert_allclose(ours, parameter.detach().numpy(), rtol=0, atol=1e-13)


def test_rmsprops_default_is_the_lectures_0_9_and_not_torchs_0_99():
    _, mean_square = rmsprop_step(np.zeros(1), np.ones(1), np.zeros(1))
    assert mean_square[0] == pytest.approx(0.1)


def test_epsilon_stands_outside_the_root_but_for_adadelta():
    zero, g, eps = np.zeros(1), np.full(1, 1e-3), 1e-2
    assert adagrad_step(zero, g, zero, 1.0, eps)[0][0] == pytest.approx(-1e-3 / (1e-3 + eps))
    assert rmsprop_step(zero, g, zero, 1.0, 0.0, eps)[0][0] == pytest.approx(-1e-3 / (1e-3 + eps))
    moved = adam_step(zero, g, zero, zero, 1, 1.0, eps=eps)[0]
    assert moved[0] == pytest.approx(-1e-3 / (1e-3 + eps))
    moved = adadelta_step(zero, g, zero, zero, 0.0, eps)[0]
    assert moved[0] == pytest.approx(-1e-3 * np.sqrt(eps) / np.sqrt(1e-6 + eps))


def test_inside_or_outside_the_root_a_small_epsilon_changes_nothing_that_matters():
    w, grads = random_problem(3, (20,))
    grads = np.where(np.abs(grads) < 1e-2, 1.0, grads)
    inside, mean_square = w, np.zeros(20)
    outside, ours = w, np.zeros(20)
    for grad in grads:
        mean_square = 0.9 * mean_square + 0.1 * grad**2
        inside = inside - 1e-3 * grad / np.sqrt(mean_square + 1e-8)
        outside, ours = rmsprop_step(outside, grad, ours)
    np.testing.assert_allclose(outside, inside, atol=1e-5)


def test_rprop_rests_on_a_changed_sign_and_does_not_undo_its_step():
    w, prev_grad, size = np.array([1.0]), np.array([1.0]), np.array([0.4])
    w, prev_grad, size = rprop_step(w, np.array([-2.0]), prev_grad, size)
    assert (w[0], prev_grad[0], size[0]) == (1.0, 0.0, 0.2)
    w, prev_grad, size = rprop_step(w, np.array([-2.0]), prev_grad, size)
    assert (w[0], prev_grad[0], size[0]) == (1.2, -2.0, 0.2)
    w, prev_grad, size = rprop_step(w, np.array([-1e-9]), prev_grad, size)
    assert (w[0], size[0]) == pytest.approx((1.44, 0.24))


@settings(max_examples=30, deadline=None)
@given(seeds, st.floats(1e-3, 1e3))
def test_rprop_sees_only_signs(seed, scale):
    w, grads = random_problem(seed, (5,))
    paths = []
    for factor in (1.0, scale):
        v, prev_grad, size = w, np.zeros(5), np.full(5, 0.1)
        for grad in grads:
            v, prev_grad, size = rprop_step(v, factor * grad, prev_grad, size)
        paths.append(v)
    np.testing.assert_array_equal(*paths)


@settings(max_examples=30, deadline=None)
@given(st.floats(1e-3, 1e3), st.booleans(), rates)
def test_bias_correction_makes_adams_first_step_lr_whatever_the_gradient(size, negative, lr):
    grad = np.array([-size if negative else size])
    for step in (adam_step, adamax_step):
        w, *_ = step(np.zeros(1), grad, np.zeros(1), np.zeros(1), 1, lr)
        np.testing.assert_allclose(w, -lr * np.sign(grad), rtol=1e-4)


def test_without_correction_of_either_moment_the_first_step_would_be_3_16_lr():
    _, m, v = adam_step(np.zeros(1), np.array([7.0]), np.zeros(1), np.zeros(1), 1)
    assert (m / np.sqrt(v))[0] == pytest.approx(np.sqrt(10))


def test_on_a_constant_gradient_adagrads_steps_shrink_as_one_over_root_k():
    w, total, path = np.zeros(1), np.zeros(1), [0.0]
    for _ in range(100):
        w, total = adagrad_step(w, np.array([5.0]), total, 0.1)
        path.append(w[0])
    np.testing.assert_allclose(-np.diff(path), 0.1 / np.sqrt(np.arange(1, 101)), rtol=1e-8)


def test_on_the_five_steps_of_002_the_swinging_component_is_slowed_most():
    """Deck 002, "Smoothing the trajectory": x goes one way, y to and fro."""
    table = np.array([[1.0, 2.5], [1.0, -3.0], [2.0, 2.5], [1.0, -2.0], [1.5, 1.5]])
    w, mean_square = np.zeros(2), np.zeros(2)
    by_hand = np.zeros(2)
    for k, grad in enumerate(table):
        w, mean_square = rmsprop_step(w, grad, mean_square, lr=0.1)
        recency = 0.1 * 0.9 ** np.arange(k, -1, -1)
        by_hand -= 0.1 * grad / np.sqrt(recency @ table[: k + 1] ** 2)
    np.testing.assert_allclose(w, by_hand, rtol=1e-6)
    np.testing.assert_allclose(np.sqrt((table**2).mean(axis=0)), [1.3601, 2.3558], atol=5e-5)
    effective_rate = 0.1 / np.sqrt(mean_square)
    assert effective_rate[1] < 0.7 * effective_rate[0]


def test_adamw_decays_all_weights_alike_where_l2_in_adam_does_not():
    w, grads = np.array([1.0, 1.0]), np.array([0.01, 100.0])
    zero = np.zeros(2)
    plain, *_ = adam_step(w, grads, zero, zero, 1, 0.1)
    decoupled, *_ = adamw_step(w, grads, zero, zero, 1, 0.1, weight_decay=0.5)
    np.testing.assert_allclose(plain - decoupled, 0.05, rtol=1e-12)
    coupled, *_ = adam_step(w, grads + 0.5 * w, zero, zero, 1, 0.1)
    assert np.abs(plain - coupled).max() < 1e-6


STEPPERS = {
    "rprop_step": lambda w, g, a, b: rprop_step(w, g, -a, b),
    "adagrad_step": lambda w, g, a, b: adagrad_step(w, g, a, 0.1),
    "rmsprop_step": lambda w, g, a, b: rmsprop_step(w, g, a),
    "adadelta_step": lambda w, g, a, b: adadelta_step(w, g, a, b),
    "adam_step": lambda w, g, a, b: adam_step(w, g, a, b, 3),
    "adamax_step": lambda w, g, a, b: adamax_step(w, g, a, b, 3),
    "adamw_step": lambda w, g, a, b: adamw_step(w, g, a, b, 3),
}


@pytest.mark.parametrize("shape", [(), (4,), (2, 3)])
@pytest.mark.parametrize("name", STEPPERS)
def test_every_kind_of_array_gives_the_same_step(name, shape, agrees_with_numpy):
    rng = np.random.default_rng(0)
    agrees_with_numpy(STEPPERS[name], *(np.asarray(abs(rng.normal(size=shape))) for _ in range(4)))
