"""Lab 03: answers to AdamW's step that differ in Adam's part of it."""

from __future__ import annotations

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake("adamw_step", says="Your moments start at zero and are not corrected for it.")
def no_correction(
    w: Array,
    grad: Array,
    m: Array,
    v: Array,
    k: int,
    lr: float = 1e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 1e-2,
) -> tuple[Array, Array, Array]:
    w = w * (1 - lr * weight_decay)
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    return w - lr * m / (np.sqrt(v) + eps), m, v


@mistake(
    "adamw_step",
    says="You take the number of the first step to be 0, but it is 1: your correction is a step "
    "ahead.",
)
def steps_counted_from_zero(
    w: Array,
    grad: Array,
    m: Array,
    v: Array,
    k: int,
    lr: float = 1e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 1e-2,
) -> tuple[Array, Array, Array]:
    w = w * (1 - lr * weight_decay)
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta ** (k + 1)), v / (1 - gamma ** (k + 1))
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mistake(
    "adamw_step",
    says="Every step is corrected as if it were the first: the number of the step has no effect.",
)
def number_without_effect(
    w: Array,
    grad: Array,
    m: Array,
    v: Array,
    k: int,
    lr: float = 1e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 1e-2,
) -> tuple[Array, Array, Array]:
    w = w * (1 - lr * weight_decay)
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta), v / (1 - gamma)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mistake(
    "adamw_step",
    says="You hand on the corrected moments, so that they are corrected again at every step.",
)
def corrected_moments_handed_on(
    w: Array,
    grad: Array,
    m: Array,
    v: Array,
    k: int,
    lr: float = 1e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 1e-2,
) -> tuple[Array, Array, Array]:
    w = w * (1 - lr * weight_decay)
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m_hat, v_hat


@mistake(
    "adamw_step", says="You have exchanged delta and gamma: which of them belongs to the squares?"
)
def delta_and_gamma_exchanged(
    w: Array,
    grad: Array,
    m: Array,
    v: Array,
    k: int,
    lr: float = 1e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 1e-2,
) -> tuple[Array, Array, Array]:
    w = w * (1 - lr * weight_decay)
    m = gamma * m + (1 - gamma) * grad
    v = delta * v + (1 - delta) * grad**2
    m_hat, v_hat = m / (1 - gamma**k), v / (1 - delta**k)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mistake("adamw_step", says="You divide by the second moment; there is a root missing.")
def root_missing(
    w: Array,
    grad: Array,
    m: Array,
    v: Array,
    k: int,
    lr: float = 1e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 1e-2,
) -> tuple[Array, Array, Array]:
    w = w * (1 - lr * weight_decay)
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    return w - lr * m_hat / (v_hat + eps), m, v


@mistake(
    "adamw_step",
    says="Your ε is added to the parameters, not under the fraction: mind the brackets.",
)
def epsilon_beside_the_fraction(
    w: Array,
    grad: Array,
    m: Array,
    v: Array,
    k: int,
    lr: float = 1e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 1e-2,
) -> tuple[Array, Array, Array]:
    w = w * (1 - lr * weight_decay)
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    return w - lr * m_hat / np.sqrt(v_hat) + eps, m, v


@mistake(
    "adamw_step",
    says="A parameter that never had a slope is divided by zero: where does your ε come in?",
)
def epsilon_forgotten(
    w: Array,
    grad: Array,
    m: Array,
    v: Array,
    k: int,
    lr: float = 1e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 1e-2,
) -> tuple[Array, Array, Array]:
    w = w * (1 - lr * weight_decay)
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    return w - lr * m_hat / np.sqrt(v_hat), m, v


@mistake("adamw_step", says="Your ε differs from the one asked for unless it is given.")
def another_epsilon(
    w: Array,
    grad: Array,
    m: Array,
    v: Array,
    k: int,
    lr: float = 1e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-6,
    weight_decay: float = 1e-2,
) -> tuple[Array, Array, Array]:
    w = w * (1 - lr * weight_decay)
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mistake("adamw_step", says="Your learning rate differs from the one asked for unless it is given.")
def another_rate(
    w: Array,
    grad: Array,
    m: Array,
    v: Array,
    k: int,
    lr: float = 1e-2,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 1e-2,
) -> tuple[Array, Array, Array]:
    w = w * (1 - lr * weight_decay)
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mistake("adamw_step", says="Your gamma differs from the one asked for unless it is given.")
def another_gamma(
    w: Array,
    grad: Array,
    m: Array,
    v: Array,
    k: int,
    lr: float = 1e-3,
    delta: float = 0.9,
    gamma: float = 0.99,
    eps: float = 1e-8,
    weight_decay: float = 1e-2,
) -> tuple[Array, Array, Array]:
    w = w * (1 - lr * weight_decay)
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mistake("adamw_step", says="Your delta differs from the one asked for unless it is given.")
def another_delta(
    w: Array,
    grad: Array,
    m: Array,
    v: Array,
    k: int,
    lr: float = 1e-3,
    delta: float = 0.99,
    gamma: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 1e-2,
) -> tuple[Array, Array, Array]:
    w = w * (1 - lr * weight_decay)
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mistake("adamw_step", says="Your steps go uphill, though your weights decay as they should.")
def uphill(
    w: Array,
    grad: Array,
    m: Array,
    v: Array,
    k: int,
    lr: float = 1e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 1e-2,
) -> tuple[Array, Array, Array]:
    w = w * (1 - lr * weight_decay)
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    return w + lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mistake("adamw_step", says="Your w is right, but the moments that you return are the old ones.")
def moments_not_handed_on(
    w: Array,
    grad: Array,
    m: Array,
    v: Array,
    k: int,
    lr: float = 1e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 1e-2,
) -> tuple[Array, Array, Array]:
    old = (m, v)
    w = w * (1 - lr * weight_decay)
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), *old


@mistake(
    "adamw_step",
    says="Your step is right, but it changes the caller's weights: they decay in the very array "
    "that was handed in.",
)
def weights_changed_in_place(
    w: Array,
    grad: Array,
    m: Array,
    v: Array,
    k: int,
    lr: float = 1e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 1e-2,
) -> tuple[Array, Array, Array]:
    w *= 1 - lr * weight_decay
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mistake(
    "adamw_step",
    says="Your corrections are NumPy's numbers in float64, which turn float32 parameters into "
    "float64.",
)
def always_float64(
    w: Array,
    grad: Array,
    m: Array,
    v: Array,
    k: int,
    lr: float = 1e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 1e-2,
) -> tuple[Array, Array, Array]:
    w = w * (1 - lr * weight_decay)
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - np.power(delta, k)), v / (1 - np.power(gamma, k))
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@variant("adamw_step")
def in_place_on_copies(
    w: Array,
    grad: Array,
    m: Array,
    v: Array,
    k: int,
    lr: float = 1e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 1e-2,
) -> tuple[Array, Array, Array]:
    w, m, v = w.copy(), m.copy(), v.copy()
    w *= 1 - lr * weight_decay
    m += (1 - delta) * (grad - m)
    v += (1 - gamma) * (grad * grad - v)
    w -= lr / (1 - delta**k) * m / (np.sqrt(v / (1 - gamma**k)) + eps)
    return w, m, v


@variant("adamw_step")
def decay_beside_the_direction(
    w: Array,
    grad: Array,
    m: Array,
    v: Array,
    k: int,
    lr: float = 1e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 1e-2,
    verbose: bool = True,
) -> tuple[Array, Array, Array]:
    m = np.multiply(delta, m) + np.multiply(1 - delta, grad)
    v = np.multiply(gamma, v) + np.multiply(1 - gamma, np.square(grad))
    direction = m / (1 - delta**k) / (np.sqrt(v) / (1 - gamma**k) ** 0.5 + eps)
    if verbose:
        print("step", k)
    return w - lr * (direction + weight_decay * w), m, v
