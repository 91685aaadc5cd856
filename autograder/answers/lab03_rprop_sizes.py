"""Lab 03: answers to resilient propagation that differ in the sizes of steps."""

from __future__ import annotations

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "rprop_step",
    says="Your step shrinks where the slope keeps its sign and grows where it changes: the "
    "factors are exchanged.",
)
def factors_exchanged(
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
    scaled = np.where(turn > 0, step * down, np.where(turn < 0, step * up, step))
    step = np.clip(scaled, step_min, step_max)
    grad = np.where(turn < 0, np.zeros_like(grad), grad)
    return w - step * np.sign(grad), grad, step


@mistake("rprop_step", says="Nothing keeps your step between its smallest and its largest size.")
def no_limits(
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
    step = scaled
    grad = np.where(turn < 0, np.zeros_like(grad), grad)
    return w - step * np.sign(grad), grad, step


@mistake("rprop_step", says="Your step has an upper limit only; it may shrink to nothing.")
def no_smallest_step(
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
    step = np.minimum(scaled, step_max)
    grad = np.where(turn < 0, np.zeros_like(grad), grad)
    return w - step * np.sign(grad), grad, step


@mistake("rprop_step", says="Your step has a lower limit only; it may grow for ever.")
def no_largest_step(
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
    step = np.maximum(scaled, step_min)
    grad = np.where(turn < 0, np.zeros_like(grad), grad)
    return w - step * np.sign(grad), grad, step


@mistake(
    "rprop_step",
    says="You use the smallest size as the upper limit and the largest as the lower one.",
)
def limits_exchanged(
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
    step = np.maximum(np.minimum(scaled, step_min), step_max)
    grad = np.where(turn < 0, np.zeros_like(grad), grad)
    return w - step * np.sign(grad), grad, step


@mistake(
    "rprop_step",
    says="You keep the step within its limits before it is scaled, and so it may leave them by "
    "one factor.",
)
def limits_before_scaling(
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
    step = np.clip(step, step_min, step_max)
    step = np.where(turn > 0, step * up, np.where(turn < 0, step * down, step))
    grad = np.where(turn < 0, np.zeros_like(grad), grad)
    return w - step * np.sign(grad), grad, step


@mistake("rprop_step", says="You move by the step size from before it was scaled.")
def moved_by_the_old_step(
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
    scaled = np.clip(scaled, step_min, step_max)
    grad = np.where(turn < 0, np.zeros_like(grad), grad)
    return w - step * np.sign(grad), grad, scaled


@mistake("rprop_step", says="Your factors differ from those asked for unless they are given.")
def other_factors(
    w: Array,
    grad: Array,
    prev_grad: Array,
    step: Array,
    up: float = 1.25,
    down: float = 0.5,
    step_min: float = 1e-6,
    step_max: float = 50.0,
) -> tuple[Array, Array, Array]:
    turn = np.sign(grad) * np.sign(prev_grad)
    scaled = np.where(turn > 0, step * up, np.where(turn < 0, step * down, step))
    step = np.clip(scaled, step_min, step_max)
    grad = np.where(turn < 0, np.zeros_like(grad), grad)
    return w - step * np.sign(grad), grad, step


@mistake(
    "rprop_step", says="Your step shrinks by another factor than asked for unless it is given."
)
def other_shrinking(
    w: Array,
    grad: Array,
    prev_grad: Array,
    step: Array,
    up: float = 1.2,
    down: float = 0.4,
    step_min: float = 1e-6,
    step_max: float = 50.0,
) -> tuple[Array, Array, Array]:
    turn = np.sign(grad) * np.sign(prev_grad)
    scaled = np.where(turn > 0, step * up, np.where(turn < 0, step * down, step))
    step = np.clip(scaled, step_min, step_max)
    grad = np.where(turn < 0, np.zeros_like(grad), grad)
    return w - step * np.sign(grad), grad, step


@mistake("rprop_step", says="Your largest step differs from the one asked for unless it is given.")
def other_limit(
    w: Array,
    grad: Array,
    prev_grad: Array,
    step: Array,
    up: float = 1.2,
    down: float = 0.5,
    step_min: float = 1e-6,
    step_max: float = 40.0,
) -> tuple[Array, Array, Array]:
    turn = np.sign(grad) * np.sign(prev_grad)
    scaled = np.where(turn > 0, step * up, np.where(turn < 0, step * down, step))
    step = np.clip(scaled, step_min, step_max)
    grad = np.where(turn < 0, np.zeros_like(grad), grad)
    return w - step * np.sign(grad), grad, step


@mistake("rprop_step", says="Your smallest step differs from the one asked for unless it is given.")
def other_lower_limit(
    w: Array,
    grad: Array,
    prev_grad: Array,
    step: Array,
    up: float = 1.2,
    down: float = 0.5,
    step_min: float = 1e-7,
    step_max: float = 50.0,
) -> tuple[Array, Array, Array]:
    turn = np.sign(grad) * np.sign(prev_grad)
    scaled = np.where(turn > 0, step * up, np.where(turn < 0, step * down, step))
    step = np.clip(scaled, step_min, step_max)
    grad = np.where(turn < 0, np.zeros_like(grad), grad)
    return w - step * np.sign(grad), grad, step


@mistake("rprop_step", says="You return the step sizes as they came in, so that they never adapt.")
def step_not_handed_on(
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
    grad = np.where(turn < 0, np.zeros_like(grad), grad)
    return w - step * np.sign(grad), grad, old


@mistake(
    "rprop_step",
    says="Your factors are an array of float64, which turns float32 parameters into float64.",
)
def factors_in_float64(
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
    factor = np.where(turn > 0, up, np.where(turn < 0, down, 1.0))
    step = np.clip(step * factor, step_min, step_max)
    grad = np.where(turn < 0, np.zeros_like(grad), grad)
    return w - step * np.sign(grad), grad, step


@variant("rprop_step")
def selected_with_another_argument(
    w: Array,
    grad: Array,
    prev_grad: Array,
    step: Array,
    up: float = 1.2,
    down: float = 0.5,
    step_min: float = 1e-6,
    step_max: float = 50.0,
    verbose: bool = True,
) -> tuple[Array, Array, Array]:
    product = prev_grad * grad
    factors = np.select([product > 0, product < 0], [up, down], default=1.0).astype(step.dtype)
    sizes = np.clip(factors * step, step_min, step_max).astype(step.dtype)
    kept = grad * (product >= 0)
    if verbose:
        print("steps", sizes)
    return w - np.copysign(sizes, kept) * (kept != 0), kept, sizes
