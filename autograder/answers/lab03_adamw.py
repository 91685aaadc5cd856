"""Lab 03: answers to AdamW's step that differ in its decay."""

from __future__ import annotations

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "adamw_step",
    says="Your decay goes into the gradient and so through the moments; that is Adam with an L2 "
    "penalty. AdamW keeps it apart.",
)
def decay_through_the_moments(
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
    grad = grad + weight_decay * w
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mistake(
    "adamw_step",
    says="Your decay goes into the first moment; it should touch nothing but the weights.",
)
def decay_through_the_first_moment(
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
    m = delta * m + (1 - delta) * (grad + weight_decay * w)
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mistake(
    "adamw_step", says="Your weights decay twice: once through the gradient and once by themselves."
)
def decayed_twice(
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
    grad = grad + weight_decay * w
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    w = w * (1 - lr * weight_decay)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mistake("adamw_step", says="Your weights decay twice: once before the step and once after it.")
def decayed_before_and_after(
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
    w = w - lr * m_hat / (np.sqrt(v_hat) + eps)
    return w * (1 - lr * weight_decay), m, v


@mistake(
    "adamw_step", says="Your decay does not depend on the learning rate; it should be scaled by it."
)
def decay_without_the_rate(
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
    w = w * (1 - weight_decay)
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mistake(
    "adamw_step", says="You let the weights decay after the step, and so the step decays with them."
)
def decayed_after_the_step(
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
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    w = w - lr * m_hat / (np.sqrt(v_hat) + eps)
    return w * (1 - lr * weight_decay), m, v


@mistake(
    "adamw_step",
    says="You divide the decay by the root of the second moment, so that weights with steep "
    "slopes hardly decay.",
)
def decay_divided_by_the_root(
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
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    return w - lr * (m_hat + weight_decay * w) / (np.sqrt(v_hat) + eps), m, v


@mistake("adamw_step", says="Your weights do not decay at all: this is Adam.")
def no_decay(
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
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mistake("adamw_step", says="Your weights grow where they should decay.")
def weights_that_grow(
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
    w = w * (1 + lr * weight_decay)
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mistake(
    "adamw_step",
    says="You subtract the same amount from all weights; each should lose a part of itself.",
)
def constant_decay(
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
    w = w - lr * weight_decay
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mistake(
    "adamw_step",
    says="Your decay takes the same amount from every weight's size, as an L1 penalty does; "
    "each should lose a part of itself.",
)
def decay_of_signs(
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
    w = w - lr * weight_decay * np.sign(w)
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mistake(
    "adamw_step",
    says="Your weights lose only half of what they should: no penalty with a half in it is "
    "derived here.",
)
def halved_decay(
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
    w = w * (1 - lr * weight_decay / 2)
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mistake(
    "adamw_step",
    says="You scale the decay by the corrected learning rate; the plain one is wanted.",
)
def decay_by_the_corrected_rate(
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
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    rate = lr * (1 - gamma**k) ** 0.5 / (1 - delta**k)
    return w * (1 - rate * weight_decay) - rate * m / (np.sqrt(v) + eps), m, v


@mistake("adamw_step", says="Your weight decay differs from the one asked for unless it is given.")
def another_decay(
    w: Array,
    grad: Array,
    m: Array,
    v: Array,
    k: int,
    lr: float = 1e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 1e-3,
) -> tuple[Array, Array, Array]:
    w = w * (1 - lr * weight_decay)
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@variant("adamw_step")
def decay_as_a_step_of_its_own(
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
    shrink = lr * weight_decay * w
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    return w - shrink - lr * m_hat / np.sqrt(v_hat + eps), m, v


@variant("adamw_step")
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
    weight_decay: float = 1e-2,
) -> tuple[Array, Array, Array]:
    w, m, v = w.copy(), m.copy(), v.copy()
    for i in np.ndindex(w.shape):
        w[i] -= lr * weight_decay * w[i]
        m[i] = delta * m[i] + (1 - delta) * grad[i]
        v[i] = gamma * v[i] + (1 - gamma) * grad[i] ** 2
        w[i] -= lr * m[i] / (1 - delta**k) / ((v[i] / (1 - gamma**k)) ** 0.5 + eps)
    return w, m, v
