"""Lab 04: answers to weight normalization, forward and backward."""

from __future__ import annotations

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake("weight_norm", says="You measure the rows of v, one an input; a unit is a column.")
def rows_measured(v: Array, g: Array) -> Array:
    return g * v / np.linalg.norm(v, axis=1, keepdims=True)


@mistake("weight_norm", says="You measure the whole of v at once; each unit has its own length.")
def whole_matrix_measured(v: Array, g: Array) -> Array:
    return g * v / np.linalg.norm(v).astype(v.dtype)


@mistake("weight_norm", says="You divide by the square of the length; its root is missing.")
def length_left_squared(v: Array, g: Array) -> Array:
    return g * v / np.sum(v * v, axis=0)


@mistake("weight_norm", says="You add up magnitudes; the length is the Euclidean one.")
def magnitudes_added(v: Array, g: Array) -> Array:
    return g * v / np.abs(v).sum(axis=0)


@mistake(
    "weight_norm", says="You divide by the largest entry of a column, which is not its length."
)
def largest_entry_as_length(v: Array, g: Array) -> Array:
    return g * v / np.abs(v).max(axis=0)


@mistake("weight_norm", says="Your columns are of length one: g is missing.")
def lengths_forgotten(v: Array, g: Array) -> Array:
    return v / np.linalg.norm(v, axis=0)


@mistake("weight_norm", says="You scale v by g, but never divide by its own length.")
def direction_not_normalized(v: Array, g: Array) -> Array:
    return g * v


@mistake("weight_norm", says="You lose the sign of g: a negative one turns the direction round.")
def sign_of_g_lost(v: Array, g: Array) -> Array:
    return np.abs(g) * v / np.linalg.norm(v, axis=0)


@mistake("weight_norm", says="You divide by the root of a mean; the length is that of a sum.")
def root_of_the_mean(v: Array, g: Array) -> Array:
    return g * v / np.sqrt(np.mean(v * v, axis=0))


@mistake("weight_norm", says="Your columns are centered first; directions are as they are.")
def columns_centered(v: Array, g: Array) -> Array:
    centered = v - v.mean(axis=0)
    return g * centered / np.sqrt(np.sum(centered * centered, axis=0) + 1e-12)


@mistake("weight_norm", says="Your guard against zero is so large that short directions suffer.")
def large_guard(v: Array, g: Array) -> Array:
    return g * v / np.sqrt(np.sum(v * v, axis=0) + 1e-5)


@mistake("weight_norm", says="Your W of float32 arrays is float64.")
def weights_in_float64(v: Array, g: Array) -> Array:
    return g * v / np.sqrt(np.sum(v * v, axis=0, dtype=float))


@mistake("weight_norm", says="Your W is right, but making it changes the caller's v.")
def v_normalized_in_place(v: Array, g: Array) -> Array:
    v /= np.linalg.norm(v, axis=0)
    return g * v


@variant("weight_norm")
def by_linalg(v: Array, g: Array, axis: int = 0) -> Array:
    return v / np.linalg.norm(v, axis=axis, keepdims=True) * g[None, :]


@variant("weight_norm")
def column_by_column(v: Array, g: Array) -> Array:
    W = v.copy()
    for m in range(len(g)):
        W[:, m] *= g[m] / np.sqrt(W[:, m] @ W[:, m])
    return W


@variant("weight_norm")
def product_with_a_diagonal(v: Array, g: Array) -> Array:
    lengths = np.sqrt(np.einsum("dm,dm->m", v, v))
    return v @ np.diag(g / lengths)


@variant("weight_norm")
def guarded_against_zero(v: Array, g: Array) -> Array:
    lengths = np.maximum(np.power(np.sum(np.square(v), axis=0), 0.5), 1e-12)
    return np.multiply(g, np.divide(v, lengths))


@mistake(
    "weight_norm_backward",
    says="Your dv has a part along v, as if the length were fixed; no such part has an effect.",
)
def projection_forgotten(dW: Array, v: Array, g: Array) -> tuple[Array, Array]:
    length = np.linalg.norm(v, axis=0)
    return g / length * dW, np.sum(dW * v, axis=0) / length


@mistake("weight_norm_backward", says="Your dv lacks g.")
def dv_without_g(dW: Array, v: Array, g: Array) -> tuple[Array, Array]:
    length = np.linalg.norm(v, axis=0)
    direction = v / length
    dg = np.sum(dW * direction, axis=0)
    return (dW - direction * dg) / length, dg


@mistake("weight_norm_backward", says="Your dv is not divided by the length of v.")
def dv_without_the_length(dW: Array, v: Array, g: Array) -> tuple[Array, Array]:
    direction = v / np.linalg.norm(v, axis=0)
    dg = np.sum(dW * direction, axis=0)
    return g * (dW - direction * dg), dg


@mistake("weight_norm_backward", says="You project with v itself, not with its direction.")
def projected_with_v_itself(dW: Array, v: Array, g: Array) -> tuple[Array, Array]:
    length = np.linalg.norm(v, axis=0)
    dg = np.sum(dW * v, axis=0) / length
    return g / length * (dW - v * dg), dg


@mistake("weight_norm_backward", says="Your dg is made with v itself, not with its direction.")
def dg_with_v_itself(dW: Array, v: Array, g: Array) -> tuple[Array, Array]:
    length = np.linalg.norm(v, axis=0)
    along = np.sum(dW * v, axis=0)
    return g / length * (dW - v * along / length**2), along


@mistake("weight_norm_backward", says="Your dg is made with W, which has g in it.")
def dg_with_the_weights(dW: Array, v: Array, g: Array) -> tuple[Array, Array]:
    length = np.linalg.norm(v, axis=0)
    direction = v / length
    dg = np.sum(dW * direction, axis=0)
    return g / length * (dW - direction * dg), g * dg


@mistake("weight_norm_backward", says="You add the part along v where it is to be taken away.")
def part_along_v_added(dW: Array, v: Array, g: Array) -> tuple[Array, Array]:
    length = np.linalg.norm(v, axis=0)
    direction = v / length
    dg = np.sum(dW * direction, axis=0)
    return g / length * (dW + direction * dg), dg


@mistake("weight_norm_backward", says="You keep only the part along v, and drop the one across.")
def part_along_v_kept(dW: Array, v: Array, g: Array) -> tuple[Array, Array]:
    length = np.linalg.norm(v, axis=0)
    direction = v / length
    dg = np.sum(dW * direction, axis=0)
    return g / length * direction * dg, dg


@mistake("weight_norm_backward", says="You measure the whole of v at once; each unit has a length.")
def whole_matrix_as_one(dW: Array, v: Array, g: Array) -> tuple[Array, Array]:
    length = np.sqrt(np.sum(v * v))
    direction = v / length
    dg = np.sum(dW * direction, axis=0)
    return g / length * (dW - direction * dg), dg


@mistake("weight_norm_backward", says="You average over the inputs where they add up.")
def dg_averaged(dW: Array, v: Array, g: Array) -> tuple[Array, Array]:
    length = np.linalg.norm(v, axis=0)
    direction = v / length
    dg = np.sum(dW * direction, axis=0)
    return g / length * (dW - direction * dg), np.mean(dW * direction, axis=0)


@mistake("weight_norm_backward", says="Your dv and dg have changed places.")
def dv_and_dg_exchanged(dW: Array, v: Array, g: Array) -> tuple[Array, Array]:
    length = np.linalg.norm(v, axis=0)
    direction = v / length
    dg = np.sum(dW * direction, axis=0)
    return dg, g / length * (dW - direction * dg)


@mistake(
    "weight_norm_backward", says="Your dg is a matrix of one row; a number a unit is a vector."
)
def dg_kept_as_a_row(dW: Array, v: Array, g: Array) -> tuple[Array, Array]:
    length = np.linalg.norm(v, axis=0, keepdims=True)
    direction = v / length
    dg = np.sum(dW * direction, axis=0, keepdims=True)
    return g / length * (dW - direction * dg), dg


@mistake("weight_norm_backward", says="Your derivatives of float32 arrays are float64.")
def lengths_in_float64(dW: Array, v: Array, g: Array) -> tuple[Array, Array]:
    length = np.sqrt(np.sum(v * v, axis=0, dtype=float))
    direction = v / length
    dg = np.sum(dW * direction, axis=0)
    return g / length * (dW - direction * dg), dg


@mistake(
    "weight_norm_backward", says="Your results are right, but the pass changes the caller's dW."
)
def dw_projected_in_place(dW: Array, v: Array, g: Array) -> tuple[Array, Array]:
    length = np.linalg.norm(v, axis=0)
    direction = v / length
    dg = np.sum(dW * direction, axis=0)
    dW -= direction * dg
    return g / length * dW, dg


@variant("weight_norm_backward")
def projected_column_by_column(dW: Array, v: Array, g: Array) -> tuple[Array, Array]:
    dv, dg = np.empty_like(v), np.empty_like(g)
    for m in range(v.shape[1]):
        length = np.sqrt(v[:, m] @ v[:, m])
        e = v[:, m] / length
        dg[m] = e @ dW[:, m]
        dv[:, m] = (g[m] / length) * (dW[:, m] - dg[m] * e)
    return dv, dg


@variant("weight_norm_backward")
def by_the_rules_of_a_quotient(dW: Array, v: Array, g: Array) -> list[Array]:
    squared = np.einsum("dm,dm->m", v, v)
    along = np.einsum("dm,dm->m", dW, v)
    dv = g * (dW * squared - v * along) / squared**1.5
    return [dv, along / squared**0.5]


@variant("weight_norm_backward")
def step_by_step(dW: Array, v: Array, g: Array, guard: float = 0.0) -> tuple[Array, Array]:
    length = np.linalg.norm(v, axis=0) + guard
    dg = (dW * v).sum(axis=0) / length
    dlength = -(dW * v).sum(axis=0) * g / length**2
    dv = dW.copy()
    dv *= g / length
    dv += dlength * v / length
    return dv, dg


@variant("weight_norm_backward")
def by_projections_formed(dW: Array, v: Array, g: Array) -> tuple[Array, Array]:
    e = v / np.linalg.norm(v, axis=0)
    across = np.eye(len(v), dtype=v.dtype)[:, :, None] - np.einsum("dm,km->dkm", e, e)
    dv = np.einsum("dkm,km,m->dm", across, dW, g / np.sqrt((v**2).sum(0)))
    return dv, np.einsum("dm,dm->m", e, dW)
