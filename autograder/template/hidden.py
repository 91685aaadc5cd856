"""Hidden tests of lab NN."""

from __future__ import annotations

import numpy as np
import pytest

from autograder.grading import Student
from dlcourse.testing import check_close, check_unchanged

Generator = np.random.Generator


def rows(rng: Generator, n: int, dim: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows, and a weight for each."""
    return rng.normal(size=(n, dim)), rng.uniform(0.5, 4.0, size=n)


@pytest.mark.task("topic_mean", weight=2)
@pytest.mark.parametrize("shape", [(6, 2), (3, 3), (9, 1)])
def test_mean_counts_each_row_by_its_weight(
    student: Student, rng: Generator, shape: tuple[int, int]
) -> None:
    values, weights = rows(rng, *shape)
    total = sum(weight * row for weight, row in zip(weights, values, strict=True))
    expected = np.asarray(total / sum(weights))
    mean = student.topic_mean(values.copy(), weights.copy())
    check_close(mean, expected, "the mean")


@pytest.mark.task("topic_mean")
def test_mean_of_one_row_is_that_row(student: Student, rng: Generator) -> None:
    values, weights = rows(rng, 1, 4)
    mean = student.topic_mean(values.copy(), weights)
    check_close(mean, values[0], "the mean of one row")


@pytest.mark.task("topic_mean")
def test_mean_of_float32_is_float32(student: Student, rng: Generator) -> None:
    values, weights = (array.astype(np.float32) for array in rows(rng, 7, 3))
    expected = np.average(values, axis=0, weights=weights).astype(np.float32)
    mean = student.topic_mean(values.copy(), weights.copy())
    check_close(mean, expected, "the mean", rtol=1e-4, atol=1e-5)


@pytest.mark.task("topic_mean")
def test_mean_leaves_its_arguments_alone(student: Student, rng: Generator) -> None:
    values, weights = rows(rng, 5, 2)
    expected = np.average(values, axis=0, weights=weights)
    given = values.copy(), weights.copy()
    check_close(student.topic_mean(*given), expected, "the mean")
    check_unchanged(values, given[0], "values")
    check_unchanged(weights, given[1], "weights")
