"""Hidden tests of lab 03: steps with a size for each parameter, and rates that fall by epochs.

Whether ε stands inside or outside a root is left open: slopes are so large that it does not show,
or such that both come to the same (√E = (1−ε)/2), or either result is accepted.

Long, since one file a lab is the contract; its sections follow the tasks.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import DTypeLike

from autograder.arguments import check_same_arguments, copies
from autograder.grading import Student
from dlcourse.testing import (
    CheckError,
    check_array,
    check_close,
    check_number,
    check_tuple,
)

Generator = np.random.Generator
Arrays = tuple[np.ndarray, ...]

SHAPES = [(5,), (2, 3), (1,), (2, 1, 4)]
EPSILON = 0.2
ROOT = (1 - EPSILON) / 2
LATE = 60
FAINT = 3e-8  # what ε may make of a w that is nearly zero


def signed(
    rng: Generator,
    shape: Sequence[int],
    low: float = 0.3,
    high: float = 2.0,
    *,
    dtype: DTypeLike = np.float64,
) -> np.ndarray:
    """Numbers of either sign, none of them nearly zero."""
    sizes = rng.uniform(low, high, size=tuple(shape))
    return np.asarray(sizes * rng.choice([-1.0, 1.0], size=sizes.shape), dtype=dtype)


def positive(
    rng: Generator,
    shape: Sequence[int],
    low: float = 4.0,
    high: float = 90.0,
    *,
    dtype: DTypeLike = np.float64,
) -> np.ndarray:
    """Positive numbers, such as squares add up to."""
    return np.asarray(rng.uniform(low, high, size=tuple(shape)), dtype=dtype)


def steep(
    rng: Generator, shape: Sequence[int], *, dtype: DTypeLike = np.float64
) -> tuple[np.ndarray, np.ndarray]:
    """A point and a gradient beside whose square no small ε shows."""
    return signed(rng, shape, dtype=dtype), signed(rng, shape, 3.0, 20.0, dtype=dtype)


def check_step(result: object, *names: str, expected: Arrays) -> None:
    """`result` is a step's tuple of w and what the optimizer keeps, whose names are `names`."""
    values = check_tuple(result, len(expected), "the result")
    rtol, atol = (1e-7, 1e-9) if expected[0].dtype == np.float64 else (1e-4, 1e-5)
    for value, right, name in zip(values, expected, ("w", *names), strict=True):
        room = max(atol, FAINT) if name == "w" else atol
        check_close(value, right, f"{name} after the step", rtol=rtol, atol=room)


def check_one_of(result: object, *names: str, expected: Sequence[Arrays]) -> None:
    """`result` is one of the steps that are right, all by honest readings."""
    errors = []
    for arrays in expected:
        try:
            check_step(result, *names, expected=arrays)
        except CheckError as error:
            errors.append(error)
        else:
            return
    raise errors[0]


def arrays_of(result: object, count: int, shape: Sequence[int]) -> list[np.ndarray]:
    """The arrays of this shape that a step returns, to go on from."""
    values = check_tuple(result, count, "the result")
    for number, value in enumerate(values, start=1):
        check_array(value, shape, f"value {number} of the result")
    return [np.array(value) for value in values]


def half_at_rest(rng: Generator, *states: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """A gradient (6,) and states, three parameters of which have never seen a slope."""
    grad = signed(rng, (6,), 3.0, 20.0)
    moving = np.array([1.0, 0.0, 0.0, 1.0, 0.0, 1.0])
    return grad * moving, [state * moving for state in states]


# rprop_step

KEPT, TURNED, FRESH, FLAT = range(4)


def slopes(
    rng: Generator, shape: Sequence[int], relations: Sequence[int], dtype: DTypeLike = np.float64
) -> Arrays:
    """w, gradient, previous gradient and step; how the gradients relate is given in turn."""
    w, size = signed(rng, shape, dtype=dtype), positive(rng, shape, 0.02, 0.4, dtype=dtype)
    grad = signed(rng, shape, 0.2, 5.0, dtype=dtype)
    prev = np.abs(signed(rng, shape, 0.2, 5.0, dtype=dtype)) * np.sign(grad)
    for index, relation in zip(np.ndindex(w.shape), itertools.cycle(relations), strict=False):
        if relation == TURNED:
            prev[index] = -prev[index]
        elif relation == FRESH:
            prev[index] = 0
        elif relation == FLAT:
            grad[index] = 0
    return w, grad, prev, size


def rprop(
    arrays: Arrays,
    up: float = 1.2,
    down: float = 0.5,
    smallest: float = 1e-6,
    largest: float = 50.0,
) -> Arrays:
    """What `rprop_step` is to return, parameter by parameter."""
    w, kept, _, size = copies(*arrays)
    for i in np.ndindex(w.shape):
        turn = np.sign(kept[i]) * np.sign(arrays[2][i])
        if turn > 0:
            size[i] = min(size[i] * up, largest)
        elif turn < 0:
            size[i], kept[i] = max(size[i] * down, smallest), 0.0
        w[i] -= np.sign(kept[i]) * size[i]
    return w, kept, size


def check_rprop(result: object, expected: Arrays) -> None:
    """`result` is the triple (w, prev_grad, step)."""
    check_step(result, "prev_grad", "step", expected=expected)


@pytest.mark.task("rprop_step", weight=2)
@pytest.mark.parametrize("shape", [(8,), (3, 4), (2, 1, 4), (1,)])
def test_each_slope_is_compared_with_its_own_last_one(
    student: Student, rng: Generator, shape: tuple[int, ...]
) -> None:
    arrays = slopes(rng, shape, [KEPT, TURNED, FRESH, FLAT])
    up, down = float(rng.uniform(1.3, 1.8)), float(rng.uniform(0.2, 0.4))
    result = student.rprop_step(*copies(*arrays), up, down)
    check_rprop(result, rprop(arrays, up, down))


@pytest.mark.task("rprop_step")
def test_step_grows_and_shrinks_by_the_usual_factors_unless_told_otherwise(
    student: Student, rng: Generator
) -> None:
    arrays = slopes(rng, (6,), [KEPT, TURNED])
    check_rprop(student.rprop_step(*copies(*arrays)), rprop(arrays))


@pytest.mark.task("rprop_step")
def test_parameter_rests_where_its_slope_changed_sign(student: Student, rng: Generator) -> None:
    w, grad, prev, size = slopes(rng, (5,), [TURNED])
    result = student.rprop_step(*copies(w, grad, prev, size), 1.5, 0.25)
    check_rprop(result, (w, np.zeros_like(w), 0.25 * size))


@pytest.mark.task("rprop_step")
def test_step_after_a_change_of_sign_neither_grows_nor_shrinks(
    student: Student, rng: Generator
) -> None:
    arrays = slopes(rng, (6,), [TURNED])
    for _ in range(2):
        result = student.rprop_step(*copies(*arrays), 1.5, 0.25)
        expected = rprop(arrays, 1.5, 0.25)
        check_rprop(result, expected)
        w, prev, size = arrays_of(result, 3, (6,))
        arrays = (w, arrays[1], prev, size)


@pytest.mark.task("rprop_step")
def test_first_step_has_the_size_it_was_given(student: Student, rng: Generator) -> None:
    w, grad, prev, size = slopes(rng, (7,), [FRESH])
    result = student.rprop_step(*copies(w, grad, prev, size), 1.4, 0.3)
    check_rprop(result, (w - size * np.sign(grad), grad, size))


@pytest.mark.task("rprop_step")
def test_size_of_a_slope_does_not_matter(student: Student, rng: Generator) -> None:
    w, grad, prev, size = slopes(rng, (8,), [KEPT, TURNED, FRESH])
    for scale in (1e-3, 1.0, 1e3):
        arrays = (w, grad * scale, prev, size)
        check_rprop(student.rprop_step(*copies(*arrays), 1.3, 0.6), rprop(arrays, 1.3, 0.6))


@pytest.mark.task("rprop_step")
def test_step_grows_to_its_limit_and_no_further(student: Student, rng: Generator) -> None:
    w, grad, prev, _ = slopes(rng, (6,), [KEPT])
    size = np.array([0.3, 0.5, 0.69, 0.71, 0.9, 1.0])
    arrays = (w, grad, prev, size)
    result = student.rprop_step(*copies(*arrays), 1.5, 0.5, 1e-6, 1.0)
    check_rprop(result, rprop(arrays, 1.5, 0.5, 1e-6, 1.0))
    huge = (w, grad, prev, np.array([30.0, 41.0, 42.0, 49.0, 50.0, 1.0]))
    check_rprop(student.rprop_step(*copies(*huge)), rprop(huge))


@pytest.mark.task("rprop_step")
def test_step_shrinks_to_its_limit_and_no_further(student: Student, rng: Generator) -> None:
    w, grad, prev, _ = slopes(rng, (6,), [TURNED])
    size = np.array([0.1, 0.11, 0.19, 0.21, 0.3, 0.5])
    expected = (w, np.zeros_like(w), np.maximum(size / 2, 0.1))
    check_rprop(student.rprop_step(*copies(w, grad, prev, size), 1.2, 0.5, 0.1, 50.0), expected)
    tiny = np.array([1.0, 1.1, 1.9, 2.2, 3.0, 90.0]) * 1e-6
    result = student.rprop_step(*copies(w, grad, prev, tiny))
    values = check_tuple(result, 3, "the result")
    check_array(values[2], (6,), "step after the step")
    relative = np.asarray(values[2]) * 1e6
    check_close(relative, np.array([1.0, 1.0, 1.0, 1.1, 1.5, 45.0]), "step after the step")


@pytest.mark.task("rprop_step", weight=2)
def test_path_of_rprop_in_an_eccentric_bowl(student: Student, rng: Generator) -> None:
    w, curvature = signed(rng, (5,), 0.5, 2.0), np.array([0.01, 0.3, 1.0, 7.0, 400.0])
    prev, size = np.zeros(5), np.full(5, 0.1)
    seen = copies(w, prev, size)
    for _ in range(25):
        w, prev, size = rprop((w, curvature * w, prev, size))
        result = student.rprop_step(seen[0].copy(), curvature * seen[0], *copies(*seen[1:]))
        seen = arrays_of(result, 3, (5,))
    check_rprop(tuple(seen), (w, prev, size))


@pytest.mark.task("rprop_step")
def test_rprop_in_float32_stays_in_float32(student: Student, rng: Generator) -> None:
    arrays = slopes(rng, (3, 4), [KEPT, TURNED, FRESH, FLAT], np.float32)
    check_rprop(student.rprop_step(*copies(*arrays)), rprop(arrays))


@pytest.mark.task("rprop_step")
def test_rprop_leaves_its_arguments_alone(student: Student, rng: Generator) -> None:
    arrays = slopes(rng, (9,), [KEPT, TURNED, FRESH])
    before, expected = copies(*arrays), rprop(arrays, 1.4, 0.3)
    check_rprop(student.rprop_step(*arrays, 1.4, 0.3), expected)
    w, grad, prev_grad, step = arrays
    check_same_arguments(before, w=w, grad=grad, prev_grad=prev_grad, step=step)


# adagrad_step


def check_adagrad(result: object, *expected: np.ndarray) -> None:
    """`result` is the pair (w, total)."""
    check_step(result, "total", expected=expected)


def adagrad(w: np.ndarray, grad: np.ndarray, total: np.ndarray, lr: float) -> Arrays:
    """What `adagrad_step` is to return where ε does not show."""
    more = total + grad**2
    return w - lr * grad / np.sqrt(more), more


@pytest.mark.task("adagrad_step", weight=2)
@pytest.mark.parametrize("shape", SHAPES)
def test_adagrad_divides_by_the_root_of_all_squares_so_far(
    student: Student, rng: Generator, shape: tuple[int, ...]
) -> None:
    w, grad = steep(rng, shape)
    total, lr = positive(rng, shape), float(rng.uniform(0.1, 0.6))
    result = student.adagrad_step(*copies(w, grad, total), lr)
    check_adagrad(result, *adagrad(w, grad, total, lr))


@pytest.mark.task("adagrad_step")
def test_first_step_of_adagrad_is_the_rate_whatever_the_slope(
    student: Student, rng: Generator
) -> None:
    w, grad = steep(rng, (6,))
    for scale in (0.1, 1.0, 1e4):
        result = student.adagrad_step(*copies(w, scale * grad, np.zeros_like(w)), 0.3)
        check_adagrad(result, w - 0.3 * np.sign(grad), (scale * grad) ** 2)


@pytest.mark.task("adagrad_step", weight=2)
def test_steps_on_an_even_slope_shrink_as_one_over_the_root_of_their_number(
    student: Student, rng: Generator
) -> None:
    w, grad = steep(rng, (3,))
    far, total = copies(w, np.zeros_like(w))
    for k in range(1, 13):
        far = far - 0.2 * np.sign(grad) / math.sqrt(k)
        result = student.adagrad_step(w.copy(), grad.copy(), total.copy(), 0.2)
        w, total = arrays_of(result, 2, (3,))
    check_adagrad((w, total), far, 12 * grad**2)


@pytest.mark.task("adagrad_step")
def test_adagrad_stays_where_there_is_no_slope_now(student: Student, rng: Generator) -> None:
    w, grad = steep(rng, (6,))
    grad[[0, 2, 5]] = 0.0
    total = positive(rng, (6,))
    result = student.adagrad_step(*copies(w, grad, total), 0.4)
    check_adagrad(result, *adagrad(w, grad, total, 0.4))


@pytest.mark.task("adagrad_step")
def test_adagrad_stays_finite_where_there_never_was_a_slope(
    student: Student, rng: Generator
) -> None:
    w = signed(rng, (6,))
    grad, (total,) = half_at_rest(rng, positive(rng, (6,)))
    more = total + grad**2
    result = student.adagrad_step(*copies(w, grad, total), 0.4)
    check_adagrad(result, w - 0.4 * grad / np.sqrt(np.where(more > 0, more, 1.0)), more)


@pytest.mark.task("adagrad_step")
def test_epsilon_of_adagrad_is_added_under_the_fraction(student: Student, rng: Generator) -> None:
    w, grad = signed(rng, (5,)), signed(rng, (5,), 0.1, 0.3)
    total = ROOT**2 - grad**2
    result = student.adagrad_step(*copies(w, grad, total), 0.3, EPSILON)
    check_adagrad(result, w - 0.3 * grad / (ROOT + EPSILON), np.full(5, ROOT**2))


@pytest.mark.task("adagrad_step")
def test_adagrad_has_a_tiny_epsilon_unless_told_otherwise(student: Student, rng: Generator) -> None:
    w, grad, total = 0.01 * signed(rng, (5,)), 1e-10 * signed(rng, (5,)), np.zeros(5)
    outside, inside = np.abs(grad) + 1e-10, np.sqrt(grad**2 + 1e-10)
    steps = [(w - 0.5 * grad / bottom, grad**2) for bottom in (outside, inside)]
    result = student.adagrad_step(*copies(w, grad, total), 0.5)
    check_one_of(result, "total", expected=steps)


@pytest.mark.task("adagrad_step")
def test_adagrad_in_float32_stays_in_float32(student: Student, rng: Generator) -> None:
    w, grad = steep(rng, (3, 3), dtype=np.float32)
    total = positive(rng, (3, 3), dtype=np.float32)
    result = student.adagrad_step(*copies(w, grad, total), 0.25)
    check_adagrad(result, *adagrad(w, grad, total, 0.25))


@pytest.mark.task("adagrad_step")
def test_adagrad_leaves_its_arguments_alone(student: Student, rng: Generator) -> None:
    w, grad = steep(rng, (7,))
    total = positive(rng, (7,))
    before, expected = copies(w, grad, total), adagrad(w, grad, total, 0.25)
    check_adagrad(student.adagrad_step(w, grad, total, 0.25), *expected)
    check_same_arguments(before, w=w, grad=grad, total=total)


# rmsprop_step


def check_rmsprop(result: object, *expected: np.ndarray) -> None:
    """`result` is the pair (w, mean_square)."""
    check_step(result, "mean_square", expected=expected)


def rmsprop(
    w: np.ndarray, grad: np.ndarray, mean_square: np.ndarray, lr: float, gamma: float
) -> Arrays:
    """What `rmsprop_step` is to return where ε does not show."""
    mean = gamma * mean_square + (1 - gamma) * grad**2
    return w - lr * grad / np.sqrt(mean), mean


@pytest.mark.task("rmsprop_step", weight=2)
@pytest.mark.parametrize("shape", SHAPES)
def test_rmsprop_divides_by_the_root_of_the_new_mean_square(
    student: Student, rng: Generator, shape: tuple[int, ...]
) -> None:
    w, grad = steep(rng, shape)
    mean_square = positive(rng, shape)
    lr, gamma = float(rng.uniform(0.1, 0.4)), float(rng.uniform(0.6, 0.85))
    result = student.rmsprop_step(*copies(w, grad, mean_square), lr, gamma)
    check_rmsprop(result, *rmsprop(w, grad, mean_square, lr, gamma))


@pytest.mark.task("rmsprop_step")
def test_rmsprop_keeps_nine_tenths_unless_told_otherwise(student: Student, rng: Generator) -> None:
    w, grad = steep(rng, (5,))
    mean_square = positive(rng, (5,))
    result = student.rmsprop_step(*copies(w, grad, mean_square), 0.2)
    check_rmsprop(result, *rmsprop(w, grad, mean_square, 0.2, 0.9))


@pytest.mark.task("rmsprop_step")
def test_rmsprop_has_a_small_rate_unless_told_otherwise(student: Student, rng: Generator) -> None:
    w, grad = steep(rng, (5,))
    mean_square = positive(rng, (5,))
    w *= 0.001
    result = student.rmsprop_step(*copies(w, grad, mean_square))
    check_rmsprop(result, *rmsprop(w, grad, mean_square, 1e-3, 0.9))


@pytest.mark.task("rmsprop_step")
def test_first_step_of_rmsprop_is_too_long_whatever_the_slope(
    student: Student, rng: Generator
) -> None:
    w, grad = steep(rng, (6,))
    for scale in (1.0, 1e4):
        result = student.rmsprop_step(*copies(w, scale * grad, np.zeros_like(w)), 0.3, 0.84)
        check_rmsprop(result, w - 0.3 / 0.4 * np.sign(grad), 0.16 * (scale * grad) ** 2)


@pytest.mark.task("rmsprop_step")
def test_rmsprop_without_gamma_steps_by_the_rate(student: Student, rng: Generator) -> None:
    w, grad = steep(rng, (2, 3))
    mean_square = positive(rng, (2, 3))
    result = student.rmsprop_step(*copies(w, grad, mean_square), 0.3, 0.0)
    check_rmsprop(result, w - 0.3 * np.sign(grad), grad**2)


@pytest.mark.task("rmsprop_step", weight=2)
def test_rmsprop_forgets_a_steep_past(student: Student, rng: Generator) -> None:
    w, grad = steep(rng, (3,))
    mean_square = np.full(3, 1e4)
    for _ in range(90):
        result = student.rmsprop_step(w.copy(), grad.copy(), mean_square.copy(), 0.1, 0.7)
        before = w
        w, mean_square = arrays_of(result, 2, (3,))
    check_close(mean_square, grad**2, "mean_square after many steps on one slope")
    check_close(w - before, -0.1 * np.sign(grad), "the step on an even slope")


@pytest.mark.task("rmsprop_step")
def test_path_of_rmsprop_in_an_eccentric_bowl(student: Student, rng: Generator) -> None:
    w, curvature, mean = signed(rng, (4,)), np.array([40.0, 90.0, 700.0, 9e3]), np.zeros(4)
    seen = copies(w, mean)
    for _ in range(6):
        w, mean = rmsprop(w, curvature * (w + 3.0), mean, 0.1, 0.8)
        slope = curvature * (seen[0] + 3.0)
        seen = arrays_of(student.rmsprop_step(seen[0], slope, seen[1], 0.1, 0.8), 2, (4,))
    check_rmsprop(tuple(seen), w, mean)


@pytest.mark.task("rmsprop_step")
def test_rmsprop_stays_finite_where_there_never_was_a_slope(
    student: Student, rng: Generator
) -> None:
    w = signed(rng, (6,))
    grad, (mean_square,) = half_at_rest(rng, positive(rng, (6,)))
    mean = 0.75 * mean_square + 0.25 * grad**2
    result = student.rmsprop_step(*copies(w, grad, mean_square), 0.4, 0.75)
    check_rmsprop(result, w - 0.4 * grad / np.sqrt(np.where(mean > 0, mean, 1.0)), mean)


@pytest.mark.task("rmsprop_step")
def test_epsilon_of_rmsprop_is_added_under_the_fraction(student: Student, rng: Generator) -> None:
    w, grad = signed(rng, (5,)), signed(rng, (5,), 0.1, 0.3)
    mean_square = 2 * ROOT**2 - grad**2
    result = student.rmsprop_step(*copies(w, grad, mean_square), 0.3, 0.5, EPSILON)
    check_rmsprop(result, w - 0.3 * grad / (ROOT + EPSILON), np.full(5, ROOT**2))


@pytest.mark.task("rmsprop_step")
def test_rmsprop_has_a_tiny_epsilon_unless_told_otherwise(student: Student, rng: Generator) -> None:
    w, grad = 0.01 * signed(rng, (5,)), 1e-8 * signed(rng, (5,))
    square = grad**2
    outside, inside = np.abs(grad) + 1e-8, np.sqrt(square + 1e-8)
    steps = [(w - 0.5 * grad / bottom, square) for bottom in (outside, inside)]
    result = student.rmsprop_step(*copies(w, grad, square), 0.5, 0.6)
    check_one_of(result, "mean_square", expected=steps)


@pytest.mark.task("rmsprop_step")
def test_rmsprop_in_float32_stays_in_float32(student: Student, rng: Generator) -> None:
    w, grad = steep(rng, (3, 3), dtype=np.float32)
    mean_square = positive(rng, (3, 3), dtype=np.float32)
    result = student.rmsprop_step(*copies(w, grad, mean_square), 0.25, 0.7)
    check_rmsprop(result, *rmsprop(w, grad, mean_square, 0.25, 0.7))


@pytest.mark.task("rmsprop_step")
def test_rmsprop_leaves_its_arguments_alone(student: Student, rng: Generator) -> None:
    w, grad = steep(rng, (7,))
    mean_square = positive(rng, (7,))
    before, expected = copies(w, grad, mean_square), rmsprop(w, grad, mean_square, 0.25, 0.7)
    check_rmsprop(student.rmsprop_step(w, grad, mean_square, 0.25, 0.7), *expected)
    check_same_arguments(before, w=w, grad=grad, mean_square=mean_square)


# adadelta_step

NO_EPSILON = 1e-14


def check_adadelta(result: object, *expected: np.ndarray) -> None:
    """`result` is the triple (w, mean_square, mean_step)."""
    check_step(result, "mean_square", "mean_step", expected=expected)


def rooted(values: np.ndarray, eps: float, inside: bool) -> np.ndarray:
    """The root with ε under it, or beside it."""
    root: np.ndarray = np.sqrt(values + eps) if inside else np.sqrt(values) + eps
    return root


def adadelta(
    w: np.ndarray,
    grad: np.ndarray,
    mean_square: np.ndarray,
    mean_step: np.ndarray,
    rho: float,
    eps: float = NO_EPSILON,
    inside: tuple[bool, bool] = (True, True),
) -> Arrays:
    """What `adadelta_step` is to return, ε inside the upper and the lower root or outside."""
    squares = rho * mean_square + (1 - rho) * grad**2
    move = grad * rooted(mean_step, eps, inside[0]) / rooted(squares, eps, inside[1])
    return w - move, squares, rho * mean_step + (1 - rho) * move**2


ROOTS = [(upper, lower) for upper in (True, False) for lower in (True, False)]


@pytest.mark.task("adadelta_step", weight=2)
@pytest.mark.parametrize("shape", SHAPES)
def test_adadelta_steps_by_its_old_steps_over_its_slopes(
    student: Student, rng: Generator, shape: tuple[int, ...]
) -> None:
    w, grad = steep(rng, shape)
    mean_square, mean_step = positive(rng, shape), positive(rng, shape, 0.5, 3.0)
    rho = float(rng.uniform(0.6, 0.85))
    result = student.adadelta_step(*copies(w, grad, mean_square, mean_step), rho, NO_EPSILON)
    check_adadelta(result, *adadelta(w, grad, mean_square, mean_step, rho))


@pytest.mark.task("adadelta_step")
def test_adadelta_keeps_most_of_its_means_unless_told_otherwise(
    student: Student, rng: Generator
) -> None:
    w, grad = steep(rng, (5,))
    arrays = (w, grad, positive(rng, (5,)), positive(rng, (5,), 0.5, 3.0))
    steps = [adadelta(*arrays, 0.95, 1e-6, roots) for roots in ROOTS]
    check_one_of(
        student.adadelta_step(*copies(*arrays)), "mean_square", "mean_step", expected=steps
    )


@pytest.mark.task("adadelta_step", weight=2)
def test_epsilon_sets_the_size_of_adadeltas_first_steps(student: Student, rng: Generator) -> None:
    w, grad = steep(rng, (5,))
    arrays = (0.01 * w, grad, np.zeros(5), np.zeros(5))
    steps = [adadelta(*arrays, 0.9, 1e-6, roots) for roots in ROOTS]
    result = student.adadelta_step(*copies(*arrays), 0.9)
    check_one_of(result, "mean_square", "mean_step", expected=steps)
    steps = [adadelta(*arrays, 0.9, 0.01, roots) for roots in ROOTS]
    result = student.adadelta_step(*copies(*arrays), 0.9, 0.01)
    check_one_of(result, "mean_square", "mean_step", expected=steps)


@pytest.mark.task("adadelta_step")
def test_epsilon_of_adadelta_is_added_in_both_parts_of_the_fraction(
    student: Student, rng: Generator
) -> None:
    w, grad = signed(rng, (5,)), signed(rng, (5,), 0.1, 0.3)
    mean_square, mean_step = 2 * ROOT**2 - grad**2, np.full(5, ROOT**2)
    result = student.adadelta_step(*copies(w, grad, mean_square, mean_step), 0.5, EPSILON)
    check_adadelta(result, w - grad, mean_step, (mean_step + grad**2) / 2)
    alone = positive(rng, (5,), 1.0, 3.0)
    result = student.adadelta_step(*copies(w, grad, mean_square, alone), 0.5, EPSILON)
    roots = [np.sqrt(alone + EPSILON), np.sqrt(alone) + EPSILON]
    moves = [grad * root / (ROOT + EPSILON) for root in roots]
    steps = [(w - move, mean_step, (alone + move**2) / 2) for move in moves]
    check_one_of(result, "mean_square", "mean_step", expected=steps)


@pytest.mark.task("adadelta_step")
def test_path_of_adadelta_from_rest(student: Student, rng: Generator) -> None:
    w, curvature = signed(rng, (4,)), np.array([40.0, 90.0, 700.0, 9e3])
    paths: list[Arrays] = [(w, np.zeros(4), np.zeros(4)) for _ in ROOTS]
    seen = copies(*paths[0])
    for _ in range(8):
        slope = curvature * (seen[0] + 3.0)
        seen = arrays_of(student.adadelta_step(seen[0], slope, *seen[1:], 0.7, 0.01), 3, (4,))
        paths = [
            adadelta(path[0], curvature * (path[0] + 3.0), path[1], path[2], 0.7, 0.01, roots)
            for path, roots in zip(paths, ROOTS, strict=True)
        ]
    check_one_of(tuple(seen), "mean_square", "mean_step", expected=paths)


@pytest.mark.task("adadelta_step")
def test_step_of_adadelta_does_not_depend_on_the_units_of_the_loss(
    student: Student, rng: Generator
) -> None:
    w, grad = steep(rng, (6,))
    mean_square, mean_step = positive(rng, (6,)), positive(rng, (6,), 0.5, 3.0)
    expected = adadelta(w, grad, mean_square, mean_step, 0.8)
    for scale in (10.0, 1e3):
        result = student.adadelta_step(
            *copies(w, scale * grad, scale**2 * mean_square, mean_step), 0.8, NO_EPSILON
        )
        check_adadelta(result, expected[0], scale**2 * expected[1], expected[2])


@pytest.mark.task("adadelta_step")
def test_adadelta_without_rho_steps_by_the_size_of_its_last_step(
    student: Student, rng: Generator
) -> None:
    w, grad = steep(rng, (6,))
    mean_square, mean_step = positive(rng, (6,)), positive(rng, (6,), 0.5, 3.0)
    arrays = copies(w, grad, mean_square, mean_step)
    result = student.adadelta_step(*arrays, 0.0, NO_EPSILON)
    check_adadelta(result, w - np.sqrt(mean_step) * np.sign(grad), grad**2, mean_step)


@pytest.mark.task("adadelta_step")
def test_adadelta_stays_finite_where_there_never_was_a_slope(
    student: Student, rng: Generator
) -> None:
    w = signed(rng, (6,))
    states = positive(rng, (6,)), positive(rng, (6,), 0.5, 3.0)
    grad, (mean_square, mean_step) = half_at_rest(rng, *states)
    arrays = (w, grad, mean_square, mean_step)
    steps = [adadelta(*arrays, 0.75, 1e-6, roots) for roots in ROOTS]
    result = student.adadelta_step(*copies(*arrays), 0.75)
    check_one_of(result, "mean_square", "mean_step", expected=steps)


@pytest.mark.task("adadelta_step")
def test_adadelta_in_float32_stays_in_float32(student: Student, rng: Generator) -> None:
    w, grad = steep(rng, (3, 3), dtype=np.float32)
    mean_square = positive(rng, (3, 3), dtype=np.float32)
    mean_step = positive(rng, (3, 3), 0.5, 3.0, dtype=np.float32)
    result = student.adadelta_step(*copies(w, grad, mean_square, mean_step), 0.8)
    check_adadelta(result, *adadelta(w, grad, mean_square, mean_step, 0.8, 1e-6))


@pytest.mark.task("adadelta_step")
def test_adadelta_leaves_its_arguments_alone(student: Student, rng: Generator) -> None:
    w, grad = steep(rng, (7,))
    mean_square, mean_step = positive(rng, (7,)), positive(rng, (7,), 0.5, 3.0)
    before = copies(w, grad, mean_square, mean_step)
    expected = adadelta(w, grad, mean_square, mean_step, 0.8)
    result = student.adadelta_step(w, grad, mean_square, mean_step, 0.8, NO_EPSILON)
    check_adadelta(result, *expected)
    check_same_arguments(before, w=w, grad=grad, mean_square=mean_square, mean_step=mean_step)


# adam_step


def moments(rng: Generator, shape: Sequence[int], *, dtype: DTypeLike = np.float64) -> Arrays:
    """A point, a gradient and both moments, as they may be in the middle of a descent."""
    w, grad = steep(rng, shape, dtype=dtype)
    m, v = signed(rng, shape, 1.0, 9.0, dtype=dtype), positive(rng, shape, dtype=dtype)
    return w, grad, m, v


def deltas(rng: Generator) -> tuple[float, float, float]:
    """A rate, a delta and a gamma that cannot be mistaken for one another."""
    sizes = rng.uniform([0.1, 0.55, 0.85], [0.4, 0.75, 0.97])
    return float(sizes[0]), float(sizes[1]), float(sizes[2])


def adam(arrays: Arrays, k: int, lr: float, delta: float = 0.9, gamma: float = 0.999) -> Arrays:
    """What `adam_step` is to return where ε does not show."""
    w, grad, m, v = arrays
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    return w - lr * (m / (1 - delta**k)) / np.sqrt(v / (1 - gamma**k)), m, v


def check_adam(result: object, expected: Arrays) -> None:
    """`result` is the triple (w, m, v)."""
    check_step(result, "m", "v", expected=expected)


@pytest.mark.task("adam_step", weight=2)
@pytest.mark.parametrize(("shape", "k"), [((5,), 1), ((2, 3), 2), ((1,), 5), ((2, 1, 4), 19)])
def test_adam_steps_by_both_corrected_moments(
    student: Student, rng: Generator, shape: tuple[int, ...], k: int
) -> None:
    arrays, (lr, delta, gamma) = moments(rng, shape), deltas(rng)
    result = student.adam_step(*copies(*arrays), k, lr, delta, gamma)
    check_adam(result, adam(arrays, k, lr, delta, gamma))


@pytest.mark.task("adam_step")
def test_adam_keeps_the_usual_parts_of_its_moments_unless_told_otherwise(
    student: Student, rng: Generator
) -> None:
    arrays = moments(rng, (5,))
    check_adam(student.adam_step(*copies(*arrays), 3, 0.2), adam(arrays, 3, 0.2))


@pytest.mark.task("adam_step")
def test_adam_has_a_small_rate_unless_told_otherwise(student: Student, rng: Generator) -> None:
    w, grad, m, v = moments(rng, (5,))
    arrays = (0.001 * w, grad, m, v)
    check_adam(student.adam_step(*copies(*arrays), 4), adam(arrays, 4, 1e-3))


@pytest.mark.task("adam_step", weight=2)
def test_first_step_of_adam_is_the_rate_whatever_the_slope(
    student: Student, rng: Generator
) -> None:
    w, grad = steep(rng, (6,))
    for scale in (1.0, 1e3):
        slope, rest = scale * grad, np.zeros_like(w)
        result = student.adam_step(*copies(w, slope, rest, rest), 1, 0.3, 0.8, 0.95)
        check_adam(result, (w - 0.3 * np.sign(grad), 0.2 * slope, 0.05 * slope**2))


@pytest.mark.task("adam_step", weight=2)
def test_every_step_of_adam_on_an_even_slope_is_the_rate(student: Student, rng: Generator) -> None:
    w, grad = steep(rng, (3,))
    m, v = np.zeros_like(w), np.zeros_like(w)
    for k in range(1, 9):
        result = student.adam_step(*copies(w, grad, m, v), k, 0.1)
        shorter = w - 0.1 * np.sign(grad)
        w, m, v = arrays_of(result, 3, (3,))
        check_close(w, shorter, f"w after step {k}", atol=FAINT)


@pytest.mark.task("adam_step")
def test_path_of_adam_from_rest(student: Student, rng: Generator) -> None:
    w, curvature = signed(rng, (4,)), np.array([40.0, 90.0, 700.0, 9e3])
    path: Arrays = (w, np.zeros(4), np.zeros(4))
    seen = copies(*path)
    for k in range(1, 8):
        path = adam((path[0], curvature * (path[0] + 3.0), *path[1:]), k, 0.1, 0.8, 0.9)
        slope = curvature * (seen[0] + 3.0)
        seen = arrays_of(student.adam_step(seen[0], slope, *seen[1:], k, 0.1, 0.8, 0.9), 3, (4,))
    check_adam(tuple(seen), path)


@pytest.mark.task("adam_step")
def test_correction_of_adam_dies_away(student: Student, rng: Generator) -> None:
    w, grad, m, v = moments(rng, (6,))
    faster, squares = 0.6 * m + 0.4 * grad, 0.8 * v + 0.2 * grad**2
    result = student.adam_step(*copies(w, grad, m, v), 2000, 0.3, 0.6, 0.8)
    check_adam(result, (w - 0.3 * faster / np.sqrt(squares), faster, squares))


@pytest.mark.task("adam_step")
def test_adam_without_delta_is_rmsprop_and_without_gamma_momentum_of_signs(
    student: Student, rng: Generator
) -> None:
    arrays = moments(rng, (6,))
    for delta, gamma in [(0.0, 0.7), (0.7, 0.0)]:
        result = student.adam_step(*copies(*arrays), 3, 0.2, delta, gamma)
        check_adam(result, adam(arrays, 3, 0.2, delta, gamma))


@pytest.mark.task("adam_step")
def test_adam_stays_finite_where_there_never_was_a_slope(student: Student, rng: Generator) -> None:
    w, _, m, v = moments(rng, (6,))
    grad, (m, v) = half_at_rest(rng, m, v)
    moving = grad != 0
    safe = adam((w, grad, m, np.where(moving, v, 1.0)), 3, 0.2, 0.8, 0.9)
    expected = (np.where(moving, safe[0], w), safe[1], np.where(moving, safe[2], 0.0))
    check_adam(student.adam_step(*copies(w, grad, m, v), 3, 0.2, 0.8, 0.9), expected)


@pytest.mark.task("adam_step")
def test_epsilon_of_adam_is_added_under_the_fraction(student: Student, rng: Generator) -> None:
    w, grad, m = signed(rng, (5,)), signed(rng, (5,), 0.1, 0.3), signed(rng, (5,))
    v, faster = 2 * ROOT**2 - grad**2, (m + grad) / 2
    result = student.adam_step(*copies(w, grad, m, v), LATE, 0.3, 0.5, 0.5, EPSILON)
    expected = (w - 0.3 * faster / (ROOT + EPSILON), faster, np.full(5, ROOT**2))
    check_adam(result, expected)


@pytest.mark.task("adam_step")
def test_adam_has_a_tiny_epsilon_unless_told_otherwise(student: Student, rng: Generator) -> None:
    w, grad = 0.01 * signed(rng, (5,)), 1e-8 * signed(rng, (5,))
    square = grad**2
    outside, inside = np.abs(grad) + 1e-8, np.sqrt(square + 1e-8)
    steps = [(w - 0.5 * grad / bottom, grad, square) for bottom in (outside, inside)]
    result = student.adam_step(*copies(w, grad, grad, square), LATE, 0.5, 0.5, 0.5)
    check_one_of(result, "m", "v", expected=steps)


@pytest.mark.task("adam_step")
def test_adam_in_float32_stays_in_float32(student: Student, rng: Generator) -> None:
    arrays = moments(rng, (3, 3), dtype=np.float32)
    result = student.adam_step(*copies(*arrays), 2, 0.25, 0.8, 0.9)
    check_adam(result, adam(arrays, 2, 0.25, 0.8, 0.9))


@pytest.mark.task("adam_step")
def test_adam_leaves_its_arguments_alone(student: Student, rng: Generator) -> None:
    arrays = moments(rng, (7,))
    before, expected = copies(*arrays), adam(arrays, 3, 0.25, 0.8, 0.9)
    check_adam(student.adam_step(*arrays, 3, 0.25, 0.8, 0.9), expected)
    w, grad, m, v = arrays
    check_same_arguments(before, w=w, grad=grad, m=m, v=v)


# adamax_step


def adamax(arrays: Arrays, k: int, lr: float, delta: float = 0.9, gamma: float = 0.999) -> Arrays:
    """What `adamax_step` is to return where ε does not show."""
    w, grad, m, u = arrays
    m, u = delta * m + (1 - delta) * grad, np.maximum(gamma * u, np.abs(grad))
    return w - lr * (m / (1 - delta**k)) / u, m, u


def maxima(rng: Generator, shape: Sequence[int], *, dtype: DTypeLike = np.float64) -> Arrays:
    """As `moments`, with a maximum beside which half of the slopes are small, half are large."""
    w, grad, m, _ = moments(rng, shape, dtype=dtype)
    factors = np.resize(np.asarray([1.8, 0.4], dtype=dtype), w.shape)
    return w, grad, m, np.abs(grad) * factors


def check_adamax(result: object, expected: Arrays) -> None:
    """`result` is the triple (w, m, u)."""
    check_step(result, "m", "u", expected=expected)


def check_adamax_roughly(result: object, expected: Arrays) -> None:
    """As `check_adamax`; ε = 1e-8 may be added to the slope, to the maximum, or to neither."""
    values = check_tuple(result, 3, "the result")
    for value, right, name in zip(values, expected, ("w", "m", "u"), strict=True):
        check_close(value, right, f"{name} after the step", rtol=1e-7, atol=FAINT)


@pytest.mark.task("adamax_step", weight=2)
@pytest.mark.parametrize(("shape", "k"), [((5,), 1), ((2, 3), 2), ((2,), 5), ((2, 1, 4), 19)])
def test_adamax_divides_by_the_larger_of_old_maximum_and_new_slope(
    student: Student, rng: Generator, shape: tuple[int, ...], k: int
) -> None:
    arrays, (lr, delta, gamma) = maxima(rng, shape), deltas(rng)
    result = student.adamax_step(*copies(*arrays), k, lr, delta, gamma)
    check_adamax_roughly(result, adamax(arrays, k, lr, delta, gamma))


@pytest.mark.task("adamax_step")
def test_adamax_keeps_the_usual_parts_unless_told_otherwise(
    student: Student, rng: Generator
) -> None:
    arrays = maxima(rng, (6,))
    check_adamax_roughly(student.adamax_step(*copies(*arrays), 3, 0.2), adamax(arrays, 3, 0.2))


@pytest.mark.task("adamax_step")
def test_adamax_has_a_small_rate_unless_told_otherwise(student: Student, rng: Generator) -> None:
    w, grad, m, u = maxima(rng, (6,))
    arrays = (0.001 * w, grad, m, u)
    check_adamax_roughly(student.adamax_step(*copies(*arrays), 4), adamax(arrays, 4, 2e-3))


@pytest.mark.task("adamax_step", weight=2)
def test_every_step_of_adamax_on_an_even_slope_is_the_rate(
    student: Student, rng: Generator
) -> None:
    w, grad = steep(rng, (4,))
    m, u = np.zeros_like(w), np.zeros_like(w)
    for k in range(1, 9):
        result = student.adamax_step(*copies(w, grad, m, u), k, 0.1, 0.8, 0.9)
        shorter = w - 0.1 * np.sign(grad)
        w, m, u = arrays_of(result, 3, (4,))
        check_close(w, shorter, f"w after step {k}", atol=FAINT)
    check_close(u, np.abs(grad), "u on an even slope")


@pytest.mark.task("adamax_step")
def test_maximum_decays_while_slopes_are_small(student: Student, rng: Generator) -> None:
    w, grad, m, _ = maxima(rng, (4,))
    u = 1e3 * np.abs(grad)
    for k in range(1, 6):
        result = student.adamax_step(*copies(w, grad, m, u), k, 0.3, 0.7, 0.8)
        check_adamax_roughly(result, adamax((w, grad, m, u), k, 0.3, 0.7, 0.8))
        w, m, u = adamax((w, grad, m, u), k, 0.3, 0.7, 0.8)


@pytest.mark.task("adamax_step")
def test_path_of_adamax_from_rest(student: Student, rng: Generator) -> None:
    w, curvature = signed(rng, (4,)), np.array([40.0, 90.0, 700.0, 9e3])
    path: Arrays = (w, np.zeros(4), np.zeros(4))
    seen = copies(*path)
    for k in range(1, 8):
        path = adamax((path[0], curvature * (path[0] + 3.0), *path[1:]), k, 0.1, 0.8, 0.7)
        slope = curvature * (seen[0] + 3.0)
        seen = arrays_of(student.adamax_step(seen[0], slope, *seen[1:], k, 0.1, 0.8, 0.7), 3, (4,))
    check_close(seen[0], path[0], "w after several steps")
    check_close(seen[2], path[2], "u after several steps")


@pytest.mark.task("adamax_step")
def test_adamax_without_gamma_divides_by_the_slope_itself(student: Student, rng: Generator) -> None:
    w, grad, m, u = maxima(rng, (6,))
    faster = 0.6 * m + 0.4 * grad
    result = student.adamax_step(*copies(w, grad, m, u), 2000, 0.3, 0.6, 0.0)
    check_adamax_roughly(result, (w - 0.3 * faster / np.abs(grad), faster, np.abs(grad)))


@pytest.mark.task("adamax_step")
def test_adamax_stays_finite_where_there_never_was_a_slope(
    student: Student, rng: Generator
) -> None:
    w, _, m, u = maxima(rng, (6,))
    grad, (m, u) = half_at_rest(rng, m, u)
    moving = grad != 0
    safe = adamax((w, grad, m, np.where(moving, u, 1.0)), 3, 0.2, 0.8, 0.9)
    expected = (np.where(moving, safe[0], w), safe[1], np.where(moving, safe[2], 0.0))
    result = student.adamax_step(*copies(w, grad, m, u), 3, 0.2, 0.8, 0.9)
    check_adamax_roughly(result, expected)


@pytest.mark.task("adamax_step")
@pytest.mark.parametrize("eps", [None, 0.3])
def test_epsilon_of_adamax_keeps_faint_slopes_from_full_steps(
    student: Student, rng: Generator, eps: float | None
) -> None:
    size = 1e-8 if eps is None else eps
    w, grad = 0.01 * signed(rng, (5,)), size * signed(rng, (5,), 0.3, 0.9)
    given = () if eps is None else (eps,)
    result = student.adamax_step(*copies(w, grad, grad, 0 * grad), LATE, 0.5, 0.5, 0.5, *given)
    values = check_tuple(result, 3, "the result")
    bottoms = [np.abs(grad) + size, np.full(5, size)]
    steps = [(w - 0.5 * grad / bottom,) for bottom in bottoms]
    check_one_of(values[:1], expected=steps)


@pytest.mark.task("adamax_step")
def test_adamax_in_float32_stays_in_float32(student: Student, rng: Generator) -> None:
    arrays = maxima(rng, (3, 3), dtype=np.float32)
    result = student.adamax_step(*copies(*arrays), 2, 0.25, 0.8, 0.9)
    check_adamax(result, adamax(arrays, 2, 0.25, 0.8, 0.9))


@pytest.mark.task("adamax_step")
def test_adamax_leaves_its_arguments_alone(student: Student, rng: Generator) -> None:
    arrays = maxima(rng, (7,))
    before, expected = copies(*arrays), adamax(arrays, 3, 0.25, 0.8, 0.9)
    check_adamax_roughly(student.adamax_step(*arrays, 3, 0.25, 0.8, 0.9), expected)
    w, grad, m, u = arrays
    check_same_arguments(before, w=w, grad=grad, m=m, u=u)


# adamw_step


def adamw(
    arrays: Arrays,
    k: int,
    lr: float,
    delta: float = 0.9,
    gamma: float = 0.999,
    decay: float = 1e-2,
) -> Arrays:
    """What `adamw_step` is to return where ε does not show."""
    w, m, v = adam(arrays, k, lr, delta, gamma)
    return w - lr * decay * arrays[0], m, v


@pytest.mark.task("adamw_step", weight=2)
@pytest.mark.parametrize(("shape", "k"), [((5,), 1), ((2, 3), 2), ((1,), 5), ((2, 1, 4), 19)])
def test_adamw_shrinks_the_weights_beside_adams_step(
    student: Student, rng: Generator, shape: tuple[int, ...], k: int
) -> None:
    arrays, (lr, delta, gamma) = moments(rng, shape), deltas(rng)
    decay = float(rng.uniform(0.3, 0.9))
    result = student.adamw_step(*copies(*arrays), k, lr, delta, gamma, 1e-8, decay)
    check_adam(result, adamw(arrays, k, lr, delta, gamma, decay))


@pytest.mark.task("adamw_step")
def test_adamw_decays_by_a_hundredth_of_the_rate_unless_told_otherwise(
    student: Student, rng: Generator
) -> None:
    w, grad, m, v = moments(rng, (5,))
    arrays = (20 * w, grad, m, v)
    check_adam(student.adamw_step(*copies(*arrays), 3, 0.2), adamw(arrays, 3, 0.2))


@pytest.mark.task("adamw_step")
def test_adamw_has_a_small_rate_unless_told_otherwise(student: Student, rng: Generator) -> None:
    w, grad, m, v = moments(rng, (5,))
    arrays = (0.001 * w, grad, m, v)
    check_adam(student.adamw_step(*copies(*arrays), 4), adamw(arrays, 4, 1e-3))


@pytest.mark.task("adamw_step")
def test_adamw_without_decay_is_adam(student: Student, rng: Generator) -> None:
    arrays = moments(rng, (2, 3))
    result = student.adamw_step(*copies(*arrays), 4, 0.2, 0.7, 0.9, 1e-8, 0.0)
    check_adam(result, adam(arrays, 4, 0.2, 0.7, 0.9))


@pytest.mark.task("adamw_step")
def test_all_weights_decay_by_one_factor_where_nothing_moves(
    student: Student, rng: Generator
) -> None:
    w = signed(rng, (6,))
    rest = np.zeros(6)
    for lr, decay in [(0.2, 0.5), (0.4, 0.5), (0.4, 0.2)]:
        result = student.adamw_step(*copies(w, rest, rest, rest), 2, lr, 0.9, 0.9, 1e-8, decay)
        check_adam(result, (w * (1 - lr * decay), rest, rest))


@pytest.mark.task("adamw_step", weight=2)
def test_moments_of_adamw_know_nothing_of_the_weights(student: Student, rng: Generator) -> None:
    w, grad, m, v = moments(rng, (5,))
    for scale in (1.0, 100.0):
        arrays = (scale * w, grad, m, v)
        result = student.adamw_step(*copies(*arrays), 3, 0.1, 0.8, 0.9, 1e-8, 0.7)
        check_adam(result, adamw(arrays, 3, 0.1, 0.8, 0.9, 0.7))


@pytest.mark.task("adamw_step")
def test_path_of_adamw_from_rest(student: Student, rng: Generator) -> None:
    w, curvature = signed(rng, (4,)), np.array([40.0, 90.0, 700.0, 9e3])
    path: Arrays = (w, np.zeros(4), np.zeros(4))
    seen = copies(*path)
    for k in range(1, 8):
        path = adamw((path[0], curvature * (path[0] + 3.0), *path[1:]), k, 0.1, 0.8, 0.9, 0.4)
        slope = curvature * (seen[0] + 3.0)
        result = student.adamw_step(seen[0], slope, *seen[1:], k, 0.1, 0.8, 0.9, 1e-8, 0.4)
        seen = arrays_of(result, 3, (4,))
    check_adam(tuple(seen), path)


@pytest.mark.task("adamw_step")
def test_adamw_stays_finite_where_there_never_was_a_slope(student: Student, rng: Generator) -> None:
    w, _, m, v = moments(rng, (6,))
    grad, (m, v) = half_at_rest(rng, m, v)
    moving = grad != 0
    safe = adamw((w, grad, m, np.where(moving, v, 1.0)), 3, 0.2, 0.8, 0.9, 0.5)
    expected = (np.where(moving, safe[0], 0.9 * w), safe[1], np.where(moving, safe[2], 0.0))
    result = student.adamw_step(*copies(w, grad, m, v), 3, 0.2, 0.8, 0.9, 1e-8, 0.5)
    check_adam(result, expected)


@pytest.mark.task("adamw_step")
def test_epsilon_of_adamw_is_added_under_the_fraction(student: Student, rng: Generator) -> None:
    w, grad, m = signed(rng, (5,)), signed(rng, (5,), 0.1, 0.3), signed(rng, (5,))
    v, faster = 2 * ROOT**2 - grad**2, (m + grad) / 2
    result = student.adamw_step(*copies(w, grad, m, v), LATE, 0.3, 0.5, 0.5, EPSILON, 0.6)
    expected = (0.82 * w - 0.3 * faster / (ROOT + EPSILON), faster, np.full(5, ROOT**2))
    check_adam(result, expected)


@pytest.mark.task("adamw_step")
def test_adamw_has_a_tiny_epsilon_unless_told_otherwise(student: Student, rng: Generator) -> None:
    w, grad = 0.01 * signed(rng, (5,)), 1e-8 * signed(rng, (5,))
    square = grad**2
    outside, inside = np.abs(grad) + 1e-8, np.sqrt(square + 1e-8)
    steps = [(0.995 * w - 0.5 * grad / bottom, grad, square) for bottom in (outside, inside)]
    result = student.adamw_step(*copies(w, grad, grad, square), LATE, 0.5, 0.5, 0.5)
    check_one_of(result, "m", "v", expected=steps)


@pytest.mark.task("adamw_step")
def test_adamw_in_float32_stays_in_float32(student: Student, rng: Generator) -> None:
    arrays = moments(rng, (3, 3), dtype=np.float32)
    result = student.adamw_step(*copies(*arrays), 2, 0.25, 0.8, 0.9, 1e-8, 0.5)
    check_adam(result, adamw(arrays, 2, 0.25, 0.8, 0.9, 0.5))


@pytest.mark.task("adamw_step")
def test_adamw_leaves_its_arguments_alone(student: Student, rng: Generator) -> None:
    arrays = moments(rng, (7,))
    before, expected = copies(*arrays), adamw(arrays, 3, 0.25, 0.8, 0.9, 0.5)
    check_adam(student.adamw_step(*arrays, 3, 0.25, 0.8, 0.9, 1e-8, 0.5), expected)
    w, grad, m, v = arrays
    check_same_arguments(before, w=w, grad=grad, m=m, v=v)


# step_decay


def check_rates(rates: Sequence[object], expected: Sequence[float], epochs: Sequence[int]) -> None:
    """Each of `rates` is the right number for its epoch; none is so small as to look like 0."""
    for rate, right, epoch in zip(rates, expected, epochs, strict=True):
        number = check_number(rate, f"the rate of epoch {epoch}")
        check_close(number / right, 1.0, f"the rate of epoch {epoch}")


@pytest.mark.task("step_decay", weight=2)
@pytest.mark.parametrize("every", [3, 7])
def test_rate_is_cut_every_so_many_epochs(student: Student, rng: Generator, every: int) -> None:
    lr0, factor = float(rng.uniform(0.1, 2.0)), float(rng.uniform(0.2, 0.8))
    epochs = range(1, 4 * every + 1)
    cuts = [sum(n % every == 0 for n in range(1, epoch + 1)) for epoch in epochs]
    rates = [student.step_decay(epoch, lr0, factor, every) for epoch in epochs]
    check_rates(rates, [lr0 * factor**cut for cut in cuts], epochs)


@pytest.mark.task("step_decay")
def test_rate_is_halved_every_ten_epochs_unless_told_otherwise(
    student: Student, rng: Generator
) -> None:
    lr0 = float(rng.uniform(0.1, 2.0))
    epochs = [0, 9, 10, 11, 19, 20, 39, 40, 99, 100]
    parts = [1, 1, 2, 2, 2, 4, 8, 16, 512, 1024]
    rates = [student.step_decay(epoch, lr0) for epoch in epochs]
    check_rates(rates, [lr0 / part for part in parts], epochs)


@pytest.mark.task("step_decay")
def test_rate_is_lr0_up_to_the_first_cut(student: Student, rng: Generator) -> None:
    lr0 = float(rng.uniform(0.2, 0.9))
    epochs = [0, 1, 4, 5]
    rates = [student.step_decay(epoch, lr0, 0.1, 5) for epoch in epochs]
    check_rates(rates, [lr0, lr0, lr0, lr0 / 10], epochs)


@pytest.mark.task("step_decay")
def test_rate_may_be_cut_in_every_epoch(student: Student, rng: Generator) -> None:
    lr0 = float(rng.uniform(0.2, 0.9))
    epochs = [0, 1, 2, 3, 30]
    rates = [student.step_decay(epoch, lr0, 0.3, 1) for epoch in epochs]
    check_rates(rates, [lr0 * 0.3**epoch for epoch in epochs], epochs)


@pytest.mark.task("step_decay")
def test_whole_numbers_make_no_whole_rates(student: Student) -> None:
    epochs = [3, 4, 8, 9]
    rates = [student.step_decay(epoch, 1, 0.5, 4) for epoch in epochs]
    check_rates(rates, [1.0, 0.5, 0.25, 0.25], epochs)


# exponential_decay


@pytest.mark.task("exponential_decay", weight=2)
def test_rate_falls_exponentially_with_the_epoch(student: Student, rng: Generator) -> None:
    lr0, rate = float(rng.uniform(0.1, 2.0)), float(rng.uniform(0.02, 0.3))
    epochs = [0, 1, 2, 3, 10, 40]
    rates = [student.exponential_decay(epoch, lr0, rate) for epoch in epochs]
    check_rates(rates, [lr0 * math.exp(-rate * epoch) for epoch in epochs], epochs)


@pytest.mark.task("exponential_decay")
def test_every_epoch_leaves_the_same_part_of_the_rate(student: Student, rng: Generator) -> None:
    lr0, kept = float(rng.uniform(0.1, 2.0)), float(rng.uniform(0.6, 0.9))
    rates = [student.exponential_decay(epoch, lr0, -math.log(kept)) for epoch in range(6)]
    check_rates(rates, [lr0 * kept**epoch for epoch in range(6)], range(6))


@pytest.mark.task("exponential_decay")
def test_rate_has_a_half_life(student: Student, rng: Generator) -> None:
    lr0 = float(rng.uniform(0.2, 0.9))
    epochs = [0, 8, 16, 80]
    rates = [student.exponential_decay(epoch, lr0, math.log(2) / 8) for epoch in epochs]
    check_rates(rates, [lr0, lr0 / 2, lr0 / 4, lr0 / 1024], epochs)


@pytest.mark.task("exponential_decay")
def test_rate_without_falling_stays_and_a_fast_one_is_soon_gone(
    student: Student, rng: Generator
) -> None:
    lr0 = float(rng.uniform(1.1, 1.9))
    epochs = [0, 1, 50]
    rates = [student.exponential_decay(epoch, lr0, 0.0) for epoch in epochs]
    check_rates(rates, [lr0, lr0, lr0], epochs)
    rates = [student.exponential_decay(epoch, lr0, 3.0) for epoch in epochs[:2]]
    check_rates(rates, [lr0, lr0 * math.exp(-3.0)], epochs[:2])


@pytest.mark.task("exponential_decay")
def test_initial_rate_is_a_factor_of_all_rates(student: Student, rng: Generator) -> None:
    rate = float(rng.uniform(0.1, 0.3))
    for lr0 in (1, 0.01, 5.0):
        rates = [student.exponential_decay(epoch, lr0, rate) for epoch in (2, 5)]
        check_rates(rates, [lr0 * math.exp(-rate * 2), lr0 * math.exp(-rate * 5)], (2, 5))


# plateau_decay


def check_plateau(
    student: Student, losses: Sequence[float], lr: float, factor: float, patience: int, cuts: int
) -> None:
    """The rate after `losses` is lr, cut so many times."""
    rate = check_number(student.plateau_decay(list(losses), lr, factor, patience), "the rate")
    check_close(rate / (lr * factor**cuts), 1.0, "the rate after these losses")


def cuts_after(losses: Sequence[float], patience: int) -> int:
    """How often the rate is cut: once for each `patience + 1` losses since the last best or cut."""
    cuts, since = 0, 0
    for epoch, loss in enumerate(losses):
        since = 0 if loss < min(losses[:epoch], default=math.inf) else since + 1
        cuts, since = (cuts + 1, 0) if since == patience + 1 else (cuts, since)
    return cuts


@pytest.mark.task("plateau_decay", weight=2)
@pytest.mark.parametrize("patience", [0, 1, 2, 4])
def test_rate_after_each_of_many_losses(student: Student, rng: Generator, patience: int) -> None:
    trend = 4.0 * np.exp(-np.arange(60) / 15)
    losses = np.round(trend + rng.normal(size=60), 1).tolist()
    lr, factor = float(rng.uniform(0.1, 0.9)), float(rng.uniform(0.5, 0.9))
    losses += [5.0] * (patience + 1)
    for end in [*range(1, 61, 4), len(losses)]:
        seen = losses[:end]
        check_plateau(student, seen, lr, factor, patience, cuts_after(seen, patience))


@pytest.mark.task("plateau_decay", weight=2)
@pytest.mark.parametrize("patience", [1, 3])
def test_plateau_is_borne_as_long_as_patience_lasts(
    student: Student, rng: Generator, patience: int
) -> None:
    best, lr = float(rng.uniform(0.5, 0.9)), float(rng.uniform(0.1, 0.9))
    losses = [best, *[best + 1.0] * patience]
    check_plateau(student, losses, lr, 0.3, patience, cuts=0)
    check_plateau(student, [*losses, best + 1.0], lr, 0.3, patience, cuts=1)
    check_plateau(student, [*losses, best + 1.0, best + 1.0], lr, 0.3, patience, cuts=1)


@pytest.mark.task("plateau_decay")
def test_rate_is_cut_again_only_when_patience_has_run_out_again(
    student: Student, rng: Generator
) -> None:
    best, lr = float(rng.uniform(0.5, 0.9)), float(rng.uniform(0.1, 0.9))
    for bad, cuts in [(3, 1), (4, 1), (5, 1), (6, 2), (8, 2), (9, 3), (11, 3), (12, 4)]:
        check_plateau(student, [best, *[best + 0.5] * bad], lr, 0.7, 2, cuts)


@pytest.mark.task("plateau_decay")
def test_loss_that_only_equals_the_best_is_no_improvement(student: Student, rng: Generator) -> None:
    best, lr = float(rng.uniform(0.5, 0.9)), float(rng.uniform(0.1, 0.9))
    check_plateau(student, [best] * 3, lr, 0.4, 2, cuts=0)
    check_plateau(student, [best] * 4, lr, 0.4, 2, cuts=1)
    check_plateau(student, [best + 1, best, best + 1, best, best], lr, 0.4, 2, cuts=1)


@pytest.mark.task("plateau_decay")
def test_slightest_improvement_is_one(student: Student, rng: Generator) -> None:
    lr = float(rng.uniform(0.1, 0.9))
    losses = [1.0 - 1e-6 * epoch for epoch in range(9)]
    check_plateau(student, losses, lr, 0.4, 1, cuts=0)
    check_plateau(student, [*losses, losses[-1], losses[-1]], lr, 0.4, 1, cuts=1)


@pytest.mark.task("plateau_decay")
def test_improvement_starts_the_count_anew(student: Student, rng: Generator) -> None:
    lr = float(rng.uniform(0.1, 0.9))
    losses = [9.0, 9.5, 9.5, 8.0, 8.5, 8.5, 7.0, 7.5, 7.5]
    check_plateau(student, losses, lr, 0.4, 2, cuts=0)
    check_plateau(student, [*losses, 7.5], lr, 0.4, 2, cuts=1)


@pytest.mark.task("plateau_decay")
def test_losses_are_measured_by_the_best_of_all_before(student: Student, rng: Generator) -> None:
    lr = float(rng.uniform(0.1, 0.9))
    check_plateau(student, [1.0, 3.0, 2.0, 1.5], lr, 0.4, 2, cuts=1)
    check_plateau(student, [4.0, 1.0, 3.0, 2.0, 1.5], lr, 0.4, 2, cuts=1)
    check_plateau(student, [1.0, 3.0, 2.9, 2.8, 2.7, 2.6, 2.5], lr, 0.4, 2, cuts=2)


@pytest.mark.task("plateau_decay")
def test_losses_below_zero_are_losses_too(student: Student, rng: Generator) -> None:
    lr = float(rng.uniform(0.1, 0.9))
    check_plateau(student, [-1.0, -2.0, -3.0, -4.0], lr, 0.4, 1, cuts=0)
    check_plateau(student, [-4.0, -3.0, -2.0, -5.0, -4.0, -4.5], lr, 0.4, 1, cuts=2)
    check_plateau(student, [1e6, 2e6, 0.9e6, 2e6, 3e6], lr, 0.4, 1, cuts=1)


@pytest.mark.task("plateau_decay")
def test_patience_is_five_and_a_tenth_is_left_unless_told_otherwise(
    student: Student, rng: Generator
) -> None:
    lr = float(rng.uniform(0.1, 0.9))
    for bad, cuts in [(5, 0), (6, 1), (11, 1), (12, 2)]:
        rate = check_number(student.plateau_decay([2.0, *[2.5] * bad], lr), "the rate")
        check_close(rate / (lr * 0.1**cuts), 1.0, "the rate after these losses")
    rate = check_number(student.plateau_decay([2.0, 2.5, 2.5, 2.5], lr, 0.3), "the rate")
    check_close(rate, lr, "the rate after these losses")


@pytest.mark.task("plateau_decay")
def test_rate_stays_before_any_loss_and_after_the_first(student: Student, rng: Generator) -> None:
    lr = float(rng.uniform(0.1, 0.9))
    check_plateau(student, [], lr, 0.4, 0, cuts=0)
    check_plateau(student, [3.0], lr, 0.4, 0, cuts=0)
    check_plateau(student, [3.0, 3.0], lr, 0.4, 0, cuts=1)


@pytest.mark.task("plateau_decay")
def test_asking_twice_gives_the_same_rate(student: Student, rng: Generator) -> None:
    losses, lr = rng.uniform(1.0, 2.0, size=12).tolist(), float(rng.uniform(0.1, 0.9))
    losses += [3.0, 3.0]
    for _ in range(2):
        check_plateau(student, losses, lr, 0.4, 1, cuts_after(losses, 1))
