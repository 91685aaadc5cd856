"""Lab 03: answers to AdaDelta's step that differ in its fraction."""

from __future__ import annotations

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "adadelta_step",
    says="You scale the step by the mean that has this step in it already; it is to be scaled "
    "by the steps before.",
)
def new_mean_step_used(
    w: Array,
    grad: Array,
    mean_square: Array,
    mean_step: Array,
    rho: float = 0.95,
    eps: float = 1e-6,
) -> tuple[Array, Array, Array]:
    mean_square = rho * mean_square + (1 - rho) * grad**2
    step = -grad * np.sqrt(mean_step + eps) / np.sqrt(mean_square + eps)
    mean_step = rho * mean_step + (1 - rho) * step**2
    step = -grad * np.sqrt(mean_step + eps) / np.sqrt(mean_square + eps)
    return w + step, mean_square, mean_step


@mistake(
    "adadelta_step",
    says="Your fraction is upside down: which mean makes a step longer, which shorter?",
)
def fraction_upside_down(
    w: Array,
    grad: Array,
    mean_square: Array,
    mean_step: Array,
    rho: float = 0.95,
    eps: float = 1e-6,
) -> tuple[Array, Array, Array]:
    mean_square = rho * mean_square + (1 - rho) * grad**2
    step = -grad * np.sqrt(mean_square + eps) / np.sqrt(mean_step + eps)
    mean_step = rho * mean_step + (1 - rho) * step**2
    return w + step, mean_square, mean_step


@mistake(
    "adadelta_step",
    says="From rest your optimizer never starts: without ε there is nothing to scale the first "
    "step.",
)
def no_first_step(
    w: Array,
    grad: Array,
    mean_square: Array,
    mean_step: Array,
    rho: float = 0.95,
    eps: float = 1e-6,
) -> tuple[Array, Array, Array]:
    mean_square = rho * mean_square + (1 - rho) * grad**2
    step = -grad * np.sqrt(mean_step) / np.sqrt(mean_square + eps)
    mean_step = rho * mean_step + (1 - rho) * step**2
    return w + step, mean_square, mean_step


@mistake(
    "adadelta_step",
    says="Your ε is missing in the lower root, so that a parameter without slopes is divided by "
    "zero.",
)
def epsilon_above_only(
    w: Array,
    grad: Array,
    mean_square: Array,
    mean_step: Array,
    rho: float = 0.95,
    eps: float = 1e-6,
) -> tuple[Array, Array, Array]:
    mean_square = rho * mean_square + (1 - rho) * grad**2
    step = -grad * np.sqrt(mean_step + eps) / np.sqrt(mean_square)
    mean_step = rho * mean_step + (1 - rho) * step**2
    return w + step, mean_square, mean_step


@mistake(
    "adadelta_step", says="Your ε is a number of your own; the one that is handed in has no effect."
)
def epsilon_fixed(
    w: Array,
    grad: Array,
    mean_square: Array,
    mean_step: Array,
    rho: float = 0.95,
    eps: float = 1e-6,
) -> tuple[Array, Array, Array]:
    mean_square = rho * mean_square + (1 - rho) * grad**2
    step = -grad * np.sqrt(mean_step + 1e-6) / np.sqrt(mean_square + 1e-6)
    mean_step = rho * mean_step + (1 - rho) * step**2
    return w + step, mean_square, mean_step


@mistake("adadelta_step", says="The mean of the steps comes into your step without its root.")
def upper_root_missing(
    w: Array,
    grad: Array,
    mean_square: Array,
    mean_step: Array,
    rho: float = 0.95,
    eps: float = 1e-6,
) -> tuple[Array, Array, Array]:
    mean_square = rho * mean_square + (1 - rho) * grad**2
    step = -grad * (mean_step + eps) / np.sqrt(mean_square + eps)
    mean_step = rho * mean_step + (1 - rho) * step**2
    return w + step, mean_square, mean_step


@mistake("adadelta_step", says="The mean of the slopes comes into your step without its root.")
def lower_root_missing(
    w: Array,
    grad: Array,
    mean_square: Array,
    mean_step: Array,
    rho: float = 0.95,
    eps: float = 1e-6,
) -> tuple[Array, Array, Array]:
    mean_square = rho * mean_square + (1 - rho) * grad**2
    step = -grad * np.sqrt(mean_step + eps) / (mean_square + eps)
    mean_step = rho * mean_step + (1 - rho) * step**2
    return w + step, mean_square, mean_step


@mistake(
    "adadelta_step",
    says="You divide by the old mean of the slopes; the one that has this slope in it is wanted.",
)
def old_mean_square_used(
    w: Array,
    grad: Array,
    mean_square: Array,
    mean_step: Array,
    rho: float = 0.95,
    eps: float = 1e-6,
) -> tuple[Array, Array, Array]:
    step = -grad * np.sqrt(mean_step + eps) / np.sqrt(mean_square + eps)
    mean_square = rho * mean_square + (1 - rho) * grad**2
    mean_step = rho * mean_step + (1 - rho) * step**2
    return w + step, mean_square, mean_step


@mistake(
    "adadelta_step", says="You scale the step by a learning rate of your own; AdaDelta has none."
)
def learning_rate_added(
    w: Array,
    grad: Array,
    mean_square: Array,
    mean_step: Array,
    rho: float = 0.95,
    eps: float = 1e-6,
) -> tuple[Array, Array, Array]:
    mean_square = rho * mean_square + (1 - rho) * grad**2
    step = -grad * np.sqrt(mean_step + eps) / np.sqrt(mean_square + eps)
    mean_step = rho * mean_step + (1 - rho) * step**2
    return w + 0.5 * step, mean_square, mean_step


@mistake("adadelta_step", says="Your steps go uphill.")
def uphill(
    w: Array,
    grad: Array,
    mean_square: Array,
    mean_step: Array,
    rho: float = 0.95,
    eps: float = 1e-6,
) -> tuple[Array, Array, Array]:
    mean_square = rho * mean_square + (1 - rho) * grad**2
    step = -grad * np.sqrt(mean_step + eps) / np.sqrt(mean_square + eps)
    mean_step = rho * mean_step + (1 - rho) * step**2
    return w - step, mean_square, mean_step


@mistake(
    "adadelta_step",
    says="Your ε differs from the one asked for unless it is given; it sets how long the first "
    "steps are.",
)
def another_epsilon(
    w: Array,
    grad: Array,
    mean_square: Array,
    mean_step: Array,
    rho: float = 0.95,
    eps: float = 1e-8,
) -> tuple[Array, Array, Array]:
    mean_square = rho * mean_square + (1 - rho) * grad**2
    step = -grad * np.sqrt(mean_step + eps) / np.sqrt(mean_square + eps)
    mean_step = rho * mean_step + (1 - rho) * step**2
    return w + step, mean_square, mean_step


@variant("adadelta_step")
def epsilon_outside_the_roots(
    w: Array,
    grad: Array,
    mean_square: Array,
    mean_step: Array,
    rho: float = 0.95,
    eps: float = 1e-6,
) -> tuple[Array, Array, Array]:
    mean_square = rho * mean_square + (1 - rho) * grad**2
    step = grad * (np.sqrt(mean_step) + eps) / (np.sqrt(mean_square) + eps)
    mean_step = rho * mean_step + (1 - rho) * step**2
    return w - step, mean_square, mean_step


@variant("adadelta_step")
def parameter_by_parameter(
    w: Array,
    grad: Array,
    mean_square: Array,
    mean_step: Array,
    rho: float = 0.95,
    eps: float = 1e-6,
) -> tuple[Array, Array, Array]:
    w, mean_square, mean_step = w.copy(), mean_square.copy(), mean_step.copy()
    for i in np.ndindex(w.shape):
        mean_square[i] = rho * mean_square[i] + (1 - rho) * grad[i] ** 2
        step = grad[i] * ((mean_step[i] + eps) / (mean_square[i] + eps)) ** 0.5
        mean_step[i] = rho * mean_step[i] + (1 - rho) * step**2
        w[i] -= step
    return w, mean_square, mean_step


@variant("adadelta_step")
def squares_first(
    w: Array,
    grad: Array,
    mean_square: Array,
    mean_step: Array,
    rho: float = 0.95,
    eps: float = 1e-6,
    verbose: bool = True,
) -> tuple[Array, Array, Array]:
    slopes = np.multiply(rho, mean_square) + (1 - rho) * np.square(grad)
    squared = grad**2 * (mean_step + eps) / (slopes + eps)
    if verbose:
        print("squared steps", squared)
    moved = w - np.copysign(np.sqrt(squared), grad)
    return moved, slopes, rho * mean_step + (1 - rho) * squared


@variant("adadelta_step")
def epsilon_beside_the_upper_root(
    w: Array,
    grad: Array,
    mean_square: Array,
    mean_step: Array,
    rho: float = 0.95,
    eps: float = 1e-6,
) -> tuple[Array, Array, Array]:
    mean_square = rho * mean_square + (1 - rho) * grad**2
    step = -grad * (np.sqrt(mean_step) + eps) / np.sqrt(mean_square + eps)
    mean_step = rho * mean_step + (1 - rho) * step**2
    return w + step, mean_square, mean_step
