"""Preprocessing of inputs: centring, scaling, rotation to uncorrelated axes, whitening.

Each pair of functions fits on the training set and applies what was fitted to any other. Moments
divide by the number of rows N.
"""

from __future__ import annotations

from dlcourse.backend import Array, namespace


def standardize_fit(X: Array) -> tuple[Array, Array]:
    """The mean and the standard deviation of every feature.

    Args:
        X: (N, D), or (N, …) for statistics of every entry of an array.

    Returns:
        ``(mean, std)``, both (D,); std divides by N and is exactly 0 for a constant feature.

    Source: 004, "Normalization: N(μ, σ²) = N(0, 1)".
    """
    xp = namespace(X)
    # Counted from the first row, a constant feature leaves no rounding error for a std.
    mean = X[0] + xp.mean(X - X[0], axis=0)
    centered = X - mean
    return mean, xp.sqrt(xp.mean(centered * centered, axis=0))


def standardize(X: Array, mean: Array, std: Array) -> Array:
    """Features moved and scaled by fitted statistics: (X − mean)/std, by 1 where std is 0.

    Args:
        X: (N, D), training data or new.
        mean: (D,), of the training data.
        std: (D,), of the training data.

    Returns:
        (N, D).

    Source: 004, "Normalization: N(μ, σ²) = N(0, 1)".
    """
    xp = namespace(X, mean, std)
    return (X - mean) / xp.where(std > 0, std, 1.0)


def pca_fit(X: Array) -> tuple[Array, Array, Array]:
    """The principal axes of the data, and its variance along each.

    The covariance (X − mean)ᵀ(X − mean)/N is positive semidefinite, so its singular vectors are its
    eigenvectors, and its singular values the variances, in descending order. scikit-learn's PCA
    divides by N − 1.

    Args:
        X: (N, D).

    Returns:
        ``(mean, U, variances)``: (D,), (D, D) with an axis a column, and (D,). The sign of an axis
        is free.

    Source: 004, "PCA Whitening".
    """
    xp = namespace(X)
    mean = xp.mean(X, axis=0)
    centered = X - mean
    U, variances, _ = xp.linalg.svd(centered.T @ centered / X.shape[0])
    return mean, U, variances


def pca_rotate(X: Array, mean: Array, U: Array, k: int) -> Array:
    """The data on its first k principal axes, where its features are uncorrelated.

    (X − mean)·U_k

    Args:
        X: (N, D), training data or new.
        mean: (D,), of `pca_fit`.
        U: (D, D), of `pca_fit`.
        k: how many axes to keep.

    Returns:
        (N, k).

    Source: 004, "PCA Whitening".
    """
    return (X - mean) @ U[:, :k]


def whiten(X: Array, mean: Array, U: Array, variances: Array, eps: float = 1e-5) -> Array:
    """The data on its principal axes, each scaled to unit variance.

    (X − mean)·U/√(variances + ε); ε keeps an axis without variance from blowing up its noise.

    Args:
        X: (N, D), training data or new.
        mean: (D,), of `pca_fit`.
        U: (D, D), of `pca_fit`.
        variances: (D,), of `pca_fit`.
        eps: ε.

    Returns:
        (N, D), with covariance diag(variances/(variances + ε)) on the training data.

    Source: 004, "PCA Whitening".
    """
    xp = namespace(X, mean, U, variances)
    return ((X - mean) @ U) / xp.sqrt(variances + eps)
