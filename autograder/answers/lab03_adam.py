"""Lab 03: answers to Adam's step that differ in its moments."""

from __future__ import annotations

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "adam_step",
    says="Your first moment decays, but the new gradient comes in at full weight: that is no mean.",
)
def slope_at_full_weight(
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
    m = delta * m + grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mistake(
    "adam_step",
    says="Your second moment decays, but the new square comes in at full weight: that is no mean.",
)
def square_at_full_weight(
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
    v = gamma * v + grad**2
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mistake(
    "adam_step", says="You have exchanged delta and gamma: which of them belongs to the squares?"
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
) -> tuple[Array, Array, Array]:
    m = gamma * m + (1 - gamma) * grad
    v = delta * v + (1 - delta) * grad**2
    m_hat, v_hat = m / (1 - gamma**k), v / (1 - delta**k)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mistake(
    "adam_step",
    says="Delta and gamma weigh what is new in your moments; they should weigh what is old.",
)
def old_and_new_exchanged(
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
    m = (1 - delta) * m + delta * grad
    v = (1 - gamma) * v + gamma * grad**2
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mistake("adam_step", says="Your second moment is fed with slopes that are not squared.")
def slopes_not_squared(
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
    v = gamma * v + (1 - gamma) * np.abs(grad)
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mistake(
    "adam_step",
    says="Your second moment is fed with squares of the first; it is one of squared gradients.",
)
def moment_squared_instead(
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
    v = gamma * v + (1 - gamma) * m**2
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mistake("adam_step", says="You divide by the second moment; there is a root missing.")
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
) -> tuple[Array, Array, Array]:
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    return w - lr * m_hat / (v_hat + eps), m, v


@mistake(
    "adam_step",
    says="Your step has the bare gradient where the first moment belongs: that is RMSprop.",
)
def gradient_for_the_moment(
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
    v_hat = v / (1 - gamma**k)
    return w - lr * grad / (np.sqrt(v_hat) + eps), m, v


@mistake("adam_step", says="Your step is momentum alone: nothing divides it by the second moment.")
def second_moment_forgotten(
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
    return w - lr * m / (1 - delta**k), m, v


@mistake("adam_step", says="Your steps go uphill.")
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
) -> tuple[Array, Array, Array]:
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    return w + lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mistake("adam_step", says="Your w is right, but the moments that you return are the old ones.")
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
) -> tuple[Array, Array, Array]:
    old = (m, v)
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), *old


@mistake("adam_step", says="You return the two moments in the wrong order.")
def moments_returned_in_the_wrong_order(
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
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), v, m


@mistake(
    "adam_step",
    says="All your parameters share the mean of the new squares; each should have its own.",
)
def one_mean_for_all(
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
    v = gamma * v + (1 - gamma) * np.mean(grad**2)
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mistake("adam_step", says="Your delta differs from the one asked for unless it is given.")
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
) -> tuple[Array, Array, Array]:
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mistake("adam_step", says="Your gamma differs from the one asked for unless it is given.")
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
) -> tuple[Array, Array, Array]:
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mistake("adam_step", says="Your learning rate differs from the one asked for unless it is given.")
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
) -> tuple[Array, Array, Array]:
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mistake(
    "adam_step",
    says="Your step is right, but it changes the caller's moments: you decay the very arrays "
    "that were handed in.",
)
def moments_changed_in_place(
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
    m *= delta
    m += (1 - delta) * grad
    v *= gamma
    v += (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mistake(
    "adam_step",
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
) -> tuple[Array, Array, Array]:
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat, v_hat = m / (1 - np.power(delta, k)), v / (1 - np.power(gamma, k))
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@variant("adam_step")
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
    verbose: bool = True,
) -> tuple[Array, Array, Array]:
    m, v = m.copy(), v.copy()
    m -= (1 - delta) * (m - grad)
    v -= (1 - gamma) * (v - np.square(grad))
    root = np.sqrt(v / (1 - pow(gamma, k)))
    root += eps
    w = np.array(w)
    w -= lr / (1 - pow(delta, k)) * np.divide(m, root)
    if verbose:
        print("step", k)
    return w, m, v
