"""Lab 06: answers to layer-sequential unit variance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "lsuv",
    says="You divide the weights by the variance; it is the deviation that should become one.",
)
def scaled_by_the_variance(x: Array, weights: Sequence[Array], nonlinearity: str) -> list[Array]:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    y, scaled = x, []
    for W in weights:
        W = W / (y @ W).var()
        scaled.append(W)
        z = y @ W
        y = np.tanh(z) if nonlinearity == "tanh" else np.maximum(z, 0)
    return scaled


@mistake(
    "lsuv",
    says="You measure the deviation after the nonlinearity; it is asked for before.",
)
def measured_after_the_nonlinearity(
    x: Array, weights: Sequence[Array], nonlinearity: str
) -> list[Array]:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    y, scaled = x, []
    for W in weights:
        z = y @ W
        W = W / (np.tanh(z) if nonlinearity == "tanh" else np.maximum(z, 0)).std()
        scaled.append(W)
        z = y @ W
        y = np.tanh(z) if nonlinearity == "tanh" else np.maximum(z, 0)
    return scaled


@mistake(
    "lsuv",
    says="The next layer of yours is measured on what the old weights give; once a layer has been "
    "scaled, the layers after it see other inputs.",
)
def scaled_layer_not_passed_on(
    x: Array, weights: Sequence[Array], nonlinearity: str
) -> list[Array]:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    y, scaled = x, []
    for W in weights:
        z = y @ W
        scaled.append(W / z.std())
        y = np.tanh(z) if nonlinearity == "tanh" else np.maximum(z, 0)
    return scaled


@mistake(
    "lsuv",
    says="The nonlinearity between your layers is missing: the sums are handed on as they are.",
)
def nonlinearity_missing(x: Array, weights: Sequence[Array], nonlinearity: str) -> list[Array]:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    y, scaled = x, []
    for W in weights:
        z = y @ W
        scaled.append(W / z.std())
        y = z / z.std()
    return scaled


@mistake(
    "lsuv",
    says="You use one nonlinearity between the layers, whatever is asked for.",
)
def always_relu(x: Array, weights: Sequence[Array], nonlinearity: str) -> list[Array]:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    y, scaled = x, []
    for W in weights:
        z = y @ W
        scaled.append(W / z.std())
        y = np.maximum(z / z.std(), 0)
    return scaled


@mistake(
    "lsuv",
    says="Each of your units is scaled by a deviation of its own; a layer has one number, over all "
    "of its entries.",
)
def unit_by_unit(x: Array, weights: Sequence[Array], nonlinearity: str) -> list[Array]:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    y, scaled = x, []
    for W in weights:
        std = (y @ W).std(axis=0)
        scaled.append(W / std)
        z = y @ scaled[-1]
        y = np.tanh(z) if nonlinearity == "tanh" else np.maximum(z, 0)
    return scaled


@mistake(
    "lsuv",
    says="You divide by the deviation of the weights; that of the sums which they make is meant.",
)
def deviation_of_the_weights(x: Array, weights: Sequence[Array], nonlinearity: str) -> list[Array]:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    return [W / W.std() for W in weights]


@mistake(
    "lsuv",
    says="You divide by the root mean square, in which the mean of the sums still stands.",
)
def mean_not_taken_off(x: Array, weights: Sequence[Array], nonlinearity: str) -> list[Array]:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    y, scaled = x, []
    for W in weights:
        z = y @ W
        size = np.sqrt((z**2).mean())
        scaled.append(W / size)
        y = np.tanh(z / size) if nonlinearity == "tanh" else np.maximum(z / size, 0)
    return scaled


@mistake(
    "lsuv",
    says="Your factor is turned over: layers that were too wide become wider still.",
)
def multiplied_by_the_deviation(
    x: Array, weights: Sequence[Array], nonlinearity: str
) -> list[Array]:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    y, scaled = x, []
    for W in weights:
        W = W * (y @ W).std()
        scaled.append(W)
        y = np.tanh(y @ W) if nonlinearity == "tanh" else np.maximum(y @ W, 0)
    return scaled


@mistake(
    "lsuv",
    says="You make the weights orthogonal first, and so change their directions; the ones that you "
    "are given are only to be scaled.",
)
def made_orthogonal_first(x: Array, weights: Sequence[Array], nonlinearity: str) -> list[Array]:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    y, scaled = x, []
    for W in weights:
        u, _, vt = np.linalg.svd(W, full_matrices=False)
        z = y @ (u @ vt)
        scaled.append((u @ vt) / z.std())
        y = np.tanh(z / z.std()) if nonlinearity == "tanh" else np.maximum(z / z.std(), 0)
    return scaled


@mistake(
    "lsuv",
    says="You divide by one entry less than there are when you take the deviation.",
)
def unbiased_deviation(x: Array, weights: Sequence[Array], nonlinearity: str) -> list[Array]:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    y, scaled = x, []
    for W in weights:
        z = y @ W
        z, W = z / z.std(ddof=1), W / z.std(ddof=1)
        scaled.append(W)
        y = np.tanh(z) if nonlinearity == "tanh" else np.maximum(z, 0)
    return scaled


@mistake(
    "lsuv",
    says="Your inputs are standardised before the first layer; they are to be taken as they come.",
)
def inputs_standardized(x: Array, weights: Sequence[Array], nonlinearity: str) -> list[Array]:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    y, scaled = (x - x.mean()) / x.std(), []
    for W in weights:
        z = y @ W
        scaled.append(W / z.std())
        y = np.tanh(z / z.std()) if nonlinearity == "tanh" else np.maximum(z / z.std(), 0)
    return scaled


@mistake(
    "lsuv",
    says="Your scaled weights are float64 even where inputs and weights are float32.",
)
def scaled_in_float64(x: Array, weights: Sequence[Array], nonlinearity: str) -> list[Array]:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    y, scaled = np.asarray(x, dtype=float), []
    for W in weights:
        z = y @ W
        scaled.append(W / z.std())
        y = np.tanh(z / z.std()) if nonlinearity == "tanh" else np.maximum(z / z.std(), 0)
    return scaled


@mistake(
    "lsuv",
    says="Your scaled weights are right, but scaling them in place changes the caller's own.",
)
def weights_overwritten(x: Array, weights: Sequence[Array], nonlinearity: str) -> list[Array]:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    y, scaled = x, []
    for W in weights:
        W /= (y @ W).std()
        scaled.append(W)
        y = np.tanh(y @ W) if nonlinearity == "tanh" else np.maximum(y @ W, 0)
    return scaled


@mistake(
    "lsuv",
    says="A nonlinearity that you do not know quietly counts as none; a misspelt name should be "
    "refused.",
)
def unknown_counts_as_none(x: Array, weights: Sequence[Array], nonlinearity: str) -> list[Array]:
    y, scaled = x, []
    for W in weights:
        y = y @ W
        scaled.append(W / y.std())
        y = y / y.std()
        if nonlinearity == "tanh":
            y = np.tanh(y)
        if nonlinearity == "relu":
            y = np.maximum(y, 0)
    return scaled


@variant("lsuv")
def copies_scaled_in_place(x: Array, weights: Sequence[Array], nonlinearity: str) -> list[Array]:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    scaled = [W.copy() for W in weights]
    y = x.copy()
    for k in range(len(scaled)):
        scaled[k] /= np.std(y @ scaled[k])
        y = y @ scaled[k]
        if nonlinearity == "tanh":
            np.tanh(y, out=y)
        else:
            y[y < 0] = 0
    return scaled


@variant("lsuv")
def until_the_deviation_is_one(
    x: Array,
    weights: Sequence[Array],
    nonlinearity: str,
    tolerance: float = 1e-3,
    passes: int = 10,
) -> list[Array]:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    y = x
    scaled: list[Array] = []
    for W in weights:
        for _ in range(passes):
            std = (y @ W).std()
            if abs(std - 1) < tolerance and W is not weights[len(scaled)]:
                break
            W = W / std
        scaled.append(W)
        y = np.tanh(y @ W) if nonlinearity == "tanh" else np.clip(y @ W, 0, None)
    return scaled


@variant("lsuv")
def whole_net_again_for_each_layer(
    x: Array, weights: Sequence[Array], nonlinearity: str
) -> list[Array]:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    activate = np.tanh if nonlinearity == "tanh" else (lambda z: z * (z > 0))
    scaled: list[Array] = []
    for W in weights:
        y = x
        for below in scaled:
            y = activate(np.einsum("ni,ij->nj", y, below))
        z = np.einsum("ni,ij->nj", y, W)
        scaled.append(W / np.sqrt(np.mean((z - z.mean()) ** 2)))
    return scaled


@variant("lsuv")
def by_recursion(x: Array, weights: Sequence[Array], nonlinearity: str) -> list[Array]:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)

    def rest(y: Array, left: Sequence[Array]) -> list[Array]:
        if len(left) == 0:
            return []
        z = y @ left[0]
        factor = 1 / z.ravel().std()
        z = z * factor
        out = np.tanh(z) if nonlinearity == "tanh" else np.maximum(z, 0)
        return [left[0] * factor, *rest(out, left[1:])]

    return rest(x, weights)
