"""Lab 08's visible checks of principal axes: found, turned to, and scaled.

The data are made from axes, spreads and uncorrelated coordinates chosen beforehand, so that what
must be found is known without looking for it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dlcourse.checks.properties import Function, run_properties
from dlcourse.testing import CheckError, DType, check_array, check_close, check_tuple


def pca_fit(function: object) -> None:
    """Check ``pca_fit(X) -> (mean, U, variances)``."""
    run_properties(
        "pca_fit",
        function,
        [_fit_by_hand, _fit_order, _fit_rotation, _fit_axes, _fit_few_rows, _fit_float32],
    )


def pca_rotate(function: object) -> None:
    """Check ``pca_rotate(X, mean, U, k)``."""
    run_properties(
        "pca_rotate",
        function,
        [_rotate_by_hand, _rotate_uncorrelated, _rotate_new, _rotate_float32],
    )


def whiten(function: object) -> None:
    """Check ``whiten(X, mean, U, variances, eps=1e-5)``."""
    run_properties(
        "whiten",
        function,
        [_white_by_hand, _white_covariance, _white_eps, _white_default, _white_new, _white_float32],
    )


class _Made(NamedTuple):
    """Data X = mean + (coordinates·spreads)·Uᵀ, whose coordinates have unit covariance."""

    X: np.ndarray
    mean: np.ndarray
    U: np.ndarray
    spreads: np.ndarray
    coordinates: np.ndarray


def _made() -> _Made:
    coordinates = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]] * 2, dtype=np.float64)
    U = np.array([[2.0, -2.0, 1.0], [1.0, 2.0, 2.0], [2.0, 1.0, -2.0]]) / 3
    mean, spreads = np.array([5.0, -3.0, 2.0]), np.array([4.0, 2.0, 0.5])
    return _Made(mean + coordinates * spreads @ U.T, mean, U, spreads, coordinates)


def _fit(
    function: Function, X: np.ndarray, dtype: DType | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    mean, U, variances = check_tuple(function(X), 3, "(mean, U, variances)")
    count = X.shape[1]
    check_array(mean, (count,), "mean", dtype=dtype)
    check_array(U, (count, count), "U", dtype=dtype)
    check_array(variances, (count,), "variances", dtype=dtype)
    assert isinstance(mean, np.ndarray)
    assert isinstance(U, np.ndarray)
    assert isinstance(variances, np.ndarray)
    return mean, U, variances


def _fit_by_hand(function: Function) -> None:
    """Rows (5, 6), (1, 2), (4, 3), (2, 5): mean (3, 4), variances 4 and 1."""
    X = np.array([[5.0, 6.0], [1.0, 2.0], [4.0, 3.0], [2.0, 5.0]])
    mean, U, variances = _fit(function, X)
    check_close(mean, np.array([3.0, 4.0]), "mean")
    for wrong, why in (
        ([1.0, 4.0], "the smallest comes first; the largest should"),
        ([16 / 3, 4 / 3], "divided by N − 1; here it is N"),
        ([16.0, 4.0], "not divided by the number of rows"),
        ([28.946326, 1.053674], "the mean has not been taken off"),
        ([2.0, 1.0], "these are standard deviations"),
        ([4.0, 2.0], "these are singular values of the data; how do they give variances?"),
        ([2.5, 2.5], "these are the variances of the features; those along the axes are meant"),
    ):
        if np.allclose(variances, wrong):
            raise CheckError(f"variances: {why}")
    check_close(variances, np.array([4.0, 1.0]), "variances")
    # Which of the two signs an axis has is free, so its entries are compared by their product.
    if U[0, 0] * U[1, 0] < 0:
        raise CheckError("U: the first column should be the axis of the largest variance")
    check_close(np.abs(U), np.full((2, 2), 0.5**0.5), "the entries of U without their signs")


def _fit_order(function: Function) -> None:
    """The variances 16, 4, 1/4 that the data were made with are found, the largest first."""
    made = _made()
    _, _, variances = _fit(function, made.X)
    if np.allclose(variances[::-1], made.spreads**2):
        raise CheckError("variances: the smallest comes first; the largest should")
    check_close(variances, made.spreads**2, "variances")


def _fit_rotation(function: Function) -> None:
    """The axes, columns of U, are of length 1 and at right angles."""
    _, U, _ = _fit(function, _made().X)
    check_close(U.T @ U, np.eye(3), "the products of the columns of U with each other")


def _fit_axes(function: Function) -> None:
    """Column by column they are, up to a sign, the axes that the data were made with."""
    made = _made()
    _, U, _ = _fit(function, made.X)
    if np.allclose(np.abs(U @ made.U), np.eye(3), atol=1e-6):
        raise CheckError("U: the axes lie in its rows; they should be its columns")
    if np.allclose(np.abs(U[:, ::-1].T @ made.U), np.eye(3), atol=1e-6):
        raise CheckError("U: the order of the axes is not that of the variances")
    overlap = np.abs(U.T @ made.U)
    check_close(overlap, np.eye(3), "the overlap of your axes with the true ones", atol=1e-7)


def _fit_few_rows(function: Function) -> None:
    """With 2 rows of 3 features there are still 3 axes, two of them without variance."""
    X = np.array([[1.0, 2.0, 2.0], [-1.0, -2.0, -2.0]])
    _, U, variances = _fit(function, X)
    check_close(variances, np.array([9.0, 0.0, 0.0]), "variances")
    check_close(U.T @ U, np.eye(3), "the products of the columns of U with each other")


def _fit_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    _fit(function, _made().X.astype(np.float32), dtype=np.float32)


_TURN = np.array([[0.6, -0.8], [0.8, 0.6]])


def _rotate_by_hand(function: Function) -> None:
    """Rows (2, 2) and (1, 7), mean (1, 2), axes (0.6, 0.8) and (−0.8, 0.6)."""
    X, mean = np.array([[2.0, 2.0], [1.0, 7.0]]), np.array([1.0, 2.0])
    rotated = function(X, mean, _TURN, 2)
    check_array(rotated, (2, 2), "the rotated data")
    _check_turn(rotated, np.array([[0.6, -0.8], [4.0, 3.0]]), X, mean)
    first = function(X, mean, _TURN, 1)
    check_array(first, (2, 1), "the data on one axis")
    if np.allclose(first, [[-0.8], [3.0]]):
        raise CheckError("the last axes are kept; the first k are meant")
    check_close(first, np.array([[0.6], [4.0]]), "the data on one axis")


def _check_turn(found: np.ndarray, expected: np.ndarray, X: np.ndarray, mean: np.ndarray) -> None:
    """Say which part of a rotation is missing from `found`, if it is not `expected`."""
    for wrong, why in (
        (X @ _TURN, "the mean has not been taken off"),
        ((X - mean) @ _TURN.T, "turned by the rows of U; its columns are the axes"),
        (X @ _TURN - mean, "the mean is taken off after turning; it belongs to X"),
        (X - mean, "centred, and not turned"),
    ):
        if np.allclose(found, wrong):
            raise CheckError(why)
    check_close(found, expected, "the rotated data")


def _rotate_uncorrelated(function: Function) -> None:
    """On their axes the data are the coordinates that they were made with."""
    made = _made()
    for k in (1, 2, 3):
        rotated = function(made.X, made.mean, made.U, k)
        expected = (made.coordinates * made.spreads)[:, :k].copy()
        check_close(rotated, expected, f"the data on {k} axes")


def _rotate_new(function: Function) -> None:
    """New rows are seen from the mean given, not from their own."""
    made = _made()
    rows = made.X[:2] + 1.0
    both = function(rows, made.mean, made.U, 3)
    check_array(both, (2, 3), "two new rows")
    one = function(rows[:1], made.mean, made.U, 3)
    check_array(one, (1, 3), "one new row")
    if not np.allclose(one, both[:1]):
        raise CheckError("a row alone comes out otherwise than among others")
    if np.allclose(one, 0.0):
        raise CheckError("the mean given is not used: data are centred by their own")


def _rotate_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    made = _made()
    single = [array.astype(np.float32) for array in (made.X, made.mean, made.U)]
    check_array(function(*single, 2), (8, 2), "the rotated data", dtype=np.float32)


def _white_by_hand(function: Function) -> None:
    """Variances 4 and 1/4, ε = 0, the rows of the last task: (0.3, −1.6) and (2, 6)."""
    X, mean = np.array([[2.0, 2.0], [1.0, 7.0]]), np.array([1.0, 2.0])
    white = function(X, mean, _TURN, np.array([4.0, 0.25]), 0.0)
    check_array(white, (2, 2), "the whitened data")
    turned = np.array([[0.6, -0.8], [4.0, 3.0]])
    spreads = np.array([2.0, 0.5])
    for wrong, why in (
        (turned, "turned, and not scaled"),
        (turned / spreads**2, "divided by the variances; unit variance needs their roots"),
        (turned * spreads, "multiplied by the spreads; unit variance asks for a division"),
        ((X - mean) / spreads, "scaled, and not turned"),
        (turned / spreads @ _TURN.T, "turned back at the end; here the data stay on their axes"),
        (X @ _TURN / spreads, "the mean has not been taken off"),
        ((X - mean) @ _TURN.T / spreads, "turned by the rows of U; its columns are the axes"),
    ):
        if np.allclose(white, wrong):
            raise CheckError(why)
    check_close(white, np.array([[0.3, -1.6], [2.0, 6.0]]), "the whitened data")


def _white_covariance(function: Function) -> None:
    """With ε = 0 the training data come out with mean 0 and the identity as covariance."""
    made = _made()
    white = function(made.X, made.mean, made.U, made.spreads**2, 0.0)
    check_array(white, made.X.shape, "the whitened data")
    check_close(white.mean(axis=0), np.zeros(3), "the mean")
    check_close(white.T @ white / len(white), np.eye(3), "the covariance")


def _white_eps(function: Function) -> None:
    """ε is added to the variances, under the root: variance 16 and ε = 9 make a spread of 5."""
    X, U, mean = np.array([[10.0, 0.0], [0.0, 6.0]]), np.eye(2), np.zeros(2)
    white = function(X, mean, U, np.array([16.0, 0.0]), 9.0)
    if isinstance(white, np.ndarray) and white.shape == (2, 2):
        if np.isclose(white[0, 0], 10 / 13):
            raise CheckError("ε is added to the root; it belongs under it")
        if np.isclose(white[0, 0], 2.5):
            raise CheckError("ε is not used")
    check_close(white, np.array([[2.0, 0.0], [0.0, 2.0]]), "the whitened data")


def _white_default(function: Function) -> None:
    """An axis without variance stays finite: ε is 10⁻⁵ unless another is given."""
    X, U, mean = np.array([[1.0, 1e-3]]), np.eye(2), np.zeros(2)
    variances = np.array([1.0, 0.0])
    with np.errstate(divide="ignore", invalid="ignore"):
        white = function(X, mean, U, variances)
    if isinstance(white, np.ndarray) and not np.isfinite(white).all():
        raise CheckError("not finite on an axis without variance")
    expected = np.array([[1.0 / (1 + 1e-5) ** 0.5, 1e-3 / 1e-5**0.5]])
    check_close(white, expected, "the whitened data")


def _white_new(function: Function) -> None:
    """New rows are whitened by what was fitted, not by their own statistics."""
    made = _made()
    fit = made.mean, made.U, made.spreads**2
    both = function(made.X[:2] + 1.0, *fit, 0.1)
    check_array(both, (2, 3), "two new rows")
    one = function(made.X[:1] + 1.0, *fit, 0.1)
    check_array(one, (1, 3), "one new row")
    if not np.allclose(one, both[:1]):
        raise CheckError("a row alone comes out otherwise than among others")


def _white_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    made = _made()
    arrays = made.X, made.mean, made.U, made.spreads**2
    single = [array.astype(np.float32) for array in arrays]
    check_array(function(*single), made.X.shape, "the whitened data", dtype=np.float32)
