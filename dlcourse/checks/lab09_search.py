"""Lab 09's visible checks of draws on a logarithmic scale, and of random search."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from dlcourse.checks.properties import Function, run_properties
from dlcourse.testing import CheckError, check_array, check_that, check_tuple, describe


def log_uniform(function: object) -> None:
    """Check ``log_uniform(low, high, n, rng)``."""
    run_properties("log_uniform", function, [_draws, _within_limits, _decades, _own_draws])


def random_search(function: object) -> None:
    """Check ``random_search(objective, space, trials, rng) -> (best, history)``."""
    run_properties(
        "random_search",
        function,
        [
            _history_of_pairs,
            _objective_sees_each,
            _drawn_in_order,
            _own_configs,
            _least_is_best,
            _nan_never_wins,
        ],
    )


def _draws(function: Function) -> None:
    """It gives n numbers in one float64 array."""
    draws = function(1e-4, 1.0, 5, np.random.default_rng(0))
    if isinstance(draws, list):
        raise CheckError("it is a list; make one array of it")
    check_array(draws, (5,), "the draws", dtype=np.float64)


def _within_limits(function: Function) -> None:
    """All of them lie between low and high, also where these are equal."""
    for low, high in ((1e-4, 1.0), (20.0, 3000.0), (0.3, 0.3)):
        draws = function(low, high, 3000, np.random.default_rng(1))
        check_array(draws, (3000,), "the draws")
        assert isinstance(draws, np.ndarray)
        if (draws <= 0).any():
            raise CheckError("a draw is not positive: go back from the logarithm to the number")
        if draws.min() < low * (1 - 1e-12) or draws.max() > high * (1 + 1e-12):
            raise CheckError(
                "draws lie outside the limits: is it one base for both ways?",
                f"from {draws.min():.6g} to {draws.max():.6g} for {low} … {high}",
            )


def _decades(function: Function) -> None:
    """Between 1e-4 and 1, a quarter of the draws falls into each of the four decades."""
    draws = function(1e-4, 1.0, 4000, np.random.default_rng(2))
    check_array(draws, (4000,), "the draws")
    shares = np.histogram(np.asarray(draws), bins=np.array([1e-4, 1e-3, 1e-2, 1e-1, 1.0]))[0] / 4000
    in_words = ", ".join(f"{share:.0%}" for share in shares)
    if shares[3] > 0.8:
        raise CheckError("nearly all draws lie in the top decade: the number is uniform", in_words)
    check_that(np.abs(shares - 0.25).max() < 0.05, "the decades are not equally likely", in_words)


def _own_draws(function: Function) -> None:
    """The draws differ from each other, and come from the rng that is given."""
    first, again = (np.asarray(function(0.1, 10.0, 50, np.random.default_rng(3))) for _ in "ab")
    check_that(first.shape == (50,), "there are not n draws")
    check_that(len(np.unique(first)) == 50, "some draws are the same: draw n times")
    if not np.array_equal(first, again):
        raise CheckError("one seed gives different draws: draw from the rng given")
    rng = np.random.default_rng(3)
    function(0.1, 10.0, 50, rng)
    if np.array_equal(first, np.asarray(function(0.1, 10.0, 50, rng))):
        raise CheckError("the draws are the same each time: draw from the rng given")


_SPACE = {
    "lr": lambda rng: float(rng.uniform(0.0, 1.0)),
    "width": lambda rng: int(rng.integers(8, 64)),
}


def _search(
    function: Function, values: list[float], seed: int = 0
) -> tuple[Any, list[Any], list[Any]]:
    """The student's search where the objective's values are given: best, history, configs seen."""
    seen: list[Any] = []

    def objective(config: Any) -> float:
        if not isinstance(config, dict):
            raise CheckError(f"objective got {describe(config)}; it wants a dict")
        if len(seen) == len(values):
            raise CheckError("objective is called too often: once a trial")
        seen.append(dict(config))
        return values[len(seen) - 1]

    found = function(objective, _SPACE, len(values), np.random.default_rng(seed))
    best, history = check_tuple(found, 2, "(best, history)")
    if not isinstance(history, list):
        raise CheckError(f"history: expected a list of pairs, got {describe(history)}")
    if len(history) != len(values):
        raise CheckError(
            "history: one pair for each trial is asked for",
            f"{len(values)} trials, got {len(history)}",
        )
    return best, history, seen


def _pair(entry: object) -> tuple[dict[str, Any], float]:
    config, value = check_tuple(entry, 2, "a pair (config, value) of history")
    if not isinstance(config, dict):
        raise CheckError(f"history: a pair begins with its config, a dict, not {describe(config)}")
    if not isinstance(value, float):
        raise CheckError(f"history: a pair ends with its value, a float, not {describe(value)}")
    return config, float(value)


def _history_of_pairs(function: Function) -> None:
    """History has a pair (config, value) for each trial, in order."""
    values = [3.0, 1.0, 2.0]
    _, history, _ = _search(function, values)
    found = [_pair(entry)[1] for entry in history]
    if found != values:
        raise CheckError(
            "history: the values are not those of the objective, in the order of the trials",
            f"{found} instead of {values}",
        )


def _objective_sees_each(function: Function) -> None:
    """The objective is called once a trial, with the config that stands in history."""
    _, history, seen = _search(function, [3.0, 1.0, 2.0, 5.0])
    check_that(len(seen) == 4, "objective is not called once a trial", f"{len(seen)} calls")
    for entry, config in zip(history, seen, strict=True):
        noted, _ = _pair(entry)
        if set(noted) != set(_SPACE):
            raise CheckError("a config has other names than space", f"{sorted(noted)}")
        if noted != config:
            raise CheckError(
                "the config in history is not the one that was tried: draw once a trial, and make "
                "a new dict for each"
            )


def _drawn_in_order(function: Function) -> None:
    """Each trial draws every setting once from the given rng, in the order of space."""
    drawn: list[str] = []
    rng = np.random.default_rng(4)

    def drawer(name: str) -> Any:
        def draw(given: Any) -> float:
            if given is not rng:
                raise CheckError("a draw did not get the rng that was given")
            drawn.append(name)
            return float(given.random())

        return draw

    def objective(config: dict[str, float]) -> float:
        drawn.append("objective")
        return sum(config.values())

    function(objective, {"width": drawer("width"), "lr": drawer("lr")}, 2, rng)
    if drawn == ["width", "lr", "width", "lr", "objective", "objective"]:
        raise CheckError("all configs are drawn before the first is tried: trial by trial, please")
    if drawn != ["width", "lr", "objective"] * 2:
        raise CheckError("draws and objective are called in another order", ", ".join(drawn))


def _own_configs(function: Function) -> None:
    """Every trial has a config of its own: new draws, and a new dict."""
    _, history, _ = _search(function, [1.0] * 6)
    configs = [_pair(entry)[0] for entry in history]
    if len({id(config) for config in configs}) < 6:
        raise CheckError("history holds one dict several times: make a new one for each trial")
    if len({config["lr"] for config in configs}) < 6:
        raise CheckError("trials share their draws: draw anew for each")


def _least_is_best(function: Function) -> None:
    """Best is the config with the least value, the first of equals."""
    for values, wanted in (([3.0, 1.0, 2.0], 1), ([-1.0, -4.0, 0.0], 1), ([2.0, 1.0, 5.0, 1.0], 1)):
        best, _, seen = _search(function, values)
        if isinstance(best, float | int | np.number):
            raise CheckError("best is a number: the config is asked for, not its value")
        if isinstance(best, tuple):
            raise CheckError("best is a pair: the config alone is asked for")
        check_that(isinstance(best, dict), f"best: expected a config, got {describe(best)}")
        if best == seen[int(np.argmax(values))]:
            raise CheckError("best is the config with the largest value: the search minimises")
        if values.count(1.0) == 2 and best == seen[3]:
            raise CheckError("best is the last of two equals, and not the first")
        check_that(best == seen[wanted], "best is not the config with the least value")


def _nan_never_wins(function: Function) -> None:
    """A value of NaN stands in history, and never wins."""
    for values, wanted in (([math.nan, 3.0, math.nan, 2.0], 3), ([2.0, math.nan, 3.0], 0)):
        best, history, seen = _search(function, values)
        found = [_pair(entry)[1] for entry in history]
        kept = np.array_equal(found, values, equal_nan=True)
        check_that(kept, "the trials that gave NaN are not in history as they were")
        check_that(best == seen[wanted], "a value of NaN wins, or hides a better one")
