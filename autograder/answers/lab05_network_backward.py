"""Lab 05: answers to a multilayer perceptron with dropout, backward."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "dropout_mlp_backward",
    says="Your derivative lacks the factor by which the forward pass enlarged the units that "
    "stayed on.",
)
def factor_in_forward_only(
    dlogits: Array, weights: list[tuple[Array, Array]], cache: dict[str, Any]
) -> list[tuple[Array, Array]]:
    gradients, dz = [], dlogits
    for h, (W, _) in zip(cache["inputs"][::-1], weights[::-1], strict=True):
        gradients.append((h.T @ dz, dz.sum(axis=0)))
        dz = np.where(h > 0, dz @ W.T, 0.0)
    return gradients[::-1]


@mistake(
    "dropout_mlp_backward",
    says="Your weights' gradient is enlarged once too often: the cached inputs have the factor "
    "already.",
)
def factor_on_the_weights_again(
    dlogits: Array, weights: list[tuple[Array, Array]], cache: dict[str, Any]
) -> list[tuple[Array, Array]]:
    gradients, dz = [], dlogits
    for h, (W, _) in zip(cache["inputs"][::-1], weights[::-1], strict=True):
        gradients.append((h.T @ dz / cache["keep"], dz.sum(axis=0)))
        dz = np.where(h > 0, dz @ W.T / cache["keep"], 0.0)
    return gradients[::-1]


@mistake(
    "dropout_mlp_backward",
    says="You exchange keep and drop in the factor on the way back.",
)
def scaled_by_drop(
    dlogits: Array, weights: list[tuple[Array, Array]], cache: dict[str, Any]
) -> list[tuple[Array, Array]]:
    gradients, dz = [], dlogits
    drop = max(1 - cache["keep"], 1e-12)
    for h, (W, _) in zip(cache["inputs"][::-1], weights[::-1], strict=True):
        gradients.append((h.T @ dz, dz.sum(axis=0)))
        dz = np.where(h > 0, dz @ W.T / drop, 0.0)
    return gradients[::-1]


@mistake(
    "dropout_mlp_backward",
    says="You draw the masks again; the derivative belongs to those of the forward pass.",
)
def masks_drawn_again(
    dlogits: Array, weights: list[tuple[Array, Array]], cache: dict[str, Any]
) -> list[tuple[Array, Array]]:
    rng, inputs, keep = np.random.default_rng(0), cache["inputs"], cache["keep"]
    gradients, dz = [], dlogits
    for k in range(len(weights) - 1, -1, -1):
        gradients.append((inputs[k].T @ dz, dz.sum(axis=0)))
        if k > 0:
            z = inputs[k - 1] @ weights[k - 1][0] + weights[k - 1][1]
            on = rng.random(z.shape) < keep
            dz = np.where(on & (z > 0), dz @ weights[k][0].T / keep, 0.0)
    return gradients[::-1]


@mistake(
    "dropout_mlp_backward",
    says="Units that were dropped pass their derivative on as if they had been there.",
)
def masks_forgotten(
    dlogits: Array, weights: list[tuple[Array, Array]], cache: dict[str, Any]
) -> list[tuple[Array, Array]]:
    inputs, gradients, dz = cache["inputs"], [], dlogits
    for k in range(len(weights) - 1, -1, -1):
        gradients.append((inputs[k].T @ dz, dz.sum(axis=0)))
        if k > 0:
            z = inputs[k - 1] @ weights[k - 1][0] + weights[k - 1][1]
            dz = np.where(z > 0, dz @ weights[k][0].T / cache["keep"], 0.0)
    return gradients[::-1]


@mistake(
    "dropout_mlp_backward",
    says="Your derivative passes ReLU as if it were not there; a unit that is kept may still be "
    "off.",
)
def relu_forgotten(
    dlogits: Array, weights: list[tuple[Array, Array]], cache: dict[str, Any]
) -> list[tuple[Array, Array]]:
    gradients, dz = [], dlogits
    for k in range(len(weights) - 1, -1, -1):
        gradients.append((cache["inputs"][k].T @ dz, dz.sum(axis=0)))
        dz = np.where(cache["masks"][k] != 0, dz @ weights[k][0].T / cache["keep"], 0.0)
    return gradients[::-1]


@mistake(
    "dropout_mlp_backward",
    says="A unit of yours counts as on although its output is zero.",
)
def zero_counts_as_on(
    dlogits: Array, weights: list[tuple[Array, Array]], cache: dict[str, Any]
) -> list[tuple[Array, Array]]:
    gradients, dz = [], dlogits
    for h, (W, _) in zip(cache["inputs"][::-1], weights[::-1], strict=True):
        gradients.append((h.T @ dz, dz.sum(axis=0)))
        dz = np.where(h >= 0, dz @ W.T / cache["keep"], 0.0)
    return gradients[::-1]


@mistake(
    "dropout_mlp_backward",
    says="You drop the derivative of the logits; nothing drops the outputs of the last layer, the "
    "masks are on the layers' inputs.",
)
def masks_one_layer_too_late(
    dlogits: Array, weights: list[tuple[Array, Array]], cache: dict[str, Any]
) -> list[tuple[Array, Array]]:
    inputs, masks, keep = cache["inputs"], cache["masks"], cache["keep"]
    gradients, dz = [], dlogits
    for k in range(len(weights) - 1, -1, -1):
        fits = masks[k].shape == dz.shape
        dz = np.where(masks[k] != 0, dz / keep, 0.0) if fits else dz / keep
        gradients.append((inputs[k].T @ dz, dz.sum(axis=0)))
        dz = np.where(inputs[k] > 0, dz @ weights[k][0].T, 0.0)
    return gradients[::-1]


@mistake("dropout_mlp_backward", says="Your gradients come from the last layer to the first.")
def last_layer_first(
    dlogits: Array, weights: list[tuple[Array, Array]], cache: dict[str, Any]
) -> list[tuple[Array, Array]]:
    gradients, dz = [], dlogits
    for h, (W, _) in zip(cache["inputs"][::-1], weights[::-1], strict=True):
        gradients.append((h.T @ dz, dz.sum(axis=0)))
        dz = np.where(h > 0, dz @ W.T / cache["keep"], 0.0)
    return gradients


@mistake(
    "dropout_mlp_backward",
    says="You divide by the rows; the mean over the batch is in the loss already.",
)
def mean_over_rows_again(
    dlogits: Array, weights: list[tuple[Array, Array]], cache: dict[str, Any]
) -> list[tuple[Array, Array]]:
    gradients, dz = [], dlogits
    for h, (W, _) in zip(cache["inputs"][::-1], weights[::-1], strict=True):
        gradients.append((h.T @ dz / len(h), dz.mean(axis=0)))
        dz = np.where(h > 0, dz @ W.T / cache["keep"], 0.0)
    return gradients[::-1]


@mistake(
    "dropout_mlp_backward",
    says="You shrink the weights on the way back, as classical dropout does at test time.",
)
def weights_scaled_on_the_way_back(
    dlogits: Array, weights: list[tuple[Array, Array]], cache: dict[str, Any]
) -> list[tuple[Array, Array]]:
    gradients, dz = [], dlogits
    for h, (W, _) in zip(cache["inputs"][::-1], weights[::-1], strict=True):
        gradients.append((h.T @ dz, dz.sum(axis=0)))
        dz = np.where(h > 0, dz @ W.T * cache["keep"], 0.0)
    return gradients[::-1]


@mistake("dropout_mlp_backward", says="Your biases' gradients are enlarged; no bias is dropped.")
def bias_gradients_scaled(
    dlogits: Array, weights: list[tuple[Array, Array]], cache: dict[str, Any]
) -> list[tuple[Array, Array]]:
    gradients, dz = [], dlogits
    for h, (W, _) in zip(cache["inputs"][::-1], weights[::-1], strict=True):
        gradients.append((h.T @ dz, dz.sum(axis=0) / cache["keep"]))
        dz = np.where(h > 0, dz @ W.T / cache["keep"], 0.0)
    return gradients[::-1]


@mistake("dropout_mlp_backward", says="Your masks turn float32 derivatives into float64.")
def promoted_by_the_masks(
    dlogits: Array, weights: list[tuple[Array, Array]], cache: dict[str, Any]
) -> list[tuple[Array, Array]]:
    gradients, dz = [], dlogits
    for k in range(len(weights) - 1, -1, -1):
        h = cache["inputs"][k]
        gradients.append((h.T @ dz, dz.sum(axis=0)))
        dz = dz @ weights[k][0].T * (h > 0) * cache["masks"][k] / cache["keep"]
    return gradients[::-1]


@mistake(
    "dropout_mlp_backward",
    says="Your gradients are right, but you turn the cached inputs into slopes where they are: "
    "that changes the caller's arrays.",
)
def cache_turned_into_slopes(
    dlogits: Array, weights: list[tuple[Array, Array]], cache: dict[str, Any]
) -> list[tuple[Array, Array]]:
    gradients, dz = [], dlogits
    for h, (W, _) in zip(cache["inputs"][::-1], weights[::-1], strict=True):
        gradients.append((h.T @ dz, dz.sum(axis=0)))
        h[:] = np.where(h > 0, 1 / cache["keep"], 0.0)
        dz = dz @ W.T * h
    return gradients[::-1]


@variant("dropout_mlp_backward")
def masks_and_slopes(
    dlogits: Array, weights: list[tuple[Array, Array]], cache: dict[str, Any]
) -> list[list[Array]]:
    inputs, keep = cache["inputs"], cache["keep"]
    gradients: list[list[Array]] = [[] for _ in weights]
    dz = dlogits.copy()
    k = len(weights) - 1
    while k >= 0:
        gradients[k] = [np.einsum("nd,nm->dm", inputs[k], dz), np.einsum("nm->m", dz)]
        dz = np.einsum("nm,dm->nd", dz, weights[k][0])
        dz[np.logical_not(cache["masks"][k])] = 0
        dz[inputs[k] <= 0] = 0
        dz /= keep
        k -= 1
    return gradients


@variant("dropout_mlp_backward")
def slopes_from_recomputed_sums(
    dlogits: Array, weights: list[tuple[Array, Array]], cache: dict[str, Any]
) -> list[tuple[Array, Array]]:
    inputs, masks, keep = cache["inputs"], cache["masks"], cache["keep"]
    gradients = [(inputs[-1].T @ dlogits, dlogits.sum(axis=0))]
    dz = dlogits
    for k in range(len(weights) - 2, -1, -1):
        W, b = weights[k]
        scale = (masks[k + 1] / keep).astype(dz.dtype)
        dz = dz @ weights[k + 1][0].T * scale * (inputs[k] @ W + b > 0)
        gradients.insert(0, (inputs[k].T @ dz, dz.sum(axis=0)))
    return gradients


@variant("dropout_mlp_backward")
def row_after_row(
    dlogits: Array, weights: list[tuple[Array, Array]], cache: dict[str, Any], scale: float = 1.0
) -> tuple[tuple[Array, Array], ...]:
    gradients = tuple((np.zeros_like(W), np.zeros_like(b)) for W, b in weights)
    for n in range(len(dlogits)):
        dz = scale * dlogits[n]
        for k in reversed(range(len(weights))):
            h = cache["inputs"][k][n]
            gradients[k][0][...] += np.outer(h, dz)
            gradients[k][1][...] += dz
            dz = np.where(h > 0, weights[k][0] @ dz, 0.0) / cache["keep"]
    return gradients
