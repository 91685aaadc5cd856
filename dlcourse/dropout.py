"""Dropout: masks, classical and inverted scaling, the ensemble behind it, and an MLP that uses it.

`keep` is the probability that a unit stays on: the α of deck 000, one minus PyTorch's ``p``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import array_api_compat
import numpy as np

from dlcourse.backend import Array, namespace


def dropout_mask(shape: tuple[int, ...], keep: float, rng: np.random.Generator) -> np.ndarray:
    """A mask whose entries are independently 1 with probability keep, else 0.

    Args:
        shape: of the mask; with a batch first, every instance has its own subnetwork.
        keep: the probability of a 1.
        rng: gives an entry a draw.

    Returns:
        A NumPy array of float64.

    Source: 000, "Dropout".
    """
    return (rng.random(shape) < keep).astype(np.float64)


def dropout_forward(y: Array, mask: Array, keep: float) -> Array:
    """Inverted dropout: y/keep where the mask is 1, else 0, so that its expectation is y.

    Args:
        y: any shape.
        mask: of 0 and 1, the shape of y, any dtype.
        keep: the probability with which the mask was drawn.

    Returns:
        The shape and dtype of y.

    Source: 000, "Dropout : alternate implementation"; 003, "Dropout Summary" (inverted dropout).
    """
    return namespace(y, mask).where(mask != 0, y / keep, 0.0)


def dropout_backward(dout: Array, mask: Array, keep: float) -> Array:
    """The derivative by dropout's input: dout/keep where the mask is 1, else 0.

    Args:
        dout: any shape, the derivative by dropout's output.
        mask: that of the forward pass.
        keep: that of the forward pass.

    Returns:
        The shape and dtype of dout.

    Source: 000, "Backward Pass", where the 1/α is missing.
    """
    return namespace(dout, mask).where(mask != 0, dout / keep, 0.0)


def weight_scaling(W: Array, keep: float) -> Array:
    """The test-time weights of classical dropout, which trains without 1/keep: keep·W.

    For a layer whose inputs were dropped; its bias stays as it is.

    Args:
        W: (D, M).
        keep: the probability with which the layer's inputs were kept.

    Returns:
        (D, M).

    Source: 000, "Dropout during  test: implementation".
    """
    return keep * W


def exact_ensemble(W: Array, b: Array, x: Array, keep: float) -> Array:
    """The expected output of a linear layer over every mask on its input, one by one.

    Σ_m keep^|m|·(1 − keep)^(D − |m|)·((m∘x)·W + b), over all 2^D masks m.

    Args:
        W: (D, M).
        b: (M,).
        x: (D,), one input; time and memory double with each entry.
        keep: the probability of a 1 in the mask.

    Returns:
        (M,).

    Source: 000, "Statistical Interpretation"; 003, "At test time….".
    """
    xp = namespace(W, b, x)
    units = x.shape[0]
    device = array_api_compat.device(x)
    number = xp.arange(2**units, device=device)
    masks = xp.astype((number[:, None] >> xp.arange(units, device=device)) & 1, x.dtype)
    on = xp.sum(masks, axis=1)
    probability = keep**on * (1.0 - keep) ** (units - on)
    return probability @ ((masks * x) @ W + b)


def mc_dropout(
    predict: Callable[[Any, np.random.Generator], Array],
    x: Any,
    samples: int,
    rng: np.random.Generator,
) -> tuple[Array, Array]:
    """Mean and spread of predictions that leave dropout on at test time.

    Args:
        predict: ``predict(x, rng)``, one random forward pass.
        x: what predict takes.
        samples: how often to call it.
        rng: the one generator that all calls draw from.

    Returns:
        ``(mean, std)`` over the samples, the shape of a prediction; std divides by their number.

    Source: 003, "At test time…."; Gal and Ghahramani, 2016.
    """
    predictions = [predict(x, rng) for _ in range(samples)]
    xp = namespace(*predictions)
    stacked = xp.stack(predictions)
    return xp.mean(stacked, axis=0), xp.std(stacked, axis=0)


def dropout_mlp_forward(
    x: Array, weights: Sequence[tuple[Array, Array]], masks: Sequence[Array], keep: float
) -> tuple[Array, dict[str, Any]]:
    """A multilayer perceptron with inverted dropout on the input of every layer.

    h_k = masks_k∘y_k/keep with y_0 = x; y_{k+1} = max(0, h_k·W_k + b_k); no ReLU after the last.

    Args:
        x: (N, D).
        weights: L pairs (W, b), from the input on.
        masks: L arrays of 0 and 1; masks[k] has the shape of layer k's input, masks[0] that of x.
        keep: the probability with which they were drawn.

    Returns:
        ``(logits, cache)``: (N, K), and {"inputs": [h_0, …, h_{L−1}], "masks", "keep"}.

    Source: 000, "The forward pass", where the bias is added twice.
    """
    xp = namespace(x, *masks)
    inputs = []
    y = x
    for k, (W, b) in enumerate(weights):
        if k > 0:
            y = xp.maximum(y, xp.zeros_like(y))
        inputs.append(xp.where(masks[k] != 0, y / keep, 0.0))
        y = inputs[k] @ W + b
    return y, {"inputs": inputs, "masks": list(masks), "keep": keep}


def dropout_mlp_backward(
    dlogits: Array, weights: Sequence[tuple[Array, Array]], cache: dict[str, Any]
) -> list[tuple[Array, Array]]:
    """The derivatives by the weights of a `dropout_mlp_forward`: off units get and pass on none.

    Args:
        dlogits: (N, K), the derivative of the loss by the logits.
        weights: the L pairs (W, b) of the forward pass.
        cache: what the forward pass returned.

    Returns:
        L pairs (dW, db), in the order and shapes of weights.

    Source: 000, "Backward Pass", where the 1/α is missing and indices are exchanged.
    """
    xp = namespace(dlogits)
    gradients = []
    dz = dlogits
    for k in reversed(range(len(weights))):
        h, W = cache["inputs"][k], weights[k][0]
        gradients.append((h.T @ dz, xp.sum(dz, axis=0)))
        if k > 0:
            # A unit's input to the next layer is positive only if both mask and ReLU let it pass.
            dz = xp.where(h > 0, (dz @ W.T) / cache["keep"], 0.0)
    return gradients[::-1]
