"""Lab 08's visible checks of the hinge losses."""

from __future__ import annotations

import numpy as np

from dlcourse.checks.lab08_slopes import (
    check_batch_mean,
    check_float32,
    check_loss,
    check_slopes,
    loss_and_slopes,
)
from dlcourse.checks.properties import Function, run_properties
from dlcourse.testing import CheckError, check_close


def hinge(function: object) -> None:
    """Check ``hinge(scores, labels) -> (loss, dscores)``."""
    run_properties(
        "hinge",
        function,
        [_hinge_by_hand, _margin_kept, *_OF_BOTH],
    )


def squared_hinge(function: object) -> None:
    """Check ``squared_hinge(scores, labels) -> (loss, dscores)``."""
    run_properties(
        "squared_hinge",
        function,
        [_squared_by_hand, _margin_kept, *_OF_BOTH],
    )


def _scores_and_labels() -> tuple[np.ndarray, np.ndarray]:
    """No score is within 0.05 of a kink."""
    labels = np.array([3, 0, 2, 0, 1])
    excess = np.array(
        [
            [0.4, -0.7, 1.3, 0.0],
            [0.0, -2.1, 0.2, 2.4],
            [-0.3, 0.9, 0.0, -1.2],
            [0.0, 0.6, -0.1, 0.8],
            [-0.4, 0.0, -3.0, -0.2],
        ]
    )
    shift = np.array([[0.3], [-1.2], [0.8], [2.0], [-0.6]])
    scores = excess - 1.0 + shift
    scores[np.arange(5), labels] = shift[:, 0]
    return scores, labels


def _hinge_by_hand(function: Function) -> None:
    """Scores (1, 2, 1/2) with label 0: violations 2 and 1/2, together 2.5; dscores (−2, 1, 1)."""
    scores, labels = np.array([[1.0, 2.0, 0.5]]), np.array([0])
    loss, dscores = loss_and_slopes(function(scores, labels), scores, "dscores")
    check_loss(
        loss,
        2.5,
        [
            (3.5, "the right class is counted too: it is compared with itself"),
            (1.0, "there is no margin: a wrong class should stay 1 below the right one"),
            (2.0, "only the worst class counts; all that come too near should"),
            (2.5 / 3, "it is a mean over the classes; they are summed"),
            (1.25, "it is a mean over the wrong classes; they are summed"),
            (4.25, "the violations are squared; that is the next task"),
            (1.5, "the difference is turned round: a wrong class costs if it scores high"),
            (0.0, "the margin is on the wrong side: a class just below should still cost"),
        ],
    )
    _check_right_class(dscores, [-2.0, 1.0, 1.0])
    if np.allclose(dscores, [[-1.0, 1.0, 1.0]]):
        raise CheckError("dscores: the right class takes part in every violation, not in one only")
    check_close(dscores, np.array([[-2.0, 1.0, 1.0]]), "dscores")


def _squared_by_hand(function: Function) -> None:
    """Scores (1, 2, 1/2) with label 0: violations 2 and 1/2, 4.25; dscores (−5, 4, 1)."""
    scores, labels = np.array([[1.0, 2.0, 0.5]]), np.array([0])
    loss, dscores = loss_and_slopes(function(scores, labels), scores, "dscores")
    check_loss(
        loss,
        4.25,
        [
            (5.25, "the right class is counted too: it is compared with itself"),
            (1.0, "there is no margin: a wrong class should stay 1 below the right one"),
            (4.0, "only the worst class counts; all that come too near should"),
            (6.25, "the sum is squared; square each violation, then add"),
            (2.5, "the violations are not squared"),
            (2.125, "it is half as large as it should be: there is no ½"),
            (4.25 / 3, "it is a mean over the classes; they are summed"),
        ],
    )
    _check_right_class(dscores, [-5.0, 4.0, 1.0])
    if np.allclose(dscores, [[-2.0, 1.0, 1.0]]):
        raise CheckError("dscores: that of the hinge; here a large violation pushes harder")
    if np.allclose(dscores, [[-2.5, 2.0, 0.5]]):
        raise CheckError("dscores is half as long as it should be: what is the slope of a square?")
    check_close(dscores, np.array([[-5.0, 4.0, 1.0]]), "dscores")


def _check_right_class(dscores: np.ndarray, expected: list[float]) -> None:
    if np.allclose(dscores, [[0.0, *expected[1:]]]):
        raise CheckError("dscores: the right class has a slope as well: its score is in every term")
    if np.allclose(dscores, [[-expected[0], *expected[1:]]]):
        raise CheckError("dscores: the right class's slope has the wrong sign")
    if np.allclose(dscores, [[-slope for slope in expected]]):
        raise CheckError("dscores points downhill; it should point where the loss rises")


def _margin_kept(function: Function) -> None:
    """Rows whose wrong classes all stay more than 1 below cost nothing and push nothing."""
    scores, labels = np.array([[5.0, 3.0, -40.0], [-9.0, -7.5, -6.0]]), np.array([0, 2])
    loss, dscores = loss_and_slopes(function(scores, labels), scores, "dscores")
    if loss != 0.0 or dscores.any():
        raise CheckError("a row that keeps its margins should be left in peace", f"loss {loss:.6g}")


def _rows_shifted(function: Function) -> None:
    """Only differences of scores count: a number added to a row changes nothing."""
    scores, labels = _scores_and_labels()
    loss, dscores = loss_and_slopes(function(scores, labels), scores, "dscores")
    check_close(dscores.sum(axis=1), np.zeros(len(labels)), "the sum of a row of dscores")
    shift = np.array([[7.0], [-30.0], [0.5], [100.0], [-2.0]])
    moved, dmoved = loss_and_slopes(function(scores + shift, labels), scores, "dscores")
    check_close(moved, loss, "loss after the move")
    check_close(dmoved, dscores, "dscores after the move")


def _rows_mean(function: Function) -> None:
    """It is a mean over the batch: the same rows three times over have the same loss."""
    check_batch_mean(function, *_scores_and_labels(), "dscores")


def _scores_slopes(function: Function) -> None:
    """Finite differences of your own loss agree with dscores."""
    check_slopes(function, *_scores_and_labels(), "dscores")


def _scores_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    check_float32(function, *_scores_and_labels(), "dscores")


_OF_BOTH = (_rows_shifted, _rows_mean, _scores_slopes, _scores_float32)
