"""Lab 06: answers to the statistics of a signal on its way through the layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "activation_statistics",
    says="Your statistics are taken before the nonlinearity; they are asked for after it.",
)
def before_the_nonlinearity(
    x: Array, weights: Sequence[Array], nonlinearity: str
) -> tuple[Array, Array]:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    y, means, stds = x, [], []
    for W in weights:
        z = y @ W
        means.append(z.mean())
        stds.append(z.std())
        y = np.tanh(z) if nonlinearity == "tanh" else np.maximum(z, 0)
    return np.array(means), np.array(stds)


@mistake(
    "activation_statistics",
    says="Your statistics begin with those of the inputs; the first layer's outputs come first.",
)
def inputs_counted_as_a_layer(
    x: Array, weights: Sequence[Array], nonlinearity: str
) -> tuple[Array, Array]:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    outputs = [x]
    for W in weights:
        z = outputs[-1] @ W
        outputs.append(np.tanh(z) if nonlinearity == "tanh" else np.maximum(z, 0))
    return np.array([y.mean() for y in outputs]), np.array([y.std() for y in outputs])


@mistake(
    "activation_statistics",
    says="Your statistics are one layer late: they begin with the inputs and lack the last layer.",
)
def last_layer_missing(
    x: Array, weights: Sequence[Array], nonlinearity: str
) -> tuple[Array, Array]:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    y, means, stds = x, [], []
    for W in weights:
        means.append(y.mean())
        stds.append(y.std())
        y = np.tanh(y @ W) if nonlinearity == "tanh" else np.maximum(y @ W, 0)
    return np.array(means), np.array(stds)


@mistake(
    "activation_statistics",
    says="Your spread is the variance; the standard deviation is its root.",
)
def variances(x: Array, weights: Sequence[Array], nonlinearity: str) -> tuple[Array, Array]:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    y, means, spreads = x, [], []
    for W in weights:
        y = np.tanh(y @ W) if nonlinearity == "tanh" else np.maximum(y @ W, 0)
        means.append(y.mean())
        spreads.append(y.var())
    return np.array(means), np.array(spreads)


@mistake(
    "activation_statistics",
    says="Your spread is a root mean square: the mean has to be taken off first.",
)
def mean_not_taken_off(
    x: Array, weights: Sequence[Array], nonlinearity: str
) -> tuple[Array, Array]:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    y, means, spreads = x, [], []
    for W in weights:
        y = np.tanh(y @ W) if nonlinearity == "tanh" else np.maximum(y @ W, 0)
        means.append(y.mean())
        spreads.append(np.sqrt((y**2).mean()))
    return np.array(means), np.array(spreads)


@mistake(
    "activation_statistics",
    says="You divide by one entry less than there are; here the deviation is over all entries.",
)
def unbiased_deviation(
    x: Array, weights: Sequence[Array], nonlinearity: str
) -> tuple[Array, Array]:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    y, means, stds = x, [], []
    for W in weights:
        y = np.tanh(y @ W) if nonlinearity == "tanh" else np.maximum(y @ W, 0)
        means.append(y.mean())
        stds.append(y.std(ddof=1))
    return np.array(means), np.array(stds)


@mistake(
    "activation_statistics",
    says="Your deviation is that within a unit, averaged; it is asked for over all entries.",
)
def deviation_of_each_unit_averaged(
    x: Array, weights: Sequence[Array], nonlinearity: str
) -> tuple[Array, Array]:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    y, means, stds = x, [], []
    for W in weights:
        y = np.tanh(y @ W) if nonlinearity == "tanh" else np.maximum(y @ W, 0)
        means.append(y.mean(axis=0).mean())
        stds.append(y.std(axis=0).mean())
    return np.array(means), np.array(stds)


@mistake(
    "activation_statistics",
    says="Every layer of yours works on the inputs, not on the outputs of the layer before.",
)
def signal_not_passed_on(
    x: Array, weights: Sequence[Array], nonlinearity: str
) -> tuple[Array, Array]:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    y, means, stds = x, [], []
    for W in weights:
        z = (x if x.shape[1] == W.shape[0] else y) @ W
        y = np.tanh(z) if nonlinearity == "tanh" else np.maximum(z, 0)
        means.append(y.mean())
        stds.append(y.std())
    return np.array(means), np.array(stds)


@mistake(
    "activation_statistics",
    says="The sums are handed to the next layer as they are, without the nonlinearity.",
)
def sums_passed_on(x: Array, weights: Sequence[Array], nonlinearity: str) -> tuple[Array, Array]:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    z, means, stds = x, [], []
    for W in weights:
        z = z @ W
        y = np.tanh(z) if nonlinearity == "tanh" else np.maximum(z, 0)
        means.append(y.mean())
        stds.append(y.std())
    return np.array(means), np.array(stds)


@mistake(
    "activation_statistics",
    says="You use one nonlinearity whatever is asked for.",
)
def always_tanh(x: Array, weights: Sequence[Array], nonlinearity: str) -> tuple[Array, Array]:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    y, means, stds = x, [], []
    for W in weights:
        y = np.tanh(y @ W)
        means.append(y.mean())
        stds.append(y.std())
    return np.array(means), np.array(stds)


@mistake(
    "activation_statistics",
    says="The deviations come before the means in your answer; it is the other way round.",
)
def deviations_first(x: Array, weights: Sequence[Array], nonlinearity: str) -> tuple[Array, Array]:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    y, means, stds = x, [], []
    for W in weights:
        y = np.tanh(y @ W) if nonlinearity == "tanh" else np.maximum(y @ W, 0)
        means.append(y.mean())
        stds.append(y.std())
    return np.array(stds), np.array(means)


@mistake(
    "activation_statistics",
    says="Your statistics are float64 even where inputs and weights are float32.",
)
def statistics_always_float64(
    x: Array, weights: Sequence[Array], nonlinearity: str
) -> tuple[Array, Array]:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    means, stds = np.zeros(len(weights)), np.zeros(len(weights))
    for k, W in enumerate(weights):
        x = np.tanh(x @ W) if nonlinearity == "tanh" else np.maximum(x @ W, 0)
        means[k], stds[k] = x.mean(), x.std()
    return means, stds


@mistake(
    "activation_statistics",
    says="The values are right, but in a list; what is asked for is an array of a number a layer.",
)
def lists_of_numbers(
    x: Array, weights: Sequence[Array], nonlinearity: str
) -> tuple[list[float], list[float]]:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    means, stds = [], []
    for W in weights:
        x = np.tanh(x @ W) if nonlinearity == "tanh" else np.maximum(x @ W, 0)
        means.append(float(x.mean()))
        stds.append(float(x.std()))
    return means, stds


@mistake(
    "activation_statistics",
    says="Your statistics are right, but your sums change the caller's own weights.",
)
def weights_overwritten(
    x: Array, weights: Sequence[Array], nonlinearity: str
) -> tuple[Array, Array]:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    y, means, stds = x, [], []
    for W in weights:
        y = np.tanh(y @ W) if nonlinearity == "tanh" else np.maximum(y @ W, 0)
        W -= W.mean()
        means.append(y.mean())
        stds.append(y.std())
    return np.array(means), np.array(stds)


@mistake(
    "activation_statistics",
    says="A nonlinearity that you do not know quietly counts as ReLU; a misspelt name should be "
    "refused.",
)
def unknown_counts_as_relu(
    x: Array, weights: Sequence[Array], nonlinearity: str
) -> tuple[Array, Array]:
    means, stds = [], []
    for W in weights:
        x = np.tanh(x @ W) if nonlinearity == "tanh" else np.maximum(x @ W, 0)
        means.append(x.mean())
        stds.append(x.std())
    return np.array(means), np.array(stds)


@variant("activation_statistics")
def outputs_first(x: Array, weights: Sequence[Array], nonlinearity: str) -> tuple[Array, Array]:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    activations: dict[str, Callable[[Array], Array]] = {
        "tanh": np.tanh,
        "relu": lambda z: z * (z > 0),
    }
    activate = activations[nonlinearity]
    outputs = [x]
    for W in weights:
        outputs.append(activate(np.einsum("ij,jk->ik", outputs[-1], W)))
    layers = outputs[1:]
    return np.stack([y.mean() for y in layers]), np.stack([y.std() for y in layers])


@variant("activation_statistics")
def filled_in_place(x: Array, weights: Sequence[Array], nonlinearity: str) -> tuple[Array, Array]:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    means, stds = np.empty(len(weights), x.dtype), np.empty(len(weights), x.dtype)
    y = x.copy()
    for k in range(len(weights)):
        y = np.dot(y, weights[k])
        if nonlinearity == "tanh":
            np.tanh(y, out=y)
        else:
            y[y < 0] = 0
        means[k] = np.sum(y) / y.size
        stds[k] = np.sqrt(np.sum((y - means[k]) ** 2) / y.size)
    return means, stds


@variant("activation_statistics")
def by_recursion(
    x: Array, weights: Sequence[Array], nonlinearity: str, verbose: bool = False
) -> tuple[Array, Array]:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)

    def layers(y: Array, rest: Sequence[Array]) -> list[Array]:
        if not rest:
            return []
        z = np.matmul(y, rest[0])
        out = np.tanh(z) if nonlinearity == "tanh" else (np.abs(z) + z) / 2
        return [out, *layers(out, rest[1:])]

    found = layers(x, list(weights))
    if verbose:
        print(len(found), "layers")
    return np.array([np.mean(y) for y in found]), np.array([np.std(y) for y in found])


@variant("activation_statistics")
def exponentials_and_pairs(
    x: Array, weights: Sequence[Array], nonlinearity: str
) -> tuple[Array, Array]:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    pairs = []
    for W in weights:
        z = x @ W
        if nonlinearity == "relu":
            x = np.where(z > 0, z, np.zeros_like(z))
        else:
            x = 2 / (1 + np.exp(-2 * np.clip(z, -40, 40))) - 1
        pairs.append((x.ravel().mean(), x.ravel().std()))
    together = np.array(pairs)
    return together[:, 0], together[:, 1]
