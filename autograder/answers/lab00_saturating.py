"""Lab 00: answers to the sigmoid, its derivative and that of tanh."""

from __future__ import annotations

import math

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "sigmoid",
    says="An exponential of a huge number is infinite, and infinity by infinity is no number: "
    "only ever raise e to a power that is not positive.",
)
def infinity_by_infinity(z: Array) -> Array:
    return np.exp(z) / (1 + np.exp(z))


@mistake("sigmoid", says="Your sigmoid falls where it should rise: a sign in the exponent.")
def falling_sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(z))


@mistake(
    "sigmoid", says="Yours runs from minus one to one; the logistic function from zero to one."
)
def hyperbolic_tangent(z: Array) -> Array:
    return np.tanh(z)


@mistake("sigmoid", says="Your sigmoid is twice as steep as it should be.")
def twice_as_steep(z: Array) -> Array:
    return 0.5 * (1 + np.tanh(z))


@mistake(
    "sigmoid",
    says="You limit z so tightly that the far ends no longer reach zero and one.",
)
def limited_to_ten(z: Array) -> Array:
    return 1 / (1 + np.exp(-np.clip(z, -10, 10)))


@mistake("sigmoid", says="Yours is a broken line; the logistic function is smooth.")
def straight_in_the_middle(z: Array) -> Array:
    return np.clip(z / 4 + 0.5, 0, 1)


@mistake(
    "sigmoid",
    says="Your entries share a sum, so each depends on all others; a sigmoid looks at one alone.",
)
def normalized_over_the_entries(z: Array) -> Array:
    shifted = np.exp(z - z.max())
    return shifted / shifted.sum()


@mistake("sigmoid", says="Your two cases are exchanged: z that is negative takes the other form.")
def cases_exchanged(z: Array) -> Array:
    decay = np.exp(-np.abs(z))
    return np.where(z < 0, 1, decay) / (1 + decay)


@mistake("sigmoid", says="Your result is float64 even where z is float32.")
def sigmoid_in_float64(z: Array) -> Array:
    decay = np.exp(-np.abs(z.astype(float)))
    return np.where(z >= 0, 1, decay) / (1 + decay)


@mistake("sigmoid", says="You compute in place, which changes the caller's own z.")
def sigmoid_in_the_callers_array(z: Array) -> Array:
    np.negative(z, out=z)
    np.exp(z, out=z)
    return 1 / (1 + z)


@variant("sigmoid")
def plain_with_a_warning(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


@variant("sigmoid")
def by_the_hyperbolic_tangent(z: Array) -> Array:
    return 0.5 + 0.5 * np.tanh(0.5 * z)


@variant("sigmoid")
def by_a_mask_for_each_side(z: Array) -> Array:
    y = np.empty_like(z)
    right = z >= 0
    y[right] = 1 / (1 + np.exp(-z[right]))
    rising = np.exp(z[~right])
    y[~right] = rising / (1 + rising)
    return y


@variant("sigmoid")
def entry_by_entry(z: Array) -> Array:
    def one(v: float) -> float:
        return 1 / (1 + math.exp(-v)) if v >= 0 else math.exp(v) / (1 + math.exp(v))

    return np.array([one(v) for v in z.ravel().tolist()], dtype=z.dtype).reshape(z.shape)


@variant("sigmoid")
def limited_far_out(z: Array, limit: float = 80.0) -> Array:
    return 1 / (1 + np.exp(-np.clip(z, -limit, limit)))


@mistake("sigmoid_backward", says="Your result lacks dy: the chain rule multiplies by it.")
def slope_without_dy(dy: Array, y: Array) -> Array:
    return y * (1 - y)


@mistake(
    "sigmoid_backward",
    says="You apply the sigmoid to y, which is its output already.",
)
def sigmoid_taken_again(dy: Array, y: Array) -> Array:
    again = 1 / (1 + np.exp(-y))
    return dy * again * (1 - again)


@mistake("sigmoid_backward", says="Yours is the derivative of tanh, not that of the sigmoid.")
def derivative_of_tanh(dy: Array, y: Array) -> Array:
    return dy * (1 - y**2)


@mistake("sigmoid_backward", says="You have one of the two factors of the sigmoid's slope alone.")
def one_factor_alone(dy: Array, y: Array) -> Array:
    return dy * (1 - y)


@mistake("sigmoid_backward", says="A sign in your slope is wrong: it does not fall to zero at one.")
def slope_that_grows(dy: Array, y: Array) -> Array:
    return dy * y * (1 + y)


@mistake("sigmoid_backward", says="The sigmoid rises everywhere, yet your slope is negative.")
def negative_slope(dy: Array, y: Array) -> Array:
    return dy * y * (y - 1)


@mistake("sigmoid_backward", says="You divide by the slope; the derivative is multiplied by it.")
def divided_by_the_slope(dy: Array, y: Array) -> Array:
    return dy / (y * (1 - y))


@mistake(
    "sigmoid_backward",
    says="You take dy for the output in a factor of the slope: it depends on y alone.",
)
def slope_of_dy(dy: Array, y: Array) -> Array:
    return dy * y * (1 - dy)


@mistake("sigmoid_backward", says="Your derivative is float64 where dy and y are float32.")
def sigmoid_slope_in_float64(dy: Array, y: Array) -> Array:
    return dy * np.array(y, dtype=float) * (1 - y)


@mistake("sigmoid_backward", says="You multiply dy in place, which changes the caller's array.")
def dy_of_the_sigmoid_overwritten(dy: Array, y: Array) -> Array:
    dy *= y * (1 - y)
    return dy


@variant("sigmoid_backward")
def multiplied_out(dy: Array, y: Array) -> Array:
    return dy * y - dy * y**2


@variant("sigmoid_backward")
def around_the_middle(dy: Array, y: Array) -> Array:
    return np.multiply(dy, 0.25 - np.square(y - 0.5))


@variant("sigmoid_backward")
def slopes_one_by_one(dy: Array, y: Array, z: Array | None = None) -> Array:
    dz = dy.copy()
    for index in np.ndindex(*y.shape):
        dz[index] *= y[index] * (1 - y[index])
    return dz


@mistake("tanh_backward", says="Your result lacks dy, which the chain rule brings in.")
def tanh_slope_without_dy(dy: Array, y: Array) -> Array:
    return 1 - y**2


@mistake("tanh_backward", says="You take tanh of y, which is the output of tanh already.")
def tanh_taken_again(dy: Array, y: Array) -> Array:
    return dy * (1 - np.tanh(y) ** 2)


@mistake("tanh_backward", says="Yours is the derivative of the sigmoid, not that of tanh.")
def derivative_of_the_sigmoid(dy: Array, y: Array) -> Array:
    return dy * y * (1 - y)


@mistake("tanh_backward", says="The output is not squared in your slope.")
def output_not_squared(dy: Array, y: Array) -> Array:
    return dy * (1 - y)


@mistake("tanh_backward", says="Your slope grows towards the ends, where tanh is flat: a sign.")
def steeper_at_the_ends(dy: Array, y: Array) -> Array:
    return dy * (1 + y**2)


@mistake("tanh_backward", says="Your slope is negative, though tanh rises everywhere.")
def falling_tanh(dy: Array, y: Array) -> Array:
    return dy * (y**2 - 1)


@mistake("tanh_backward", says="You subtract the square after multiplying by dy, not before.")
def square_outside_the_product(dy: Array, y: Array) -> Array:
    return dy - y**2


@mistake("tanh_backward", says="You divide by the slope of tanh, and should multiply by it.")
def divided_by_the_slope_of_tanh(dy: Array, y: Array) -> Array:
    return dy / (1 - y**2)


@mistake("tanh_backward", says="Your derivative turns float32 into float64.")
def tanh_slope_in_float64(dy: Array, y: Array) -> Array:
    return dy * (np.ones(y.shape) - y**2)


@mistake(
    "tanh_backward", says="You multiply in place, and so your function changes the caller's dy."
)
def dy_of_tanh_overwritten(dy: Array, y: Array) -> Array:
    dy *= 1 - y * y
    return dy


@variant("tanh_backward")
def two_factors(dy: Array, y: Array) -> Array:
    return dy * (1 - y) * (1 + y)


@variant("tanh_backward")
def what_is_lost_subtracted(dy: Array, y: Array) -> Array:
    dz = np.array(dy)
    dz -= dy * y * y
    return dz


@variant("tanh_backward")
def flat_entries_listed(dy: Array, y: Array) -> Array:
    pairs = zip(dy.ravel(), y.ravel(), strict=True)
    return np.array([d * (1 - v**2) for d, v in pairs], dtype=dy.dtype).reshape(dy.shape)
