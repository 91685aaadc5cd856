"""Laws of stochastic gradients that the lectures state, measured on the library's own descent."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dlcourse.optim.batches import minibatches
from dlcourse.optim.transform import projected, sgd

ROWS = 240


def row_gradients() -> np.ndarray:
    """The gradients of 240 rows at one w, (240, 3)."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(ROWS, 3)) * [1.0, 2.0, 0.5] + [0.3, -1.0, 2.0]


def total_variance(gradients: np.ndarray, batches: list[np.ndarray]) -> float:
    """Of the mean gradients of many minibatches, summed over components."""
    means = np.stack([gradients[batch].mean(axis=0) for batch in batches])
    return float(means.var(axis=0).sum())


@pytest.mark.parametrize("b", [1, 4, 16, 60])
def test_variance_of_a_minibatch_gradient_falls_as_one_over_b_with_replacement(b: int) -> None:
    gradients, rng = row_gradients(), np.random.default_rng(b)
    drawn = list(rng.integers(ROWS, size=(40_000, b)))
    law = gradients.var(axis=0).sum() / b
    assert total_variance(gradients, drawn) == pytest.approx(law, rel=0.03)


@pytest.mark.parametrize("b", [1, 4, 16, 60, 120])
def test_without_replacement_it_is_less_by_the_share_of_rows_left(b: int) -> None:
    gradients, rng = row_gradients(), np.random.default_rng(b)
    epochs = [minibatches(ROWS, b, rng) for _ in range(4000)]
    drawn = [batches[0] for batches in epochs]
    law = gradients.var(axis=0).sum() / b * (ROWS - b) / (ROWS - 1)
    assert total_variance(gradients, drawn) == pytest.approx(law, rel=0.1)


def test_all_rows_at_once_leave_no_variance() -> None:
    gradients, rng = row_gradients(), np.random.default_rng(0)
    drawn = [minibatches(ROWS, ROWS, rng)[0] for _ in range(20)]
    assert total_variance(gradients, drawn) < 1e-28


@pytest.mark.parametrize("curvature", [0.1, 1.0, 5.0])
def test_projected_sgd_stays_below_the_bound_on_a_strongly_convex_loss(curvature: float) -> None:
    """E f(w_T) − f* ≤ 17·G²·(1 + log T)/(λT), at rates 1/(λk), on a ball on which G holds."""
    runs, dim, radius, noise = 400, 3, 1.0, 0.5
    optimum = np.full(dim, 0.9 / math.sqrt(dim))
    rng = np.random.default_rng(3)

    def onto_the_ball(params: list[np.ndarray]) -> list[np.ndarray]:
        size = np.linalg.norm(params[0], axis=1, keepdims=True)
        return [params[0] * np.minimum(1.0, radius / size)]

    optimizer = projected(sgd(lambda k: 1 / (curvature * k)), onto_the_ball)
    params = [np.tile(-optimum, (runs, 1))]
    state, largest = optimizer.init(params), curvature * 2 * radius + noise
    losses = []
    for _ in range(300):
        direction = rng.normal(size=(runs, dim))
        direction *= noise / np.linalg.norm(direction, axis=1, keepdims=True)
        slope = curvature * (params[0] - optimum) + direction
        assert np.linalg.norm(slope, axis=1).max() <= largest
        params, state = optimizer.step(params, [slope], state)
        losses.append(0.5 * curvature * ((params[0] - optimum) ** 2).sum(axis=1).mean())
    updates = np.arange(1, 301)
    bound = 17 * largest**2 * (1 + np.log(updates)) / (curvature * updates)
    assert (np.array(losses) < bound).all()
    assert np.array(losses)[-1] == pytest.approx(noise**2 / (2 * curvature * 300), rel=0.2)
