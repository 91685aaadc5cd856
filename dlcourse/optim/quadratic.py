"""What a quadratic model of the loss gives: the best fixed rates, and steps from its curvature."""

from __future__ import annotations

import math

from dlcourse.backend import Array, namespace


def gd_optimum(mu: float, L: float) -> tuple[float, float]:
    """The learning rate at which gradient descent is fastest on a quadratic, and how fast that is.

    lr = 2/(μ+L),  rate = (L−μ)/(L+μ)

    At this rate the steepest and the flattest direction shrink equally, by 1−lr·μ = lr·L−1.

    Args:
        mu: the smallest eigenvalue of the Hessian, 0 < μ ≤ L.
        L: the largest.

    Returns:
        ``(lr, rate)``; rate is the factor by which the distance to the minimum falls each step.

    Source: 000, "Quick recap: Problem with gradient descent"; Polyak, 1964.
    """
    return 2 / (mu + L), (L - mu) / (L + mu)


def heavy_ball_optimum(mu: float, L: float) -> tuple[float, float, float]:
    """The learning rate and momentum at which the heavy ball is fastest on a quadratic.

    lr = 4/(√L+√μ)²,  rate = (√L−√μ)/(√L+√μ),  β = rate²

    Args:
        mu: the smallest eigenvalue of the Hessian, 0 < μ ≤ L.
        L: the largest.

    Returns:
        ``(lr, beta, rate)``; rate is the factor by which the distance to the minimum falls each
        step in the long run. It is approached from above: at first the distance falls by less.

    Source: 001, "Quick recap: Momentum methods"; Polyak, 1964.
    """
    fast, slow = math.sqrt(L), math.sqrt(mu)
    rate = (fast - slow) / (fast + slow)
    return 4 / (fast + slow) ** 2, rate**2, rate


def newton_step(w: Array, grad: Array, hessian: Array, lr: float = 1.0) -> Array:
    """One step of Newton's method, by a linear solve and without an inverse.

    w' = w − lr·H⁻¹∇L(w)

    With lr = 1 it lands on the stationary point of the quadratic that has this gradient and
    Hessian: a minimum where H is positive definite, else a saddle or a maximum.

    Args:
        w: parameters, (D,).
        grad: the gradient there, (D,).
        hessian: the Hessian H there, (D, D).
        lr: the share of the step that is taken.

    Returns:
        w', (D,).

    Raises:
        numpy.linalg.LinAlgError: if H is singular (for torch, torch.linalg.LinAlgError).

    Source: 001, "Recap" (second order methods).
    """
    xp = namespace(w, grad, hessian)
    return w - lr * xp.linalg.solve(hessian, grad[:, None])[:, 0]


def quickprop_step(
    w: Array, grad: Array, prev_grad: Array, prev_step: Array
) -> tuple[Array, Array]:
    """One step of QuickProp: each component jumps to the foot of its own parabola.

    s' = s·g/(g_prev − g),  w' = w + s'

    The two latest slopes of a component fix the parabola. Where they are equal there is none, and
    the component stays where it is. Fahlman's limit on the growth of a step is left out.

    Args:
        w: parameters, any shape.
        grad: g, the gradient at w, same shape.
        prev_grad: the gradient before the previous step, same shape.
        prev_step: s, the previous step, same shape.

    Returns:
        ``(w', s')``.

    Source: 000, "Quiz 3"; Fahlman, 1988.
    """
    xp = namespace(w, grad, prev_grad, prev_step)
    bend = prev_grad - grad
    flat = bend == 0
    parabola = prev_step * grad / xp.where(flat, xp.ones_like(bend), bend)
    step = xp.where(flat, xp.zeros_like(parabola), parabola)
    return w + step, step
