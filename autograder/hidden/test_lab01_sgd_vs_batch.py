"""Hidden tests of lab 01: they look from outside, through the functions that they hand in.

Long, since one file a lab is the contract; its sections follow the tasks.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import DTypeLike

from autograder.arguments import check_same_arguments, copies
from autograder.grading import Student
from autograder.probes import Recorder, by_source
from dlcourse.testing import (
    CheckError,
    check_array,
    check_bool,
    check_close,
    check_integers,
    check_that,
    check_tuple,
    check_unchanged,
    describe,
)

Generator = np.random.Generator
Regression = tuple[np.ndarray, np.ndarray, np.ndarray]


def regression(
    rng: Generator, rows: int, *, outputs: int | None = None, dtype: DTypeLike = np.float64
) -> Regression:
    """A start w (3,) or (3, outputs), inputs X (rows, 3), targets d (rows,) or (rows, outputs)."""
    tail = () if outputs is None else (outputs,)
    shapes = [(3, *tail), (rows, 3), (rows, *tail)]
    arrays = [np.asarray(rng.normal(size=shape), dtype=dtype) for shape in shapes]
    return arrays[0], arrays[1], arrays[2]


@by_source
def mean_gradient(w: np.ndarray, X: np.ndarray, d: np.ndarray) -> np.ndarray:
    """Of the mean of ½(x·w − d)² over the rows, dtype kept."""
    gradient: np.ndarray = X.T @ (X @ w - d) / len(X)
    return gradient


def recorded_gradient(w: np.ndarray, d: np.ndarray, rows: int | None) -> Recorder:
    """`mean_gradient` that remembers its calls and takes `rows` rows (None: any number)."""
    return Recorder(mean_gradient, w=w.shape, X=(rows, 3), d=(rows, *d.shape[1:]))


@by_source
def falling_rate(j: int) -> float:
    """A schedule on which neighbouring updates differ clearly."""
    return float(0.3 / (1.0 + 0.5 * j))


def rows_of(call: dict[str, Any], X: np.ndarray, d: np.ndarray) -> list[int]:
    """Which rows of X and d a recorded call was given."""
    found = [np.flatnonzero((row == X).all(axis=1)) for row in call["X"]]
    check_that(all(len(match) == 1 for match in found), "the gradient is given rows not in X")
    rows = [int(match[0]) for match in found]
    check_that(
        np.array_equal(call["d"], d[rows]), "the gradient is given rows with other rows' targets"
    )
    return rows


def check_updates(result: object, calls: Sequence[dict[str, Any]], w: np.ndarray, j: int) -> None:
    """`result` is (w, j) after an update at `falling_rate` for each of `calls`, j counted on."""
    check_that(len(calls) > 0, "your function never asks for a gradient")
    for call in calls:
        j += 1
        check_close(call["w"], w, "the w at which the gradient is asked for")
        w = w - falling_rate(j) * mean_gradient(w, call["X"], call["d"])
    end, count = check_tuple(result, 2, "the result")
    check_close(end, w, "w after the epoch")
    check_close(count, float(j), "j after the epoch")


def descent_path(w: np.ndarray, X: np.ndarray, d: np.ndarray, lr: float, steps: int) -> np.ndarray:
    """What `gradient_descent` is to return for `mean_gradient`."""
    path = [w]
    for _ in range(steps):
        path.append(path[-1] - lr * mean_gradient(path[-1], X, d))
    return np.stack(path)


# gradient_descent


@pytest.mark.task("gradient_descent", weight=2)
@pytest.mark.parametrize(("outputs", "steps"), [(None, 1), (None, 9), (2, 6)])
def test_path_is_the_start_and_w_after_each_update(
    student: Student, rng: Generator, outputs: int | None, steps: int
) -> None:
    w, X, d = regression(rng, 8, outputs=outputs)
    path = student.gradient_descent(mean_gradient, *copies(w, X, d), 0.2, steps)
    check_close(path, descent_path(w, X, d, 0.2, steps), "path")


@pytest.mark.task("gradient_descent")
def test_every_gradient_is_over_all_rows_at_the_newest_w(student: Student, rng: Generator) -> None:
    w, X, d = regression(rng, 6)
    grad = recorded_gradient(w, d, 6)
    student.gradient_descent(grad, *copies(w, X, d), 0.3, 4)
    check_that(len(grad.calls) >= 4, "there are fewer gradients than updates")
    expected = descent_path(w, X, d, 0.3, 4)
    for call, newest in zip(grad.calls, expected, strict=False):
        check_close(call["w"], newest, "the w at which the gradient is asked for")
        check_that(sorted(rows_of(call, X, d)) == list(range(6)), "a row of X is used twice")


@pytest.mark.task("gradient_descent")
def test_path_without_steps_is_the_start_and_one_step_adds_one(
    student: Student, rng: Generator
) -> None:
    w, X, d = regression(rng, 5, outputs=2)
    for steps in (0, 1):
        path = student.gradient_descent(mean_gradient, *copies(w, X, d), 0.1, steps)
        check_close(path, descent_path(w, X, d, 0.1, steps), f"path of {steps} steps")


@pytest.mark.task("gradient_descent")
def test_path_of_float32_is_float32(student: Student, rng: Generator) -> None:
    w, X, d = regression(rng, 7, dtype=np.float32)
    path = student.gradient_descent(mean_gradient, *copies(w, X, d), 0.2, 5)
    check_close(path, descent_path(w, X, d, 0.2, 5), "path", rtol=1e-4, atol=1e-5)


@pytest.mark.task("gradient_descent")
def test_descent_leaves_its_arguments_alone(student: Student, rng: Generator) -> None:
    w, X, d = regression(rng, 7)
    before = copies(w, X, d)
    expected = descent_path(w, X, d, 0.1, 6)
    check_close(student.gradient_descent(mean_gradient, w, X, d, 0.1, 6), expected, "path")
    check_same_arguments(before, w=w, X=X, d=d)


# sgd_epoch


@pytest.mark.task("sgd_epoch", weight=2)
@pytest.mark.parametrize("outputs", [None, 2])
def test_rows_come_one_at_a_time_in_the_generators_order(
    student: Student, rng: Generator, student_rng: Generator, outputs: int | None
) -> None:
    w, X, d = regression(rng, 11, outputs=outputs)
    order = copy.deepcopy(student_rng).permutation(11).tolist()
    grad = recorded_gradient(w, d, 1)
    student.sgd_epoch(grad, *copies(w, X, d), falling_rate, 0, student_rng)
    seen = [row for call in grad.calls for row in rows_of(call, X, d)]
    check_that(len(seen) == 11, "an epoch of T rows asks for T gradients", f"got {len(seen)}")
    check_that(sorted(seen) == list(range(11)), "an epoch uses every row exactly once")
    check_that(seen == order, "the rows do not come in the order of rng.permutation(T)")


@pytest.mark.task("sgd_epoch", weight=2)
@pytest.mark.parametrize(("outputs", "j"), [(None, 0), (2, 13)])
def test_each_row_updates_w_before_the_next_is_used(
    student: Student, rng: Generator, student_rng: Generator, outputs: int | None, j: int
) -> None:
    w, X, d = regression(rng, 9, outputs=outputs)
    grad = recorded_gradient(w, d, 1)
    result = student.sgd_epoch(grad, *copies(w, X, d), falling_rate, j, student_rng)
    check_updates(result, grad.calls, w, j)


@pytest.mark.task("sgd_epoch")
def test_update_number_j_has_the_rate_of_j(
    student: Student, rng: Generator, student_rng: Generator
) -> None:
    w, X, d = regression(rng, 6)
    grad = Recorder(lambda w, X, d: np.ones_like(w), w=None, X=None, d=None)
    lr = Recorder(falling_rate, j=None)
    result = student.sgd_epoch(grad, *copies(w, X, d), lr, 4, student_rng)
    end, count = check_tuple(result, 2, "the result")
    steps = [falling_rate(j) for j in range(5, 11)]
    check_that(len(lr.calls) > 0, "your function never asks lr for a rate")
    check_close(end, w - sum(steps), "w after updates at the schedule's rates")
    check_close(count, 10.0, "j after the epoch")


@pytest.mark.task("sgd_epoch")
def test_two_epochs_follow_one_another(
    student: Student, rng: Generator, student_rng: Generator
) -> None:
    w, X, d = regression(rng, 8)
    twin = copy.deepcopy(student_rng)
    grad = recorded_gradient(w, d, 1)
    first = student.sgd_epoch(grad, *copies(w, X, d), falling_rate, 0, student_rng)
    middle, j = check_tuple(first, 2, "the result")
    check_close(j, 8.0, "j after the first epoch")
    result = student.sgd_epoch(grad, np.array(middle), *copies(X, d), falling_rate, 8, student_rng)
    order = [*twin.permutation(8).tolist(), *twin.permutation(8).tolist()]
    seen = [row for call in grad.calls for row in rows_of(call, X, d)]
    check_that(seen == order, "the second epoch does not go on where the generator stands")
    check_updates(result, grad.calls, w, 0)


@pytest.mark.task("sgd_epoch")
def test_epoch_of_one_row_is_one_update(
    student: Student, rng: Generator, student_rng: Generator
) -> None:
    w, X, d = regression(rng, 1, outputs=2)
    grad = recorded_gradient(w, d, 1)
    result = student.sgd_epoch(grad, *copies(w, X, d), falling_rate, 2, student_rng)
    end, j = check_tuple(result, 2, "the result")
    check_close(end, w - falling_rate(3) * mean_gradient(w, X, d), "w after the update")
    check_close(j, 3.0, "j after the update")


@pytest.mark.task("sgd_epoch")
def test_sgd_in_float32_stays_in_float32_and_leaves_its_arguments_alone(
    student: Student, rng: Generator, student_rng: Generator
) -> None:
    w, X, d = regression(rng, 7, dtype=np.float32)
    before = copies(w, X, d)
    expected = before[0]
    for j, i in enumerate(copy.deepcopy(student_rng).permutation(7), start=1):
        step = falling_rate(j) * mean_gradient(expected, X[i : i + 1], d[i : i + 1])
        expected = expected - step
    result = student.sgd_epoch(mean_gradient, w, X, d, falling_rate, 0, student_rng)
    end, _ = check_tuple(result, 2, "the result")
    check_close(end, expected, "w after the epoch", rtol=1e-4, atol=1e-5)
    check_same_arguments(before, w=w, X=X, d=d)


# minibatches


def check_partition(batches: object, rows: int) -> list[np.ndarray]:
    """`batches` is a list of index arrays that together hold each of 0 … rows−1 once."""
    if not isinstance(batches, list | tuple):
        raise CheckError(f"batches: expected a list of index arrays, got {describe(batches)}")
    for batch in batches:
        if type(batch) is not np.ndarray or batch.ndim != 1:
            raise CheckError(f"a batch: expected a vector of indices, got {describe(batch)}")
        check_that(batch.size > 0, "a batch is empty")
        check_that(batch.dtype.kind in "iu", f"a batch: expected integers, got {batch.dtype}")
    check_that(len(batches) > 0, "there are no batches")
    together = np.sort(np.concatenate(batches))
    check_that(
        np.array_equal(together, np.arange(rows)), "every index is to be in exactly one batch"
    )
    return list(batches)


def full_but_the_last(rows: int, batch_size: int) -> list[int]:
    """The sizes of minibatches of which the last may be short."""
    return [min(batch_size, rows - start) for start in range(0, rows, batch_size)]


def check_mixed(batches: Sequence[np.ndarray]) -> None:
    """Four batches of 1000 ranks meet as if drawn at random.

    In a random partition 0.25 ± 0.007 of the neighbours share a batch, and as many of the ranks
    that are 2, 4 or 1000 apart; of rows that stay together nearly all, of rows dealt in turn none.
    """
    batch_of = np.empty(4000)
    for number, batch in enumerate(batches):
        batch_of[np.asarray(batch).ravel().astype(int)] = number
    for distance in (1, 2, 4, 1000):
        shared = float((batch_of[distance:] == batch_of[:-distance]).mean())
        check_that(
            0.19 < shared < 0.31,
            "which rows share a batch is not random",
            f"{shared:.2f} of ranks {distance} apart share one",
        )


@pytest.mark.task("minibatches")
@pytest.mark.parametrize(("rows", "batch_size"), [(12, 4), (10, 4), (3, 8), (7, 1), (5, 5)])
def test_batches_are_full_but_the_last_and_hold_each_index_once(
    student: Student, student_rng: Generator, rows: int, batch_size: int
) -> None:
    batches = check_partition(student.minibatches(rows, batch_size, student_rng), rows)
    sizes = [len(batch) for batch in batches]
    check_that(
        sizes == full_but_the_last(rows, batch_size),
        "every batch but the last is to have batch_size indices, and the last the rest",
        f"sizes {sizes}",
    )
    more = check_partition(student.minibatches(9, 4, student_rng), 9)
    check_that([len(batch) for batch in more] == [4, 4, 1], "9 rows by 4 are 4, 4 and 1")


@pytest.mark.task("minibatches", weight=2)
def test_batches_are_decided_by_the_generator_alone(
    student: Student, rng: Generator, student_rng: Generator
) -> None:
    twin = copy.deepcopy(student_rng)
    first = check_partition(student.minibatches(40, 8, student_rng), 40)
    again = check_partition(student.minibatches(40, 8, twin), 40)
    other = check_partition(student.minibatches(40, 8, rng), 40)
    check_that(
        np.concatenate(first).tolist() != np.concatenate(other).tolist(),
        "another generator gives the same batches",
    )
    check_that(
        all(np.array_equal(one, other) for one, other in zip(first, again, strict=True)),
        "the same generator gives other batches: the randomness is not rng's",
    )


@pytest.mark.task("minibatches", weight=2)
def test_batches_change_from_epoch_to_epoch_and_from_seed_to_seed(
    student: Student, rng: Generator, student_rng: Generator
) -> None:
    first, second = (check_partition(student.minibatches(40, 8, student_rng), 40) for _ in "12")
    other = check_partition(student.minibatches(40, 8, rng), 40)
    orders = [np.concatenate(batches).tolist() for batches in (first, second, other)]
    check_that(orders[0] != orders[1], "two epochs on one generator have the same order")
    check_that(orders[0] != orders[2], "another generator gives the same order")
    check_that(list(range(40)) not in orders, "the indices are not shuffled")


@pytest.mark.task("minibatches", weight=2)
def test_any_indices_may_meet_in_a_batch(student: Student, student_rng: Generator) -> None:
    check_mixed(check_partition(student.minibatches(4000, 1000, student_rng), 4000))


# minibatch_epoch


@pytest.mark.task("minibatch_epoch")
@pytest.mark.parametrize(("rows", "batch_size"), [(12, 4), (10, 4), (3, 8), (5, 1)])
def test_epoch_takes_each_row_once_in_full_batches_but_the_last(
    student: Student, rng: Generator, student_rng: Generator, rows: int, batch_size: int
) -> None:
    w, X, d = regression(rng, rows)
    grad = recorded_gradient(w, d, None)
    student.minibatch_epoch(grad, *copies(w, X, d), batch_size, falling_rate, 0, student_rng)
    batches = [rows_of(call, X, d) for call in grad.calls]
    seen = sorted(row for batch in batches for row in batch)
    check_that(seen == list(range(rows)), "an epoch uses every row once")
    check_that(
        [len(batch) for batch in batches] == full_but_the_last(rows, batch_size),
        "every batch but the last is to have batch_size rows, and the last the rest",
    )


@pytest.mark.task("minibatch_epoch", weight=2)
@pytest.mark.parametrize(("outputs", "j"), [(None, 0), (2, 9)])
def test_each_batch_makes_one_update_with_its_mean_gradient(
    student: Student, rng: Generator, student_rng: Generator, outputs: int | None, j: int
) -> None:
    w, X, d = regression(rng, 14, outputs=outputs)
    grad = recorded_gradient(w, d, None)
    result = student.minibatch_epoch(grad, *copies(w, X, d), 4, falling_rate, j, student_rng)
    check_updates(result, grad.calls, w, j)
    check_that(len(grad.calls) == 4, "14 rows in batches of 4 are 4 updates")


@pytest.mark.task("minibatch_epoch")
def test_batch_number_j_has_the_rate_of_j(
    student: Student, rng: Generator, student_rng: Generator
) -> None:
    w, X, d = regression(rng, 10)
    grad = Recorder(lambda w, X, d: np.ones_like(w), w=None, X=None, d=None)
    result = student.minibatch_epoch(grad, *copies(w, X, d), 3, falling_rate, 6, student_rng)
    end, count = check_tuple(result, 2, "the result")
    check_close(end, w - sum(falling_rate(j) for j in range(7, 11)), "w at the schedule's rates")
    check_close(count, 10.0, "j, counted by updates")


@pytest.mark.task("minibatch_epoch", weight=2)
def test_epochs_mix_the_rows_anew_by_the_generator(
    student: Student, rng: Generator, student_rng: Generator
) -> None:
    w, X, d = regression(rng, 24)
    twin = copy.deepcopy(student_rng)
    epochs = []
    for generator in (student_rng, student_rng, twin, rng):
        grad = recorded_gradient(w, d, None)
        student.minibatch_epoch(grad, *copies(w, X, d), 6, falling_rate, 0, generator)
        check_that(len(grad.calls) == 4, "24 rows in batches of 6 are 4 updates")
        epochs.append({frozenset(rows_of(call, X, d)) for call in grad.calls})
    first, second, again, other = epochs
    check_that(first == again, "the same generator gives other batches")
    check_that(first != second, "two epochs on one generator have the same batches")
    check_that(first != other, "another generator gives the same batches")


@pytest.mark.task("minibatch_epoch", weight=2)
def test_any_rows_may_meet_in_an_epochs_batch(student: Student, student_rng: Generator) -> None:
    ranks = np.arange(4000.0)
    grad = Recorder(lambda w, X, d: np.zeros_like(w), w=(1,), X=(1000, 1), d=(1000,))
    student.minibatch_epoch(
        grad, np.zeros(1), ranks[:, np.newaxis], ranks, 1000, falling_rate, 0, student_rng
    )
    check_that(len(grad.calls) == 4, "4000 rows in batches of 1000 are 4 updates")
    check_mixed([call["X"] for call in grad.calls])


@pytest.mark.task("minibatch_epoch")
def test_minibatches_in_float32_stay_in_float32_and_leave_arguments_alone(
    student: Student, rng: Generator, student_rng: Generator
) -> None:
    w, X, d = regression(rng, 9, dtype=np.float32)
    before = copies(w, X, d)
    expected = w - falling_rate(1) * mean_gradient(w, X, d)
    result = student.minibatch_epoch(mean_gradient, w, X, d, 9, falling_rate, 0, student_rng)
    end, _ = check_tuple(result, 2, "the result")
    check_close(end, expected, "w after an epoch of one batch", rtol=1e-4, atol=1e-5)
    check_same_arguments(before, w=w, X=X, d=d)


# inverse_decay


@pytest.mark.task("inverse_decay", weight=2)
def test_rates_fall_as_one_over_one_plus_decay_times_j(student: Student, rng: Generator) -> None:
    lr0, decay = rng.uniform(0.1, 2.0, size=2).tolist()
    for j in (1, 2, 3, 10, 400):
        check_close(student.inverse_decay(j, lr0, decay), lr0 / (1 + decay * j), f"the rate at {j}")


@pytest.mark.task("inverse_decay")
def test_rate_begins_at_lr0_and_is_halved_when_decay_times_j_is_one(
    student: Student, rng: Generator
) -> None:
    lr0 = float(rng.uniform(0.2, 0.9))
    check_close(student.inverse_decay(0, lr0, 0.25), lr0, "the rate at 0")
    check_close(student.inverse_decay(4, lr0, 0.25), lr0 / 2, "the rate where decay·j = 1")


@pytest.mark.task("inverse_decay")
def test_rate_without_decay_stays_as_it_is(student: Student, rng: Generator) -> None:
    lr0 = float(rng.uniform(1.1, 1.9))
    for j in (0, 1, 50):
        check_close(student.inverse_decay(j, lr0, 0.0), lr0, "the rate without decay")
    check_close(student.inverse_decay(50, lr0, 0.1), lr0 / 6, "the rate with decay")


@pytest.mark.task("inverse_decay")
def test_rates_of_whole_numbers_are_not_rounded(student: Student) -> None:
    check_close(student.inverse_decay(1, 1, 1), 0.5, "the rate of whole numbers")
    check_close(student.inverse_decay(3, 2, 2), 2 / 7, "the rate of whole numbers")


# satisfies_robbins_monro


@pytest.mark.task("satisfies_robbins_monro")
def test_powers_well_inside_and_well_outside_are_told_apart(
    student: Student, rng: Generator
) -> None:
    for p, expected in [
        (float(rng.uniform(0.6, 0.9)), True),
        (float(rng.uniform(0.1, 0.4)), False),
        (float(rng.uniform(1.2, 3.0)), False),
    ]:
        check_bool(student.satisfies_robbins_monro(p), expected, "conditions at some p")


@pytest.mark.task("satisfies_robbins_monro")
def test_slowest_decay_allowed_is_told_from_too_slow(student: Student) -> None:
    for p, expected in [(0.5, False), (0.5 + 1e-6, True), (0.5 - 1e-6, False)]:
        check_bool(student.satisfies_robbins_monro(p), expected, "conditions at the lower end")


@pytest.mark.task("satisfies_robbins_monro")
def test_fastest_decay_allowed_is_told_from_too_fast(student: Student) -> None:
    for p, expected in [(1.0, True), (1, True), (1.0 + 1e-6, False), (1.0 - 1e-6, True)]:
        check_bool(student.satisfies_robbins_monro(p), expected, "conditions at the upper end")


@pytest.mark.task("satisfies_robbins_monro")
def test_rates_that_stay_or_grow_fail_the_conditions(student: Student) -> None:
    for p, expected in [(0.0, False), (-0.75, False), (-1.0, False), (0.75, True)]:
        check_bool(student.satisfies_robbins_monro(p), expected, "conditions, rates not falling")


# polynomial_decay_average


def averaged(student: Student, points: np.ndarray, *gamma: float) -> object:
    """The average after all `points`, from a start that is to be forgotten."""
    average = np.full_like(points[0], 7.0)
    for t, w in enumerate(points, start=1):
        average = student.polynomial_decay_average(average, w.copy(), t, *gamma)
        check_array(average, w.shape, "the average", dtype=w.dtype)
    return average


@pytest.mark.task("polynomial_decay_average", weight=2)
@pytest.mark.parametrize("shape", [(4,), (2, 3)])
def test_gamma_of_three_weights_the_points_by_rising_cubes(
    student: Student, rng: Generator, shape: tuple[int, ...]
) -> None:
    points = rng.normal(size=(9, *shape))
    i = np.arange(1, 10)
    weights = i * (i + 1) * (i + 2)
    expected = np.tensordot(weights / weights.sum(), points, axes=1)
    check_close(averaged(student, points), expected, "the average with the default gamma")


@pytest.mark.task("polynomial_decay_average")
@pytest.mark.parametrize("gamma", [0.0, 1.0, 8.5])
def test_one_step_mixes_the_average_and_the_newest_point(
    student: Student, rng: Generator, gamma: float
) -> None:
    w_bar, w = rng.normal(size=(2, 5))
    for t in (2, 3, 60):
        share = (gamma + 1) / (t + gamma)
        average = student.polynomial_decay_average(*copies(w_bar, w), t, gamma)
        check_close(average, (1 - share) * w_bar + share * w, "the average after one step")


@pytest.mark.task("polynomial_decay_average")
def test_gamma_of_zero_gives_the_plain_mean(student: Student, rng: Generator) -> None:
    points = rng.normal(size=(12, 3))
    check_close(averaged(student, points, 0.0), points.mean(axis=0), "the average, gamma 0")


@pytest.mark.task("polynomial_decay_average")
def test_average_starts_at_the_first_point(student: Student, rng: Generator) -> None:
    start, first, second = rng.normal(size=(3, 4))
    average = student.polynomial_decay_average(*copies(start, first), 1)
    check_close(average, first, "the average after the first point")
    after_two = student.polynomial_decay_average(first.copy(), second.copy(), 2)
    check_close(after_two, 0.2 * first + 0.8 * second, "the average after the second point")


@pytest.mark.task("polynomial_decay_average")
def test_average_in_float32_stays_in_float32_and_leaves_its_arguments_alone(
    student: Student, rng: Generator
) -> None:
    w_bar, w = rng.normal(size=(2, 6)).astype(np.float32)
    before = copies(w_bar, w)
    average = student.polynomial_decay_average(w_bar, w, 5)
    mean = (before[0] + before[1]) / 2
    check_close(average, mean, "the average", rtol=1e-4, atol=1e-5)
    check_same_arguments(before, w_bar=w_bar, w=w)


# smoothed_loss


def means_of_the_last(losses: np.ndarray, window: int) -> np.ndarray:
    """What `smoothed_loss` is to return."""
    ends = range(1, len(losses) + 1)
    return np.array([losses[max(0, k - window) : k].mean() for k in ends], dtype=losses.dtype)


@pytest.mark.task("smoothed_loss", weight=2)
@pytest.mark.parametrize(("n", "window"), [(30, 5), (30, 2), (30, 29), (7, 4)])
def test_each_step_has_the_mean_of_the_last_losses(
    student: Student, rng: Generator, n: int, window: int
) -> None:
    losses = rng.uniform(0.5, 3.0, size=n)
    smoothed = student.smoothed_loss(losses.copy(), window)
    check_close(smoothed, means_of_the_last(losses, window), "smoothed losses")


@pytest.mark.task("smoothed_loss")
def test_first_steps_have_the_mean_of_what_there_is(student: Student, rng: Generator) -> None:
    losses = rng.uniform(1.0, 2.0, size=6)
    means = np.cumsum(losses) / np.arange(1, 7)
    check_close(student.smoothed_loss(losses.copy(), 6), means, "a window as long as the losses")
    check_close(student.smoothed_loss(losses.copy(), 50), means, "a window longer than the losses")


@pytest.mark.task("smoothed_loss")
def test_window_of_one_smooths_nothing(student: Student, rng: Generator) -> None:
    losses = rng.uniform(1.0, 2.0, size=9)
    check_close(student.smoothed_loss(losses.copy(), 1), losses, "a window of 1")
    pairs = np.append(losses[0], (losses[1:] + losses[:-1]) / 2)
    check_close(student.smoothed_loss(losses.copy(), 2), pairs, "a window of 2")


@pytest.mark.task("smoothed_loss")
def test_smoothing_in_float32_stays_in_float32_and_leaves_the_losses_alone(
    student: Student, rng: Generator
) -> None:
    losses = rng.uniform(1.0, 2.0, size=20).astype(np.float32)
    before = losses.copy()
    expected = means_of_the_last(losses, 4)
    check_close(student.smoothed_loss(losses, 4), expected, "smoothed losses", rtol=1e-4)
    check_unchanged(before, losses, "losses")


# class_balanced_batches


def check_balanced(batches: object, labels: np.ndarray, batch_size: int) -> list[np.ndarray]:
    """A partition into ⌈T/b⌉ batches of at most b, each class spread as evenly as it can be."""
    batches = check_partition(batches, len(labels))
    count = len(full_but_the_last(len(labels), batch_size))
    check_that(len(batches) == count, "there are to be T/batch_size batches, rounded up")
    largest = max(len(batch) for batch in batches)
    check_that(largest <= batch_size, "a batch has more rows than batch_size")
    for label in np.unique(labels):
        of_class = [int((labels[batch] == label).sum()) for batch in batches]
        check_that(
            max(of_class) - min(of_class) <= 1,
            "the counts of one class in two batches differ by more than they need to",
            f"class {label}: {of_class}",
        )
    return batches


@pytest.mark.task("class_balanced_batches")
@pytest.mark.parametrize(
    ("sizes", "batch_size"),
    [
        ({0: 20, 1: 20, 2: 20}, 12),
        ({0: 40, 1: 11, 2: 3}, 9),
        ({0: 7, 1: 7, 2: 7, 3: 6}, 4),
        ({0: 5, 2: 13, 5: 1}, 6),
        ({0: 3, 1: 2}, 16),
    ],
)
def test_every_class_is_spread_evenly(
    student: Student,
    rng: Generator,
    student_rng: Generator,
    sizes: dict[int, int],
    batch_size: int,
) -> None:
    labels = rng.permutation(np.repeat(list(sizes), list(sizes.values())))
    batches = student.class_balanced_batches(labels.copy(), batch_size, student_rng)
    check_balanced(batches, labels, batch_size)


@pytest.mark.task("class_balanced_batches")
def test_sorted_labels_are_spread_as_evenly_as_mixed_ones(
    student: Student, student_rng: Generator
) -> None:
    labels = np.repeat([0, 1, 2, 3], [30, 18, 9, 2])
    for ordered in (labels, labels[::-1].copy(), np.zeros(13, dtype=np.int64)):
        batches = student.class_balanced_batches(ordered, 8, student_rng)
        check_balanced(batches, ordered, 8)


@pytest.mark.task("class_balanced_batches", weight=2)
def test_balanced_batches_are_drawn_anew_by_the_generator(
    student: Student, rng: Generator, student_rng: Generator
) -> None:
    labels = rng.permutation(np.repeat([0, 1, 2], 16))
    twin = copy.deepcopy(student_rng)
    first, second, again, other = (
        {
            frozenset(batch.tolist())
            for batch in check_balanced(
                student.class_balanced_batches(labels, 12, generator), labels, 12
            )
        }
        for generator in (student_rng, student_rng, twin, rng)
    )
    check_that(first == again, "the same generator gives other batches")
    check_that(first != second, "two epochs on one generator have the same batches")
    check_that(first != other, "another generator gives the same batches")


@pytest.mark.task("class_balanced_batches")
def test_balancing_leaves_the_labels_alone(
    student: Student, rng: Generator, student_rng: Generator
) -> None:
    labels = rng.permutation(np.repeat([0, 1], [9, 6]))
    before = labels.copy()
    check_balanced(student.class_balanced_batches(labels, 5, student_rng), before, 5)
    check_unchanged(before, labels, "labels")


# kmeans_assign


def squared_distances(X: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """From each row to each centre, (N, K)."""
    distances: np.ndarray = ((X[:, np.newaxis] - centers) ** 2).sum(axis=2)
    return distances


def clusters(
    rng: Generator, rows: int, count: int, features: int, *, dtype: DTypeLike = np.float64
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows X, centres, and the nearest centre of each row, none of which is nearly a tie.

    After `rows` random rows there are one at each centre, so that none is without rows.
    """
    centers = np.asarray(1.5 * rng.normal(size=(count, features)), dtype=dtype)
    X = np.asarray(2.0 * rng.normal(size=(4 * rows + 100, features)), dtype=dtype)
    ranked = np.sort(np.sqrt(squared_distances(X, centers)), axis=1)
    X = np.concatenate([X[ranked[:, 1] - ranked[:, 0] > 0.02][:rows], centers])
    return X, centers, squared_distances(X, centers).argmin(axis=1)


@pytest.mark.task("kmeans_assign", weight=2)
@pytest.mark.parametrize(
    ("rows", "count", "features"), [(200, 6, 3), (60, 9, 1), (7, 7, 4), (4, 30, 2)]
)
def test_each_row_goes_to_its_nearest_centre(
    student: Student, rng: Generator, rows: int, count: int, features: int
) -> None:
    X, centers, labels = clusters(rng, rows, count, features)
    check_integers(student.kmeans_assign(*copies(X, centers)), labels, "labels")


@pytest.mark.task("kmeans_assign")
def test_nearest_is_by_euclidean_distance(student: Student, rng: Generator) -> None:
    X, centers, labels = clusters(rng, 300, 12, 6)
    check_integers(student.kmeans_assign(*copies(X, centers)), labels, "labels")


@pytest.mark.task("kmeans_assign")
def test_moving_rows_and_centres_together_changes_no_label(
    student: Student, rng: Generator
) -> None:
    X, centers, labels = clusters(rng, 50, 5, 2)
    for shift in (-100.0, 100.0):
        check_integers(student.kmeans_assign(X + shift, centers + shift), labels, "labels")


@pytest.mark.task("kmeans_assign")
def test_assigning_leaves_rows_and_centres_alone(student: Student, rng: Generator) -> None:
    X, centers, labels = clusters(rng, 30, 4, 3, dtype=np.float32)
    before = copies(X, centers)
    check_integers(student.kmeans_assign(X, centers), labels, "labels")
    check_same_arguments(before, X=X, centers=centers)


# kmeans_batch_step


def cluster_means(X: np.ndarray, centers: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """What `kmeans_batch_step` is to return for rows with these nearest centres."""
    means = centers.copy()
    for k in np.unique(labels):
        means[k] = X[labels == k].mean(axis=0)
    return means


@pytest.mark.task("kmeans_batch_step", weight=2)
@pytest.mark.parametrize(("rows", "count", "features"), [(80, 5, 2), (50, 3, 4), (40, 2, 1)])
def test_centres_move_to_the_mean_of_their_rows(
    student: Student, rng: Generator, rows: int, count: int, features: int
) -> None:
    X, centers, labels = clusters(rng, rows, count, features)
    means = cluster_means(X, centers, labels)
    check_close(student.kmeans_batch_step(*copies(X, centers)), means, "centers")


@pytest.mark.task("kmeans_batch_step")
def test_centre_without_rows_stays(student: Student, rng: Generator) -> None:
    X, centers, labels = clusters(rng, 30, 3, 2)
    far = np.array([[90.0, -80.0]])
    centers, labels = np.concatenate([far, centers, 2 * far]), labels + 1
    new = student.kmeans_batch_step(*copies(X, centers))
    check_array(new, centers.shape, "centers, where one has no rows")
    check_close(new[[0, 4]], centers[[0, 4]], "centres without rows")
    check_close(new, cluster_means(X, centers, labels), "centers, where one has no rows")


@pytest.mark.task("kmeans_batch_step")
def test_single_row_draws_its_centre_all_the_way(student: Student, rng: Generator) -> None:
    X, centers, labels = clusters(rng, 1, 4, 3)
    X, labels = X[:1], labels[:1]
    expected = cluster_means(X, centers, labels)
    check_close(student.kmeans_batch_step(*copies(X, centers)), expected, "centers after one row")


@pytest.mark.task("kmeans_batch_step")
def test_batch_step_in_float32_stays_in_float32_and_leaves_its_arguments_alone(
    student: Student, rng: Generator
) -> None:
    X, centers, labels = clusters(rng, 40, 4, 2, dtype=np.float32)
    before = copies(X, centers)
    means = cluster_means(X, centers, labels)
    check_close(student.kmeans_batch_step(X, centers), means, "centers", rtol=1e-4, atol=1e-5)
    check_same_arguments(before, X=X, centers=centers)


# kmeans_sgd_step


def check_step(
    result: object, centers: np.ndarray, counts: np.ndarray, *, tolerance: float = 1e-7
) -> None:
    """`result` is (centers, counts); counts may be floats, since a count is a count."""
    new_centers, new_counts = check_tuple(result, 2, "the result")
    check_close(new_centers, centers, "centers", rtol=tolerance, atol=tolerance / 10)
    if type(new_counts) is np.ndarray and new_counts.dtype.kind == "f":
        check_close(new_counts, counts.astype(new_counts.dtype), "counts")
    else:
        check_integers(new_counts, counts, "counts")


@pytest.mark.task("kmeans_sgd_step", weight=2)
@pytest.mark.parametrize(("count", "features"), [(4, 3), (6, 1), (3, 3)])
def test_nearest_centre_moves_by_one_over_its_new_count(
    student: Student, rng: Generator, count: int, features: int
) -> None:
    X, centers, labels = clusters(rng, 8, count, features)
    counts = rng.integers(1, 9, size=count)
    for x, c in zip(X[:8], labels, strict=False):
        moved, counted = copies(centers, counts)
        moved[c] = (counts[c] * centers[c] + x) / (counts[c] + 1)
        counted[c] += 1
        check_step(student.kmeans_sgd_step(*copies(x, centers, counts)), moved, counted)


@pytest.mark.task("kmeans_sgd_step")
def test_first_row_of_a_centre_replaces_it(student: Student, rng: Generator) -> None:
    X, centers, labels = clusters(rng, 1, 5, 2)
    counts = np.zeros(5, dtype=np.int64)
    moved, counted = copies(centers, counts)
    moved[labels[0]], counted[labels[0]] = X[0], 1
    check_step(student.kmeans_sgd_step(*copies(X[0], centers, counts)), moved, counted)


@pytest.mark.task("kmeans_sgd_step")
def test_steps_one_after_another_give_running_means(student: Student, rng: Generator) -> None:
    homes = np.array([[0.0, 0.0], [40.0, 0.0], [0.0, 40.0]])
    labels = rng.permutation(np.repeat([0, 1, 2], [12, 7, 5]))
    X = homes[labels] + rng.normal(size=(24, 2))
    centers, counts = homes + 1.0, np.array([0, 3, 0])
    means = np.stack([X[labels == k].mean(axis=0) for k in range(3)])
    means[1] = (3 * centers[1] + 7 * means[1]) / 10
    for x in X:
        result = student.kmeans_sgd_step(*copies(x, centers, counts))
        new_centers, new_counts = check_tuple(result, 2, "the result")
        check_array(new_centers, (3, 2), "centers")
        centers, counts = np.asarray(new_centers), np.asarray(new_counts)
    check_step((centers, counts), means, np.array([12, 10, 5]))


@pytest.mark.task("kmeans_sgd_step")
def test_sgd_step_in_float32_stays_in_float32_and_leaves_its_arguments_alone(
    student: Student, rng: Generator
) -> None:
    X, centers, labels = clusters(rng, 1, 4, 3, dtype=np.float32)
    x, counts = X[0], np.array([4, 1, 6, 2])
    before = copies(x, centers, counts)
    c = labels[0]
    moved, counted = copies(centers, counts)
    counted[c] += 1
    moved[c] += (x - moved[c]) / counted[c]
    check_step(student.kmeans_sgd_step(x, centers, counts), moved, counted, tolerance=1e-4)
    check_same_arguments(before, x=x, centers=centers, counts=counts)


# kmeans_minibatch_step


def merged(
    X: np.ndarray, centers: np.ndarray, counts: np.ndarray, labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What `kmeans_minibatch_step` is to return for rows with these nearest centres."""
    moved, counted = copies(centers, counts)
    for k in np.unique(labels):
        rows = X[labels == k]
        counted[k] += len(rows)
        moved[k] = (int(counts[k]) * centers[k] + rows.sum(axis=0)) / int(counted[k])
    return moved, counted


@pytest.mark.task("kmeans_minibatch_step", weight=2)
@pytest.mark.parametrize(
    ("rows", "count", "features"), [(60, 4, 2), (25, 3, 5), (1, 4, 3), (9, 2, 1)]
)
def test_centres_become_the_mean_of_old_rows_and_new_ones(
    student: Student, rng: Generator, rows: int, count: int, features: int
) -> None:
    X, centers, labels = clusters(rng, rows, count, features)
    counts = rng.integers(2, 30, size=count)
    expected = merged(X, centers, counts, labels)
    check_step(student.kmeans_minibatch_step(*copies(X, centers, counts)), *expected)


@pytest.mark.task("kmeans_minibatch_step")
def test_all_rows_are_assigned_before_any_centre_moves(student: Student, rng: Generator) -> None:
    shift = rng.normal(size=2)
    centers = np.array([[0.0, 0.0], [10.0, 0.0]]) + shift
    X = np.array([[4.8, 0.0], [5.3, 0.0], [4.6, 1.0], [5.6, -1.0]]) + shift
    counts = np.array([0, 1])
    expected = merged(X, centers, counts, np.array([0, 1, 0, 1]))
    check_step(student.kmeans_minibatch_step(*copies(X, centers, counts)), *expected)


@pytest.mark.task("kmeans_minibatch_step")
def test_centre_that_has_never_had_a_row_stays(student: Student, rng: Generator) -> None:
    X, centers, labels = clusters(rng, 20, 3, 2)
    centers = np.concatenate([centers, [[70.0, 70.0], [-60.0, 50.0]]])
    counts = np.array([0, 5, 2, 0, 8])
    result = student.kmeans_minibatch_step(*copies(X, centers, counts))
    check_step(result, *merged(X, centers, counts, labels))


@pytest.mark.task("kmeans_minibatch_step")
def test_two_minibatches_weigh_every_row_alike(student: Student, rng: Generator) -> None:
    homes = np.array([[0.0, 0.0], [50.0, 0.0]])
    labels = rng.permutation(np.repeat([0, 1], [14, 10]))
    X = homes[labels] + rng.normal(size=(24, 2))
    result: object = (homes + 2.0, np.zeros(2, dtype=np.int64))
    for rows in (slice(0, 17), slice(17, 24)):
        centers, counts = check_tuple(result, 2, "the result")
        result = student.kmeans_minibatch_step(X[rows], centers, counts)
    means = np.stack([X[labels == k].mean(axis=0) for k in (0, 1)])
    check_step(result, means, np.array([14, 10]))


@pytest.mark.task("kmeans_minibatch_step")
def test_minibatch_step_in_float32_stays_in_float32_and_leaves_its_arguments_alone(
    student: Student, rng: Generator
) -> None:
    X, centers, labels = clusters(rng, 20, 3, 2, dtype=np.float32)
    counts = np.array([4, 1, 6])
    before = copies(X, centers, counts)
    expected = merged(X, centers, counts, labels)
    check_step(student.kmeans_minibatch_step(X, centers, counts), *expected, tolerance=1e-4)
    check_same_arguments(before, X=X, centers=centers, counts=counts)
