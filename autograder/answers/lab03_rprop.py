"""Lab 03: answers to resilient propagation."""

from __future__ import annotations

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "rprop_step",
    says="Your gradient is zeroed for the next step, but in this one the parameter still moves "
    "where its slope changed sign; it should rest there.",
)
def moved_where_sign_changed(
    w: Array,
    grad: Array,
    prev_grad: Array,
    step: Array,
    up: float = 1.2,
    down: float = 0.5,
    step_min: float = 1e-6,
    step_max: float = 50.0,
) -> tuple[Array, Array, Array]:
    turn = np.sign(grad) * np.sign(prev_grad)
    scaled = np.where(turn > 0, step * up, np.where(turn < 0, step * down, step))
    step = np.clip(scaled, step_min, step_max)
    w = w - step * np.sign(grad)
    grad = np.where(turn < 0, np.zeros_like(grad), grad)
    return w, grad, step


@mistake(
    "rprop_step",
    says="After a change of sign you hand on the gradient as it was, so that the next step "
    "grows or shrinks again: zero it there.",
)
def gradient_not_zeroed_for_the_next_step(
    w: Array,
    grad: Array,
    prev_grad: Array,
    step: Array,
    up: float = 1.2,
    down: float = 0.5,
    step_min: float = 1e-6,
    step_max: float = 50.0,
) -> tuple[Array, Array, Array]:
    turn = np.sign(grad) * np.sign(prev_grad)
    scaled = np.where(turn > 0, step * up, np.where(turn < 0, step * down, step))
    step = np.clip(scaled, step_min, step_max)
    rested = np.where(turn < 0, np.zeros_like(grad), grad)
    return w - step * np.sign(rested), grad, step


@mistake(
    "rprop_step",
    says="A change of sign only shrinks your step. The parameter is also to rest, and its slope "
    "to be forgotten, for one step.",
)
def no_rest_at_all(
    w: Array,
    grad: Array,
    prev_grad: Array,
    step: Array,
    up: float = 1.2,
    down: float = 0.5,
    step_min: float = 1e-6,
    step_max: float = 50.0,
) -> tuple[Array, Array, Array]:
    turn = np.sign(grad) * np.sign(prev_grad)
    scaled = np.where(turn > 0, step * up, np.where(turn < 0, step * down, step))
    step = np.clip(scaled, step_min, step_max)
    return w - step * np.sign(grad), grad, step


@mistake(
    "rprop_step",
    says="You return the previous gradient; the next step has to be compared with this one.",
)
def previous_gradient_handed_on(
    w: Array,
    grad: Array,
    prev_grad: Array,
    step: Array,
    up: float = 1.2,
    down: float = 0.5,
    step_min: float = 1e-6,
    step_max: float = 50.0,
) -> tuple[Array, Array, Array]:
    turn = np.sign(grad) * np.sign(prev_grad)
    scaled = np.where(turn > 0, step * up, np.where(turn < 0, step * down, step))
    step = np.clip(scaled, step_min, step_max)
    grad = np.where(turn < 0, np.zeros_like(grad), grad)
    return w - step * np.sign(grad), prev_grad, step


@mistake(
    "rprop_step", says="Your step is multiplied by the slope itself; here only its sign counts."
)
def multiplied_by_the_slope(
    w: Array,
    grad: Array,
    prev_grad: Array,
    step: Array,
    up: float = 1.2,
    down: float = 0.5,
    step_min: float = 1e-6,
    step_max: float = 50.0,
) -> tuple[Array, Array, Array]:
    turn = np.sign(grad) * np.sign(prev_grad)
    scaled = np.where(turn > 0, step * up, np.where(turn < 0, step * down, step))
    step = np.clip(scaled, step_min, step_max)
    grad = np.where(turn < 0, np.zeros_like(grad), grad)
    return w - step * grad, grad, step


@mistake(
    "rprop_step", says="Your step grows also where one of the slopes is zero; there it should stay."
)
def zero_taken_for_agreement(
    w: Array,
    grad: Array,
    prev_grad: Array,
    step: Array,
    up: float = 1.2,
    down: float = 0.5,
    step_min: float = 1e-6,
    step_max: float = 50.0,
) -> tuple[Array, Array, Array]:
    turn = np.sign(grad) * np.sign(prev_grad)
    scaled = np.where(turn >= 0, step * up, np.where(turn < 0, step * down, step))
    step = np.clip(scaled, step_min, step_max)
    grad = np.where(turn < 0, np.zeros_like(grad), grad)
    return w - step * np.sign(grad), grad, step


@mistake(
    "rprop_step",
    says="You treat a slope of zero like a change of sign, so that a start from zeros shrinks "
    "steps at once.",
)
def zero_taken_for_a_change(
    w: Array,
    grad: Array,
    prev_grad: Array,
    step: Array,
    up: float = 1.2,
    down: float = 0.5,
    step_min: float = 1e-6,
    step_max: float = 50.0,
) -> tuple[Array, Array, Array]:
    turn = np.sign(grad) * np.sign(prev_grad)
    scaled = np.where(turn > 0, step * up, step * down)
    step = np.clip(scaled, step_min, step_max)
    grad = np.where(turn <= 0, np.zeros_like(grad), grad)
    return w - step * np.sign(grad), grad, step


@mistake("rprop_step", says="Your steps go uphill.")
def uphill(
    w: Array,
    grad: Array,
    prev_grad: Array,
    step: Array,
    up: float = 1.2,
    down: float = 0.5,
    step_min: float = 1e-6,
    step_max: float = 50.0,
) -> tuple[Array, Array, Array]:
    turn = np.sign(grad) * np.sign(prev_grad)
    scaled = np.where(turn > 0, step * up, np.where(turn < 0, step * down, step))
    step = np.clip(scaled, step_min, step_max)
    grad = np.where(turn < 0, np.zeros_like(grad), grad)
    return w + step * np.sign(grad), grad, step


@mistake(
    "rprop_step",
    says="You undo the last step where the slope changed sign, as RProp did in 1993. In the "
    "form asked for, the parameter rests.",
)
def last_step_undone(
    w: Array,
    grad: Array,
    prev_grad: Array,
    step: Array,
    up: float = 1.2,
    down: float = 0.5,
    step_min: float = 1e-6,
    step_max: float = 50.0,
) -> tuple[Array, Array, Array]:
    old = step

    turn = np.sign(grad) * np.sign(prev_grad)
    scaled = np.where(turn > 0, step * up, np.where(turn < 0, step * down, step))
    step = np.clip(scaled, step_min, step_max)
    undone = np.where(turn < 0, w + old * np.sign(prev_grad), w)
    grad = np.where(turn < 0, np.zeros_like(grad), grad)
    return undone - step * np.sign(grad), grad, step


@mistake(
    "rprop_step",
    says="You compare the two gradients as whole vectors; each parameter is to be compared with "
    "itself.",
)
def one_decision_for_all(
    w: Array,
    grad: Array,
    prev_grad: Array,
    step: Array,
    up: float = 1.2,
    down: float = 0.5,
    step_min: float = 1e-6,
    step_max: float = 50.0,
) -> tuple[Array, Array, Array]:
    turn = np.sign(np.sum(grad * prev_grad))
    scaled = np.where(turn > 0, step * up, np.where(turn < 0, step * down, step))
    step = np.clip(scaled, step_min, step_max)
    grad = np.where(turn < 0, np.zeros_like(grad), grad)
    return w - step * np.sign(grad), grad, step


@mistake("rprop_step", says="You return step and gradient in the wrong order.")
def step_returned_second(
    w: Array,
    grad: Array,
    prev_grad: Array,
    step: Array,
    up: float = 1.2,
    down: float = 0.5,
    step_min: float = 1e-6,
    step_max: float = 50.0,
) -> tuple[Array, Array, Array]:
    turn = np.sign(grad) * np.sign(prev_grad)
    scaled = np.where(turn > 0, step * up, np.where(turn < 0, step * down, step))
    step = np.clip(scaled, step_min, step_max)
    grad = np.where(turn < 0, np.zeros_like(grad), grad)
    return w - step * np.sign(grad), step, grad


@mistake(
    "rprop_step",
    says="Your step is right, but it changes the caller's gradient: entries are set to zero in "
    "the array that was handed in.",
)
def gradient_zeroed_in_place(
    w: Array,
    grad: Array,
    prev_grad: Array,
    step: Array,
    up: float = 1.2,
    down: float = 0.5,
    step_min: float = 1e-6,
    step_max: float = 50.0,
) -> tuple[Array, Array, Array]:
    turn = np.sign(grad) * np.sign(prev_grad)
    scaled = np.where(turn > 0, step * up, np.where(turn < 0, step * down, step))
    step = np.clip(scaled, step_min, step_max)
    grad[turn < 0] = 0
    return w - step * np.sign(grad), grad, step


@variant("rprop_step")
def parameter_by_parameter(
    w: Array,
    grad: Array,
    prev_grad: Array,
    step: Array,
    up: float = 1.2,
    down: float = 0.5,
    step_min: float = 1e-6,
    step_max: float = 50.0,
) -> tuple[Array, Array, Array]:
    w, grad, step = w.copy(), grad.copy(), step.copy()
    for i in np.ndindex(w.shape):
        if grad[i] > 0 < prev_grad[i] or grad[i] < 0 > prev_grad[i]:
            step[i] = min(step[i] * up, step_max)
        elif grad[i] > 0 > prev_grad[i] or grad[i] < 0 < prev_grad[i]:
            step[i] = max(step[i] * down, step_min)
            grad[i] = 0
        if grad[i] > 0:
            w[i] -= step[i]
        elif grad[i] < 0:
            w[i] += step[i]
    return w, grad, step


@variant("rprop_step")
def masks_on_copies(
    w: Array,
    grad: Array,
    prev_grad: Array,
    step: Array,
    up: float = 1.2,
    down: float = 0.5,
    step_min: float = 1e-6,
    step_max: float = 50.0,
) -> tuple[Array, Array, Array]:
    w, grad, step = np.array(w), np.array(grad), np.array(step)
    agree, differ = grad * prev_grad > 0, grad * prev_grad < 0
    step[agree] = np.minimum(up * step[agree], step_max)
    step[differ] = np.maximum(down * step[differ], step_min)
    grad[differ] = 0
    w -= np.sign(grad) * step
    return w, grad, step
