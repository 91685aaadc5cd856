"""Lab 03: answers to AdaGrad's step."""

from __future__ import annotations

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "adagrad_step", says="Your sum of squares forgets; that is RMSprop. AdaGrad keeps all of them."
)
def decayed_sum(
    w: Array, grad: Array, total: Array, lr: float, eps: float = 1e-10
) -> tuple[Array, Array]:
    total = 0.9 * total + 0.1 * grad**2
    return w - lr * grad / (np.sqrt(total) + eps), total


@mistake("adagrad_step", says="Part of your old sum is lost at every step; AdaGrad keeps it whole.")
def half_forgotten_sum(
    w: Array, grad: Array, total: Array, lr: float, eps: float = 1e-10
) -> tuple[Array, Array]:
    total = 0.9 * total + grad**2
    return w - lr * grad / (np.sqrt(total) + eps), total


@mistake("adagrad_step", says="You divide by the sum of the squares; there is a root missing.")
def root_missing(
    w: Array, grad: Array, total: Array, lr: float, eps: float = 1e-10
) -> tuple[Array, Array]:
    total = total + grad**2
    return w - lr * grad / (total + eps), total


@mistake(
    "adagrad_step",
    says="You divide by the old sum; the square of this slope belongs to it already.",
)
def old_total_used(
    w: Array, grad: Array, total: Array, lr: float, eps: float = 1e-10
) -> tuple[Array, Array]:
    return w - lr * grad / (np.sqrt(total) + eps), total + grad**2


@mistake("adagrad_step", says="You add up the slopes' sizes; their squares are asked for.")
def slopes_not_squared(
    w: Array, grad: Array, total: Array, lr: float, eps: float = 1e-10
) -> tuple[Array, Array]:
    total = total + np.abs(grad)
    return w - lr * grad / (np.sqrt(total) + eps), total


@mistake(
    "adagrad_step", says="You add up slopes with their signs, and so they cancel; squares never do."
)
def signed_sum(
    w: Array, grad: Array, total: Array, lr: float, eps: float = 1e-10
) -> tuple[Array, Array]:
    total = total + grad
    return w - lr * grad / (np.sqrt(np.abs(total)) + eps), total


@mistake(
    "adagrad_step",
    says="Your ε is added to the parameters, not under the fraction: mind the brackets.",
)
def epsilon_beside_the_fraction(
    w: Array, grad: Array, total: Array, lr: float, eps: float = 1e-10
) -> tuple[Array, Array]:
    total = total + grad**2
    return w - lr * grad / np.sqrt(total) + eps, total


@mistake(
    "adagrad_step",
    says="Your ε is added to the fraction as a whole, so that parameters drift where there is "
    "no slope.",
)
def epsilon_beside_the_step(
    w: Array, grad: Array, total: Array, lr: float, eps: float = 1e-10
) -> tuple[Array, Array]:
    total = total + grad**2
    return w - lr * (grad / np.sqrt(total) + eps), total


@mistake(
    "adagrad_step",
    says="A parameter that never had a slope is divided by zero: where does your ε come in?",
)
def epsilon_forgotten(
    w: Array, grad: Array, total: Array, lr: float, eps: float = 1e-10
) -> tuple[Array, Array]:
    total = total + grad**2
    return w - lr * grad / np.sqrt(total), total


@mistake(
    "adagrad_step", says="Your ε gets into the sum that you hand on, and so grows with every step."
)
def epsilon_added_to_the_total(
    w: Array, grad: Array, total: Array, lr: float, eps: float = 1e-10
) -> tuple[Array, Array]:
    total = total + grad**2 + eps
    return w - lr * grad / np.sqrt(total), total


@mistake("adagrad_step", says="Your w is right, but the sum that you return is the old one.")
def total_not_handed_on(
    w: Array, grad: Array, total: Array, lr: float, eps: float = 1e-10
) -> tuple[Array, Array]:
    return w - lr * grad / (np.sqrt(total + grad**2) + eps), total


@mistake("adagrad_step", says="You return the root; the sum itself is needed at the next step.")
def root_handed_on(
    w: Array, grad: Array, total: Array, lr: float, eps: float = 1e-10
) -> tuple[Array, Array]:
    total = np.sqrt(total + grad**2)
    return w - lr * grad / (total + eps), total


@mistake("adagrad_step", says="All your parameters share one sum; each should have its own.")
def sum_over_all_parameters(
    w: Array, grad: Array, total: Array, lr: float, eps: float = 1e-10
) -> tuple[Array, Array]:
    total = total + np.sum(grad**2)
    return w - lr * grad / (np.sqrt(total) + eps), total


@mistake(
    "adagrad_step",
    says="You divide by the root of this slope's square alone, so the past has no effect on w.",
)
def this_slope_alone(
    w: Array, grad: Array, total: Array, lr: float, eps: float = 1e-10
) -> tuple[Array, Array]:
    total = total + grad**2
    return w - lr * grad / (np.sqrt(grad**2) + eps), total


@mistake("adagrad_step", says="Your learning rate got under the root with the sum.")
def rate_under_the_root(
    w: Array, grad: Array, total: Array, lr: float, eps: float = 1e-10
) -> tuple[Array, Array]:
    total = total + grad**2
    return w - grad / (np.sqrt(total / lr) + eps), total


@mistake("adagrad_step", says="Your steps go uphill.")
def uphill(
    w: Array, grad: Array, total: Array, lr: float, eps: float = 1e-10
) -> tuple[Array, Array]:
    total = total + grad**2
    return w + lr * grad / (np.sqrt(total) + eps), total


@mistake(
    "adagrad_step",
    says="Your step is the same for all slopes and has no sign: the gradient itself is missing "
    "in it.",
)
def gradient_forgotten(
    w: Array, grad: Array, total: Array, lr: float, eps: float = 1e-10
) -> tuple[Array, Array]:
    total = total + grad**2
    return w - lr / (np.sqrt(total) + eps), total


@mistake("adagrad_step", says="Your ε differs from the one asked for unless it is given.")
def another_epsilon(
    w: Array, grad: Array, total: Array, lr: float, eps: float = 1e-7
) -> tuple[Array, Array]:
    total = total + grad**2
    return w - lr * grad / (np.sqrt(total) + eps), total


@mistake("adagrad_step", says="You return w and the sum in the wrong order.")
def total_returned_first(
    w: Array, grad: Array, total: Array, lr: float, eps: float = 1e-10
) -> tuple[Array, Array]:
    total = total + grad**2
    return total, w - lr * grad / (np.sqrt(total) + eps)


@mistake(
    "adagrad_step",
    says="Your step is right, but it changes the caller's sum: you add to the very array that "
    "was handed in.",
)
def total_changed_in_place(
    w: Array, grad: Array, total: Array, lr: float, eps: float = 1e-10
) -> tuple[Array, Array]:
    total += grad**2
    return w - lr * grad / (np.sqrt(total) + eps), total


@mistake("adagrad_step", says="Your step turns float32 parameters into float64.")
def always_float64(
    w: Array, grad: Array, total: Array, lr: float, eps: float = 1e-10
) -> tuple[Array, Array]:
    total = np.array(total, dtype=float) + grad**2
    return w - lr * grad / (np.sqrt(total) + eps), total


@variant("adagrad_step")
def epsilon_inside_the_root(
    w: Array, grad: Array, total: Array, lr: float, eps: float = 1e-10
) -> tuple[Array, Array]:
    total = total + np.square(grad)
    return w - lr * grad / np.sqrt(total + eps), total


@variant("adagrad_step")
def parameter_by_parameter(
    w: Array, grad: Array, total: Array, lr: float, eps: float = 1e-10
) -> tuple[Array, Array]:
    w, total = w.copy(), total.copy()
    for i in np.ndindex(w.shape):
        total[i] += grad[i] ** 2
        w[i] -= lr * grad[i] / (total[i] ** 0.5 + eps)
    return w, total


@variant("adagrad_step")
def rates_first_in_place_on_copies(
    w: Array, grad: Array, total: Array, lr: float, eps: float = 1e-10, verbose: bool = True
) -> tuple[Array, Array]:
    new_total = np.add(total, np.multiply(grad, grad))
    rates = lr / (new_total**0.5 + eps)
    new_w = w.copy()
    new_w -= rates * grad
    if verbose:
        print("rates", rates)
    return new_w, new_total


@variant("adagrad_step")
def length_of_two_sides(
    w: Array, grad: Array, total: Array, lr: float, eps: float = 1e-10
) -> tuple[Array, Array]:
    length = np.hypot(np.sqrt(total), grad)
    return w - lr * (grad / (length + eps)), total + grad * grad
