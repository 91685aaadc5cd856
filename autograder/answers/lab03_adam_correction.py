"""Lab 03: answers to Adam's step that differ in its corrections and its ε."""

from __future__ import annotations

import math

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake("adam_step", says="Your moments start at zero and are not corrected for it.")
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
) -> tuple[Array, Array, Array]:
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    return w - lr * m / (np.sqrt(v) + eps), m, v


@mistake(
    "adam_step", says="Your second moment is corrected for its start at zero, the first is not."
)
def first_moment_uncorrected(
    w: Array,
    grad: Array,
    m: Array,
    v: Array,
    k: int,
    lr: float = 1e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Array, Array, Array]:
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m, v / (1 - gamma**k)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mistake(
    "adam_step", says="Your first moment is corrected for its start at zero, the second is not."
)
def second_moment_uncorrected(
    w: Array,
    grad: Array,
    m: Array,
    v: Array,
    k: int,
    lr: float = 1e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Array, Array, Array]:
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta**k), v
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mistake(
    "adam_step",
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
) -> tuple[Array, Array, Array]:
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta ** (k + 1)), v / (1 - gamma ** (k + 1))
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mistake(
    "adam_step",
    says="Your correction is that of the step before, and divides by zero at the first.",
)
def steps_counted_one_behind(
    w: Array,
    grad: Array,
    m: Array,
    v: Array,
    k: int,
    lr: float = 1e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Array, Array, Array]:
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta ** (k - 1)), v / (1 - gamma ** (k - 1))
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mistake(
    "adam_step",
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
) -> tuple[Array, Array, Array]:
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta), v / (1 - gamma)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mistake("adam_step", says="You multiply by the number of the step where a power is wanted.")
def multiplied_by_the_number(
    w: Array,
    grad: Array,
    m: Array,
    v: Array,
    k: int,
    lr: float = 1e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Array, Array, Array]:
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta / k), v / (1 - gamma / k)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mistake("adam_step", says="You correct each moment by the other's decay.")
def corrections_exchanged(
    w: Array,
    grad: Array,
    m: Array,
    v: Array,
    k: int,
    lr: float = 1e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Array, Array, Array]:
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - gamma**k), v / (1 - delta**k)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mistake(
    "adam_step",
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
) -> tuple[Array, Array, Array]:
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m_hat, v_hat


@mistake(
    "adam_step",
    says="Your correction makes the moments smaller still; they are too small as they are.",
)
def corrected_by_multiplication(
    w: Array,
    grad: Array,
    m: Array,
    v: Array,
    k: int,
    lr: float = 1e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Array, Array, Array]:
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m * (1 - delta**k), v * (1 - gamma**k)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mistake("adam_step", says="You correct the moments as they were before this gradient came in.")
def old_moments_corrected(
    w: Array,
    grad: Array,
    m: Array,
    v: Array,
    k: int,
    lr: float = 1e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Array, Array, Array]:
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mistake(
    "adam_step",
    says="You correct the second moment after its root is taken, by a factor meant for the "
    "moment itself.",
)
def corrected_after_the_root(
    w: Array,
    grad: Array,
    m: Array,
    v: Array,
    k: int,
    lr: float = 1e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Array, Array, Array]:
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    return w - lr * m / (1 - delta**k) / (np.sqrt(v) / (1 - gamma**k) + eps), m, v


@mistake(
    "adam_step",
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
) -> tuple[Array, Array, Array]:
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    return w - lr * m_hat / np.sqrt(v_hat) + eps, m, v


@mistake(
    "adam_step",
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
) -> tuple[Array, Array, Array]:
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    return w - lr * m_hat / np.sqrt(v_hat), m, v


@mistake("adam_step", says="Your ε differs from the one asked for unless it is given.")
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
) -> tuple[Array, Array, Array]:
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@variant("adam_step")
def epsilon_inside_the_root(
    w: Array,
    grad: Array,
    m: Array,
    v: Array,
    k: int,
    lr: float = 1e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Array, Array, Array]:
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    return w - lr * m_hat / np.sqrt(v_hat + eps), m, v


@variant("adam_step")
def parameter_by_parameter(
    w: Array,
    grad: Array,
    m: Array,
    v: Array,
    k: int,
    lr: float = 1e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Array, Array, Array]:
    w, m, v = w.copy(), m.copy(), v.copy()
    for i in np.ndindex(w.shape):
        m[i] = delta * m[i] + (1 - delta) * grad[i]
        v[i] = gamma * v[i] + (1 - gamma) * grad[i] ** 2
        root = (v[i] / (1 - gamma**k)) ** 0.5
        w[i] -= lr * m[i] / (1 - delta**k) / (root + eps)
    return w, m, v


@variant("adam_step")
def rate_corrected_instead(
    w: Array,
    grad: Array,
    m: Array,
    v: Array,
    k: int,
    lr: float = 1e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Array, Array, Array]:
    m = m + (1 - delta) * (grad - m)
    v = v + (1 - gamma) * (grad * grad - v)
    rate = lr * math.sqrt(1 - gamma**k) / (1 - delta**k)
    return w - rate * m / (np.sqrt(v) + eps), m, v
