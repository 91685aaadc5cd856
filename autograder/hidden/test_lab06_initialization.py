"""Hidden tests of lab 06: how initial weights are distributed, and what they do to a signal.

A right solution is refused by chance, over all secrets, less than once in a million times a test;
each docstring says how that follows. A scale that is off by 3 % is refused in turn.

Long, since one file a lab is the contract; its sections follow the tasks.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from numpy.typing import DTypeLike

from autograder.arguments import copies
from autograder.grading import Student
from dlcourse.testing import (
    CheckError,
    check_array,
    check_close,
    check_that,
    check_tuple,
    check_unchanged,
)

Generator = np.random.Generator
Arrays = list[np.ndarray]

UNIFORM = {"xavier_uniform": 1.0, "sigmoid_uniform": 4.0}
NORMAL = {"lecun_normal": 1.0, "he_normal": 2.0}
INITIALIZERS = [*UNIFORM, *NORMAL, "orthogonal_init"]

LEVELS = np.arange(1, 256) / 256
NORMAL_QUANTILES = np.array([NormalDist().inv_cdf(level) for level in LEVELS])
DISTANCE_ALARM = 2e-7
STD_ROOM = 0.0145
EDGE_ROOM = 0.0015
TRACE_LIMIT = 5.5
SUM_LIMIT = 6.5
LARGEST_AT_LEAST = 2.0


def graded(task: str, *values: object, weight: float = 1) -> Any:
    """Parameters of a test that several tasks share, for one of them."""
    return pytest.param(task, *values, marks=pytest.mark.task(task, weight=weight))


def initializer(student: Student, task: str) -> Callable[..., Any]:
    """The student's function of this name."""
    function: Callable[..., Any] = getattr(student, task)
    return function


def drawn(student: Student, task: str, fans: tuple[int, int], rng: Generator) -> np.ndarray:
    """Weights that the student draws: floating-point numbers of the right shape."""
    W = initializer(student, task)(*fans, rng)
    check_array(W, fans, "the weights")
    return np.asarray(W)


# xavier_uniform, sigmoid_uniform, lecun_normal, he_normal, orthogonal_init


@pytest.mark.parametrize("task", [graded(task) for task in INITIALIZERS])
def test_weights_are_float64_of_shape_fan_in_by_fan_out(
    student: Student, student_rng: Generator, task: str
) -> None:
    for fans in [(7, 4), (4, 7), (6, 6)]:
        W = initializer(student, task)(*fans, student_rng)
        check_array(W, fans, "the weights", dtype=np.float64)
        check_that(len(np.unique(W)) > 1, "all weights are the same")


@pytest.mark.parametrize("task", [graded(task) for task in INITIALIZERS])
def test_weights_follow_from_the_generator_alone(
    student: Student, rng: Generator, student_rng: Generator, task: str
) -> None:
    twin = copy.deepcopy(student_rng)
    first, again, other = (
        drawn(student, task, (8, 5), source) for source in (student_rng, twin, rng)
    )
    check_that(
        not np.isclose(first, other, rtol=1e-9, atol=0).all(),
        "another generator gives the same weights",
    )
    check_that(
        np.array_equal(first, again),
        "the same generator gives other weights: the randomness is not rng's",
    )


@pytest.mark.parametrize("task", [graded(task) for task in INITIALIZERS])
def test_next_weights_from_one_generator_are_new(
    student: Student, student_rng: Generator, task: str
) -> None:
    first, second = (drawn(student, task, (8, 5), student_rng) for _ in "12")
    check_that(
        not np.isclose(first, second, rtol=1e-9, atol=0).any(),
        "two layers drawn one after the other share weights",
    )


def check_distribution(W: np.ndarray, quantiles: np.ndarray) -> None:
    """The share of entries below each quantile is its level, and entries are drawn one by one.

    By Dvoretzky, Kiefer, Wolfowitz and Massart, shares of n independent draws are anywhere off by
    more than √(ln(2/α)/(2n)) with a probability of at most α, here `DISTANCE_ALARM`.
    """
    values = np.sort(W, axis=None)
    distinct = 1 + np.count_nonzero(np.diff(values))
    check_that(distinct > 0.9 * W.size, "weights repeat: each entry wants a draw of its own")
    shares = np.searchsorted(values, quantiles, side="right") / W.size
    farthest = float(np.abs(shares - LEVELS).max())
    check_that(
        farthest <= math.sqrt(math.log(2 / DISTANCE_ALARM) / (2 * W.size)),
        "the weights do not have the distribution that is asked for",
        f"the share below a quantile is off by {farthest:.4f}",
    )


UNIFORM_FANS = [(100, 200), (200, 100), (4, 5000)]


@pytest.mark.parametrize(
    ("task", "fan_in", "fan_out"),
    [graded(task, *fans, weight=2) for task in UNIFORM for fans in UNIFORM_FANS],
)
def test_uniform_weights_fill_their_range(
    student: Student, student_rng: Generator, task: str, fan_in: int, fan_out: int
) -> None:
    """False alarms: 2·(1 − EDGE_ROOM/2)^20000 = 6.1e-7 at the edges, 2e-7 for the distribution.

    A scale of 1.03 leaves the range with probability 1 − (1/1.03)^20000, one of 0.97 ends before
    its edges.
    """
    W = drawn(student, task, (fan_in, fan_out), student_rng)
    limit = UNIFORM[task] * math.sqrt(6 / (fan_in + fan_out))
    low, high = float(W.min()), float(W.max())
    detail = f"from {low:.4g} to {high:.4g}, where the range is ±{limit:.4g}"
    check_that(max(-low, high) <= limit * (1 + 1e-6), "some weights are out of range", detail)
    edge = limit * (1 - EDGE_ROOM)
    check_that(min(-low, high) >= edge, "the weights do not fill their range", detail)
    check_distribution(W, limit * (2 * LEVELS - 1))


NORMAL_FANS = [(160, 400), (400, 160), (4, 16000)]


@pytest.mark.parametrize(
    ("task", "fan_in", "fan_out"),
    [graded(task, *fans, weight=2) for task in NORMAL for fans in NORMAL_FANS],
)
def test_normal_weights_have_their_deviation(
    student: Student, student_rng: Generator, task: str, fan_in: int, fan_out: int
) -> None:
    """False alarms: 2.2e-7 for the deviation (χ², 64,000 draws), 2e-7 for the distribution.

    The deviation spreads by 1/√128000 = 0.28 %. STD_ROOM is 5.2 times that; a scale of 0.97 or
    1.03 is farther off than that by 5.3 times its own spread, and is missed below 4e-8.
    """
    W = drawn(student, task, (fan_in, fan_out), student_rng)
    std = math.sqrt(NORMAL[task] / fan_in)
    found = float(np.sqrt(np.mean(np.square(W, dtype=np.float64))))
    check_that(
        abs(found / std - 1) <= STD_ROOM,
        "the weights are too wide" if found > std else "the weights are too narrow",
        f"std {found:.4g}, expected {std:.4g}",
    )
    check_distribution(W, std * NORMAL_QUANTILES)


@pytest.mark.task("orthogonal_init", weight=2)
@pytest.mark.parametrize(("fan_in", "fan_out"), [(6, 6), (9, 4), (4, 9), (5, 1), (1, 5)])
def test_shorter_side_is_orthonormal(
    student: Student, student_rng: Generator, fan_in: int, fan_out: int
) -> None:
    W = drawn(student, "orthogonal_init", (fan_in, fan_out), student_rng).astype(np.float64)
    gram = W.T @ W if fan_in >= fan_out else W @ W.T
    lines = "columns" if fan_in >= fan_out else "rows"
    check_close(
        np.diagonal(gram), np.ones(len(gram)), f"the squared lengths of the {lines}", atol=1e-6
    )
    check_close(gram, np.eye(len(gram)), f"the inner products of the {lines}", atol=1e-6)


@pytest.mark.task("orthogonal_init", weight=2)
@pytest.mark.parametrize(("fan_in", "fan_out"), [(320, 320), (330, 310), (310, 330)])
def test_signs_of_an_orthogonal_matrix_are_left_to_chance(
    student: Student, student_rng: Generator, fan_in: int, fan_out: int
) -> None:
    """False alarms: 3.9e-7 for the trace, 1.3e-8 for the sums.

    The moments of a Haar matrix's trace are those of N(0, 1) up to order n (Diaconis and
    Shahshahani, 1994), so that P(|trace| > 5.5) ≤ E[trace³⁰]/5.5³⁰. It holds for the diagonal of
    k columns as well: that is the mean of the trace over a random sign of the other columns. A
    factorization's own signs put the trace near −0.56·√n, here −10 ± 0.8.

    The sum of a row or column is √n times one coordinate of a point on the sphere, whose tails
    are lighter than those of N(0, 1); there are 640 sums.
    """
    W = drawn(student, "orthogonal_init", (fan_in, fan_out), student_rng)
    gram = W.T @ W if fan_in >= fan_out else W @ W.T
    check_close(
        gram.astype(np.float64), np.eye(len(gram)), "the inner products of W's lines", atol=1e-5
    )
    trace = float(np.trace(W))
    check_that(
        abs(trace) <= TRACE_LIMIT,
        "the signs on the diagonal are not left to chance",
        f"the trace is {trace:.3g}",
    )
    sums = np.concatenate([W.sum(axis=0), W.sum(axis=1)])
    largest = float(np.abs(sums).max())
    check_that(
        largest <= SUM_LIMIT,
        "the signs within a row or a column are not left to chance",
        f"a sum is {largest:.3g}",
    )


@pytest.mark.task("orthogonal_init")
def test_single_weight_is_plus_or_minus_one_with_equal_chances(
    student: Student, student_rng: Generator
) -> None:
    """False alarms: 3e-8 (a sum of 200 signs, beyond 5.5 of its deviations).

    Short columns show what a sign depends on besides chance, such as the size of R's diagonal.
    """
    signs = [drawn(student, "orthogonal_init", (1, 1), student_rng)[0, 0] for _ in range(200)]
    check_close(np.abs(signs).astype(np.float64), np.ones(200), "the size of a single weight")
    check_that(
        abs(sum(signs)) <= 5.5 * math.sqrt(200),
        "the sign of a single weight is not left to chance",
        f"{sum(sign > 0 for sign in signs)} of 200 are positive",
    )


@pytest.mark.task("orthogonal_init")
@pytest.mark.parametrize("tall", [True, False])
def test_orthogonal_directions_are_all_as_likely(
    student: Student, student_rng: Generator, tall: bool
) -> None:
    """False alarms: below 1e-8 for the three lines.

    Such a unit vector is 900 normal draws divided by their root mean square r times √900. That
    none of its entries is beyond 2/√900 takes an r above 1.13, or 900 draws within 2.26. Uniform
    draws, divided so, end at 1.73/√900 (±0.03).
    """
    fans = (900, 3) if tall else (3, 900)
    W = drawn(student, "orthogonal_init", fans, student_rng)
    lines = W.T if tall else W
    lengths = np.linalg.norm(lines, axis=1).astype(np.float64)
    check_close(lengths, np.ones(3), "the lengths of W's lines", atol=1e-5)
    largest = float(np.abs(lines).max(axis=1).min()) * math.sqrt(900)
    check_that(
        largest >= LARGEST_AT_LEAST,
        "some directions are drawn more often than others",
        f"the largest entry of a line is {largest:.3g}/√900",
    )


# activation_statistics


def network(
    rng: Generator, widths: Sequence[int], rows: int, *, dtype: DTypeLike = np.float64
) -> tuple[np.ndarray, Arrays]:
    """Inputs x (rows, widths[0]) that do not have mean 0, and a layer's weights between widths.

    No layer is dead as a ReLU, nor fully on: its weights are drawn until both kinds are there.
    """
    x = np.asarray(rng.normal(0.4, 1.0, (rows, widths[0])), dtype=dtype)
    weights: Arrays = []
    y, spread = x, rng.uniform(1.0, 1.4)
    for n, m in pairwise(widths):
        on = 0.0
        while not 0.3 < on < 0.8:
            W = rng.normal(0.05, spread / math.sqrt(n), (n, m)).astype(dtype)
            on = float(np.mean(y @ W > 0))
        weights.append(W)
        y = np.clip(y @ W, 0, None)
    return x, weights


def forward(x: np.ndarray, weights: Sequence[np.ndarray], nonlinearity: str) -> tuple[Arrays, ...]:
    """The layers' z and y, from the first on."""
    sums, outputs, y = [], [], x
    for W in weights:
        sums.append(y @ W)
        y = np.tanh(sums[-1]) if nonlinearity == "tanh" else np.clip(sums[-1], 0, None)
        outputs.append(y)
    return sums, outputs


def moments(arrays: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The means and standard deviations over all entries of each array, dtype kept."""
    means = np.stack([array.mean() for array in arrays])
    squares = np.stack([np.square(a - m).mean() for a, m in zip(arrays, means, strict=True)])
    return means, np.sqrt(squares)


def check_moments(result: object, expected: tuple[np.ndarray, np.ndarray]) -> None:
    """`result` is (means, stds), as expected."""
    values = check_tuple(result, 2, "the result")
    rtol, atol = (1e-7, 1e-9) if expected[0].dtype == np.float64 else (1e-4, 1e-5)
    for value, right, name in zip(values, expected, ("means", "stds"), strict=True):
        check_close(value, right, name, rtol=rtol, atol=atol)


def check_refused(function: Callable[..., Any], *arguments: object) -> None:
    """`function` raises a ValueError where its last argument names no nonlinearity of the lab's."""
    message = "a nonlinearity of another name is to raise a ValueError"
    try:
        function(*arguments, "rellu")
    except CheckError as error:
        check_that("raised ValueError" in error.message, message, error.message)
    else:
        raise CheckError(f"{message}, and nothing is raised")


WIDTHS = [(5, 7, 4), (6, 6, 6, 6), (3, 9, 2, 8, 5)]


@pytest.mark.task("activation_statistics", weight=2)
@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
@pytest.mark.parametrize("widths", WIDTHS, ids=len)
def test_statistics_are_over_all_outputs_of_each_layer(
    student: Student, rng: Generator, nonlinearity: str, widths: tuple[int, ...]
) -> None:
    x, weights = network(rng, widths, 6)
    result = student.activation_statistics(x.copy(), copies(*weights), nonlinearity)
    check_moments(result, moments(forward(x, weights, nonlinearity)[1]))


@pytest.mark.task("activation_statistics")
@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
def test_one_layer_and_one_row_have_statistics_too(
    student: Student, rng: Generator, nonlinearity: str
) -> None:
    for widths, rows in [((4, 5), 6), ((4, 6, 3), 1)]:
        x, weights = network(rng, widths, rows)
        result = student.activation_statistics(x.copy(), copies(*weights), nonlinearity)
        check_moments(result, moments(forward(x, weights, nonlinearity)[1]))


@pytest.mark.task("activation_statistics")
def test_wide_weights_drive_tanh_to_its_ends_and_let_relu_grow(
    student: Student, rng: Generator
) -> None:
    x, weights = network(rng, (8, 8, 8), 9)
    weights = [20.0 * W for W in weights]
    for nonlinearity in ("tanh", "relu"):
        result = student.activation_statistics(x.copy(), copies(*weights), nonlinearity)
        check_moments(result, moments(forward(x, weights, nonlinearity)[1]))


@pytest.mark.task("activation_statistics")
@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
def test_statistics_of_float32_are_float32(
    student: Student, rng: Generator, nonlinearity: str
) -> None:
    x, weights = network(rng, (5, 6, 4), 7, dtype=np.float32)
    result = student.activation_statistics(x.copy(), copies(*weights), nonlinearity)
    check_moments(result, moments(forward(x, weights, nonlinearity)[1]))


@pytest.mark.task("activation_statistics")
def test_statistics_leave_inputs_and_weights_alone(student: Student, rng: Generator) -> None:
    x, weights = network(rng, (4, 6, 3), 5)
    for nonlinearity in ("relu", "tanh"):
        given = copies(x, *weights)
        result = student.activation_statistics(given[0], given[1:], nonlinearity)
        check_moments(result, moments(forward(x, weights, nonlinearity)[1]))
        for name, before, after in zip("xWW", (x, *weights), given, strict=True):
            check_unchanged(before, after, name)


@pytest.mark.task("activation_statistics")
def test_statistics_of_a_misspelt_nonlinearity_are_refused(
    student: Student, rng: Generator
) -> None:
    x, weights = network(rng, (4, 6, 3), 5)
    result = student.activation_statistics(x.copy(), copies(*weights), "tanh")
    check_moments(result, moments(forward(x, weights, "tanh")[1]))
    check_refused(student.activation_statistics, x.copy(), copies(*weights))


# gradient_statistics


def slope(z: np.ndarray, nonlinearity: str) -> np.ndarray:
    """The derivative of the nonlinearity at z, dtype kept."""
    derivative = np.cosh(z) ** -2 if nonlinearity == "tanh" else (z > 0).astype(z.dtype)
    return np.asarray(derivative, dtype=z.dtype)


def gradients(dout: np.ndarray, sums: Arrays, weights: Arrays, nonlinearity: str) -> Arrays:
    """dL/dy_1, …, dL/dy_L."""
    found = [dout]
    for z, W in zip(sums[:0:-1], weights[:0:-1], strict=True):
        found.insert(0, np.einsum("nm,km->nk", found[0] * slope(z, nonlinearity), W))
    return found


def backward_case(
    rng: Generator,
    widths: Sequence[int],
    rows: int,
    nonlinearity: str,
    *,
    scale: float = 1.0,
    dtype: DTypeLike = np.float64,
) -> tuple[np.ndarray, Arrays, Arrays, np.ndarray]:
    """What `gradient_statistics` is given: dout, outputs, weights; and the stds it is to return."""
    x, weights = network(rng, widths, rows, dtype=dtype)
    weights = [np.asarray(scale * W, dtype=dtype) for W in weights]
    sums, outputs = forward(x, weights, nonlinearity)
    dout = np.asarray(rng.normal(0.6, 1.0, (rows, widths[-1])), dtype=dtype)
    _, stds = moments(gradients(dout, sums, weights, nonlinearity))
    return dout, outputs, weights, stds


def check_stds(student: Student, case: tuple[Any, ...], nonlinearity: str) -> None:
    """The student's stds for a `backward_case`, copies of whose arrays are handed over."""
    dout, outputs, weights, expected = case
    stds = student.gradient_statistics(
        dout.copy(), copies(*outputs), copies(*weights), nonlinearity
    )
    rtol, atol = (1e-7, 1e-9) if expected.dtype == np.float64 else (1e-4, 1e-5)
    check_close(stds, expected, "stds", rtol=rtol, atol=atol)


@pytest.mark.task("gradient_statistics", weight=2)
@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
@pytest.mark.parametrize("widths", WIDTHS, ids=len)
def test_gradients_come_back_through_every_layer(
    student: Student, rng: Generator, nonlinearity: str, widths: tuple[int, ...]
) -> None:
    check_stds(student, backward_case(rng, widths, 6, nonlinearity), nonlinearity)


@pytest.mark.task("gradient_statistics")
@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
def test_last_layers_gradient_is_what_is_handed_in(
    student: Student, rng: Generator, nonlinearity: str
) -> None:
    for widths in [(4, 5), (3, 4, 2)]:
        check_stds(student, backward_case(rng, widths, 3, nonlinearity), nonlinearity)


@pytest.mark.task("gradient_statistics")
def test_flat_tanh_passes_little_back(student: Student, rng: Generator) -> None:
    check_stds(student, backward_case(rng, (5, 8, 8, 6), 7, "tanh", scale=4.0), "tanh")


@pytest.mark.task("gradient_statistics")
def test_relu_that_is_off_passes_nothing_back_and_one_that_is_on_all(
    student: Student, rng: Generator
) -> None:
    _, weights = network(rng, (4, 3, 5), 2)
    dout = rng.normal(0.6, 1.0, (2, 5))
    y = rng.uniform(0.2, 3.0, (2, 3))
    on, off = np.full((2, 5), 1.7), np.zeros((2, 5))
    half = np.where(np.arange(5) % 2, on, off)
    for last in (on, half, off):
        _, expected = moments([np.where(last == 0, 0.0, dout) @ weights[1].T, dout])
        check_stds(student, (dout, [y, last], weights, expected), "relu")


@pytest.mark.task("gradient_statistics")
@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
def test_gradient_statistics_of_float32_are_float32(
    student: Student, rng: Generator, nonlinearity: str
) -> None:
    case = backward_case(rng, (5, 6, 7, 4), 7, nonlinearity, dtype=np.float32)
    check_stds(student, case, nonlinearity)


@pytest.mark.task("gradient_statistics")
def test_going_back_leaves_all_arguments_alone(student: Student, rng: Generator) -> None:
    for nonlinearity in ("tanh", "relu"):
        dout, outputs, weights, expected = backward_case(rng, (4, 6, 3, 5), 5, nonlinearity)
        before = (dout, *outputs, *weights)
        given = copies(*before)
        stds = student.gradient_statistics(given[0], given[1:4], given[4:], nonlinearity)
        check_close(stds, expected, "stds")
        names = ["dout", *["activations"] * 3, *["weights"] * 3]
        for name, old, new in zip(names, before, given, strict=True):
            check_unchanged(old, new, name)


@pytest.mark.task("gradient_statistics")
def test_gradients_through_a_misspelt_nonlinearity_are_refused(
    student: Student, rng: Generator
) -> None:
    case = backward_case(rng, (4, 6, 3), 5, "tanh")
    check_stds(student, case, "tanh")
    dout, outputs, weights, _ = case
    check_refused(student.gradient_statistics, dout.copy(), copies(*outputs), copies(*weights))


# relu_second_moment


@pytest.mark.task("relu_second_moment", weight=2)
@pytest.mark.parametrize(("depth", "gain"), [(1, 3.0), (4, 1.3), (12, 0.45), (50, 1.1)])
def test_second_moment_changes_by_the_same_factor_in_each_layer(
    student: Student, rng: Generator, depth: int, gain: float
) -> None:
    fan_in = int(rng.integers(20, 900))
    std = math.sqrt(2 * gain / fan_in)
    moment = student.relu_second_moment(depth, fan_in, std)
    check_close(moment, gain**depth, "the second moment")


@pytest.mark.task("relu_second_moment")
def test_second_moment_neither_grows_nor_shrinks_at_one_deviation_alone(
    student: Student, rng: Generator
) -> None:
    fan_in = int(rng.integers(20, 900))
    std = math.sqrt(2 / fan_in)
    for factor, expected in [(1.0, 1.0), (2.0, 4.0**10), (0.5, 4.0**-10)]:
        moment = student.relu_second_moment(10, fan_in, factor * std)
        check_close(moment, expected, "the second moment after 10 layers", atol=1e-13)


@pytest.mark.task("relu_second_moment")
def test_second_moment_is_that_of_the_inputs_where_there_are_no_layers(
    student: Student, rng: Generator
) -> None:
    fan_in, std = int(rng.integers(3, 40)), float(rng.uniform(0.8, 2.0))
    one, none = (student.relu_second_moment(depth, fan_in, std) for depth in (1, 0))
    check_close(one, fan_in * std**2 / 2, "the second moment after one layer")
    check_close(none, 1.0, "the second moment without layers")


@pytest.mark.task("relu_second_moment")
def test_second_moment_follows_from_any_of_the_three(student: Student) -> None:
    for depth, fan_in, std, expected in [(3, 8, 0.5, 1.0), (2, 3, 2.0, 36.0), (3, 6, 1.0, 27.0)]:
        moment = student.relu_second_moment(depth, fan_in, std)
        check_close(moment, expected, "the second moment")


# lsuv


def unit_variance(x: np.ndarray, weights: Arrays, nonlinearity: str) -> Arrays:
    """What `lsuv` is to return, dtype kept."""
    scaled: Arrays = []
    for W in weights:
        sums, _ = forward(x, [*scaled, W], nonlinearity)
        scaled.append(W / moments(sums[-1:])[1][0])
    return scaled


def check_weights(result: object, expected: Arrays) -> None:
    """`result` is a list of the expected weights."""
    rtol, atol = (1e-7, 1e-9) if expected[0].dtype == np.float64 else (1e-4, 1e-5)
    values = check_tuple(result, len(expected), "the result")
    for layer, (W, right) in enumerate(zip(values, expected, strict=True), start=1):
        check_close(W, right, f"the weights of layer {layer}", rtol=rtol, atol=atol)


@pytest.mark.task("lsuv", weight=2)
@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
@pytest.mark.parametrize("widths", WIDTHS, ids=len)
def test_weights_are_scaled_layer_by_layer(
    student: Student, rng: Generator, nonlinearity: str, widths: tuple[int, ...]
) -> None:
    x, weights = network(rng, widths, 9)
    result = student.lsuv(x.copy(), copies(*weights), nonlinearity)
    check_weights(result, unit_variance(x, weights, nonlinearity))


@pytest.mark.task("lsuv")
@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
def test_every_layer_of_the_scaled_net_has_sums_of_unit_deviation(
    student: Student, rng: Generator, nonlinearity: str
) -> None:
    x, weights = network(rng, (6, 9, 7, 8), 20)
    weights = [scale * W for scale, W in zip((30.0, 0.02, 5.0), weights, strict=True)]
    result = student.lsuv(x.copy(), copies(*weights), nonlinearity)
    scaled = check_tuple(result, 3, "the result")
    for layer, (W, old) in enumerate(zip(scaled, weights, strict=True), start=1):
        check_array(W, old.shape, f"the weights of layer {layer}")
    sums, _ = forward(x, [np.asarray(W) for W in scaled], nonlinearity)
    _, stds = moments(sums)
    check_close(stds, np.ones(3), "the deviation of what enters the nonlinearity")
    for W, old in zip(scaled, weights, strict=True):
        ratio = np.asarray(W) / old
        check_close(ratio, np.full_like(old, ratio[0, 0]), "what a layer's weights are scaled by")


@pytest.mark.task("lsuv")
@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
def test_single_layer_is_scaled_by_the_deviation_of_its_sums(
    student: Student, rng: Generator, nonlinearity: str
) -> None:
    x, (W,) = network(rng, (5, 4), 6)
    for scale in (0.1, 8.0):
        result = student.lsuv(x.copy(), [scale * W], nonlinearity)
        check_weights(result, unit_variance(x, [W], nonlinearity))


@pytest.mark.task("lsuv")
@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
def test_float32_weights_stay_float32_when_scaled(
    student: Student, rng: Generator, nonlinearity: str
) -> None:
    x, weights = network(rng, (5, 8, 6), 12, dtype=np.float32)
    result = student.lsuv(x.copy(), copies(*weights), nonlinearity)
    check_weights(result, unit_variance(x, weights, nonlinearity))


@pytest.mark.task("lsuv")
def test_scaling_leaves_inputs_and_weights_alone(student: Student, rng: Generator) -> None:
    x, weights = network(rng, (4, 6, 3), 8)
    for nonlinearity in ("relu", "tanh"):
        given = copies(x, *weights)
        result = student.lsuv(given[0], given[1:], nonlinearity)
        check_weights(result, unit_variance(x, weights, nonlinearity))
        for name, before, after in zip("xWW", (x, *weights), given, strict=True):
            check_unchanged(before, after, name)


@pytest.mark.task("lsuv")
def test_scaling_for_a_misspelt_nonlinearity_is_refused(student: Student, rng: Generator) -> None:
    x, weights = network(rng, (4, 6, 3), 8)
    result = student.lsuv(x.copy(), copies(*weights), "tanh")
    check_weights(result, unit_variance(x, weights, "tanh"))
    check_refused(student.lsuv, x.copy(), copies(*weights))


# saturated_fraction


def outputs_of_tanh(
    rng: Generator, shape: Sequence[int], saturated: int, *, threshold: float
) -> np.ndarray:
    """Numbers of either sign, of which `saturated` are beyond the threshold and none near it."""
    size = math.prod(shape)
    sizes = rng.uniform(0, 0.98 * threshold, size)
    sizes[:saturated] = rng.uniform(0.3, 1.0, saturated) * (1 - threshold) + threshold
    return rng.permutation(sizes * rng.choice([-1.0, 1.0], size)).reshape(tuple(shape))


@pytest.mark.task("saturated_fraction", weight=2)
@pytest.mark.parametrize(
    ("shape", "saturated"), [((8, 5), 14), ((30,), 21), ((3, 4, 5), 6), ((2, 50), 93)]
)
def test_share_of_saturated_outputs_is_over_all_entries(
    student: Student, rng: Generator, shape: tuple[int, ...], saturated: int
) -> None:
    y = outputs_of_tanh(rng, shape, saturated, threshold=0.97)
    share = student.saturated_fraction(y.copy())
    check_close(share, saturated / y.size, "the saturated share", rtol=1e-6)


@pytest.mark.task("saturated_fraction")
def test_both_ends_of_tanh_are_saturated(student: Student, rng: Generator) -> None:
    low = -np.abs(outputs_of_tanh(rng, (6, 7), 11, threshold=0.97))
    for y in (low, -low):
        share = student.saturated_fraction(y.copy())
        check_close(share, 11 / 42, "the saturated share at one end", rtol=1e-6)


@pytest.mark.task("saturated_fraction")
@pytest.mark.parametrize("threshold", [0.3, 0.9, 0.995])
def test_threshold_can_be_chosen(student: Student, rng: Generator, threshold: float) -> None:
    y = outputs_of_tanh(rng, (9, 6), 20, threshold=threshold)
    share = student.saturated_fraction(y.copy(), threshold)
    check_close(share, 20 / 54, "the saturated share for another threshold", rtol=1e-6)


@pytest.mark.task("saturated_fraction")
def test_share_without_a_threshold_is_for_one_near_the_end(student: Student) -> None:
    y = np.array([0.9705, -0.9705, 0.9695, -0.9695, 0.1, 0.999, 0.95, -1.0])
    share = student.saturated_fraction(y.copy())
    check_close(share, 0.5, "the saturated share by the usual threshold", rtol=1e-6)


@pytest.mark.task("saturated_fraction")
def test_saturated_outputs_are_beyond_the_threshold(student: Student) -> None:
    y = np.array([[0.5, -0.5, 0.5000001], [-0.75, 0.25, -0.5]])
    share = student.saturated_fraction(y.copy(), 0.5)
    check_close(share, 1 / 3, "the saturated share where outputs are at the threshold", rtol=1e-6)


@pytest.mark.task("saturated_fraction")
def test_none_and_all_may_be_saturated(student: Student, rng: Generator) -> None:
    for saturated, expected in [(0, 0.0), (12, 1.0), (3, 0.25)]:
        y = outputs_of_tanh(rng, (4, 3), saturated, threshold=0.97)
        share = student.saturated_fraction(y.copy())
        check_close(share, expected, "the saturated share", rtol=1e-6)


@pytest.mark.task("saturated_fraction")
def test_counting_leaves_outputs_of_float32_alone(student: Student, rng: Generator) -> None:
    y = outputs_of_tanh(rng, (7, 8), 17, threshold=0.97).astype(np.float32)
    given = y.copy()
    share = student.saturated_fraction(given)
    check_close(share, 17 / 56, "the saturated share of float32 outputs", rtol=1e-5)
    check_unchanged(y, given, "y")
