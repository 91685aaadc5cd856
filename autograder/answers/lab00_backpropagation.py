"""Lab 00: answers to the multilayer perceptron, backward."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake("mlp_backward", says="Your gradients come from the last layer to the first.")
def last_layer_first(
    dlogits: Array, weights: list[tuple[Array, Array]], cache: dict[str, Any]
) -> list[tuple[Array, Array]]:
    gradients, dz = [], dlogits
    for x, (W, _) in zip(cache["inputs"][::-1], weights[::-1], strict=True):
        gradients.append((x.T @ dz, dz.sum(axis=0)))
        dz = np.where(x > 0, dz @ W.T, 0)
    return gradients


@mistake(
    "mlp_backward",
    says="Your derivative passes ReLU as if it were not there: a unit that is off lets none "
    "through.",
)
def relu_forgotten(
    dlogits: Array, weights: list[tuple[Array, Array]], cache: dict[str, Any]
) -> list[tuple[Array, Array]]:
    gradients, dz = [], dlogits
    for x, (W, _) in zip(cache["inputs"][::-1], weights[::-1], strict=True):
        gradients.append((x.T @ dz, dz.sum(axis=0)))
        dz = dz @ W.T
    return gradients[::-1]


@mistake("mlp_backward", says="A unit whose output is zero is off, and yours lets it pass.")
def zero_counts_as_on(
    dlogits: Array, weights: list[tuple[Array, Array]], cache: dict[str, Any]
) -> list[tuple[Array, Array]]:
    gradients, dz = [], dlogits
    for x, (W, _) in zip(cache["inputs"][::-1], weights[::-1], strict=True):
        gradients.append((x.T @ dz, dz.sum(axis=0)))
        dz = np.where(x >= 0, dz @ W.T, 0)
    return gradients[::-1]


@mistake("mlp_backward", says="You decide which units are on by the derivative's sign.")
def derivative_rectified(
    dlogits: Array, weights: list[tuple[Array, Array]], cache: dict[str, Any]
) -> list[tuple[Array, Array]]:
    gradients, dz = [], dlogits
    for x, (W, _) in zip(cache["inputs"][::-1], weights[::-1], strict=True):
        gradients.append((x.T @ dz, dz.sum(axis=0)))
        dz = np.maximum(dz @ W.T, 0)
    return gradients[::-1]


@mistake("mlp_backward", says="You multiply by the units' outputs; it matters only if they are on.")
def outputs_as_slopes(
    dlogits: Array, weights: list[tuple[Array, Array]], cache: dict[str, Any]
) -> list[tuple[Array, Array]]:
    gradients, dz = [], dlogits
    for x, (W, _) in zip(cache["inputs"][::-1], weights[::-1], strict=True):
        gradients.append((x.T @ dz, dz.sum(axis=0)))
        dz = dz @ W.T * x
    return gradients[::-1]


@mistake(
    "mlp_backward", says="Your loss has taken its mean already, and you divide by the rows again."
)
def mean_over_rows_again(
    dlogits: Array, weights: list[tuple[Array, Array]], cache: dict[str, Any]
) -> list[tuple[Array, Array]]:
    gradients, dz = [], dlogits
    for x, (W, _) in zip(cache["inputs"][::-1], weights[::-1], strict=True):
        gradients.append((x.T @ dz / len(x), dz.mean(axis=0)))
        dz = np.where(x > 0, dz @ W.T, 0)
    return gradients[::-1]


@mistake(
    "mlp_backward", says="Your biases take the mean of their derivatives, your weights the sum."
)
def bias_gradients_as_means(
    dlogits: Array, weights: list[tuple[Array, Array]], cache: dict[str, Any]
) -> list[tuple[Array, Array]]:
    gradients, dz = [], dlogits
    for x, (W, _) in zip(cache["inputs"][::-1], weights[::-1], strict=True):
        gradients.append((x.T @ dz, dz.mean(axis=0)))
        dz = np.where(x > 0, dz @ W.T, 0)
    return gradients[::-1]


@mistake("mlp_backward", says="Your biases' derivatives still have a row for each of the batch.")
def bias_gradients_not_summed(
    dlogits: Array, weights: list[tuple[Array, Array]], cache: dict[str, Any]
) -> list[tuple[Array, Array]]:
    gradients, dz = [], dlogits
    for x, (W, _) in zip(cache["inputs"][::-1], weights[::-1], strict=True):
        gradients.append((x.T @ dz, dz.copy()))
        dz = np.where(x > 0, dz @ W.T, 0)
    return gradients[::-1]


@mistake("mlp_backward", says="Your first layer's gradient is missing.")
def first_layer_left_out(
    dlogits: Array, weights: list[tuple[Array, Array]], cache: dict[str, Any]
) -> list[tuple[Array, Array]]:
    gradients, dz = [], dlogits
    for k in range(len(weights) - 1, 0, -1):
        x, W = cache["inputs"][k], weights[k][0]
        gradients.append((x.T @ dz, dz.sum(axis=0)))
        dz = np.where(x > 0, dz @ W.T, 0)
    return gradients[::-1]


@mistake("mlp_backward", says="You return the weights' gradients without the biases'.")
def weights_alone(
    dlogits: Array, weights: list[tuple[Array, Array]], cache: dict[str, Any]
) -> list[Array]:
    gradients, dz = [], dlogits
    for x, (W, _) in zip(cache["inputs"][::-1], weights[::-1], strict=True):
        gradients.append(x.T @ dz)
        dz = np.where(x > 0, dz @ W.T, 0)
    return gradients[::-1]


@mistake("mlp_backward", says="Each pair of yours has the bias's gradient first.")
def bias_before_weights(
    dlogits: Array, weights: list[tuple[Array, Array]], cache: dict[str, Any]
) -> list[tuple[Array, Array]]:
    gradients, dz = [], dlogits
    for x, (W, _) in zip(cache["inputs"][::-1], weights[::-1], strict=True):
        gradients.append((dz.sum(axis=0), x.T @ dz))
        dz = np.where(x > 0, dz @ W.T, 0)
    return gradients[::-1]


@mistake("mlp_backward", says="You rectify x, too, for the first layer's gradient; x has no ReLU.")
def x_rectified(
    dlogits: Array, weights: list[tuple[Array, Array]], cache: dict[str, Any]
) -> list[tuple[Array, Array]]:
    gradients, dz = [], dlogits
    for x, (W, _) in zip(cache["inputs"][::-1], weights[::-1], strict=True):
        gradients.append((np.maximum(x, 0).T @ dz, dz.sum(axis=0)))
        dz = np.where(x > 0, dz @ W.T, 0)
    return gradients[::-1]


@mistake(
    "mlp_backward",
    says="With one layer alone your function fails: there may be no hidden layer.",
)
def hidden_layer_taken_for_granted(
    dlogits: Array, weights: list[tuple[Array, Array]], cache: dict[str, Any]
) -> list[tuple[Array, Array]]:
    inputs = cache["inputs"]
    gradients = [(inputs[-1].T @ dlogits, dlogits.sum(axis=0))]
    dz = np.where(inputs[-1] > 0, dlogits @ weights[-1][0].T, 0)
    for k in range(len(weights) - 2, 0, -1):
        gradients.append((inputs[k].T @ dz, dz.sum(axis=0)))
        dz = np.where(inputs[k] > 0, dz @ weights[k][0].T, 0)
    gradients.append((inputs[0].T @ dz, dz.sum(axis=0)))
    return gradients[::-1]


@mistake("mlp_backward", says="You pass the derivative through the weights the wrong way round.")
def weights_the_wrong_way_round(
    dlogits: Array, weights: list[tuple[Array, Array]], cache: dict[str, Any]
) -> list[tuple[Array, Array]]:
    gradients, dz = [], dlogits
    for x, (W, _) in zip(cache["inputs"][::-1], weights[::-1], strict=True):
        gradients.append((x.T @ dz, dz.sum(axis=0)))
        dz = np.where(x > 0, dz @ W, 0)
    return gradients[::-1]


@mistake("mlp_backward", says="Your derivatives grow into float64, whatever they are given.")
def gradients_in_float64(
    dlogits: Array, weights: list[tuple[Array, Array]], cache: dict[str, Any]
) -> list[tuple[Array, Array]]:
    gradients, dz = [], np.array(dlogits, dtype=float)
    for x, (W, _) in zip(cache["inputs"][::-1], weights[::-1], strict=True):
        gradients.append((x.T @ dz, dz.sum(axis=0)))
        dz = np.where(x > 0, dz @ W.T, 0)
    return gradients[::-1]


@mistake(
    "mlp_backward",
    says="You turn the cached inputs into masks where they are: that changes the caller's arrays.",
)
def cache_turned_into_masks(
    dlogits: Array, weights: list[tuple[Array, Array]], cache: dict[str, Any]
) -> list[tuple[Array, Array]]:
    gradients, dz = [], dlogits
    for x, (W, _) in zip(cache["inputs"][::-1], weights[::-1], strict=True):
        gradients.append((x.T @ dz, dz.sum(axis=0)))
        x[x > 0] = 1
        dz = dz @ W.T * x
    return gradients[::-1]


@variant("mlp_backward")
def counted_downwards(
    dlogits: Array, weights: list[tuple[Array, Array]], cache: dict[str, Any]
) -> list[list[Array]]:
    inputs = cache["inputs"]
    gradients: list[list[Array]] = [[] for _ in weights]
    dz = dlogits.copy()
    k = len(weights) - 1
    while k >= 0:
        gradients[k] = [np.einsum("nd,nm->dm", inputs[k], dz), np.einsum("nm->m", dz)]
        dz = np.einsum("nm,dm->nd", dz, weights[k][0])
        dz[inputs[k] <= 0] = 0
        k -= 1
    return gradients


@variant("mlp_backward")
def masks_from_recomputed_sums(
    dlogits: Array, weights: list[tuple[Array, Array]], cache: dict[str, Any]
) -> list[tuple[Array, Array]]:
    inputs = cache["inputs"]
    gradients = [(inputs[-1].T @ dlogits, dlogits.sum(axis=0))]
    dz = dlogits
    for k in range(len(weights) - 2, -1, -1):
        W, b = weights[k]
        dz = dz @ weights[k + 1][0].T * (inputs[k] @ W + b > 0)
        gradients.insert(0, (inputs[k].T @ dz, dz.sum(axis=0)))
    return gradients


@variant("mlp_backward")
def inputs_popped_from_a_copy(
    dlogits: Array, weights: list[tuple[Array, Array]], cache: dict[str, Any], scale: float = 1.0
) -> tuple[tuple[Array, Array], ...]:
    inputs = list(cache["inputs"])
    gradients: tuple[tuple[Array, Array], ...] = ()
    dz = dlogits * scale
    for W, _ in reversed(weights):
        x = inputs.pop()
        gradients = ((np.dot(x.T, dz), np.add.reduce(dz, axis=0)), *gradients)
        dz = np.dot(dz, W.T) * np.heaviside(x, x.dtype.type(0))
    return gradients
