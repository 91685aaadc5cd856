"""Lab 02's functions against torch.optim.SGD, and against what theory says of quadratics."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

from dlcourse.optim.momentum import (
    minimize,
    momentum_step,
    nesterov_step,
    nesterov_step_rearranged,
)
from dlcourse.optim.quadratic import (
    gd_optimum,
    heavy_ball_optimum,
    newton_step,
    quickprop_step,
)

STEPS = 6
seeds = st.integers(0, 2**32 - 1)
shapes = array_shapes(max_dims=3, max_side=4)
rates = st.floats(1e-4, 1.0)
betas = st.floats(0.0, 0.99)


def torch_path(w, grads, **options):
    parameter = torch.nn.Parameter(torch.tensor(w))
    optimizer = torch.optim.SGD([parameter], **options)
    path = []
    for grad in grads:
        parameter.grad = torch.tensor(grad)
        optimizer.step()
        path.append(parameter.detach().numpy().copy())
    return path


@settings(max_examples=40, deadline=None)
@given(seeds, shapes, rates, betas)
def test_momentum_walks_the_path_of_torch_sgd(seed, shape, lr, beta):
    rng = np.random.default_rng(seed)
    w, grads = rng.normal(size=shape), rng.normal(size=(STEPS, *shape))
    expected = torch_path(w, grads, lr=lr, momentum=beta)
    velocity = np.zeros(shape)
    for grad, target in zip(grads, expected, strict=True):
        w, velocity = momentum_step(w, grad, velocity, lr, beta)
        np.testing.assert_allclose(w, target, rtol=1e-10, atol=1e-10)


@settings(max_examples=40, deadline=None)
@given(seeds, shapes, rates, betas)
def test_rearranged_nesterov_walks_the_path_of_torch_sgd(seed, shape, lr, beta):
    rng = np.random.default_rng(seed)
    w, grads = rng.normal(size=shape), rng.normal(size=(STEPS, *shape))
    # torch refuses Nesterov without momentum.
    expected = torch_path(w, grads, lr=lr, momentum=max(beta, 1e-12), nesterov=True)
    velocity = np.zeros(shape)
    for grad, target in zip(grads, expected, strict=True):
        w, velocity = nesterov_step_rearranged(w, grad, velocity, lr, beta)
        np.testing.assert_allclose(w, target, rtol=1e-10, atol=1e-10)


def test_a_falling_learning_rate_parts_momentum_from_torch_whose_rate_is_outside_the_velocity():
    w, velocity = momentum_step(np.zeros(1), np.ones(1), np.zeros(1), lr=1.0, beta=0.5)
    w, velocity = momentum_step(w, np.zeros(1), velocity, lr=0.1, beta=0.5)
    assert w[0] == -1.5
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=1.0, momentum=0.5)
    for lr, grad in [(1.0, 1.0), (0.1, 0.0)]:
        optimizer.param_groups[0]["lr"] = lr
        parameter.grad = torch.tensor([grad])
        optimizer.step()
    assert parameter.item() == pytest.approx(-1.05)


@settings(max_examples=40, deadline=None)
@given(seeds, st.integers(1, 5), st.floats(1e-3, 0.3), betas)
def test_the_two_nesterov_forms_give_one_path(seed, size, lr, beta):
    rng = np.random.default_rng(seed)
    curvature = rng.uniform(0.1, 3.0, size)

    def grad(w):
        return curvature * w + 0.1 * np.sin(w)

    w = ahead = rng.normal(size=size)
    velocity = velocity_ahead = np.zeros(size)
    for _ in range(20):
        w, velocity = nesterov_step(w, grad, velocity, lr, beta)
        ahead, velocity_ahead = nesterov_step_rearranged(
            ahead, grad(ahead), velocity_ahead, lr, beta
        )
        np.testing.assert_allclose(ahead - beta * velocity_ahead, w, rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(velocity_ahead, velocity, rtol=1e-10, atol=1e-10)


def test_nesterov_asks_for_the_gradient_once_where_momentum_leads():
    asked = []

    def grad(w):
        asked.append(w)
        return 2 * w

    w, velocity = nesterov_step(np.array([1.0]), grad, np.array([0.5]), lr=0.1, beta=0.8)
    assert [point.tolist() for point in asked] == [[1.4]]
    assert velocity[0] == pytest.approx(0.8 * 0.5 - 0.1 * 2.8)
    assert w[0] == pytest.approx(1.0 + velocity[0])


def test_velocity_settles_at_minus_lr_g_over_one_minus_beta():
    w, velocity = np.zeros(2), np.zeros(2)
    for _ in range(400):
        w, velocity = momentum_step(w, np.array([1.0, -3.0]), velocity, lr=0.1, beta=0.9)
    np.testing.assert_allclose(velocity, [-1.0, 3.0], rtol=1e-12)


@pytest.mark.parametrize("kappa", [10.0, 100.0, 1000.0])
def test_gradient_descent_shrinks_by_the_optimal_rate_each_step(kappa):
    lr, rate = gd_optimum(2.0, 2.0 * kappa)
    curvature = np.array([2.0, 5.0, 2.0 * kappa])
    path = minimize(lambda w, _: (w - lr * curvature * w, None), np.ones(3), None, 200)
    distance = np.linalg.norm(path, axis=1)
    measured = (distance[200] / distance[100]) ** (1 / 100)
    assert measured == pytest.approx(rate, rel=1e-2)
    assert 1 - rate == pytest.approx(2 / (kappa + 1), rel=1e-12)


@pytest.mark.parametrize("kappa", [10.0, 100.0, 1000.0])
def test_no_other_learning_rate_is_faster_for_gradient_descent(kappa):
    best, rate = gd_optimum(1.0, kappa)
    for lr in best * np.linspace(0.5, 1.5, 51):
        assert max(abs(1 - lr), abs(1 - lr * kappa)) >= rate - 1e-12


def heavy_ball_radius(curvature, lr, beta):
    """The spectral radius of one step (w, v) → (w', v') in one direction of a quadratic."""
    columns = [
        np.ravel(momentum_step(*(np.array([x]) for x in (w, curvature * w, v)), lr, beta))
        for w, v in [(1.0, 0.0), (0.0, 1.0)]
    ]
    return max(abs(np.linalg.eigvals(np.stack(columns, axis=1))))


@pytest.mark.parametrize("kappa", [10.0, 100.0, 1000.0])
def test_the_heavy_balls_iteration_matrix_has_the_optimal_rate_as_spectral_radius(kappa):
    mu, L = 0.3, 0.3 * kappa
    lr, beta, rate = heavy_ball_optimum(mu, L)
    assert rate == pytest.approx((math.sqrt(kappa) - 1) / (math.sqrt(kappa) + 1), rel=1e-12)
    assert beta == pytest.approx(rate**2, rel=1e-12)
    radii = [heavy_ball_radius(curvature, lr, beta) for curvature in np.linspace(mu, L, 31)]
    assert max(radii) == pytest.approx(rate, rel=1e-2)


@pytest.mark.parametrize("kappa", [10.0, 100.0, 1000.0])
def test_nearby_settings_are_slower_for_the_heavy_ball(kappa):
    lr, beta, rate = heavy_ball_optimum(1.0, kappa)
    for change_lr in (0.9, 1.0, 1.02):
        for change_beta in (0.97, 1.0, min(1.01, 0.999 / beta)):
            nearby = lr * change_lr, beta * change_beta
            slowest = max(heavy_ball_radius(c, *nearby) for c in (1.0, kappa))
            assert slowest >= rate - 1e-6


def test_the_decks_example_of_condition_100():
    assert gd_optimum(1.0, 100.0)[1] == pytest.approx(0.9802, abs=5e-5)
    assert heavy_ball_optimum(1.0, 100.0)[2] == pytest.approx(0.8182, abs=5e-5)


@settings(max_examples=40, deadline=None)
@given(seeds, st.integers(1, 6))
def test_newton_reaches_the_minimum_of_a_quadratic_in_one_step(seed, size):
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(size, size))
    hessian, minimum, w = factor @ factor.T + np.eye(size), *rng.normal(size=(2, size))
    grad = hessian @ (w - minimum)
    np.testing.assert_allclose(newton_step(w, grad, hessian), minimum, rtol=1e-9, atol=1e-9)
    half = newton_step(w, grad, hessian, lr=0.5)
    np.testing.assert_allclose(half, (w + minimum) / 2, rtol=1e-9, atol=1e-9)


def test_newton_says_so_when_the_hessian_is_singular():
    with pytest.raises(np.linalg.LinAlgError):
        newton_step(np.ones(2), np.ones(2), np.ones((2, 2)))


@settings(max_examples=40, deadline=None)
@given(seeds, shapes)
def test_quickprop_reaches_the_minimum_of_a_separable_quadratic_from_any_first_step(seed, shape):
    rng = np.random.default_rng(seed)
    curvature, (start, minimum) = rng.uniform(0.5, 2.0, shape), rng.normal(size=(2, *shape))
    first = -0.1 * np.sign(start - minimum)
    w = start + first
    w, step = quickprop_step(w, curvature * (w - minimum), curvature * (start - minimum), first)
    np.testing.assert_allclose(w, minimum, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(w - step, start + first, rtol=1e-9, atol=1e-9)


def test_quickprop_rests_where_two_slopes_are_equal():
    w, step = quickprop_step(
        np.array([1.0, 1.0]), np.array([2.0, 1.0]), np.array([2.0, 3.0]), np.array([0.1, 0.1])
    )
    np.testing.assert_allclose(step, [0.0, 0.05])
    np.testing.assert_allclose(w, [1.0, 1.05])


def test_minimize_keeps_the_start_and_every_step_and_hands_on_the_state():
    seen = []

    def step(w, state):
        seen.append(state)
        return w + state, state + 1

    path = minimize(step, np.zeros((2, 1)), 1, 3)
    assert path.shape == (4, 2, 1)
    assert path[:, 0, 0].tolist() == [0.0, 1.0, 3.0, 6.0]
    assert seen == [1, 2, 3]


@pytest.mark.parametrize("steps", [0, 1])
def test_minimize_without_steps_is_the_start(steps):
    assert len(minimize(lambda w, s: (w, s), np.ones(2), None, steps)) == steps + 1


STEPPERS = {
    "momentum_step": lambda w, g, v, H: momentum_step(w, g, v, 0.1),
    "nesterov_step": lambda w, g, v, H: nesterov_step(w, lambda x: 2 * x, v, 0.1),
    "nesterov_step_rearranged": lambda w, g, v, H: nesterov_step_rearranged(w, g, v, 0.1),
    "newton_step": lambda w, g, v, H: (newton_step(w, g, H),),
    "quickprop_step": lambda w, g, v, H: quickprop_step(w, g, v, v),
    "minimize": lambda w, g, v, H: (minimize(lambda x, s: (x - 0.1 * g, s), w, None, 2),),
}


@pytest.mark.parametrize("name", STEPPERS)
def test_every_kind_of_array_gives_the_same_step(name, agrees_with_numpy):
    w, g, v = np.random.default_rng(0).normal(size=(3, 3))
    agrees_with_numpy(STEPPERS[name], w, g, v, np.diag([1.0, 2.0, 3.0]) + 0.1)
