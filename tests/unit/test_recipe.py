"""The babysitter's tools: what they call, how often, and what they conclude."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dlcourse.recipe import (
    halve_until_stable,
    log_uniform,
    lr_range_test,
    overfit_small_batch,
    random_search,
)


class LinearModel:
    """Least squares by gradient descent: a real thing to train."""

    def __init__(self, size, lr=0.1):
        self.w, self.lr = np.zeros(size), lr

    def train(self, x, y):
        residual = x @ self.w - y
        self.w = self.w - self.lr * x.T @ residual / len(x)
        return np.mean(residual**2)


def test_a_model_learns_a_few_rows_by_heart_and_the_losses_say_so():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(4, 10)), rng.normal(size=4)
    losses = overfit_small_batch(LinearModel(10).train, x, y, 400)
    assert losses.shape == (400,)
    assert losses.dtype == np.float64
    assert losses[0] == pytest.approx(np.mean(y**2))
    assert losses[-1] < 1e-6 * losses[0]


def test_a_model_that_cannot_learn_them_stays_above_zero():
    x, y = np.ones((4, 1)), np.array([0.0, 1.0, 0.0, 1.0])
    assert overfit_small_batch(LinearModel(1).train, x, y, 200)[-1] == pytest.approx(0.25)


def test_the_same_rows_are_handed_over_each_time_as_they_are():
    x, y, seen = np.ones((2, 3)), np.ones(2), []
    losses = overfit_small_batch(lambda a, b: seen.append((a, b)) or len(seen), x, y, 3)
    assert all(a is x and b is y for a, b in seen)
    assert losses.tolist() == [1.0, 2.0, 3.0]
    assert overfit_small_batch(lambda a, b: 1.0, x, y, 0).shape == (0,)


def test_the_suggested_rate_is_where_the_loss_falls_fastest_by_log_rate():
    lrs = np.logspace(-5, 0, 51)
    losses, suggested = lr_range_test(lambda lr: 1 - np.tanh(2 * np.log10(lr / 1e-3)), lrs)
    assert suggested == pytest.approx(1e-3)
    np.testing.assert_allclose(losses, 1 - np.tanh(2 * np.log10(lrs / 1e-3)))


def test_slopes_are_taken_by_log_rate_also_on_uneven_rates():
    lrs = [1e-4, 1e-3, 2e-3, 4e-3, 1e-1, 1.0]
    # By log rate the fall is even, but for 1e-3 … 4e-3 where it is three times as steep.
    losses = -np.log(lrs) - 2 * np.clip(np.log(lrs), math.log(1e-3), math.log(4e-3))
    _, suggested = lr_range_test(dict(zip(lrs, losses, strict=True)).get, lrs)
    assert suggested == 2e-3


def test_a_run_that_blows_up_is_read_up_to_there():
    lrs = [1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0]
    losses = [1.0, 0.9, 0.2, math.inf, math.nan, -5.0]
    seen, suggested = lr_range_test(dict(zip(lrs, losses, strict=True)).get, lrs)
    assert suggested == 1e-1
    np.testing.assert_array_equal(seen, losses)


def test_a_run_that_is_lost_from_the_start_is_refused():
    with pytest.raises(ValueError, match=r"two finite losses at least, got 1; start from a lower"):
        lr_range_test(lambda lr: 1.0 if lr < 1e-3 else math.nan, [1e-4, 1e-2, 1.0])


@settings(max_examples=50, deadline=None)
@given(st.floats(1e-6, 10.0), st.floats(1e-3, 1e3))
def test_halving_stops_at_the_first_stable_rate(edge, lr):
    stable = halve_until_stable(lambda rate: rate > edge, lr)
    assert stable <= edge or stable == lr
    assert stable == lr or 2 * stable > edge
    assert math.log2(lr / stable).is_integer()


def test_halving_finds_the_edge_of_stability_of_gradient_descent():
    def diverges(lr):
        w = 1.0
        for _ in range(100):
            w -= lr * 3.0 * w
        return abs(w) > 1.0

    assert halve_until_stable(diverges, 10.0) == 0.625


def test_a_run_that_diverges_at_every_rate_is_reported_and_not_tried_for_ever():
    with pytest.raises(ValueError, match="diverges at every learning rate"):
        halve_until_stable(lambda lr: True, 1.0)


def test_log_uniform_draws_are_uniform_in_the_exponent():
    draws = log_uniform(1e-5, 1e-1, 20_000, np.random.default_rng(0))
    assert draws.shape == (20_000,)
    exponents = (np.log10(draws) + 5) / 4
    assert stats.kstest(exponents, "uniform").pvalue > 0.01


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(1e-8, 1.0), st.floats(1.0, 1e3))
def test_log_uniform_stays_within_its_limits(seed, low, ratio):
    draws = log_uniform(low, low * ratio, 50, np.random.default_rng(seed))
    assert draws.min() >= low
    assert draws.max() <= low * ratio


SPACE = {
    "lr": lambda rng: log_uniform(1e-4, 1.0, 1, rng)[0],
    "width": lambda rng: int(rng.integers(8, 64)),
}


def test_random_search_returns_the_config_with_the_least_value_and_every_trial():
    def objective(config):
        return (math.log10(config["lr"]) + 2) ** 2 + config["width"] / 100

    best, history = random_search(objective, SPACE, 200, np.random.default_rng(0))
    assert len(history) == 200
    assert all(value == objective(config) for config, value in history)
    assert objective(best) == min(value for _, value in history)
    assert math.log10(best["lr"]) == pytest.approx(-2, abs=0.5)
    assert len({config["lr"] for config, _ in history}) == 200


def test_the_same_generator_gives_the_same_search():
    runs = [random_search(lambda c: c["lr"], SPACE, 5, np.random.default_rng(7)) for _ in range(2)]
    assert runs[0] == runs[1]


def test_a_trial_that_ends_in_nan_never_wins():
    values = iter([math.nan, 3.0, math.nan, 2.0, 2.0])
    best, history = random_search(
        lambda config: next(values), {"i": lambda rng: rng.random()}, 5, np.random.default_rng(0)
    )
    assert best == history[3][0]
