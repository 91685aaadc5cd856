"""Lab 02's visible checks of the loop that runs an optimizer's step and keeps the path."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.properties import Function, run_properties
from dlcourse.testing import CheckError, check_array, check_close, check_that, describe


def minimize(function: object) -> None:
    """Check ``minimize(step, w, state, steps) -> path``."""
    run_properties(
        "minimize",
        function,
        [_path_shape, _path_by_hand, _hands_on, _any_state, _no_steps, _path_keeps_float32],
    )


def _check_path(path: object, steps: int, w: np.ndarray) -> np.ndarray:
    if isinstance(path, tuple):
        raise CheckError("path: it is a tuple; only the path is asked for, not the state")
    if isinstance(path, list):
        raise CheckError("path: it is a list; stack the points into one array")
    if isinstance(path, np.ndarray) and path.shape == w.shape:
        raise CheckError("path: you return the last point only; the whole path is asked for")
    if isinstance(path, np.ndarray) and path.shape == (steps, *w.shape):
        raise CheckError("path: one point is missing; the start counts too")
    check_array(path, (steps + 1, *w.shape), "path")
    assert isinstance(path, np.ndarray)
    return path


def _path_shape(function: Function) -> None:
    """The path is one array of steps + 1 points, and the first is w."""
    w = np.arange(6.0).reshape(2, 3)
    path = _check_path(function(lambda w, state: (w + 1.0, state), w, None, 5), 5, w)
    check_that(np.array_equal(path[0], w), "path[0] is not the w that came in")


def _path_by_hand(function: Function) -> None:
    """With a step that halves w, 1 goes to 0.5, 0.25, 0.125."""
    w = np.array([1.0])
    path = _check_path(function(lambda w, state: (w / 2, state), w, None, 3), 3, w)
    if np.allclose(path[1:, 0], 0.5):
        raise CheckError("every step starts at the first w: hand on the w that the last one gave")
    check_close(path[:, 0], np.array([1.0, 0.5, 0.25, 0.125]), "path")


def _hands_on(function: Function) -> None:
    """Each step is given the state that the step before has returned, and is called once."""
    given: list[int] = []

    def step(w: Any, state: Any) -> tuple[Any, Any]:
        given.append(state)
        return w + state, state + 1

    path = function(step, np.zeros(2), 1, 4)
    if given == [1, 1, 1, 1]:
        raise CheckError("every step is given the first state: keep the one that step returns")
    check_that(
        len(given) == 4, "step is not called once an update", f"4 updates, {len(given)} calls"
    )
    check_that(given == [1, 2, 3, 4], "the states are not handed on in order", f"{given}")
    check_close(_check_path(path, 4, np.zeros(2))[:, 0], np.array([0.0, 1, 3, 6, 10]), "path")


def _any_state(function: Function) -> None:
    """The state may be anything: it is handed to step as it is."""
    start = (np.ones(2), 7, None)
    seen: list[object] = []

    def step(w: Any, state: Any) -> tuple[Any, Any]:
        seen.append(state)
        return w, "another state"

    function(step, np.zeros(2), start, 2)
    check_that(len(seen) == 2, "step is not called once an update")
    if not (isinstance(seen[0], tuple) and len(seen[0]) == 3 and seen[0][1] == 7):
        raise CheckError(f"the first step got for its state {describe(seen[0])}")
    check_that(seen[1] == "another state", "the second step did not get what the first returned")


def _no_steps(function: Function) -> None:
    """With steps = 0 the path is the start alone."""
    w = np.array([1.0, -2.0])
    path = function(lambda w, state: (w + 1, state), w, None, 0)
    check_array(path, (1, 2), "path")
    check_close(path[0], w, "path[0]")


def _path_keeps_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    w = np.ones(3, dtype=np.float32)
    path = function(lambda w, state: (w / 2, state), w, None, 2)
    check_array(path, (3, 3), "path", dtype=np.float32)
