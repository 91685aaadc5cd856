"""Lab 00's visible checks of the rectifiers: ReLU, leaky, parametric and exponential ones."""

from __future__ import annotations

import numpy as np

from dlcourse.checks.properties import Function, run_properties
from dlcourse.testing import (
    CheckError,
    check_array,
    check_close,
    check_number,
    check_that,
    check_tuple,
)

_Z = np.array([[-3.0, -0.5], [0.25, 2.0]])
_DY = np.array([[10.0, -20.0], [30.0, -40.0]])
"""Both signs on both sides of the kink: dy's sign says nothing about z's."""


def relu(function: object) -> None:
    """Check ``relu(z)``."""
    run_properties("relu", function, [_relu_by_hand, _relu_scale, _float32])


def relu_backward(function: object) -> None:
    """Check ``relu_backward(dy, z)``."""
    run_properties("relu_backward", function, [_relu_back_by_hand, _relu_back_size, _back_float32])


def leaky_relu(function: object) -> None:
    """Check ``leaky_relu(z, slope=0.01)``."""
    run_properties(
        "leaky_relu", function, [_leaky_by_hand, _leaky_default, _leaky_any_slope, _float32]
    )


def leaky_relu_backward(function: object) -> None:
    """Check ``leaky_relu_backward(dy, z, slope=0.01)``."""
    run_properties(
        "leaky_relu_backward",
        function,
        [_leaky_back_by_hand, _leaky_back_default, _leaky_back_any_slope, _back_float32],
    )


def prelu_backward(function: object) -> None:
    """Check ``prelu_backward(dy, z, slope) -> (dz, dslope)``."""
    run_properties(
        "prelu_backward",
        function,
        [_prelu_one_slope, _prelu_a_slope_each, _prelu_batch, _prelu_float32],
    )


def elu(function: object) -> None:
    """Check ``elu(z, alpha=1.0)``."""
    run_properties("elu", function, [_elu_by_hand, _elu_default, _elu_far_out, _float32])


def elu_backward(function: object) -> None:
    """Check ``elu_backward(dy, z, alpha=1.0)``."""
    run_properties(
        "elu_backward",
        function,
        [_elu_back_by_hand, _elu_back_smooth, _elu_back_far_out, _back_float32],
    )


def _float32(function: Function) -> None:
    """float32 in gives float32 out, of any shape."""
    z = np.linspace(-2, 2, 12, dtype=np.float32).reshape(2, 3, 2)
    check_array(function(z), z.shape, "y", dtype=np.float32)


def _back_float32(function: Function) -> None:
    """float32 in gives float32 out, of any shape."""
    z = np.linspace(-2, 2, 12, dtype=np.float32).reshape(2, 3, 2)
    check_array(function(np.ones_like(z), z), z.shape, "dz", dtype=np.float32)


def _relu_by_hand(function: Function) -> None:
    """−3, −0.5, 0.25, 2 give 0, 0, 0.25, 2."""
    y = function(_Z)
    check_array(y, _Z.shape, "y")
    if np.array_equal(y, np.abs(_Z)):
        raise CheckError("negative entries change their sign; they should become 0")
    if np.array_equal(y, _Z > 0):
        raise CheckError("that is a step; where z is positive it should pass as it is")
    check_close(y, np.array([[0.0, 0.0], [0.25, 2.0]]), "y")


def _relu_scale(function: Function) -> None:
    """It has no scale of its own: 1000 times the input, 1000 times the output."""
    check_close(function(1000 * _Z), np.array([[0.0, 0.0], [250.0, 2000.0]]), "y")


def _named_mask(dz: object, by_dy: list[list[float]]) -> np.ndarray:
    """The array dz, once its shape is right and z rather than dy decided what passes."""
    check_array(dz, _Z.shape, "dz")
    assert isinstance(dz, np.ndarray)
    if np.allclose(dz, by_dy):
        raise CheckError("the sign of dy decides what passes; it should be the sign of z")
    return dz


def _relu_back_by_hand(function: Function) -> None:
    """Where z is −3, −0.5, 0.25, 2, of dy = 10, −20, 30, −40 the last two pass."""
    dz = _named_mask(function(_DY, _Z), [[10.0, 0.0], [30.0, 0.0]])
    if np.array_equal(dz, _Z > 0):
        raise CheckError("dy is not used: the chain rule has two factors")
    check_close(dz, np.array([[0.0, 0.0], [30.0, -40.0]]), "dz")


def _relu_back_size(function: Function) -> None:
    """What passes does not depend on how large z is."""
    small, large = function(_DY, 1e-3 * _Z), function(_DY, 1e3 * _Z)
    check_array(small, _Z.shape, "dz")
    check_close(large, np.asarray(small), "dz where z is a million times larger")
    check_that(bool(np.any(large)), "nothing passes at all")


def _leaky_by_hand(function: Function) -> None:
    """With the slope 0.1 it gives −0.3, −0.05, 0.25, 2."""
    y = function(_Z, 0.1)
    check_array(y, _Z.shape, "y")
    if not np.any(y[0]):
        raise CheckError("the left side is flat: where is the slope?")
    check_close(y, np.array([[-0.3, -0.05], [0.25, 2.0]]), "y")


def _leaky_default(function: Function) -> None:
    """The slope is 0.01 if none is given."""
    check_close(function(_Z), np.array([[-0.03, -0.005], [0.25, 2.0]]), "y")


def _leaky_any_slope(function: Function) -> None:
    """Slopes of 0, 1, 2 and −1 are slopes as well."""
    for slope, left in (
        (0.0, [0.0, 0.0]),
        (1.0, [-3.0, -0.5]),
        (2.0, [-6.0, -1.0]),
        (-1.0, [3.0, 0.5]),
    ):
        y = function(_Z, slope=slope)
        check_array(y, _Z.shape, "y")
        if slope == 2.0 and np.allclose(y, [[-3.0, -0.5], [0.5, 4.0]]):
            raise CheckError("slope 2: the sides are exchanged; a maximum serves slopes ≤ 1 only")
        check_close(y, np.array([left, [0.25, 2.0]]), f"slope {slope:g}: y")


def _leaky_back_by_hand(function: Function) -> None:
    """With the slope 0.1, dy = 10, −20, 30, −40 becomes 1, −2, 30, −40."""
    dz = _named_mask(function(_DY, _Z, 0.1), [[10.0, -2.0], [30.0, -4.0]])
    if np.allclose(dz, [[0.1, 0.1], [1.0, 1.0]]):
        raise CheckError("dy is not used: the chain rule has two factors")
    if not np.any(dz[0]):
        raise CheckError("nothing passes on the left: where is the slope?")
    check_close(dz, np.array([[1.0, -2.0], [30.0, -40.0]]), "dz")


def _leaky_back_default(function: Function) -> None:
    """The slope is 0.01 if none is given."""
    check_close(function(_DY, _Z), np.array([[0.1, -0.2], [30.0, -40.0]]), "dz")


def _leaky_back_any_slope(function: Function) -> None:
    """Slopes of 0, 2 and −1 are slopes as well."""
    for slope, left in ((0.0, [0.0, 0.0]), (2.0, [20.0, -40.0]), (-1.0, [-10.0, 20.0])):
        dz = function(_DY, _Z, slope=slope)
        check_close(dz, np.array([left, [30.0, -40.0]]), f"slope {slope:g}: dz")


def _prelu_one_slope(function: Function) -> None:
    """One slope, 0.1, for all units: dz = 1, −2, 30, −40 and dslope = −20."""
    dz, dslope = check_tuple(function(_DY, _Z, 0.1), 2, "(dz, dslope)")
    check_close(dz, np.array([[1.0, -2.0], [30.0, -40.0]]), "dz")
    number = check_number(dslope, "dslope, for one slope")
    _name_dslope(number, right=-20.0, all_z=-92.5, bare=-3.5, scaled=-2.0, mean=-5.0)
    check_close(number, -20.0, "dslope")


def _name_dslope(
    number: float, *, right: float, all_z: float, bare: float, scaled: float, mean: float
) -> None:
    if np.isclose(number, all_z):
        raise CheckError("dslope counts the right side too, where the slope plays no part")
    if np.isclose(number, bare):
        raise CheckError("dslope: dy is not used, the chain rule has two factors")
    if np.isclose(number, scaled):
        raise CheckError("dslope has the slope as a factor; how does y change when it changes?")
    if np.isclose(number, mean) or np.isclose(number, right / 2):
        raise CheckError("dslope is a mean; every entry that uses the slope adds its share")
    if np.isclose(number, -right):
        raise CheckError("dslope has the wrong sign")


def _prelu_a_slope_each(function: Function) -> None:
    """A slope for each unit: dslope has one entry a unit, summed over the rows."""
    z = np.array([[-1.0, 2.0], [-2.0, -3.0]])
    dy = np.array([[10.0, 20.0], [30.0, 40.0]])
    slope = np.array([0.1, 0.2])
    dz, dslope = check_tuple(function(dy, z, slope), 2, "(dz, dslope)")
    check_close(dz, np.array([[1.0, 20.0], [3.0, 8.0]]), "dz")
    if isinstance(dslope, np.ndarray) and np.allclose(dslope, [-10.0, -180.0]):
        raise CheckError("dslope is summed along the units; a slope is shared by the rows")
    if np.asarray(dslope).ndim == 0:
        raise CheckError("dslope is one number; each unit has a slope of its own here")
    check_close(dslope, np.array([-70.0, -120.0]), "dslope")


def _prelu_batch(function: Function) -> None:
    """The same rows twice: dslope is doubled."""
    for slope in (0.25, np.array([0.25, 0.5])):
        once = check_tuple(function(_DY, _Z, slope), 2, "(dz, dslope)")[1]
        twice = check_tuple(
            function(np.tile(_DY, (2, 1)), np.tile(_Z, (2, 1)), slope), 2, "(dz, dslope)"
        )[1]
        single, double = np.asarray(once, dtype=float), np.asarray(twice, dtype=float)
        check_that(bool(np.all(single != 0)), "dslope is zero; units off on the left use the slope")
        check_that(
            single.shape == double.shape and bool(np.allclose(double, 2 * single)),
            "dslope does not grow with the rows: add up over the batch",
        )


def _prelu_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    z, dy, slope = (a.astype(np.float32) for a in (_Z, _DY, np.array([0.5, 0.25])))
    dz, dslope = check_tuple(function(dy, z, slope), 2, "(dz, dslope)")
    check_array(dz, z.shape, "dz", dtype=np.float32)
    check_array(dslope, (2,), "dslope", dtype=np.float32)


def _elu_by_hand(function: Function) -> None:
    """With alpha = 3 it is −1.5 at −ln 2 and −2 at −ln 3; 0.25 and 2 stay."""
    y = function(np.array([-np.log(2.0), -np.log(3.0), 0.25, 2.0]), 3.0)
    check_array(y, (4,), "y")
    if np.allclose(y[:2], [1.5, 2.0]):
        raise CheckError("the left side is positive: it should start from 0 and fall")
    if np.allclose(y[2:], [0.75, 6.0]):
        raise CheckError("alpha acts on the right side too")
    check_close(y, np.array([-1.5, -2.0, 0.25, 2.0]), "y")


def _elu_default(function: Function) -> None:
    """If no alpha is given, it is 1."""
    check_close(function(np.array([-np.log(2.0), 2.0])), np.array([-0.5, 2.0]), "y")


def _elu_far_out(function: Function) -> None:
    """Far left it is −alpha, far right z itself; e^z would be too large there."""
    y = _quietly(function, np.array([-1e4, 1e4]), 0.7)
    check_close(y, np.array([-0.7, 1e4]), "y")


def _elu_back_by_hand(function: Function) -> None:
    """With alpha = 3, dy = 2, −2, 5, −7 at z = −ln 2, −ln 3, 0.25, 2 becomes 3, −2, 5, −7."""
    z, dy = np.array([-np.log(2.0), -np.log(3.0), 0.25, 2.0]), np.array([2.0, -2.0, 5.0, -7.0])
    dz = function(dy, z, 3.0)
    check_array(dz, (4,), "dz")
    if np.allclose(dz[:2], [1.0, -2 / 3]):
        raise CheckError("alpha is missing on the left")
    if np.allclose(dz[:2], [-3.0, 4.0]):
        raise CheckError("on the left that is the function's value, not its slope")
    if np.allclose(dz, [1.5, 1.0, 1.0, 1.0]):
        raise CheckError("dy is not used: the chain rule has two factors")
    check_close(dz, np.array([3.0, -2.0, 5.0, -7.0]), "dz")


def _elu_back_smooth(function: Function) -> None:
    """With alpha = 1, the default, the slope is 1 on both sides of 0: there is no kink."""
    dz = function(np.array([4.0, 4.0]), np.array([-1e-9, 1e-9]))
    check_close(dz, np.array([4.0, 4.0]), "dz", rtol=1e-6)


def _elu_back_far_out(function: Function) -> None:
    """Far left nothing passes, far right all of dy; e^z would be too large there."""
    dz = _quietly(function, np.array([3.0, 3.0]), np.array([-1e4, 1e4]), 0.7)
    check_close(dz, np.array([0.0, 3.0]), "dz")


def _quietly(function: Function, *args: object) -> object:
    """What the function returns; that an exp overflowed in a branch thrown away is no fault."""
    with np.errstate(over="ignore", invalid="ignore"):
        return function(*args)
