"""Lab 02: answers to Nesterov's step in terms of the look-ahead point."""

from __future__ import annotations

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "nesterov_step_rearranged",
    says="You add the old velocity where the new one belongs.",
)
def old_velocity_added(
    w_ahead: Array, grad_ahead: Array, velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    faster = beta * velocity - lr * grad_ahead
    return w_ahead + velocity + beta * (faster - velocity), faster


@mistake(
    "nesterov_step_rearranged",
    says="You return w itself. The rearranged form hands on the look-ahead point, at which the "
    "next gradient is taken.",
)
def recovered_w(
    w_ahead: Array, grad_ahead: Array, velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    faster = beta * velocity - lr * grad_ahead
    return w_ahead - beta * velocity + faster, faster


@mistake(
    "nesterov_step_rearranged",
    says="You move the look-ahead point as if it were w, by the new velocity alone; how far it "
    "looks ahead changes too.",
)
def change_of_look_ahead_missing(
    w_ahead: Array, grad_ahead: Array, velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    velocity = beta * velocity - lr * grad_ahead
    return w_ahead + velocity, velocity


@mistake(
    "nesterov_step_rearranged",
    says="You look ahead anew without taking the old look-ahead back: w_ahead has it already.",
)
def old_look_ahead_kept(
    w_ahead: Array, grad_ahead: Array, velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    faster = beta * velocity - lr * grad_ahead
    return w_ahead + (1 + beta) * faster, faster


@mistake(
    "nesterov_step_rearranged",
    says="Old and new velocity are exchanged in the correction of the look-ahead.",
)
def correction_turned_round(
    w_ahead: Array, grad_ahead: Array, velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    faster = beta * velocity - lr * grad_ahead
    return w_ahead + faster + beta * (velocity - faster), faster


@mistake(
    "nesterov_step_rearranged",
    says="Your correction of the look-ahead is not scaled: w looks ahead by a share of the "
    "velocity only.",
)
def correction_not_scaled(
    w_ahead: Array, grad_ahead: Array, velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    faster = beta * velocity - lr * grad_ahead
    return w_ahead + faster + (faster - velocity), faster


@mistake(
    "nesterov_step_rearranged",
    says="You look ahead only by what the gradient adds, and leave out what becomes of the old "
    "velocity.",
)
def look_ahead_by_the_gradient_alone(
    w_ahead: Array, grad_ahead: Array, velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    faster = beta * velocity - lr * grad_ahead
    return w_ahead + faster - beta * lr * grad_ahead, faster


@mistake("nesterov_step_rearranged", says="You have exchanged lr and beta.")
def roles_exchanged(
    w_ahead: Array, grad_ahead: Array, velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    faster = lr * velocity - beta * grad_ahead
    return w_ahead + faster + lr * (faster - velocity), faster


@mistake("nesterov_step_rearranged", says="Your velocity grows with the gradient: that climbs.")
def climbing(
    w_ahead: Array, grad_ahead: Array, velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    faster = beta * velocity + lr * grad_ahead
    return w_ahead + faster + beta * (faster - velocity), faster


@mistake(
    "nesterov_step_rearranged",
    says="Your learning rate stands outside the velocity, as in PyTorch; here it is inside.",
)
def rate_outside(
    w_ahead: Array, grad_ahead: Array, velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    velocity = beta * velocity + grad_ahead
    return w_ahead - lr * (grad_ahead + beta * velocity), velocity


@mistake("nesterov_step_rearranged", says="Beta is 0.9 where none is given, and not what you took.")
def default_too_low(
    w_ahead: Array, grad_ahead: Array, velocity: Array, lr: float, beta: float = 0.8
) -> tuple[Array, Array]:
    faster = beta * velocity - lr * grad_ahead
    return w_ahead + faster + beta * (faster - velocity), faster


@mistake(
    "nesterov_step_rearranged",
    says="Your look-ahead point is right, but the velocity that you return is the old one.",
)
def old_velocity_returned(
    w_ahead: Array, grad_ahead: Array, velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    faster = beta * velocity - lr * grad_ahead
    return w_ahead + faster + beta * (faster - velocity), velocity


@mistake(
    "nesterov_step_rearranged",
    says="Your step is right, but it changes the caller's w_ahead.",
)
def look_ahead_overwritten(
    w_ahead: Array, grad_ahead: Array, velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    faster = beta * velocity - lr * grad_ahead
    w_ahead += faster + beta * (faster - velocity)
    return w_ahead, faster


@mistake("nesterov_step_rearranged", says="Your step turns float32 into float64.")
def rearranged_in_float64(
    w_ahead: Array, grad_ahead: Array, velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    before = np.asarray(velocity, dtype=float)
    faster = beta * before - lr * grad_ahead
    return w_ahead + faster + beta * (faster - before), faster


@variant("nesterov_step_rearranged")
def back_a_step_and_ahead(
    w_ahead: Array, grad_ahead: Array, velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    w = w_ahead - beta * velocity
    velocity = beta * velocity - lr * grad_ahead
    w = w + velocity
    return w + beta * velocity, velocity


@variant("nesterov_step_rearranged")
def terms_collected(
    w_ahead: Array, grad_ahead: Array, velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    moved = w_ahead + beta**2 * velocity - (1 + beta) * lr * grad_ahead
    return moved, beta * velocity - lr * grad_ahead


@variant("nesterov_step_rearranged")
def copies_in_place(
    w_ahead: Array,
    grad_ahead: Array,
    velocity: Array,
    lr: float,
    beta: float = 0.9,
    out: Array | None = None,
) -> list[Array]:
    moved = w_ahead.copy() if out is None else out
    moved -= beta * velocity
    velocity = velocity.copy()
    velocity *= beta
    velocity -= lr * grad_ahead
    moved += velocity
    moved += beta * velocity
    return [moved, velocity]
