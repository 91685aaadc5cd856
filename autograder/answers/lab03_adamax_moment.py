"""Lab 03: answers to Adamax's step that differ in its first moment, its defaults and types."""

from __future__ import annotations

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake("adamax_step", says="Your first moment starts at zero and is not corrected for it.")
def moment_uncorrected(
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
    return w - lr * m / u, m, u


@mistake(
    "adamax_step",
    says="You take the number of the first step to be 0, but it is 1: your correction is a step "
    "ahead.",
)
def steps_counted_from_zero(
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
    return w - lr * m / ((1 - delta ** (k + 1)) * u), m, u


@mistake(
    "adamax_step",
    says="Every step is corrected as if it were the first: the number of the step has no effect.",
)
def number_without_effect(
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
    return w - lr * m / ((1 - delta) * u), m, u


@mistake(
    "adamax_step",
    says="You hand on the corrected moment, so that it is corrected again at every step.",
)
def corrected_moment_handed_on(
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
    m = m / (1 - delta**k)
    return w - lr * m / u, m, u


@mistake(
    "adamax_step",
    says="Your first moment decays, but the new gradient comes in at full weight: that is no mean.",
)
def slope_at_full_weight(
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
    m = delta * m + grad
    u = np.maximum(gamma * u, np.abs(grad) + eps)
    return w - lr * m / ((1 - delta**k) * u), m, u


@mistake("adamax_step", says="Your steps go uphill.")
def uphill(
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
    return w + lr * m / ((1 - delta**k) * u), m, u


@mistake(
    "adamax_step",
    says="Your learning rate is that of Adam unless it is given; here another is asked for.",
)
def rate_of_adam(
    w: Array,
    grad: Array,
    m: Array,
    u: Array,
    k: int,
    lr: float = 1e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Array, Array, Array]:
    m = delta * m + (1 - delta) * grad
    u = np.maximum(gamma * u, np.abs(grad) + eps)
    return w - lr * m / ((1 - delta**k) * u), m, u


@mistake("adamax_step", says="Your delta differs from the one asked for unless it is given.")
def another_delta(
    w: Array,
    grad: Array,
    m: Array,
    u: Array,
    k: int,
    lr: float = 2e-3,
    delta: float = 0.99,
    gamma: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Array, Array, Array]:
    m = delta * m + (1 - delta) * grad
    u = np.maximum(gamma * u, np.abs(grad) + eps)
    return w - lr * m / ((1 - delta**k) * u), m, u


@mistake("adamax_step", says="Your gamma differs from the one asked for unless it is given.")
def another_gamma(
    w: Array,
    grad: Array,
    m: Array,
    u: Array,
    k: int,
    lr: float = 2e-3,
    delta: float = 0.9,
    gamma: float = 0.99,
    eps: float = 1e-8,
) -> tuple[Array, Array, Array]:
    m = delta * m + (1 - delta) * grad
    u = np.maximum(gamma * u, np.abs(grad) + eps)
    return w - lr * m / ((1 - delta**k) * u), m, u


@mistake("adamax_step", says="Your ε differs from the one asked for unless it is given.")
def another_epsilon(
    w: Array,
    grad: Array,
    m: Array,
    u: Array,
    k: int,
    lr: float = 2e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-6,
) -> tuple[Array, Array, Array]:
    m = delta * m + (1 - delta) * grad
    u = np.maximum(gamma * u, np.abs(grad) + eps)
    return w - lr * m / ((1 - delta**k) * u), m, u


@mistake(
    "adamax_step",
    says="Your step is right, but it changes the caller's maximum and moment: you work in the "
    "very arrays that were handed in.",
)
def state_changed_in_place(
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
    m *= delta
    m += (1 - delta) * grad
    u *= gamma
    np.maximum(u, np.abs(grad) + eps, out=u)
    return w - lr * m / ((1 - delta**k) * u), m, u


@mistake(
    "adamax_step",
    says="Your correction is one of NumPy's numbers in float64, which turns float32 parameters "
    "into float64.",
)
def always_float64(
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
    return w - lr * m / ((1 - np.power(delta, k)) * u), m, u


@variant("adamax_step")
def parameter_by_parameter(
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
    w, m, u = w.copy(), m.copy(), u.copy()
    for i in np.ndindex(w.shape):
        m[i] = delta * m[i] + (1 - delta) * grad[i]
        u[i] = max(gamma * u[i], abs(grad[i]) + eps)
        w[i] -= lr / (1 - delta**k) * m[i] / u[i]
    return w, m, u
