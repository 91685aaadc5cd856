"""Lab 05: answers to a multilayer perceptron with dropout, forward."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "dropout_mlp_forward",
    says="Your units that stay on do not make up for those that are off: each layer's input "
    "shrinks.",
)
def nothing_made_up_for(
    x: Array, weights: list[tuple[Array, Array]], masks: list[Array], keep: float
) -> tuple[Array, dict[str, Any]]:
    inputs, z = [], x
    for k, (W, b) in enumerate(weights):
        y = z if k == 0 else np.maximum(z, 0)
        inputs.append(np.where(masks[k] != 0, y, 0.0))
        z = inputs[k] @ W + b
    return z, {"inputs": inputs, "masks": masks, "keep": keep}


@mistake(
    "dropout_mlp_forward",
    says="You exchange keep and drop in the factor for the units that stay on.",
)
def scaled_by_drop(
    x: Array, weights: list[tuple[Array, Array]], masks: list[Array], keep: float
) -> tuple[Array, dict[str, Any]]:
    inputs, z = [], x
    for k, (W, b) in enumerate(weights):
        y = z if k == 0 else np.maximum(z, 0)
        inputs.append(np.where(masks[k] != 0, y / max(1 - keep, 1e-12), 0.0))
        z = inputs[k] @ W + b
    return z, {"inputs": inputs, "masks": masks, "keep": keep}


@mistake(
    "dropout_mlp_forward",
    says="You drop the outputs of each layer; every mask belongs to its layer's input, the first "
    "to x.",
)
def masks_on_the_outputs(
    x: Array, weights: list[tuple[Array, Array]], masks: list[Array], keep: float
) -> tuple[Array, dict[str, Any]]:
    inputs, y = [], x
    for k, (W, b) in enumerate(weights):
        inputs.append(y)
        z = y @ W + b
        if k < len(weights) - 1:
            z = np.maximum(z, 0)
        mask = masks[k] if masks[k].shape == z.shape else np.ones(z.shape)
        y = np.where(mask != 0, z / keep, 0.0)
    return y, {"inputs": inputs, "masks": masks, "keep": keep}


@mistake("dropout_mlp_forward", says="You leave x as it is; the first mask drops entries of x.")
def input_not_dropped(
    x: Array, weights: list[tuple[Array, Array]], masks: list[Array], keep: float
) -> tuple[Array, dict[str, Any]]:
    inputs, z = [x], x @ weights[0][0] + weights[0][1]
    for k, (W, b) in enumerate(weights[1:], start=1):
        inputs.append(np.where(masks[k] != 0, np.maximum(z, 0) / keep, 0.0))
        z = inputs[k] @ W + b
    return z, {"inputs": inputs, "masks": masks, "keep": keep}


@mistake(
    "dropout_mlp_forward",
    says="Your sum is scaled with its bias; the bias of a unit is never dropped and needs no "
    "factor.",
)
def bias_scaled_as_well(
    x: Array, weights: list[tuple[Array, Array]], masks: list[Array], keep: float
) -> tuple[Array, dict[str, Any]]:
    inputs, z = [], x
    for k, (W, b) in enumerate(weights):
        y = z if k == 0 else np.maximum(z, 0)
        inputs.append(np.where(masks[k] != 0, y / keep, 0.0))
        z = inputs[k] @ W + b / keep
    return z, {"inputs": inputs, "masks": masks, "keep": keep}


@mistake(
    "dropout_mlp_forward",
    says="You enlarge the units that stay and shrink the weights as well: the two scalings are for "
    "two kinds of dropout.",
)
def weights_scaled_as_well(
    x: Array, weights: list[tuple[Array, Array]], masks: list[Array], keep: float
) -> tuple[Array, dict[str, Any]]:
    inputs, z = [], x
    for k, (W, b) in enumerate(weights):
        y = z if k == 0 else np.maximum(z, 0)
        inputs.append(np.where(masks[k] != 0, y / keep, 0.0))
        z = inputs[k] @ (keep * W) + b
    return z, {"inputs": inputs, "masks": masks, "keep": keep}


@mistake("dropout_mlp_forward", says="You add the bias twice.")
def bias_added_twice(
    x: Array, weights: list[tuple[Array, Array]], masks: list[Array], keep: float
) -> tuple[Array, dict[str, Any]]:
    inputs, z = [], x
    for k, (W, b) in enumerate(weights):
        y = z if k == 0 else np.maximum(z, 0)
        inputs.append(np.where(masks[k] != 0, y / keep, 0.0))
        z = inputs[k] @ W + b + b
    return z, {"inputs": inputs, "masks": masks, "keep": keep}


@mistake("dropout_mlp_forward", says="Your logits are rectified; the last layer has no ReLU.")
def logits_rectified(
    x: Array, weights: list[tuple[Array, Array]], masks: list[Array], keep: float
) -> tuple[Array, dict[str, Any]]:
    inputs, y = [], x
    for k, (W, b) in enumerate(weights):
        inputs.append(np.where(masks[k] != 0, y / keep, 0.0))
        y = np.maximum(inputs[k] @ W + b, 0)
    return y, {"inputs": inputs, "masks": masks, "keep": keep}


@mistake("dropout_mlp_forward", says="You rectify x, too; ReLU comes between layers alone.")
def x_rectified(
    x: Array, weights: list[tuple[Array, Array]], masks: list[Array], keep: float
) -> tuple[Array, dict[str, Any]]:
    inputs, z = [], x
    for k, (W, b) in enumerate(weights):
        inputs.append(np.where(masks[k] != 0, np.maximum(z, 0) / keep, 0.0))
        z = inputs[k] @ W + b
    return z, {"inputs": inputs, "masks": masks, "keep": keep}


@mistake(
    "dropout_mlp_forward",
    says="There is no ReLU between your layers.",
)
def relu_forgotten(
    x: Array, weights: list[tuple[Array, Array]], masks: list[Array], keep: float
) -> tuple[Array, dict[str, Any]]:
    inputs, z = [], x
    for k, (W, b) in enumerate(weights):
        inputs.append(np.where(masks[k] != 0, z / keep, 0.0))
        z = inputs[k] @ W + b
    return z, {"inputs": inputs, "masks": masks, "keep": keep}


@mistake(
    "dropout_mlp_forward",
    says="Your logits are right, but the inputs in your cache are those from before dropout; the "
    "way back needs what the layers were really given.",
)
def inputs_from_before_dropout(
    x: Array, weights: list[tuple[Array, Array]], masks: list[Array], keep: float
) -> tuple[Array, dict[str, Any]]:
    inputs, z = [], x
    for k, (W, b) in enumerate(weights):
        inputs.append(z if k == 0 else np.maximum(z, 0))
        z = np.where(masks[k] != 0, inputs[k] / keep, 0.0) @ W + b
    return z, {"inputs": inputs, "masks": masks, "keep": keep}


@mistake(
    "dropout_mlp_forward",
    says="Your cache lacks the masks and keep, which the way back needs.",
)
def masks_not_remembered(
    x: Array, weights: list[tuple[Array, Array]], masks: list[Array], keep: float
) -> tuple[Array, dict[str, Any]]:
    inputs, z = [], x
    for k, (W, b) in enumerate(weights):
        y = z if k == 0 else np.maximum(z, 0)
        inputs.append(np.where(masks[k] != 0, y / keep, 0.0))
        z = inputs[k] @ W + b
    return z, {"inputs": inputs}


@mistake(
    "dropout_mlp_forward",
    says="You give the whole batch the first row of each mask; every instance has a row of its "
    "own.",
)
def one_mask_row_for_the_batch(
    x: Array, weights: list[tuple[Array, Array]], masks: list[Array], keep: float
) -> tuple[Array, dict[str, Any]]:
    inputs, z = [], x
    for k, (W, b) in enumerate(weights):
        y = z if k == 0 else np.maximum(z, 0)
        inputs.append(np.where(masks[k][:1] != 0, y / keep, 0.0))
        z = inputs[k] @ W + b
    return z, {"inputs": inputs, "masks": masks, "keep": keep}


@mistake(
    "dropout_mlp_forward",
    says="You draw masks of your own instead of using those that are handed in.",
)
def masks_drawn_anew(
    x: Array, weights: list[tuple[Array, Array]], masks: list[Array], keep: float
) -> tuple[Array, dict[str, Any]]:
    rng, inputs, z = np.random.default_rng(0), [], x
    drawn = [rng.random(mask.shape) < keep for mask in masks]
    for k, (W, b) in enumerate(weights):
        y = z if k == 0 else np.maximum(z, 0)
        inputs.append(np.where(drawn[k], y / keep, 0.0))
        z = inputs[k] @ W + b
    return z, {"inputs": inputs, "masks": drawn, "keep": keep}


@mistake("dropout_mlp_forward", says="Your masks turn float32 into float64.")
def promoted_by_the_masks(
    x: Array, weights: list[tuple[Array, Array]], masks: list[Array], keep: float
) -> tuple[Array, dict[str, Any]]:
    inputs, z = [], x
    for k, (W, b) in enumerate(weights):
        y = z if k == 0 else np.maximum(z, 0)
        inputs.append(y * masks[k] / keep)
        z = inputs[k] @ W + b
    return z, {"inputs": inputs, "masks": masks, "keep": keep}


@mistake(
    "dropout_mlp_forward",
    says="Your logits are right, but dropping in place changes the caller's own x.",
)
def dropped_in_place(
    x: Array, weights: list[tuple[Array, Array]], masks: list[Array], keep: float
) -> tuple[Array, dict[str, Any]]:
    inputs, y = [], x
    for k, (W, b) in enumerate(weights):
        y[masks[k] == 0] = 0
        y /= keep
        inputs.append(y)
        z = y @ W + b
        y = np.maximum(z, 0)
    return z, {"inputs": inputs, "masks": masks, "keep": keep}


@variant("dropout_mlp_forward")
def scaled_masks(
    x: Array, weights: list[tuple[Array, Array]], masks: list[Array], keep: float
) -> tuple[Array, dict[str, Any]]:
    cache: dict[str, Any] = {"inputs": [], "masks": [], "keep": keep}
    y = x
    for (W, b), mask in zip(weights, masks, strict=True):
        h = y * (mask / keep).astype(y.dtype)
        cache["inputs"].append(h)
        cache["masks"].append(np.asarray(mask))
        z = np.einsum("nd,dm->nm", h, W) + b
        y = z * (z > 0)
    return z, cache


@variant("dropout_mlp_forward")
def dropped_before_relu(
    x: Array, weights: list[tuple[Array, Array]], masks: list[Array], keep: float
) -> tuple[Array, dict[str, Any]]:
    inputs = [np.where(masks[0], x / keep, 0)]
    for (W, b), mask in zip(weights[:-1], masks[1:], strict=True):
        inputs.append(np.where(mask, inputs[-1].dot(W) + b, 0).clip(min=0) / keep)
    W, b = weights[-1]
    return inputs[-1].dot(W) + b, {"keep": keep, "masks": tuple(masks), "inputs": tuple(inputs)}


@variant("dropout_mlp_forward")
def scaled_after_the_sum(
    x: Array,
    weights: list[tuple[Array, Array]],
    masks: list[Array],
    keep: float,
    training: bool = True,
) -> tuple[Array, dict[str, Any]]:
    inputs, sums, y = [], [], x.copy()
    for k in range(len(weights)):
        on = masks[k].astype(bool) if training else np.ones(y.shape, dtype=bool)
        y[~on] = 0
        inputs.append(y / keep)
        sums.append((y @ weights[k][0]) / keep + weights[k][1])
        y = np.maximum(sums[-1], 0)
    return sums[-1], {"inputs": inputs, "masks": masks, "keep": keep, "sums": sums}
