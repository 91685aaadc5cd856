"""Lab 04's visible checks of the two middle nodes of batch normalization's influence diagram."""

from __future__ import annotations

import numpy as np

from dlcourse.checks.properties import Function, run_properties
from dlcourse.testing import CheckError, check_array, check_close

_Z = np.array([[0.0, 1.0], [4.0, 7.0]])
_MEAN, _VAR = np.array([2.0, 4.0]), np.array([4.0, 9.0])
_DU = np.array([[1.0, 2.0], [10.0, -1.0]])
_LONG_Z = np.array([[1.0], [2.0], [4.0], [5.0], [3.0]])
_LONG_DU = np.array([[1.0], [-2.0], [0.5], [3.0], [4.0]])
_LONG_MEAN, _LONG_VAR, _LONG_EPS = np.array([3.0]), np.array([2.0]), 0.25


def dvar_from_du(function: object) -> None:
    """Check ``dvar_from_du(du, z, mean, var, eps)``."""
    run_properties(
        "dvar_from_du",
        function,
        [_var_by_hand, _var_differences, _var_equal_du, _var_repeated, _var_float32],
    )


def dmean_from_du(function: object) -> None:
    """Check ``dmean_from_du(du, z, mean, var, dvar, eps)``."""
    run_properties(
        "dmean_from_du",
        function,
        [_mean_by_hand, _mean_differences, _mean_of_var, _mean_repeated, _mean_float32],
    )


def _var_by_hand(function: Function) -> None:
    """With z = (0, 4), ε = 5, du = (1, 10): a variance of 4 influences the loss by −1/3."""
    dvar = function(_DU[:, :1], _Z[:, :1], _MEAN[:1], _VAR[:1], 5.0)
    if np.shape(dvar) == (2, 1):
        raise CheckError("dvar: expected one number a unit: all rows share one variance")
    check_array(dvar, (1,), "dvar")
    for wrong, words in (
        (1 / 3, "the sign is wrong: a larger variance makes every u smaller"),
        (-1 / 6, "it is a mean over the rows; add up what each u contributes"),
        (-2 / 3, "the ½ of the power rule is missing"),
        (-3.0, "the power is that of the function itself; a derivative lowers it by one"),
        (-9 / 8, "ε is not used"),
    ):
        if np.isclose(np.asarray(dvar)[0], wrong):
            raise CheckError(words)
    check_close(dvar, np.array([-1 / 3]), "dvar")


def _var_differences(function: Function) -> None:
    """Five rows: dvar is what finite differences gave, the mean held still."""
    dvar = function(_LONG_DU, _LONG_Z, _LONG_MEAN, _LONG_VAR, _LONG_EPS)
    check_close(dvar, np.array([-26 / 27]), "dvar", rtol=1e-6)


def _var_equal_du(function: Function) -> None:
    """Where du is the same on all rows, the variance has no influence: dvar = 0."""
    dvar = function(np.full((2, 2), 3.0), _Z, _MEAN, _VAR, 0.1)
    check_close(dvar, np.zeros(2), "dvar")


def _var_repeated(function: Function) -> None:
    """The same rows twice: dvar is doubled, for each unit by itself."""
    once = function(_DU, _Z, _MEAN, _VAR, 0.5)
    check_array(once, (2,), "dvar")
    twice = function(np.tile(_DU, (2, 1)), np.tile(_Z, (2, 1)), _MEAN, _VAR, 0.5)
    check_close(twice, 2 * np.asarray(once), "dvar of the rows, given twice")
    alone = function(_DU[:, 1:], _Z[:, 1:], _MEAN[1:], _VAR[1:], 0.5)
    check_close(alone, np.asarray(once)[1:], "dvar of the second unit, given alone")


def _var_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    arrays = [array.astype(np.float32) for array in (_DU, _Z, _MEAN, _VAR)]
    check_array(function(*arrays, 1e-5), (2,), "dvar", dtype=np.float32)


def _mean_by_hand(function: Function) -> None:
    """With z = (0, 4), ε = 5, du = (1, 10): the mean influences the loss by −11/3."""
    dmean = function(_DU[:, :1], _Z[:, :1], _MEAN[:1], _VAR[:1], np.array([-1 / 3]), 5.0)
    if np.shape(dmean) == (2, 1):
        raise CheckError("dmean: expected one number a unit: all rows share one mean")
    check_array(dmean, (1,), "dmean")
    for wrong, words in (
        (11 / 3, "the sign is wrong: a larger mean makes every u smaller"),
        (-11 / 6, "it is a mean over the rows; add up what each u contributes"),
        (-11 / 2, "ε is not used"),
        (-11 / 9, "du is divided by the variance; u has a standard deviation below it"),
        (-11.0, "du is not divided by the standard deviation"),
    ):
        if np.isclose(np.asarray(dmean)[0], wrong):
            raise CheckError(words)
    check_close(dmean, np.array([-11 / 3]), "dmean")


def _mean_differences(function: Function) -> None:
    """Five rows: dmean is what finite differences gave."""
    dmean = function(_LONG_DU, _LONG_Z, _LONG_MEAN, _LONG_VAR, np.array([-26 / 27]), _LONG_EPS)
    check_close(dmean, np.array([-13 / 3]), "dmean", rtol=1e-6)


def _mean_of_var(function: Function) -> None:
    """Whatever dvar is, it adds nothing: the mean is that of z itself."""
    without = function(_DU, _Z, _MEAN, _VAR, np.zeros(2), 0.5)
    check_array(without, (2,), "dmean")
    for dvar in (5.0, -40.0):
        dmean = function(_DU, _Z, _MEAN, _VAR, np.full(2, dvar), 0.5)
        check_array(dmean, (2,), "dmean")
        if not np.allclose(dmean, without, rtol=1e-6):
            raise CheckError(
                "dvar changes dmean; look at what the sum of z − mean over the rows is",
                f"dvar = {dvar:g} moves it by {np.asarray(dmean - without)}",
            )


def _mean_repeated(function: Function) -> None:
    """The same rows twice: dmean is doubled, for each unit by itself."""
    once = function(_DU, _Z, _MEAN, _VAR, np.zeros(2), 0.5)
    check_array(once, (2,), "dmean")
    twice = function(np.tile(_DU, (2, 1)), np.tile(_Z, (2, 1)), _MEAN, _VAR, np.zeros(2), 0.5)
    check_close(twice, 2 * np.asarray(once), "dmean of the rows, given twice")
    alone = function(_DU[:, 1:], _Z[:, 1:], _MEAN[1:], _VAR[1:], np.zeros(1), 0.5)
    check_close(alone, np.asarray(once)[1:], "dmean of the second unit, given alone")


def _mean_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    arrays = [array.astype(np.float32) for array in (_DU, _Z, _MEAN, _VAR, _VAR)]
    check_array(function(*arrays, 1e-5), (2,), "dmean", dtype=np.float32)
