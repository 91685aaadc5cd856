"""Hidden tests of lab 07: penalties, limits, early stopping, averages and changed images.

Long, since one file a lab is the contract; its sections follow the tasks.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence

import numpy as np
import pytest

from autograder.arguments import (
    Shape,
    check_same_arguments,
    check_single,
    copies,
    in_float32,
    mixed,
)
from autograder.grading import Student
from dlcourse.testing import (
    check_array,
    check_close,
    check_that,
    check_tuple,
)

Generator = np.random.Generator


def check_scaled(actual: object, expected: np.ndarray, name: str) -> None:
    """`actual` is `expected`, or so close as with a tiny ε added to the norm divided by."""
    check_close(actual, expected, name, rtol=1e-5, atol=1e-6)


def check_list(
    actual: object, expected: Sequence[np.ndarray], name: str, tolerance: float = 1e-7
) -> None:
    """`actual` is a list of the arrays of `expected`, in their order."""
    arrays = check_tuple(actual, len(expected), f"the list of {name}s")
    for k, (array, right) in enumerate(zip(arrays, expected, strict=True), start=1):
        check_close(array, right, f"{name} {k} of the list", rtol=tolerance, atol=tolerance / 10)


SEVERAL_SHAPES = pytest.mark.parametrize(
    "shapes", [[(3, 4)], [(4, 2), (2,), (3, 2, 2)], [(7,), (2, 5)]], ids=str
)


# l2_penalty


@pytest.mark.task("l2_penalty", weight=2)
@SEVERAL_SHAPES
def test_l2_penalty_is_half_of_lam_for_each_squared_weight(
    student: Student, rng: Generator, shapes: list[Shape]
) -> None:
    weights, lam = [mixed(rng, shape) for shape in shapes], float(rng.uniform(0.2, 0.8))
    penalty, _ = check_tuple(student.l2_penalty(copies(*weights), lam), 2, "the result")
    squares = math.fsum(float(w) ** 2 for W in weights for w in W.ravel())
    check_close(penalty, lam * squares / 2, "the penalty")


@pytest.mark.task("l2_penalty", weight=2)
@SEVERAL_SHAPES
def test_l2_gradients_are_the_slopes_of_the_penalty(
    student: Student, rng: Generator, shapes: list[Shape]
) -> None:
    weights, lam = [mixed(rng, shape) for shape in shapes], float(rng.uniform(0.2, 0.8))
    _, grads = check_tuple(student.l2_penalty(copies(*weights), lam), 2, "the result")
    check_list(grads, [lam * W for W in weights], "gradient")


@pytest.mark.task("l2_penalty")
def test_l2_is_proportional_to_lam(student: Student, rng: Generator) -> None:
    weights = [mixed(rng, (2, 3)), mixed(rng, (4,))]
    squares = float((weights[0] ** 2).sum() + (weights[1] ** 2).sum())
    for lam in (30.0, 1.0, 0.0):
        penalty, grads = check_tuple(student.l2_penalty(copies(*weights), lam), 2, "the result")
        check_close(penalty, lam * squares / 2, "the penalty at another lam")
        check_list(grads, [lam * W for W in weights], "gradient")


@pytest.mark.task("l2_penalty")
def test_l2_in_float32_stays_there_and_leaves_the_weights_alone(
    student: Student, rng: Generator
) -> None:
    W, b = in_float32(mixed(rng, (5, 3)), mixed(rng, (3,)))
    before = copies(W, b)
    penalty, grads = check_tuple(student.l2_penalty([W, b], 0.3), 2, "the result")
    check_single(penalty, 0.15 * float((before[0] ** 2).sum() + (before[1] ** 2).sum()), "penalty")
    check_list(grads, [np.float32(0.3) * array for array in before], "gradient", tolerance=1e-4)
    check_same_arguments(before, W=W, b=b)


# weight_decay_step


@pytest.mark.task("weight_decay_step", weight=2)
@pytest.mark.parametrize("shape", [(7,), (3, 4), (2, 3, 2)])
def test_step_goes_down_the_loss_and_its_penalty(
    student: Student, rng: Generator, shape: Shape
) -> None:
    w, grad = mixed(rng, shape), mixed(rng, shape)
    for lr, lam in [(0.3, 0.7), (0.05, 2.0)]:
        stepped = student.weight_decay_step(*copies(w, grad), lr, lam)
        check_close(stepped, w - lr * (grad + lam * w), "w after the step")


@pytest.mark.task("weight_decay_step")
def test_without_gradient_the_weights_shrink_step_by_step(student: Student, rng: Generator) -> None:
    w = mixed(rng, (6,))
    stepped: object = w.copy()
    for k in range(1, 4):
        stepped = student.weight_decay_step(stepped, np.zeros(6), 0.2, 0.6)
        check_close(stepped, w * 0.88**k, "w after steps where the loss is flat")
    far = student.weight_decay_step(w.copy(), np.zeros(6), 2.0, 0.75)
    check_close(far, -0.5 * w, "w after a step at a high rate where the loss is flat")


@pytest.mark.task("weight_decay_step")
def test_without_decay_the_step_is_plain_gradient_descent(student: Student, rng: Generator) -> None:
    w, grad = mixed(rng, (2, 4)), mixed(rng, (2, 4))
    plain = student.weight_decay_step(*copies(w, grad), 0.3, 0.0)
    check_close(plain, w - 0.3 * grad, "w after a step without decay")
    still = student.weight_decay_step(*copies(w, grad), 0.0, 0.9)
    check_close(still, w, "w after a step at a rate of zero")


@pytest.mark.task("weight_decay_step")
def test_weights_of_zero_feel_the_gradient_alone(student: Student, rng: Generator) -> None:
    w, grad = mixed(rng, (8,)), mixed(rng, (8,))
    w[[1, 5]] = 0.0
    stepped = student.weight_decay_step(*copies(w, grad), 0.25, 0.8)
    check_array(stepped, (8,), "w after the step")
    check_close(stepped[[1, 5]], -0.25 * grad[[1, 5]], "w after the step, where it was zero")
    check_close(stepped, 0.8 * w - 0.25 * grad, "w after the step")


@pytest.mark.task("weight_decay_step")
def test_decay_in_float32_stays_there_and_leaves_its_arguments_alone(
    student: Student, rng: Generator
) -> None:
    w, grad = in_float32(mixed(rng, (5, 2)), mixed(rng, (5, 2)))
    before = copies(w, grad)
    expected = np.float32(0.92) * before[0] - np.float32(0.2) * before[1]
    check_single(student.weight_decay_step(w, grad, 0.2, 0.4), expected, "w after the step")
    check_same_arguments(before, w=w, grad=grad)


# l1_penalty


@pytest.mark.task("l1_penalty", weight=2)
@SEVERAL_SHAPES
def test_l1_penalty_is_lam_for_each_size_of_a_weight(
    student: Student, rng: Generator, shapes: list[Shape]
) -> None:
    weights, lam = [mixed(rng, shape) for shape in shapes], float(rng.uniform(0.2, 0.8))
    penalty, _ = check_tuple(student.l1_penalty(copies(*weights), lam), 2, "the result")
    sizes = math.fsum(abs(float(w)) for W in weights for w in W.ravel())
    check_close(penalty, lam * sizes, "the penalty")


@pytest.mark.task("l1_penalty", weight=2)
@SEVERAL_SHAPES
def test_l1_gradients_know_the_sign_of_each_weight_alone(
    student: Student, rng: Generator, shapes: list[Shape]
) -> None:
    weights, lam = [mixed(rng, shape) for shape in shapes], float(rng.uniform(0.2, 0.8))
    _, grads = check_tuple(student.l1_penalty(copies(*weights), lam), 2, "the result")
    check_list(grads, [np.where(W > 0, lam, -lam) for W in weights], "gradient")


@pytest.mark.task("l1_penalty")
def test_l1_leaves_weights_of_zero_where_they_are(student: Student, rng: Generator) -> None:
    W, b = mixed(rng, (3, 4)), mixed(rng, (5,))
    W[[0, 2], [1, 3]], b[2] = 0.0, 0.0
    expected = [np.where(A == 0, 0.0, np.where(A > 0, 0.4, -0.4)) for A in (W, b)]
    penalty, grads = check_tuple(student.l1_penalty(copies(W, b), 0.4), 2, "the result")
    check_list(grads, expected, "gradient, with zeros among the weights,")
    check_close(penalty, 0.4 * float(np.abs(W).sum() + np.abs(b).sum()), "the penalty")


@pytest.mark.task("l1_penalty")
def test_l1_is_proportional_to_lam_and_tiny_weights_count_as_any(
    student: Student, rng: Generator
) -> None:
    weights = [mixed(rng, (2, 3)), 1e-7 * mixed(rng, (4,))]
    sizes = float(np.abs(weights[0]).sum() + np.abs(weights[1]).sum())
    for lam in (20.0, 1.0, 0.0):
        penalty, grads = check_tuple(student.l1_penalty(copies(*weights), lam), 2, "the result")
        check_close(penalty, lam * sizes, "the penalty at another lam")
        check_list(grads, [np.where(W > 0, lam, -lam) for W in weights], "gradient")


@pytest.mark.task("l1_penalty")
def test_l1_in_float32_stays_there_and_leaves_the_weights_alone(
    student: Student, rng: Generator
) -> None:
    W, b = in_float32(mixed(rng, (5, 3)), mixed(rng, (3,)))
    before = copies(W, b)
    expected = in_float32(*[np.where(A > 0, 0.3, -0.3) for A in before])
    penalty, grads = check_tuple(student.l1_penalty([W, b], 0.3), 2, "the result")
    check_single(penalty, 0.3 * float(np.abs(before[0]).sum() + np.abs(before[1]).sum()), "penalty")
    check_list(grads, expected, "gradient", tolerance=1e-4)
    check_same_arguments(before, W=W, b=b)


# soft_threshold


def moved_towards_zero(w: np.ndarray, amount: float) -> np.ndarray:
    """What `soft_threshold` is to return."""
    moved = [math.copysign(max(abs(v) - amount, 0.0), v) for v in w.ravel().tolist()]
    return np.array(moved, dtype=w.dtype).reshape(w.shape)


@pytest.mark.task("soft_threshold", weight=2)
@pytest.mark.parametrize("shape", [(12,), (4, 5), (2, 3, 4)])
def test_every_entry_moves_towards_zero_by_the_amount(
    student: Student, rng: Generator, shape: Shape
) -> None:
    w = mixed(rng, shape, low=0.05)
    for amount in (0.6, 1.3):
        moved = student.soft_threshold(w.copy(), amount)
        check_close(moved, moved_towards_zero(w, amount), "w after the threshold")


@pytest.mark.task("soft_threshold")
def test_entries_within_the_amount_become_exactly_zero(student: Student, rng: Generator) -> None:
    w = np.concatenate([mixed(rng, (6,), low=0.1, high=0.69), mixed(rng, (4,), low=0.9), [0.0]])
    moved = student.soft_threshold(w.copy(), 0.7)
    check_array(moved, (11,), "w after the threshold")
    check_that(
        bool((moved[np.abs(w) < 0.7] == 0).all()), "an entry smaller than amount is to become 0"
    )
    check_close(moved, moved_towards_zero(w, 0.7), "w after the threshold")


@pytest.mark.task("soft_threshold")
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_entries_of_either_sign_shrink_and_keep_it(
    student: Student, rng: Generator, sign: float
) -> None:
    w = sign * rng.uniform(1.0, 3.0, size=9)
    moved = student.soft_threshold(w.copy(), 0.75)
    check_close(moved, sign * (np.abs(w) - 0.75), "w after the threshold, all of one sign")


@pytest.mark.task("soft_threshold")
def test_threshold_of_zero_moves_nothing_and_one_of_the_size_moves_to_zero(
    student: Student, rng: Generator
) -> None:
    w = mixed(rng, (3, 4))
    check_close(student.soft_threshold(w.copy(), 0.0), w, "w after a threshold of 0")
    at = np.array([0.5, -0.5, 0.25, -2.0, 1.5, 0.0])
    moved = np.array([0.0, 0.0, 0.0, -1.5, 1.0, 0.0])
    check_close(student.soft_threshold(at, 0.5), moved, "w where some entries equal the amount")


@pytest.mark.task("soft_threshold")
def test_threshold_in_float32_stays_there_and_leaves_w_alone(
    student: Student, rng: Generator
) -> None:
    (w,) = in_float32(mixed(rng, (4, 4)))
    before = w.copy()
    expected = moved_towards_zero(before, 0.8)
    check_single(student.soft_threshold(w, 0.8), expected, "w after the threshold")
    check_same_arguments([before], w=w)


# activation_l1


@pytest.mark.task("activation_l1", weight=2)
@pytest.mark.parametrize("shape", [(6, 4), (3, 8), (5, 2, 3), (2, 3, 2, 2)])
def test_activation_penalty_is_a_mean_over_rows_and_a_sum_over_units(
    student: Student, rng: Generator, shape: Shape
) -> None:
    h, lam = mixed(rng, shape), float(rng.uniform(0.2, 0.8))
    penalty, _ = check_tuple(student.activation_l1(h.copy(), lam), 2, "the result")
    of_rows = [math.fsum(abs(float(v)) for v in row.ravel()) for row in h]
    check_close(penalty, lam * math.fsum(of_rows) / len(of_rows), "the penalty")


@pytest.mark.task("activation_l1", weight=2)
@pytest.mark.parametrize("shape", [(6, 4), (3, 8), (5, 2, 3)])
def test_derivative_by_activations_has_their_signs_and_the_batchs_share(
    student: Student, rng: Generator, shape: Shape
) -> None:
    h, lam = mixed(rng, shape), float(rng.uniform(0.2, 0.8))
    _, dh = check_tuple(student.activation_l1(h.copy(), lam), 2, "the result")
    share = lam / shape[0]
    check_close(dh, np.where(h > 0, share, -share), "dh")


@pytest.mark.task("activation_l1")
def test_units_that_are_off_get_no_derivative(student: Student, rng: Generator) -> None:
    h = np.where(mixed(rng, (5, 6)) > 0, rng.uniform(0.2, 1.0, size=(5, 6)), 0.0)
    penalty, dh = check_tuple(student.activation_l1(h.copy(), 0.5), 2, "the result")
    check_close(dh, np.where(h > 0, 0.1, 0.0), "dh where some units are off")
    check_close(penalty, 0.1 * float(h.sum()), "the penalty where some units are off")


@pytest.mark.task("activation_l1")
def test_same_batch_twice_has_the_same_penalty_and_half_the_derivative(
    student: Student, rng: Generator
) -> None:
    h = mixed(rng, (1, 5))
    for times in (1, 2, 8):
        result = student.activation_l1(np.tile(h, (times, 1)), 2.0)
        penalty, dh = check_tuple(result, 2, "the result")
        check_close(penalty, 2.0 * float(np.abs(h).sum()), "the penalty of repeated rows")
        check_close(dh, np.tile(np.sign(h) * 2.0 / times, (times, 1)), "dh of repeated rows")


@pytest.mark.task("activation_l1")
def test_activation_penalty_in_float32_stays_there_and_leaves_h_alone(
    student: Student, rng: Generator
) -> None:
    (h,) = in_float32(mixed(rng, (4, 6)))
    before = h.copy()
    (expected,) = in_float32(np.where(before > 0, 0.15, -0.15))
    penalty, dh = check_tuple(student.activation_l1(h, 0.6), 2, "the result")
    check_single(penalty, 0.15 * float(np.abs(before).sum()), "the penalty")
    check_single(dh, expected, "dh")
    check_same_arguments([before], h=h)


# max_norm


def columns(rng: Generator, rows: int, norms: Sequence[float] | np.ndarray) -> np.ndarray:
    """A matrix whose columns have these Euclidean norms, in random directions."""
    directions = mixed(rng, (rows, len(norms)))
    matrix: np.ndarray = directions / np.sqrt((directions**2).sum(axis=0)) * np.asarray(norms)
    return matrix


def shortened(W: np.ndarray, limit: float) -> np.ndarray:
    """What `max_norm` is to return."""
    short = W.copy()
    for m in range(W.shape[1]):
        norm = math.sqrt(math.fsum(float(v) ** 2 for v in W[:, m]))
        if norm > limit:
            short[:, m] = W[:, m] * (limit / norm)
    return short


@pytest.mark.task("max_norm", weight=2)
@pytest.mark.parametrize(("rows", "count"), [(6, 4), (3, 8), (4, 4), (5, 2)])
def test_long_columns_are_scaled_back_to_the_limit(
    student: Student, rng: Generator, rows: int, count: int
) -> None:
    norms = np.where(np.arange(count) % 2, rng.uniform(2.0, 6.0, count), rng.uniform(0.3, 1, count))
    W = columns(rng, rows, norms)
    check_scaled(student.max_norm(W.copy(), 1.5), shortened(W, 1.5), "W after the limit")


@pytest.mark.task("max_norm", weight=2)
def test_short_columns_stay_as_they_are(student: Student, rng: Generator) -> None:
    short, both = columns(rng, 5, [0.2, 0.9, 1.9, 1.0, 1.7]), columns(rng, 5, [0.5, 7.0, 1.98])
    check_close(student.max_norm(short.copy(), 2.0), short, "W, all of whose columns are short")
    limited = student.max_norm(both.copy(), 2.0)
    check_array(limited, (5, 3), "W after the limit")
    check_close(limited[:, [0, 2]], both[:, [0, 2]], "the columns that are short")
    check_scaled(limited, shortened(both, 2.0), "W after the limit")


@pytest.mark.task("max_norm")
def test_limits_far_apart_act_on_the_same_columns(student: Student, rng: Generator) -> None:
    W = columns(rng, 4, [0.08, 0.7, 3.0, 25.0, 1.2])
    for limit in (0.05, 0.5, 4.0, 20.0):
        limited = student.max_norm(W.copy(), limit)
        check_scaled(limited, shortened(W, limit), "W after another limit")


@pytest.mark.task("max_norm")
def test_column_of_zeros_stays_and_one_just_over_the_limit_comes_back(
    student: Student, rng: Generator
) -> None:
    W = columns(rng, 6, [3.003, 0.0, 2.997, 9.0])
    limited = student.max_norm(W.copy(), 3.0)
    check_scaled(limited, shortened(W, 3.0), "W with a column of zeros")


@pytest.mark.task("max_norm")
def test_limit_in_float32_stays_there_and_leaves_w_alone(student: Student, rng: Generator) -> None:
    (W,) = in_float32(columns(rng, 4, [0.5, 2.5, 0.9, 4.0, 6.0]))
    before = W.copy()
    check_single(student.max_norm(W, 1.2), shortened(before, 1.2), "W after the limit")
    check_same_arguments([before], W=W)


# early_stopping


def kept_epoch(losses: Sequence[float], patience: int) -> int:
    """What `early_stopping` is to return, by looking at every epoch where training may end."""
    finite = [math.inf if math.isnan(loss) else loss for loss in losses]
    for end in range(1, len(finite) + 1):
        best = finite.index(min(finite[:end]))
        if end - 1 - best == patience:
            return best
    return finite.index(min(finite))


def check_epochs(
    student: Student, rng: Generator, curves: Sequence[tuple[Sequence[float], int]], name: str
) -> None:
    """The right epoch for every (losses, patience), with the losses stretched and shifted.

    Neither changes which of them are lower, nor which are equal.
    """
    stretch, shift = rng.uniform(0.5, 2.0), rng.uniform(1.0, 3.0)
    for curve, patience in curves:
        losses = [float(shift + stretch * loss) for loss in curve]
        epoch = student.early_stopping(list(losses), patience)
        check_close(epoch, float(kept_epoch(losses, patience)), name)


@pytest.mark.task("early_stopping")
def test_losses_that_fall_to_the_end_keep_the_last_epoch(student: Student, rng: Generator) -> None:
    curves = [([9, 7, 6, 4, 3, 1], 1), ([9, 8, 5, 4], 2), ([3, 2, 1], 1), ([5], 4)]
    check_epochs(student, rng, curves, "the epoch kept when every loss is the best so far")


@pytest.mark.task("early_stopping", weight=2)
def test_best_epoch_is_kept_and_not_the_one_where_training_ends(
    student: Student, rng: Generator
) -> None:
    curves = [
        ([8, 6, 5, 3, 4, 6], 5),
        ([8, 6, 5, 3, 4, 6, 7, 9], 3),
        ([9, 8, 7, 1, 2, 2, 2, 2, 2], 4),
        ([9, 2, 5, 4], 9),
    ]
    check_epochs(student, rng, curves, "the epoch kept when the losses rise at the end")


@pytest.mark.task("early_stopping", weight=2)
@pytest.mark.parametrize("patience", [1, 2, 5])
def test_patience_is_the_number_of_failing_epochs_that_end_training(
    student: Student, rng: Generator, patience: int
) -> None:
    start, worse = [9, 8, 7, 6, 4, 3], [5] * patience
    curves = [
        ([*start, *worse, 1, 0], patience),
        ([*start, *worse[1:], 1, 0], patience),
        ([*start, *worse, 4, 1, 0], patience),
    ]
    check_epochs(student, rng, curves, "the epoch kept around the end of patience")


@pytest.mark.task("early_stopping", weight=2)
def test_loss_that_only_equals_the_best_is_no_improvement(student: Student, rng: Generator) -> None:
    curves = [
        ([9, 6, 5, 5, 5, 5], 9),
        ([9, 8, 6, 5, 5, 6, 5], 7),
        ([9, 8, 7, 5, 5, 5, 1], 2),
        ([9, 8, 7, 5, 6, 5, 6, 1], 3),
    ]
    check_epochs(student, rng, curves, "the epoch kept when the best loss comes again")


@pytest.mark.task("early_stopping", weight=2)
def test_every_improvement_gives_patience_back(student: Student, rng: Generator) -> None:
    curves = [
        ([9, 10, 10, 8, 9, 9, 7, 8, 8, 6], 3),
        ([9, 10, 8, 9, 7, 8, 6, 7, 5, 7], 2),
        ([9, 10, 10, 10, 8, 9, 9, 9, 7, 8, 8, 8, 8, 0], 4),
    ]
    check_epochs(student, rng, curves, "the epoch kept after improvements with failures between")


@pytest.mark.task("early_stopping")
def test_losses_are_compared_with_the_best_and_not_with_the_one_before(
    student: Student, rng: Generator
) -> None:
    curves = [
        ([9, 7, 4, 12, 11, 10, 9, 8, 1], 4),
        ([9, 7, 4, 12, 11, 10, 9, 8, 1], 6),
        ([9, 8, 3, 5, 4, 6, 5, 7, 6, 8], 20),
    ]
    check_epochs(student, rng, curves, "the epoch kept when losses fall again, but not to the best")


@pytest.mark.task("early_stopping")
def test_size_and_sign_of_the_losses_do_not_matter(student: Student, rng: Generator) -> None:
    offset = float(rng.uniform(0.1, 0.9))
    for scale, shift in [(1.0, -50.0), (1e6, 1e9), (1e-7, 1.0), (1e-12, 0.0)]:
        losses = [shift + scale * (offset + v) for v in (9, 7, 8, 6, 5, 6, 4, 5, 5, 5, 1)]
        epoch = student.early_stopping(losses, 3)
        check_close(epoch, 6.0, "the epoch kept when losses are huge, tiny or negative")


@pytest.mark.task("early_stopping")
def test_loss_that_is_not_a_number_is_no_improvement(student: Student, rng: Generator) -> None:
    nan = math.nan
    curves = [
        ([9.0, 7.0, 5.0, nan, 6.0, 4.0], 3),
        ([nan, nan], 5),
        ([9.0, 6.0, 4.0, nan, nan, nan, 1.0], 3),
        ([nan, 9.0, 7.0, 5.0, 4.0, 6.0, 6.0, 6.0, 1.0], 3),
        ([nan, nan, 9.0, 7.0, 8.0, 8.0, 8.0], 3),
    ]
    check_epochs(student, rng, curves, "the epoch kept when a loss is not a number")


@pytest.mark.task("early_stopping")
def test_epoch_is_right_on_restless_curves(student: Student, rng: Generator) -> None:
    curves: list[tuple[list[float], int]] = []
    while len(curves) < 15:
        falling = np.maximum(0, 8 - np.arange(20) // 2) + rng.integers(0, 4, size=20)
        patience = int(rng.integers(1, 6))
        if kept_epoch(falling.tolist(), patience) > patience:
            curves.append((falling.tolist(), patience))
    check_epochs(student, rng, curves, "the epoch kept on a restless curve")


# noise_penalty


@pytest.mark.task("noise_penalty", weight=2)
@pytest.mark.parametrize("shape", [(5,), (3, 4), (2, 3, 2)])
def test_noise_costs_its_variance_times_the_squares_of_the_weights(
    student: Student, rng: Generator, shape: Shape
) -> None:
    w = mixed(rng, shape)
    squares = math.fsum(float(v) ** 2 for v in w.ravel())
    for sigma in (0.3, 1.7):
        check_close(student.noise_penalty(w.copy(), sigma), sigma**2 * squares, "the penalty")


@pytest.mark.task("noise_penalty", weight=2)
def test_penalty_is_what_noise_adds_to_the_squared_error(student: Student, rng: Generator) -> None:
    # Noise of ±sigma on each input, every pattern of signs once, has mean 0 and variance sigma².
    w, x, d, sigma = mixed(rng, (4,)), mixed(rng, (4,)), float(rng.normal()), 0.6
    patterns = 2.0 * (np.arange(16)[:, np.newaxis] // 2 ** np.arange(4) % 2) - 1.0
    noisy = float((((x + sigma * patterns) @ w - d) ** 2).mean())
    added = noisy - float(x @ w - d) ** 2
    check_close(student.noise_penalty(w.copy(), sigma), added, "the penalty", rtol=1e-6)


@pytest.mark.task("noise_penalty")
def test_twice_the_noise_or_the_weights_costs_four_times_as_much(
    student: Student, rng: Generator
) -> None:
    w = mixed(rng, (6,))
    once = 0.25 * float((w**2).sum())
    check_close(student.noise_penalty(w.copy(), 0.5), once, "the penalty")
    check_close(student.noise_penalty(w.copy(), 1.0), 4 * once, "the penalty at twice the noise")
    check_close(student.noise_penalty(2 * w, 0.5), 4 * once, "the penalty of twice the weights")
    check_close(student.noise_penalty(w.copy(), 0.0), 0.0, "the penalty without noise")


@pytest.mark.task("noise_penalty")
def test_noise_penalty_of_float32_leaves_the_weights_alone(
    student: Student, rng: Generator
) -> None:
    (w,) = in_float32(mixed(rng, (4, 3)))
    before = w.copy()
    expected = 0.16 * float((before**2).sum())
    check_single(student.noise_penalty(w, 0.4), expected, "the penalty")
    check_same_arguments([before], w=w)


# clip_by_value


@pytest.mark.task("clip_by_value", weight=2)
@pytest.mark.parametrize("shape", [(12,), (4, 5), (2, 3, 4)])
def test_entries_of_both_signs_are_kept_within_the_limit(
    student: Student, rng: Generator, shape: Shape
) -> None:
    grad = mixed(rng, shape, low=0.05, high=4.0)
    for limit in (0.7, 1.5):
        expected = np.array([max(-limit, min(limit, v)) for v in grad.ravel().tolist()])
        clipped = student.clip_by_value(grad.copy(), limit)
        check_close(clipped, expected.reshape(shape), "the clipped gradient")


@pytest.mark.task("clip_by_value")
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_large_slopes_of_one_sign_are_cut_to_the_limit(
    student: Student, rng: Generator, sign: float
) -> None:
    grad = sign * np.concatenate([rng.uniform(0.9, 9.0, size=6), rng.uniform(0.1, 0.6, size=3)])
    expected = grad.copy()
    expected[:6] = sign * 0.75
    clipped = student.clip_by_value(grad.copy(), 0.75)
    check_close(clipped, expected, "the clipped gradient, all of one sign")


@pytest.mark.task("clip_by_value")
def test_limit_is_five_unless_it_is_given(student: Student, rng: Generator) -> None:
    low, high = mixed(rng, (6,), low=4.0, high=4.9), mixed(rng, (8,), low=5.1, high=6.0)
    grad = np.concatenate([low, high, [5.0, -5.0, 0.0]])
    expected = np.concatenate([low, 5 * np.sign(high), [5.0, -5.0, 0.0]])
    check_close(student.clip_by_value(grad), expected, "the gradient clipped without a limit")


@pytest.mark.task("clip_by_value")
def test_gradient_within_the_limit_is_left_as_it_is(student: Student, rng: Generator) -> None:
    grad = mixed(rng, (3, 5), low=0.01, high=1.9)
    check_close(student.clip_by_value(grad.copy(), 2.0), grad, "a gradient within the limit")
    expected = grad.copy()
    grad[1, 2], expected[1, 2] = -700.0, -2.0
    clipped = student.clip_by_value(grad.copy(), 2.0)
    check_close(clipped, expected, "a gradient with one huge entry")


@pytest.mark.task("clip_by_value")
def test_clipping_by_value_in_float32_stays_there_and_leaves_the_gradient_alone(
    student: Student, rng: Generator
) -> None:
    (grad,) = in_float32(mixed(rng, (4, 4), high=3.0))
    before = grad.copy()
    expected = np.sign(before) * np.minimum(np.abs(before), np.float32(1.1))
    check_single(student.clip_by_value(grad, 1.1), expected, "the clipped gradient")
    check_same_arguments([before], grad=grad)


# clip_by_norm


def gradients(rng: Generator, shapes: Sequence[Shape], norm: float) -> list[np.ndarray]:
    """Arrays of these shapes with this joint norm, of which the later ones are much the larger."""
    arrays = [mixed(rng, shape) * 3.0**k for k, shape in enumerate(shapes)]
    joint = math.sqrt(math.fsum(float(v) ** 2 for array in arrays for v in array.ravel()))
    return [array * (norm / joint) for array in arrays]


def check_clipped(actual: object, expected: Sequence[np.ndarray]) -> None:
    """`actual` is a list of the arrays of `expected`, but for a tiny ε in a norm."""
    check_list(actual, expected, "gradient", tolerance=1e-5)


@pytest.mark.task("clip_by_norm", weight=2)
@SEVERAL_SHAPES
def test_long_gradients_are_scaled_by_one_factor(
    student: Student, rng: Generator, shapes: list[Shape]
) -> None:
    for norm, limit in [(10.0, 2.5), (3.0, 0.3)]:
        grads = gradients(rng, shapes, norm)
        clipped = student.clip_by_norm(copies(*grads), limit)
        check_clipped(clipped, [grad * (limit / norm) for grad in grads])


@pytest.mark.task("clip_by_norm", weight=2)
def test_short_gradients_are_left_as_they_are(student: Student, rng: Generator) -> None:
    for norm, factor in [(1.0, 1.0), (1.99, 1.0), (2.01, 2.0 / 2.01), (4.0, 0.5)]:
        grads = gradients(rng, [(3, 2), (4,)], norm)
        clipped = student.clip_by_norm(copies(*grads), 2.0)
        check_clipped(clipped, [grad * factor for grad in grads])


@pytest.mark.task("clip_by_norm", weight=2)
def test_one_norm_is_over_all_arrays(student: Student, rng: Generator) -> None:
    one, other = gradients(rng, [(2, 3)], 3.0) + gradients(rng, [(5,)], 4.0)
    clipped = student.clip_by_norm(copies(one, other), 4.5)
    check_clipped(clipped, [0.9 * one, 0.9 * other])
    longest = student.clip_by_norm(copies(one, other), 6.0)
    check_clipped(longest, [one, other])


@pytest.mark.task("clip_by_norm")
def test_array_that_is_short_by_itself_is_scaled_as_the_others(
    student: Student, rng: Generator
) -> None:
    tiny, huge = gradients(rng, [(4,)], 0.1) + gradients(rng, [(3, 3)], 100.0)
    zeros = np.zeros((2, 2))
    factor = 1.0 / math.hypot(0.1, 100.0)
    clipped = student.clip_by_norm(copies(tiny, zeros, huge), 1.0)
    check_clipped(clipped, [tiny * factor, zeros, huge * factor])


@pytest.mark.task("clip_by_norm")
def test_gradients_of_zero_stay_zero(student: Student, rng: Generator) -> None:
    clipped = student.clip_by_norm([np.zeros(3), np.zeros((2, 2))], 1.0)
    check_clipped(clipped, [np.zeros(3), np.zeros((2, 2))])
    (grad,) = gradients(rng, [(6,)], 8.0)
    check_clipped(student.clip_by_norm([grad.copy()], 1.0), [grad / 8])


@pytest.mark.task("clip_by_norm")
def test_clipping_by_norm_in_float32_stays_there_and_leaves_the_gradients_alone(
    student: Student, rng: Generator
) -> None:
    W, b = in_float32(*gradients(rng, [(4, 3), (3,)], 6.0))
    before = copies(W, b)
    clipped = student.clip_by_norm([W, b], 1.5)
    check_list(clipped, [array / 4 for array in before], "gradient", tolerance=1e-4)
    check_same_arguments(before, W=W, b=b)


# ema_update


@pytest.mark.task("ema_update", weight=2)
@pytest.mark.parametrize("shape", [(5,), (3, 4), (2, 3, 2)])
def test_average_keeps_decay_of_itself_and_takes_the_rest_from_w(
    student: Student, rng: Generator, shape: Shape
) -> None:
    average, w = mixed(rng, shape), mixed(rng, shape)
    for decay in (0.9, 0.35):
        updated = student.ema_update(*copies(average, w), decay)
        check_close(updated, average + (1 - decay) * (w - average), "the average after an update")


@pytest.mark.task("ema_update", weight=2)
def test_after_many_updates_older_weights_count_for_less(student: Student, rng: Generator) -> None:
    points = rng.normal(size=(7, 4))
    average: object = points[0].copy()
    for w in points[1:]:
        average = student.ema_update(average, w.copy(), 0.7)
        check_array(average, (4,), "the average")
    shares = np.array([0.7**6, *(0.3 * 0.7**age for age in range(5, -1, -1))])
    check_close(average, shares @ points, "the average after several updates")


@pytest.mark.task("ema_update")
def test_average_of_weights_that_stay_is_those_weights(student: Student, rng: Generator) -> None:
    w, start = mixed(rng, (2, 3)), mixed(rng, (2, 3))
    check_close(student.ema_update(*copies(w, w), 0.6), w, "the average of equal weights")
    check_close(student.ema_update(*copies(start, w), 0.0), w, "the average at a decay of 0")
    slow = student.ema_update(*copies(start, w), 0.999)
    check_close(slow, start + 0.001 * (w - start), "the average at a decay near 1")


@pytest.mark.task("ema_update")
def test_average_and_w_of_zero_leave_the_others_share(student: Student, rng: Generator) -> None:
    w, zeros = mixed(rng, (6,)), np.zeros(6)
    check_close(student.ema_update(*copies(zeros, w), 0.75), 0.25 * w, "an average from zero")
    check_close(student.ema_update(*copies(w, zeros), 0.75), 0.75 * w, "an average towards zero")


@pytest.mark.task("ema_update")
def test_exponential_average_in_float32_stays_there_and_leaves_its_arguments_alone(
    student: Student, rng: Generator
) -> None:
    average, w = in_float32(mixed(rng, (4, 2)), mixed(rng, (4, 2)))
    before = copies(average, w)
    expected = before[0] + np.float32(0.2) * (before[1] - before[0])
    check_single(student.ema_update(average, w, 0.8), expected, "the average after an update")
    check_same_arguments(before, average=average, w=w)


# random_crop


def places(cropped: object, images: np.ndarray, pad: int) -> list[tuple[int, int]]:
    """Where in its zero-padded image each crop was cut: (top, left), from (0, 0) to twice `pad`."""
    check_array(cropped, images.shape, "the crops", dtype=images.dtype)
    margin = (pad, pad)
    padded = np.pad(images, ((0, 0), (0, 0), margin, margin))
    windows = np.lib.stride_tricks.sliding_window_view(padded, images.shape[2:], axis=(2, 3))
    same = np.abs(windows - np.asarray(cropped)[:, :, np.newaxis, np.newaxis]) < 1e-6
    found = [np.argwhere(of_image) for of_image in same.all(axis=(1, 4, 5))]
    check_that(
        all(len(match) > 0 for match in found),
        "a crop is to be a piece of the image with pad zeros on every side, of the image's size",
    )
    return [(int(match[0][0]), int(match[0][1])) for match in found]


def some_images(rng: Generator, shape: Shape) -> np.ndarray:
    """Images without dark pixels, so that the zeros around them show."""
    return rng.uniform(0.1, 1.0, size=shape)


@pytest.mark.task("random_crop", weight=2)
@pytest.mark.parametrize(
    ("shape", "pad"), [((16, 1, 5, 5), 2), ((16, 3, 4, 7), 1), ((16, 2, 8, 5), 4)]
)
def test_every_crop_is_a_piece_of_its_padded_image(
    student: Student, rng: Generator, student_rng: Generator, shape: Shape, pad: int
) -> None:
    """False alarm: 16 images are all cut at the centre with a probability of 9^-16 at most."""
    images = some_images(rng, shape)
    found = places(student.random_crop(images.copy(), pad, student_rng), images, pad)
    check_that(set(found) != {(pad, pad)}, "no image has moved")


@pytest.mark.task("random_crop", weight=2)
def test_every_image_has_a_place_of_its_own(
    student: Student, rng: Generator, student_rng: Generator
) -> None:
    """False alarm: 64 draws of 49 places give less than 15 of them at below 1e-15."""
    images = some_images(rng, (64, 2, 6, 6))
    found = places(student.random_crop(images.copy(), 3, student_rng), images, 3)
    check_that(len(set(found)) > 1, "all images are cut at the same place")
    check_that(len({top for top, _ in found}) > 1, "no image moves up or down")
    check_that(len({left for _, left in found}) > 1, "no image moves to the left or the right")
    check_that(len(set(found)) >= 15, "the images share too few places")


@pytest.mark.task("random_crop", weight=2)
def test_every_place_is_as_likely_as_any_other(student: Student, student_rng: Generator) -> None:
    """False alarm below 5e-7: each of 25 counts of 320 ± 17.5 leaves its limits at 2.5e-9.

    The standard deviation of 16,000 shifts is known within 0.33 %, and its limit is 1.75 %.
    """
    images = np.zeros((8000, 1, 5, 5))
    images[:, :, 2, 2] = 1.0
    found = np.array(places(student.random_crop(images.copy(), 2, student_rng), images, 2))
    counts = np.bincount(5 * found[:, 0] + found[:, 1], minlength=25)
    check_that(
        counts.min() > 0, "an image never moves to some of the places", f"counts {counts.tolist()}"
    )
    check_that(
        counts.min() >= 215 and counts.max() <= 440,
        "some places are more likely than others",
        f"counts {counts.tolist()}",
    )
    spread = math.sqrt(float(((found - 2.0) ** 2).mean()))
    check_that(
        abs(spread / math.sqrt(2.0) - 1.0) < 0.0175,
        "the shifts do not spread as those of equally likely places",
        f"got {spread:.4f}, expected {math.sqrt(2.0):.4f}",
    )


@pytest.mark.task("random_crop")
def test_without_padding_images_stay_and_with_some_they_keep_their_size(
    student: Student, rng: Generator, student_rng: Generator
) -> None:
    images = some_images(rng, (20, 2, 3, 6))
    check_close(student.random_crop(images.copy(), 0, student_rng), images, "the crops at pad 0")
    found = places(student.random_crop(images.copy(), 2, student_rng), images, 2)
    check_that(set(found) != {(2, 2)}, "no image has moved")


@pytest.mark.task("random_crop", weight=2)
def test_crops_are_decided_by_the_generator_alone(
    student: Student, rng: Generator, student_rng: Generator
) -> None:
    images, twin = some_images(rng, (24, 1, 5, 5)), copy.deepcopy(student_rng)
    first, second, again, other = (
        places(student.random_crop(images.copy(), 2, generator), images, 2)
        for generator in (student_rng, student_rng, twin, rng)
    )
    check_that(first == again, "the same generator gives other crops: the randomness is not rng's")
    check_that(first != second, "two batches on one generator are cut at the same places")
    check_that(first != other, "another generator gives the same crops")


@pytest.mark.task("random_crop")
def test_crops_in_float32_stay_there_and_leave_the_images_alone(
    student: Student, rng: Generator, student_rng: Generator
) -> None:
    (images,) = in_float32(some_images(rng, (16, 2, 5, 4)))
    before = images.copy()
    found = places(student.random_crop(images, 2, student_rng), before, 2)
    check_that(set(found) != {(2, 2)}, "no image has moved")
    check_same_arguments([before], images=images)


# random_contrast


def factors(changed: object, images: np.ndarray, tolerance: float = 1e-6) -> np.ndarray:
    """By which factor each image's deviations from its mean were multiplied."""
    check_array(changed, images.shape, "the changed images", dtype=images.dtype)
    pixels, before = (
        np.asarray(x, dtype=float).reshape(len(images), -1) for x in (changed, images)
    )
    means = before.mean(axis=1, keepdims=True)
    off = np.abs(pixels.mean(axis=1, keepdims=True) - means).max()
    check_that(bool(off < tolerance), "an image's mean brightness has changed", f"by {off:.3g}")
    deviations = before - means
    found: np.ndarray = ((pixels - means) * deviations).sum(axis=1) / (deviations**2).sum(axis=1)
    rest = np.abs(pixels - means - found[:, np.newaxis] * deviations).max()
    check_that(
        bool(rest < tolerance),
        "one factor is to stretch all of an image's differences from its mean",
        f"off by {rest:.3g}",
    )
    return found


def check_within(found: np.ndarray, low: float, high: float) -> None:
    """No factor is outside of what it may be."""
    outside = (found < low - 1e-5) | (found > high + 1e-5)
    check_that(
        not outside.any(), "a factor is not between low and high", f"{outside.sum()} of them"
    )


def check_uniform(found: np.ndarray, low: float, high: float) -> None:
    """4,000 factors are drawn uniformly and separately.

    False alarms: an end without factors 2 × 2e-9; Kolmogorov's distance × √4000 over 2.8 3.1e-7,
    below 0.25 3e-8; a correlation of neighbours of 5.5 standard deviations 4e-8. A range that is
    3 % too narrow has no factors near its ends, and one that is 3 % too wide some outside.
    """
    check_within(found, low, high)
    u = np.sort((found - low) / (high - low))
    check_that(u[0] < 0.005, "no factor is near low", f"the smallest is {found.min():.4f}")
    check_that(u[-1] > 0.995, "no factor is near high", f"the largest is {found.max():.4f}")
    ranks = np.arange(len(u) + 1) / len(u)
    distance = max((ranks[1:] - u).max(), (u - ranks[:-1]).max()) * math.sqrt(len(u))
    check_that(bool(distance < 2.8), "some factors are more likely than others", f"{distance:.2f}")
    check_that(bool(distance > 0.25), "the factors are spread too evenly to be drawn")
    correlation = float(np.corrcoef(found[1:], found[:-1])[0, 1]) * math.sqrt(len(found))
    check_that(abs(correlation) < 5.5, "an image's factor depends on its neighbour's")


@pytest.mark.task("random_contrast", weight=2)
@pytest.mark.parametrize(
    ("shape", "low", "high"),
    [((8, 1, 5, 5), 0.5, 0.9), ((10, 3, 4, 6), 0.1, 0.6), ((6, 2, 3, 3), 1.2, 2.0)],
)
def test_every_image_is_stretched_about_its_own_mean(
    student: Student, rng: Generator, student_rng: Generator, shape: Shape, low: float, high: float
) -> None:
    images = some_images(rng, shape) * rng.uniform(0.3, 1.0, size=(*shape[:2], 1, 1))
    changed = student.random_contrast(images.copy(), low, high, student_rng)
    check_within(factors(changed, images), low, high)


@pytest.mark.task("random_contrast", weight=2)
def test_factor_that_is_as_good_as_given_is_taken(
    student: Student, rng: Generator, student_rng: Generator
) -> None:
    images = some_images(rng, (5, 2, 4, 3))
    means = np.array([image.mean() for image in images]).reshape(5, 1, 1, 1)
    for factor in (0.0, 0.4, 1.0, 2.5):
        changed = student.random_contrast(images.copy(), factor, factor + 1e-9, student_rng)
        expected = means + factor * (images - means)
        check_close(changed, expected, "images changed by nearly one factor", rtol=1e-6, atol=1e-6)


@pytest.mark.task("random_contrast", weight=2)
def test_every_image_has_a_factor_of_its_own(
    student: Student, rng: Generator, student_rng: Generator
) -> None:
    """False alarm: two of 30 uniform factors agree to 8 digits with a probability of 1e-5².

    That is, for two pairs of them; one pair is allowed.
    """
    images = some_images(rng, (30, 2, 4, 4))
    found = factors(student.random_contrast(images.copy(), 0.5, 1.5, student_rng), images)
    check_that(len(set(found.round(8))) > 1, "all images have the same factor")
    check_that(len(set(found.round(8))) >= 29, "images share their factors")


@pytest.mark.task("random_contrast", weight=2)
@pytest.mark.parametrize(("low", "high"), [(0.4, 1.6), (0.0, 4.0)])
def test_factors_are_uniform_between_low_and_high(
    student: Student, rng: Generator, student_rng: Generator, low: float, high: float
) -> None:
    """False alarm below 4e-7, as `check_uniform` says."""
    images = rng.uniform(0.3, 0.7, size=(4000, 1, 1, 1)) + np.array([-0.25, 0.25])
    changed = student.random_contrast(images.copy(), low, high, student_rng)
    check_uniform(factors(changed, images), low, high)


@pytest.mark.task("random_contrast")
def test_stretched_images_are_not_cut_off(
    student: Student, rng: Generator, student_rng: Generator
) -> None:
    images = (some_images(rng, (6, 1, 4, 4)) > 0.55).astype(float)
    images[:, :, 0, 0], images[:, :, 3, 3] = 0.0, 1.0
    found = factors(student.random_contrast(images.copy(), 2.0, 3.0, student_rng), images)
    check_within(found, 2.0, 3.0)


@pytest.mark.task("random_contrast", weight=2)
def test_factors_are_decided_by_the_generator_alone(
    student: Student, rng: Generator, student_rng: Generator
) -> None:
    images, twin = some_images(rng, (9, 1, 3, 4)), copy.deepcopy(student_rng)
    first, second, again, other = (
        factors(student.random_contrast(images.copy(), 0.5, 1.5, generator), images).round(6)
        for generator in (student_rng, student_rng, twin, rng)
    )
    same = bool((first == again).all())
    check_that(same, "the same generator gives other factors: the randomness is not rng's")
    check_that(bool((first != second).any()), "two batches on one generator have the same factors")
    check_that(bool((first != other).any()), "another generator gives the same factors")


@pytest.mark.task("random_contrast")
def test_contrast_in_float32_stays_there_and_leaves_the_images_alone(
    student: Student, rng: Generator, student_rng: Generator
) -> None:
    (images,) = in_float32(some_images(rng, (7, 2, 4, 5)))
    before = images.copy()
    changed = student.random_contrast(images, 1.2, 1.8, student_rng)
    check_within(factors(changed, before, tolerance=1e-4), 1.2, 1.8)
    check_same_arguments([before], images=images)
