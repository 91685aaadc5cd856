"""Lab 02: answers to the loop that runs a step and keeps the path."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake("minimize", says="Your path lacks the start: w as it is before any update.")
def start_left_out(
    step: Callable[[Array, Any], tuple[Array, Any]], w: Array, state: Any, steps: int
) -> Array:
    path = np.empty((steps, *w.shape), w.dtype)
    for k in range(steps):
        w, state = step(w, state)
        path[k] = w
    return path


@mistake(
    "minimize",
    says="Your path has the right length, but begins after the first update.",
)
def shifted_by_one(
    step: Callable[[Array, Any], tuple[Array, Any]], w: Array, state: Any, steps: int
) -> Array:
    path = []
    for _ in range(steps + 1):
        w, state = step(w, state)
        path.append(w)
    return np.stack(path)


@mistake("minimize", says="Your path is one update short at its end.")
def end_left_out(
    step: Callable[[Array, Any], tuple[Array, Any]], w: Array, state: Any, steps: int
) -> Array:
    path = [w]
    for _ in range(steps - 1):
        w, state = step(w, state)
        path.append(w)
    return np.stack(path)


@mistake(
    "minimize",
    says="Every entry of your path is one and the same array, so all of them show the last w.",
)
def one_array_throughout(
    step: Callable[[Array, Any], tuple[Array, Any]], w: Array, state: Any, steps: int
) -> Array:
    w = w.copy()
    path = [w]
    for _ in range(steps):
        w[...], state = step(w, state)
        path.append(w)
    return np.stack(path)


@mistake(
    "minimize",
    says="Your path is right, but you ask for one step more than you use: its work is thrown away.",
)
def one_step_too_many(
    step: Callable[[Array, Any], tuple[Array, Any]], w: Array, state: Any, steps: int
) -> Array:
    path = []
    for _ in range(steps + 1):
        path.append(w)
        w, state = step(w, state)
    return np.stack(path)


@mistake(
    "minimize",
    says="You call step twice for one update, once for w and once for the state.",
)
def called_once_for_each_value(
    step: Callable[[Array, Any], tuple[Array, Any]], w: Array, state: Any, steps: int
) -> Array:
    path = [w]
    for _ in range(steps):
        w, state = step(w, state)[0], step(w, state)[1]
        path.append(w)
    return np.stack(path)


@mistake(
    "minimize",
    says="Every step of yours is given the state of the start; hand on what the last one returned.",
)
def state_never_handed_on(
    step: Callable[[Array, Any], tuple[Array, Any]], w: Array, state: Any, steps: int
) -> Array:
    path = [w]
    for _ in range(steps):
        w, _ = step(w, state)
        path.append(w)
    return np.stack(path)


@mistake(
    "minimize",
    says="Your state changes, but every step is made from the start instead of the newest w.",
)
def always_from_the_start(
    step: Callable[[Array, Any], tuple[Array, Any]], w: Array, state: Any, steps: int
) -> Array:
    path = [w]
    for _ in range(steps):
        moved, state = step(w, state)
        path.append(moved)
    return np.stack(path)


@mistake(
    "minimize",
    says="You take the state for a velocity; it may be anything, and is only passed on.",
)
def state_taken_for_a_velocity(
    step: Callable[[Array, Any], tuple[Array, Any]], w: Array, state: Any, steps: int
) -> Array:
    state = np.zeros_like(w) + state
    path = [w]
    for _ in range(steps):
        w, state = step(w, state)
        path.append(w)
    return np.stack(path)


@mistake(
    "minimize",
    says="You replace a state that is None or zero by one of your own.",
)
def empty_state_replaced(
    step: Callable[[Array, Any], tuple[Array, Any]], w: Array, state: Any, steps: int
) -> Array:
    if not isinstance(state, np.ndarray):
        state = state or np.zeros_like(w)
    path = [w]
    for _ in range(steps):
        w, state = step(w, state)
        path.append(w)
    return np.stack(path)


@mistake("minimize", says="You return the last w alone; asked for is every w on the way.")
def last_alone(
    step: Callable[[Array, Any], tuple[Array, Any]], w: Array, state: Any, steps: int
) -> Array:
    for _ in range(steps):
        w, state = step(w, state)
    return w


@mistake("minimize", says="You stop as soon as a step changes nothing; the next one may again.")
def stopped_at_rest(
    step: Callable[[Array, Any], tuple[Array, Any]], w: Array, state: Any, steps: int
) -> Array:
    path = [w]
    for _ in range(steps):
        moved, state = step(w, state)
        if np.array_equal(moved, w):
            break
        w = moved
        path.append(w)
    return np.stack(path)


@mistake("minimize", says="You hand step its two arguments in the wrong order.")
def arguments_exchanged(
    step: Callable[[Array, Any], tuple[Array, Any]], w: Array, state: Any, steps: int
) -> Array:
    path = [w]
    for _ in range(steps):
        w, state = step(state, w)
        path.append(w)
    return np.stack(path)


@mistake(
    "minimize",
    says="Your path is right, but its updates are written into the caller's own w, "
    "which changes the caller's start.",
)
def start_overwritten(
    step: Callable[[Array, Any], tuple[Array, Any]], w: Array, state: Any, steps: int
) -> Array:
    path = [w.copy()]
    for _ in range(steps):
        w[...], state = step(w, state)
        path.append(w.copy())
    return np.stack(path)


@mistake("minimize", says="Your path is float64 whatever w is.")
def path_in_float64(
    step: Callable[[Array, Any], tuple[Array, Any]], w: Array, state: Any, steps: int
) -> Array:
    path = np.zeros((steps + 1, *w.shape))
    path[0] = w
    for k in range(steps):
        w, state = step(w, state)
        path[k + 1] = w
    return path


@variant("minimize")
def path_filled(
    step: Callable[[Array, Any], tuple[Array, Any]], w: Array, state: Any, steps: int
) -> Array:
    path = np.empty((steps + 1, *w.shape), dtype=w.dtype)
    path[0] = w
    for k in range(steps):
        path[k + 1], state = step(path[k], state)
    return path


@variant("minimize")
def accumulated(step: Callable[..., Any], w: Array, state: Any, steps: int) -> Array:
    def update(pair: tuple[Array, Any], _: int) -> tuple[Array, Any]:
        return tuple(step(w=pair[0], state=pair[1]))

    pairs = itertools.accumulate(range(steps), update, initial=(w, state))
    return np.array([point for point, _ in pairs])


@variant("minimize")
def one_copy_changed(
    step: Callable[[Array, Any], tuple[Array, Any]],
    w: Array,
    state: Any,
    steps: int,
    callback: Callable[[Array], None] = print,
) -> Array:
    w = w.copy()
    path = [w.copy()]
    while len(path) <= steps:
        w[...], state = step(w.copy(), state)
        callback(w)
        path += [w.copy()]
    return np.concatenate([point[None] for point in path])


@variant("minimize")
def reduced(
    step: Callable[[Array, Any], tuple[Array, Any]], w: Array, state: Any, steps: int
) -> Array:
    def append(so_far: tuple[list[Array], Any], _: int) -> tuple[list[Array], Any]:
        path, last = so_far
        point, last = step(path[-1], last)
        return [*path, point], last

    return np.stack(functools.reduce(append, range(steps), ([w], state))[0])
