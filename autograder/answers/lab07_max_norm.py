"""Lab 07: answers to the limit on the norms of columns."""

from __future__ import annotations

import math

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "max_norm",
    says="You limit the rows of W; the weights into one unit stand in a column.",
)
def rows_limited(W: Array, limit: float) -> Array:
    norms = np.sqrt((W * W).sum(axis=1, keepdims=True))
    return W * (limit / np.maximum(norms, limit))


@mistake(
    "max_norm",
    says="You bring every column to the limit; one that is shorter should stay as it is.",
)
def short_columns_stretched(W: Array, limit: float) -> Array:
    norms = np.sqrt((W * W).sum(axis=0))
    return W * (limit / np.where(norms > 0, norms, np.ones_like(norms)))


@mistake("max_norm", says="You take one norm over the whole matrix; each column has its own.")
def norm_of_the_whole_matrix(W: Array, limit: float) -> Array:
    return W * min(1.0, limit / max(float(np.sqrt((W * W).sum())), 1e-12))


@mistake(
    "max_norm",
    says="One long column makes you scale all of them; the others should stay as they are.",
)
def longest_column_scales_all(W: Array, limit: float) -> Array:
    longest = float(np.sqrt((W * W).sum(axis=0)).max())
    return W * (limit / max(longest, limit))


@mistake("max_norm", says="Your norms lack the root.")
def squares_for_norms(W: Array, limit: float) -> Array:
    norms = (W * W).sum(axis=0)
    return W * (limit / np.maximum(norms, limit))


@mistake("max_norm", says="You add up sizes; asked for is the Euclidean norm.")
def sums_of_sizes(W: Array, limit: float) -> Array:
    norms = np.abs(W).sum(axis=0)
    return W * (limit / np.maximum(norms, limit))


@mistake("max_norm", says="You look at a column's largest entry, not at its Euclidean norm.")
def largest_entries(W: Array, limit: float) -> Array:
    norms = np.abs(W).max(axis=0)
    return W * (limit / np.maximum(norms, limit))


@mistake(
    "max_norm",
    says="You cut single entries off, which turns a column; the whole column is to be scaled.",
)
def entries_cut_off(W: Array, limit: float) -> Array:
    return np.clip(W, -limit, limit)


@mistake("max_norm", says="Your long columns become unit vectors, whatever the limit.")
def brought_to_length_one(W: Array, limit: float) -> Array:
    norms = np.sqrt((W * W).sum(axis=0))
    return np.where(norms > limit, W / np.maximum(norms, 1e-12), W)


@mistake("max_norm", says="You divide by the limit instead of by the norm.")
def divided_by_the_limit(W: Array, limit: float) -> Array:
    norms = np.sqrt((W * W).sum(axis=0))
    return np.where(norms > limit, W / limit, W)


@mistake("max_norm", says="Your long columns become zero; they should be as long as the limit.")
def long_columns_removed(W: Array, limit: float) -> Array:
    norms = np.sqrt((W * W).sum(axis=0))
    return W * (norms <= limit)


@mistake(
    "max_norm",
    says="You lengthen the short columns to the limit and leave the long ones alone.",
)
def limit_turned_round(W: Array, limit: float) -> Array:
    norms = np.sqrt((W * W).sum(axis=0))
    return W * (limit / np.clip(norms, 1e-12, limit))


@mistake("max_norm", says="Your limited weights are float64 where W is float32.")
def limited_in_float64(W: Array, limit: float) -> Array:
    norms = np.sqrt((W.astype(float) ** 2).sum(axis=0))
    return W * (limit / np.maximum(norms, limit))


@mistake("max_norm", says="You scale the columns in place, which changes the caller's own W.")
def columns_scaled_in_place(W: Array, limit: float) -> Array:
    norms = np.sqrt((W * W).sum(axis=0))
    W *= limit / np.maximum(norms, limit)
    return W


@variant("max_norm")
def column_by_column(W: Array, limit: float) -> Array:
    limited = W.copy()
    for m in range(W.shape[1]):
        norm = math.sqrt(sum(float(v) ** 2 for v in W[:, m]))
        if norm > limit:
            limited[:, m] *= limit / norm
    return limited


@variant("max_norm")
def long_columns_picked_out(W: Array, limit: float) -> Array:
    norms = np.linalg.norm(W, axis=0)
    long = norms > limit
    limited = np.array(W)
    limited[:, long] = limited[:, long] / norms[long] * limit
    return limited


@variant("max_norm")
def smaller_of_one_and_a_ratio(W: Array, limit: float, eps: float = 1e-12) -> Array:
    norms = np.sqrt(np.einsum("dm,dm->m", W, W))
    return W * np.minimum(1.0, limit / (norms + eps))


@variant("max_norm")
def columns_as_rows(W: Array, limit: float) -> Array:
    rows = [row * min(1.0, limit / max(float(np.linalg.norm(row)), limit)) for row in W.T]
    return np.stack(rows, axis=1)
