"""Lab 00: answers to the learned slope (PReLU) and the exponential linear unit."""

from __future__ import annotations

import math

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "prelu_backward", says="Your slope collects where z is positive; it acts on the other side."
)
def slope_learns_from_the_right(dy: Array, z: Array, slope: Array | float) -> tuple[Array, Array]:
    axis = 0 if np.ndim(slope) else None
    return np.where(z > 0, dy, slope * dy), np.where(z > 0, dy * z, 0).sum(axis=axis)


@mistake("prelu_backward", says="Your slope collects from all entries; only negative z feel it.")
def slope_learns_from_everywhere(dy: Array, z: Array, slope: Array | float) -> tuple[Array, Array]:
    return np.where(z > 0, dy, slope * dy), (dy * z).sum(axis=0 if np.ndim(slope) else None)


@mistake(
    "prelu_backward", says="Your slope's derivative is not summed over those who share the slope."
)
def slope_gradient_an_entry(dy: Array, z: Array, slope: Array | float) -> tuple[Array, Array]:
    return np.where(z > 0, dy, slope * dy), np.where(z > 0, 0, dy * z)


@mistake("prelu_backward", says="You take the mean for the slope's derivative; it is a sum.")
def slope_gradient_as_mean(dy: Array, z: Array, slope: Array | float) -> tuple[Array, Array]:
    axis = 0 if np.ndim(slope) else None
    return np.where(z > 0, dy, slope * dy), np.where(z > 0, 0, dy * z).mean(axis=axis)


@mistake("prelu_backward", says="You sum over everything even where each unit has its own slope.")
def one_sum_for_all_slopes(dy: Array, z: Array, slope: Array | float) -> tuple[Array, Array]:
    return np.where(z > 0, dy, slope * dy), np.where(z > 0, 0, dy * z).sum()


@mistake("prelu_backward", says="You sum by columns even where one slope is shared by all units.")
def always_a_sum_a_column(dy: Array, z: Array, slope: Array | float) -> tuple[Array, Array]:
    return np.where(z > 0, dy, slope * dy), np.where(z > 0, 0, dy * z).sum(axis=0)


@mistake("prelu_backward", says="You sum along the rows: a unit's slope collects over the batch.")
def summed_over_units(dy: Array, z: Array, slope: Array | float) -> tuple[Array, Array]:
    axis = 1 if np.ndim(slope) else None
    return np.where(z > 0, dy, slope * dy), np.where(z > 0, 0, dy * z).sum(axis=axis)


@mistake("prelu_backward", says="Your slope's derivative lacks dy.")
def slope_gradient_without_dy(dy: Array, z: Array, slope: Array | float) -> tuple[Array, Array]:
    axis = 0 if np.ndim(slope) else None
    return np.where(z > 0, dy, slope * dy), np.where(z > 0, 0, z).sum(axis=axis)


@mistake(
    "prelu_backward",
    says="The slope itself stands in its own derivative; the output is linear in it.",
)
def slope_in_its_own_gradient(dy: Array, z: Array, slope: Array | float) -> tuple[Array, Array]:
    axis = 0 if np.ndim(slope) else None
    dz = np.where(z > 0, dy, slope * dy)
    return dz, np.where(z > 0, 0, dz * z).sum(axis=axis)


@mistake("prelu_backward", says="Your slope's derivative uses how large z is, but not its sign.")
def sign_of_z_lost(dy: Array, z: Array, slope: Array | float) -> tuple[Array, Array]:
    axis = 0 if np.ndim(slope) else None
    return np.where(z > 0, dy, slope * dy), np.where(z > 0, 0, dy * np.abs(z)).sum(axis=axis)


@mistake("prelu_backward", says="Your dz has the slope on the positive side.")
def learned_slope_on_the_right(dy: Array, z: Array, slope: Array | float) -> tuple[Array, Array]:
    axis = 0 if np.ndim(slope) else None
    return np.where(z > 0, slope * dy, dy), np.where(z > 0, 0, dy * z).sum(axis=axis)


@mistake("prelu_backward", says="Your dz is ReLU's: nothing of the derivative leaks through.")
def nothing_leaks_back(dy: Array, z: Array, slope: Array | float) -> tuple[Array, Array]:
    axis = 0 if np.ndim(slope) else None
    return np.where(z > 0, dy, 0), np.where(z > 0, 0, dy * z).sum(axis=axis)


@mistake("prelu_backward", says="The two results have changed places: dz comes first.")
def slope_gradient_first(dy: Array, z: Array, slope: Array | float) -> tuple[Array, Array]:
    axis = 0 if np.ndim(slope) else None
    return np.where(z > 0, 0, dy * z).sum(axis=axis), np.where(z > 0, dy, slope * dy)


@mistake("prelu_backward", says="Your dz is written over dy, which changes the caller's array.")
def learned_leak_in_place(dy: Array, z: Array, slope: Array | float) -> tuple[Array, Array]:
    dslope = np.where(z > 0, 0, dy * z).sum(axis=0 if np.ndim(slope) else None)
    np.multiply(dy, slope, out=dy, where=z <= 0)
    return dy, dslope


@variant("prelu_backward")
def negative_part_multiplied(dy: Array, z: Array, slope: Array | float) -> tuple[Array, Array]:
    negative = np.minimum(z, 0)
    if np.ndim(slope) == 0:
        return np.where(z > 0, dy, slope * dy), np.vdot(dy, negative)
    return np.where(z > 0, dy, slope * dy), np.einsum("nm,nm->m", dy, negative)


@variant("prelu_backward")
def copies_filled_by_masks(dy: Array, z: Array, slope: Array | float) -> list[Array | float]:
    off = z <= 0
    dz = dy.copy()
    dz[off] = (slope * dy)[off]
    terms = dy * z
    terms[~off] = 0
    return [dz, terms.sum(axis=0) if isinstance(slope, np.ndarray) else float(terms.sum())]


@variant("prelu_backward")
def columns_one_by_one(dy: Array, z: Array, slope: Array | float) -> tuple[Array, Array]:
    if np.ndim(slope) == 0:
        total = sum(d * v for d, v in zip(dy.ravel(), z.ravel(), strict=True) if v < 0)
        return dy * np.where(z < 0, np.asarray(slope, dtype=dy.dtype), dy.dtype.type(1)), total
    dz, dslope = dy.copy(), np.zeros_like(slope)
    for m in range(z.shape[1]):
        off = z[:, m] < 0
        dz[off, m] *= np.atleast_1d(slope)[m]
        dslope[m] = dy[off, m] @ z[off, m]
    return dz, dslope


@mistake("elu", says="Yours ignores alpha.")
def alpha_left_out(z: Array, alpha: float = 1.0) -> Array:
    return np.where(z > 0, z, np.expm1(np.minimum(z, 0)))


@mistake(
    "elu", says="Your negative side does not meet the positive one at zero: a constant is missing."
)
def nothing_subtracted(z: Array, alpha: float = 1.0) -> Array:
    return np.where(z > 0, z, alpha * np.exp(np.minimum(z, 0)))


@mistake("elu", says="Alpha multiplies the exponential alone; it should multiply the whole side.")
def alpha_on_the_exponential_alone(z: Array, alpha: float = 1.0) -> Array:
    return np.where(z > 0, z, alpha * np.exp(np.minimum(z, 0)) - 1)


@mistake("elu", says="Alpha stands in your exponent; it is a factor in front.")
def alpha_in_the_exponent(z: Array, alpha: float = 1.0) -> Array:
    return np.where(z > 0, z, np.expm1(alpha * np.minimum(z, 0)))


@mistake("elu", says="Your negative side rises above zero: a sign.")
def positive_on_both_sides(z: Array, alpha: float = 1.0) -> Array:
    return np.where(z > 0, z, alpha * (1 - np.exp(np.minimum(z, 0))))


@mistake("elu", says="The two sides have changed places in yours.")
def sides_exchanged(z: Array, alpha: float = 1.0) -> Array:
    return np.where(z > 0, alpha * np.expm1(z), z)


@mistake("elu", says="The larger of the two curves is not the right one: decide by the sign of z.")
def larger_of_two_curves(z: Array, alpha: float = 1.0) -> Array:
    return np.maximum(z, alpha * (np.exp(z) - 1))


@mistake(
    "elu",
    says="Zero times infinity is no number: your mask multiplies an exponential that overflows.",
)
def mask_times_infinity(z: Array, alpha: float = 1.0) -> Array:
    return z * (z > 0) + alpha * (np.exp(z) - 1) * (z <= 0)


@mistake("elu", says="Your result is float64 where z is float32.")
def elu_in_float64(z: Array, alpha: float = 1.0) -> Array:
    y = np.zeros(z.shape)
    y[z > 0] = z[z > 0]
    y[z <= 0] = alpha * np.expm1(z[z <= 0])
    return y


@mistake("elu", says="You write the negative side into z, which changes the caller's array.")
def z_bent_in_place(z: Array, alpha: float = 1.0) -> Array:
    z[z < 0] = alpha * np.expm1(z[z < 0])
    return z


@variant("elu")
def plain_where_with_a_warning(z: Array, alpha: float = 1.0) -> Array:
    return np.where(z > 0, z, alpha * (np.exp(z) - 1))


@variant("elu")
def two_parts_added(z: Array, alpha: float = 1.0) -> Array:
    return np.maximum(z, 0) + alpha * (np.exp(np.minimum(z, 0)) - 1)


@variant("elu")
def copy_bent(z: Array, alpha: float = 1.0, threshold: float = 0.0) -> Array:
    y = z.copy()
    left = z < threshold
    y[left] = np.expm1(z[left]) * alpha
    return y


@variant("elu")
def elu_entry_by_entry(z: Array, alpha: float = 1.0) -> Array:
    values = [v if v > 0 else alpha * (math.exp(v) - 1) for v in z.ravel().tolist()]
    return np.array(values, dtype=z.dtype).reshape(z.shape)


@mistake(
    "elu_backward",
    says="You add one to the output for the slope on the left: true only where alpha is one.",
)
def output_plus_one(dy: Array, z: Array, alpha: float = 1.0) -> Array:
    y = alpha * np.expm1(np.minimum(z, 0))
    return np.where(z > 0, dy, dy * (y + 1))


@mistake("elu_backward", says="Your slope on the left lacks alpha.")
def slope_without_alpha(dy: Array, z: Array, alpha: float = 1.0) -> Array:
    return np.where(z > 0, dy, dy * np.exp(np.minimum(z, 0)))


@mistake("elu_backward", says="On the left you multiply by the value; the slope is wanted there.")
def value_for_slope(dy: Array, z: Array, alpha: float = 1.0) -> Array:
    return np.where(z > 0, dy, dy * alpha * np.expm1(np.minimum(z, 0)))


@mistake("elu_backward", says="Your left side has alpha for its slope: the exponential is missing.")
def leaky_with_alpha(dy: Array, z: Array, alpha: float = 1.0) -> Array:
    return np.where(z > 0, dy, alpha * dy)


@mistake("elu_backward", says="Your left side lacks dy.")
def left_side_without_dy(dy: Array, z: Array, alpha: float = 1.0) -> Array:
    return np.where(z > 0, dy, alpha * np.exp(np.minimum(z, 0)))


@mistake("elu_backward", says="Alpha multiplies both sides of yours; the right has a slope of one.")
def alpha_on_both_sides(dy: Array, z: Array, alpha: float = 1.0) -> Array:
    return alpha * dy * np.exp(np.minimum(z, 0))


@mistake("elu_backward", says="The side is decided by z, and you decide by dy.")
def side_decided_by_dy(dy: Array, z: Array, alpha: float = 1.0) -> Array:
    return np.where(dy > 0, dy, dy * alpha * np.exp(np.minimum(z, 0)))


@mistake("elu_backward", says="Alpha stands in your exponent and comes down as a factor.")
def slope_of_alpha_in_the_exponent(dy: Array, z: Array, alpha: float = 1.0) -> Array:
    return np.where(z > 0, dy, dy * alpha * np.exp(alpha * np.minimum(z, 0)))


@mistake(
    "elu_backward",
    says="Far to the right your exponential is infinite, and a mask of zeros does not undo that.",
)
def slope_mask_times_infinity(dy: Array, z: Array, alpha: float = 1.0) -> Array:
    return dy * ((z > 0) + (z <= 0) * (alpha * np.exp(z)).astype(dy.dtype))


@mistake("elu_backward", says="Your slopes are float64, and so is your result, whatever dy is.")
def elu_slopes_in_float64(dy: Array, z: Array, alpha: float = 1.0) -> Array:
    slopes = np.ones(z.shape)
    slopes[z <= 0] = alpha * np.exp(z[z <= 0])
    return dy * slopes


@mistake("elu_backward", says="You multiply entries of dy itself: that changes the caller's array.")
def dy_of_elu_overwritten(dy: Array, z: Array, alpha: float = 1.0) -> Array:
    dy[z < 0] *= alpha * np.exp(z[z < 0])
    return dy


@variant("elu_backward")
def from_the_output(dy: Array, z: Array, alpha: float = 1.0) -> Array:
    y = alpha * (np.exp(np.minimum(z, 0)) - 1)
    return np.where(z > 0, dy, dy * (y + alpha))


@variant("elu_backward")
def copy_of_dy_scaled(dy: Array, z: Array, alpha: float = 1.0) -> Array:
    dz = np.array(dy)
    left = z <= 0
    dz[left] *= alpha * np.exp(z[left])
    return dz


@variant("elu_backward")
def plain_slope_with_a_warning(
    dy: Array, z: Array, alpha: float = 1.0, y: Array | None = None
) -> Array:
    return np.where(z >= 0, dy, alpha * np.exp(z) * dy)
