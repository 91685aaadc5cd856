"""The statistical tests of lab 06: how rarely they refuse a right draw, and what they do refuse."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from scipy import special, stats

import dlcourse.init
from autograder.grading import HiddenTests
from autograder.labs import HIDDEN
from autograder.local import LocalStudent

lab = importlib.import_module("autograder.hidden.test_lab06_initialization")

SECRETS = [b"one secret", b"another", b"a third"]
DRAWS = [task for task in lab.INITIALIZERS if task != "orthogonal_init"]
ALARM = 1e-6


@pytest.fixture(scope="module")
def hidden() -> Iterator[list[HiddenTests]]:
    opened = [HiddenTests(HIDDEN / "test_lab06_initialization.py", secret) for secret in SECRETS]
    yield opened
    for tests in opened:
        tests.close()


def failures(tests: HiddenTests, task: str, function: Callable[..., np.ndarray]) -> set[str]:
    """Which hidden tests of `task` fail for `function`, without their parameters."""
    results = tests.run(LocalStudent({task: function}), task)[task]
    return {result.name.partition("[")[0] for result in results if not result.passed}


def normal_sizes() -> list[int]:
    return [fan_in * fan_out for fan_in, fan_out in lab.NORMAL_FANS]


def test_right_deviation_of_normal_draws_is_refused_less_than_once_in_a_million() -> None:
    for size in normal_sizes():
        squares = stats.chi2(size)
        high, low = size * (1 + lab.STD_ROOM) ** 2, size * (1 - lab.STD_ROOM) ** 2
        assert squares.sf(high) + squares.cdf(low) + lab.DISTANCE_ALARM < 0.5 * ALARM


@pytest.mark.parametrize("scale", [0.97, 1.03])
def test_deviation_off_by_three_percent_is_missed_less_than_once_in_a_million(scale: float) -> None:
    for size in normal_sizes():
        squares = stats.chi2(size)
        high, low = ((1 + sign * lab.STD_ROOM) / scale for sign in (1, -1))
        assert squares.cdf(size * high**2) - squares.cdf(size * low**2) < 0.1 * ALARM


def test_right_range_of_uniform_draws_is_refused_less_than_once_in_a_million() -> None:
    for fan_in, fan_out in lab.UNIFORM_FANS:
        edges = 2 * (1 - lab.EDGE_ROOM / 2) ** (fan_in * fan_out)
        assert edges + lab.DISTANCE_ALARM < ALARM


def test_right_trace_and_sums_are_refused_less_than_once_in_a_million() -> None:
    thirtieth_moment = math.prod(range(29, 0, -2))
    trace = thirtieth_moment / lab.TRACE_LIMIT**30
    # the square of a coordinate of a point on the sphere has a beta distribution
    beyond = 1 - special.betainc(0.5, (320 - 1) / 2, lab.SUM_LIMIT**2 / 320)
    assert trace + 640 * beyond < 0.5 * ALARM


def test_right_direction_is_refused_less_than_once_in_a_million() -> None:
    root_mean_square = np.linspace(1, 1.3, 301)
    longer = stats.chi2(900).sf(900 * root_mean_square**2)
    within = 1 - 2 * stats.norm.sf(lab.LARGEST_AT_LEAST * root_mean_square)
    assert 3 * (longer + within**900).min() < 0.01 * ALARM


def test_trace_of_right_matrices_spreads_as_a_normal_number_does() -> None:
    rng = np.random.default_rng(0)
    traces = [np.trace(dlcourse.init.orthogonal_init(60, 60, rng)) for _ in range(2000)]
    assert stats.kstest(traces, stats.norm.cdf).pvalue > 1e-3
    partial = [np.trace(dlcourse.init.orthogonal_init(60, 40, rng)) for _ in range(2000)]
    assert np.std(partial) == pytest.approx(math.sqrt(40 / 60), rel=0.08)


@pytest.mark.parametrize("fans", [(320, 320), (330, 310)])
def test_factorizations_own_signs_are_far_from_the_limit(fans: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    traces = [np.trace(np.linalg.qr(rng.standard_normal(fans))[0]) for _ in range(20)]
    distance = np.abs(np.mean(traces)) - lab.TRACE_LIMIT
    assert distance > 4 * np.std(traces, ddof=1)


@pytest.mark.parametrize("task", DRAWS)
@pytest.mark.parametrize("scale", [0.97, 1.03])
def test_scale_off_by_three_percent_fails_whatever_the_seeds(
    hidden: list[HiddenTests], task: str, scale: float
) -> None:
    right = getattr(dlcourse.init, task)
    expected = {
        "uniform_weights_fill_their_range"
        if task in lab.UNIFORM
        else "normal_weights_have_their_deviation"
    }
    for tests in hidden:
        assert failures(tests, task, lambda *args: scale * right(*args)) == expected


@pytest.mark.parametrize("task", lab.INITIALIZERS)
def test_correct_draws_pass_whatever_the_seeds(hidden: list[HiddenTests], task: str) -> None:
    for tests in hidden:
        assert failures(tests, task, getattr(dlcourse.init, task)) == set()
