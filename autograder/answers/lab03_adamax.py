"""Lab 03: answers to Adamax's step that differ in its maximum and its ε."""

from __future__ import annotations

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "adamax_step",
    says="You add the new slope to the decayed maximum; the larger of the two is wanted.",
)
def sum_for_maximum(
    w: Array,
    grad: Array,
    m: Array,
    u: Array,
    k: int,
    lr: float = 2e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Array, Array, Array]:
    m = delta * m + (1 - delta) * grad
    u = gamma * u + np.abs(grad) + eps
    return w - lr * m / ((1 - delta**k) * u), m, u


@mistake("adamax_step", says="You average old and new sizes; the larger of them is wanted.")
def mean_for_maximum(
    w: Array,
    grad: Array,
    m: Array,
    u: Array,
    k: int,
    lr: float = 2e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Array, Array, Array]:
    m = delta * m + (1 - delta) * grad
    u = gamma * u + (1 - gamma) * np.abs(grad) + eps
    return w - lr * m / ((1 - delta**k) * u), m, u


@mistake(
    "adamax_step", says="You keep a mean of squares, as Adam does; here it is a maximum of sizes."
)
def root_mean_square(
    w: Array,
    grad: Array,
    m: Array,
    u: Array,
    k: int,
    lr: float = 2e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Array, Array, Array]:
    m = delta * m + (1 - delta) * grad
    u = np.sqrt(gamma * u**2 + (1 - gamma) * grad**2) + eps
    return w - lr * m / ((1 - delta**k) * u), m, u


@mistake("adamax_step", says="You correct the maximum as well; it is right from the first step on.")
def maximum_corrected_too(
    w: Array,
    grad: Array,
    m: Array,
    u: Array,
    k: int,
    lr: float = 2e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Array, Array, Array]:
    m = delta * m + (1 - delta) * grad
    u = np.maximum(gamma * u, np.abs(grad) + eps)
    return w - lr * m / (1 - delta**k) / (u / (1 - gamma**k)), m, u


@mistake(
    "adamax_step", says="Your maximum never decays, so that one steep slope slows all later steps."
)
def maximum_without_decay(
    w: Array,
    grad: Array,
    m: Array,
    u: Array,
    k: int,
    lr: float = 2e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Array, Array, Array]:
    m = delta * m + (1 - delta) * grad
    u = np.maximum(u, np.abs(grad) + eps)
    return w - lr * m / ((1 - delta**k) * u), m, u


@mistake(
    "adamax_step", says="Your decay acts on the new slope as well; only the old maximum fades."
)
def slope_decayed_too(
    w: Array,
    grad: Array,
    m: Array,
    u: Array,
    k: int,
    lr: float = 2e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Array, Array, Array]:
    m = delta * m + (1 - delta) * grad
    u = gamma * np.maximum(u, np.abs(grad) + eps)
    return w - lr * m / ((1 - delta**k) * u), m, u


@mistake(
    "adamax_step",
    says="A steep slope that falls does not count in your maximum: its size is wanted.",
)
def sign_of_the_slope_kept(
    w: Array,
    grad: Array,
    m: Array,
    u: Array,
    k: int,
    lr: float = 2e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Array, Array, Array]:
    m = delta * m + (1 - delta) * grad
    u = np.maximum(gamma * u, grad + eps)
    return w - lr * m / ((1 - delta**k) * u), m, u


@mistake("adamax_step", says="You take the smaller of old maximum and new slope.")
def smaller_of_the_two(
    w: Array,
    grad: Array,
    m: Array,
    u: Array,
    k: int,
    lr: float = 2e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Array, Array, Array]:
    m = delta * m + (1 - delta) * grad
    u = np.minimum(gamma * u, np.abs(grad)) + eps
    return w - lr * m / ((1 - delta**k) * u), m, u


@mistake(
    "adamax_step",
    says="All your parameters share the largest slope; each should have a maximum of its own.",
)
def one_maximum_for_all(
    w: Array,
    grad: Array,
    m: Array,
    u: Array,
    k: int,
    lr: float = 2e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Array, Array, Array]:
    m = delta * m + (1 - delta) * grad
    u = np.maximum(gamma * u, np.max(np.abs(grad)) + eps)
    return w - lr * m / ((1 - delta**k) * u), m, u


@mistake("adamax_step", says="Your maximum is one of squares; sizes are wanted, and no root.")
def squares_in_the_maximum(
    w: Array,
    grad: Array,
    m: Array,
    u: Array,
    k: int,
    lr: float = 2e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Array, Array, Array]:
    m = delta * m + (1 - delta) * grad
    u = np.maximum(gamma * u, grad**2 + eps)
    return w - lr * m / ((1 - delta**k) * u), m, u


@mistake("adamax_step", says="You divide by the maximum as it was before this slope came in.")
def old_maximum_used(
    w: Array,
    grad: Array,
    m: Array,
    u: Array,
    k: int,
    lr: float = 2e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Array, Array, Array]:
    old = np.maximum(u, eps)
    m = delta * m + (1 - delta) * grad
    u = np.maximum(gamma * u, np.abs(grad) + eps)
    return w - lr * m / ((1 - delta**k) * old), m, u


@mistake("adamax_step", says="Your w is right, but the maximum that you return is the old one.")
def maximum_not_handed_on(
    w: Array,
    grad: Array,
    m: Array,
    u: Array,
    k: int,
    lr: float = 2e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Array, Array, Array]:
    old = u
    m = delta * m + (1 - delta) * grad
    u = np.maximum(gamma * u, np.abs(grad) + eps)
    return w - lr * m / ((1 - delta**k) * u), m, old


@mistake(
    "adamax_step", says="Your ε is added to the parameters, not to what divides: mind the brackets."
)
def epsilon_beside_the_fraction(
    w: Array,
    grad: Array,
    m: Array,
    u: Array,
    k: int,
    lr: float = 2e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Array, Array, Array]:
    m = delta * m + (1 - delta) * grad
    u = np.maximum(gamma * u, np.abs(grad))
    return w - lr * m / ((1 - delta**k) * u) + eps, m, u


@mistake(
    "adamax_step",
    says="A parameter that never had a slope is divided by zero: where does your ε come in?",
)
def epsilon_forgotten(
    w: Array,
    grad: Array,
    m: Array,
    u: Array,
    k: int,
    lr: float = 2e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Array, Array, Array]:
    m = delta * m + (1 - delta) * grad
    u = np.maximum(gamma * u, np.abs(grad))
    return w - lr * m / ((1 - delta**k) * u), m, u


@variant("adamax_step")
def epsilon_where_it_divides(
    w: Array,
    grad: Array,
    m: Array,
    u: Array,
    k: int,
    lr: float = 2e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Array, Array, Array]:
    m = delta * m + (1 - delta) * grad
    u = np.maximum(gamma * u, np.abs(grad))
    return w - lr / (1 - delta**k) * m / (u + eps), m, u


@variant("adamax_step")
def epsilon_as_a_third_candidate(
    w: Array,
    grad: Array,
    m: Array,
    u: Array,
    k: int,
    lr: float = 2e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Array, Array, Array]:
    m = delta * m + (1 - delta) * grad
    u = np.maximum(np.maximum(gamma * u, np.abs(grad)), eps)
    return w - lr * (m / (1 - delta**k)) / u, m, u


@variant("adamax_step")
def stacked_and_compared(
    w: Array,
    grad: Array,
    m: Array,
    u: Array,
    k: int,
    lr: float = 2e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
    verbose: bool = True,
) -> tuple[Array, Array, Array]:
    m = m + (1 - delta) * (grad - m)
    u = np.stack([gamma * u, np.abs(grad) + eps]).max(axis=0)
    if verbose:
        print("step", k)
    return np.subtract(w, np.divide(lr * m, u) / (1 - delta**k)), m, u
