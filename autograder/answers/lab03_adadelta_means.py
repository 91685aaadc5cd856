"""Lab 03: answers to AdaDelta's step that differ in its means."""

from __future__ import annotations

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "adadelta_step", says="Rho weighs what is new in both your means; it should weigh what is old."
)
def rho_exchanged(
    w: Array,
    grad: Array,
    mean_square: Array,
    mean_step: Array,
    rho: float = 0.95,
    eps: float = 1e-6,
) -> tuple[Array, Array, Array]:
    mean_square = (1 - rho) * mean_square + rho * grad**2
    step = -grad * np.sqrt(mean_step + eps) / np.sqrt(mean_square + eps)
    mean_step = (1 - rho) * mean_step + rho * step**2
    return w + step, mean_square, mean_step


@mistake(
    "adadelta_step",
    says="Your mean of squared slopes is right, but in that of the steps rho is on the wrong side.",
)
def rho_exchanged_for_steps(
    w: Array,
    grad: Array,
    mean_square: Array,
    mean_step: Array,
    rho: float = 0.95,
    eps: float = 1e-6,
) -> tuple[Array, Array, Array]:
    mean_square = rho * mean_square + (1 - rho) * grad**2
    step = -grad * np.sqrt(mean_step + eps) / np.sqrt(mean_square + eps)
    mean_step = (1 - rho) * mean_step + rho * step**2
    return w + step, mean_square, mean_step


@mistake("adadelta_step", says="You have exchanged the two means that you hand on.")
def means_exchanged(
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
    return w + step, mean_step, mean_square


@mistake(
    "adadelta_step",
    says="Squared steps go into the mean of slopes, and squared slopes into the mean of steps.",
)
def steps_and_slopes_exchanged(
    w: Array,
    grad: Array,
    mean_square: Array,
    mean_step: Array,
    rho: float = 0.95,
    eps: float = 1e-6,
) -> tuple[Array, Array, Array]:
    step = -grad * np.sqrt(mean_step + eps) / np.sqrt(mean_square + eps)
    mean_square, mean_step = (
        rho * mean_square + (1 - rho) * step**2,
        rho * mean_step + (1 - rho) * grad**2,
    )
    return w + step, mean_square, mean_step


@mistake(
    "adadelta_step",
    says="You hand on the mean of the steps as it came in, so that steps keep the size of the "
    "first.",
)
def steps_never_averaged(
    w: Array,
    grad: Array,
    mean_square: Array,
    mean_step: Array,
    rho: float = 0.95,
    eps: float = 1e-6,
) -> tuple[Array, Array, Array]:
    mean_square = rho * mean_square + (1 - rho) * grad**2
    step = -grad * np.sqrt(mean_step + eps) / np.sqrt(mean_square + eps)
    return w + step, mean_square, mean_step


@mistake("adadelta_step", says="You average the steps' sizes; the mean is one of squares.")
def steps_not_squared(
    w: Array,
    grad: Array,
    mean_square: Array,
    mean_step: Array,
    rho: float = 0.95,
    eps: float = 1e-6,
) -> tuple[Array, Array, Array]:
    mean_square = rho * mean_square + (1 - rho) * grad**2
    step = -grad * np.sqrt(mean_step + eps) / np.sqrt(mean_square + eps)
    mean_step = rho * mean_step + (1 - rho) * np.abs(step)
    return w + step, mean_square, mean_step


@mistake(
    "adadelta_step",
    says="The mean of your steps is fed with slopes; it is to be fed with the steps themselves.",
)
def slopes_in_the_mean_of_steps(
    w: Array,
    grad: Array,
    mean_square: Array,
    mean_step: Array,
    rho: float = 0.95,
    eps: float = 1e-6,
) -> tuple[Array, Array, Array]:
    mean_square = rho * mean_square + (1 - rho) * grad**2
    step = -grad * np.sqrt(mean_step + eps) / np.sqrt(mean_square + eps)
    mean_step = rho * mean_step + (1 - rho) * grad**2
    return w + step, mean_square, mean_step


@mistake(
    "adadelta_step",
    says="Your mean of steps is fed with the gradient over its root; a step is scaled by the "
    "steps before it.",
)
def bare_fraction_averaged(
    w: Array,
    grad: Array,
    mean_square: Array,
    mean_step: Array,
    rho: float = 0.95,
    eps: float = 1e-6,
) -> tuple[Array, Array, Array]:
    mean_square = rho * mean_square + (1 - rho) * grad**2
    step = -grad * np.sqrt(mean_step + eps) / np.sqrt(mean_square + eps)
    mean_step = rho * mean_step + (1 - rho) * (grad**2 / (mean_square + eps))
    return w + step, mean_square, mean_step


@mistake("adadelta_step", says="Your rho differs from the one asked for unless it is given.")
def another_rho(
    w: Array, grad: Array, mean_square: Array, mean_step: Array, rho: float = 0.9, eps: float = 1e-6
) -> tuple[Array, Array, Array]:
    mean_square = rho * mean_square + (1 - rho) * grad**2
    step = -grad * np.sqrt(mean_step + eps) / np.sqrt(mean_square + eps)
    mean_step = rho * mean_step + (1 - rho) * step**2
    return w + step, mean_square, mean_step


@mistake(
    "adadelta_step",
    says="Your step is right, but it changes the caller's means: you decay the very arrays that "
    "were handed in.",
)
def means_changed_in_place(
    w: Array,
    grad: Array,
    mean_square: Array,
    mean_step: Array,
    rho: float = 0.95,
    eps: float = 1e-6,
) -> tuple[Array, Array, Array]:
    mean_square *= rho
    mean_square += (1 - rho) * grad**2
    step = -grad * np.sqrt(mean_step + eps) / np.sqrt(mean_square + eps)
    mean_step *= rho
    mean_step += (1 - rho) * step**2
    return w + step, mean_square, mean_step


@mistake("adadelta_step", says="Your step turns float32 parameters into float64.")
def always_float64(
    w: Array,
    grad: Array,
    mean_square: Array,
    mean_step: Array,
    rho: float = 0.95,
    eps: float = 1e-6,
) -> tuple[Array, Array, Array]:
    mean_square = rho * mean_square + (1 - rho) * grad.astype(float) ** 2
    step = -grad * np.sqrt(mean_step + eps) / np.sqrt(mean_square + eps)
    mean_step = rho * mean_step + (1 - rho) * step**2
    return w + step, mean_square, mean_step


@variant("adadelta_step")
def in_place_on_copies(
    w: Array,
    grad: Array,
    mean_square: Array,
    mean_step: Array,
    rho: float = 0.95,
    eps: float = 1e-6,
) -> tuple[Array, Array, Array]:
    slopes, steps = mean_square.copy(), mean_step.copy()
    slopes += (1 - rho) * (grad * grad - slopes)
    step = np.sqrt((steps + eps) / (slopes + eps))
    step *= grad
    steps += (1 - rho) * (np.square(step) - steps)
    return w - step, slopes, steps
