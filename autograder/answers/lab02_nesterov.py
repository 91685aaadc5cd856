"""Lab 02: answers to Nesterov's step, which asks for the slope ahead."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "nesterov_step",
    says="You take the slope at w itself, which makes it the heavy ball. Nesterov looks ahead "
    "first.",
)
def slope_at_w(
    w: Array, grad: Callable[[Array], Array], velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    velocity = beta * velocity - lr * grad(w)
    return w + velocity, velocity


@mistake(
    "nesterov_step",
    says="You take the slope where w came from; it is wanted where momentum will carry w.",
)
def slope_behind(
    w: Array, grad: Callable[[Array], Array], velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    velocity = beta * velocity - lr * grad(w - beta * velocity)
    return w + velocity, velocity


@mistake(
    "nesterov_step",
    says="You look ahead by the whole velocity; only a part of it is kept in this step.",
)
def slope_too_far_ahead(
    w: Array, grad: Callable[[Array], Array], velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    velocity = beta * velocity - lr * grad(w + velocity)
    return w + velocity, velocity


@mistake(
    "nesterov_step",
    says="You scale w as well when you look ahead; only the velocity is scaled by beta.",
)
def w_scaled_ahead(
    w: Array, grad: Callable[[Array], Array], velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    velocity = beta * velocity - lr * grad(beta * (w + velocity))
    return w + velocity, velocity


@mistake(
    "nesterov_step",
    says="Your step is right, but it asks for the gradient more than once, and that is what costs "
    "time: keep the answer.",
)
def slope_asked_for_twice(
    w: Array, grad: Callable[[Array], Array], velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    ahead = w + beta * velocity
    return ahead - lr * grad(ahead), beta * velocity - lr * grad(ahead)


@mistake(
    "nesterov_step",
    says="Your step is right, but you also ask for a gradient at w, which nothing needs.",
)
def slope_at_w_asked_for_too(
    w: Array, grad: Callable[[Array], Array], velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    slope = grad(w)
    if np.any(beta * velocity):
        slope = grad(w + beta * velocity)
    velocity = beta * velocity - lr * slope
    return w + velocity, velocity


@mistake(
    "nesterov_step",
    says="You go on from the look-ahead point, so the old velocity counts twice. The look-ahead "
    "is for the slope alone.",
)
def stepped_from_look_ahead(
    w: Array, grad: Callable[[Array], Array], velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    ahead = w + beta * velocity
    velocity = beta * velocity - lr * grad(ahead)
    return ahead + velocity, velocity


@mistake(
    "nesterov_step",
    says="The w that you return is right, but your velocity lacks what is kept of the old one.",
)
def velocity_of_the_slope_alone(
    w: Array, grad: Callable[[Array], Array], velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    ahead = w + beta * velocity
    slide = -lr * grad(ahead)
    return ahead + slide, slide


@mistake("nesterov_step", says="You have exchanged lr and beta.")
def lr_and_beta_swapped(
    w: Array, grad: Callable[[Array], Array], velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    velocity = lr * velocity - beta * grad(w + lr * velocity)
    return w + velocity, velocity


@mistake("nesterov_step", says="Your step goes up the slope that it finds ahead.")
def climbed_ahead(
    w: Array, grad: Callable[[Array], Array], velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    velocity = beta * velocity + lr * grad(w + beta * velocity)
    return w + velocity, velocity


@mistake(
    "nesterov_step",
    says="Your learning rate stands outside the velocity; each slope is to enter it at its rate.",
)
def lr_outside(
    w: Array, grad: Callable[[Array], Array], velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    velocity = beta * velocity - grad(w + beta * velocity)
    return w + lr * velocity, velocity


@mistake("nesterov_step", says="Without a given beta, 0.9 is to be kept; your default differs.")
def default_of_a_half(
    w: Array, grad: Callable[[Array], Array], velocity: Array, lr: float, beta: float = 0.5
) -> tuple[Array, Array]:
    velocity = beta * velocity - lr * grad(w + beta * velocity)
    return w + velocity, velocity


@mistake(
    "nesterov_step",
    says="Your step is right, but it changes the caller's w on its way to the look-ahead point.",
)
def looked_ahead_in_place(
    w: Array, grad: Callable[[Array], Array], velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    w += beta * velocity
    slide = -lr * grad(w)
    w += slide
    return w, beta * velocity + slide


@mistake("nesterov_step", says="Your step is right, but it changes the caller's velocity.")
def velocity_slowed_in_place(
    w: Array, grad: Callable[[Array], Array], velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    velocity *= beta
    velocity -= lr * grad(w + velocity)
    return w + velocity, velocity


@mistake("nesterov_step", says="Your step turns float32 weights into float64.")
def nesterov_in_float64(
    w: Array, grad: Callable[[Array], Array], velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    velocity = np.float64(beta) * velocity - lr * grad(w + beta * velocity)
    return w + velocity, np.asarray(velocity, dtype=float)


@variant("nesterov_step")
def two_moves(
    w: Array, grad: Callable[[Array], Array], velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    ahead = w + beta * velocity
    moved = ahead - lr * grad(ahead)
    return moved, moved - w


@variant("nesterov_step")
def copy_slowed_in_place(
    w: Array, grad: Callable[[Array], Array], velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    faster = np.array(velocity)
    faster *= beta
    slope = grad(w + faster)
    slope *= lr
    faster -= slope
    return w + faster, faster


@variant("nesterov_step")
def by_a_heavy_ball_of_its_own(
    w: Array,
    grad: Callable[[Array], Array],
    velocity: Array,
    lr: float,
    beta: float = 0.9,
    *,
    verbose: bool = True,
) -> tuple[Array, Array]:
    def heavy_ball(slope: Array) -> tuple[Array, Array]:
        faster = np.subtract(beta * velocity, lr * slope)
        return np.add(w, faster), faster

    if verbose:
        print("at", w)
    return heavy_ball(grad(np.add(w, np.multiply(velocity, beta))))
