"""Lab 09: answers to random search."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.random import Generator

from autograder.answers import mistake, variant
from dlcourse.recipe import Config


@mistake(
    "random_search",
    says="You keep the config of the greatest value; the objective is to be made small.",
)
def maximised(
    objective: Callable[[Config], float], space: dict[str, Any], trials: int, rng: Generator
) -> Any:
    history = []
    for _ in range(trials):
        config = {name: draw(rng) for name, draw in space.items()}
        history.append((config, float(objective(config))))
    key = [-math.inf if math.isnan(value) else value for _, value in history]
    return history[int(np.argmax(key))][0], history


@mistake(
    "random_search",
    says="You return the least value; what one wants to know is the config that gave it.",
)
def value_for_config(
    objective: Callable[[Config], float], space: dict[str, Any], trials: int, rng: Generator
) -> tuple[float, list[tuple[Config, float]]]:
    history = []
    for _ in range(trials):
        config = {name: draw(rng) for name, draw in space.items()}
        history.append((config, float(objective(config))))
    return min(value for _, value in history if not math.isnan(value)), history


@mistake(
    "random_search",
    says="Your best is the whole entry of the history, config and value; the config alone is "
    "asked for.",
)
def whole_entry_is_best(
    objective: Callable[[Config], float], space: dict[str, Any], trials: int, rng: Generator
) -> tuple[tuple[Config, float], list[tuple[Config, float]]]:
    history = []
    for _ in range(trials):
        config = {name: draw(rng) for name, draw in space.items()}
        history.append((config, float(objective(config))))
    return min(history, key=lambda t: math.inf if math.isnan(t[1]) else t[1]), history


@mistake(
    "random_search",
    says="You draw a config anew for the history: it is not the one that had this value.",
)
def drawn_anew_for_the_history(
    objective: Callable[[Config], float], space: dict[str, Any], trials: int, rng: Generator
) -> Any:
    history = []
    for _ in range(trials):
        value = float(objective({name: draw(rng) for name, draw in space.items()}))
        history.append(({name: draw(rng) for name, draw in space.items()}, value))
    return min(history, key=lambda t: math.inf if math.isnan(t[1]) else t[1])[0], history


@mistake(
    "random_search",
    says="All entries of your history are one and the same dict, which each trial overwrites; make "
    "a new one a trial.",
)
def one_config_overwritten(
    objective: Callable[[Config], float], space: dict[str, Any], trials: int, rng: Generator
) -> Any:
    config: Config = {}
    history = []
    for _ in range(trials):
        for name, draw in space.items():
            config[name] = draw(rng)
        history.append((config, float(objective(config))))
    return min(history, key=lambda t: math.inf if math.isnan(t[1]) else t[1])[0], history


@mistake(
    "random_search",
    says="Your trials are a grid: every value of one hyper-parameter meets the same few of the "
    "others. Draw all of them anew for each trial.",
)
def grid_of_draws(
    objective: Callable[[Config], float], space: dict[str, Any], trials: int, rng: Generator
) -> Any:
    side = math.ceil(trials ** (1 / len(space)))
    columns = [[draw(rng) for _ in range(side)] for draw in space.values()]
    history = []
    for values in itertools.islice(itertools.product(*columns), trials):
        config = dict(zip(space, values, strict=True))
        history.append((config, float(objective(config))))
    return min(history, key=lambda t: math.inf if math.isnan(t[1]) else t[1])[0], history


@mistake(
    "random_search",
    says="Your history has the configs without their values.",
)
def history_without_values(
    objective: Callable[[Config], float], space: dict[str, Any], trials: int, rng: Generator
) -> tuple[Config, list[Config]]:
    history, values = [], []
    for _ in range(trials):
        config = {name: draw(rng) for name, draw in space.items()}
        history.append(config)
        values.append(float(objective(config)))
    return history[int(np.nanargmin(values))], history


@mistake(
    "random_search",
    says="Your history has the trials that were the best so far alone; all are asked for.",
)
def improvements_alone(
    objective: Callable[[Config], float], space: dict[str, Any], trials: int, rng: Generator
) -> Any:
    best: Config = {}
    least, history = math.inf, []
    for _ in range(trials):
        config = {name: draw(rng) for name, draw in space.items()}
        value = float(objective(config))
        if value < least:
            best, least = config, value
            history.append((config, value))
    return best, history


@mistake(
    "random_search",
    says="Where values are equal you keep the last config; the first is asked for.",
)
def last_of_equals(
    objective: Callable[[Config], float], space: dict[str, Any], trials: int, rng: Generator
) -> Any:
    best: Config = {}
    least, history = math.inf, []
    for _ in range(trials):
        config = {name: draw(rng) for name, draw in space.items()}
        value = float(objective(config))
        history.append((config, value))
        if value <= least:
            best, least = config, value
    return best, history


@mistake(
    "random_search",
    says="A trial that ends in NaN can win with you; such a run has failed, and counts as worst.",
)
def nan_wins(
    objective: Callable[[Config], float], space: dict[str, Any], trials: int, rng: Generator
) -> Any:
    history = []
    for _ in range(trials):
        config = {name: draw(rng) for name, draw in space.items()}
        history.append((config, float(objective(config))))
    return history[int(np.argmin([value for _, value in history]))][0], history


@mistake(
    "random_search",
    says="You compare with the least value so far, which NaN beats once it stands first: no "
    "comparison with it is true.",
)
def nan_stays_first(
    objective: Callable[[Config], float], space: dict[str, Any], trials: int, rng: Generator
) -> Any:
    history = []
    for _ in range(trials):
        config = {name: draw(rng) for name, draw in space.items()}
        history.append((config, float(objective(config))))
    return min(history, key=lambda trial: trial[1])[0], history


@mistake(
    "random_search",
    says="You seed a generator of your own in each trial, so that every config is the same.",
)
def same_seed_each_trial(
    objective: Callable[[Config], float], space: dict[str, Any], trials: int, rng: Generator
) -> Any:
    history = []
    for _ in range(trials):
        own = np.random.default_rng(0)
        config = {name: draw(own) for name, draw in space.items()}
        history.append((config, float(objective(config))))
    return min(history, key=lambda t: math.inf if math.isnan(t[1]) else t[1])[0], history


@mistake(
    "random_search",
    says="You train the best config a second time; every trial is made once.",
)
def best_tried_again(
    objective: Callable[[Config], float], space: dict[str, Any], trials: int, rng: Generator
) -> Any:
    history = []
    for _ in range(trials):
        config = {name: draw(rng) for name, draw in space.items()}
        history.append((config, float(objective(config))))
    best = min(history, key=lambda t: math.inf if math.isnan(t[1]) else t[1])[0]
    objective(best)
    return best, history


@mistake(
    "random_search",
    says="Your best starts from the value zero, which no positive objective is below.",
)
def least_starts_at_zero(
    objective: Callable[[Config], float], space: dict[str, Any], trials: int, rng: Generator
) -> Any:
    best: Config = {}
    least, history = 0.0, []
    for _ in range(trials):
        config = {name: draw(rng) for name, draw in space.items()}
        history.append((config, float(objective(config))))
        if history[-1][1] < least:
            best, least = history[-1]
    return best, history


@mistake("random_search", says="You sort the history; it is to tell the trials in their order.")
def history_sorted(
    objective: Callable[[Config], float], space: dict[str, Any], trials: int, rng: Generator
) -> Any:
    history = []
    for _ in range(trials):
        config = {name: draw(rng) for name, draw in space.items()}
        history.append((config, float(objective(config))))
    history.sort(key=lambda t: math.inf if math.isnan(t[1]) else t[1])
    return history[0][0], history


@variant("random_search")
def best_kept_on_the_way(
    objective: Callable[[Config], float], space: dict[str, Any], trials: int, rng: Generator
) -> Any:
    best: Config | None = None
    least, history = math.inf, []
    for _ in range(trials):
        config = {}
        for name in space:
            config[name] = space[name](rng)
        value = objective(dict(config))
        history.append((config, float(value)))
        if best is None or value < least:
            best, least = config, (math.inf if math.isnan(value) else float(value))
    assert best is not None
    return dict(best), history


@variant("random_search")
def values_in_an_array(
    objective: Callable[[Config], float], space: dict[str, Any], trials: int, rng: Generator
) -> Any:
    configs: list[Config] = []
    values = np.zeros(trials)
    for k in range(trials):
        configs.append({name: space[name](rng) for name in space})
        values[k] = objective(configs[k])
    winner = int(np.argmin(np.where(np.isnan(values), np.inf, values)))
    return configs[winner], list(zip(configs, values.tolist(), strict=True))


@variant("random_search")
def ranked_by_a_key(
    objective: Callable[..., float],
    space: dict[str, Any],
    trials: int,
    rng: Generator,
    patience: int = 0,
) -> Any:
    history = []
    for number in range(trials):
        config = {name: draw(rng) for name, draw in space.items()}
        history.append((config, float(objective(config=config))))
        print("trial", number, history[-1])
    ranks = sorted(range(trials), key=lambda i: (bool(np.isnan(history[i][1])), history[i][1], i))
    return history[ranks[0]][0], history
