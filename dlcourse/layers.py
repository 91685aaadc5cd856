"""The linear layer, maxout, and a multilayer perceptron of them, forward and backward."""

from __future__ import annotations

from collections.abc import Sequence

import array_api_compat

from dlcourse.backend import Array, namespace


def linear_forward(x: Array, W: Array, b: Array) -> Array:
    """A linear (affine) layer: z = x·W + b.

    Args:
        x: (N, D), an input a row.
        W: (D, M), the weights of a unit a column.
        b: (M,).

    Returns:
        z, (N, M).

    Source: 001, "The backward pass", in the decks' transposed layout.
    """
    return x @ W + b


def linear_backward(dz: Array, x: Array, W: Array) -> tuple[Array, Array, Array]:
    """The derivatives of a linear layer: dx = dz·Wᵀ, dW = xᵀ·dz, db = Σ_n dz_n.

    Args:
        dz: (N, M), the derivative of the loss by the layer's output.
        x: (N, D), what the forward pass was given.
        W: (D, M).

    Returns:
        ``(dx, dW, db)``: (N, D), (D, M), (M,).

    Source: 001, "The Backward Pass".
    """
    xp = namespace(dz, x, W)
    return dz @ W.T, x.T @ dz, xp.sum(dz, axis=0)


def maxout(z: Array) -> tuple[Array, Array]:
    """The largest of each unit's K linear pieces, and which one it was.

    Args:
        z: (N, M, K), K pieces for each of M units.

    Returns:
        ``(y, winner)``, both (N, M): the maximum, and its index as an integer (the first of equal
        ones).

    Source: 003, "Maxout “Neuron”"; Goodfellow et al., 2013.
    """
    xp = namespace(z)
    return xp.max(z, axis=-1), xp.argmax(z, axis=-1)


def maxout_backward(dy: Array, winner: Array, pieces: int) -> Array:
    """The derivative by maxout's pieces: dy for the winner, zero for the others.

    Args:
        dy: (N, M).
        winner: (N, M), the integers that `maxout` returned.
        pieces: K.

    Returns:
        dz, (N, M, K).

    Source: 003, "Maxout “Neuron”"; Goodfellow et al., 2013.
    """
    xp = namespace(dy, winner)
    piece = xp.arange(pieces, device=array_api_compat.device(winner))
    return xp.where(winner[..., None] == piece, dy[..., None], 0.0)


def mlp_forward(
    x: Array, weights: Sequence[tuple[Array, Array]]
) -> tuple[Array, dict[str, list[Array]]]:
    """A multilayer perceptron: linear layers with ReLU between them, none after the last.

    y_0 = x; y_k = max(0, y_{k−1}·W_k + b_k); logits = y_{L−1}·W_L + b_L

    Args:
        x: (N, D).
        weights: L pairs (W, b), from the input on.

    Returns:
        ``(logits, cache)``: (N, K), and ``{"inputs": [x, y_1, …, y_{L−1}]}``, the input of every
        layer.

    Source: 001, "Neural network training algorithm".
    """
    xp = namespace(x)
    inputs = [x]
    for W, b in weights[:-1]:
        z = inputs[-1] @ W + b
        inputs.append(xp.maximum(z, xp.zeros_like(z)))
    W, b = weights[-1]
    return inputs[-1] @ W + b, {"inputs": inputs}


def mlp_backward(
    dlogits: Array, weights: Sequence[tuple[Array, Array]], cache: dict[str, list[Array]]
) -> list[tuple[Array, Array]]:
    """The derivatives of the loss by every weight and bias of an `mlp_forward`.

    A unit of a hidden layer passes its derivative on where its output is positive.

    Args:
        dlogits: (N, K), the derivative of the loss by the logits.
        weights: the L pairs (W, b) of the forward pass.
        cache: what the forward pass returned.

    Returns:
        L pairs (dW, db), in the order and shapes of weights.

    Source: 001, "The Backward Pass".
    """
    xp = namespace(dlogits)
    gradients = []
    dz = dlogits
    for k in reversed(range(len(weights))):
        inputs, W = cache["inputs"][k], weights[k][0]
        gradients.append((inputs.T @ dz, xp.sum(dz, axis=0)))
        if k > 0:
            dz = xp.where(inputs > 0, dz @ W.T, 0.0)
    return gradients[::-1]
