"""Lab 00: answers to ReLU and leaky ReLU, forward and backward."""

from __future__ import annotations

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake("relu", says="You turn negative numbers positive; they should become zero.")
def absolute_value(z: Array) -> Array:
    return np.abs(z)


@mistake("relu", says="You keep the negative side and drop the positive one.")
def negative_side_kept(z: Array) -> Array:
    return np.minimum(z, 0)


@mistake("relu", says="Yours leaks on the negative side, where ReLU is zero.")
def a_little_leak(z: Array) -> Array:
    return np.where(z > 0, z, 0.01 * z)


@mistake("relu", says="You return whether the unit is on, not what it puts out.")
def indicator_alone(z: Array) -> Array:
    return (z > 0).astype(z.dtype)


@mistake("relu", says="You cut large numbers off; ReLU has no ceiling.")
def ceiling_of_six(z: Array) -> Array:
    return np.clip(z, 0, 6)


@mistake("relu", says="You keep only the positive entries, so that the shape is lost.")
def positive_entries_alone(z: Array) -> Array:
    return z[z > 0]


@mistake("relu", says="Yours is rounded off around zero; ReLU has a kink there.")
def smooth_relu(z: Array) -> Array:
    return np.logaddexp(z, 0)


@mistake("relu", says="Your result is float64 even where z is not: it takes no dtype from z.")
def relu_in_float64(z: Array) -> Array:
    y = np.zeros(z.shape)
    y[z > 0] = z[z > 0]
    return y


@mistake(
    "relu", says="You set the negative entries of z itself to zero: that changes the caller's z."
)
def z_rectified_in_place(z: Array) -> Array:
    z[z < 0] = 0
    return z


@variant("relu")
def gated(z: Array) -> Array:
    return z * (z > 0)


@variant("relu")
def mean_with_the_absolute_value(z: Array) -> Array:
    return (z + np.abs(z)) / 2


@variant("relu")
def clipped_copy(z: Array, ceiling: float | None = None) -> Array:
    return np.clip(z, 0, ceiling)


@variant("relu")
def relu_entry_by_entry(z: Array) -> Array:
    y = z.copy()
    for index, value in np.ndenumerate(z):
        if value < 0:
            y[index] = 0
    return y


@mistake(
    "relu_backward",
    says="You look at the sign of dy; whether a unit is on depends on its input.",
)
def sign_of_dy(dy: Array, z: Array) -> Array:
    return np.where(dy > 0, dy, 0)


@mistake("relu_backward", says="You return which units are on, without the derivative itself.")
def mask_without_dy(dy: Array, z: Array) -> Array:
    return (z > 0).astype(dy.dtype)


@mistake("relu_backward", says="You multiply by the output; the slope of an active unit is one.")
def multiplied_by_the_output(dy: Array, z: Array) -> Array:
    return dy * np.maximum(z, 0)


@mistake("relu_backward", says="Your mask is the wrong way round: off units let all through.")
def mask_turned_round(dy: Array, z: Array) -> Array:
    return np.where(z > 0, 0, dy)


@mistake("relu_backward", says="You let everything through, off units too.")
def nothing_blocked(dy: Array, z: Array) -> Array:
    return dy.copy()


@mistake(
    "relu_backward",
    says="You also block negative derivatives; a unit that is on lets both signs through.",
)
def negative_derivatives_blocked(dy: Array, z: Array) -> Array:
    return np.where((z > 0) & (dy > 0), dy, 0)


@mistake("relu_backward", says="You rectify dy and z's product: their signs get mixed up.")
def product_rectified(dy: Array, z: Array) -> Array:
    return np.where(dy * z > 0, dy, 0)


@mistake(
    "relu_backward", says="Off units let a little through in yours; ReLU's slope is zero there."
)
def slope_with_a_leak(dy: Array, z: Array) -> Array:
    return np.where(z > 0, dy, 0.01 * dy)


@mistake(
    "relu_backward",
    says="Your mask of whole numbers turns a float32 derivative into float64.",
)
def mask_of_integers(dy: Array, z: Array) -> Array:
    return dy * np.where(z > 0, 1, 0)


@mistake(
    "relu_backward", says="You set entries of dy itself to zero, which changes the caller's dy."
)
def dy_masked_in_place(dy: Array, z: Array) -> Array:
    dy[z <= 0] = 0
    return dy


@variant("relu_backward")
def gate_multiplied(dy: Array, z: Array) -> Array:
    return dy * (z > 0)


@variant("relu_backward")
def other_side_of_the_kink(dy: Array, z: Array) -> Array:
    return np.where(z >= 0, dy, np.zeros_like(dy))


@variant("relu_backward")
def copy_masked(dy: Array, z: Array) -> Array:
    dz = dy.copy()
    dz[~(z > 0)] = 0
    return dz


@variant("relu_backward")
def by_a_step_function(dy: Array, z: Array, at_kink: float = 0.5) -> Array:
    return np.heaviside(z, z.dtype.type(at_kink)) * dy


@mistake("leaky_relu", says="Your slope is on the positive side; it belongs to the negative one.")
def slope_on_the_right(z: Array, slope: float = 0.01) -> Array:
    return np.where(z > 0, slope * z, z)


@mistake(
    "leaky_relu",
    says="The larger of the two lines is the right one for slopes below one only; decide by z.",
)
def larger_of_two_lines(z: Array, slope: float = 0.01) -> Array:
    return np.maximum(slope * z, z)


@mistake("leaky_relu", says="Your default slope is not the one asked for.")
def default_slope_of_a_tenth(z: Array, slope: float = 0.1) -> Array:
    return np.where(z > 0, z, slope * z)


@mistake("leaky_relu", says="You write the default slope out and never use the one handed in.")
def slope_written_out(z: Array, slope: float = 0.01) -> Array:
    return np.where(z > 0, z, 0.01 * z)


@mistake("leaky_relu", says="Nothing leaks in yours: it is a plain ReLU.")
def no_leak(z: Array, slope: float = 0.01) -> Array:
    return np.maximum(z, 0)


@mistake("leaky_relu", says="The negative side is constant in yours; it should still depend on z.")
def constant_on_the_left(z: Array, slope: float = 0.01) -> Array:
    return np.where(z > 0, z, slope)


@mistake("leaky_relu", says="The negative side of yours bends upwards: a sign too many.")
def bent_upwards(z: Array, slope: float = 0.01) -> Array:
    return np.where(z > 0, z, slope * np.abs(z))


@mistake("leaky_relu", says="You shift the negative side by the slope instead of multiplying.")
def slope_added(z: Array, slope: float = 0.01) -> Array:
    return np.where(z > 0, z, z + slope)


@mistake("leaky_relu", says="You divide by the slope; the negative side is multiplied by it.")
def divided_by_the_leak(z: Array, slope: float = 0.01) -> Array:
    return np.where(z > 0, z, z / slope)


@mistake("leaky_relu", says="Your array of factors is float64 and makes the result so, too.")
def factors_in_float64(z: Array, slope: float = 0.01) -> Array:
    return z * np.where(z > 0, 1.0, slope)


@mistake("leaky_relu", says="You multiply entries of z itself: that changes the caller's array.")
def z_leaks_in_place(z: Array, slope: float = 0.01) -> Array:
    z[z < 0] *= slope
    return z


@variant("leaky_relu")
def both_sides_added(z: Array, slope: float = 0.01) -> Array:
    return np.maximum(z, 0) + slope * np.minimum(z, 0)


@variant("leaky_relu")
def copy_leaks_in_place(z: Array, slope: float = 0.01, inplace: bool = False) -> Array:
    y = z if inplace else z.copy()
    y[y < 0] *= slope
    return y


@variant("leaky_relu")
def leaky_entry_by_entry(z: Array, slope: float = 0.01) -> Array:
    values = [v if v >= 0 else slope * v for v in z.ravel()]
    return np.asarray(values, dtype=z.dtype).reshape(z.shape)


@mistake(
    "leaky_relu_backward", says="You scale where z is positive; it is the other side that leaks."
)
def derivative_scaled_on_the_right(dy: Array, z: Array, slope: float = 0.01) -> Array:
    return np.where(z > 0, slope * dy, dy)


@mistake(
    "leaky_relu_backward", says="You let nothing through on the left: that is ReLU's derivative."
)
def derivative_of_relu(dy: Array, z: Array, slope: float = 0.01) -> Array:
    return np.where(z > 0, dy, 0)


@mistake("leaky_relu_backward", says="Your default slope differs from the forward function's.")
def other_default_slope(dy: Array, z: Array, slope: float = 0.1) -> Array:
    return np.where(z > 0, dy, slope * dy)


@mistake(
    "leaky_relu_backward", says="The slope handed in is never used: yours is always the default."
)
def leak_written_out(dy: Array, z: Array, slope: float = 0.01) -> Array:
    return np.where(z > 0, dy, 0.01 * dy)


@mistake("leaky_relu_backward", says="You decide by the sign of dy; it is z that decides.")
def decided_by_dy(dy: Array, z: Array, slope: float = 0.01) -> Array:
    return np.where(dy > 0, dy, slope * dy)


@mistake("leaky_relu_backward", says="You multiply by the function's value, not by its slope.")
def multiplied_by_the_value(dy: Array, z: Array, slope: float = 0.01) -> Array:
    return dy * np.where(z > 0, z, slope * z)


@mistake("leaky_relu_backward", says="On the left your result is the bare slope, without dy.")
def bare_slope_on_the_left(dy: Array, z: Array, slope: float = 0.01) -> Array:
    return np.where(z > 0, dy, slope)


@mistake(
    "leaky_relu_backward",
    says="You ask which of two lines is larger, and that is the wrong one for slopes above one.",
)
def decided_by_the_larger_line(dy: Array, z: Array, slope: float = 0.01) -> Array:
    return np.where(z > slope * z, dy, slope * dy)


@mistake(
    "leaky_relu_backward", says="Your factors are float64, whatever dy is, and so the result is."
)
def slopes_in_float64(dy: Array, z: Array, slope: float = 0.01) -> Array:
    slopes = np.full(z.shape, slope)
    slopes[z > 0] = 1
    return dy * slopes


@mistake(
    "leaky_relu_backward", says="You scale entries of dy itself: that changes the caller's array."
)
def dy_scaled_in_place(dy: Array, z: Array, slope: float = 0.01) -> Array:
    dy[z <= 0] *= slope
    return dy


@variant("leaky_relu_backward")
def leaky_gate_multiplied(dy: Array, z: Array, slope: float = 0.01) -> Array:
    on = (z > 0).astype(dy.dtype)
    return dy * on + slope * dy * (1 - on)


@variant("leaky_relu_backward")
def leaky_copy_scaled(dy: Array, z: Array, slope: float = 0.01) -> Array:
    dz = np.array(dy, copy=True)
    np.multiply(dz, slope, out=dz, where=z < 0)
    return dz


@variant("leaky_relu_backward")
def leaky_derivative_one_by_one(
    dy: Array, z: Array, slope: float = 0.01, scale: float = 1.0
) -> Array:
    dz = np.empty_like(dy)
    for i in np.ndindex(*z.shape):
        dz[i] = scale * (dy[i] if z[i] >= 0 else slope * dy[i])
    return dz
