"""Momentum: the heavy ball, Nesterov's look-ahead in two forms, and the loop that runs a step."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from dlcourse.backend import Array, namespace

State = TypeVar("State")


def momentum_step(
    w: Array, grad: Array, velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    """One step of gradient descent with momentum, the heavy ball.

    v' = β·v − lr·∇L(w),  w' = w + v'

    The learning rate is inside the velocity. torch.optim.SGD keeps it outside; with a constant
    learning rate the two walk one path, with a schedule they do not.

    Args:
        w: parameters, any shape.
        grad: the gradient ∇L(w), same shape.
        velocity: v, same shape; zeros at the start.
        lr: the learning rate η.
        beta: how much of the velocity is kept.

    Returns:
        ``(w', v')``.

    Source: 000 and 002, "Momentum Update"; Polyak, 1964.
    """
    velocity = beta * velocity - lr * grad
    return w + velocity, velocity


def nesterov_step(
    w: Array, grad: Callable[[Array], Array], velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    """One step of Nesterov's accelerated gradient: the slope is taken where momentum leads.

    v' = β·v − lr·∇L(w + β·v),  w' = w + v'

    Args:
        w: parameters, any shape.
        grad: the function ∇L; called once, at the look-ahead point w + β·v.
        velocity: v, same shape as w; zeros at the start.
        lr: the learning rate η.
        beta: how much of the velocity is kept.

    Returns:
        ``(w', v')``.

    Source: 000 and 002, "Nestorov's Accelerated Gradient"; Nesterov, 1983.
    """
    velocity = beta * velocity - lr * grad(w + beta * velocity)
    return w + velocity, velocity


def nesterov_step_rearranged(
    w_ahead: Array, grad_ahead: Array, velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    """Nesterov's step in terms of the look-ahead point, where the gradient is at hand.

    v' = β·v − lr·∇L(w_ahead),  w_ahead' = w_ahead + v' + β·(v' − v)

    With w_ahead = w + β·v this is `nesterov_step`; w_ahead − β·v gives w back.

    Args:
        w_ahead: the look-ahead point, any shape; w itself at the start, where v is zero.
        grad_ahead: the gradient there, same shape.
        velocity: v, same shape; zeros at the start.
        lr: the learning rate η.
        beta: how much of the velocity is kept.

    Returns:
        ``(w_ahead', v')``.

    Source: 003, "Nesterov Momentum".
    """
    faster = beta * velocity - lr * grad_ahead
    return w_ahead + faster + beta * (faster - velocity), faster


def minimize(
    step: Callable[[Array, State], tuple[Array, State]], w: Array, state: State, steps: int
) -> Array:
    """Run an optimizer's step from w, and keep the path.

    Args:
        step: ``step(w, state) -> (w, state)``, one update.
        w: where to start, any shape.
        state: what the first step is given besides w: a velocity, a tuple of moments, None.
        steps: the number of updates.

    Returns:
        The path, (steps+1, *w.shape): the start, then w after each update.

    Source: 000, "Training with momentum", without the network.
    """
    xp = namespace(w)
    path = [w]
    for _ in range(steps):
        w, state = step(w, state)
        path.append(w)
    return xp.stack(path)
