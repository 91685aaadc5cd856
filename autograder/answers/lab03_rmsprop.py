"""Lab 03: answers to RMSprop's step."""

from __future__ import annotations

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake("rmsprop_step", says="You divide by the mean square; there is a root missing.")
def root_missing(
    w: Array,
    grad: Array,
    mean_square: Array,
    lr: float = 1e-3,
    gamma: float = 0.9,
    eps: float = 1e-8,
) -> tuple[Array, Array]:
    mean_square = gamma * mean_square + (1 - gamma) * grad**2
    return w - lr * grad / (mean_square + eps), mean_square


@mistake(
    "rmsprop_step",
    says="You take the root of the mean twice, and so steps still grow with the slope's scale.",
)
def root_twice(
    w: Array,
    grad: Array,
    mean_square: Array,
    lr: float = 1e-3,
    gamma: float = 0.9,
    eps: float = 1e-8,
) -> tuple[Array, Array]:
    mean_square = gamma * mean_square + (1 - gamma) * grad**2
    return w - lr * grad / (mean_square**0.25 + eps), mean_square


@mistake(
    "rmsprop_step",
    says="Your old mean decays, but the new square comes in at full weight: that is no mean.",
)
def new_square_at_full_weight(
    w: Array,
    grad: Array,
    mean_square: Array,
    lr: float = 1e-3,
    gamma: float = 0.9,
    eps: float = 1e-8,
) -> tuple[Array, Array]:
    mean_square = gamma * mean_square + grad**2
    return w - lr * grad / (np.sqrt(mean_square) + eps), mean_square


@mistake(
    "rmsprop_step", says="Your squares only add up; that is AdaGrad. RMSprop forgets old ones."
)
def sum_that_never_forgets(
    w: Array,
    grad: Array,
    mean_square: Array,
    lr: float = 1e-3,
    gamma: float = 0.9,
    eps: float = 1e-8,
) -> tuple[Array, Array]:
    mean_square = mean_square + grad**2
    return w - lr * grad / (np.sqrt(mean_square) + eps), mean_square


@mistake(
    "rmsprop_step", says="Gamma weighs the new square in your mean; it should weigh the old mean."
)
def gamma_exchanged(
    w: Array,
    grad: Array,
    mean_square: Array,
    lr: float = 1e-3,
    gamma: float = 0.9,
    eps: float = 1e-8,
) -> tuple[Array, Array]:
    mean_square = (1 - gamma) * mean_square + gamma * grad**2
    return w - lr * grad / (np.sqrt(mean_square) + eps), mean_square


@mistake(
    "rmsprop_step", says="You divide by the root of the old mean; this slope belongs to it already."
)
def old_mean_used(
    w: Array,
    grad: Array,
    mean_square: Array,
    lr: float = 1e-3,
    gamma: float = 0.9,
    eps: float = 1e-8,
) -> tuple[Array, Array]:
    newer = gamma * mean_square + (1 - gamma) * grad**2
    return w - lr * grad / (np.sqrt(mean_square) + eps), newer


@mistake("rmsprop_step", says="You average the slopes' sizes; the mean is one of squares.")
def slopes_not_squared(
    w: Array,
    grad: Array,
    mean_square: Array,
    lr: float = 1e-3,
    gamma: float = 0.9,
    eps: float = 1e-8,
) -> tuple[Array, Array]:
    mean_square = gamma * mean_square + (1 - gamma) * np.abs(grad)
    return w - lr * grad / (np.sqrt(mean_square) + eps), mean_square


@mistake(
    "rmsprop_step",
    says="You average the slopes themselves and square the mean, so that slopes of both signs "
    "cancel.",
)
def mean_of_slopes(
    w: Array,
    grad: Array,
    mean_square: Array,
    lr: float = 1e-3,
    gamma: float = 0.9,
    eps: float = 1e-8,
) -> tuple[Array, Array]:
    mean = gamma * np.sqrt(mean_square) + (1 - gamma) * grad
    mean_square = mean**2
    return w - lr * grad / (np.sqrt(mean_square) + eps), mean_square


@mistake(
    "rmsprop_step",
    says="Your ε is added to the parameters, not under the fraction: mind the brackets.",
)
def epsilon_beside_the_fraction(
    w: Array,
    grad: Array,
    mean_square: Array,
    lr: float = 1e-3,
    gamma: float = 0.9,
    eps: float = 1e-8,
) -> tuple[Array, Array]:
    mean_square = gamma * mean_square + (1 - gamma) * grad**2
    return w - lr * grad / np.sqrt(mean_square) + eps, mean_square


@mistake(
    "rmsprop_step",
    says="A parameter that never had a slope is divided by zero: where does your ε come in?",
)
def epsilon_forgotten(
    w: Array,
    grad: Array,
    mean_square: Array,
    lr: float = 1e-3,
    gamma: float = 0.9,
    eps: float = 1e-8,
) -> tuple[Array, Array]:
    mean_square = gamma * mean_square + (1 - gamma) * grad**2
    return w - lr * grad / np.sqrt(mean_square), mean_square


@mistake("rmsprop_step", says="Your ε gets into the mean that you hand on.")
def epsilon_in_the_mean(
    w: Array,
    grad: Array,
    mean_square: Array,
    lr: float = 1e-3,
    gamma: float = 0.9,
    eps: float = 1e-8,
) -> tuple[Array, Array]:
    mean_square = gamma * mean_square + (1 - gamma) * grad**2 + eps
    return w - lr * grad / np.sqrt(mean_square), mean_square


@mistake("rmsprop_step", says="Your w is right, but the mean that you return is the old one.")
def mean_not_handed_on(
    w: Array,
    grad: Array,
    mean_square: Array,
    lr: float = 1e-3,
    gamma: float = 0.9,
    eps: float = 1e-8,
) -> tuple[Array, Array]:
    newer = gamma * mean_square + (1 - gamma) * grad**2
    return w - lr * grad / (np.sqrt(newer) + eps), mean_square


@mistake(
    "rmsprop_step",
    says="You return the root of the mean; the mean itself is needed at the next step.",
)
def root_handed_on(
    w: Array,
    grad: Array,
    mean_square: Array,
    lr: float = 1e-3,
    gamma: float = 0.9,
    eps: float = 1e-8,
) -> tuple[Array, Array]:
    mean_square = gamma * mean_square + (1 - gamma) * grad**2
    root = np.sqrt(mean_square)
    return w - lr * grad / (root + eps), root


@mistake(
    "rmsprop_step",
    says="All your parameters share the mean of the new squares; each should have its own.",
)
def mean_over_all_parameters(
    w: Array,
    grad: Array,
    mean_square: Array,
    lr: float = 1e-3,
    gamma: float = 0.9,
    eps: float = 1e-8,
) -> tuple[Array, Array]:
    mean_square = gamma * mean_square + (1 - gamma) * np.mean(grad**2)
    return w - lr * grad / (np.sqrt(mean_square) + eps), mean_square


@mistake("rmsprop_step", says="Your steps go uphill.")
def uphill(
    w: Array,
    grad: Array,
    mean_square: Array,
    lr: float = 1e-3,
    gamma: float = 0.9,
    eps: float = 1e-8,
) -> tuple[Array, Array]:
    mean_square = gamma * mean_square + (1 - gamma) * grad**2
    return w + lr * grad / (np.sqrt(mean_square) + eps), mean_square


@mistake(
    "rmsprop_step",
    says="The gradient in your step is weighed down as it is in the mean; it should come in whole.",
)
def new_square_weighed_twice(
    w: Array,
    grad: Array,
    mean_square: Array,
    lr: float = 1e-3,
    gamma: float = 0.9,
    eps: float = 1e-8,
) -> tuple[Array, Array]:
    mean_square = gamma * mean_square + (1 - gamma) * grad**2
    return w - lr * (1 - gamma) * grad / (np.sqrt(mean_square) + eps), mean_square


@mistake("rmsprop_step", says="Your gamma differs from the one asked for unless it is given.")
def another_gamma(
    w: Array,
    grad: Array,
    mean_square: Array,
    lr: float = 1e-3,
    gamma: float = 0.99,
    eps: float = 1e-8,
) -> tuple[Array, Array]:
    mean_square = gamma * mean_square + (1 - gamma) * grad**2
    return w - lr * grad / (np.sqrt(mean_square) + eps), mean_square


@mistake(
    "rmsprop_step", says="Your learning rate differs from the one asked for unless it is given."
)
def another_rate(
    w: Array,
    grad: Array,
    mean_square: Array,
    lr: float = 1e-2,
    gamma: float = 0.9,
    eps: float = 1e-8,
) -> tuple[Array, Array]:
    mean_square = gamma * mean_square + (1 - gamma) * grad**2
    return w - lr * grad / (np.sqrt(mean_square) + eps), mean_square


@mistake("rmsprop_step", says="Your ε differs from the one asked for unless it is given.")
def another_epsilon(
    w: Array,
    grad: Array,
    mean_square: Array,
    lr: float = 1e-3,
    gamma: float = 0.9,
    eps: float = 1e-6,
) -> tuple[Array, Array]:
    mean_square = gamma * mean_square + (1 - gamma) * grad**2
    return w - lr * grad / (np.sqrt(mean_square) + eps), mean_square


@mistake(
    "rmsprop_step",
    says="Your step is right, but it changes the caller's mean: you decay the very array that "
    "was handed in.",
)
def mean_changed_in_place(
    w: Array,
    grad: Array,
    mean_square: Array,
    lr: float = 1e-3,
    gamma: float = 0.9,
    eps: float = 1e-8,
) -> tuple[Array, Array]:
    mean_square *= gamma
    mean_square += (1 - gamma) * grad**2
    return w - lr * grad / (np.sqrt(mean_square) + eps), mean_square


@mistake("rmsprop_step", says="Your step turns float32 parameters into float64.")
def always_float64(
    w: Array,
    grad: Array,
    mean_square: Array,
    lr: float = 1e-3,
    gamma: float = 0.9,
    eps: float = 1e-8,
) -> tuple[Array, Array]:
    mean_square = gamma * mean_square + (1 - gamma) * grad.astype(float) ** 2
    return w - lr * grad / (np.sqrt(mean_square) + eps), mean_square


@variant("rmsprop_step")
def epsilon_inside_the_root(
    w: Array,
    grad: Array,
    mean_square: Array,
    lr: float = 1e-3,
    gamma: float = 0.9,
    eps: float = 1e-8,
) -> tuple[Array, Array]:
    mean_square = gamma * mean_square + (1 - gamma) * grad * grad
    return w - lr * grad / np.sqrt(mean_square + eps), mean_square


@variant("rmsprop_step")
def parameter_by_parameter(
    w: Array,
    grad: Array,
    mean_square: Array,
    lr: float = 1e-3,
    gamma: float = 0.9,
    eps: float = 1e-8,
) -> tuple[Array, Array]:
    w, mean_square = w.copy(), mean_square.copy()
    for i in np.ndindex(w.shape):
        mean_square[i] += (1 - gamma) * (grad[i] ** 2 - mean_square[i])
        w[i] -= lr / (mean_square[i] ** 0.5 + eps) * grad[i]
    return w, mean_square


@variant("rmsprop_step")
def in_place_on_copies(
    w: Array,
    grad: Array,
    mean_square: Array,
    lr: float = 1e-3,
    gamma: float = 0.9,
    eps: float = 1e-8,
    verbose: bool = True,
) -> tuple[Array, Array]:
    mean = mean_square * gamma
    mean += np.square(grad) * (1.0 - gamma)
    move = np.sqrt(mean)
    move += eps
    np.divide(grad, move, out=move)
    move *= -lr
    if verbose:
        print("step", move)
    return w + move, mean


@variant("rmsprop_step")
def difference_from_the_mean(
    w: Array,
    grad: Array,
    mean_square: Array,
    lr: float = 1e-3,
    gamma: float = 0.9,
    eps: float = 1e-8,
) -> tuple[Array, Array]:
    mean = mean_square - (1 - gamma) * (mean_square - grad**2)
    return np.subtract(w, lr * grad * (mean + eps) ** -0.5), mean
