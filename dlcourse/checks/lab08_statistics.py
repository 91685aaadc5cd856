"""Lab 08's visible checks of standardizing: fitted on some data, applied to any."""

from __future__ import annotations

import numpy as np

from dlcourse.checks.properties import Function, run_properties
from dlcourse.testing import CheckError, DType, check_array, check_close, check_tuple


def standardize_fit(function: object) -> None:
    """Check ``standardize_fit(X) -> (mean, std)``."""
    run_properties(
        "standardize_fit",
        function,
        [_fit_by_hand, _fit_constant, _fit_moved, _fit_repeated, _fit_float32],
    )


def standardize(function: object) -> None:
    """Check ``standardize(X, mean, std)``."""
    run_properties(
        "standardize",
        function,
        [_apply_by_hand, _apply_constant, _apply_new, _apply_back, _apply_float32],
    )


def _fit(
    function: Function, X: np.ndarray, dtype: DType | None = None
) -> tuple[np.ndarray, np.ndarray]:
    mean, std = check_tuple(function(X), 2, "(mean, std)")
    for value, name in ((mean, "mean"), (std, "std")):
        shape = value.shape if isinstance(value, np.ndarray | np.floating) else None
        if shape == ():
            raise CheckError(f"{name}: one number for all; one a feature, a column, is meant")
        if shape == (len(X),) != X.shape[1:]:
            raise CheckError(f"{name}: one a row; one a feature, a column, is meant")
        check_array(value, X.shape[1:], name, dtype=dtype)
    assert isinstance(mean, np.ndarray)
    assert isinstance(std, np.ndarray)
    return mean, std


def _data() -> np.ndarray:
    rng = np.random.default_rng(7)
    return rng.normal([4.0, -2.0, 1.0], [0.5, 3.0, 20.0], size=(7, 3))


def _fit_by_hand(function: Function) -> None:
    """Columns (0, 0, 0, 0, 5), (3, 3, 3, 3, 3), (4, 4, 4, 4, −6): means 1, 3, 2, std 2, 0, 4."""
    X = np.array([[0.0, 3.0, 4.0]] * 4 + [[5.0, 3.0, -6.0]])
    mean, std = _fit(function, X)
    check_close(mean, np.array([1.0, 3.0, 2.0]), "mean")
    if np.allclose(std, [5**0.5, 0.0, 20**0.5]):
        raise CheckError("std: divides by N − 1; here it is N")
    if np.allclose(std, [4.0, 0.0, 16.0]):
        raise CheckError("std: that is the variance, in squared units")
    check_close(std, np.array([2.0, 0.0, 4.0]), "std")


def _fit_constant(function: Function) -> None:
    """The std of a constant feature is exactly 0: nothing is added to it."""
    mean, std = _fit(function, np.array([[3.0, 1.0], [3.0, 2.0], [3.0, 3.0]]))
    check_close(mean, np.array([3.0, 2.0]), "mean")
    if std[0] != 0:
        raise CheckError("std of a constant feature is not 0: leave ε to those who divide")


def _fit_moved(function: Function) -> None:
    """Data moved and stretched: the mean moves along, the std is stretched."""
    X = _data()
    mean, std = _fit(function, X)
    moved, stretched = _fit(function, 2.0 * X - 30.0)
    check_close(moved, 2.0 * mean - 30.0, "mean of 2X − 30")
    check_close(stretched, 2.0 * std, "std of 2X − 30")
    _, far = _fit(function, X - 3e6)
    check_close(far, std, "std of X − 3,000,000", rtol=1e-6)


def _fit_repeated(function: Function) -> None:
    """The same rows three times over have the same mean and the same std."""
    X = _data()
    mean, std = _fit(function, X)
    again, same = _fit(function, np.concatenate([X] * 3))
    check_close(again, mean, "mean of the rows three times over")
    check_close(same, std, "std of the rows three times over")


def _fit_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    _fit(function, _data().astype(np.float32), dtype=np.float32)


def _apply_by_hand(function: Function) -> None:
    """With mean (2, 1) and std (2, 4) the row (6, −1) becomes (2, −1/2)."""
    X, mean, std = np.array([[6.0, -1.0]]), np.array([2.0, 1.0]), np.array([2.0, 4.0])
    moved = function(X, mean, std)
    check_array(moved, (1, 2), "the standardized data")
    for wrong, why in (
        ([4.0, -2.0], "centred, and not scaled"),
        ([8.0, -8.0], "multiplied by the std; the result should have std 1"),
        ([1.0, -0.125], "divided by the variance; it is the std that has the unit of X"),
        ([3.0, -0.25], "scaled, and not centred"),
        ([1.0, -1.25], "scaled first, then the mean taken off: the other way round"),
    ):
        if np.allclose(moved, [wrong]):
            raise CheckError(why)
    check_close(moved, np.array([[2.0, -0.5]]), "the standardized data")


def _apply_constant(function: Function) -> None:
    """A feature with std 0 is centred and divided by 1, whatever new data hold."""
    X, mean, std = np.array([[3.0, 1.0], [5.0, 3.0]]), np.array([3.0, 2.0]), np.array([0.0, 1.0])
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = function(X, mean, std)
    if isinstance(moved, np.ndarray) and not np.isfinite(moved).all():
        raise CheckError("not finite: a feature with std 0 is divided by 0")
    if isinstance(moved, np.ndarray) and moved.shape == (2, 2) and abs(moved[1, 0]) > 1e3:
        raise CheckError("a feature with std 0 blows up in new data", f"{moved[1, 0]:.3g}")
    check_close(moved, np.array([[0.0, -1.0], [2.0, 1.0]]), "the standardized data")


def _apply_new(function: Function) -> None:
    """New data are measured by the statistics given, not by their own."""
    X, mean, std = _data(), np.array([1.0, 2.0, 3.0]), np.array([2.0, 0.5, 4.0])
    everything = function(X, mean, std)
    check_array(everything, X.shape, "the standardized data")
    part = function(X[2:4], mean, std)
    check_array(part, (2, 3), "two rows, standardized,")
    if not np.allclose(part, everything[2:4]):
        raise CheckError("two rows alone come out otherwise than among the others")
    if np.allclose(everything.mean(axis=0), 0.0):
        raise CheckError("the mean given is not used: data are centred by their own")


def _apply_back(function: Function) -> None:
    """Multiplied by std and with mean added the result is X again."""
    X, mean, std = _data(), np.array([4.0, -2.0, 1.0]), np.array([0.5, 3.0, 20.0])
    moved = function(X, mean, std)
    check_array(moved, X.shape, "the standardized data")
    check_close(moved * std + mean, X, "the data, taken back,")


def _apply_float32(function: Function) -> None:
    """float32 in gives float32 out, with a constant feature too."""
    X, mean, std = _data(), np.array([4.0, -2.0, 1.0]), np.array([0.5, 0.0, 20.0])
    single = [array.astype(np.float32) for array in (X, mean, std)]
    check_array(function(*single), X.shape, "the standardized data", dtype=np.float32)
