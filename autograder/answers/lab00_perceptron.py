"""Lab 00: answers to the multilayer perceptron, forward."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake("mlp_forward", says="Your last layer is rectified too; logits may be negative.")
def logits_rectified(x: Array, weights: list[tuple[Array, Array]]) -> tuple[Array, Any]:
    inputs = [x]
    for W, b in weights:
        inputs.append(np.maximum(inputs[-1] @ W + b, 0))
    return inputs[-1], {"inputs": inputs[:-1]}


@mistake(
    "mlp_forward", says="There is no ReLU between your layers: together they are one linear map."
)
def layers_without_relu(x: Array, weights: list[tuple[Array, Array]]) -> tuple[Array, Any]:
    inputs = [x]
    for W, b in weights:
        inputs.append(inputs[-1] @ W + b)
    return inputs[-1], {"inputs": inputs[:-1]}


@mistake("mlp_forward", says="Your layers have no biases.")
def perceptron_without_biases(x: Array, weights: list[tuple[Array, Array]]) -> tuple[Array, Any]:
    inputs = [x]
    for W, _ in weights[:-1]:
        inputs.append(np.maximum(inputs[-1] @ W, 0))
    return inputs[-1] @ weights[-1][0], {"inputs": inputs}


@mistake("mlp_forward", says="You add a hidden layer's bias after its ReLU; it belongs before.")
def bias_after_relu(x: Array, weights: list[tuple[Array, Array]]) -> tuple[Array, Any]:
    inputs = [x]
    for W, b in weights[:-1]:
        inputs.append(np.maximum(inputs[-1] @ W, 0) + b)
    W, b = weights[-1]
    return inputs[-1] @ W + b, {"inputs": inputs}


@mistake("mlp_forward", says="You rectify what enters a layer, x as well, not what leaves it.")
def inputs_rectified(x: Array, weights: list[tuple[Array, Array]]) -> tuple[Array, Any]:
    inputs, y = [], x
    for W, b in weights:
        inputs.append(np.maximum(y, 0))
        y = inputs[-1] @ W + b
    return y, {"inputs": inputs}


@mistake("mlp_forward", says="Your hidden units squash by tanh; they are to be ReLUs.")
def hidden_tanh(x: Array, weights: list[tuple[Array, Array]]) -> tuple[Array, Any]:
    inputs = [x]
    for W, b in weights[:-1]:
        inputs.append(np.tanh(inputs[-1] @ W + b))
    W, b = weights[-1]
    return inputs[-1] @ W + b, {"inputs": inputs}


@mistake("mlp_forward", says="Your cache lacks x, the input of the first layer.")
def cache_without_x(x: Array, weights: list[tuple[Array, Array]]) -> tuple[Array, Any]:
    inputs, y = [], x
    for W, b in weights[:-1]:
        y = np.maximum(y @ W + b, 0)
        inputs.append(y)
    W, b = weights[-1]
    return y @ W + b, {"inputs": inputs}


@mistake("mlp_forward", says="Your cache ends with the logits, which are no layer's input.")
def logits_in_the_cache(x: Array, weights: list[tuple[Array, Array]]) -> tuple[Array, Any]:
    inputs = [x]
    for k, (W, b) in enumerate(weights):
        z = inputs[-1] @ W + b
        inputs.append(np.maximum(z, 0) if k + 1 < len(weights) else z)
    return inputs[-1], {"inputs": inputs}


@mistake(
    "mlp_forward", says="Your cache holds the sums before ReLU; the next layer's input is after."
)
def sums_in_the_cache(x: Array, weights: list[tuple[Array, Array]]) -> tuple[Array, Any]:
    inputs, y = [x], x
    for W, b in weights[:-1]:
        inputs.append(y @ W + b)
        y = np.maximum(inputs[-1], 0)
    W, b = weights[-1]
    return y @ W + b, {"inputs": inputs}


@mistake("mlp_forward", says="Your cache is a bare list; it is to be a dict that names its entry.")
def cache_as_a_list(x: Array, weights: list[tuple[Array, Array]]) -> tuple[Array, Any]:
    inputs = [x]
    for W, b in weights[:-1]:
        inputs.append(np.maximum(inputs[-1] @ W + b, 0))
    W, b = weights[-1]
    return inputs[-1] @ W + b, inputs


@mistake("mlp_forward", says="You return the logits without the cache.")
def logits_alone(x: Array, weights: list[tuple[Array, Array]]) -> Array:
    for W, b in weights[:-1]:
        x = np.maximum(x @ W + b, 0)
    return x @ weights[-1][0] + weights[-1][1]


@mistake("mlp_forward", says="Your cache has the inputs from the last layer back to the first.")
def cache_backwards(x: Array, weights: list[tuple[Array, Array]]) -> tuple[Array, Any]:
    inputs = [x]
    for W, b in weights[:-1]:
        inputs.insert(0, np.maximum(inputs[0] @ W + b, 0))
    W, b = weights[-1]
    return inputs[0] @ W + b, {"inputs": inputs}


@mistake("mlp_forward", says="Your perceptron has two layers always, however many it is given.")
def two_layers_always(x: Array, weights: list[tuple[Array, Array]]) -> tuple[Array, Any]:
    W, b = weights[0]
    y = np.maximum(x @ W + b, 0)
    W, b = weights[1]
    return y @ W + b, {"inputs": [x, y]}


@mistake("mlp_forward", says="With one layer alone yours is rectified; the last layer never is.")
def first_layer_always_rectified(x: Array, weights: list[tuple[Array, Array]]) -> tuple[Array, Any]:
    inputs, y = [x], np.maximum(x @ weights[0][0] + weights[0][1], 0)
    for k, (W, b) in enumerate(weights[1:], start=2):
        inputs.append(y)
        y = y @ W + b
        if k < len(weights):
            y = np.maximum(y, 0)
    return y, {"inputs": inputs}


@mistake("mlp_forward", says="You turn the inputs into float64.")
def perceptron_in_float64(x: Array, weights: list[tuple[Array, Array]]) -> tuple[Array, Any]:
    inputs = [np.array(x, dtype=float)]
    for W, b in weights[:-1]:
        inputs.append(np.maximum(inputs[-1] @ W + b, 0))
    W, b = weights[-1]
    return inputs[-1] @ W + b, {"inputs": inputs}


@variant("mlp_forward")
def relu_before_all_but_the_first(
    x: Array, weights: list[tuple[Array, Array]]
) -> tuple[Array, Any]:
    inputs: list[Array] = []
    z = x
    for k, (W, b) in enumerate(weights):
        inputs.append(z * (z > 0) if k else z)
        z = inputs[-1] @ W + b
    return z, {"inputs": inputs}


@variant("mlp_forward")
def cache_with_more_in_it(x: Array, weights: list[tuple[Array, Array]]) -> tuple[Array, Any]:
    cache: dict[str, Any] = {"inputs": (x.copy(),), "sums": []}
    for index, (W, b) in enumerate(weights, start=1):
        z = np.einsum("nd,dm->nm", cache["inputs"][-1], W) + b
        cache["sums"].append(z)
        if index < len(weights):
            cache["inputs"] += (np.where(z > 0, z, np.zeros_like(z)),)
    return cache["sums"][-1], cache


@variant("mlp_forward")
def sums_rectified_in_place(
    x: Array, weights: list[tuple[Array, Array]], training: bool = True
) -> list[Any]:
    inputs = [x]
    *hidden, (W, b) = weights
    for hidden_W, hidden_b in hidden:
        z = np.dot(inputs[-1], hidden_W)
        z += hidden_b
        z[z < 0] = 0
        inputs.append(z)
    return [inputs[-1].dot(W) + b, {"inputs": inputs}]
