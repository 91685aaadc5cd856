"""Numerical gradients, and a check of a backward function against them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import array_api_compat
import numpy as np

from dlcourse.backend import Array, is_torch, namespace, to_numpy
from dlcourse.testing import CheckError, check_array, check_that

STEP = 1e-4


def numerical_gradient(f: Callable[[Array], Array | float], x: Array, h: float = 1e-5) -> Array:
    """The gradient of a scalar function by central differences.

    df/dx_i ≈ (f(x + h·e_i) − f(x − h·e_i))/(2h). Its error falls with h² until the rounding of f,
    divided by h, takes over; the two meet near h = 1e-5.

    Args:
        f: takes an array of x's shape, gives a number.
        x: any shape; differences are taken in float64, whatever its dtype.
        h: the step.

    Returns:
        The shape of x, in float64.

    Source: 004, "Babysitting Deep Nets" (check your gradients).

    >>> numerical_gradient(lambda x: (x**2).sum(), np.array([1.0, -2.0])).round(6)
    array([ 2., -4.])
    """
    xp = namespace(x)
    point = xp.astype(x, xp.float64, copy=True)
    gradient = xp.zeros_like(point)
    for index in np.ndindex(*x.shape):
        original = float(point[index])
        point[index] = original + h
        above = float(f(point))
        point[index] = original - h
        below = float(f(point))
        point[index] = original
        gradient[index] = (above - below) / (2.0 * h)
    return gradient


def gradcheck(
    function: Callable[..., Any],
    backward: Callable[..., Any],
    *args: Any,
    dy: Array | None = None,
    rtol: float = 1e-6,
    atol: float = 1e-8,
) -> None:
    """Hold a backward function against finite differences, argument by argument, entry by entry.

    The loss is Σ dy·y with y = function(*args). Its differences are of fourth order,
    (8(L(h) − L(−h)) − (L(2h) − L(−2h)))/(12h): more exact than `numerical_gradient`, and not what a
    lab asks for. Choose arguments further than 2h from any kink, where h = 1e-4.

    Args:
        function: takes args, gives an array (or a number).
        backward: ``backward(dy, *args)`` gives a gradient for each argument that is an array of
            floating dtype, in their order: a tuple, or the array itself if there is one. Wrap a
            function that takes other things: ``lambda dy, z: sigmoid_backward(dy, sigmoid(z))``.
        *args: arrays of floating dtype are checked, in float64; anything else is passed on.
        dy: the derivative of the loss by y; uneven numbers between 0.5 and 1.5 if not given.
        rtol: how far apart the two may be, relative to the numeric one.
        atol: how far besides.

    Raises:
        CheckError: at the first argument whose gradient is wrong, naming function and argument;
            the detail names the worst index, with the analytic and the numeric value.

    Source: 004, "Babysitting Deep Nets" (check your gradients).

    >>> gradcheck(np.sin, lambda dy, x: dy * np.cos(x), np.array([0.5, 1.0]))
    """
    points = [_in_float64(arg) if _is_floating(arg) else arg for arg in args]
    y = function(*points)
    if dy is None:
        dy = _uneven(y)
    checked = [i for i, arg in enumerate(points) if _is_floating(arg)]
    gradients = backward(dy, *points)
    if not isinstance(gradients, tuple | list):
        gradients = (gradients,)
    who = getattr(function, "__name__", type(function).__name__)
    check_that(
        len(gradients) == len(checked),
        f"{who}: expected gradients for {len(checked)} arguments, got {len(gradients)}",
    )
    names = _parameter_names(function, len(args))
    for i, gradient in zip(checked, gradients, strict=True):
        numeric = _differences(function, points, i, dy)
        what = f"{who}: the gradient by {names[i]}"
        check_array(
            np.asarray(gradient) if np.ndim(gradient) == 0 else gradient, numeric.shape, what
        )
        _compare(to_numpy(gradient), numeric, what, rtol, atol)


def _differences(
    function: Callable[..., Any], points: Sequence[Any], i: int, dy: Array
) -> np.ndarray:
    """The gradient of Σ dy·function by argument number i, as NumPy."""
    center = points[i]
    numeric = np.zeros(tuple(center.shape))
    h = STEP

    def loss(index: tuple[int, ...], step: float) -> float:
        moved = _in_float64(center)
        moved[index] += step
        y = function(*points[:i], moved, *points[i + 1 :])
        return float((dy * y).sum())

    for index in np.ndindex(*numeric.shape):
        near = loss(index, h) - loss(index, -h)
        far = loss(index, 2.0 * h) - loss(index, -2.0 * h)
        numeric[index] = (8.0 * near - far) / (12.0 * h)
    return numeric


def _compare(
    analytic: np.ndarray, numeric: np.ndarray, what: str, rtol: float, atol: float
) -> None:
    error = np.abs(analytic - numeric)
    excess = error - (atol + rtol * np.abs(numeric))
    if not (excess > 0).any():
        return
    index = tuple(int(k) for k in np.unravel_index(np.argmax(excess), excess.shape))
    raise CheckError(
        f"{what} is wrong",
        f"the worst at index {index}: analytic {analytic[index]:.8g}, numeric {numeric[index]:.8g}",
    )


def _is_floating(value: Any) -> bool:
    if not (isinstance(value, np.ndarray) or is_torch(value)):
        return False
    return bool(namespace(value).isdtype(value.dtype, "real floating"))


def _in_float64(array: Array) -> Array:
    xp = namespace(array)
    return xp.astype(array, xp.float64, copy=True)


def _uneven(y: Array) -> Array:
    """Numbers of y's shape in steps of the golden ratio modulo 1: a wrong gradient shares none."""
    size = int(np.prod(np.shape(y)))
    numbers = (0.5 + np.arange(1, size + 1) * 0.6180339887498949 % 1.0).reshape(np.shape(y))
    if not is_torch(y):
        return numbers
    return namespace(y).asarray(numbers, device=array_api_compat.device(y))


def _parameter_names(function: Callable[..., Any], count: int) -> list[str]:
    """The names of the first `count` parameters, or "argument 1", … where there are none to see."""
    numbered = [f"argument {i + 1}" for i in range(count)]
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return numbered
    positional = [
        p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    return positional[:count] + numbered[len(positional) :]
