"""Hidden tests of lab 00: every function by itself, on inputs that keep off the kinks.

Long, since one file a lab is the contract; its sections follow the tasks.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import DTypeLike

from autograder.arguments import (
    Layers,
    Shape,
    check_same_arguments,
    check_same_layers,
    check_single,
    copied_layers,
    copies,
    in_float32,
    layers_in_float32,
    mixed,
)
from autograder.grading import Student
from autograder.probes import Recorder
from dlcourse.testing import (
    CheckError,
    check_close,
    check_integers,
    check_that,
    check_tuple,
    check_unchanged,
    describe,
)

Generator = np.random.Generator


def mixed_pair(rng: Generator, shape: Shape) -> tuple[np.ndarray, np.ndarray]:
    """A dy and a z, in which every sign of the one meets every sign of the other."""
    order = rng.permutation(math.prod(shape)).reshape(shape)
    dy_signs, z_signs = 2 * (order % 2) - 1, 2 * (order // 2 % 2) - 1
    dy, z = rng.uniform(0.2, 2.5, size=(2, *shape))
    return dy_signs * dy, z_signs * z


def each(function: Callable[..., float], *arrays: np.ndarray) -> np.ndarray:
    """`function` of each entry alone, or of the entries of several arrays at the same place."""
    values = [
        function(*map(float, entries)) for entries in zip(*map(np.ravel, arrays), strict=True)
    ]
    return np.array(values, dtype=arrays[0].dtype).reshape(arrays[0].shape)


def differences(function: Callable[[np.ndarray], np.ndarray], z: np.ndarray) -> np.ndarray:
    """The derivative of a function of each entry alone, by central differences."""
    slopes: np.ndarray = (function(z + 1e-6) - function(z - 1e-6)) / 2e-6
    return slopes


# linear_forward


@pytest.mark.task("linear_forward", weight=2)
@pytest.mark.parametrize(("n", "d", "m"), [(4, 3, 2), (1, 5, 3), (3, 3, 3), (6, 1, 4)])
def test_every_unit_weighs_all_inputs_of_a_row_and_adds_its_bias(
    student: Student, rng: Generator, n: int, d: int, m: int
) -> None:
    x, W, b = rng.normal(size=(n, d)), rng.normal(size=(d, m)), mixed(rng, (m,))
    expected = np.array(
        [[sum(x[i, j] * W[j, k] for j in range(d)) + b[k] for k in range(m)] for i in range(n)]
    )
    check_close(student.linear_forward(*copies(x, W, b)), expected, "z")


@pytest.mark.task("linear_forward")
def test_rows_of_zeros_give_the_biases(student: Student, rng: Generator) -> None:
    W, b = rng.normal(size=(3, 4)), mixed(rng, (4,))
    z = student.linear_forward(np.zeros((4, 3)), *copies(W, b))
    check_close(z, np.tile(b, (4, 1)), "z where x is zero")


@pytest.mark.task("linear_forward")
def test_linear_layer_in_float32_stays_there_and_leaves_its_arguments_alone(
    student: Student, rng: Generator
) -> None:
    x, W, b = in_float32(rng.normal(size=(5, 3)), rng.normal(size=(3, 2)), mixed(rng, (2,)))
    before = copies(x, W, b)
    expected = np.einsum("nd,dm->nm", x, W) + b
    check_single(student.linear_forward(x, W, b), expected, "z")
    check_same_arguments(before, x=x, W=W, b=b)


# linear_backward


def linear_gradients(
    student: Student, dz: np.ndarray, x: np.ndarray, W: np.ndarray
) -> tuple[object, ...]:
    """(dx, dW, db) as the student has them."""
    return check_tuple(student.linear_backward(*copies(dz, x, W)), 3, "the result")


SHAPES_OF_A_LAYER = pytest.mark.parametrize(("n", "d", "m"), [(5, 3, 2), (3, 3, 3), (1, 2, 4)])


@pytest.mark.task("linear_backward")
@SHAPES_OF_A_LAYER
def test_inputs_get_back_what_each_unit_passes_through_its_weights(
    student: Student, rng: Generator, n: int, d: int, m: int
) -> None:
    dz, x, W = rng.normal(size=(n, m)), rng.normal(size=(n, d)), rng.normal(size=(d, m))
    dx, _, _ = linear_gradients(student, dz, x, W)
    check_close(dx, np.einsum("nm,dm->nd", dz, W), "dx")


@pytest.mark.task("linear_backward")
@SHAPES_OF_A_LAYER
def test_weights_collect_their_derivative_from_every_row(
    student: Student, rng: Generator, n: int, d: int, m: int
) -> None:
    dz, x, W = rng.normal(size=(n, m)), rng.normal(size=(n, d)), rng.normal(size=(d, m))
    _, dW, _ = linear_gradients(student, dz, x, W)
    check_close(dW, np.einsum("nd,nm->dm", x, dz), "dW")


@pytest.mark.task("linear_backward")
@SHAPES_OF_A_LAYER
def test_biases_collect_their_derivative_from_every_row(
    student: Student, rng: Generator, n: int, d: int, m: int
) -> None:
    dz, x, W = mixed(rng, (n, m)), rng.normal(size=(n, d)), rng.normal(size=(d, m))
    _, _, db = linear_gradients(student, dz, x, W)
    check_close(db, np.array([math.fsum(column) for column in dz.T]), "db")


@pytest.mark.task("linear_backward")
def test_linear_gradients_in_float32_stay_there_and_leave_the_arguments_alone(
    student: Student, rng: Generator
) -> None:
    dz, x, W = in_float32(*(rng.normal(size=shape) for shape in [(5, 2), (5, 3), (3, 2)]))
    before = copies(dz, x, W)
    dx, dW, db = check_tuple(student.linear_backward(dz, x, W), 3, "the result")
    check_single(dx, np.einsum("nm,dm->nd", before[0], before[2]), "dx")
    check_single(dW, np.einsum("nd,nm->dm", before[1], before[0]), "dW")
    check_single(db, np.einsum("nm->m", before[0]), "db")
    check_same_arguments(before, dz=dz, x=x, W=W)


# sigmoid


def logistic(z: float) -> float:
    """The sigmoid of one number that is not extreme."""
    return 1.0 / (1.0 + math.exp(-z))


@pytest.mark.task("sigmoid", weight=2)
@pytest.mark.parametrize("shape", [(9,), (3, 4), (2, 3, 2)])
def test_every_entry_is_squashed_by_itself(student: Student, rng: Generator, shape: Shape) -> None:
    z = mixed(rng, shape, high=5.0)
    check_close(student.sigmoid(z.copy()), each(logistic, z), "y")


@pytest.mark.task("sigmoid", weight=2)
@pytest.mark.parametrize(("dtype", "large"), [(np.float64, 1e4), (np.float32, 1e4)])
def test_sigmoid_of_huge_numbers_is_zero_or_one(
    student: Student, rng: Generator, dtype: DTypeLike, large: float
) -> None:
    z = rng.permutation(np.array([-large, -800.0, -100.0, -1.5, 0.5, 100.0, 800.0, large]))
    expected = each(lambda v: logistic(v) if abs(v) < 99 else float(v > 0), z).astype(dtype)
    y = student.sigmoid(z.astype(dtype))
    check_close(y, expected, "y of huge z", rtol=1e-5, atol=1e-6)


@pytest.mark.task("sigmoid")
def test_sigmoid_is_a_half_at_zero_and_symmetric_about_it(student: Student, rng: Generator) -> None:
    z = np.concatenate([[0.0], rng.uniform(0.5, 6.0, size=5)])
    right = each(logistic, z)
    check_close(student.sigmoid(z.copy()), right, "y right of zero")
    check_close(student.sigmoid(-z), 1.0 - right, "y left of zero")


@pytest.mark.task("sigmoid")
def test_sigmoid_in_float32_stays_there_and_leaves_z_alone(
    student: Student, rng: Generator
) -> None:
    (z,) = in_float32(mixed(rng, (4, 3)))
    before = z.copy()
    check_single(student.sigmoid(z), each(logistic, before), "y")
    check_same_arguments([before], z=z)


# sigmoid_backward


def logistic_derivative(dy: float, y: float) -> float:
    """What `sigmoid_backward` is to give for one entry."""
    return dy * (y - y * y)


@pytest.mark.task("sigmoid_backward", weight=2)
@pytest.mark.parametrize("shape", [(9,), (3, 4), (2, 3, 2)])
def test_derivative_of_the_sigmoid_comes_from_its_output(
    student: Student, rng: Generator, shape: Shape
) -> None:
    dy, y = mixed(rng, shape), rng.uniform(0.03, 0.97, size=shape)
    check_close(student.sigmoid_backward(*copies(dy, y)), each(logistic_derivative, dy, y), "dz")


@pytest.mark.task("sigmoid_backward")
def test_derivative_of_the_sigmoid_agrees_with_its_slope(student: Student, rng: Generator) -> None:
    dy, z = mixed(rng, (8,)), mixed(rng, (8,))
    expected = dy * differences(lambda z: 1.0 / (1.0 + np.exp(-z)), z)
    dz = student.sigmoid_backward(dy.copy(), each(logistic, z))
    check_close(dz, expected, "dz", rtol=1e-5, atol=1e-7)


@pytest.mark.task("sigmoid_backward")
def test_sigmoid_passes_most_back_in_its_middle_and_nothing_at_its_ends(
    student: Student, rng: Generator
) -> None:
    dy = mixed(rng, (6,))
    y = np.array([0.0, 0.5, 1.0, 0.5, 0.0, 1.0])
    expected = np.where(y == 0.5, dy / 4, 0.0)
    check_close(student.sigmoid_backward(*copies(dy, y)), expected, "dz in the middle and ends")


@pytest.mark.task("sigmoid_backward")
def test_sigmoids_derivative_in_float32_stays_there_and_leaves_its_arguments_alone(
    student: Student, rng: Generator
) -> None:
    dy, y = in_float32(mixed(rng, (4, 3)), rng.uniform(0.03, 0.97, size=(4, 3)))
    before = copies(dy, y)
    check_single(student.sigmoid_backward(dy, y), each(logistic_derivative, *before), "dz")
    check_same_arguments(before, dy=dy, y=y)


# tanh_backward


def tanh_derivative(dy: float, y: float) -> float:
    """What `tanh_backward` is to give for one entry."""
    return dy * (1.0 - y) * (1.0 + y)


@pytest.mark.task("tanh_backward", weight=2)
@pytest.mark.parametrize("shape", [(9,), (3, 4), (2, 3, 2)])
def test_derivative_of_tanh_comes_from_its_output(
    student: Student, rng: Generator, shape: Shape
) -> None:
    dy, z = mixed_pair(rng, shape)
    y = np.tanh(z)
    check_close(student.tanh_backward(*copies(dy, y)), each(tanh_derivative, dy, y), "dz")


@pytest.mark.task("tanh_backward")
def test_derivative_of_tanh_agrees_with_its_slope(student: Student, rng: Generator) -> None:
    dy, z = mixed_pair(rng, (8,))
    dz = student.tanh_backward(dy.copy(), np.tanh(z))
    check_close(dz, dy * differences(np.tanh, z), "dz", rtol=1e-5, atol=1e-7)


@pytest.mark.task("tanh_backward")
def test_tanh_passes_all_back_in_its_middle_and_nothing_at_its_ends(
    student: Student, rng: Generator
) -> None:
    dy = mixed(rng, (6,))
    y = np.array([-1.0, 0.0, 1.0, 0.0, -1.0, 1.0])
    expected = np.where(y == 0.0, dy, 0.0)
    check_close(student.tanh_backward(*copies(dy, y)), expected, "dz in the middle and ends")


@pytest.mark.task("tanh_backward")
def test_tanhs_derivative_in_float32_stays_there_and_leaves_its_arguments_alone(
    student: Student, rng: Generator
) -> None:
    dy, y = in_float32(mixed(rng, (4, 3)), np.tanh(mixed(rng, (4, 3))))
    before = copies(dy, y)
    check_single(student.tanh_backward(dy, y), each(tanh_derivative, *before), "dz")
    check_same_arguments(before, dy=dy, y=y)


# relu


@pytest.mark.task("relu", weight=2)
@pytest.mark.parametrize("shape", [(9,), (3, 4), (2, 3, 2)])
def test_positive_numbers_pass_and_negative_ones_become_zero(
    student: Student, rng: Generator, shape: Shape
) -> None:
    z = mixed(rng, shape)
    check_close(student.relu(z.copy()), each(lambda v: v if v > 0 else 0.0, z), "y")


@pytest.mark.task("relu")
def test_relu_has_no_ceiling_and_no_threshold_but_zero(student: Student, rng: Generator) -> None:
    z = rng.permutation(np.array([-1e4, -7.0, -1e-4, 0.0, 1e-4, 7.0, 300.0, 1e4]))
    check_close(student.relu(z.copy()), each(lambda v: v if v > 0 else 0.0, z), "y of any size")


@pytest.mark.task("relu")
def test_relu_in_float32_stays_there_and_leaves_z_alone(student: Student, rng: Generator) -> None:
    (z,) = in_float32(mixed(rng, (4, 3)))
    before = z.copy()
    check_single(student.relu(z), each(lambda v: v if v > 0 else 0.0, before), "y")
    check_same_arguments([before], z=z)


# relu_backward


def gate(dy: float, z: float) -> float:
    """What `relu_backward` is to give for one entry."""
    return dy if z > 0 else 0.0


@pytest.mark.task("relu_backward", weight=2)
@pytest.mark.parametrize("shape", [(9,), (3, 4), (2, 3, 2)])
def test_derivative_passes_where_the_unit_is_on(
    student: Student, rng: Generator, shape: Shape
) -> None:
    dy, z = mixed_pair(rng, shape)
    check_close(student.relu_backward(*copies(dy, z)), each(gate, dy, z), "dz")


@pytest.mark.task("relu_backward")
def test_derivative_passes_whole_however_small_or_large_z_is(
    student: Student, rng: Generator
) -> None:
    z = np.array([1e-4, -1e-4, 1e4, -1e4, 0.7, -0.7, 30.0, -30.0])
    dy = mixed(rng, (8,))
    check_close(student.relu_backward(*copies(dy, z)), each(gate, dy, z), "dz at any size of z")


@pytest.mark.task("relu_backward")
def test_row_that_is_off_blocks_all_and_row_that_is_on_none(
    student: Student, rng: Generator
) -> None:
    dy = mixed(rng, (4, 3))
    z = rng.uniform(0.3, 2.0, size=(4, 3)) * np.array([[1.0], [-1.0], [1.0], [-1.0]])
    check_close(student.relu_backward(*copies(dy, z)), each(gate, dy, z), "dz, row by row")


@pytest.mark.task("relu_backward")
def test_relus_derivative_in_float32_stays_there_and_leaves_its_arguments_alone(
    student: Student, rng: Generator
) -> None:
    dy, z = in_float32(*mixed_pair(rng, (4, 3)))
    before = copies(dy, z)
    check_single(student.relu_backward(dy, z), each(gate, *before), "dz")
    check_same_arguments(before, dy=dy, z=z)


# leaky_relu


def leaky(z: float, slope: float) -> float:
    """What `leaky_relu` is to give for one entry."""
    return z if z > 0 else slope * z


@pytest.mark.task("leaky_relu")
@pytest.mark.parametrize("shape", [(9,), (3, 4)])
def test_default_leak_is_a_hundredth(student: Student, rng: Generator, shape: Shape) -> None:
    z = mixed(rng, shape)
    expected = each(lambda v: leaky(v, 0.01), z)
    check_close(student.leaky_relu(z.copy()), expected, "y with the default slope")


@pytest.mark.task("leaky_relu")
@pytest.mark.parametrize("slope", [0.2, 1.7, -0.3])
def test_negative_numbers_are_multiplied_by_any_slope(
    student: Student, rng: Generator, slope: float
) -> None:
    z = mixed(rng, (3, 4))
    expected = each(lambda v: leaky(v, slope), z)
    check_close(student.leaky_relu(z.copy(), slope), expected, f"y with a slope of {slope}")


@pytest.mark.task("leaky_relu")
def test_leak_is_neither_bent_nor_limited_far_out(student: Student, rng: Generator) -> None:
    z = rng.permutation(np.array([-1e4, -50.0, -1e-3, 0.0, 1e-3, 50.0, 1e4]))
    expected = each(lambda v: leaky(v, 0.1), z)
    check_close(student.leaky_relu(z.copy(), 0.1), expected, "y of any size")


@pytest.mark.task("leaky_relu")
def test_leaky_relu_in_float32_stays_there_and_leaves_z_alone(
    student: Student, rng: Generator
) -> None:
    (z,) = in_float32(mixed(rng, (4, 3)))
    before = z.copy()
    check_single(student.leaky_relu(z, 0.2), each(lambda v: leaky(v, 0.2), before), "y")
    check_same_arguments([before], z=z)


# leaky_relu_backward


def leaky_gate(dy: float, z: float, slope: float) -> float:
    """What `leaky_relu_backward` is to give for one entry."""
    return dy if z > 0 else slope * dy


@pytest.mark.task("leaky_relu_backward")
@pytest.mark.parametrize("shape", [(9,), (3, 4)])
def test_default_leak_lets_a_hundredth_of_the_derivative_through(
    student: Student, rng: Generator, shape: Shape
) -> None:
    dy, z = mixed_pair(rng, shape)
    expected = each(lambda dy, z: leaky_gate(dy, z, 0.01), dy, z)
    dz = student.leaky_relu_backward(*copies(dy, z))
    check_close(dz, expected, "dz with the default slope")


@pytest.mark.task("leaky_relu_backward")
@pytest.mark.parametrize("slope", [0.2, 1.7, -0.3])
def test_derivative_of_a_leaky_unit_is_the_slope_left_of_zero(
    student: Student, rng: Generator, slope: float
) -> None:
    dy, z = mixed_pair(rng, (3, 4))
    expected = each(lambda dy, z: leaky_gate(dy, z, slope), dy, z)
    dz = student.leaky_relu_backward(*copies(dy, z), slope)
    check_close(dz, expected, f"dz with a slope of {slope}")


@pytest.mark.task("leaky_relu_backward")
def test_derivative_of_a_leaky_unit_does_not_depend_on_the_size_of_z(
    student: Student, rng: Generator
) -> None:
    z = np.array([1e-4, -1e-4, 1e4, -1e4, 0.7, -0.7, 30.0, -30.0])
    dy = mixed(rng, (8,))
    expected = each(lambda dy, z: leaky_gate(dy, z, 0.1), dy, z)
    dz = student.leaky_relu_backward(*copies(dy, z), 0.1)
    check_close(dz, expected, "dz at any size of z")


@pytest.mark.task("leaky_relu_backward")
def test_leaky_derivative_in_float32_stays_there_and_leaves_its_arguments_alone(
    student: Student, rng: Generator
) -> None:
    dy, z = in_float32(*mixed_pair(rng, (4, 3)))
    before = copies(dy, z)
    expected = each(lambda dy, z: leaky_gate(dy, z, 0.2), *before)
    check_single(student.leaky_relu_backward(dy, z, 0.2), expected, "dz")
    check_same_arguments(before, dy=dy, z=z)


# prelu_backward


def slope_terms(dy: np.ndarray, z: np.ndarray) -> np.ndarray:
    """What each entry adds to the derivative by its slope."""
    return each(lambda dy, z: 0.0 if z > 0 else dy * z, dy, z)


@pytest.mark.task("prelu_backward")
@pytest.mark.parametrize("slope", [0.25, 1.6])
def test_learned_slope_lets_its_share_of_the_derivative_through(
    student: Student, rng: Generator, slope: float
) -> None:
    dy, z = mixed_pair(rng, (4, 3))
    dz, _ = check_tuple(student.prelu_backward(*copies(dy, z), slope), 2, "the result")
    check_close(dz, each(lambda dy, z: leaky_gate(dy, z, slope), dy, z), "dz of one slope for all")


@pytest.mark.task("prelu_backward")
@pytest.mark.parametrize("shape", [(9,), (4, 3), (2, 3, 2)])
def test_one_slope_collects_its_derivative_from_all_units(
    student: Student, rng: Generator, shape: Shape
) -> None:
    dy, z = mixed_pair(rng, shape)
    dy = np.where(dy > 0, dy, dy / 3)
    _, dslope = check_tuple(student.prelu_backward(*copies(dy, z), 0.25), 2, "the result")
    expected = float(slope_terms(dy, z).sum())
    check_close(dslope, expected, "dslope of one slope for all")


UNITS = pytest.mark.parametrize(("n", "m"), [(6, 4), (3, 3), (8, 1)])


@pytest.mark.task("prelu_backward")
@UNITS
def test_slope_of_each_unit_lets_its_share_through(
    student: Student, rng: Generator, n: int, m: int
) -> None:
    dy, z = mixed_pair(rng, (n, m))
    slope = rng.uniform(0.1, 0.9, size=m)
    dz, _ = check_tuple(student.prelu_backward(*copies(dy, z, slope)), 2, "the result")
    check_close(dz, each(leaky_gate, dy, z, np.tile(slope, (n, 1))), "dz of a slope a unit")


@pytest.mark.task("prelu_backward")
@UNITS
def test_slope_of_each_unit_collects_from_its_own_column(
    student: Student, rng: Generator, n: int, m: int
) -> None:
    dy, z = mixed_pair(rng, (n, m))
    slope = rng.uniform(0.1, 0.9, size=m)
    _, dslope = check_tuple(student.prelu_backward(*copies(dy, z, slope)), 2, "the result")
    columns = slope_terms(dy, z).T
    check_close(dslope, np.array([math.fsum(column) for column in columns]), "dslope")


@pytest.mark.task("prelu_backward")
def test_prelus_derivatives_in_float32_stay_there_and_leave_the_arguments_alone(
    student: Student, rng: Generator
) -> None:
    dy, z, slope = in_float32(*mixed_pair(rng, (6, 4)), rng.uniform(0.1, 0.9, size=4))
    before = copies(dy, z, slope)
    dz, dslope = check_tuple(student.prelu_backward(dy, z, slope), 2, "the result")
    tiled = np.tile(before[2], (6, 1))
    check_single(dz, each(leaky_gate, before[0], before[1], tiled), "dz")
    check_single(dslope, slope_terms(before[0], before[1]).sum(axis=0), "dslope")
    check_same_arguments(before, dy=dy, z=z, slope=slope)


# elu


def exponential_unit(z: float, alpha: float) -> float:
    """What `elu` is to give for one entry."""
    return z if z > 0 else alpha * math.expm1(z)


@pytest.mark.task("elu")
@pytest.mark.parametrize("shape", [(9,), (3, 4)])
def test_elu_bends_towards_minus_one_by_default(
    student: Student, rng: Generator, shape: Shape
) -> None:
    z = mixed(rng, shape)
    expected = each(lambda v: exponential_unit(v, 1.0), z)
    check_close(student.elu(z.copy()), expected, "y with the default alpha")


@pytest.mark.task("elu")
@pytest.mark.parametrize("alpha", [0.4, 2.5])
def test_elu_bends_towards_minus_alpha(student: Student, rng: Generator, alpha: float) -> None:
    z = mixed(rng, (3, 4))
    expected = each(lambda v: exponential_unit(v, alpha), z)
    check_close(student.elu(z.copy(), alpha), expected, f"y with an alpha of {alpha}")


@pytest.mark.task("elu")
def test_elu_is_finite_and_right_far_out(student: Student, rng: Generator) -> None:
    z = rng.permutation(np.array([-1e4, -40.0, -1e-3, 0.0, 1e-3, 40.0, 800.0, 1e4]))
    expected = each(lambda v: exponential_unit(v, 1.5), z)
    check_close(student.elu(z.copy(), 1.5), expected, "y of any size")


@pytest.mark.task("elu")
def test_elu_in_float32_stays_there_and_leaves_z_alone(student: Student, rng: Generator) -> None:
    (z,) = in_float32(mixed(rng, (4, 3)))
    before = z.copy()
    expected = each(lambda v: exponential_unit(v, 0.7), before)
    check_single(student.elu(z, 0.7), expected, "y")
    check_same_arguments([before], z=z)


# elu_backward


def exponential_gate(dy: float, z: float, alpha: float) -> float:
    """What `elu_backward` is to give for one entry."""
    return dy if z > 0 else dy * alpha * math.exp(z)


@pytest.mark.task("elu_backward")
@pytest.mark.parametrize("shape", [(9,), (3, 4)])
def test_derivative_of_elu_with_the_default_alpha(
    student: Student, rng: Generator, shape: Shape
) -> None:
    dy, z = mixed_pair(rng, shape)
    expected = each(lambda dy, z: exponential_gate(dy, z, 1.0), dy, z)
    check_close(student.elu_backward(*copies(dy, z)), expected, "dz with the default alpha")


@pytest.mark.task("elu_backward")
@pytest.mark.parametrize("alpha", [0.4, 2.5])
def test_derivative_of_elu_with_another_alpha(
    student: Student, rng: Generator, alpha: float
) -> None:
    dy, z = mixed_pair(rng, (3, 4))
    expected = each(lambda dy, z: exponential_gate(dy, z, alpha), dy, z)
    dz = student.elu_backward(*copies(dy, z), alpha)
    check_close(dz, expected, f"dz with an alpha of {alpha}")


@pytest.mark.task("elu_backward")
def test_derivative_of_elu_is_finite_far_out(student: Student, rng: Generator) -> None:
    z = np.array([-1e4, 1e4, -40.0, 40.0, -1e-3, 1e-3, -800.0, 800.0])
    dy = mixed(rng, (8,))
    expected = each(lambda dy, z: exponential_gate(dy, z, 1.5), dy, z)
    check_close(student.elu_backward(*copies(dy, z), 1.5), expected, "dz at any size of z")


@pytest.mark.task("elu_backward")
def test_elus_derivative_in_float32_stays_there_and_leaves_its_arguments_alone(
    student: Student, rng: Generator
) -> None:
    dy, z = in_float32(*mixed_pair(rng, (4, 3)))
    before = copies(dy, z)
    expected = each(lambda dy, z: exponential_gate(dy, z, 0.7), *before)
    check_single(student.elu_backward(dy, z, 0.7), expected, "dz")
    check_same_arguments(before, dy=dy, z=z)


# maxout


def pieces_with_winners(rng: Generator, shape: Shape) -> tuple[np.ndarray, np.ndarray]:
    """A z (N, M, K) and its winners (N, M), among which every piece is; some units are negative."""
    n, m, k = shape
    winner = rng.permutation(np.arange(n * m) % k).reshape(n, m)
    z = rng.normal(size=shape) - rng.permutation(np.arange(n * m) % 2 * 4.0).reshape(n, m, 1)
    best = z.max(axis=2) + rng.uniform(0.1, 1.0, size=(n, m))
    z[np.arange(n)[:, np.newaxis], np.arange(m), winner] = best
    return z, winner


PIECES = pytest.mark.parametrize("shape", [(4, 3, 2), (3, 3, 3), (2, 4, 5)])


@pytest.mark.task("maxout")
@PIECES
def test_unit_puts_out_its_largest_piece(student: Student, rng: Generator, shape: Shape) -> None:
    z, _ = pieces_with_winners(rng, shape)
    y, _ = check_tuple(student.maxout(z.copy()), 2, "the result")
    check_close(y, np.array([[max(unit.tolist()) for unit in row] for row in z]), "y")


@pytest.mark.task("maxout")
@PIECES
def test_winner_is_the_index_of_the_largest_piece(
    student: Student, rng: Generator, shape: Shape
) -> None:
    z, expected = pieces_with_winners(rng, shape)
    _, winner = check_tuple(student.maxout(z.copy()), 2, "the result")
    check_integers(winner, expected, "winner")


@pytest.mark.task("maxout")
def test_unit_of_one_piece_is_linear(student: Student, rng: Generator) -> None:
    z = mixed(rng, (4, 3, 1))
    y, winner = check_tuple(student.maxout(z.copy()), 2, "the result")
    check_close(y, z[:, :, 0], "y of one piece")
    check_integers(winner, np.zeros((4, 3), dtype=np.int64), "winner of one piece")


@pytest.mark.task("maxout")
def test_maxout_in_float32_stays_there_and_leaves_z_alone(student: Student, rng: Generator) -> None:
    z, expected = pieces_with_winners(rng, (4, 3, 3))
    (z,) = in_float32(z)
    before = z.copy()
    y, winner = check_tuple(student.maxout(z), 2, "the result")
    check_single(y, np.max(before, axis=2), "y")
    check_integers(winner, expected, "winner")
    check_same_arguments([before], z=z)


# maxout_backward


def routed(dy: np.ndarray, winner: np.ndarray, pieces: int) -> np.ndarray:
    """What `maxout_backward` is to return."""
    dz = np.zeros((*dy.shape, pieces), dtype=dy.dtype)
    for n, m in np.ndindex(*dy.shape):
        dz[n, m, winner[n, m]] = dy[n, m]
    return dz


@pytest.mark.task("maxout_backward", weight=2)
@PIECES
def test_derivative_goes_to_the_winner_alone(
    student: Student, rng: Generator, shape: Shape
) -> None:
    _, winner = pieces_with_winners(rng, shape)
    dy = mixed(rng, winner.shape)
    dz = student.maxout_backward(*copies(dy, winner), shape[2])
    check_close(dz, routed(dy, winner, shape[2]), "dz")


@pytest.mark.task("maxout_backward")
@pytest.mark.parametrize("pieces", [4, 6])
def test_pieces_that_never_win_get_zeros(student: Student, rng: Generator, pieces: int) -> None:
    dy, winner = mixed(rng, (4, 2)), rng.permutation(np.arange(8) % 3).reshape(4, 2)
    dz = student.maxout_backward(*copies(dy, winner), pieces)
    check_close(dz, routed(dy, winner, pieces), "dz with pieces that never win")


@pytest.mark.task("maxout_backward")
def test_one_piece_takes_the_whole_derivative(student: Student, rng: Generator) -> None:
    dy = mixed(rng, (4, 3))
    dz = student.maxout_backward(dy.copy(), np.zeros((4, 3), dtype=np.int64), 1)
    check_close(dz, dy.reshape(4, 3, 1), "dz of one piece")


@pytest.mark.task("maxout_backward")
def test_maxouts_derivative_in_float32_stays_there_and_leaves_its_arguments_alone(
    student: Student, rng: Generator
) -> None:
    _, winner = pieces_with_winners(rng, (4, 3, 3))
    (dy,) = in_float32(mixed(rng, (4, 3)))
    before = copies(dy, winner)
    check_single(student.maxout_backward(dy, winner, 3), routed(before[0], before[1], 3), "dz")
    check_same_arguments(before, dy=dy, winner=winner)


# softmax


def exponentials(row: np.ndarray) -> np.ndarray:
    """The softmax of one vector, in float64, its largest entry subtracted."""
    largest = max(row.tolist())
    parts = [math.exp(value - largest) for value in row.tolist()]
    return np.array(parts) / math.fsum(parts)


def row_softmax(z: np.ndarray) -> np.ndarray:
    """The softmax along the last axis, dtype kept."""
    rows = [exponentials(row) for row in z.reshape(-1, z.shape[-1])]
    return np.array(rows, dtype=z.dtype).reshape(z.shape)


@pytest.mark.task("softmax", weight=2)
@pytest.mark.parametrize("shape", [(4, 3), (3, 3), (1, 6)])
def test_every_row_becomes_its_own_probabilities(
    student: Student, rng: Generator, shape: Shape
) -> None:
    z = rng.normal(scale=2.0, size=shape)
    check_close(student.softmax(z.copy()), row_softmax(z), "y")


@pytest.mark.task("softmax")
@pytest.mark.parametrize("shape", [(5,), (2, 3, 4)])
def test_classes_are_along_the_last_axis_whatever_is_before_it(
    student: Student, rng: Generator, shape: Shape
) -> None:
    z = rng.normal(scale=2.0, size=shape)
    check_close(student.softmax(z.copy()), row_softmax(z), "y")


@pytest.mark.task("softmax", weight=2)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_softmax_of_huge_numbers_is_finite(
    student: Student, rng: Generator, dtype: DTypeLike
) -> None:
    """A part in 500 is allowed, since float32 near 1e4 knows a number to a thousandth only."""
    near = rng.integers(1, 4, size=3)
    z = np.stack(
        [[1e4, 1e4 - near[0], -1e4], [-1e4, -1e4 - near[1], -1e4 - near[2]], [0.0, -1e4, 1e4]]
    ).astype(dtype)
    check_close(student.softmax(z.copy()), row_softmax(z), "y of huge z", rtol=2e-3, atol=1e-6)


@pytest.mark.task("softmax")
def test_number_added_to_a_whole_row_changes_nothing(student: Student, rng: Generator) -> None:
    z = rng.normal(size=(4, 5))
    raised = z + np.array([[2000.0], [-3000.0], [5.0], [-900.0]])
    check_close(student.softmax(z.copy()), row_softmax(z), "y")
    check_close(student.softmax(raised), row_softmax(z), "y of raised rows", rtol=1e-6)


@pytest.mark.task("softmax")
def test_softmax_in_float32_stays_there_and_leaves_z_alone(
    student: Student, rng: Generator
) -> None:
    (z,) = in_float32(rng.normal(size=(4, 3)))
    before = z.copy()
    check_single(student.softmax(z), row_softmax(before), "y")
    check_same_arguments([before], z=z)


# softmax_backward


def through_jacobians(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """What `softmax_backward` is to return, by the Jacobian of every row."""
    k = y.shape[-1]
    rows = []
    for derivative, row in zip(dy.reshape(-1, k), y.reshape(-1, k), strict=True):
        jacobian = np.diag(row) - np.outer(row, row)
        rows.append(derivative @ jacobian)
    return np.array(rows, dtype=dy.dtype).reshape(dy.shape)


@pytest.mark.task("softmax_backward", weight=2)
@pytest.mark.parametrize("shape", [(4, 3), (3, 3), (1, 6), (2, 3, 4)])
def test_derivative_of_every_row_goes_through_its_whole_jacobian(
    student: Student, rng: Generator, shape: Shape
) -> None:
    dy, y = mixed(rng, shape), row_softmax(rng.normal(size=shape))
    check_close(student.softmax_backward(*copies(dy, y)), through_jacobians(dy, y), "dz")


@pytest.mark.task("softmax_backward")
def test_derivative_of_softmax_agrees_with_its_differences(
    student: Student, rng: Generator
) -> None:
    dy, z, h = mixed(rng, (2, 4)), rng.normal(size=(2, 4)), 1e-5
    expected = np.zeros((2, 4))
    for k, step in enumerate(h * np.eye(4)):
        change = row_softmax(z + step) - row_softmax(z - step)
        expected[:, k] = (dy * change).sum(axis=1) / (2 * h)
    dz = student.softmax_backward(dy.copy(), row_softmax(z))
    check_close(dz, expected, "dz", rtol=1e-5, atol=1e-7)


@pytest.mark.task("softmax_backward")
def test_same_derivative_for_all_classes_has_no_effect(student: Student, rng: Generator) -> None:
    y = row_softmax(rng.normal(size=(3, 4)))
    dy = mixed(rng, (3, 4))
    dy[[0, 2]] = [[1.7], [-0.6]]
    check_close(student.softmax_backward(*copies(dy, y)), through_jacobians(dy, y), "dz")


@pytest.mark.task("softmax_backward")
def test_many_classes_need_no_square_of_their_number(student: Student, rng: Generator) -> None:
    """The Jacobian of a row would take 3.2 GB, more than the sandbox has."""
    dy, y = mixed(rng, (2, 20_000)), row_softmax(rng.normal(size=(2, 20_000)))
    means = np.array([[math.fsum(row)] for row in dy * y])
    check_close(student.softmax_backward(*copies(dy, y)), (dy - means) * y, "dz of many classes")


@pytest.mark.task("softmax_backward")
def test_softmaxs_derivative_in_float32_stays_there_and_leaves_its_arguments_alone(
    student: Student, rng: Generator
) -> None:
    dy, y = in_float32(mixed(rng, (4, 3)), row_softmax(rng.normal(size=(4, 3))))
    before = copies(dy, y)
    check_single(student.softmax_backward(dy, y), through_jacobians(*before), "dz")
    check_same_arguments(before, dy=dy, y=y)


# softmax_cross_entropy


def surprises(logits: np.ndarray, labels: np.ndarray) -> list[float]:
    """−log of every label's probability, without forming the probability."""
    losses = []
    for row, label in zip(logits.astype(np.float64), labels.tolist(), strict=True):
        largest = row.max()
        losses.append(math.log(np.exp(row - largest).sum()) + float(largest - row[label]))
    return losses


def logit_gradient(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """What `softmax_cross_entropy` is to return besides the loss."""
    n, k = logits.shape
    gradient: np.ndarray = (row_softmax(logits) - np.eye(k, dtype=logits.dtype)[labels]) / n
    return gradient


def loss_and_gradient(
    student: Student, logits: np.ndarray, labels: np.ndarray
) -> tuple[object, object]:
    """(loss, dlogits) as the student has them."""
    result = student.softmax_cross_entropy(*copies(logits, labels))
    loss, dlogits = check_tuple(result, 2, "the result")
    return loss, dlogits


CLASSES = pytest.mark.parametrize(("n", "k"), [(6, 4), (3, 3), (1, 5), (7, 2)])


@pytest.mark.task("softmax_cross_entropy")
@CLASSES
def test_loss_is_the_mean_surprise_at_the_labels(
    student: Student, rng: Generator, n: int, k: int
) -> None:
    logits, labels = rng.normal(scale=2.0, size=(n, k)), rng.integers(k, size=n)
    loss, _ = loss_and_gradient(student, logits, labels)
    check_close(loss, math.fsum(surprises(logits, labels)) / n, "the loss")


@pytest.mark.task("softmax_cross_entropy")
@CLASSES
def test_logits_get_the_derivative_of_the_mean(
    student: Student, rng: Generator, n: int, k: int
) -> None:
    logits, labels = rng.normal(scale=2.0, size=(n, k)), rng.integers(k, size=n)
    _, dlogits = loss_and_gradient(student, logits, labels)
    check_close(dlogits, logit_gradient(logits, labels), "dlogits")


@pytest.mark.task("softmax_cross_entropy")
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_cross_entropy_of_huge_logits_is_finite_and_right(
    student: Student, rng: Generator, dtype: DTypeLike
) -> None:
    """A part in 500 is allowed, since float32 near 1e4 knows a number to a thousandth only."""
    logits = np.array([[1e4, -1e4, 0.0], [-1e4, 1e4, 1e4], [-1e4, -1e4, -1e4]], dtype=dtype)
    for labels in (np.array([0, 2, 1]), rng.permutation(3), np.array([1, 0, 2])):
        loss, dlogits = loss_and_gradient(student, logits, labels)
        expected = math.fsum(surprises(logits, labels)) / 3
        check_close(loss, expected, "the loss of huge logits", rtol=2e-3, atol=2e-3)
        gradient = logit_gradient(logits, labels)
        check_close(dlogits, gradient, "dlogits of huge logits", rtol=2e-3, atol=2e-3)


@pytest.mark.task("softmax_cross_entropy")
def test_equal_logits_cost_what_a_blind_guess_costs(student: Student, rng: Generator) -> None:
    logits = np.repeat(rng.normal(size=(5, 1)), 4, axis=1)
    labels = np.array([2, 2, 0, 2, 0])
    loss, dlogits = loss_and_gradient(student, logits, labels)
    check_close(loss, math.log(4), "the loss of equal logits")
    check_close(dlogits, logit_gradient(logits, labels), "dlogits of equal logits")


@pytest.mark.task("softmax_cross_entropy")
def test_cross_entropy_in_float32_stays_there_and_leaves_its_arguments_alone(
    student: Student, rng: Generator
) -> None:
    (logits,) = in_float32(rng.normal(size=(5, 3)))
    labels = np.array([0, 2, 2, 1, 0])
    before = copies(logits, labels)
    result = student.softmax_cross_entropy(logits, labels)
    loss, dlogits = check_tuple(result, 2, "the result")
    check_single(loss, math.fsum(surprises(*before)) / 5, "the loss")
    check_single(dlogits, logit_gradient(*before), "dlogits")
    check_same_arguments(before, logits=logits, labels=labels)


# numerical_gradient


def quadratic(rng: Generator, size: int) -> tuple[Callable[..., float], Callable[..., np.ndarray]]:
    """A function in which all entries meet, far from the same on both sides, and its gradient."""
    factor = rng.normal(size=(size, size))
    A, b = factor @ factor.T / size + 2.0 * np.eye(size), rng.normal(size=size)

    def value(x: np.ndarray) -> float:
        v = x.reshape(size)
        return float(v @ A @ v / 2 + b @ v)

    def gradient(x: np.ndarray) -> np.ndarray:
        slopes: np.ndarray = (A @ x.astype(np.float64).reshape(size) + b).reshape(x.shape)
        return slopes

    return value, gradient


@pytest.mark.task("numerical_gradient", weight=2)
@pytest.mark.parametrize("shape", [(5,), (2, 3), (2, 1, 3), (1,)])
def test_numerical_gradient_has_the_shape_of_x_and_is_exact_on_a_bowl(
    student: Student, rng: Generator, shape: Shape
) -> None:
    value, gradient = quadratic(rng, math.prod(shape))
    x = mixed(rng, shape)
    estimate = student.numerical_gradient(Recorder(value, x=shape), x.copy())
    check_close(estimate, gradient(x), "the gradient", rtol=1e-8, atol=1e-7)


@pytest.mark.task("numerical_gradient")
@pytest.mark.parametrize("h", [0.5, 0.01])
def test_differences_are_central_and_of_the_given_step(
    student: Student, rng: Generator, h: float
) -> None:
    c, x = rng.uniform(0.5, 2.0, size=4), mixed(rng, (4,))
    f = Recorder(lambda x: float(c @ x**3 + (x**2).sum()), x=(4,))
    expected = 3 * c * x**2 + c * h**2 + 2 * x
    estimate = student.numerical_gradient(f, x.copy(), h)
    check_close(estimate, expected, "the difference quotient of a large step")


@pytest.mark.task("numerical_gradient", weight=2)
def test_one_entry_moves_at_a_time_by_the_default_step_to_either_side(
    student: Student, rng: Generator
) -> None:
    value, gradient = quadratic(rng, 6)
    x = mixed(rng, (2, 3))
    f = Recorder(value, x=(2, 3))
    estimate = student.numerical_gradient(f, x.copy())
    moves = np.array([call["x"].reshape(6) for call in f.calls]).reshape(-1, 6) - x.reshape(6)
    moved = np.abs(moves) > 1e-8
    check_that(bool((moved.sum(axis=1) <= 1).all()), "several entries of x are moved at a time")
    check_that(bool(moved.any(axis=0).all()), "some entries of x are never moved")
    check_close(np.max(moves, axis=0), np.full(6, 1e-5), "the step up", rtol=0, atol=1e-9)
    check_close(np.min(moves, axis=0), np.full(6, -1e-5), "the step down", rtol=0, atol=1e-9)
    check_close(estimate, gradient(x), "the gradient", rtol=1e-8, atol=1e-7)


@pytest.mark.task("numerical_gradient")
@pytest.mark.parametrize("dtype", [np.float32, np.int64])
def test_differences_are_taken_in_float64_whatever_x_is(
    student: Student, rng: Generator, dtype: DTypeLike
) -> None:
    value, gradient = quadratic(rng, 6)
    x = (4 * mixed(rng, (6,))).astype(dtype)
    estimate = student.numerical_gradient(value, x.copy())
    check_close(estimate, gradient(x), "the gradient", rtol=1e-8, atol=1e-7)


@pytest.mark.task("numerical_gradient")
def test_numerical_gradient_leaves_x_as_it_was_to_the_last_bit(
    student: Student, rng: Generator
) -> None:
    value, gradient = quadratic(rng, 40)
    x = mixed(rng, (8, 5))
    before = x.copy()
    estimate = student.numerical_gradient(value, x)
    check_close(estimate, gradient(before), "the gradient", rtol=1e-7, atol=1e-6)
    check_same_arguments([before], x=x)


# mlp_forward


def perceptron(rng: Generator, widths: Sequence[int]) -> Layers:
    """Layers (W, b) of these widths, with biases that matter."""
    shapes = itertools.pairwise(widths)
    return [(rng.normal(size=(d, m)), 0.5 * mixed(rng, (m,))) for d, m in shapes]


def layer_inputs(x: np.ndarray, weights: Layers) -> list[np.ndarray]:
    """The input of every layer, then the logits."""
    passed = [x]
    for W, b in weights:
        z = np.einsum("nd,dm->nm", passed[-1], W) + b
        passed.append(z if len(passed) == len(weights) else np.where(z > 0, z, 0))
    return passed


def check_inputs(cache: object, expected: Sequence[np.ndarray], tolerance: float = 1e-7) -> None:
    """`cache` is a dict in which "inputs" lists these arrays; it may hold more besides."""
    if not isinstance(cache, dict) or "inputs" not in cache:
        raise CheckError("the cache is to be a dict with the entry inputs")
    inputs = cache["inputs"]
    if not isinstance(inputs, list | tuple):
        raise CheckError(f"cache, inputs: expected a list of arrays, got {describe(inputs)}")
    check_that(
        len(inputs) == len(expected),
        "cache, inputs: there is to be one array for every layer",
        f"got {len(inputs)}, expected {len(expected)}",
    )
    for k, (array, right) in enumerate(zip(inputs, expected, strict=True), start=1):
        check_close(array, right, f"cache, the input of layer {k}", rtol=tolerance)


WIDTHS = pytest.mark.parametrize(
    "widths", [(3, 4), (4, 6, 3), (3, 5, 7, 2), (4, 4, 4, 4, 4)], ids=str
)


@pytest.mark.task("mlp_forward", weight=2)
@WIDTHS
def test_logits_are_those_of_all_layers_one_after_the_other(
    student: Student, rng: Generator, widths: Sequence[int]
) -> None:
    x, weights = rng.normal(size=(8, widths[0])), perceptron(rng, widths)
    result = student.mlp_forward(x.copy(), copied_layers(weights))
    logits, _ = check_tuple(result, 2, "the result")
    check_close(logits, layer_inputs(x, weights)[-1], "logits")


@pytest.mark.task("mlp_forward")
@WIDTHS
def test_cache_has_the_input_of_every_layer(
    student: Student, rng: Generator, widths: Sequence[int]
) -> None:
    x, weights = rng.normal(size=(8, widths[0])), perceptron(rng, widths)
    result = student.mlp_forward(x.copy(), copied_layers(weights))
    _, cache = check_tuple(result, 2, "the result")
    check_inputs(cache, layer_inputs(x, weights)[:-1])


@pytest.mark.task("mlp_forward")
def test_perceptron_in_float32_stays_there_and_leaves_its_arguments_alone(
    student: Student, rng: Generator
) -> None:
    weights = layers_in_float32(perceptron(rng, (3, 5, 4, 2)))
    (x,) = in_float32(rng.normal(size=(6, 3)))
    before, weights_before = x.copy(), copied_layers(weights)
    passed = layer_inputs(before, weights_before)
    logits, cache = check_tuple(student.mlp_forward(x, list(weights)), 2, "the result")
    check_single(logits, passed[-1], "logits")
    check_inputs(cache, passed[:-1], tolerance=1e-4)
    check_same_arguments([before], x=x)
    check_same_layers(weights_before, weights)


# mlp_backward


def backpropagated(dlogits: np.ndarray, weights: Layers, inputs: Sequence[np.ndarray]) -> Layers:
    """What `mlp_backward` is to return."""
    gradients: Layers = []
    dz = dlogits
    for layer_input, (W, _) in zip(reversed(inputs), reversed(weights), strict=True):
        gradients.insert(0, (np.einsum("nd,nm->dm", layer_input, dz), np.einsum("nm->m", dz)))
        dz = np.einsum("nm,dm->nd", dz, W) * (layer_input > 0)
    return gradients


def cache_of(inputs: Sequence[np.ndarray]) -> dict[str, list[np.ndarray]]:
    """The cache of a forward pass, made anew for a student to spoil."""
    return {"inputs": copies(*inputs)}


def check_pairs(result: object, count: int) -> list[tuple[Any, Any]]:
    """`result` is a list of `count` pairs (dW, db)."""
    layers = check_tuple(result, count, "the list of gradients")
    pairs = (check_tuple(pair, 2, "the gradients of a layer") for pair in layers)
    return [(dW, db) for dW, db in pairs]


def check_gradients(
    result: object, expected: Layers, which: Sequence[int] = (0, 1), tolerance: float = 1e-7
) -> None:
    """Weights' (0) or biases' (1) gradients, or both, are those of `expected`."""
    for k, pair in enumerate(check_pairs(result, len(expected)), start=1):
        for i in which:
            name = f"{('dW', 'db')[i]} of layer {k}"
            check_close(pair[i], expected[k - 1][i], name, rtol=tolerance, atol=tolerance / 10)


@pytest.mark.task("mlp_backward", weight=2)
@WIDTHS
def test_weights_of_every_layer_get_their_gradient_in_the_layers_order(
    student: Student, rng: Generator, widths: Sequence[int]
) -> None:
    x, weights = rng.normal(size=(8, widths[0])), perceptron(rng, widths)
    *inputs, logits = layer_inputs(x, weights)
    dlogits = mixed(rng, logits.shape)
    result = student.mlp_backward(dlogits.copy(), copied_layers(weights), cache_of(inputs))
    check_gradients(result, backpropagated(dlogits, weights, inputs), which=[0])


@pytest.mark.task("mlp_backward")
@WIDTHS
def test_biases_of_every_layer_get_their_gradient_in_the_layers_order(
    student: Student, rng: Generator, widths: Sequence[int]
) -> None:
    x, weights = rng.normal(size=(8, widths[0])), perceptron(rng, widths)
    *inputs, logits = layer_inputs(x, weights)
    dlogits = rng.uniform(0.2, 1.0, size=logits.shape)
    result = student.mlp_backward(dlogits.copy(), copied_layers(weights), cache_of(inputs))
    check_gradients(result, backpropagated(dlogits, weights, inputs), which=[1])


@pytest.mark.task("mlp_backward")
def test_unit_that_is_off_for_every_row_learns_nothing(student: Student, rng: Generator) -> None:
    x, weights = rng.normal(size=(6, 3)), perceptron(rng, (3, 5, 4, 2))
    weights[0][1][[1, 3]] = -100.0
    weights[1][1][2] = -100.0
    *inputs, logits = layer_inputs(x, weights)
    dlogits = mixed(rng, logits.shape)
    result = student.mlp_backward(dlogits.copy(), copied_layers(weights), cache_of(inputs))
    check_gradients(result, backpropagated(dlogits, weights, inputs))


@pytest.mark.task("mlp_backward")
def test_backpropagation_in_float32_stays_there_and_leaves_its_arguments_alone(
    student: Student, rng: Generator
) -> None:
    weights = layers_in_float32(perceptron(rng, (3, 5, 4, 2)))
    x, dlogits = in_float32(rng.normal(size=(6, 3)), mixed(rng, (6, 2)))
    inputs = layer_inputs(x, weights)[:-1]
    before, inputs_before, weights_before = dlogits.copy(), copies(*inputs), copied_layers(weights)
    expected = backpropagated(before, weights_before, inputs_before)
    result = student.mlp_backward(dlogits, list(weights), {"inputs": list(inputs)})
    check_gradients(result, expected, tolerance=1e-4)
    check_same_arguments([before], dlogits=dlogits)
    check_same_layers(weights_before, weights)
    for old, new in zip(inputs_before, inputs, strict=True):
        check_unchanged(old, new, "cache")
