"""Lab 06: answers to the statistics of the gradients on their way back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "gradient_statistics",
    says="The derivative of the nonlinearity is missing on the way back.",
)
def nonlinearity_forgotten(
    dout: Array, activations: Sequence[Array], weights: Sequence[Array], nonlinearity: str
) -> Array:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    dy, stds = dout, [dout.std()]
    for W in weights[:0:-1]:
        dy = dy @ W.T
        stds.insert(0, dy.std())
    return np.array(stds)


@mistake(
    "gradient_statistics",
    says="Your deviations run from the last layer to the first; they are asked for the other way "
    "round.",
)
def last_layer_first(
    dout: Array, activations: Sequence[Array], weights: Sequence[Array], nonlinearity: str
) -> Array:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    dy, stds = dout, [dout.std()]
    for k in range(len(weights) - 1, 0, -1):
        y = activations[k]
        slope = 1 - y**2 if nonlinearity == "tanh" else y > 0
        dy = (dy * slope) @ weights[k].T
        stds.append(dy.std())
    return np.array(stds)


@mistake(
    "gradient_statistics",
    says="Your deviations are those of the derivatives by the sums before the nonlinearity; by the "
    "outputs after it is what is asked for.",
)
def derivatives_by_the_sums(
    dout: Array, activations: Sequence[Array], weights: Sequence[Array], nonlinearity: str
) -> Array:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    dy = dout
    stds: list[Array] = []
    for y, W in zip(activations[::-1], weights[::-1], strict=True):
        dz = dy * (1 - y**2 if nonlinearity == "tanh" else y > 0)
        stds.insert(0, dz.std())
        dy = dz @ W.T
    return np.array(stds)


@mistake(
    "gradient_statistics",
    says="You take one step too many: the last of your derivatives is by the inputs, and the one "
    "that is handed in is left out.",
)
def shifted_to_the_inputs(
    dout: Array, activations: Sequence[Array], weights: Sequence[Array], nonlinearity: str
) -> Array:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    dy = dout
    stds: list[Array] = []
    for y, W in zip(activations[::-1], weights[::-1], strict=True):
        dy = (dy * (1 - y**2 if nonlinearity == "tanh" else y > 0)) @ W.T
        stds.insert(0, dy.std())
    return np.array(stds)


@mistake(
    "gradient_statistics",
    says="Your result has a number too many: the derivative by the inputs is not asked for.",
)
def inputs_included(
    dout: Array, activations: Sequence[Array], weights: Sequence[Array], nonlinearity: str
) -> Array:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    dy, stds = dout, [dout.std()]
    for y, W in zip(activations[::-1], weights[::-1], strict=True):
        dy = (dy * (1 - y**2 if nonlinearity == "tanh" else y > 0)) @ W.T
        stds.insert(0, dy.std())
    return np.array(stds)


@mistake(
    "gradient_statistics",
    says="The outputs that decide what passes are those of the layer below; each weight matrix "
    "belongs to the outputs that it makes.",
)
def outputs_of_the_layer_below(
    dout: Array, activations: Sequence[Array], weights: Sequence[Array], nonlinearity: str
) -> Array:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    dy, stds = dout, [dout.std()]
    for y, W in zip(activations[-2::-1], weights[:0:-1], strict=True):
        dy = dy @ W.T * (1 - y**2 if nonlinearity == "tanh" else y > 0)
        stds.insert(0, dy.std())
    return np.array(stds)


@mistake(
    "gradient_statistics",
    says="Your derivative of tanh lacks a square.",
)
def square_of_tanh_missing(
    dout: Array, activations: Sequence[Array], weights: Sequence[Array], nonlinearity: str
) -> Array:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    dy, stds = dout, [dout.std()]
    for y, W in zip(activations[:0:-1], weights[:0:-1], strict=True):
        dy = (dy * (1 - y if nonlinearity == "tanh" else y > 0)) @ W.T
        stds.insert(0, dy.std())
    return np.array(stds)


@mistake(
    "gradient_statistics",
    says="You treat the outputs as if they were the sums: tanh is taken of tanh once more.",
)
def tanh_taken_again(
    dout: Array, activations: Sequence[Array], weights: Sequence[Array], nonlinearity: str
) -> Array:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    dy, stds = dout, [dout.std()]
    for y, W in zip(activations[:0:-1], weights[:0:-1], strict=True):
        dy = (dy * (1 - np.tanh(y) ** 2 if nonlinearity == "tanh" else y > 0)) @ W.T
        stds.insert(0, dy.std())
    return np.array(stds)


@mistake(
    "gradient_statistics",
    says="Your ReLU lets everything through, since outputs that are zero count as being on.",
)
def zero_counted_as_on(
    dout: Array, activations: Sequence[Array], weights: Sequence[Array], nonlinearity: str
) -> Array:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    dy, stds = dout, [dout.std()]
    for y, W in zip(activations[:0:-1], weights[:0:-1], strict=True):
        dy = (dy * (1 - y**2 if nonlinearity == "tanh" else y >= 0)) @ W.T
        stds.insert(0, dy.std())
    return np.array(stds)


@mistake(
    "gradient_statistics",
    says="Your ReLU multiplies by its output; its derivative is only on or off.",
)
def multiplied_by_relus_output(
    dout: Array, activations: Sequence[Array], weights: Sequence[Array], nonlinearity: str
) -> Array:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    dy, stds = dout, [dout.std()]
    for y, W in zip(activations[:0:-1], weights[:0:-1], strict=True):
        dy = (dy * (1 - y**2 if nonlinearity == "tanh" else y)) @ W.T
        stds.insert(0, dy.std())
    return np.array(stds)


@mistake(
    "gradient_statistics",
    says="Your sizes are root mean squares; a deviation has the mean taken off.",
)
def mean_not_taken_off(
    dout: Array, activations: Sequence[Array], weights: Sequence[Array], nonlinearity: str
) -> Array:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    dy, sizes = dout, [np.sqrt((dout**2).mean())]
    for y, W in zip(activations[:0:-1], weights[:0:-1], strict=True):
        dy = (dy * (1 - y**2 if nonlinearity == "tanh" else y > 0)) @ W.T
        sizes.insert(0, np.sqrt((dy**2).mean()))
    return np.array(sizes)


@mistake(
    "gradient_statistics",
    says="You give variances, where their roots are asked for.",
)
def variances(
    dout: Array, activations: Sequence[Array], weights: Sequence[Array], nonlinearity: str
) -> Array:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    dy, spreads = dout, [dout.var()]
    for y, W in zip(activations[:0:-1], weights[:0:-1], strict=True):
        dy = (dy * (1 - y**2 if nonlinearity == "tanh" else y > 0)) @ W.T
        spreads.insert(0, dy.var())
    return np.array(spreads)


@mistake(
    "gradient_statistics",
    says="The weights are not transposed on the way back.",
)
def weights_not_transposed(
    dout: Array, activations: Sequence[Array], weights: Sequence[Array], nonlinearity: str
) -> Array:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    dy, stds = dout, [dout.std()]
    for y, W in zip(activations[:0:-1], weights[:0:-1], strict=True):
        dz = dy * (1 - y**2 if nonlinearity == "tanh" else y > 0)
        dy = dz @ (W if W.shape[0] == W.shape[1] else W.T)
        stds.insert(0, dy.std())
    return np.array(stds)


@mistake(
    "gradient_statistics",
    says="Your deviations are float64 even where everything you are given is float32.",
)
def deviations_always_float64(
    dout: Array, activations: Sequence[Array], weights: Sequence[Array], nonlinearity: str
) -> Array:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    dy, stds = dout, np.zeros(len(weights))
    for k in range(len(weights) - 1, -1, -1):
        stds[k] = dy.std()
        y = activations[k]
        dy = (dy * (1 - y**2 if nonlinearity == "tanh" else y > 0)) @ weights[k].T
    return stds


@mistake(
    "gradient_statistics",
    says="Your deviations are right, but on the way back your function changes the caller's own "
    "derivative.",
)
def derivative_overwritten(
    dout: Array, activations: Sequence[Array], weights: Sequence[Array], nonlinearity: str
) -> Array:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    dy, stds = dout, [dout.std()]
    for y, W in zip(activations[:0:-1], weights[:0:-1], strict=True):
        dy *= 1 - y**2 if nonlinearity == "tanh" else y > 0
        dy = dy @ W.T
        stds.insert(0, dy.std())
    return np.array(stds)


@mistake(
    "gradient_statistics",
    says="A nonlinearity that you do not know quietly counts as ReLU; a misspelt name should be "
    "refused.",
)
def unknown_counts_as_relu(
    dout: Array, activations: Sequence[Array], weights: Sequence[Array], nonlinearity: str
) -> Array:
    dy, stds = dout, [dout.std()]
    for y, W in zip(activations[:0:-1], weights[:0:-1], strict=True):
        dy = (dy * (1 - y**2 if nonlinearity == "tanh" else y > 0)) @ W.T
        stds.insert(0, dy.std())
    return np.array(stds)


@variant("gradient_statistics")
def from_the_back_into_an_array(
    dout: Array, activations: Sequence[Array], weights: Sequence[Array], nonlinearity: str
) -> Array:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    layers = len(weights)
    stds = np.empty(layers, dtype=dout.dtype)
    dy = dout.copy()
    for k in reversed(range(layers)):
        stds[k] = np.std(dy)
        if nonlinearity == "tanh":
            dy -= dy * np.square(activations[k])
        else:
            dy[activations[k] <= 0] = 0
        dy = np.dot(dy, weights[k].T)
    return stds


@variant("gradient_statistics")
def by_einsum(
    dout: Array, activations: Sequence[Array], weights: Sequence[Array], nonlinearity: str
) -> Array:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    derivatives = [dout]
    for y, W in zip(activations[:0:-1], weights[:0:-1], strict=True):
        slope = (1 - y) * (1 + y) if nonlinearity == "tanh" else np.sign(y)
        derivatives.append(np.einsum("nj,nj,ij->ni", derivatives[-1], slope, W))
    return np.stack([np.sqrt(((d - d.mean()) ** 2).mean()) for d in reversed(derivatives)])


@variant("gradient_statistics")
def row_by_row(
    dout: Array, activations: Sequence[Array], weights: Sequence[Array], nonlinearity: str
) -> Array:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    derivatives, stds = list(dout), [np.std(dout)]
    for k in range(len(weights) - 1, 0, -1):
        below = []
        for dy, y in zip(derivatives, activations[k], strict=True):
            dz = dy * (1 - y * y) if nonlinearity == "tanh" else np.where(y > 0, dy, 0 * dy)
            below.append(weights[k] @ dz)
        derivatives = below
        stds = [np.std(np.stack(below)), *stds]
    return np.array(stds, dtype=dout.dtype)


@variant("gradient_statistics")
def by_recursion(
    dout: Array,
    activations: Sequence[Array],
    weights: Sequence[Array],
    nonlinearity: str,
    eps: float = 0.0,
) -> Array:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)

    def back(dy: Array, k: int) -> list[Array]:
        if k == 0:
            return [dy]
        y = activations[k]
        slope = 1 - y**2 if nonlinearity == "tanh" else (y > eps).astype(y.dtype)
        return [*back((dy * slope) @ np.transpose(weights[k]), k - 1), dy]

    return np.array([dy.std() for dy in back(dout, len(weights) - 1)])
