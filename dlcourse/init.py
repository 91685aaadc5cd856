"""Initial weights, and what they do to the signal on its way through the layers and back.

Weights are (fan_in, fan_out), so that a layer computes x·W. Initializers return NumPy float64.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from dlcourse.backend import Array, namespace


def xavier_uniform(fan_in: int, fan_out: int, rng: np.random.Generator) -> np.ndarray:
    """Weights from U(−a, a) with a = √(6/(fan_in + fan_out)), for tanh.

    Their variance, 2/(fan_in + fan_out), is a compromise: 1/fan_in keeps the variance of the signal
    on its way forward, 1/fan_out that of the gradient on its way back.

    Source: 004, "Weight initialization for sigmoid-like neurons"; Glorot and Bengio, 2010.
    """
    limit = math.sqrt(6.0 / (fan_in + fan_out))
    return rng.uniform(-limit, limit, (fan_in, fan_out))


def sigmoid_uniform(fan_in: int, fan_out: int, rng: np.random.Generator) -> np.ndarray:
    """Weights from U(−a, a) with a = 4·√(6/(fan_in + fan_out)), for the sigmoid.

    Four times as wide as for tanh, since the sigmoid's slope at 0 is a quarter of tanh's.

    Source: 004, "Weight initialization for sigmoid-like neurons".
    """
    limit = 4.0 * math.sqrt(6.0 / (fan_in + fan_out))
    return rng.uniform(-limit, limit, (fan_in, fan_out))


def lecun_normal(fan_in: int, fan_out: int, rng: np.random.Generator) -> np.ndarray:
    """Weights from N(0, 1/fan_in), which keeps the variance of a linear layer's signal.

    Source: 003, "“Xavier initialization”"; LeCun et al., 1998.
    """
    return rng.normal(0.0, math.sqrt(1.0 / fan_in), (fan_in, fan_out))


def he_normal(fan_in: int, fan_out: int, rng: np.random.Generator) -> np.ndarray:
    """Weights from N(0, 2/fan_in), for ReLU, which lets half of the second moment through.

    Source: 004, "Weight initialization for ReLUs"; He et al., 2015.
    """
    return rng.normal(0.0, math.sqrt(2.0 / fan_in), (fan_in, fan_out))


def orthogonal_init(fan_in: int, fan_out: int, rng: np.random.Generator) -> np.ndarray:
    """A random matrix whose columns (or rows, if there are fewer) are orthonormal.

    Q of a QR decomposition of normal draws. The factorization leaves the signs of Q's columns to
    the algorithm; making R's diagonal positive gives every orthogonal matrix the same chance.

    Source: 003, "Weight Initialization"; Saxe et al., 2013; Mezzadri, 2007.
    """
    tall = rng.standard_normal((max(fan_in, fan_out), min(fan_in, fan_out)))
    q, r = np.linalg.qr(tall)
    q = q * np.where(np.diagonal(r) < 0, -1.0, 1.0)
    return q if fan_in >= fan_out else np.ascontiguousarray(q.T)


def activation_statistics(
    x: Array, weights: Sequence[Array], nonlinearity: str
) -> tuple[Array, Array]:
    """Mean and standard deviation of every layer's output, over all of its entries.

    y_0 = x; y_k = f(y_{k−1}·W_k)

    Args:
        x: (N, D).
        weights: L matrices, from the input on.
        nonlinearity: f, "tanh" or "relu".

    Returns:
        ``(means, stds)``, both (L,), of y_1, …, y_L.

    Raises:
        ValueError: for another nonlinearity.

    Source: 003, "Weight Initialization" (activation statistics).
    """
    xp = namespace(x)
    means, stds = [], []
    y = x
    for W in weights:
        y = _activate(y @ W, nonlinearity)
        means.append(xp.mean(y))
        stds.append(xp.std(y))
    return xp.stack(means), xp.stack(stds)


def gradient_statistics(
    dout: Array, activations: Sequence[Array], weights: Sequence[Array], nonlinearity: str
) -> Array:
    """Standard deviation of the derivative by every layer's output, over all of its entries.

    dL/dy_L = dout; dL/dy_{k−1} = (dL/dy_k ∘ f'(z_k))·W_kᵀ, where f' follows from y_k: 1 − y_k² for
    tanh, 1 where y_k > 0 for ReLU.

    Args:
        dout: the derivative of the loss by the last layer's output, the shape of y_L.
        activations: y_1, …, y_L, the outputs of the layers after the nonlinearity.
        weights: W_1, …, W_L.
        nonlinearity: f, "tanh" or "relu".

    Returns:
        stds, (L,), of dL/dy_1, …, dL/dy_L.

    Raises:
        ValueError: for another nonlinearity.

    Source: 003, "Weight Initialization" (activation statistics).
    """
    xp = namespace(dout)
    dy = dout
    stds = [xp.std(dy)]
    for y, W in zip(reversed(activations[1:]), reversed(weights[1:]), strict=True):
        dy = _through_nonlinearity(dy, y, nonlinearity) @ W.T
        stds.append(xp.std(dy))
    return xp.stack(stds[::-1])


def relu_second_moment(depth: int, fan_in: int, std: float) -> float:
    """E[y²] of a ReLU network's units after `depth` layers, for inputs with E[x²] = 1.

    Weights from N(0, std²) make E[z²] = fan_in·std²·E[x²], of which ReLU keeps half:
    (fan_in·std²/2)^depth, the expectation over the weights too.

    Args:
        depth: the number of layers.
        fan_in: the inputs of a unit, the same in every layer.
        std: of the weights.

    Source: He et al., 2015; 004, "Weight initialization for ReLUs".

    >>> relu_second_moment(depth=50, fan_in=512, std=(2 / 512) ** 0.5)
    1.0
    """
    return float((fan_in * std * std / 2.0) ** depth)


def lsuv(x: Array, weights: Sequence[Array], nonlinearity: str) -> list[Array]:
    """Layer-sequential unit variance: weights scaled, layer by layer, until every z has std 1.

    W_k ← W_k/std(y_{k−1}·W_k), from the first layer on, each with the y of those already scaled.

    Args:
        x: (N, D), a batch of data.
        weights: L matrices, commonly orthogonal; they are left as they are.
        nonlinearity: between the layers, "tanh" or "relu".

    Returns:
        L matrices; std is over all entries of z, before the nonlinearity.

    Raises:
        ValueError: for another nonlinearity.

    Source: Mishkin and Matas, 2015, named in 003, "Weight Initialization".
    """
    xp = namespace(x)
    scaled = []
    y = x
    for W in weights:
        z = y @ W
        std = xp.std(z)
        scaled.append(W / std)
        y = _activate(z / std, nonlinearity)
    return scaled


def saturated_fraction(y: Array, threshold: float = 0.97) -> float:
    """The share of entries with |y| > threshold: units on the flat parts of tanh.

    Args:
        y: any shape, outputs of tanh.
        threshold: 0.97 leaves tanh a slope of 0.06.

    Source: 003, "Weight Initialization" (activation statistics).
    """
    xp = namespace(y)
    saturated, entries = int(xp.sum(xp.abs(y) > threshold)), math.prod(y.shape)
    return float(saturated / entries)


def _activate(z: Array, nonlinearity: str) -> Array:
    xp = namespace(z)
    if nonlinearity == "tanh":
        return xp.tanh(z)
    if nonlinearity == "relu":
        return xp.maximum(z, xp.zeros_like(z))
    raise _unknown(nonlinearity)


def _through_nonlinearity(dy: Array, y: Array, nonlinearity: str) -> Array:
    xp = namespace(dy, y)
    if nonlinearity == "tanh":
        return dy * (1.0 - y * y)
    if nonlinearity == "relu":
        return xp.where(y > 0, dy, 0.0)
    raise _unknown(nonlinearity)


def _unknown(nonlinearity: str) -> ValueError:
    return ValueError(f'nonlinearity is "tanh" or "relu", not {nonlinearity!r}')
