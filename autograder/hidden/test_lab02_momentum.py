"""Hidden tests of lab 02: steps with momentum, what a quadratic allows, and the loop around a step.

QuickProp is not asked where two slopes are equal: the contract leaves that open.

Long, since one file a lab is the contract; its sections follow the tasks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import DTypeLike

from autograder.arguments import check_same_arguments, copies
from autograder.grading import Student
from autograder.probes import Recorder, by_source
from dlcourse.testing import (
    check_array,
    check_close,
    check_number,
    check_that,
    check_tuple,
)

Generator = np.random.Generator
Arrays = tuple[np.ndarray, np.ndarray, np.ndarray]
Slope = Callable[[np.ndarray], np.ndarray]

SHAPES = [(5,), (2, 3), (1,), (2, 1, 4)]
ECCENTRICITIES = [1.5, 30.0, 2500.0]


def three_arrays(rng: Generator, shape: Sequence[int], *, dtype: DTypeLike = np.float64) -> Arrays:
    """A point w, a gradient and a velocity, none of them nearly zero."""
    sizes = rng.uniform(0.3, 2.0, size=(3, *shape))
    w, grad, velocity = (sizes * rng.choice([-1.0, 1.0], size=sizes.shape)).astype(dtype)
    return w, grad, velocity


def rate_and_beta(rng: Generator) -> tuple[float, float]:
    """A learning rate and a momentum that cannot be mistaken for one another."""
    return float(rng.uniform(0.05, 0.3)), float(rng.uniform(0.5, 0.85))


def falling_rates(lr: float, steps: int) -> list[float]:
    """Rates of neighbouring steps that differ clearly."""
    return [lr / (1.0 + 0.5 * k) for k in range(steps)]


def bent_slope(rng: Generator, shape: Sequence[int], *, dtype: DTypeLike = np.float64) -> Slope:
    """The gradient of a bowl that is no quadratic, each component with a steepness of its own."""
    steepness = rng.uniform(0.5, 1.5, size=tuple(shape)).astype(dtype)
    return lambda w: steepness * (w + 0.2 * w**3)


def tolerance(expected: np.ndarray) -> tuple[float, float]:
    """How far numbers of this precision may be off, relatively and absolutely."""
    return (1e-7, 1e-9) if expected.dtype == np.float64 else (1e-4, 1e-5)


def check_step(
    result: object,
    w: np.ndarray,
    velocity: np.ndarray,
    names: tuple[str, str] = ("w", "velocity"),
) -> None:
    """`result` is a step's pair (w, velocity)."""
    values = check_tuple(result, 2, "the result")
    rtol, atol = tolerance(w)
    for value, expected, name in zip(values, (w, velocity), names, strict=True):
        check_close(value, expected, f"{name} after the step", rtol=rtol, atol=atol)


def pair_of_arrays(result: object, shape: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """The two arrays of this shape that a step returns, to go on from."""
    pair = []
    for value, name in zip(check_tuple(result, 2, "the result"), ("first", "second"), strict=True):
        check_array(value, shape, f"the {name} value of the result")
        pair.append(np.array(value))
    return pair[0], pair[1]


# momentum_step


@pytest.mark.task("momentum_step", weight=2)
@pytest.mark.parametrize("shape", SHAPES)
def test_momentum_moves_w_by_the_new_velocity(
    student: Student, rng: Generator, shape: tuple[int, ...]
) -> None:
    w, grad, velocity = three_arrays(rng, shape)
    lr, beta = rate_and_beta(rng)
    result = student.momentum_step(*copies(w, grad, velocity), lr, beta)
    faster = beta * velocity - lr * grad
    check_step(result, w + faster, faster)


@pytest.mark.task("momentum_step")
def test_momentum_keeps_nine_tenths_unless_told_otherwise(student: Student, rng: Generator) -> None:
    w, grad, velocity = three_arrays(rng, (4,))
    faster = 0.9 * velocity - 0.07 * grad
    result = student.momentum_step(*copies(w, grad, velocity), 0.07)
    check_step(result, w + faster, faster)


@pytest.mark.task("momentum_step")
def test_momentum_from_rest_is_a_step_of_plain_descent(student: Student, rng: Generator) -> None:
    w, grad, _ = three_arrays(rng, (3, 2))
    lr, beta = rate_and_beta(rng)
    result = student.momentum_step(*copies(w, grad, np.zeros_like(w)), lr, beta)
    check_step(result, w - lr * grad, -lr * grad)


@pytest.mark.task("momentum_step")
def test_momentum_without_beta_forgets_the_velocity(student: Student, rng: Generator) -> None:
    w, grad, velocity = three_arrays(rng, (6,))
    result = student.momentum_step(*copies(w, grad, velocity), 0.2, 0.0)
    check_step(result, w - 0.2 * grad, -0.2 * grad)


@pytest.mark.task("momentum_step")
def test_momentum_coasts_where_there_is_no_slope(student: Student, rng: Generator) -> None:
    w, flat, velocity = three_arrays(rng, (5,))
    flat = np.zeros_like(flat)
    result = student.momentum_step(*copies(w, flat, velocity), 0.3, 0.6)
    check_step(result, w + 0.6 * velocity, 0.6 * velocity)


@pytest.mark.task("momentum_step")
def test_velocity_on_an_even_slope_becomes_terminal(student: Student, rng: Generator) -> None:
    w, grad, velocity = three_arrays(rng, (3,))
    terminal = -0.1 * grad / (1 - 0.7)
    for _ in range(80):
        result = student.momentum_step(*copies(w, grad, velocity), 0.1, 0.7)
        w, velocity = pair_of_arrays(result, (3,))
    check_close(velocity, terminal, "velocity after many steps on one slope")


@pytest.mark.task("momentum_step")
def test_path_of_momentum_at_a_fixed_rate(student: Student, rng: Generator) -> None:
    w, curvature, _ = three_arrays(rng, (4,))
    lr, beta = rate_and_beta(rng)
    w_seen, seen, velocity = w, np.zeros_like(w), np.zeros_like(w)
    for _ in range(6):
        velocity = beta * velocity - lr * curvature * w
        w = w + velocity
        result = student.momentum_step(w_seen, curvature * w_seen, seen, lr, beta)
        w_seen, seen = pair_of_arrays(result, (4,))
    check_close(w_seen, w, "w after several steps at one learning rate")


@pytest.mark.task("momentum_step", weight=2)
def test_momentum_gathers_slopes_at_the_rates_they_came_with(
    student: Student, rng: Generator
) -> None:
    w, _, velocity = three_arrays(rng, (4,))
    slope = bent_slope(rng, (4,))
    lr, beta = rate_and_beta(rng)
    for rate in falling_rates(lr, 6):
        result = student.momentum_step(*copies(w, slope(w), velocity), rate, beta)
        velocity = beta * velocity - rate * slope(w)
        w = w + velocity
        check_step(result, w, velocity)


@pytest.mark.task("momentum_step")
def test_momentum_in_float32_stays_in_float32(student: Student, rng: Generator) -> None:
    w, grad, velocity = three_arrays(rng, (3, 3), dtype=np.float32)
    faster = 0.8 * velocity - 0.25 * grad
    result = student.momentum_step(*copies(w, grad, velocity), 0.25, 0.8)
    check_step(result, w + faster, faster)


@pytest.mark.task("momentum_step")
def test_momentum_leaves_its_arguments_alone(student: Student, rng: Generator) -> None:
    w, grad, velocity = three_arrays(rng, (7,))
    before = copies(w, grad, velocity)
    faster = 0.8 * velocity - 0.25 * grad
    expected = w + faster
    check_step(student.momentum_step(w, grad, velocity, 0.25, 0.8), expected, faster)
    check_same_arguments(before, w=w, grad=grad, velocity=velocity)


# nesterov_step


def nesterov(
    slope: Slope, w: np.ndarray, velocity: np.ndarray, lr: float, beta: float
) -> tuple[np.ndarray, np.ndarray]:
    """What `nesterov_step` is to return."""
    faster = beta * velocity - lr * slope(w + beta * velocity)
    return w + faster, faster


@pytest.mark.task("nesterov_step", weight=2)
@pytest.mark.parametrize("shape", SHAPES)
def test_nesterov_takes_the_slope_where_momentum_leads(
    student: Student, rng: Generator, shape: tuple[int, ...]
) -> None:
    w, _, velocity = three_arrays(rng, shape)
    slope = bent_slope(rng, shape)
    lr, beta = rate_and_beta(rng)
    grad = Recorder(slope, w=shape)
    result = student.nesterov_step(w.copy(), grad, velocity.copy(), lr, beta)
    check_step(result, *nesterov(slope, w, velocity, lr, beta))


@pytest.mark.task("nesterov_step")
def test_nesterov_asks_for_slopes_at_the_look_ahead_point_alone(
    student: Student, rng: Generator
) -> None:
    w, _, velocity = three_arrays(rng, (3, 2))
    lr, beta = rate_and_beta(rng)
    grad = Recorder(bent_slope(rng, (3, 2)), w=(3, 2))
    student.nesterov_step(w.copy(), grad, velocity.copy(), lr, beta)
    check_that(len(grad.calls) > 0, "your function never asks for a gradient")
    for call in grad.calls:
        check_close(call["w"], w + beta * velocity, "the point at which the gradient is asked for")


@pytest.mark.task("nesterov_step", weight=2)
def test_nesterov_asks_for_one_slope_a_step(student: Student, rng: Generator) -> None:
    w, _, velocity = three_arrays(rng, (4,))
    slope = bent_slope(rng, (4,))
    grad = Recorder(slope, w=(4,))
    for asked in (1, 2, 3):
        result = student.nesterov_step(w.copy(), grad, velocity.copy(), 0.1, 0.8)
        w, velocity = nesterov(slope, w, velocity, 0.1, 0.8)
        check_step(result, w, velocity)
        check_that(len(grad.calls) == asked, "a step is to ask for one gradient")


@pytest.mark.task("nesterov_step")
def test_nesterov_keeps_nine_tenths_unless_told_otherwise(student: Student, rng: Generator) -> None:
    w, _, velocity = three_arrays(rng, (4,))
    slope = bent_slope(rng, (4,))
    result = student.nesterov_step(w.copy(), slope, velocity.copy(), 0.07)
    check_step(result, *nesterov(slope, w, velocity, 0.07, 0.9))


@pytest.mark.task("nesterov_step")
def test_nesterov_from_rest_is_a_step_of_plain_descent(student: Student, rng: Generator) -> None:
    w, _, _ = three_arrays(rng, (5,))
    slope = bent_slope(rng, (5,))
    lr, beta = rate_and_beta(rng)
    result = student.nesterov_step(w.copy(), slope, np.zeros_like(w), lr, beta)
    check_step(result, w - lr * slope(w), -lr * slope(w))


@pytest.mark.task("nesterov_step")
def test_nesterov_without_beta_forgets_the_velocity(student: Student, rng: Generator) -> None:
    w, _, velocity = three_arrays(rng, (2, 3))
    slope = bent_slope(rng, (2, 3))
    result = student.nesterov_step(w.copy(), slope, velocity.copy(), 0.2, 0.0)
    check_step(result, w - 0.2 * slope(w), -0.2 * slope(w))


@pytest.mark.task("nesterov_step")
def test_nesterov_on_an_even_slope_is_the_heavy_ball(student: Student, rng: Generator) -> None:
    w, even, velocity = three_arrays(rng, (4,))
    lr, beta = rate_and_beta(rng)
    for _ in range(3):
        result = student.nesterov_step(w.copy(), lambda w: even.copy(), velocity.copy(), lr, beta)
        velocity = beta * velocity - lr * even
        w = w + velocity
        check_step(result, w, velocity)


@pytest.mark.task("nesterov_step", weight=2)
def test_path_of_nesterov_at_falling_rates(student: Student, rng: Generator) -> None:
    w, _, velocity = three_arrays(rng, (3,))
    slope = bent_slope(rng, (3,))
    lr, beta = rate_and_beta(rng)
    w_seen, seen = copies(w, velocity)
    for rate in falling_rates(lr, 6):
        w, velocity = nesterov(slope, w, velocity, rate, beta)
        w_seen, seen = pair_of_arrays(student.nesterov_step(w_seen, slope, seen, rate, beta), (3,))
    check_close(w_seen, w, "w after several steps")
    check_close(seen, velocity, "velocity after several steps")


@pytest.mark.task("nesterov_step")
def test_nesterov_in_float32_stays_in_float32(student: Student, rng: Generator) -> None:
    w, _, velocity = three_arrays(rng, (6,), dtype=np.float32)
    slope = bent_slope(rng, (6,), dtype=np.float32)
    result = student.nesterov_step(w.copy(), slope, velocity.copy(), 0.2, 0.75)
    check_step(result, *nesterov(slope, w, velocity, 0.2, 0.75))


@pytest.mark.task("nesterov_step")
def test_nesterov_leaves_its_arguments_alone(student: Student, rng: Generator) -> None:
    w, _, velocity = three_arrays(rng, (7,))
    slope = bent_slope(rng, (7,))
    before = copies(w, velocity)
    expected = nesterov(slope, w, velocity, 0.2, 0.75)
    check_step(student.nesterov_step(w, slope, velocity, 0.2, 0.75), *expected)
    check_same_arguments(before, w=w, velocity=velocity)


# nesterov_step_rearranged


def check_rearranged(result: object, w_ahead: np.ndarray, velocity: np.ndarray) -> None:
    """`result` is the pair (w_ahead, velocity)."""
    check_step(result, w_ahead, velocity, names=("w_ahead", "velocity"))


def rearranged(
    w_ahead: np.ndarray, grad: np.ndarray, velocity: np.ndarray, lr: float, beta: float
) -> tuple[np.ndarray, np.ndarray]:
    """What `nesterov_step_rearranged` is to return: back to w, a step, and ahead again."""
    faster = beta * velocity - lr * grad
    w = w_ahead - beta * velocity + faster
    return w + beta * faster, faster


@pytest.mark.task("nesterov_step_rearranged", weight=2)
@pytest.mark.parametrize("shape", SHAPES)
def test_rearranged_step_goes_from_look_ahead_point_to_look_ahead_point(
    student: Student, rng: Generator, shape: tuple[int, ...]
) -> None:
    w_ahead, grad, velocity = three_arrays(rng, shape)
    lr, beta = rate_and_beta(rng)
    result = student.nesterov_step_rearranged(*copies(w_ahead, grad, velocity), lr, beta)
    check_rearranged(result, *rearranged(w_ahead, grad, velocity, lr, beta))


@pytest.mark.task("nesterov_step_rearranged")
def test_rearranged_step_keeps_nine_tenths_unless_told_otherwise(
    student: Student, rng: Generator
) -> None:
    w_ahead, grad, velocity = three_arrays(rng, (4,))
    result = student.nesterov_step_rearranged(*copies(w_ahead, grad, velocity), 0.07)
    check_rearranged(result, *rearranged(w_ahead, grad, velocity, 0.07, 0.9))


@pytest.mark.task("nesterov_step_rearranged")
def test_rearranged_step_from_rest_looks_ahead_at_once(student: Student, rng: Generator) -> None:
    w_ahead, grad, _ = three_arrays(rng, (3, 2))
    lr, beta = rate_and_beta(rng)
    still = np.zeros_like(w_ahead)
    result = student.nesterov_step_rearranged(*copies(w_ahead, grad, still), lr, beta)
    check_rearranged(result, w_ahead - (1 + beta) * lr * grad, -lr * grad)


@pytest.mark.task("nesterov_step_rearranged")
def test_rearranged_step_without_beta_is_plain_descent(student: Student, rng: Generator) -> None:
    w_ahead, grad, velocity = three_arrays(rng, (6,))
    result = student.nesterov_step_rearranged(*copies(w_ahead, grad, velocity), 0.2, 0.0)
    check_rearranged(result, w_ahead - 0.2 * grad, -0.2 * grad)


@pytest.mark.task("nesterov_step_rearranged")
def test_rearranged_step_coasts_where_there_is_no_slope(student: Student, rng: Generator) -> None:
    w_ahead, flat, velocity = three_arrays(rng, (5,))
    flat = np.zeros_like(flat)
    result = student.nesterov_step_rearranged(*copies(w_ahead, flat, velocity), 0.3, 0.6)
    check_rearranged(result, w_ahead + 0.36 * velocity, 0.6 * velocity)


@pytest.mark.task("nesterov_step_rearranged")
def test_rearranged_velocity_on_an_even_slope_becomes_terminal(
    student: Student, rng: Generator
) -> None:
    w_ahead, grad, velocity = three_arrays(rng, (3,))
    terminal = -0.1 * grad / (1 - 0.7)
    for _ in range(80):
        result = student.nesterov_step_rearranged(*copies(w_ahead, grad, velocity), 0.1, 0.7)
        w_ahead, velocity = pair_of_arrays(result, (3,))
    check_close(velocity, terminal, "velocity after many steps on one slope")


@pytest.mark.task("nesterov_step_rearranged", weight=2)
def test_rearranged_form_walks_the_path_of_nesterovs_own(student: Student, rng: Generator) -> None:
    w, _, _ = three_arrays(rng, (4,))
    slope = bent_slope(rng, (4,))
    lr, beta = rate_and_beta(rng)
    velocity, seen, w_ahead = copies(np.zeros_like(w), np.zeros_like(w), w)
    for rate in falling_rates(lr, 6):
        w, velocity = nesterov(slope, w, velocity, rate, beta)
        result = student.nesterov_step_rearranged(w_ahead, slope(w_ahead), seen, rate, beta)
        w_ahead, seen = pair_of_arrays(result, (4,))
        check_close(seen, velocity, "velocity on the way")
        check_close(w_ahead - beta * seen, w, "w on the way, recovered from w_ahead")


@pytest.mark.task("nesterov_step_rearranged")
def test_rearranged_step_in_float32_stays_in_float32(student: Student, rng: Generator) -> None:
    w_ahead, grad, velocity = three_arrays(rng, (3, 3), dtype=np.float32)
    result = student.nesterov_step_rearranged(*copies(w_ahead, grad, velocity), 0.25, 0.8)
    check_rearranged(result, *rearranged(w_ahead, grad, velocity, 0.25, 0.8))


@pytest.mark.task("nesterov_step_rearranged")
def test_rearranged_step_leaves_its_arguments_alone(student: Student, rng: Generator) -> None:
    w_ahead, grad, velocity = three_arrays(rng, (7,))
    before = copies(w_ahead, grad, velocity)
    expected = rearranged(w_ahead, grad, velocity, 0.25, 0.8)
    result = student.nesterov_step_rearranged(w_ahead, grad, velocity, 0.25, 0.8)
    check_rearranged(result, *expected)
    check_same_arguments(before, w_ahead=w_ahead, grad_ahead=grad, velocity=velocity)


# gd_optimum


def curvatures(rng: Generator, eccentricity: float) -> tuple[float, float]:
    """The smallest and the largest curvature, μ and L, of a bowl this eccentric."""
    mu = float(rng.uniform(0.05, 0.8))
    return mu, mu * eccentricity


def numbers(result: object, count: int) -> list[float]:
    """The numbers that an optimum consists of."""
    return [check_number(value, "a value") for value in check_tuple(result, count, "the result")]


@pytest.mark.task("gd_optimum")
@pytest.mark.parametrize("eccentricity", ECCENTRICITIES)
def test_descent_is_fastest_at_this_learning_rate(
    student: Student, rng: Generator, eccentricity: float
) -> None:
    mu, L = curvatures(rng, eccentricity)
    lr, _ = check_tuple(student.gd_optimum(mu, L), 2, "the result")
    check_close(lr, 2 / (mu + L), "the best learning rate of descent")


@pytest.mark.task("gd_optimum")
@pytest.mark.parametrize("eccentricity", ECCENTRICITIES)
def test_descent_shrinks_the_distance_by_this_rate(
    student: Student, rng: Generator, eccentricity: float
) -> None:
    mu, L = curvatures(rng, eccentricity)
    _, rate = check_tuple(student.gd_optimum(mu, L), 2, "the result")
    check_close(rate, (L - mu) / (L + mu), "the rate of descent")


@pytest.mark.task("gd_optimum")
def test_descent_at_its_best_keeps_the_rate_it_promises(student: Student, rng: Generator) -> None:
    mu, L = curvatures(rng, 7.0)
    lr, rate = numbers(student.gd_optimum(mu, L), 2)
    w = rng.normal(size=2)
    for _ in range(10):
        closer = w - lr * np.array([mu, L]) * w
        measured = float(np.linalg.norm(closer) / np.linalg.norm(w))
        check_close(rate, measured, "the rate, against what descent does")
        w = closer
    check_close(rate, 0.75, "the rate of descent in this bowl")


@pytest.mark.task("gd_optimum")
def test_descent_in_a_round_bowl_arrives_in_one_step(student: Student, rng: Generator) -> None:
    mu, _ = curvatures(rng, 1.0)
    lr, rate = check_tuple(student.gd_optimum(mu, mu), 2, "the result")
    check_close(lr, 1 / mu, "the best learning rate in a round bowl")
    check_close(rate, 0.0, "the rate in a round bowl")


@pytest.mark.task("gd_optimum")
def test_descents_optimum_for_whole_numbers_is_not_rounded(student: Student) -> None:
    for mu, L, lr, rate in [(1, 3, 0.5, 0.5), (2, 6, 0.25, 0.5), (1, 100, 2 / 101, 99 / 101)]:
        found = check_tuple(student.gd_optimum(mu, L), 2, "the result")
        check_close(found[0], lr, "the best learning rate for whole numbers")
        check_close(found[1], rate, "the rate for whole numbers")


# heavy_ball_optimum


@pytest.mark.task("heavy_ball_optimum")
@pytest.mark.parametrize("eccentricity", ECCENTRICITIES)
def test_heavy_ball_is_fastest_at_this_learning_rate(
    student: Student, rng: Generator, eccentricity: float
) -> None:
    mu, L = curvatures(rng, eccentricity)
    lr, _, _ = check_tuple(student.heavy_ball_optimum(mu, L), 3, "the result")
    check_close(lr, 4 / (mu + L + 2 * math.sqrt(mu * L)), "the best learning rate")


@pytest.mark.task("heavy_ball_optimum")
@pytest.mark.parametrize("eccentricity", ECCENTRICITIES)
def test_heavy_ball_is_fastest_at_this_beta(
    student: Student, rng: Generator, eccentricity: float
) -> None:
    mu, L = curvatures(rng, eccentricity)
    _, beta, _ = check_tuple(student.heavy_ball_optimum(mu, L), 3, "the result")
    root = math.sqrt(eccentricity)
    check_close(beta, ((root - 1) / (root + 1)) ** 2, "the best beta")


@pytest.mark.task("heavy_ball_optimum")
@pytest.mark.parametrize("eccentricity", ECCENTRICITIES)
def test_heavy_ball_shrinks_the_distance_by_this_rate(
    student: Student, rng: Generator, eccentricity: float
) -> None:
    mu, L = curvatures(rng, eccentricity)
    _, _, rate = check_tuple(student.heavy_ball_optimum(mu, L), 3, "the result")
    root = math.sqrt(eccentricity)
    check_close(rate, (root - 1) / (root + 1), "the rate of the heavy ball")


@pytest.mark.task("heavy_ball_optimum")
def test_heavy_ball_at_its_best_shrinks_every_direction_alike(
    student: Student, rng: Generator
) -> None:
    mu, L = curvatures(rng, 16.0)
    lr, beta, rate = numbers(student.heavy_ball_optimum(mu, L), 3)
    for curvature in np.linspace(mu, L, 8)[1:-1]:
        step = np.array([[1 + beta - lr * curvature, -beta], [1.0, 0.0]])
        measured = float(np.abs(np.linalg.eigvals(step)).max())
        check_close(rate, measured, "the rate, against what the heavy ball does")
    check_close(rate, 0.6, "the rate of the heavy ball in this bowl")


@pytest.mark.task("heavy_ball_optimum")
def test_heavy_ball_in_a_round_bowl_needs_no_momentum(student: Student, rng: Generator) -> None:
    mu, _ = curvatures(rng, 1.0)
    lr, beta, rate = check_tuple(student.heavy_ball_optimum(mu, mu), 3, "the result")
    check_close(lr, 1 / mu, "the best learning rate in a round bowl")
    check_close(beta, 0.0, "the best beta in a round bowl")
    check_close(rate, 0.0, "the rate in a round bowl", atol=1e-7)


@pytest.mark.task("heavy_ball_optimum")
def test_heavy_balls_optimum_for_whole_numbers_is_not_rounded(student: Student) -> None:
    for mu, L, lr, rate in [(1, 9, 1 / 4, 1 / 2), (4, 16, 1 / 9, 1 / 3), (1, 81, 1 / 25, 4 / 5)]:
        found = check_tuple(student.heavy_ball_optimum(mu, L), 3, "the result")
        check_close(found[0], lr, "the best learning rate for whole numbers")
        check_close(found[1], rate**2, "the best beta for whole numbers")
        check_close(found[2], rate, "the rate for whole numbers")


# newton_step


def quadratic(
    rng: Generator, eigenvalues: Sequence[float], *, dtype: DTypeLike = np.float64
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A point w, gradient and Hessian there of a quadratic, and where its gradient vanishes."""
    size = len(eigenvalues)
    axes, _ = np.linalg.qr(rng.normal(size=(size, size)))
    hessian = (axes * np.asarray(eigenvalues)) @ axes.T
    hessian = (hessian + hessian.T) / 2
    w, rest = rng.normal(size=(2, size))
    arrays = [np.asarray(array, dtype=dtype) for array in (w, hessian @ (w - rest), hessian, rest)]
    return arrays[0], arrays[1], arrays[2], arrays[3]


@pytest.mark.task("newton_step", weight=2)
@pytest.mark.parametrize("size", [1, 2, 6])
def test_newton_lands_on_the_minimum_of_a_quadratic(
    student: Student, rng: Generator, size: int
) -> None:
    w, grad, hessian, rest = quadratic(rng, rng.uniform(0.5, 4.0, size=size).tolist())
    check_close(student.newton_step(*copies(w, grad, hessian)), rest, "w after the step")


@pytest.mark.task("newton_step")
@pytest.mark.parametrize("signs", [(1, -1, 1, -1), (-1, -1, -1, -1)])
def test_newton_lands_on_saddles_and_maxima_too(
    student: Student, rng: Generator, signs: tuple[int, ...]
) -> None:
    eigenvalues = rng.uniform(0.5, 4.0, size=4) * signs
    w, grad, hessian, rest = quadratic(rng, eigenvalues.tolist())
    check_close(student.newton_step(*copies(w, grad, hessian)), rest, "w after the step")


@pytest.mark.task("newton_step", weight=2)
@pytest.mark.parametrize("lr", [0.2, 1.0, 1.6])
def test_newton_takes_the_share_of_the_step_that_it_is_told_to(
    student: Student, rng: Generator, lr: float
) -> None:
    w, grad, hessian, rest = quadratic(rng, rng.uniform(0.5, 4.0, size=5).tolist())
    result = student.newton_step(*copies(w, grad, hessian), lr)
    check_close(result, (1 - lr) * w + lr * rest, "w after a share of the step")


@pytest.mark.task("newton_step")
def test_newton_along_the_axes_divides_each_slope_by_its_curvature(
    student: Student, rng: Generator
) -> None:
    w, grad, _ = three_arrays(rng, (5,))
    curvature = rng.uniform(0.2, 5.0, size=5)
    result = student.newton_step(*copies(w, grad, np.diag(curvature)))
    check_close(result, w - grad / curvature, "w after the step, each axis on its own")


@pytest.mark.task("newton_step")
def test_newton_crosses_an_eccentric_valley_in_one_step(student: Student, rng: Generator) -> None:
    w, grad, hessian, rest = quadratic(rng, np.logspace(-3, 1, 4).tolist())
    check_close(student.newton_step(*copies(w, grad, hessian)), rest, "w after the step")


@pytest.mark.task("newton_step")
def test_newton_steps_follow_one_another_down_a_bowl_that_is_no_quadratic(
    student: Student, rng: Generator
) -> None:
    w, _, curvature, _ = quadratic(rng, [0.5, 1.0, 2.0])
    w = w + 1.0
    for _ in range(4):
        grad, hessian = curvature @ w + w**3, curvature + np.diag(3 * w**2)
        result = student.newton_step(*copies(w, grad, hessian))
        w = w - np.linalg.solve(hessian, grad)
        check_close(result, w, "w on the way down")


@pytest.mark.task("newton_step")
def test_newton_in_float32_stays_in_float32(student: Student, rng: Generator) -> None:
    w, grad, hessian, rest = quadratic(rng, [0.5, 1.0, 2.0, 3.0], dtype=np.float32)
    result = student.newton_step(*copies(w, grad, hessian))
    check_close(result, rest, "w after the step", rtol=1e-3, atol=1e-4)


@pytest.mark.task("newton_step")
def test_newton_leaves_its_arguments_alone(student: Student, rng: Generator) -> None:
    w, grad, hessian, rest = quadratic(rng, [0.5, 1.0, 2.0, 3.0])
    before = copies(w, grad, hessian)
    check_close(student.newton_step(w, grad, hessian, 1.0), rest, "w after the step")
    check_same_arguments(before, w=w, grad=grad, hessian=hessian)


# quickprop_step


def slopes(
    rng: Generator, shape: Sequence[int], *, dtype: DTypeLike = np.float64
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """w, the slope, the slope before and the step between, with two slopes clearly apart."""
    w, grad, prev_step = three_arrays(rng, shape)
    bend = rng.uniform(0.4, 2.0, size=tuple(shape)) * rng.choice([-1.0, 1.0], size=tuple(shape))
    arrays = [array.astype(dtype) for array in (w, grad, grad + bend, prev_step)]
    return arrays[0], arrays[1], arrays[2], arrays[3]


def check_jump(result: object, w: np.ndarray, step: np.ndarray) -> None:
    """`result` is the pair (w, step) after a jump by `step` from `w`."""
    check_step(result, w + step, step, names=("w", "step"))


@pytest.mark.task("quickprop_step", weight=2)
@pytest.mark.parametrize("shape", SHAPES)
def test_quickprop_extrapolates_each_slope_to_zero(
    student: Student, rng: Generator, shape: tuple[int, ...]
) -> None:
    w, grad, prev_grad, prev_step = slopes(rng, shape)
    result = student.quickprop_step(*copies(w, grad, prev_grad, prev_step))
    check_jump(result, w, prev_step * grad / (prev_grad - grad))


@pytest.mark.task("quickprop_step")
@pytest.mark.parametrize("sign", [1, -1])
def test_quickprop_lands_where_every_components_parabola_is_level(
    student: Student, rng: Generator, sign: int
) -> None:
    start, rest, prev_step = three_arrays(rng, (6,))
    curvature = sign * rng.uniform(0.5, 3.0, size=6)
    w = start + prev_step
    grads = copies(curvature * (w - rest), curvature * (start - rest))
    check_jump(student.quickprop_step(w.copy(), *grads, prev_step.copy()), w, rest - w)


@pytest.mark.task("quickprop_step")
@pytest.mark.parametrize(
    ("ratio", "factor"), [(0.9, 9.0), (0.5, 1.0), (-0.25, -0.2), (-4.0, -0.8), (1.25, -5.0)]
)
def test_quickprop_goes_on_or_back_as_the_slope_falls_turns_or_grows(
    student: Student, rng: Generator, ratio: float, factor: float
) -> None:
    w, prev_grad, prev_step = three_arrays(rng, (4,))
    result = student.quickprop_step(*copies(w, ratio * prev_grad, prev_grad, prev_step))
    check_jump(result, w, factor * prev_step)


@pytest.mark.task("quickprop_step")
def test_quickprop_rests_in_components_without_slope_alone(
    student: Student, rng: Generator
) -> None:
    w, grad, prev_grad, prev_step = slopes(rng, (6,))
    grad[[1, 4]] = 0.0
    prev_grad[[1, 4]] = rng.uniform(0.5, 1.0, size=2)
    result = student.quickprop_step(*copies(w, grad, prev_grad, prev_step))
    check_jump(result, w, prev_step * grad / (prev_grad - grad))


@pytest.mark.task("quickprop_step")
def test_quickprop_rests_nowhere_else_whatever_the_slopes_differ_by(
    student: Student, rng: Generator
) -> None:
    w, _, prev_step = three_arrays(rng, (7,))
    grad = np.array([3.0, -2.0, 0.5, 1.0, -1.0, 4.0, -3.0])
    bend = np.array([1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 5.0])
    result = student.quickprop_step(*copies(w, grad, grad + bend, prev_step))
    check_jump(result, w, prev_step * grad / bend)


@pytest.mark.task("quickprop_step")
def test_quickprop_makes_no_step_of_its_own_where_two_slopes_are_equal(
    student: Student, rng: Generator
) -> None:
    """What a plain division makes of them, with a tiny guard or without, costs nothing here."""
    w, grad, prev_grad, prev_step = slopes(rng, (6,))
    prev_grad[[0, 3]] = grad[[0, 3]]
    result = student.quickprop_step(*copies(w, grad, prev_grad, prev_step))
    step = check_tuple(result, 2, "the result")[1]
    if not (isinstance(step, np.ndarray) and step.shape == (6,)):
        check_close(step, np.zeros(6), "step, where two slopes are equal")
        return
    others = [1, 2, 4, 5]
    jump = prev_step[others] * grad[others] / (prev_grad - grad)[others]
    check_close(step[others], jump, "step, where the slopes of other components are equal")
    level = step[[0, 3]]
    rests = (level == 0) | ~np.isfinite(level) | (np.abs(level) > 1e6)
    check_that(bool(rests.all()), "step, where two slopes are equal: it is not 0")


@pytest.mark.task("quickprop_step")
def test_quickprop_leaps_where_the_slope_hardly_changed(student: Student, rng: Generator) -> None:
    """A guard against division by zero is honest as long as it is tiny."""
    w, grad, prev_step = three_arrays(rng, (5,))
    bend = np.array([0.01, -0.01, 0.02, -0.05, 0.1])
    result = student.quickprop_step(*copies(w, grad, grad + bend, prev_step))
    new_w, step = check_tuple(result, 2, "the result")
    leap = prev_step * grad / bend
    check_close(step, leap, "step, where two slopes are close", rtol=1e-4)
    check_close(new_w, w + leap, "w, where two slopes are close", rtol=1e-4, atol=1e-3)


@pytest.mark.task("quickprop_step")
def test_quickprop_steps_follow_one_another(student: Student, rng: Generator) -> None:
    slope = bent_slope(rng, (4,))
    before = rng.uniform(2.5, 3.0, size=4)
    step = rng.uniform(-0.5, -0.3, size=4)
    w = before + step
    for _ in range(3):
        result = student.quickprop_step(*copies(w, slope(w), slope(before), step))
        step = step * slope(w) / (slope(before) - slope(w))
        check_jump(result, w, step)
        before, w = w, w + step


@pytest.mark.task("quickprop_step")
def test_quickprop_in_float32_stays_in_float32(student: Student, rng: Generator) -> None:
    w, grad, prev_grad, prev_step = slopes(rng, (3, 2), dtype=np.float32)
    result = student.quickprop_step(*copies(w, grad, prev_grad, prev_step))
    check_jump(result, w, prev_step * grad / (prev_grad - grad))


@pytest.mark.task("quickprop_step")
def test_quickprop_leaves_its_arguments_alone(student: Student, rng: Generator) -> None:
    w, grad, prev_grad, prev_step = slopes(rng, (7,))
    before = copies(w, grad, prev_grad, prev_step)
    expected = prev_step * grad / (prev_grad - grad)
    result = student.quickprop_step(w, grad, prev_grad, prev_step)
    check_jump(result, before[0], expected)
    check_same_arguments(before, w=w, grad=grad, prev_grad=prev_grad, prev_step=prev_step)


# minimize


STATES = {"none": None, "zero": 0, "word": "up", "pair": (0.5, 2), "mapping": {"rate": 0.25}}


@by_source
def rolling(w: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A step of the heavy ball; the next depends on both values that it returns."""
    state = 0.5 * state - 0.25 * w
    return w + state, state


@by_source
def now_and_then(w: np.ndarray, state: int) -> tuple[np.ndarray, int]:
    """A step that counts its calls, moves at every third and rests in between."""
    state += 1
    return (w + state if state % 3 == 0 else w.copy()), state


def rolling_path(w: np.ndarray, velocity: np.ndarray, steps: int) -> np.ndarray:
    """What `minimize` is to return for `rolling`."""
    path = [w]
    for _ in range(steps):
        w, velocity = rolling(w, velocity)
        path.append(w)
    return np.stack(path)


@pytest.mark.task("minimize", weight=2)
@pytest.mark.parametrize(("shape", "steps"), [((4,), 2), ((2, 3), 6), ((1,), 9)])
def test_minimize_returns_the_start_and_w_after_each_step(
    student: Student, rng: Generator, shape: tuple[int, ...], steps: int
) -> None:
    w, _, velocity = three_arrays(rng, shape)
    path = student.minimize(rolling, *copies(w, velocity), steps)
    check_close(path, rolling_path(w, velocity, steps), "path")


@pytest.mark.task("minimize", weight=2)
def test_minimize_hands_each_step_what_the_one_before_returned(
    student: Student, rng: Generator
) -> None:
    w, _, velocity = three_arrays(rng, (3,))
    step = Recorder(rolling, w=(3,), state=(3,))
    student.minimize(step, *copies(w, velocity), 5)
    check_that(len(step.calls) >= 5, "there are fewer calls of step than updates")
    for call in step.calls[:5]:
        check_close(call["w"], w, "the w that a step is given")
        check_close(call["state"], velocity, "the state that a step is given")
        w, velocity = rolling(w, velocity)


@pytest.mark.task("minimize")
@pytest.mark.parametrize("steps", [1, 7])
def test_minimize_calls_step_once_an_update(student: Student, rng: Generator, steps: int) -> None:
    w, _, velocity = three_arrays(rng, (2, 2))
    step = Recorder(rolling, w=(2, 2), state=(2, 2))
    path = student.minimize(step, *copies(w, velocity), steps)
    check_close(path, rolling_path(w, velocity, steps), "path")
    check_that(len(step.calls) == steps, "step is to be called once an update")


@pytest.mark.task("minimize")
@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_minimize_passes_on_whatever_the_state_is(
    student: Student, rng: Generator, state: object
) -> None:
    w, _, _ = three_arrays(rng, (4,))
    step = Recorder(lambda w, state: (0.5 * w + 1.0, state), w=(4,), state=None)
    path = student.minimize(step, w.copy(), state, 4)
    shares = 0.5 ** np.arange(5)[:, np.newaxis]
    check_close(path, shares * w + 2.0 * (1.0 - shares), "path")
    same = all(type(call["state"]) is type(state) and call["state"] == state for call in step.calls)
    check_that(same, "a step is given another state than the one before returned")


@pytest.mark.task("minimize")
def test_minimize_without_steps_returns_the_start_and_one_step_adds_one(
    student: Student, rng: Generator
) -> None:
    w, _, velocity = three_arrays(rng, (3, 2))
    for steps in (0, 1):
        step = Recorder(rolling, w=(3, 2), state=(3, 2))
        path = student.minimize(step, *copies(w, velocity), steps)
        check_close(path, rolling_path(w, velocity, steps), f"path of {steps} steps")
        check_that(len(step.calls) == steps, "step is to be called once an update")


@pytest.mark.task("minimize")
def test_minimize_goes_on_after_steps_that_change_nothing(student: Student, rng: Generator) -> None:
    w, _, _ = three_arrays(rng, (3,))
    path = student.minimize(now_and_then, w.copy(), 0, 8)
    moved = np.array([0, 0, 0, 3, 3, 3, 9, 9, 9])
    check_close(path, w + moved[:, np.newaxis], "path of steps that rest at times")


@pytest.mark.task("minimize")
def test_minimize_in_float32_stays_in_float32(student: Student, rng: Generator) -> None:
    w, _, velocity = three_arrays(rng, (5,), dtype=np.float32)
    path = student.minimize(rolling, *copies(w, velocity), 4)
    rtol, atol = tolerance(w)
    check_close(path, rolling_path(w, velocity, 4), "path", rtol=rtol, atol=atol)


@pytest.mark.task("minimize")
def test_minimize_leaves_its_arguments_alone(student: Student, rng: Generator) -> None:
    w, _, velocity = three_arrays(rng, (6,))
    before = copies(w, velocity)
    path = student.minimize(rolling, w, velocity, 5)
    check_close(path, rolling_path(before[0], before[1], 5), "path")
    check_same_arguments(before, w=w, state=velocity)
