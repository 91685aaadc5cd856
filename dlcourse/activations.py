"""Activation functions and their derivatives, unit by unit, and softmax, which couples a row.

A backward function takes dy, the derivative of the loss by the output, and gives dz, the derivative
by the input. Where the output suffices for that (sigmoid, tanh, softmax) it takes y, else z.
At a kink the derivative is the one from the left, as in PyTorch.
"""

from __future__ import annotations

import array_api_compat
import numpy as np

from dlcourse.backend import Array, namespace


def sigmoid(z: Array) -> Array:
    """The logistic function, from 0 to 1: y = 1 / (1 + exp(−z)).

    Only exp(−|z|) is ever formed, so nothing overflows, however large z is.

    Args:
        z: any shape.

    Source: 003, "Activation Functions".

    >>> sigmoid(np.array([-1e4, 0.0, 1e4]))
    array([0. , 0.5, 1. ])
    """
    xp = namespace(z)
    decay = xp.exp(-xp.abs(z))
    return xp.where(z >= 0, 1.0, decay) / (1.0 + decay)


def sigmoid_backward(dy: Array, y: Array) -> Array:
    """The derivative by the sigmoid's input, from its output: dz = dy·y·(1 − y).

    Args:
        dy: any shape.
        y: the same shape, ``sigmoid(z)``.

    Source: 003, "Activation Functions".
    """
    return dy * y * (1.0 - y)


def tanh_backward(dy: Array, y: Array) -> Array:
    """The derivative by tanh's input, from its output: dz = dy·(1 − y²).

    Args:
        dy: any shape.
        y: the same shape, ``tanh(z)``.

    Source: 003, "Activation Functions".
    """
    return dy * (1.0 - y * y)


def relu(z: Array) -> Array:
    """The rectified linear unit: y = max(0, z).

    Args:
        z: any shape.

    Source: 003, "Activation Functions"; 004, "Rectified Linear Unit (ReLU) module (Alexnet)".
    """
    xp = namespace(z)
    return xp.maximum(z, xp.zeros_like(z))


def relu_backward(dy: Array, z: Array) -> Array:
    """The derivative by ReLU's input: dz = dy where z > 0, else 0.

    Args:
        dy: any shape.
        z: the same shape.

    Source: 004, "Rectified Linear Unit (ReLU) module (Alexnet)".
    """
    return namespace(dy, z).where(z > 0, dy, 0.0)


def leaky_relu(z: Array, slope: float = 0.01) -> Array:
    """ReLU with a slope on the left: y = z where z > 0, else slope·z, for any slope.

    The decks' max(slope·z, z) is the same for slopes up to 1 only.

    Args:
        z: any shape.
        slope: dy/dz for z ≤ 0.

    Source: 003, "Activation Functions" (Leaky ReLU); 004, "Other ReLUs".
    """
    return namespace(z).where(z > 0, z, slope * z)


def leaky_relu_backward(dy: Array, z: Array, slope: float = 0.01) -> Array:
    """The derivative by leaky ReLU's input: dz = dy where z > 0, else slope·dy.

    Args:
        dy: any shape.
        z: the same shape.
        slope: dy/dz for z ≤ 0.

    Source: 003, "Activation Functions" (Leaky ReLU); 004, "Other ReLUs".
    """
    return namespace(dy, z).where(z > 0, dy, slope * dy)


def prelu_backward(dy: Array, z: Array, slope: Array | float) -> tuple[Array, Array]:
    """The derivatives of a leaky ReLU whose slope is learned.

    dz = dy where z > 0, else slope·dy; dslope = Σ dy·z over the entries with z ≤ 0 that share a
    slope: all of them, or a column.

    Args:
        dy: any shape; (N, M) where each unit has a slope of its own.
        z: the same shape.
        slope: one number for all units, or (M,), one for each.

    Returns:
        ``(dz, dslope)``: dslope has the shape of slope.

    Source: 003, "Parametric Rectifier (PReLU)"; He et al., 2015.
    """
    xp = namespace(dy, z)
    dz = xp.where(z > 0, dy, slope * dy)
    by_slope = xp.where(z > 0, 0.0, dy * z)
    return dz, xp.sum(by_slope, axis=0 if getattr(slope, "ndim", 0) else None)


def elu(z: Array, alpha: float = 1.0) -> Array:
    """The exponential linear unit: y = z where z > 0, else alpha·(exp(z) − 1).

    Args:
        z: any shape.
        alpha: y falls to −alpha on the far left.

    Source: 003, "Exponential Linear Units (ELU)".
    """
    xp = namespace(z)
    # where() computes both sides: without the minimum the unused exp(z) overflows.
    return xp.where(z > 0, z, alpha * xp.expm1(xp.minimum(z, xp.zeros_like(z))))


def elu_backward(dy: Array, z: Array, alpha: float = 1.0) -> Array:
    """The derivative by ELU's input: dz = dy where z > 0, else dy·alpha·exp(z).

    Args:
        dy: any shape.
        z: the same shape.
        alpha: as in the forward pass.

    Source: 003, "Exponential Linear Units (ELU)".
    """
    xp = namespace(dy, z)
    return xp.where(z > 0, dy, dy * (alpha * xp.exp(xp.minimum(z, xp.zeros_like(z)))))


def softmax(z: Array) -> Array:
    """A probability vector from a row of numbers: y_i = exp(z_i) / Σ_j exp(z_j).

    The row's largest entry is subtracted first, which changes nothing but keeps exp finite.

    Args:
        z: (…, K), the classes along the last axis.

    Source: 000, "Choices for divergence"; 001, "The backward pass".

    >>> softmax(np.array([[1e4, 1e4, -1e4]]))
    array([[0.5, 0.5, 0. ]])
    """
    xp = namespace(z)
    y = xp.exp(z - xp.max(z, axis=-1, keepdims=True))
    return y / xp.sum(y, axis=-1, keepdims=True)


def softmax_backward(dy: Array, y: Array) -> Array:
    """The derivative by softmax's input, from its output, without forming a Jacobian.

    A row's Jacobian is diag(y) − y·yᵀ, so dz = y·(dy − Σ_j dy_j·y_j): K numbers, not K².

    Args:
        dy: (…, K).
        y: the same shape, ``softmax(z)``.

    Source: 001, "The backward pass".
    """
    xp = namespace(dy, y)
    return y * (dy - xp.sum(dy * y, axis=-1, keepdims=True))


def scaled_tanh(z: Array) -> Array:
    """LeCun's sigmoid, y = 1.7159·tanh(2z/3): it maps ±1 to ±1, and bends most there.

    Args:
        z: any shape.

    Source: 004, "Sigmoid-like activation functions".
    """
    return 1.7159 * namespace(z).tanh(z * (2.0 / 3.0))


def rational_tanh(z: Array) -> Array:
    """`scaled_tanh` by a ratio of polynomials, within 0.015, without an exponential.

    With x = 2|z|/3: tanh(x) = 1 − 1/q for q = (exp(2x) + 1)/2 = 1 + x + x² + …, a series kept up to
    x²; 1.29·x⁴ stands for the rest, with the factor that makes the largest error least.

    Args:
        z: any shape; up to 1e9 in float32, before x⁴ overflows.

    Source: 004, "Sigmoid-like activation functions", which gives no coefficients.
    """
    xp = namespace(z)
    x = xp.abs(z) * (2.0 / 3.0)
    square = x * x
    return 1.7159 * xp.sign(z) * (1.0 - 1.0 / (1.0 + x + square + 1.29 * square * square))


def twisted_tanh(z: Array, beta: float = 0.05) -> Array:
    """A hyperbolic tangent that is nowhere flat: y = tanh(z) + beta·z.

    Args:
        z: any shape.
        beta: the slope left where tanh is flat.

    Source: 004, "Sigmoid-like activation functions".
    """
    return namespace(z).tanh(z) + beta * z


def softplus(z: Array) -> Array:
    """A smooth ReLU, y = log(1 + exp(z)); its derivative is the sigmoid.

    PyTorch's returns z itself beyond a threshold of 20; this one is exact everywhere.

    Args:
        z: any shape.

    Source: 004, "Other ReLUs".
    """
    xp = namespace(z)
    return xp.logaddexp(z, xp.zeros_like(z))


def noisy_relu(z: Array, variance: Array | float, rng: np.random.Generator) -> Array:
    """A ReLU of a noisy input, y = max(0, z + ε) with ε ~ N(0, variance).

    Its derivative is 1 where y > 0, else 0.

    Args:
        z: any shape.
        variance: of the noise, shape of z or a number; the deck's is the sigmoid of z, so that a
            unit that is firmly off stays nearly quiet.
        rng: gives the noise, by one ``rng.standard_normal(z.shape)``.

    Source: 004, "Other ReLUs"; Nair and Hinton, 2010.
    """
    xp = namespace(z)
    draws = rng.standard_normal(tuple(z.shape))
    noise = xp.asarray(draws, dtype=z.dtype, device=array_api_compat.device(z))
    return xp.clip(z + noise * variance**0.5, 0.0)


def rbf(z: Array, centers: Array, beta: Array, weights: Array) -> Array:
    """A sum of J Gaussian bumps: y = Σ_j weights_j·exp(−beta_j·(z − centers_j)²).

    Args:
        z: any shape.
        centers: (J,), where the bumps stand.
        beta: (J,), how narrow they are.
        weights: (J,), how high they are.

    Returns:
        The shape of z.

    Source: 004, "RBFs vs “Sigmoids”".
    """
    xp = namespace(z, centers)
    bumps = xp.exp(-beta * (z[..., None] - centers) ** 2)
    return xp.sum(weights * bumps, axis=-1)
