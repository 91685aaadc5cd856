"""Lab 02: answers to the heavy ball's step."""

from __future__ import annotations

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "momentum_step",
    says="Your gradient pushes the velocity uphill: it has to push against the slope.",
)
def pushed_uphill(
    w: Array, grad: Array, velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    velocity = beta * velocity + lr * grad
    return w + velocity, velocity


@mistake(
    "momentum_step",
    says="Your velocity points downhill, and then you subtract it from w: that climbs.",
)
def velocity_subtracted(
    w: Array, grad: Array, velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    velocity = beta * velocity - lr * grad
    return w - velocity, velocity


@mistake(
    "momentum_step",
    says="Your velocity has the sign of the gradient, and w goes against it. The w is right; the "
    "velocity asked for is the very step that w makes.",
)
def velocity_uphill(
    w: Array, grad: Array, velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    uphill = beta * velocity + lr * grad
    return w - uphill, uphill


@mistake(
    "momentum_step",
    says="Your learning rate stands outside the velocity, as in PyTorch. Here every gradient "
    "enters the velocity at the rate of its own step.",
)
def rate_outside_velocity(
    w: Array, grad: Array, velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    velocity = beta * velocity + grad
    return w - lr * velocity, velocity


@mistake(
    "momentum_step",
    says="You have exchanged lr and beta: which of them weighs the gradient?",
)
def rate_and_beta_exchanged(
    w: Array, grad: Array, velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    velocity = lr * velocity - beta * grad
    return w + velocity, velocity


@mistake(
    "momentum_step",
    says="You move w by the velocity that was handed in; it is to move by the new one.",
)
def moved_by_old_velocity(
    w: Array, grad: Array, velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    return w + velocity, beta * velocity - lr * grad


@mistake(
    "momentum_step",
    says="You apply the velocity twice: once as it was, and once more as part of the new one.",
)
def velocity_applied_twice(
    w: Array, grad: Array, velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    faster = beta * velocity - lr * grad
    return w + beta * velocity + faster, faster


@mistake(
    "momentum_step",
    says="You take the gradient's step twice: it is in the new velocity already.",
)
def gradient_applied_twice(
    w: Array, grad: Array, velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    velocity = beta * velocity - lr * grad
    return w + velocity - lr * grad, velocity


@mistake(
    "momentum_step",
    says="You average velocity and gradient, as Adam does; here the gradient is not weighed down.",
)
def averaged_with_gradient(
    w: Array, grad: Array, velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    velocity = beta * velocity - (1 - beta) * lr * grad
    return w + velocity, velocity


@mistake("momentum_step", says="Nothing slows your velocity down: beta has no effect.")
def beta_forgotten(
    w: Array, grad: Array, velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    velocity = velocity - lr * grad
    return w + velocity, velocity


@mistake(
    "momentum_step",
    says="Your w is right, but the velocity that you return is the old one, so nothing gathers.",
)
def velocity_not_handed_on(
    w: Array, grad: Array, velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    return w + beta * velocity - lr * grad, velocity


@mistake("momentum_step", says="Beta is 0.9 unless it is given; your default is another.")
def another_default(
    w: Array, grad: Array, velocity: Array, lr: float, beta: float = 0.99
) -> tuple[Array, Array]:
    velocity = beta * velocity - lr * grad
    return w + velocity, velocity


@mistake("momentum_step", says="You return velocity and w in the wrong order.")
def velocity_returned_first(
    w: Array, grad: Array, velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    velocity = beta * velocity - lr * grad
    return velocity, w + velocity


@mistake(
    "momentum_step",
    says="Your step is right, but it changes the caller's gradient: your velocity is the same "
    "array as the gradient, not a new one.",
)
def velocity_made_of_the_gradient(
    w: Array, grad: Array, velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    faster = grad
    faster *= -lr
    faster += beta * velocity
    return w + faster, faster


@mistake("momentum_step", says="Your step is right, but it changes the caller's velocity.")
def velocity_overwritten(
    w: Array, grad: Array, velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    velocity *= beta
    velocity -= lr * grad
    return w + velocity, velocity


@mistake("momentum_step", says="Your step is right, but it changes the caller's own w.")
def weights_overwritten(
    w: Array, grad: Array, velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    velocity = beta * velocity - lr * grad
    w += velocity
    return w, velocity


@mistake("momentum_step", says="Your step turns float32 into float64.")
def stepped_in_float64(
    w: Array, grad: Array, velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    faster = beta * velocity.astype(float) - lr * grad
    return w + faster, faster


@variant("momentum_step")
def copies_updated_in_place(
    w: Array, grad: Array, velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    w, velocity = w.copy(), velocity.copy()
    velocity *= beta
    velocity -= lr * grad
    w += velocity
    return w, velocity


@variant("momentum_step")
def loop_over_entries(
    w: Array, grad: Array, velocity: Array, lr: float, beta: float = 0.9, clip: float = np.inf
) -> list[Array]:
    new_w, new_velocity = np.empty_like(w), np.empty_like(velocity)
    for i in np.ndindex(w.shape):
        new_velocity[i] = beta * velocity[i] - min(lr, clip) * grad[i]
        new_w[i] = w[i] + new_velocity[i]
    return [new_w, new_velocity]


@variant("momentum_step")
def gradient_step_first(
    w: Array, grad: Array, velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    moved = w - grad * lr + velocity * beta
    return moved, np.subtract(np.multiply(velocity, beta), np.multiply(lr, grad))


@variant("momentum_step")
def weighed_by_einsum(
    w: Array, grad: Array, velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    shares = np.array([beta, -lr], dtype=w.dtype)
    faster = np.einsum("k,k...->...", shares, np.stack([velocity, grad]))
    return np.add(w, faster), faster
