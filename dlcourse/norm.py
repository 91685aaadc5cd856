"""Normalization: of a batch, an instance, a group of channels, a weight vector.

Variances are biased (divided by the count), ε stands inside the root, and a `cache` holds
``u`` (the normalized input), ``inv_std`` = 1/√(var + ε), ``gamma``, ``mean`` and ``var``.
"""

from __future__ import annotations

from dlcourse.backend import Array, namespace

Cache = dict[str, Array]


def batchnorm_forward(
    z: Array, gamma: Array, beta: Array, eps: float = 1e-5
) -> tuple[Array, Cache]:
    """Batch normalization in training: each unit by its mean and variance over the batch.

    u = (z − mean)/√(var + ε); y = γ·u + β

    Args:
        z: (N, M).
        gamma: (M,), the scale γ.
        beta: (M,), the shift β.
        eps: ε, added to the variance.

    Returns:
        ``(y, cache)``: (N, M), and {"u": (N, M), "inv_std", "gamma", "mean", "var": (M,)}.

    Source: 000, "Batch normalization: Training"; Ioffe and Szegedy, 2015.
    """
    xp = namespace(z, gamma, beta)
    mean = xp.mean(z, axis=0)
    centered = z - mean
    var = xp.mean(centered * centered, axis=0)
    inv_std = 1.0 / xp.sqrt(var + eps)
    u = centered * inv_std
    cache = {"u": u, "inv_std": inv_std, "gamma": gamma, "mean": mean, "var": var}
    return gamma * u + beta, cache


def dvar_from_du(du: Array, z: Array, mean: Array, var: Array, eps: float) -> Array:
    """How the batch's variance influences the loss, by way of every u.

    dvar = Σ_n du_n·(z_n − mean)·(−½)·(var + ε)^(−3/2)

    Args:
        du: (N, M), the derivative of the loss by u.
        z: (N, M).
        mean: (M,), the batch's own.
        var: (M,), the batch's own, biased.
        eps: ε.

    Returns:
        dvar, (M,).

    Source: 000, "Batch normalization: Backpropagation".
    """
    xp = namespace(du, z, mean, var)
    return -0.5 * xp.sum(du * (z - mean), axis=0) * (var + eps) ** -1.5


def dmean_from_du(du: Array, z: Array, mean: Array, var: Array, dvar: Array, eps: float) -> Array:
    """How the batch's mean influences the loss, by way of every u and of the variance.

    dmean = −Σ_n du_n/√(var + ε) + dvar·(−2/N)·Σ_n (z_n − mean), whose second term vanishes, since
    mean is the mean of z.

    Args:
        du: (N, M), the derivative of the loss by u.
        z: (N, M).
        mean: (M,), the batch's own.
        var: (M,), the batch's own, biased.
        dvar: (M,), the derivative of the loss by var.
        eps: ε.

    Returns:
        dmean, (M,).

    Source: 000, "Batch normalization: Backpropagation".
    """
    xp = namespace(du, z, mean, var, dvar)
    through_u = -xp.sum(du, axis=0) / xp.sqrt(var + eps)
    through_var = -2.0 * dvar * xp.mean(z - mean, axis=0)
    return through_u + through_var


def batchnorm_backward(dy: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """The derivatives of batch normalization, in which every z of a unit influences every y.

    With du = γ·dy, the three ways from z_n to the loss (its own u, the mean, the
    variance) add up to dz_n = (du_n − mean(du) − u_n·mean(du·u))/√(var + ε).
    The sums over the batch are dγ = Σ_n dy_n·u_n and dβ = Σ_n dy_n.

    Args:
        dy: (N, M).
        cache: of `batchnorm_forward`.

    Returns:
        ``(dz, dgamma, dbeta)``: (N, M), (M,), (M,).

    Source: 000, "Batch normalization: Backpropagation", where dγ and dβ lack the sum.
    """
    u = cache["u"]
    xp = namespace(dy, u)
    n = dy.shape[0]
    dgamma = xp.sum(dy * u, axis=0)
    dbeta = xp.sum(dy, axis=0)
    dz = (cache["gamma"] * cache["inv_std"]) * (dy - dbeta / n - u * (dgamma / n))
    return dz, dgamma, dbeta


def population_statistics(means: Array, variances: Array, batch_size: int) -> tuple[Array, Array]:
    """The mean and the unbiased variance for inference, from those of many minibatches.

    mean over the batches of the means; B/(B − 1) times the mean of the biased variances.

    Args:
        means: (batches, M).
        variances: (batches, M), biased.
        batch_size: B, at least 2.

    Returns:
        ``(mean, var)``, both (M,).

    Source: 000, "Batch normalization: Inference".
    """
    xp = namespace(means, variances)
    unbiased = batch_size / (batch_size - 1)
    return xp.mean(means, axis=0), unbiased * xp.mean(variances, axis=0)


def running_statistics(
    running_mean: Array,
    running_var: Array,
    mean: Array,
    var: Array,
    batch_size: int,
    momentum: float = 0.1,
) -> tuple[Array, Array]:
    """The statistics for inference after one more minibatch, as moving averages.

    new = (1 − momentum)·old + momentum·(the batch's mean, and its unbiased variance)

    Args:
        running_mean: (M,), so far.
        running_var: (M,), so far.
        mean: (M,), of the minibatch.
        var: (M,), of the minibatch, biased.
        batch_size: B, at least 2; B/(B − 1) makes var unbiased.
        momentum: the share of the new, as in PyTorch.

    Returns:
        ``(running_mean, running_var)``, both (M,).

    Source: 003, "Batch Normalization"; Ioffe and Szegedy, 2015.
    """
    unbiased = var * (batch_size / (batch_size - 1))
    return (
        (1.0 - momentum) * running_mean + momentum * mean,
        (1.0 - momentum) * running_var + momentum * unbiased,
    )


def batchnorm_inference(
    z: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float = 1e-5
) -> Array:
    """Batch normalization at test time, by fixed statistics: y = γ·(z − mean)/√(var + ε) + β.

    Args:
        z: (N, M).
        gamma: (M,), the scale γ.
        beta: (M,), the shift β.
        mean: (M,), of the training set.
        var: (M,), of the training set.
        eps: ε.

    Returns:
        y, (N, M).

    Source: 000, "Batch normalization: Inference".
    """
    xp = namespace(z, gamma, beta, mean, var)
    return (z - mean) * (gamma / xp.sqrt(var + eps)) + beta


def fold_batchnorm(
    W: Array,
    b: Array,
    gamma: Array,
    beta: Array,
    mean: Array,
    var: Array,
    eps: float = 1e-5,
) -> tuple[Array, Array]:
    """One linear layer that does what a linear layer and its batch normalization do at test time.

    With scale = γ/√(var + ε): W·scale, a column each, and (b − mean)·scale + β.

    Args:
        W: (D, M).
        b: (M,).
        gamma: (M,), the scale γ.
        beta: (M,), the shift β.
        mean: (M,), of the training set.
        var: (M,), of the training set.
        eps: ε.

    Returns:
        ``(W, b)``: (D, M), (M,).

    Source: 000, "Batch normalization: Inference".
    """
    xp = namespace(W, b, gamma, beta, mean, var)
    scale = gamma / xp.sqrt(var + eps)
    return W * scale, (b - mean) * scale + beta


def batchnorm2d_forward(x: Array, gamma: Array, beta: Array, eps: float = 1e-5) -> Array:
    """Batch normalization of images: each channel by its statistics over batch and pixels.

    Args:
        x: (N, C, H, W).
        gamma: (C,), the scale γ.
        beta: (C,), the shift β.
        eps: ε.

    Returns:
        y, (N, C, H, W).

    Source: 003, "Batch Normalization"; Ioffe and Szegedy, 2015.
    """
    xp = namespace(x, gamma, beta)
    centered = x - xp.mean(x, axis=(0, 2, 3), keepdims=True)
    var = xp.mean(centered * centered, axis=(0, 2, 3), keepdims=True)
    scale = gamma[:, None, None] / xp.sqrt(var + eps)
    return centered * scale + beta[:, None, None]


def layernorm_forward(
    z: Array, gamma: Array, beta: Array, eps: float = 1e-5
) -> tuple[Array, Cache]:
    """Layer normalization: each instance by its mean and variance over the units.

    u = (z − mean)/√(var + ε), mean and var of the row; y = γ·u + β. Nothing depends on the batch.

    Args:
        z: (N, M).
        gamma: (M,), the scale γ.
        beta: (M,), the shift β.
        eps: ε.

    Returns:
        ``(y, cache)``: (N, M), and {"u": (N, M), "gamma": (M,), "inv_std", "mean", "var": (N, 1)}.

    Source: 003, "Other normalization schemes"; Ba et al., 2016.
    """
    xp = namespace(z, gamma, beta)
    mean = xp.mean(z, axis=1, keepdims=True)
    centered = z - mean
    var = xp.mean(centered * centered, axis=1, keepdims=True)
    inv_std = 1.0 / xp.sqrt(var + eps)
    u = centered * inv_std
    cache = {"u": u, "inv_std": inv_std, "gamma": gamma, "mean": mean, "var": var}
    return gamma * u + beta, cache


def layernorm_backward(dy: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """The derivatives of layer normalization.

    With du = γ·dy and means over the row, dz = (du − mean(du) − u·mean(du·u))/√(var + ε);
    dγ = Σ_n dy_n·u_n; dβ = Σ_n dy_n.

    Args:
        dy: (N, M).
        cache: of `layernorm_forward`.

    Returns:
        ``(dz, dgamma, dbeta)``: (N, M), (M,), (M,).

    Source: 003, "Other normalization schemes"; Ba et al., 2016.
    """
    u = cache["u"]
    xp = namespace(dy, u)
    du = cache["gamma"] * dy
    mean_du = xp.mean(du, axis=1, keepdims=True)
    mean_du_u = xp.mean(du * u, axis=1, keepdims=True)
    dz = cache["inv_std"] * (du - mean_du - u * mean_du_u)
    return dz, xp.sum(dy * u, axis=0), xp.sum(dy, axis=0)


def groupnorm_forward(x: Array, gamma: Array, beta: Array, groups: int, eps: float = 1e-5) -> Array:
    """Group normalization: each instance, a group of neighbouring channels at a time.

    One group is layer normalization over channels and pixels; C groups are instance normalization.

    Args:
        x: (N, C, H, W).
        gamma: (C,), the scale γ.
        beta: (C,), the shift β.
        groups: how many; divides C.
        eps: ε.

    Returns:
        y, (N, C, H, W).

    Raises:
        ValueError: if groups does not divide C.

    Source: 003, "Other normalization schemes"; Wu and He, 2018.
    """
    xp = namespace(x, gamma, beta)
    n, channels = x.shape[:2]
    if channels % groups:
        raise ValueError(f"cannot divide {channels} channels into {groups} groups of equal size")
    grouped = xp.reshape(x, (n, groups, -1))
    centered = grouped - xp.mean(grouped, axis=2, keepdims=True)
    var = xp.mean(centered * centered, axis=2, keepdims=True)
    u = xp.reshape(centered / xp.sqrt(var + eps), x.shape)
    return gamma[:, None, None] * u + beta[:, None, None]


def weight_norm(v: Array, g: Array) -> Array:
    """Weights as direction and length, a unit each: W_m = g_m·v_m/‖v_m‖.

    Args:
        v: (D, M), a direction a column, of any length but zero.
        g: (M,), the lengths.

    Returns:
        W, (D, M).

    Source: 003, "Other normalization schemes"; Salimans and Kingma, 2016.
    """
    xp = namespace(v, g)
    return v * (g / xp.sqrt(xp.sum(v * v, axis=0)))


def weight_norm_backward(dW: Array, v: Array, g: Array) -> tuple[Array, Array]:
    """The derivatives by direction and length.

    With e = v/‖v‖, a column each: dg = Σ_d dW·e, and dv = g/‖v‖·(dW − e·dg), the part of dW that is
    orthogonal to v.

    Args:
        dW: (D, M), the derivative of the loss by W.
        v: (D, M).
        g: (M,).

    Returns:
        ``(dv, dg)``: (D, M), (M,).

    Source: 003, "Other normalization schemes"; Salimans and Kingma, 2016.
    """
    xp = namespace(dW, v, g)
    length = xp.sqrt(xp.sum(v * v, axis=0))
    direction = v / length
    dg = xp.sum(dW * direction, axis=0)
    return (g / length) * (dW - direction * dg), dg
