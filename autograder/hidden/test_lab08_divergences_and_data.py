"""Hidden tests of lab 08: divergences with their derivatives, and the preparation of data.

Long, since one file a lab is the contract; its sections follow the tasks.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from autograder.arguments import check_same_arguments, check_single, copies, in_float32, mixed
from autograder.grading import Student
from dlcourse.testing import (
    check_array,
    check_close,
    check_number,
    check_that,
    check_tuple,
)

Generator = np.random.Generator
Shape = tuple[int, int]

SEVERAL_SHAPES = pytest.mark.parametrize("shape", [(6, 4), (3, 7), (1, 5), (8, 1)], ids=str)


def mean_of_row_sums(entries: np.ndarray) -> float:
    """A loss whose terms are `entries`: summed over the outputs, averaged over the batch."""
    return math.fsum(float(entry) for entry in entries.ravel()) / len(entries)


def outputs_and_targets(
    rng: Generator, shape: Shape, low: float = 0.2, high: float = 2.5
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Targets d, outputs y, and how far y is from d."""
    d, off = rng.normal(size=shape), mixed(rng, shape, low=low, high=high)
    return d + off, d, off


# l2_divergence


@pytest.mark.task("l2_divergence", weight=2)
@SEVERAL_SHAPES
def test_l2_is_a_sum_over_outputs_and_a_mean_over_the_batch(
    student: Student, rng: Generator, shape: Shape
) -> None:
    y, d, off = outputs_and_targets(rng, shape)
    loss, _ = check_tuple(student.l2_divergence(*copies(y, d)), 2, "the result")
    check_close(loss, mean_of_row_sums(off**2), "the loss")


@pytest.mark.task("l2_divergence", weight=2)
@SEVERAL_SHAPES
def test_l2_derivative_is_the_slope_of_its_loss(
    student: Student, rng: Generator, shape: Shape
) -> None:
    y, d, off = outputs_and_targets(rng, shape)
    _, dy = check_tuple(student.l2_divergence(*copies(y, d)), 2, "the result")
    check_close(dy, 2 * off / shape[0], "dy")


@pytest.mark.task("l2_divergence")
@pytest.mark.parametrize(("low", "high"), [(1e-3, 1e-2), (1e2, 1e3)])
def test_l2_is_quadratic_both_near_the_target_and_far_from_it(
    student: Student, rng: Generator, low: float, high: float
) -> None:
    y, d, off = outputs_and_targets(rng, (4, 3), low, high)
    loss, dy = check_tuple(student.l2_divergence(*copies(y, d)), 2, "the result")
    check_close(loss, mean_of_row_sums(off**2), "the loss near the target or far from it")
    check_close(dy, off / 2, "dy near the target or far from it")


@pytest.mark.task("l2_divergence")
def test_l2_of_a_batch_repeated_is_the_same_and_its_derivative_shared(
    student: Student, rng: Generator
) -> None:
    y, d, off = outputs_and_targets(rng, (2, 3))
    for times in (2, 5):
        result = student.l2_divergence(np.tile(y, (times, 1)), np.tile(d, (times, 1)))
        loss, dy = check_tuple(result, 2, "the result")
        check_close(loss, mean_of_row_sums(off**2), "the loss of repeated rows")
        check_close(dy, np.tile(off / times, (times, 1)), "dy of repeated rows")


@pytest.mark.task("l2_divergence")
def test_l2_in_float32_stays_there_and_leaves_its_arguments_alone(
    student: Student, rng: Generator
) -> None:
    y, d = in_float32(*outputs_and_targets(rng, (5, 4))[:2])
    before = copies(y, d)
    off = before[0] - before[1]
    loss, dy = check_tuple(student.l2_divergence(y, d), 2, "the result")
    check_single(loss, mean_of_row_sums(off**2), "the loss")
    check_single(dy, off * np.float32(0.4), "dy")
    check_same_arguments(before, y=y, d=d)


# l1_divergence


@pytest.mark.task("l1_divergence", weight=2)
@SEVERAL_SHAPES
def test_l1_is_a_sum_over_outputs_and_a_mean_over_the_batch(
    student: Student, rng: Generator, shape: Shape
) -> None:
    y, d, off = outputs_and_targets(rng, shape)
    loss, _ = check_tuple(student.l1_divergence(*copies(y, d)), 2, "the result")
    check_close(loss, mean_of_row_sums(np.abs(off)), "the loss")


@pytest.mark.task("l1_divergence", weight=2)
@SEVERAL_SHAPES
def test_l1_derivative_knows_the_side_alone(student: Student, rng: Generator, shape: Shape) -> None:
    y, d, off = outputs_and_targets(rng, shape)
    _, dy = check_tuple(student.l1_divergence(*copies(y, d)), 2, "the result")
    check_close(dy, np.where(off > 0, 1.0, -1.0) / shape[0], "dy")


@pytest.mark.task("l1_divergence")
@pytest.mark.parametrize(("low", "high"), [(1e-6, 1e-4), (1e2, 1e3)])
def test_l1_has_the_same_slope_near_the_target_and_far_from_it(
    student: Student, rng: Generator, low: float, high: float
) -> None:
    y, d, off = outputs_and_targets(rng, (4, 3), low, high)
    loss, dy = check_tuple(student.l1_divergence(*copies(y, d)), 2, "the result")
    check_close(loss, mean_of_row_sums(np.abs(off)), "the loss near the target or far from it")
    check_close(dy, np.where(off > 0, 0.25, -0.25), "dy near the target or far from it")


@pytest.mark.task("l1_divergence")
def test_l1_at_a_kink_is_finite_and_no_steeper_than_beside_it(
    student: Student, rng: Generator
) -> None:
    y, d, off = outputs_and_targets(rng, (5, 4))
    hit = np.zeros((5, 4), dtype=bool)
    hit[[0, 1, 3], [2, 0, 3]] = True
    y[hit], off[hit] = d[hit], 0.0
    loss, dy = check_tuple(student.l1_divergence(*copies(y, d)), 2, "the result")
    check_close(loss, mean_of_row_sums(np.abs(off)), "the loss where some outputs hit the target")
    check_array(dy, (5, 4), "dy where some outputs hit the target")
    slopes = np.asarray(dy)
    check_close(slopes[~hit], np.sign(off[~hit]) / 5, "dy of the outputs beside the target")
    steepest = float(np.abs(slopes[hit]).max())
    check_that(steepest <= 0.2 + 1e-9, "dy is too steep where y meets the target")


@pytest.mark.task("l1_divergence")
def test_l1_of_a_batch_repeated_is_the_same_and_its_derivative_shared(
    student: Student, rng: Generator
) -> None:
    y, d, off = outputs_and_targets(rng, (2, 3))
    for times in (2, 5):
        result = student.l1_divergence(np.tile(y, (times, 1)), np.tile(d, (times, 1)))
        loss, dy = check_tuple(result, 2, "the result")
        check_close(loss, mean_of_row_sums(np.abs(off)), "the loss of repeated rows")
        check_close(dy, np.tile(np.sign(off) / (2 * times), (times, 1)), "dy of repeated rows")


@pytest.mark.task("l1_divergence")
def test_l1_in_float32_stays_there_and_leaves_its_arguments_alone(
    student: Student, rng: Generator
) -> None:
    y, d = in_float32(*outputs_and_targets(rng, (5, 4))[:2])
    before = copies(y, d)
    off = before[0] - before[1]
    loss, dy = check_tuple(student.l1_divergence(y, d), 2, "the result")
    check_single(loss, mean_of_row_sums(np.abs(off)), "the loss")
    check_single(dy, np.sign(off) * np.float32(0.2), "dy")
    check_same_arguments(before, y=y, d=d)


# kl_divergence


def probabilities(rng: Generator, shape: Shape) -> np.ndarray:
    """Rows that sum to 1, none of whose entries is tiny."""
    weights = rng.uniform(0.3, 2.0, size=shape)
    rows: np.ndarray = weights / weights.sum(axis=1, keepdims=True)
    return rows


def kl_terms(y: np.ndarray, d: np.ndarray) -> np.ndarray:
    """What each entry adds to the sum: nothing where d is 0."""
    terms = [
        -float(target) * math.log(output) if target else 0.0
        for output, target in zip(y.ravel(), d.ravel(), strict=True)
    ]
    return np.array(terms).reshape(y.shape)


def check_kl(result: object, y: np.ndarray, d: np.ndarray, when: str) -> None:
    """Loss and dy of `kl_divergence`, or so close as with a tiny ε added to y."""
    loss, dy = check_tuple(result, 2, "the result")
    check_close(loss, mean_of_row_sums(kl_terms(y, d)), f"the loss {when}", rtol=1e-5)
    check_close(dy, kl_slopes(y, d), f"dy {when}", rtol=1e-5)


def kl_slopes(y: np.ndarray, d: np.ndarray) -> np.ndarray:
    """The derivative of the mean by y."""
    slopes = np.zeros_like(y)
    for place in np.argwhere(d > 0):
        n, i = map(int, place)
        slopes[n, i] = -d[n, i] / (y[n, i] * len(y))
    return slopes


@pytest.mark.task("kl_divergence", weight=2)
@pytest.mark.parametrize("shape", [(6, 4), (3, 7), (1, 5)], ids=str)
def test_kl_is_a_sum_over_classes_and_a_mean_over_the_batch(
    student: Student, rng: Generator, shape: Shape
) -> None:
    y, d = probabilities(rng, shape), probabilities(rng, shape)
    loss, _ = check_tuple(student.kl_divergence(*copies(y, d)), 2, "the result")
    check_close(loss, mean_of_row_sums(kl_terms(y, d)), "the loss", rtol=1e-5)


@pytest.mark.task("kl_divergence", weight=2)
@pytest.mark.parametrize("shape", [(6, 4), (3, 7), (1, 5)], ids=str)
def test_kl_derivative_holds_the_other_outputs_still(
    student: Student, rng: Generator, shape: Shape
) -> None:
    y, d = probabilities(rng, shape), probabilities(rng, shape)
    _, dy = check_tuple(student.kl_divergence(*copies(y, d)), 2, "the result")
    check_close(dy, kl_slopes(y, d), "dy", rtol=1e-5)


@pytest.mark.task("kl_divergence", weight=2)
def test_kl_of_one_hot_targets_looks_at_the_right_class_alone(
    student: Student, rng: Generator
) -> None:
    y = probabilities(rng, (6, 3))
    labels = rng.permutation(np.arange(6) % 3)
    d = np.zeros((6, 3))
    d[np.arange(6), labels] = 1.0
    check_kl(student.kl_divergence(*copies(y, d)), y, d, "at one-hot targets")


@pytest.mark.task("kl_divergence", weight=2)
def test_impossible_class_with_no_probability_counts_nothing(
    student: Student, rng: Generator
) -> None:
    y, d = probabilities(rng, (5, 4)), probabilities(rng, (5, 4))
    for row, column in [(0, 1), (2, 0), (2, 3), (4, 2)]:
        y[row, column] = d[row, column] = 0.0
    result = student.kl_divergence(*copies(y, d))
    check_kl(result, y, d, "where y and d are both 0")


@pytest.mark.task("kl_divergence")
def test_kl_of_unlikely_outputs_and_at_its_smallest(student: Student, rng: Generator) -> None:
    d = probabilities(rng, (4, 3))
    check_kl(student.kl_divergence(*copies(d, d)), d, d, "where y is d")
    y = probabilities(rng, (4, 3))
    y[:, 1] *= 0.1
    check_kl(student.kl_divergence(*copies(y, d)), y, d, "where some outputs are small")


@pytest.mark.task("kl_divergence")
def test_kl_in_float32_stays_there_and_leaves_its_arguments_alone(
    student: Student, rng: Generator
) -> None:
    y, d = in_float32(probabilities(rng, (5, 4)), probabilities(rng, (5, 4)))
    d[1, 2] = d[3, 0] = 0.0
    before = copies(y, d)
    loss, dy = check_tuple(student.kl_divergence(y, d), 2, "the result")
    check_single(loss, mean_of_row_sums(kl_terms(*before)), "the loss")
    check_single(dy, kl_slopes(*before), "dy")
    check_same_arguments(before, y=y, d=d)


# binary_cross_entropy_logits


def probability(logit: float) -> float:
    """σ(logit), for logits that are not far from 0."""
    return 1.0 / (1.0 + math.exp(-logit))


def yes_or_no_terms(z: np.ndarray, d: np.ndarray) -> np.ndarray:
    """What each label adds to the sum, for logits that are not far from 0."""
    pairs = [(probability(a), float(b)) for a, b in zip(z.ravel(), d.ravel(), strict=True)]
    terms = [-b * math.log(p) - (1 - b) * math.log(1 - p) for p, b in pairs]
    return np.array(terms).reshape(z.shape)


def yes_or_no_slopes(z: np.ndarray, d: np.ndarray) -> np.ndarray:
    """The derivative of the mean by z, likewise."""
    outputs = np.array([probability(logit) for logit in z.ravel()], dtype=z.dtype)
    slopes: np.ndarray = (outputs.reshape(z.shape) - d) / len(z)
    return slopes


def yes_or_no_targets(rng: Generator, shape: Shape) -> np.ndarray:
    """Zeros and ones, every third one softened."""
    flat = rng.permutation(math.prod(shape))
    targets = np.where(flat % 3 == 0, rng.uniform(0.1, 0.9, size=flat.shape), flat % 2)
    return targets.reshape(shape)


@pytest.mark.task("binary_cross_entropy_logits", weight=2)
@SEVERAL_SHAPES
def test_labels_are_judged_one_by_one_and_summed(
    student: Student, rng: Generator, shape: Shape
) -> None:
    z, d = mixed(rng, shape), yes_or_no_targets(rng, shape)
    result = student.binary_cross_entropy_logits(*copies(z, d))
    loss, _ = check_tuple(result, 2, "the result")
    check_close(loss, mean_of_row_sums(yes_or_no_terms(z, d)), "the loss")


@pytest.mark.task("binary_cross_entropy_logits", weight=2)
@SEVERAL_SHAPES
def test_derivative_by_the_logits_is_the_slope_of_the_loss(
    student: Student, rng: Generator, shape: Shape
) -> None:
    z, d = mixed(rng, shape), yes_or_no_targets(rng, shape)
    result = student.binary_cross_entropy_logits(*copies(z, d))
    _, dz = check_tuple(result, 2, "the result")
    check_close(dz, yes_or_no_slopes(z, d), "dz")


@pytest.mark.task("binary_cross_entropy_logits", weight=2)
@pytest.mark.parametrize("size", [800.0, 1e4])
def test_loss_of_huge_logits_is_finite_and_right(
    student: Student, rng: Generator, size: float
) -> None:
    z = size * mixed(rng, (4, 6), low=1.0, high=1.5)
    d = rng.permutation(np.repeat([0.0, 0.25, 1.0], 8)).reshape(4, 6)
    result = student.binary_cross_entropy_logits(*copies(z, d))
    loss, _ = check_tuple(result, 2, "the result")
    terms = np.where(z > 0, (1 - d) * z, -d * z)
    check_close(loss, mean_of_row_sums(terms), "the loss of huge logits")


@pytest.mark.task("binary_cross_entropy_logits", weight=2)
def test_derivative_at_huge_logits_is_finite_and_right(student: Student, rng: Generator) -> None:
    z = mixed(rng, (4, 6), low=800.0, high=2e4)
    d = rng.permutation(np.repeat([0.0, 0.25, 1.0], 8)).reshape(4, 6)
    result = student.binary_cross_entropy_logits(*copies(z, d))
    _, dz = check_tuple(result, 2, "the result")
    check_close(dz, (np.where(z > 0, 1.0, 0.0) - d) / 4, "dz at huge logits")


@pytest.mark.task("binary_cross_entropy_logits")
def test_logits_of_zero_are_undecided(student: Student, rng: Generator) -> None:
    d = yes_or_no_targets(rng, (3, 4))
    result = student.binary_cross_entropy_logits(np.zeros((3, 4)), d.copy())
    loss, dz = check_tuple(result, 2, "the result")
    check_close(loss, 4 * math.log(2), "the loss of logits of zero")
    check_close(dz, (0.5 - d) / 3, "dz at logits of zero")


@pytest.mark.task("binary_cross_entropy_logits")
def test_labels_in_float32_stay_there_and_arguments_are_left_alone(
    student: Student, rng: Generator
) -> None:
    z, d = in_float32(mixed(rng, (5, 3)), yes_or_no_targets(rng, (5, 3)))
    z[2, 1], d[2, 1], z[4, 0], d[4, 0] = 200.0, 1.0, -200.0, 0.0
    before = copies(z, d)
    near = np.clip(before[0], -20.0, 20.0)
    loss, dz = check_tuple(student.binary_cross_entropy_logits(z, d), 2, "the result")
    terms = np.where(np.abs(before[0]) > 20, 0.0, yes_or_no_terms(near, before[1]))
    check_single(loss, mean_of_row_sums(terms), "the loss")
    check_single(dz, yes_or_no_slopes(near, before[1]), "dz")
    check_same_arguments(before, z=z, d=d)


# hinge


def some_labels(rng: Generator, rows: int, classes: int) -> np.ndarray:
    """Every class as often as can be, in a random order."""
    return rng.permutation(np.arange(rows) % classes)


def violations(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """By how much each wrong class comes nearer to the right one than the margin of 1."""
    excess = np.zeros(scores.shape)
    for n, right in enumerate(labels.tolist()):
        for c in range(scores.shape[1]):
            if c != right:
                excess[n, c] = max(0.0, 1.0 + float(scores[n, c]) - float(scores[n, right]))
    return excess


def with_the_right_class(slopes: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Slopes of the wrong classes, and of the right one what keeps their sum at 0."""
    complete = slopes.copy()
    for n, right in enumerate(labels.tolist()):
        complete[n, right] = -math.fsum(slopes[n].tolist())
    return complete


def mixed_scores(rng: Generator, labels: np.ndarray, classes: int) -> np.ndarray:
    """Scores without order, but in the first row a wrong class is ahead of the right one."""
    scores: np.ndarray = 1.5 * rng.normal(size=(len(labels), classes))
    scores[0, labels[0] - 1] = scores[0, labels[0]] + 0.5
    return scores


def clear_scores(rng: Generator, labels: np.ndarray) -> np.ndarray:
    """Of the four wrong classes of a row three keep the margin, one of them by a little; one not.

    Which scores more than the right class in the first half of the rows.
    """
    scores = rng.normal(size=(len(labels), 5))
    for n, right in enumerate(labels.tolist()):
        wrong = rng.permutation([c for c in range(5) if c != right])
        nearest = 0.7 if n < len(labels) / 2 else -0.4
        scores[n, wrong] = scores[n, right] + np.array([nearest, -1.3, -2.5, -9.0])
    return scores


HINGE_SHAPES = pytest.mark.parametrize("shape", [(7, 4), (4, 6), (9, 2), (1, 3)], ids=str)


@pytest.mark.task("hinge", weight=2)
@HINGE_SHAPES
def test_hinge_sums_over_wrong_classes_that_come_too_near(
    student: Student, rng: Generator, shape: Shape
) -> None:
    labels = some_labels(rng, *shape)
    scores = mixed_scores(rng, labels, shape[1])
    loss, _ = check_tuple(student.hinge(*copies(scores, labels)), 2, "the result")
    check_close(loss, mean_of_row_sums(violations(scores, labels)), "the loss")


@pytest.mark.task("hinge", weight=2)
@HINGE_SHAPES
def test_hinge_pushes_wrong_classes_down_and_the_right_one_up(
    student: Student, rng: Generator, shape: Shape
) -> None:
    labels = some_labels(rng, *shape)
    scores = mixed_scores(rng, labels, shape[1])
    _, dscores = check_tuple(student.hinge(*copies(scores, labels)), 2, "the result")
    slopes = np.where(violations(scores, labels) > 0, 1.0 / shape[0], 0.0)
    check_close(dscores, with_the_right_class(slopes, labels), "dscores")


@pytest.mark.task("hinge", weight=2)
def test_hinge_forgets_classes_that_keep_their_margin(student: Student, rng: Generator) -> None:
    labels = some_labels(rng, 10, 5)
    scores = clear_scores(rng, labels)
    loss, dscores = check_tuple(student.hinge(*copies(scores, labels)), 2, "the result")
    check_close(loss, (1.7 + 0.6) / 2, "the loss where most classes keep their margin")
    slopes = np.where(violations(scores, labels) > 0, 0.1, 0.0)
    expected = with_the_right_class(slopes, labels)
    check_close(dscores, expected, "dscores where most classes keep their margin")


@pytest.mark.task("hinge")
def test_hinge_of_equal_scores_costs_the_margin_a_wrong_class(
    student: Student, rng: Generator
) -> None:
    labels = some_labels(rng, 5, 4)
    for level in (0.0, 3.0):
        result = student.hinge(np.full((5, 4), level), labels.copy())
        loss, dscores = check_tuple(result, 2, "the result")
        check_close(loss, 3.0, "the loss of equal scores")
        expected = with_the_right_class(np.where(np.eye(4)[labels] > 0, 0.0, 0.2), labels)
        check_close(dscores, expected, "dscores of equal scores")


@pytest.mark.task("hinge")
def test_hinge_in_float32_stays_there_and_leaves_its_arguments_alone(
    student: Student, rng: Generator
) -> None:
    labels = some_labels(rng, 8, 5)
    (scores,) = in_float32(clear_scores(rng, labels))
    before = copies(scores, labels)
    excess = violations(*before)
    (slopes,) = in_float32(with_the_right_class(np.where(excess > 0, 0.125, 0.0), labels))
    loss, dscores = check_tuple(student.hinge(scores, labels), 2, "the result")
    check_single(loss, mean_of_row_sums(excess), "the loss")
    check_single(dscores, slopes, "dscores")
    check_same_arguments(before, scores=scores, labels=labels)


# squared_hinge


@pytest.mark.task("squared_hinge", weight=2)
@HINGE_SHAPES
def test_squared_hinge_sums_the_squares_of_the_violations(
    student: Student, rng: Generator, shape: Shape
) -> None:
    labels = some_labels(rng, *shape)
    scores = mixed_scores(rng, labels, shape[1])
    loss, _ = check_tuple(student.squared_hinge(*copies(scores, labels)), 2, "the result")
    check_close(loss, mean_of_row_sums(violations(scores, labels) ** 2), "the loss")


@pytest.mark.task("squared_hinge", weight=2)
@HINGE_SHAPES
def test_squared_hinge_pushes_in_proportion_to_the_violation(
    student: Student, rng: Generator, shape: Shape
) -> None:
    labels = some_labels(rng, *shape)
    scores = mixed_scores(rng, labels, shape[1])
    _, dscores = check_tuple(student.squared_hinge(*copies(scores, labels)), 2, "the result")
    slopes = 2 * violations(scores, labels) / shape[0]
    check_close(dscores, with_the_right_class(slopes, labels), "dscores")


@pytest.mark.task("squared_hinge", weight=2)
def test_squared_hinge_forgets_classes_that_keep_their_margin(
    student: Student, rng: Generator
) -> None:
    labels = some_labels(rng, 10, 5)
    scores = clear_scores(rng, labels)
    result = student.squared_hinge(*copies(scores, labels))
    loss, dscores = check_tuple(result, 2, "the result")
    check_close(loss, (1.7**2 + 0.6**2) / 2, "the loss where most classes keep their margin")
    expected = with_the_right_class(violations(scores, labels) / 5, labels)
    check_close(dscores, expected, "dscores where most classes keep their margin")


@pytest.mark.task("squared_hinge")
def test_squared_hinge_of_equal_scores_costs_the_margin_a_wrong_class(
    student: Student, rng: Generator
) -> None:
    labels = some_labels(rng, 5, 4)
    for level in (0.0, 3.0):
        result = student.squared_hinge(np.full((5, 4), level), labels.copy())
        loss, dscores = check_tuple(result, 2, "the result")
        check_close(loss, 3.0, "the loss of equal scores")
        expected = with_the_right_class(np.where(np.eye(4)[labels] > 0, 0.0, 0.4), labels)
        check_close(dscores, expected, "dscores of equal scores")


@pytest.mark.task("squared_hinge")
def test_squared_hinge_in_float32_stays_there_and_leaves_its_arguments_alone(
    student: Student, rng: Generator
) -> None:
    labels = some_labels(rng, 8, 5)
    (scores,) = in_float32(clear_scores(rng, labels))
    before = copies(scores, labels)
    excess = violations(*before)
    (slopes,) = in_float32(with_the_right_class(excess / 4, labels))
    loss, dscores = check_tuple(student.squared_hinge(scores, labels), 2, "the result")
    check_single(loss, mean_of_row_sums(excess**2), "the loss")
    check_single(dscores, slopes, "dscores")
    check_same_arguments(before, scores=scores, labels=labels)


# hierarchical_log_probability

Tree = tuple[np.ndarray, np.ndarray, np.ndarray]


def tree_walk(rng: Generator, features: int, depth: int) -> Tree:
    """Vectors of inner nodes, of which `depth` make a path, and both kinds of turns if it can."""
    nodes = rng.normal(size=(depth + 4, features))
    path = rng.permutation(depth + 4)[:depth]
    signs = rng.permutation(np.where(np.arange(depth) % 2, -1.0, 1.0))
    return nodes, path, signs


def log_probability(h: np.ndarray, nodes: np.ndarray, path: np.ndarray, signs: np.ndarray) -> float:
    """Of one instance h (D,): the sum over the turns of log σ, right however far they are."""
    total = []
    for node, sign in zip(path.tolist(), signs.tolist(), strict=True):
        turn = sign * math.fsum((h * nodes[node]).tolist())
        total.append(min(turn, 0.0) - math.log1p(math.exp(-abs(turn))))
    return math.fsum(total)


def hierarchical(h: np.ndarray, tree: Tree) -> np.ndarray:
    """`log_probability` of every row of h (N, D)."""
    return np.array([log_probability(row, *tree) for row in h], dtype=h.dtype)


@pytest.mark.task("hierarchical_log_probability", weight=2)
@pytest.mark.parametrize(("features", "depth"), [(4, 3), (3, 1), (2, 6)])
def test_path_of_one_instance_is_a_sum_over_its_turns(
    student: Student, rng: Generator, features: int, depth: int
) -> None:
    h, tree = rng.normal(size=features), tree_walk(rng, features, depth)
    found = student.hierarchical_log_probability(h.copy(), *copies(*tree))
    check_close(found, log_probability(h, *tree), "the log-probability")


@pytest.mark.task("hierarchical_log_probability", weight=2)
@pytest.mark.parametrize(
    ("rows", "features", "depth"), [(5, 4, 3), (3, 2, 6), (1, 3, 2), (4, 4, 4)]
)
def test_every_row_of_a_batch_has_its_own_log_probability(
    student: Student, rng: Generator, rows: int, features: int, depth: int
) -> None:
    h, tree = rng.normal(size=(rows, features)), tree_walk(rng, features, depth)
    found = student.hierarchical_log_probability(h.copy(), *copies(*tree))
    check_close(found, hierarchical(h, tree), "the log-probabilities of a batch")


@pytest.mark.task("hierarchical_log_probability", weight=2)
def test_probabilities_of_all_leaves_sum_to_one(student: Student, rng: Generator) -> None:
    h, nodes = rng.normal(size=5), rng.normal(size=(7, 5))
    found = []
    for turns in itertools.product((0, 1), repeat=3):
        path = np.array([0, 1 + turns[0], 3 + 2 * turns[0] + turns[1]])
        signs = np.where(turns, -1.0, 1.0)
        leaf = student.hierarchical_log_probability(*copies(h, nodes, path, signs))
        found.append(math.exp(min(check_number(leaf, "the log-probability of a leaf"), 0.5)))
    check_close(math.fsum(found), 1.0, "the sum of the probabilities of all eight leaves")
    check_that(max(found) - min(found) > 1e-9, "every leaf has the same probability")


@pytest.mark.task("hierarchical_log_probability", weight=2)
def test_other_turn_at_a_node_is_the_other_way(student: Student, rng: Generator) -> None:
    h, (nodes, path, signs) = rng.normal(size=3), tree_walk(rng, 3, 4)
    for k in range(4):
        others = np.where(np.arange(4) == k, -signs, signs).astype(int)
        found = student.hierarchical_log_probability(*copies(h, nodes, path, others))
        expected = log_probability(h, nodes, path, others)
        check_close(found, expected, "the log-probability with another turn")


@pytest.mark.task("hierarchical_log_probability", weight=2)
@pytest.mark.parametrize("size", [800.0, 2e4])
def test_turns_that_are_all_but_certain_stay_finite(
    student: Student, rng: Generator, size: float
) -> None:
    nodes, path = np.vstack([np.eye(3), -np.eye(3)]), np.array([4, 0, 2])
    h = size * np.where(rng.permutation(12).reshape(4, 3) % 2, -1.0, 1.0)
    for signs in (np.array([1.0, -1.0, 1.0]), np.array([-1.0, 1.0, -1.0])):
        found = student.hierarchical_log_probability(*copies(h, nodes, path, signs))
        expected = hierarchical(h, (nodes, path, signs))
        check_close(found, expected, "the log-probabilities of all but certain turns")


@pytest.mark.task("hierarchical_log_probability")
def test_tree_in_float32_stays_there_and_leaves_its_arguments_alone(
    student: Student, rng: Generator
) -> None:
    nodes, path, signs = tree_walk(rng, 4, 3)
    h, nodes, signs = in_float32(rng.normal(size=(6, 4)), nodes, signs)
    before = copies(h, nodes, path, signs)
    expected = hierarchical(before[0], (before[1], before[2], before[3]))
    found = student.hierarchical_log_probability(h, nodes, path, signs)
    check_single(found, expected, "the log-probabilities")
    check_same_arguments(before, h=h, nodes=nodes, path=path, signs=signs)


# standardize_fit


def column_moments(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean of each column and its spread, the mean square of what is left being over N."""
    means, spreads = [], []
    for column in X.astype(float).T.tolist():
        mean = math.fsum(column) / len(column)
        means.append(mean)
        spreads.append(math.sqrt(math.fsum((v - mean) ** 2 for v in column) / len(column)))
    return np.array(means, dtype=X.dtype), np.array(spreads, dtype=X.dtype)


def features(rng: Generator, shape: Shape) -> np.ndarray:
    """Features of different places and spreads."""
    moved: np.ndarray = rng.normal(size=shape) * rng.uniform(0.2, 4.0, size=shape[1])
    return moved + rng.uniform(1.0, 3.0, size=shape[1])


FEATURE_SHAPES = pytest.mark.parametrize("shape", [(8, 3), (4, 6), (2, 2), (9, 1)], ids=str)


@pytest.mark.task("standardize_fit", weight=2)
@FEATURE_SHAPES
def test_mean_is_one_of_each_feature(student: Student, rng: Generator, shape: Shape) -> None:
    X = features(rng, shape)
    mean, _ = check_tuple(student.standardize_fit(X.copy()), 2, "the result")
    check_close(mean, column_moments(X)[0], "mean")


@pytest.mark.task("standardize_fit", weight=2)
@FEATURE_SHAPES
def test_std_is_the_spread_of_each_feature_over_the_rows(
    student: Student, rng: Generator, shape: Shape
) -> None:
    X = features(rng, shape)
    _, std = check_tuple(student.standardize_fit(X.copy()), 2, "the result")
    check_close(std, column_moments(X)[1], "std")


@pytest.mark.task("standardize_fit", weight=2)
def test_constant_feature_has_a_std_of_exactly_zero(student: Student, rng: Generator) -> None:
    X = features(rng, (8, 4))
    X[:, 1], X[:, 3] = 2.5, 0.0
    mean, std = check_tuple(student.standardize_fit(X.copy()), 2, "the result")
    expected_mean, expected_std = column_moments(X)
    check_close(mean, expected_mean, "mean")
    check_close(std, expected_std, "std, with constant features,")
    constant = np.asarray(std)[[1, 3]]
    check_that(bool((constant == 0).all()), "the std of a constant feature is to be exactly 0")


@pytest.mark.task("standardize_fit")
def test_spread_of_features_far_from_zero_is_not_lost(student: Student, rng: Generator) -> None:
    X = rng.normal(size=(12, 3)) + np.array([1e6, -3e6, 0.0])
    mean, std = check_tuple(student.standardize_fit(X.copy()), 2, "the result")
    expected_mean, expected_std = column_moments(X)
    check_close(mean, expected_mean, "mean of features far from zero")
    check_close(std, expected_std, "std of features far from zero", rtol=1e-6)


@pytest.mark.task("standardize_fit")
def test_rows_repeated_have_the_same_moments_and_one_row_is_its_own_mean(
    student: Student, rng: Generator
) -> None:
    X = features(rng, (3, 4))
    repeated = check_tuple(student.standardize_fit(np.tile(X, (5, 1))), 2, "the result")
    for actual, expected, name in zip(repeated, column_moments(X), ("mean", "std"), strict=True):
        check_close(actual, expected, f"{name} of repeated rows")
    mean, std = check_tuple(student.standardize_fit(X[:1].copy()), 2, "the result")
    check_close(mean, X[0], "mean of one row")
    check_close(std, np.zeros(4), "std of one row")


@pytest.mark.task("standardize_fit")
def test_fit_in_float32_stays_there_and_leaves_the_data_alone(
    student: Student, rng: Generator
) -> None:
    (X,) = in_float32(features(rng, (9, 4)))
    before = X.copy()
    mean, std = check_tuple(student.standardize_fit(X), 2, "the result")
    expected_mean, expected_std = column_moments(before)
    check_single(mean, expected_mean, "mean")
    check_single(std, expected_std, "std")
    check_same_arguments([before], X=X)


# standardize


def moved_and_scaled(X: np.ndarray, mean: np.ndarray, std: np.ndarray) -> np.ndarray:
    """What `standardize` is to return, entry by entry."""
    moved = np.empty_like(X)
    for n, i in np.ndindex(*X.shape):
        moved[n, i] = (X[n, i] - mean[i]) / (std[i] if std[i] else 1.0)
    return moved


def given_moments(rng: Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Means and spreads that no data of a test have."""
    return rng.uniform(-3.0, -1.0, size=count), rng.uniform(0.3, 3.0, size=count)


@pytest.mark.task("standardize", weight=2)
@pytest.mark.parametrize("shape", [(8, 3), (4, 4), (1, 5), (6, 1)], ids=str)
def test_data_are_moved_and_scaled_by_what_was_fitted(
    student: Student, rng: Generator, shape: Shape
) -> None:
    X, (mean, std) = features(rng, shape), given_moments(rng, shape[1])
    moved = student.standardize(*copies(X, mean, std))
    check_close(moved, moved_and_scaled(X, mean, std), "the standardized data")


@pytest.mark.task("standardize", weight=2)
def test_training_data_come_out_with_zero_mean_and_unit_std(
    student: Student, rng: Generator
) -> None:
    X = features(rng, (12, 4))
    moved = student.standardize(X.copy(), *column_moments(X))
    check_array(moved, (12, 4), "the standardized training data")
    check_close(moved.mean(axis=0), np.zeros(4), "the mean of the standardized training data")
    check_close(moved.std(axis=0), np.ones(4), "the std of the standardized training data")


@pytest.mark.task("standardize", weight=2)
def test_constant_feature_is_moved_and_not_scaled(student: Student, rng: Generator) -> None:
    X, (mean, std) = features(rng, (6, 4)), given_moments(rng, 4)
    std[[0, 2]] = 0.0
    X[:4, 0], X[:, 2] = mean[0], mean[2]
    moved = student.standardize(*copies(X, mean, std))
    expected = moved_and_scaled(X, mean, std)
    check_close(moved, expected, "the standardized data with constant features")


@pytest.mark.task("standardize")
def test_rows_do_not_depend_on_what_else_is_standardized(student: Student, rng: Generator) -> None:
    X, (mean, std) = features(rng, (5, 3)), given_moments(rng, 3)
    expected = moved_and_scaled(X, mean, std)
    for rows in ([0], [3, 1], [4, 4, 4]):
        moved = student.standardize(*copies(X[rows], mean, std))
        check_close(moved, expected[rows], "some rows, standardized without the others,")


@pytest.mark.task("standardize")
def test_narrow_features_are_widened_and_wide_ones_narrowed(
    student: Student, rng: Generator
) -> None:
    std = np.array([2e-3, 0.1, 1.0, 50.0, 3e4])
    mean = rng.uniform(1.0, 2.0, size=5)
    Z = mixed(rng, (6, 5))
    moved = student.standardize(mean + std * Z, *copies(mean, std))
    check_close(moved, Z, "features of very different spread", rtol=1e-6, atol=1e-8)


@pytest.mark.task("standardize")
def test_data_in_float32_stay_there_and_arguments_are_left_alone(
    student: Student, rng: Generator
) -> None:
    X, mean, std = in_float32(features(rng, (6, 4)), *given_moments(rng, 4))
    X[:, 1], std[1] = mean[1], 0.0
    before = copies(X, mean, std)
    moved = student.standardize(X, mean, std)
    check_single(moved, moved_and_scaled(*before), "the standardized data")
    check_same_arguments(before, X=X, mean=mean, std=std)


# pca_fit


def orthogonal(rng: Generator, count: int) -> np.ndarray:
    """Random axes, one a column."""
    axes: np.ndarray = np.linalg.qr(rng.normal(size=(count, count)))[0]
    return axes


def correlated(rng: Generator, rows: int, count: int) -> np.ndarray:
    """Features that vary together, away from zero; their axes differ in variance."""
    spreads = 3.0 * 0.6 ** rng.permutation(count)
    turned: np.ndarray = (rng.normal(size=(rows, count)) * spreads) @ orthogonal(rng, count).T
    return turned + rng.uniform(1.0, 3.0, size=count)


def covariance(X: np.ndarray) -> np.ndarray:
    """Of the columns of X, over N, from the products of every pair of them."""
    centered = X.astype(float) - column_moments(X.astype(float))[0]
    count = X.shape[1]
    products = [
        math.fsum((centered[:, i] * centered[:, k]).tolist())
        for i, k in itertools.product(range(count), repeat=2)
    ]
    return np.array(products).reshape(count, count) / len(X)


def fitted(X: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A right answer to `pca_fit`, axes turned so that each one's largest entry is positive."""
    variances, U = np.linalg.eigh(covariance(X))
    U, variances = U[:, ::-1], np.maximum(variances[::-1], 0.0)
    U = U * np.sign(U[np.argmax(np.abs(U), axis=0), np.arange(len(U))])
    mean = column_moments(X)[0]
    return mean, U.astype(X.dtype), variances.astype(X.dtype)


def check_axes(U: object, X: np.ndarray, tolerance: float = 1e-7) -> None:
    """Columns of U are orthonormal and, in their order, the axes of X: signs are free."""
    count = X.shape[1]
    check_array(U, (count, count), "U", dtype=X.dtype)
    axes = np.asarray(U, dtype=float)
    off = np.abs(axes.T @ axes - np.eye(count)).max()
    check_that(bool(off < tolerance), "the columns of U are not orthonormal", f"off by {off:.3g}")
    along = axes.T @ covariance(X) @ axes
    expected = np.linalg.eigvalsh(covariance(X))[::-1]
    scale = tolerance * max(1.0, float(expected[0]))
    rest = np.abs(along - np.diag(np.diag(along))).max()
    check_that(
        bool(rest < scale), "the data are correlated along the columns of U", f"by {rest:.3g}"
    )
    wrong = np.abs(np.diag(along) - expected).max()
    check_that(
        bool(wrong < scale), "the columns of U are not in the right order", f"off by {wrong:.3g}"
    )


PCA_SHAPES = pytest.mark.parametrize("shape", [(12, 4), (30, 3), (7, 2), (9, 6)], ids=str)


@pytest.mark.task("pca_fit", weight=2)
@PCA_SHAPES
def test_axes_are_columns_in_order_along_which_data_are_uncorrelated(
    student: Student, rng: Generator, shape: Shape
) -> None:
    X = correlated(rng, *shape)
    _, U, _ = check_tuple(student.pca_fit(X.copy()), 3, "the result")
    check_axes(U, X)


@pytest.mark.task("pca_fit", weight=2)
@PCA_SHAPES
def test_variances_are_those_along_the_axes_from_the_largest(
    student: Student, rng: Generator, shape: Shape
) -> None:
    X = correlated(rng, *shape)
    _, _, variances = check_tuple(student.pca_fit(X.copy()), 3, "the result")
    check_close(variances, np.linalg.eigvalsh(covariance(X))[::-1].copy(), "variances")


@pytest.mark.task("pca_fit")
@pytest.mark.parametrize("shape", [(12, 4), (4, 7)], ids=str)
def test_pca_returns_the_mean_of_each_feature(
    student: Student, rng: Generator, shape: Shape
) -> None:
    X = correlated(rng, *shape)
    mean, _, _ = check_tuple(student.pca_fit(X.copy()), 3, "the result")
    check_close(mean, column_moments(X)[0], "mean")


@pytest.mark.task("pca_fit")
@pytest.mark.parametrize("shape", [(3, 5), (10, 1)], ids=str)
def test_pca_has_an_axis_a_feature_however_few_rows(
    student: Student, rng: Generator, shape: Shape
) -> None:
    X = correlated(rng, *shape)
    _, U, variances = check_tuple(student.pca_fit(X.copy()), 3, "the result")
    check_axes(U, X)
    check_close(variances, fitted(X)[2], "variances")


@pytest.mark.task("pca_fit")
def test_pca_of_rows_repeated_or_moved_has_the_same_variances_and_axes(
    student: Student, rng: Generator
) -> None:
    X = correlated(rng, 6, 3)
    expected = fitted(X)[2]
    for other in (np.tile(X, (4, 1)), X + np.array([40.0, -70.0, 20.0])):
        _, U, variances = check_tuple(student.pca_fit(other.copy()), 3, "the result")
        check_close(variances, expected, "variances of rows repeated or moved")
        check_axes(U, other)


@pytest.mark.task("pca_fit")
def test_pca_in_float32_stays_there_and_leaves_the_data_alone(
    student: Student, rng: Generator
) -> None:
    (X,) = in_float32(correlated(rng, 10, 4))
    before = X.copy()
    mean, U, variances = check_tuple(student.pca_fit(X), 3, "the result")
    check_single(mean, column_moments(before)[0], "mean")
    check_close(variances, fitted(before)[2], "variances", rtol=1e-3, atol=1e-3)
    check_axes(U, before, tolerance=1e-3)
    check_same_arguments([before], X=X)


# pca_rotate


def along_axes(X: np.ndarray, mean: np.ndarray, U: np.ndarray, k: int) -> np.ndarray:
    """Each row's coordinates on the first k columns of U, from `mean`, one by one."""
    found = np.empty((len(X), k), dtype=X.dtype)
    for n, i in np.ndindex(len(X), k):
        products = (X[n].astype(float) - mean) * U[:, i]
        found[n, i] = math.fsum(products.tolist())
    return found


@pytest.mark.task("pca_rotate", weight=2)
@pytest.mark.parametrize(("shape", "k"), [((6, 4), 4), ((5, 4), 2), ((3, 6), 1), ((4, 4), 3)])
def test_data_are_seen_along_the_first_axes(
    student: Student, rng: Generator, shape: Shape, k: int
) -> None:
    X, U, mean = features(rng, shape), orthogonal(rng, shape[1]), rng.normal(size=shape[1])
    rotated = student.pca_rotate(*copies(X, mean, U), k)
    check_close(rotated, along_axes(X, mean, U, k), "the rotated data")


@pytest.mark.task("pca_rotate", weight=2)
def test_rotated_training_data_are_uncorrelated_with_the_variances_of_the_axes(
    student: Student, rng: Generator
) -> None:
    X = correlated(rng, 14, 4)
    mean, U, variances = fitted(X)
    rotated = student.pca_rotate(*copies(X, mean, U), 3)
    check_array(rotated, (14, 3), "the rotated training data")
    check_close(rotated.mean(axis=0), np.zeros(3), "the mean of the rotated training data")
    check_close(
        covariance(rotated), np.diag(variances[:3]), "the covariance of the rotated training data"
    )


@pytest.mark.task("pca_rotate")
def test_all_axes_keep_the_distances_between_rows(student: Student, rng: Generator) -> None:
    X = correlated(rng, 5, 4)
    mean, U, _ = fitted(X)
    rotated = student.pca_rotate(*copies(X, mean, U), 4)
    check_array(rotated, (5, 4), "the data on all axes")
    for n, m in itertools.combinations(range(5), 2):
        apart = float(np.linalg.norm(rotated[n] - rotated[m]))
        check_close(apart, float(np.linalg.norm(X[n] - X[m])), "the distance between two rows")
    check_close(rotated, along_axes(X, mean, U, 4), "the data on all axes")


@pytest.mark.task("pca_rotate", weight=2)
def test_new_rows_are_rotated_as_the_training_data_were(student: Student, rng: Generator) -> None:
    X, new = correlated(rng, 12, 3), correlated(rng, 4, 3)
    mean, U, _ = fitted(X)
    for rows in ([0], [2, 1], [3, 3]):
        rotated = student.pca_rotate(*copies(new[rows], mean, U), 2)
        check_close(rotated, along_axes(new[rows], mean, U, 2), "new data, rotated,")


@pytest.mark.task("pca_rotate")
def test_fewer_axes_are_the_first_of_more(student: Student, rng: Generator) -> None:
    X, U, mean = features(rng, (3, 5)), orthogonal(rng, 5), rng.normal(size=5)
    everything = along_axes(X, mean, U, 5)
    for k in (1, 3, 5):
        rotated = student.pca_rotate(*copies(X, mean, U), k)
        check_close(rotated, everything[:, :k].copy(), "the data on the first k axes")


@pytest.mark.task("pca_rotate")
def test_rotation_in_float32_stays_there_and_leaves_its_arguments_alone(
    student: Student, rng: Generator
) -> None:
    X, mean, U = in_float32(features(rng, (6, 4)), rng.normal(size=4), orthogonal(rng, 4))
    before = copies(X, mean, U)
    expected = along_axes(before[0], before[1], before[2], 3)
    check_single(student.pca_rotate(X, mean, U, 3), expected, "the rotated data")
    check_same_arguments(before, X=X, mean=mean, U=U)


# whiten


def whitened(
    X: np.ndarray, mean: np.ndarray, U: np.ndarray, variances: np.ndarray, eps: float
) -> np.ndarray:
    """What `whiten` is to return: coordinates along the axes, in units of their spread."""
    white = along_axes(X, mean, U, X.shape[1])
    for i, variance in enumerate(variances.tolist()):
        white[:, i] /= math.sqrt(variance + eps)
    return white


def given_axes(rng: Generator, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A mean, axes and falling variances that no data of a test have."""
    variances = np.sort(rng.uniform(0.2, 6.0, size=count))[::-1].copy()
    return rng.normal(size=count), orthogonal(rng, count), variances


@pytest.mark.task("whiten", weight=2)
@pytest.mark.parametrize(
    ("shape", "eps"), [((6, 4), 1e-5), ((5, 3), 0.5), ((4, 4), 2.0), ((1, 5), 0.0)]
)
def test_data_are_scaled_to_units_along_the_axes(
    student: Student, rng: Generator, shape: Shape, eps: float
) -> None:
    X, fit = features(rng, shape), given_axes(rng, shape[1])
    white = student.whiten(*copies(X, *fit), eps)
    check_close(white, whitened(X, *fit, eps), "the whitened data")


@pytest.mark.task("whiten", weight=2)
def test_epsilon_is_a_hundred_thousandth_unless_given(student: Student, rng: Generator) -> None:
    X, (mean, U, _) = 1e-2 * features(rng, (6, 4)), given_axes(rng, 4)
    variances = np.array([1e-3, 4e-5, 1e-5, 2e-6])
    white = student.whiten(*copies(X, mean, U, variances))
    check_close(white, whitened(X, mean, U, variances, 1e-5), "the whitened data of small variance")


@pytest.mark.task("whiten", weight=2)
@pytest.mark.parametrize("eps", [0.0, 0.3])
def test_whitened_training_data_have_the_covariance_that_epsilon_leaves(
    student: Student, rng: Generator, eps: float
) -> None:
    X = correlated(rng, 16, 4)
    mean, U, variances = fitted(X)
    white = student.whiten(*copies(X, mean, U, variances), eps)
    check_array(white, (16, 4), "the whitened training data")
    check_close(white.mean(axis=0), np.zeros(4), "the mean of the whitened training data")
    expected = np.diag(variances / (variances + eps))
    check_close(covariance(white), expected, "the covariance of the whitened training data")


@pytest.mark.task("whiten")
def test_axis_without_variance_stays_finite(student: Student, rng: Generator) -> None:
    X, (mean, U, variances) = features(rng, (5, 4)), given_axes(rng, 4)
    variances[2:] = 0.0
    white = student.whiten(*copies(X, mean, U, variances), 0.04)
    expected = whitened(X, mean, U, variances, 0.04)
    check_close(white, expected, "the whitened data with axes of no variance")


@pytest.mark.task("whiten")
def test_new_rows_are_whitened_by_the_training_data(student: Student, rng: Generator) -> None:
    X, new = correlated(rng, 12, 3), correlated(rng, 4, 3)
    fit = fitted(X)
    for rows in ([0], [2, 1], [3, 3]):
        white = student.whiten(*copies(new[rows], *fit), 0.1)
        check_close(white, whitened(new[rows], *fit, 0.1), "new data, whitened,")


@pytest.mark.task("whiten")
def test_whitening_in_float32_stays_there_and_leaves_its_arguments_alone(
    student: Student, rng: Generator
) -> None:
    X, mean, U, variances = in_float32(features(rng, (6, 4)), *given_axes(rng, 4))
    before = copies(X, mean, U, variances)
    white = student.whiten(X, mean, U, variances, 0.1)
    check_single(white, whitened(before[0], before[1], before[2], before[3], 0.1), "whitened data")
    check_same_arguments(before, X=X, mean=mean, U=U, variances=variances)
