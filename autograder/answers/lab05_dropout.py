"""Lab 05: answers to inverted dropout, forward and backward."""

from __future__ import annotations

import math

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "dropout_forward",
    says="Your units that stay on do not make up for those that are off: the expectation falls.",
)
def nothing_made_up_for(y: Array, mask: Array, keep: float) -> Array:
    return np.where(mask != 0, y, 0.0)


@mistake(
    "dropout_forward",
    says="You shrink the units that stay on; they have to grow, for those that are off.",
)
def multiplied_by_keep(y: Array, mask: Array, keep: float) -> Array:
    return np.where(mask != 0, y * keep, 0.0)


@mistake(
    "dropout_forward",
    says="Your scale comes from the probability of dropping a unit, not of keeping it.",
)
def scaled_by_drop(y: Array, mask: Array, keep: float) -> Array:
    return np.where(mask != 0, y / max(1 - keep, 1e-12), 0.0)


@mistake(
    "dropout_forward",
    says="You exchange on and off: a unit is dropped where your mask says that it stays.",
)
def ones_dropped(y: Array, mask: Array, keep: float) -> Array:
    return np.where(mask == 0, y / keep, 0.0)


@mistake(
    "dropout_forward",
    says="You scale every unit, but drop none: the mask has no effect.",
)
def mask_without_effect(y: Array, mask: Array, keep: float) -> Array:
    return y / keep


@mistake(
    "dropout_forward",
    says="Your scale is the share of ones that this mask happens to have; that share varies, and "
    "the expectation asks for its mean.",
)
def share_of_this_mask(y: Array, mask: Array, keep: float) -> Array:
    return np.where(mask != 0, y / max(float(mask.mean()), 1e-12), 0.0)


@mistake(
    "dropout_forward",
    says="You use the first row of the mask for the whole batch; each instance has its own.",
)
def one_mask_row_for_the_batch(y: Array, mask: Array, keep: float) -> Array:
    row = np.broadcast_to(mask[:1], mask.shape)
    return np.where(row != 0, y / keep, 0.0)


@mistake(
    "dropout_forward",
    says="You draw a mask of your own instead of using the one that is handed in.",
)
def mask_drawn_anew(y: Array, mask: Array, keep: float) -> Array:
    drawn = np.random.default_rng(0).random(y.shape) < keep
    return np.where(drawn, y / keep, 0.0)


@mistake(
    "dropout_forward",
    says="Your scale keeps the spread of y and not its expectation: it is not a root.",
)
def scaled_by_the_root(y: Array, mask: Array, keep: float) -> Array:
    return np.where(mask != 0, y / math.sqrt(keep), 0.0)


@mistake("dropout_forward", says="You rectify y as well; dropout itself has no activation.")
def rectified_as_well(y: Array, mask: Array, keep: float) -> Array:
    return np.where((mask != 0) & (y > 0), y / keep, 0.0)


@mistake(
    "dropout_forward",
    says="Your result takes the dtype of the mask: float32 becomes float64.",
)
def dtype_of_the_mask(y: Array, mask: Array, keep: float) -> Array:
    return y * mask / keep


@mistake(
    "dropout_forward",
    says="Your result is right, but you drop units in place, which changes the caller's own y.",
)
def dropped_in_place(y: Array, mask: Array, keep: float) -> Array:
    y[mask == 0] = 0
    y /= keep
    return y


@variant("dropout_forward")
def scaled_mask_of_the_same_dtype(y: Array, mask: Array, keep: float) -> Array:
    return y * (mask / keep).astype(y.dtype)


@variant("dropout_forward")
def units_on_written_one_by_one(y: Array, mask: Array, keep: float) -> Array:
    out = np.zeros_like(y)
    for index in np.argwhere(mask):
        out[tuple(index)] = y[tuple(index)] / keep
    return out


@variant("dropout_forward")
def copy_dropped_in_place(y: Array, mask: Array, keep: float, training: bool = True) -> Array:
    out = y.copy()
    if training:
        out[np.logical_not(mask)] = 0
        out /= keep
    return out


@variant("dropout_forward")
def off_units_replaced(y: Array, mask: Array, keep: float) -> Array:
    scaled = (1 / keep) * y
    np.putmask(scaled, mask < 0.5, 0)
    return scaled


@mistake(
    "dropout_backward",
    says="Your derivative lacks the factor by which the forward pass enlarged what it kept.",
)
def factor_in_forward_only(dout: Array, mask: Array, keep: float) -> Array:
    return np.where(mask != 0, dout, 0.0)


@mistake(
    "dropout_backward",
    says="You take the forward pass's factor back; a derivative has the same factor once more.",
)
def factor_taken_back(dout: Array, mask: Array, keep: float) -> Array:
    return np.where(mask != 0, dout * keep, 0.0)


@mistake(
    "dropout_backward",
    says="Your factor is squared; each unit was enlarged once on the way.",
)
def factor_squared(dout: Array, mask: Array, keep: float) -> Array:
    return np.where(mask != 0, dout / keep**2, 0.0)


@mistake(
    "dropout_backward",
    says="You exchange keep and drop: the factor comes from the units that stay.",
)
def scaled_by_drop_backward(dout: Array, mask: Array, keep: float) -> Array:
    return np.where(mask != 0, dout / max(1 - keep, 1e-12), 0.0)


@mistake(
    "dropout_backward",
    says="Units that were off pass their derivative on; they had no part in the loss.",
)
def off_units_pass(dout: Array, mask: Array, keep: float) -> Array:
    return dout / keep


@mistake(
    "dropout_backward",
    says="Your derivative passes where units were off, and is cut off where they were on.",
)
def passed_where_units_were_off(dout: Array, mask: Array, keep: float) -> Array:
    return np.where(mask == 0, dout / keep, 0.0)


@mistake(
    "dropout_backward",
    says="You draw the mask again; the derivative belongs to the mask of the forward pass.",
)
def mask_drawn_again(dout: Array, mask: Array, keep: float) -> Array:
    drawn = np.random.default_rng(0).random(dout.shape) < keep
    return np.where(drawn, dout / keep, 0.0)


@mistake(
    "dropout_backward",
    says="You decide by the derivative's sign which units pass; the mask alone decides.",
)
def derivative_rectified(dout: Array, mask: Array, keep: float) -> Array:
    return np.where((mask != 0) & (dout > 0), dout / keep, 0.0)


@mistake(
    "dropout_backward",
    says="You use the first row of the mask for the derivatives of all rows.",
)
def first_row_for_all(dout: Array, mask: Array, keep: float) -> Array:
    row = np.broadcast_to(mask[:1], mask.shape)
    return np.where(row != 0, dout / keep, 0.0)


@mistake(
    "dropout_backward",
    says="You divide by the share of ones in this mask; the forward pass did not.",
)
def share_of_ones(dout: Array, mask: Array, keep: float) -> Array:
    return np.where(mask != 0, dout / max(float(mask.mean()), 1e-12), 0.0)


@mistake(
    "dropout_backward",
    says="Your derivative turns float32 into float64, because the mask is float64.",
)
def promoted_by_the_mask(dout: Array, mask: Array, keep: float) -> Array:
    return dout * mask / keep


@mistake(
    "dropout_backward",
    says="Your derivative is right, but you write it into the caller's own: that changes the "
    "caller's array.",
)
def written_into_the_argument(dout: Array, mask: Array, keep: float) -> Array:
    dout[mask == 0] = 0
    dout /= keep
    return dout


@variant("dropout_backward")
def mask_cast_first(dout: Array, mask: Array, keep: float) -> Array:
    return dout * mask.astype(dout.dtype) / keep


@variant("dropout_backward")
def selected_entries(dout: Array, mask: Array, keep: float) -> Array:
    on = np.asarray(mask, dtype=bool)
    dy = np.zeros(dout.shape, dout.dtype)
    dy[on] = dout[on] / keep
    return dy


@variant("dropout_backward")
def flat_loop(dout: Array, mask: Array, keep: float, scale: float = 1.0) -> Array:
    pairs = zip(dout.ravel(), mask.ravel(), strict=True)
    entries = [scale * float(d) / keep if on else 0.0 for d, on in pairs]
    return np.array(entries, dtype=dout.dtype).reshape(dout.shape)


@variant("dropout_backward")
def multiplied_out_of_place(dout: Array, mask: Array, keep: float) -> Array:
    dy = dout / keep
    np.multiply(dy, mask, out=dy, casting="same_kind")
    return dy
