"""Lab 03's visible checks of RProp, in the variant iRprop−."""

from __future__ import annotations

import numpy as np

from dlcourse.checks.lab03_stepping import (
    check_downhill,
    check_float32,
    check_shapes,
    check_step,
)
from dlcourse.checks.properties import Function, run_properties
from dlcourse.testing import CheckError, check_close

_NAMES = "(w, prev_grad, step)"


def rprop_step(function: object) -> None:
    """Check ``rprop_step(w, grad, prev_grad, step, up, down, step_min, step_max)``."""
    run_properties(
        "rprop_step",
        function,
        [
            _returns,
            _first_step,
            _size_of_slope,
            _kept_sign,
            _changed_sign,
            _after_a_rest,
            _own_factors,
            _limits,
            _on_a_parabola,
            _keeps_float32,
        ],
    )


def _returns(function: Function) -> None:
    """It returns w, prev_grad and step, all of the shape of w."""
    check_shapes(lambda w, grad: function(w, grad, 0 * w, 0.1 * np.ones_like(w)), _NAMES)


def _first_step(function: Function) -> None:
    """With no slope before, the step sizes stay, and w moves by them, against the slope."""
    w, grad, step = np.array([1.0, -2.0]), np.array([3.0, -0.5]), np.array([0.1, 0.2])
    moved, seen, after = check_step(function(w, grad, np.zeros(2), step), w, _NAMES)
    if np.allclose(after, 1.2 * step):
        raise CheckError("step grows at once: zero has no sign, so nothing was kept")
    if np.allclose(after, 0.5 * step):
        raise CheckError("step shrinks at once: zero has no sign, so nothing has changed")
    check_close(after, step, "step")
    check_downhill(moved, w, grad)
    if np.allclose(moved, w - step * grad):
        raise CheckError("the move has the slope's size in it: only its sign counts")
    check_close(moved, np.array([0.9, -1.8]), "w")
    check_close(seen, grad, "prev_grad")


def _size_of_slope(function: Function) -> None:
    """A slope a million times larger makes the same step; a slope of zero makes none."""
    w, step = np.array([1.0, 1.0, 1.0]), np.full(3, 0.25)
    grad = np.array([1e-3, 1e3, 0.0])
    moved, _, after = check_step(function(w, grad, grad, step), w, _NAMES)
    check_close(moved, np.array([0.7, 0.7, 1.0]), "w")
    check_close(after, np.array([0.3, 0.3, 0.25]), "step")


def _kept_sign(function: Function) -> None:
    """Where the slope keeps its sign, the step size grows by 1.2, and counts at once."""
    w, grad, before = np.zeros(2), np.array([2.0, -1.0]), np.array([0.3, -7.0])
    moved, _, after = check_step(function(w, grad, before, np.full(2, 0.5)), w, _NAMES)
    if np.allclose(after, 0.25):
        raise CheckError("step shrinks where the sign was kept: up and down are exchanged")
    check_close(after, np.array([0.6, 0.6]), "step")
    if np.allclose(np.abs(moved), 0.5):
        raise CheckError("w moves by the step size that came in, not by the new one")
    check_close(moved, np.array([-0.6, 0.6]), "w")


def _changed_sign(function: Function) -> None:
    """Where it changed, the step size is halved, w rests, and zero is handed on as its slope."""
    w, grad, before = np.array([1.0, 1.0]), np.array([2.0, -1.0]), np.array([-3.0, 1.0])
    moved, seen, after = check_step(function(w, grad, before, np.full(2, 0.5)), w, _NAMES)
    check_close(after, np.array([0.25, 0.25]), "step")
    if np.allclose(np.abs(moved - w), 0.25):
        raise CheckError("w moves where the sign changed: it rests for this step")
    if np.allclose(np.abs(moved - w), 0.5):
        raise CheckError("the last step is undone: that is the RProp of 1993; here w rests")
    check_close(moved, w, "w")
    if np.array_equal(seen, grad):
        raise CheckError("prev_grad: where the sign changed, zero is to come back")
    if np.array_equal(seen, before):
        raise CheckError("prev_grad: the old slope comes back, and not the one of this step")
    check_close(seen, np.zeros(2), "prev_grad")


def _after_a_rest(function: Function) -> None:
    """The step after a rest neither grows nor shrinks, and each component is on its own."""
    w, step = np.zeros(2), np.full(2, 0.5)
    grads = np.array([[1.0, 1.0], [-1.0, 1.0], [-1.0, 1.0]])
    sizes, places, seen = [], [], np.zeros(2)
    for grad in grads:
        w, seen, step = check_step(function(w, grad, seen, step), w, _NAMES)
        sizes.append(step)
        places.append(w)
    check_close(
        np.array(sizes), np.array([[0.5, 0.5], [0.25, 0.6], [0.25, 0.72]]), "step, three times"
    )
    check_close(
        np.array(places), np.array([[-0.5, -0.5], [-0.5, -1.1], [-0.25, -1.82]]), "w, three times"
    )


def _own_factors(function: Function) -> None:
    """Other factors than 1.2 and 0.5 are used as given."""
    w, grad, before = np.zeros(2), np.ones(2), np.array([1.0, -1.0])
    _, _, after = check_step(function(w, grad, before, np.ones(2), 1.5, 0.25), w, _NAMES)
    check_close(after, np.array([1.5, 0.25]), "step with up = 1.5 and down = 0.25")


def _limits(function: Function) -> None:
    """Step sizes stay between step_min and step_max, 1e-6 and 50 if those are left out."""
    w, grad, before = np.zeros(2), np.ones(2), np.array([1.0, -1.0])
    step = np.array([0.9, 0.15])
    _, _, after = check_step(function(w, grad, before, step, 1.2, 0.5, 0.1, 1.0), w, _NAMES)
    check_close(after, np.array([1.0, 0.1]), "step, limits 0.1 and 1")
    _, _, after = check_step(function(w, grad, before, np.array([49.0, 1.5e-6])), w, _NAMES)
    check_close(after, np.array([50.0, 1e-6]), "step, limits left out", atol=1e-12)


def _on_a_parabola(function: Function) -> None:
    """On L = w²/2 from 1 with the step 0.5: 0.5, −0.1, −0.1, 0.2, 0.2, 0.05."""
    w, seen, step, path = np.array([1.0]), np.zeros(1), np.array([0.5]), []
    for _ in range(6):
        w, seen, step = check_step(function(w, w.copy(), seen, step), w, _NAMES)
        path.append(w[0])
    check_close(np.array(path), np.array([0.5, -0.1, -0.1, 0.2, 0.2, 0.05]), "w after each step")


def _keeps_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    check_float32(lambda w, grad: function(w, grad, -grad, w), _NAMES)
