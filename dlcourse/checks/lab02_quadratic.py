"""Lab 02's visible checks of the best fixed rates, and of steps that use curvature."""

from __future__ import annotations

import numpy as np

from dlcourse.checks.properties import Function, run_properties
from dlcourse.testing import (
    CheckError,
    check_array,
    check_close,
    check_number,
    check_that,
    check_tuple,
)


def gd_optimum(function: object) -> None:
    """Check ``gd_optimum(mu, L) -> (lr, rate)``."""
    run_properties("gd_optimum", function, [_gd_by_hand, _gd_alike, _gd_best, _gd_100, _gd_round])


def heavy_ball_optimum(function: object) -> None:
    """Check ``heavy_ball_optimum(mu, L) -> (lr, beta, rate)``."""
    run_properties(
        "heavy_ball_optimum",
        function,
        [_ball_by_hand, _ball_radius, _ball_best, _ball_100, _ball_round],
    )


def newton_step(function: object) -> None:
    """Check ``newton_step(w, grad, hessian, lr=1.0) -> w``."""
    run_properties(
        "newton_step",
        function,
        [
            _newton_along_axes,
            _newton_turned,
            _newton_part,
            _newton_saddle,
            _newton_accurate,
            _newton_keeps_float32,
        ],
    )


def quickprop_step(function: object) -> None:
    """Check ``quickprop_step(w, grad, prev_grad, prev_step) -> (w, step)``."""
    run_properties(
        "quickprop_step",
        function,
        [_quick_by_hand, _quick_lands, _quick_parallel, _quick_up, _quick_keeps],
    )


def _numbers(value: object, names: str) -> list[float]:
    values = check_tuple(value, names.count(",") + 1, names)
    return [
        check_number(number, name)
        for number, name in zip(values, names.strip("()").split(", "), strict=True)
    ]


def _gd(function: Function, mu: float, L: float) -> tuple[float, float]:
    lr, rate = _numbers(function(mu, L), "(lr, rate)")
    check_that(lr > 0, "lr: a learning rate is positive", f"got {lr:.6g}")
    check_that(rate >= 0, "rate: a factor by which a distance falls is not negative")
    return lr, rate


def _gd_by_hand(function: Function) -> None:
    """For curvatures 1 and 9 the best rate is lr = 0.2, and every step leaves 0.8."""
    lr, rate = _gd(function, 1.0, 9.0)
    if np.isclose(lr, 0.8) and np.isclose(rate, 0.2):
        raise CheckError("lr and rate are exchanged: lr comes first")
    if np.isclose(lr, 1 / 9):
        raise CheckError("lr: this one suits the steep direction alone; the flat one waits for it")
    check_close(lr, 0.2, "lr")
    check_close(rate, 0.8, "rate")


def _gd_alike(function: Function) -> None:
    """At this lr the flattest and the steepest direction shrink alike, by `rate`."""
    for mu, L in ((0.5, 20.0), (3.0, 4.0)):
        lr, rate = _gd(function, mu, L)
        check_close(lr * L - 1, 1 - lr * mu, "lr: what a step leaves of the steep direction")
        check_close(rate, 1 - lr * mu, "rate: what a step leaves of the flat direction")


def _gd_best(function: Function) -> None:
    """No other lr does better in the slower of the two directions."""
    mu, L = 2.0, 50.0
    lr, _ = _gd(function, mu, L)
    slower = [max(abs(1 - s * lr * mu), abs(1 - s * lr * L)) for s in (0.98, 1.0, 1.02)]
    check_that(slower[1] < slower[0], "lr: a smaller learning rate would be faster")
    check_that(slower[1] < slower[2], "lr: a larger learning rate would be faster")


def _gd_100(function: Function) -> None:
    """For a condition number of 100 the rate is 0.9802, whatever the scale of the loss."""
    for mu in (1.0, 0.01):
        check_close(_gd(function, mu, 100 * mu)[1], 0.9802, "rate", atol=5e-5)


def _gd_round(function: Function) -> None:
    """In a round bowl, mu = L, one step is enough."""
    lr, rate = _gd(function, 4.0, 4.0)
    check_close(lr, 0.25, "lr")
    check_close(rate, 0.0, "rate")


def _ball(function: Function, mu: float, L: float) -> tuple[float, float, float]:
    lr, beta, rate = _numbers(function(mu, L), "(lr, beta, rate)")
    check_that(lr > 0, "lr: a learning rate is positive", f"got {lr:.6g}")
    check_that(0 <= beta < 1, "beta: it lies from 0 up to 1", f"got {beta:.6g}")
    check_that(0 <= rate < 1, "rate: it lies from 0 up to 1", f"got {rate:.6g}")
    return lr, beta, rate


def _ball_by_hand(function: Function) -> None:
    """For curvatures 1 and 9: lr = 0.25, beta = 0.25, and in the long run a rate of 0.5."""
    lr, beta, rate = _ball(function, 1.0, 9.0)
    if np.isclose(lr, 0.2) or np.isclose(rate, 0.8):
        raise CheckError("this is the optimum without momentum: where are the roots?")
    if np.isclose(beta, 0.5) and np.isclose(rate, 0.5):
        raise CheckError("beta: it is not the rate itself")
    if np.isclose(beta, 0.5) and np.isclose(rate, 0.25):
        raise CheckError("beta and rate are exchanged: (lr, beta, rate) is the order")
    check_close(lr, 0.25, "lr")
    check_close(beta, 0.25, "beta")
    check_close(rate, 0.5, "rate")


def _radius(curvature: float, lr: float, beta: float) -> float:
    """How fast the ball w'' = w' + beta·(w' − w) − lr·curvature·w' falls in the long run."""
    return float(np.abs(np.roots([1.0, lr * curvature - 1 - beta, beta])).max())


def _ball_radius(function: Function) -> None:
    """With this lr and beta, both the flattest and the steepest direction fall by `rate`."""
    for mu, L in ((0.5, 20.0), (3.0, 4.0)):
        lr, beta, rate = _ball(function, mu, L)
        for direction, curvature in (("flat", mu), ("steep", L)):
            # Two roots meet here, and rounding parts them by about its own square root.
            check_close(_radius(curvature, lr, beta), rate, f"the {direction} one", rtol=1e-4)


def _ball_best(function: Function) -> None:
    """No lr and no beta nearby do better in the slower direction."""
    mu, L = 2.0, 50.0
    lr, beta, _ = _ball(function, mu, L)
    here = max(_radius(mu, lr, beta), _radius(L, lr, beta))
    for name, changed in (
        ("a smaller lr", (0.97 * lr, beta)),
        ("a larger lr", (1.03 * lr, beta)),
        ("a smaller beta", (lr, 0.97 * beta)),
        ("a larger beta", (lr, 1.03 * beta)),
    ):
        there = max(_radius(mu, *changed), _radius(L, *changed))
        check_that(there > here, f"{name} would be faster in the slower direction")


def _ball_100(function: Function) -> None:
    """For a condition number of 100 the rate is 0.8182, whatever the scale of the loss."""
    for mu in (1.0, 0.01):
        check_close(_ball(function, mu, 100 * mu)[2], 0.8182, "rate", atol=5e-5)


def _ball_round(function: Function) -> None:
    """In a round bowl, mu = L, no momentum is wanted."""
    lr, beta, rate = _ball(function, 4.0, 4.0)
    for number, expected, name in ((lr, 0.25, "lr"), (beta, 0.0, "beta"), (rate, 0.0, "rate")):
        check_close(number, expected, name)


_TURNED = np.array([[4.0, 1.0], [1.0, 3.0]])


def _newton(value: object, w: np.ndarray) -> np.ndarray:
    if isinstance(value, tuple):
        raise CheckError("w: a tuple comes back; only the new w is asked for")
    if isinstance(value, np.ndarray) and value.shape != w.shape and value.size == w.size:
        raise CheckError(f"w: expected shape {w.shape}, got {value.shape}: keep it a vector")
    check_array(value, w.shape, "w", dtype=w.dtype)
    return np.asarray(value)


def _newton_along_axes(function: Function) -> None:
    """On a bowl along the axes, one step lands on the minimum."""
    w, hessian, minimum = np.array([3.0, 1.0]), np.diag([2.0, 8.0]), np.array([1.0, -2.0])
    landed = _newton(function(w, hessian @ (w - minimum), hessian), w)
    if np.allclose(landed, 2 * w - minimum):
        raise CheckError("w: the step leads away from the minimum, just as far: mind the sign")
    if np.allclose(landed, w - hessian @ hessian @ (w - minimum)):
        raise CheckError("w: the gradient is multiplied by the Hessian, which is the wrong way")
    check_close(landed, minimum, "w")


def _newton_turned(function: Function) -> None:
    """On a bowl that is turned, too, one step lands on the minimum."""
    w, minimum = np.array([3.0, 1.0]), np.array([1.0, -2.0])
    grad = _TURNED @ (w - minimum)
    landed = _newton(function(w, grad, _TURNED), w)
    if np.allclose(landed, w - grad / np.diag(_TURNED)):
        raise CheckError("w: only the diagonal of the Hessian is used; off it stands a lot too")
    check_close(landed, minimum, "w")


def _newton_part(function: Function) -> None:
    """With lr = 0.25 it goes a quarter of the way."""
    w, minimum = np.array([3.0, 1.0]), np.array([1.0, -2.0])
    landed = _newton(function(w, _TURNED @ (w - minimum), _TURNED, 0.25), w)
    check_that(not np.allclose(landed, minimum), "lr is ignored: the whole step is taken")
    check_close(landed, np.array([2.5, 0.25]), "w")


def _newton_saddle(function: Function) -> None:
    """Where one direction curves down, it lands on the saddle: any stationary point will do."""
    w, hessian = np.array([2.0, 1.0]), np.diag([2.0, -1.0])
    check_close(_newton(function(w, hessian @ w, hessian), w), np.zeros(2), "w")


def _newton_accurate(function: Function) -> None:
    """On a Hessian of condition 10¹³ the step still solves H·step = gradient."""
    i = np.arange(10)
    hessian = 1.0 / (i[:, None] + i + 1.0)
    grad = hessian.sum(axis=1)
    step = -_newton(function(np.zeros(10), grad, hessian), np.zeros(10))
    left = np.abs(hessian @ step - grad).max() / np.abs(step).max()
    if not left < 1e-10:
        raise CheckError(
            "the system is not solved as well as it can be: an inverse loses digits that a "
            "solver keeps"
        )


def _newton_keeps_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    w = np.ones(2, dtype=np.float32)
    _newton(function(w, w, _TURNED.astype(np.float32)), w)


def _quick(value: object, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if isinstance(value, np.ndarray) and value.shape == w.shape:
        raise CheckError("one array comes back; (w, step) are asked for")
    moved, step = check_tuple(value, 2, "(w, step)")
    for array, name in ((step, "step"), (moved, "w")):
        if isinstance(array, np.ndarray) and np.isnan(array).any():
            raise CheckError(f"{name}: NaN has come in: a division of zero by zero?")
        check_array(array, w.shape, name, dtype=w.dtype)
    return np.asarray(moved), np.asarray(step)


def _quick_by_hand(function: Function) -> None:
    """A step of −1 took the slope from 4 to 2, so another −1 takes it to 0: from 3 to 2."""
    w = np.array([3.0])
    moved, step = _quick(function(w, np.array([2.0]), np.array([4.0]), np.array([-1.0])), w)
    if np.allclose(moved, -1.0) and np.allclose(step, 2.0):
        raise CheckError("w and step are exchanged: w comes first")
    if np.allclose(step, 1.0):
        raise CheckError("step: it turns back uphill: look at the order in the difference")
    if np.allclose(step, -2.0):
        raise CheckError("step: is it the earlier slope that you take to the top?")
    check_close(step, np.array([-1.0]), "step")
    check_close(moved, np.array([2.0]), "w")


def _quick_lands(function: Function) -> None:
    """Where each component has its own parabola, all land on their minima at once."""
    curvature, start = np.array([[1.0, 5.0], [0.2, 9.0]]), np.array([[4.0, -2.0], [1.0, 3.0]])
    minimum, first = np.full((2, 2), 0.5), np.array([[-0.3, 0.1], [0.2, -0.7]])
    w = start + first
    slopes = curvature * (w - minimum), curvature * (start - minimum)
    moved, step = _quick(function(w, *slopes, first), w)
    check_close(moved, minimum, "w")
    check_close(step, minimum - w, "step")


def _quick_parallel(function: Function) -> None:
    """Where both slopes are equal there is no parabola: that component stays."""
    w, grad = np.array([1.0, 1.0, 1.0]), np.array([2.0, 1.0, 0.0])
    prev_grad, prev_step = np.array([2.0, 3.0, 0.0]), np.array([0.1, 0.1, 0.0])
    with np.errstate(all="ignore"):
        moved, step = _quick(function(w, grad, prev_grad, prev_step), w)
    check_close(step, np.array([0.0, 0.05, 0.0]), "step")
    check_close(moved, np.array([1.0, 1.05, 1.0]), "w")


def _quick_up(function: Function) -> None:
    """Where the parabola opens downwards it goes to the top: no limit, no safeguard."""
    w = np.array([1.0])
    _, step = _quick(function(w, np.array([-2.0]), np.array([-1.0]), np.array([1.0])), w)
    check_close(step, np.array([-2.0]), "step")


def _quick_keeps(function: Function) -> None:
    """float32 in gives float32 out."""
    w = np.ones(3, dtype=np.float32)
    with np.errstate(all="ignore"):
        _quick(function(w, w, 2 * w, -w), w)
