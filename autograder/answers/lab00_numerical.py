"""Lab 00: answers to the numerical gradient."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "numerical_gradient",
    says="You step to one side only; a step to either side makes the error far smaller.",
)
def forward_differences(f: Callable[[Array], float], x: Array, h: float = 1e-5) -> Array:
    point, gradient = x.astype(float), np.zeros(x.shape)
    for i in np.ndindex(*x.shape):
        up = point.copy()
        up[i] += h
        gradient[i] = (f(up) - f(point)) / h
    return gradient


@mistake(
    "numerical_gradient",
    says="You compare with the value at x itself; compare the two sides of it.",
)
def backward_differences(f: Callable[[Array], float], x: Array, h: float = 1e-5) -> Array:
    point, gradient = x.astype(float), np.zeros(x.shape)
    for i in np.ndindex(*x.shape):
        down = point.copy()
        down[i] -= h
        gradient[i] = (f(point) - f(down)) / h
    return gradient


@mistake(
    "numerical_gradient",
    says="The two points that you compare are two steps apart, and you divide by one.",
)
def divided_by_one_step(f: Callable[[Array], float], x: Array, h: float = 1e-5) -> Array:
    point, gradient = x.astype(float), np.zeros(x.shape)
    for i in np.ndindex(*x.shape):
        up, down = point.copy(), point.copy()
        up[i] += h
        down[i] -= h
        gradient[i] = (f(up) - f(down)) / h
    return gradient


@mistake(
    "numerical_gradient", says="Your points lie half a step from x; they are to lie a whole one."
)
def half_a_step_to_either_side(f: Callable[[Array], float], x: Array, h: float = 1e-5) -> Array:
    point, gradient = x.astype(float), np.zeros(x.shape)
    for i in np.ndindex(*x.shape):
        up, down = point.copy(), point.copy()
        up[i] += h / 2
        down[i] -= h / 2
        gradient[i] = (f(up) - f(down)) / h
    return gradient


@mistake(
    "numerical_gradient", says="Your gradient has the wrong sign: the two sides are exchanged."
)
def sides_exchanged(f: Callable[[Array], float], x: Array, h: float = 1e-5) -> Array:
    point, gradient = x.astype(float), np.zeros(x.shape)
    for i in np.ndindex(*x.shape):
        up, down = point.copy(), point.copy()
        up[i] += h
        down[i] -= h
        gradient[i] = (f(down) - f(up)) / (2 * h)
    return gradient


@mistake("numerical_gradient", says="You do not move an entry back before the next one is moved.")
def entries_left_where_they_were_moved(
    f: Callable[[Array], float], x: Array, h: float = 1e-5
) -> Array:
    point, gradient = x.astype(float), np.zeros(x.shape)
    for i in np.ndindex(*x.shape):
        point[i] += h
        above = f(point)
        point[i] -= 2 * h
        gradient[i] = (above - f(point)) / (2 * h)
    return gradient


@mistake(
    "numerical_gradient",
    says="Adding a step and taking it away again does not give back the last bit, which "
    "changes the caller's x: keep the old value.",
)
def moved_back_by_arithmetic(f: Callable[[Array], float], x: Array, h: float = 1e-5) -> Array:
    point, gradient = np.asarray(x, dtype=float), np.zeros(x.shape)
    for i in np.ndindex(*x.shape):
        point[i] += h
        above = f(point)
        point[i] -= 2 * h
        below = f(point)
        point[i] += h
        gradient[i] = (above - below) / (2 * h)
    return gradient


@mistake("numerical_gradient", says="You move all entries together; each has a slope of its own.")
def all_entries_at_once(f: Callable[[Array], float], x: Array, h: float = 1e-5) -> Array:
    point = x.astype(float)
    return np.full(x.shape, (f(point + h) - f(point - h)) / (2 * h))


@mistake(
    "numerical_gradient",
    says="You move whole rows of x; every single entry has a slope of its own.",
)
def rows_at_once(f: Callable[[Array], float], x: Array, h: float = 1e-5) -> Array:
    point, gradient = x.astype(float), np.zeros(x.shape)
    for i in range(len(x)):
        up, down = point.copy(), point.copy()
        up[i] += h
        down[i] -= h
        gradient[i] = (f(up) - f(down)) / (2 * h)
    return gradient


@mistake("numerical_gradient", says="Your default step is not the one asked for.")
def another_default_step(f: Callable[[Array], float], x: Array, h: float = 1e-4) -> Array:
    point, gradient = x.astype(float), np.zeros(x.shape)
    for i in np.ndindex(*x.shape):
        up, down = point.copy(), point.copy()
        up[i] += h
        down[i] -= h
        gradient[i] = (f(up) - f(down)) / (2 * h)
    return gradient


@mistake("numerical_gradient", says="You never use the step that is handed in.")
def step_written_out(f: Callable[[Array], float], x: Array, h: float = 1e-5) -> Array:
    point, gradient = x.astype(float), np.zeros(x.shape)
    for i in np.ndindex(*x.shape):
        up, down = point.copy(), point.copy()
        up[i] += 1e-5
        down[i] -= 1e-5
        gradient[i] = (f(up) - f(down)) / 2e-5
    return gradient


@mistake(
    "numerical_gradient",
    says="In float32 a step this small drowns in rounding, and a whole number does not move at "
    "all: differences want float64.",
)
def differences_in_the_precision_of_x(
    f: Callable[[Array], float], x: Array, h: float = 1e-5
) -> Array:
    point, gradient = x.copy(), np.zeros(x.shape)
    for i in np.ndindex(*x.shape):
        up, down = point.copy(), point.copy()
        up[i] += h
        down[i] -= h
        gradient[i] = (f(up) - f(down)) / (2 * h)
    return gradient


@mistake(
    "numerical_gradient",
    says="Your differences are right, but your result is rounded to the precision of x.",
)
def gradient_in_the_precision_of_x(f: Callable[[Array], float], x: Array, h: float = 1e-5) -> Array:
    point, gradient = x.astype(float), np.zeros(x.shape)
    for i in np.ndindex(*x.shape):
        up, down = point.copy(), point.copy()
        up[i] += h
        down[i] -= h
        gradient[i] = (f(up) - f(down)) / (2 * h)
    return gradient.astype(x.dtype)


@mistake("numerical_gradient", says="Your gradient is flat; it has the shape of x.")
def gradient_made_flat(f: Callable[[Array], float], x: Array, h: float = 1e-5) -> Array:
    point, gradient = x.astype(float), np.zeros(x.shape)
    for i in np.ndindex(*x.shape):
        up, down = point.copy(), point.copy()
        up[i] += h
        down[i] -= h
        gradient[i] = (f(up) - f(down)) / (2 * h)
    return gradient.ravel()


@mistake(
    "numerical_gradient", says="You hand the function a flat array; it takes one of the shape of x."
)
def flat_points_for_the_function(f: Callable[[Array], float], x: Array, h: float = 1e-5) -> Array:
    point = x.astype(float).ravel()
    steps = h * np.eye(x.size)
    slopes = [(f(point + step) - f(point - step)) / (2 * h) for step in steps]
    return np.array(slopes).reshape(x.shape)


@variant("numerical_gradient")
def steps_along_the_axes(f: Callable[[Array], float], x: Array, h: float = 1e-5) -> Array:
    point = x.astype(float)
    steps = (h * np.eye(x.size)).reshape(x.size, *x.shape)
    slopes = [(f(point + step) - f(point - step)) / (2 * h) for step in steps]
    return np.array(slopes).reshape(x.shape)


@variant("numerical_gradient")
def old_value_put_back(f: Callable[[Array], float], x: Array, h: float = 1e-5) -> Array:
    point = np.asarray(x, dtype=np.float64)
    gradient = np.empty(point.shape)
    for i in np.ndindex(*point.shape):
        old = point[i]
        point[i] = old + h
        above = f(point)
        point[i] = old - h
        gradient[i] = (above - f(point)) / (2 * h)
        point[i] = old
    return gradient


@variant("numerical_gradient")
def through_an_iterator(f: Callable[[Array], float], x: Array, h: float = 1e-5) -> Array:
    point = np.array(x, dtype=float)
    gradient = np.zeros_like(point)
    base = f(point.copy())
    entries = np.nditer(x, flags=["multi_index"])
    for _ in entries:
        i = entries.multi_index
        step = np.zeros_like(point)
        step[i] = h
        gradient[i] = ((f(point + step) - base) + (base - f(point - step))) / (2 * h)
    return gradient


@variant("numerical_gradient")
def moved_back_on_a_copy(
    f: Callable[[Array], float], x: Array, h: float = 1e-5, verbose: bool = False
) -> Array:
    flat = x.astype(float).ravel()
    slopes = []
    for k in range(x.size):
        sides = []
        for side in (1, -1):
            point = flat.copy()
            point[k] += side * h
            sides.append(float(f(point.reshape(x.shape))))
        slopes.append((sides[0] - sides[1]) / (2 * h))
        if verbose:
            print(k, slopes[-1])
    return np.array(slopes).reshape(x.shape)
