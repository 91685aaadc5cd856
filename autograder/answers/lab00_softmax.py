"""Lab 00: answers to softmax and its derivative."""

from __future__ import annotations

import math

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "softmax", says="Your exponentials overflow where the entries are huge: shift each row first."
)
def exponentials_overflow(z: Array) -> Array:
    return np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)


@mistake(
    "softmax", says="Your probabilities sum to one over the batch; they should over the classes."
)
def normalized_over_the_batch(z: Array) -> Array:
    y = np.exp(z - z.max(axis=0))
    return y / y.sum(axis=0)


@mistake("softmax", says="All rows of yours share one sum; each should have its own.")
def one_sum_for_all_rows(z: Array) -> Array:
    y = np.exp(z - z.max(axis=-1, keepdims=True))
    return y / y.sum()


@mistake(
    "softmax",
    says="You subtract the largest entry of the whole batch, so that a row far below it becomes "
    "zero by zero.",
)
def shifted_by_the_batchs_largest(z: Array) -> Array:
    y = np.exp(z - z.max())
    return y / y.sum(axis=-1, keepdims=True)


@mistake("softmax", says="You subtract a row's mean; entries far above it still overflow.")
def shifted_by_the_mean(z: Array) -> Array:
    y = np.exp(z - z.mean(axis=-1, keepdims=True))
    return y / y.sum(axis=-1, keepdims=True)


@mistake(
    "softmax",
    says="You count the axes from the front: with more or fewer than two, the classes are still "
    "along the last.",
)
def second_axis_written_out(z: Array) -> Array:
    y = np.exp(z - z.max(axis=1, keepdims=True))
    return y / y.sum(axis=1, keepdims=True)


@mistake("softmax", says="You cut huge entries off, and with them the differences between them.")
def huge_entries_cut_off(z: Array) -> Array:
    y = np.exp(np.clip(z, -80, 80))
    return y / y.sum(axis=-1, keepdims=True)


@mistake("softmax", says="You divide by the sum without taking exponentials first.")
def no_exponential(z: Array) -> Array:
    y = z - z.min(axis=-1, keepdims=True) + 1
    return y / y.sum(axis=-1, keepdims=True)


@mistake("softmax", says="You return logarithms of probabilities.")
def log_softmax(z: Array) -> Array:
    shifted = z - z.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


@mistake("softmax", says="Your exponent has the wrong sign: the largest entry gets the least.")
def softmin(z: Array) -> Array:
    y = np.exp(z.min(axis=-1, keepdims=True) - z)
    return y / y.sum(axis=-1, keepdims=True)


@mistake("softmax", says="You squash each entry alone; the classes of a row have to compete.")
def sigmoid_of_each(z: Array) -> Array:
    decay = np.exp(-np.abs(z))
    return (np.where(z >= 0, 1, decay) / (1 + decay)).astype(z.dtype)


@mistake("softmax", says="Your rows have length one, not sum one.")
def normalized_to_length_one(z: Array) -> Array:
    y = np.exp(z - z.max(axis=-1, keepdims=True))
    return y / np.sqrt((y * y).sum(axis=-1, keepdims=True))


@mistake("softmax", says="Your result is float64 where z is float32.")
def softmax_in_float64(z: Array) -> Array:
    y = np.exp(np.asarray(z, dtype=float) - z.max(axis=-1, keepdims=True))
    return y / y.sum(axis=-1, keepdims=True)


@mistake("softmax", says="You subtract in place, which changes the caller's z.")
def shifted_in_place(z: Array) -> Array:
    z -= z.max(axis=-1, keepdims=True)
    y = np.exp(z)
    return y / y.sum(axis=-1, keepdims=True)


@variant("softmax")
def through_the_logarithm(z: Array) -> Array:
    shifted = z - np.amax(z, axis=-1)[..., None]
    return np.exp(shifted - np.log(np.sum(np.exp(shifted), axis=-1))[..., None])


@variant("softmax")
def copy_normalized_in_place(z: Array, axis: int = -1) -> Array:
    y = z.copy()
    y -= y.max(axis=axis, keepdims=True)
    np.exp(y, out=y)
    y /= y.sum(axis=axis, keepdims=True)
    return y


@variant("softmax")
def classes_moved_to_the_front(z: Array) -> Array:
    classes = np.moveaxis(z, -1, 0)
    y = np.exp(classes - classes.max(axis=0))
    return np.moveaxis(y / y.sum(axis=0), 0, -1)


@variant("softmax")
def log_of_added_exponentials(z: Array) -> Array:
    return np.exp(z - np.logaddexp.reduce(z, axis=-1, keepdims=True))


@variant("softmax")
def softmax_row_by_row(z: Array) -> Array:
    rows = []
    for row in z.reshape(-1, z.shape[-1]).tolist():
        parts = [math.exp(v - max(row)) for v in row]
        rows.append([part / sum(parts) for part in parts])
    return np.array(rows, dtype=z.dtype).reshape(z.shape)


@mistake(
    "softmax_backward",
    says="You use the diagonal of the Jacobian alone; each entry of z moves every output.",
)
def diagonal_alone(dy: Array, y: Array) -> Array:
    return dy * y * (1 - y)


@mistake("softmax_backward", says="The sign of your result is wrong.")
def softmax_sign_turned(dy: Array, y: Array) -> Array:
    return y * ((dy * y).sum(axis=-1, keepdims=True) - dy)


@mistake("softmax_backward", says="In the sum over the classes you forget to weigh by y.")
def sum_without_outputs(dy: Array, y: Array) -> Array:
    return y * (dy - dy.sum(axis=-1, keepdims=True))


@mistake("softmax_backward", says="In the sum over the classes you forget dy.")
def sum_without_dy(dy: Array, y: Array) -> Array:
    return y * (dy - y.sum(axis=-1, keepdims=True))


@mistake("softmax_backward", says="You take the mean over the classes where a sum belongs.")
def mean_over_the_classes(dy: Array, y: Array) -> Array:
    return y * (dy - (dy * y).mean(axis=-1, keepdims=True))


@mistake("softmax_backward", says="You sum over the batch; the classes of one row belong together.")
def summed_over_the_batch(dy: Array, y: Array) -> Array:
    return y * (dy - (dy * y).sum(axis=0, keepdims=True))


@mistake("softmax_backward", says="You sum over all rows at once; each row has its own sum.")
def one_sum_for_the_batch(dy: Array, y: Array) -> Array:
    return y * (dy - (dy * y).sum())


@mistake("softmax_backward", says="Your sum loses its axis and is then spread along the wrong one.")
def axis_of_the_sum_lost(dy: Array, y: Array) -> Array:
    return y * (dy - (dy * y).sum(axis=-1))


@mistake("softmax_backward", says="The factor y in front is missing.")
def outer_factor_missing(dy: Array, y: Array) -> Array:
    return dy - (dy * y).sum(axis=-1, keepdims=True)


@mistake("softmax_backward", says="You subtract the sum without weighing it by y.")
def sum_left_unweighted(dy: Array, y: Array) -> Array:
    return y * dy - (dy * y).sum(axis=-1, keepdims=True)


@mistake("softmax_backward", says="You take the softmax of y, which is its output already.")
def softmax_taken_again(dy: Array, y: Array) -> Array:
    again = np.exp(y) / np.exp(y).sum(axis=-1, keepdims=True)
    return again * (dy - (dy * again).sum(axis=-1, keepdims=True))


@mistake("softmax_backward", says="Your result is float64 whatever dy is: it is filled in as such.")
def rows_filled_in_float64(dy: Array, y: Array) -> Array:
    dz = np.zeros(dy.shape)
    for index in np.ndindex(*y.shape[:-1]):
        dz[index] = y[index] * (dy[index] - dy[index] @ y[index])
    return dz


@mistake(
    "softmax_backward", says="You subtract from dy where it is: that changes the caller's array."
)
def dy_of_softmax_overwritten(dy: Array, y: Array) -> Array:
    dy -= (dy * y).sum(axis=-1, keepdims=True)
    return y * dy


@variant("softmax_backward")
def sum_by_einsum(dy: Array, y: Array) -> Array:
    weighted = np.einsum("...k,...k->...", dy, y)
    return y * (dy - weighted[..., np.newaxis])


@variant("softmax_backward")
def shares_subtracted(dy: Array, y: Array, axis: int = -1) -> Array:
    dz = dy * y
    dz -= y * dz.sum(axis=axis, keepdims=True)
    return dz


@variant("softmax_backward")
def derivative_row_by_row(dy: Array, y: Array) -> Array:
    dz = np.empty_like(dy)
    for index in np.ndindex(*y.shape[:-1]):
        dz[index] = y[index] * (dy[index] - dy[index] @ y[index])
    return dz


@variant("softmax_backward")
def class_by_class(dy: Array, y: Array) -> Array:
    weighted = np.sum(dy * y, axis=-1)
    return np.stack([y[..., k] * (dy[..., k] - weighted) for k in range(y.shape[-1])], axis=-1)
