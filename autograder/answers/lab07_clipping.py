"""Lab 07: answers to clipping gradients, by value and by norm."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "clip_by_value",
    says="You cut large positive slopes alone; large negative ones do as much harm.",
)
def positive_side_alone(grad: Array, limit: float = 5.0) -> Array:
    return np.minimum(grad, limit)


@mistake("clip_by_value", says="You cut large negative slopes alone.")
def negative_side_alone(grad: Array, limit: float = 5.0) -> Array:
    return np.maximum(grad, -limit)


@mistake(
    "clip_by_value", says="Your negative slopes are cut to zero; they may reach the limit too."
)
def negative_slopes_removed(grad: Array, limit: float = 5.0) -> Array:
    return np.clip(grad, 0, limit)


@mistake("clip_by_value", says="Large negative slopes come out positive with you.")
def sign_of_large_slopes_lost(grad: Array, limit: float = 5.0) -> Array:
    return np.where(np.abs(grad) > limit, grad.dtype.type(limit), grad)


@mistake("clip_by_value", says="You scale the whole gradient; each entry is to be cut by itself.")
def scaled_as_a_whole(grad: Array, limit: float = 5.0) -> Array:
    return grad * min(1.0, limit / float(np.abs(grad).max()))


@mistake("clip_by_value", says="You set large slopes to zero; they should end at the limit.")
def large_slopes_removed(grad: Array, limit: float = 5.0) -> Array:
    return grad * (np.abs(grad) <= limit)


@mistake("clip_by_value", says="Your limit is the same whatever is asked for.")
def limit_ignored(grad: Array, limit: float = 5.0) -> Array:
    return np.clip(grad, -5.0, 5.0)


@mistake("clip_by_value", says="The limit is 5 unless it is given; your default is another.")
def default_of_one(grad: Array, limit: float = 1.0) -> Array:
    return np.clip(grad, -limit, limit)


@mistake("clip_by_value", says="All slopes become as large as the limit with you, small ones too.")
def all_slopes_at_the_limit(grad: Array, limit: float = 5.0) -> Array:
    return limit * np.sign(grad)


@mistake("clip_by_value", says="You raise small slopes to the limit instead of cutting large ones.")
def small_slopes_raised(grad: Array, limit: float = 5.0) -> Array:
    return np.sign(grad) * np.maximum(np.abs(grad), limit)


@mistake("clip_by_value", says="Your bend is soft: slopes within the limit change as well.")
def squashed(grad: Array, limit: float = 5.0) -> Array:
    return limit * np.tanh(grad / limit)


@mistake("clip_by_value", says="Your clipped gradient is float64 where grad is float32.")
def clipped_in_float64(grad: Array, limit: float = 5.0) -> Array:
    return np.clip(grad.astype(float), -limit, limit)


@mistake("clip_by_value", says="You clip in place, which changes the caller's own gradient.")
def clipped_in_place(grad: Array, limit: float = 5.0) -> Array:
    np.clip(grad, -limit, limit, out=grad)
    return grad


@variant("clip_by_value")
def least_and_greatest(grad: Array, limit: float = 5.0) -> Array:
    return np.maximum(np.minimum(grad, limit), -limit)


@variant("clip_by_value")
def sign_and_size(grad: Array, limit: float = 5.0) -> Array:
    return np.sign(grad) * np.minimum(np.abs(grad), limit)


@variant("clip_by_value")
def copy_masked(grad: Array, limit: float = 5.0, low: float | None = None) -> Array:
    low = -limit if low is None else low
    clipped = grad.copy()
    clipped[clipped > limit] = limit
    clipped[clipped < low] = low
    return clipped


@variant("clip_by_value")
def slope_by_slope(grad: Array, limit: float = 5) -> Array:
    clipped = np.empty_like(grad)
    for index, value in np.ndenumerate(grad):
        clipped[index] = min(max(value, -limit), limit)
    return clipped


@variant("clip_by_value")
def half_the_difference(grad: Array, limit: float = 5.0) -> Array:
    return (np.abs(grad + limit) - np.abs(grad - limit)) / 2


@mistake(
    "clip_by_norm",
    says="Each of your arrays has a norm of its own, so the direction changes; one norm is over "
    "all of them.",
)
def each_array_by_itself(grads: Sequence[Array], limit: float) -> list[Array]:
    return [g * (limit / max(float(np.linalg.norm(g.ravel())), limit)) for g in grads]


@mistake("clip_by_norm", says="You scale short gradients too; only long ones should change.")
def short_gradients_stretched(grads: Sequence[Array], limit: float) -> list[Array]:
    norm = math.sqrt(sum(float((g * g).sum()) for g in grads))
    return [g * (limit / max(norm, 1e-12)) for g in grads]


@mistake("clip_by_norm", says="Your norm lacks the root.")
def root_forgotten(grads: Sequence[Array], limit: float) -> list[Array]:
    norm = sum(float((g * g).sum()) for g in grads)
    return [g * (limit / max(norm, limit)) for g in grads]


@mistake(
    "clip_by_norm",
    says="You add the norms of the arrays up; the joint norm is that of all entries in one vector.",
)
def norms_added_up(grads: Sequence[Array], limit: float) -> list[Array]:
    norm = sum(float(np.linalg.norm(g.ravel())) for g in grads)
    return [g * (limit / max(norm, limit)) for g in grads]


@mistake("clip_by_norm", says="You take the longest array's norm; the joint norm is over all.")
def norm_of_the_longest(grads: Sequence[Array], limit: float) -> list[Array]:
    norm = max(float(np.linalg.norm(g.ravel())) for g in grads)
    return [g * (limit / max(norm, limit)) for g in grads]


@mistake("clip_by_norm", says="Your norm is that of the first array alone.")
def norm_of_the_first(grads: Sequence[Array], limit: float) -> list[Array]:
    norm = float(np.linalg.norm(grads[0].ravel()))
    return [g * (limit / max(norm, limit)) for g in grads]


@mistake("clip_by_norm", says="You cut single entries off, which changes the gradient's direction.")
def values_cut_off(grads: Sequence[Array], limit: float) -> list[Array]:
    return [np.clip(g, -limit, limit) for g in grads]


@mistake("clip_by_norm", says="Your norm adds up sizes; asked for is the Euclidean one.")
def joint_sum_of_sizes(grads: Sequence[Array], limit: float) -> list[Array]:
    norm = sum(float(np.abs(g).sum()) for g in grads)
    return [g * (limit / max(norm, limit)) for g in grads]


@mistake("clip_by_norm", says="You divide by the joint norm and forget the limit.")
def brought_to_norm_one(grads: Sequence[Array], limit: float) -> list[Array]:
    norm = math.sqrt(sum(float((g * g).sum()) for g in grads))
    return [g / norm if norm > limit else g.copy() for g in grads]


@mistake(
    "clip_by_norm", says="Your long gradients become zero; they should be scaled to the limit."
)
def long_gradients_dropped(grads: Sequence[Array], limit: float) -> list[Array]:
    norm = math.sqrt(sum(float((g * g).sum()) for g in grads))
    return [np.zeros_like(g) if norm > limit else g.copy() for g in grads]


@mistake(
    "clip_by_norm",
    says="Your norm is a mean over the entries, so that it says nothing of the gradient's length.",
)
def root_of_the_mean(grads: Sequence[Array], limit: float) -> list[Array]:
    flat = np.concatenate([g.ravel() for g in grads])
    norm = math.sqrt(float((flat * flat).mean()))
    return [g * (limit / max(norm, limit)) for g in grads]


@mistake("clip_by_norm", says="You return one long vector; the arrays should keep their shapes.")
def joined_into_one(grads: Sequence[Array], limit: float) -> Array:
    flat = np.concatenate([g.ravel() for g in grads])
    return flat * (limit / max(float(np.linalg.norm(flat)), limit))


@mistake("clip_by_norm", says="Gradients that are all zero become no numbers with you.")
def divided_by_zero(grads: Sequence[Array], limit: float) -> list[Array]:
    norm = np.sqrt(np.sum([np.sum(g * g) for g in grads]))
    direction = [g / norm for g in grads]
    return [d * min(limit, float(norm)) for d in direction]


@mistake("clip_by_norm", says="Your scaled gradients are float64 where they came as float32.")
def scaled_in_float64(grads: Sequence[Array], limit: float) -> list[Array]:
    norm = np.sqrt(sum(np.sum(g.astype(float) ** 2) for g in grads))
    return [g * (limit / np.maximum(norm, limit)) for g in grads]


@mistake("clip_by_norm", says="You scale in place, which changes the caller's own gradients.")
def gradients_scaled_in_place(grads: Sequence[Array], limit: float) -> list[Array]:
    norm = math.sqrt(sum(float((g * g).sum()) for g in grads))
    for g in grads:
        g *= limit / max(norm, limit)
    return list(grads)


@variant("clip_by_norm")
def norm_of_all_in_one_vector(grads: Sequence[Array], limit: float) -> list[Array]:
    norm = np.linalg.norm(np.concatenate([grad.ravel() for grad in grads]))
    if norm <= limit:
        return list(grads)
    return [grad * (limit / norm) for grad in grads]


@variant("clip_by_norm")
def norm_of_the_norms(
    grads: Sequence[Array], limit: float, eps: float = 1e-12
) -> tuple[Array, ...]:
    norm = math.hypot(*[float(np.linalg.norm(grad.reshape(-1))) for grad in grads])
    return tuple(grad * min(1.0, limit / (norm + eps)) for grad in grads)


@variant("clip_by_norm")
def summed_entry_by_entry(grads: Sequence[Array], limit: float) -> list[Array]:
    squares = 0.0
    for grad in grads:
        for value in grad.ravel().tolist():
            squares += value**2
    factor = 1.0 if squares <= limit**2 else limit / squares**0.5
    clipped = [grad.copy() for grad in grads]
    for grad in clipped:
        grad *= factor
    return clipped


@variant("clip_by_norm")
def gradients_by_einsum(grads: Sequence[Array], limit: float) -> list[Array]:
    squares = [np.einsum("i,i->", grad.ravel(), grad.ravel()) for grad in grads]
    ratio = float(np.sqrt(np.sum(squares))) / limit
    return [np.divide(grad, max(1.0, ratio)) for grad in grads]
