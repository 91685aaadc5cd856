"""Lab 08: answers to its divergences of squared and of absolute distances."""

from __future__ import annotations

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "l2_divergence",
    says="Your loss and its derivative are half of what is asked for: no one-half stands here.",
)
def half_too_many(y: Array, d: Array) -> tuple[Array, Array]:
    off = y - d
    return 0.5 * np.sum(off**2) / len(y), off / len(y)


@mistake("l2_divergence", says="Your derivative is half of your loss's slope.")
def derivative_of_half_the_loss(y: Array, d: Array) -> tuple[Array, Array]:
    off = y - d
    return np.sum(off**2) / len(y), off / len(y)


@mistake(
    "l2_divergence",
    says="You average over the outputs too; they are summed, and only the batch is averaged.",
)
def mean_over_outputs_too(y: Array, d: Array) -> tuple[Array, Array]:
    off = y - d
    return np.mean(off**2), 2 * off / off.size


@mistake("l2_divergence", says="You sum over the batch; a loss is the mean over it.")
def sum_over_the_batch(y: Array, d: Array) -> tuple[Array, Array]:
    off = y - d
    return np.sum(off**2), 2 * off


@mistake(
    "l2_divergence",
    says="Your loss is a mean over the batch, but your derivative is that of the sum.",
)
def derivative_of_the_sum(y: Array, d: Array) -> tuple[Array, Array]:
    off = y - d
    return np.sum(off**2) / len(y), 2 * off


@mistake("l2_divergence", says="You divide by the number of outputs where the batch's belongs.")
def divided_by_outputs(y: Array, d: Array) -> tuple[Array, Array]:
    off = y - d
    return np.sum(off**2) / y.shape[1], 2 * off / y.shape[1]


@mistake("l2_divergence", says="Your derivative points down the loss: its sign is turned round.")
def l2_derivative_turned_round(y: Array, d: Array) -> tuple[Array, Array]:
    off = d - y
    return np.sum(off**2) / len(y), 2 * off / len(y)


@mistake("l2_divergence", says="You take a root of each row; the distances stay squared.")
def distances_not_squared(y: Array, d: Array) -> tuple[Array, Array]:
    off = y - d
    norms = np.sqrt(np.sum(off**2, axis=1, keepdims=True))
    return np.sum(norms) / len(y), off / (norms * len(y))


@mistake(
    "l2_divergence",
    says="Far from the target your loss grows on a straight line; it is a square everywhere.",
)
def straight_line_far_away(y: Array, d: Array) -> tuple[Array, Array]:
    off = y - d
    near = np.abs(off) < 3
    terms = np.where(near, off**2, 6 * np.abs(off) - 9)
    return np.sum(terms) / len(y), np.where(near, 2 * off, 6 * np.sign(off)) / len(y)


@mistake("l2_divergence", says="You return one loss for each row; one number is asked for.")
def one_squared_distance_a_row(y: Array, d: Array) -> tuple[Array, Array]:
    off = y - d
    return np.sum(off**2, axis=1), 2 * off / len(y)


@mistake("l2_divergence", says="Your derivative comes first; the loss comes before it.")
def l2_derivative_first(y: Array, d: Array) -> tuple[Array, Array]:
    off = y - d
    return 2 * off / len(y), np.sum(off**2) / len(y)


@mistake("l2_divergence", says="Your result is right, but changes the caller's y.")
def outputs_overwritten(y: Array, d: Array) -> tuple[Array, Array]:
    y -= d
    return np.sum(y**2) / len(y), 2 * y / len(y)


@mistake("l2_divergence", says="Your derivative by float32 outputs is float64.")
def l2_in_float64(y: Array, d: Array) -> tuple[Array, Array]:
    off = y.astype(float) - d
    return np.sum(off**2) / len(y), 2 * off / len(y)


@variant("l2_divergence")
def rows_one_by_one(y: Array, d: Array) -> tuple[float, Array]:
    loss, dy = 0.0, np.zeros_like(y)
    for n in range(len(y)):
        loss += float(np.dot(y[n] - d[n], y[n] - d[n]))
        dy[n] = 2 * (y[n] - d[n]) / len(y)
    return loss / len(y), dy


@variant("l2_divergence")
def squares_by_einsum(y: Array, d: Array, scale: float = 1.0) -> tuple[Array, Array]:
    off = np.subtract(y, d)
    return scale * np.einsum("ni,ni->", off, off) / y.shape[0], scale * off * (2 / y.shape[0])


@variant("l2_divergence")
def copy_worked_on_in_place(y: Array, d: Array) -> tuple[Array, Array]:
    dy = y.copy()
    dy -= d
    loss = np.mean(np.sum(np.square(dy), axis=1))
    dy *= 2.0
    dy /= len(y)
    return loss, dy


@variant("l2_divergence")
def squared_norm_of_everything(y: Array, d: Array) -> tuple[Array, Array]:
    off = d - y
    return np.asarray(np.linalg.norm(off) ** 2 / len(off)), -2 / len(off) * off


@mistake("l1_divergence", says="Your derivative points down the loss: its sign is turned round.")
def sign_turned_round(y: Array, d: Array) -> tuple[Array, Array]:
    return np.sum(np.abs(y - d)) / len(y), np.sign(d - y) / len(y)


@mistake(
    "l1_divergence",
    says="You average over the outputs too; they are summed, and only the batch is averaged.",
)
def sizes_averaged_over_outputs_too(y: Array, d: Array) -> tuple[Array, Array]:
    return np.mean(np.abs(y - d)), np.sign(y - d) / y.size


@mistake("l1_divergence", says="You sum over the batch; a loss is the mean over it.")
def sizes_summed_over_the_batch(y: Array, d: Array) -> tuple[Array, Array]:
    return np.sum(np.abs(y - d)), np.sign(y - d)


@mistake(
    "l1_divergence",
    says="Your loss is a mean over the batch, but your derivative is that of the sum.",
)
def slopes_of_the_sum(y: Array, d: Array) -> tuple[Array, Array]:
    return np.sum(np.abs(y - d)) / len(y), np.sign(y - d)


@mistake("l1_divergence", says="You divide by the number of outputs where the batch's belongs.")
def sizes_divided_by_outputs(y: Array, d: Array) -> tuple[Array, Array]:
    return np.sum(np.abs(y - d)) / y.shape[1], np.sign(y - d) / y.shape[1]


@mistake("l1_divergence", says="You forget the absolute value, so that distances cancel.")
def distances_cancel(y: Array, d: Array) -> tuple[Array, Array]:
    return np.sum(y - d) / len(y), np.sign(y - d) / len(y)


@mistake(
    "l1_divergence",
    says="Your derivative grows with the distance, as that of a square does.",
)
def derivative_of_the_square(y: Array, d: Array) -> tuple[Array, Array]:
    return np.sum(np.abs(y - d)) / len(y), 2 * (y - d) / len(y)


@mistake(
    "l1_divergence",
    says="Your derivative pushes upwards alone: outputs above the target have a slope too.",
)
def one_side_alone(y: Array, d: Array) -> tuple[Array, Array]:
    off = y - d
    return np.sum(np.abs(off)) / len(y), -(off < 0).astype(y.dtype) / len(y)


@mistake(
    "l1_divergence",
    says="You divide zero by zero where an output hits its target, which gives NaN.",
)
def zero_by_zero_on_target(y: Array, d: Array) -> tuple[Array, Array]:
    off = y - d
    return np.sum(np.abs(off)) / len(y), off / np.abs(off) / len(y)


@mistake(
    "l1_divergence",
    says="Close to the target yours is a parabola; the slope stays the same down to the kink.",
)
def parabola_near_the_target(y: Array, d: Array) -> tuple[Array, Array]:
    off = y - d
    near = np.abs(off) < 0.01
    terms = np.where(near, off**2 / 0.02 + 0.005, np.abs(off))
    return np.sum(terms) / len(y), np.where(near, off / 0.01, np.sign(off)) / len(y)


@mistake("l1_divergence", says="Your result is right, but changes the caller's d.")
def targets_overwritten(y: Array, d: Array) -> tuple[Array, Array]:
    d -= y
    return np.sum(np.abs(d)) / len(y), -np.sign(d) / len(y)


@mistake("l1_divergence", says="Your derivative by float32 outputs is float64.")
def l1_in_float64(y: Array, d: Array) -> tuple[Array, Array]:
    dy = np.zeros(y.shape)
    dy[y > d], dy[y < d] = 1.0, -1.0
    return np.sum(np.abs(y - d)) / len(y), dy / len(y)


@variant("l1_divergence")
def two_masks(y: Array, d: Array) -> tuple[Array, Array]:
    above, below = (y > d).astype(y.dtype), (y < d).astype(y.dtype)
    return np.abs(y - d).sum(axis=1).mean(), (above - below) / len(y)


@variant("l1_divergence")
def entries_one_by_one(y: Array, d: Array) -> tuple[float, Array]:
    loss, dy = 0.0, np.zeros_like(y)
    for n, i in np.ndindex(*y.shape):
        loss += abs(float(y[n, i]) - float(d[n, i])) / len(y)
        if y[n, i] != d[n, i]:
            dy[n, i] = (1 if y[n, i] > d[n, i] else -1) / len(y)
    return loss, dy


@variant("l1_divergence")
def signs_multiplied_by_distances(y: Array, d: Array, tiny: float = 0.0) -> tuple[Array, Array]:
    signs = np.sign(y - d)
    return np.einsum("ni,ni->", signs, y - d) / len(y) + tiny, signs / np.asarray(len(y), y.dtype)


@variant("l1_divergence")
def larger_less_smaller(y: Array, d: Array) -> tuple[Array, Array]:
    loss = np.sum(np.maximum(y, d) - np.minimum(y, d)) / y.shape[0]
    return loss, np.copysign(np.ones_like(y), y - d) * (y != d) / y.shape[0]
