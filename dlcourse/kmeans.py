"""K-means three ways: batch, one row at a time, and minibatches.

The simplest loss on which batch, stochastic and minibatch updates can be compared: the mean squared
distance from each row to its nearest centre.
"""

from __future__ import annotations

from dlcourse.backend import Array, namespace


def kmeans_loss(X: Array, centers: Array) -> float:
    """The mean squared distance from each row to its nearest centre.

    L = 1/N · Σ_n min_k ‖x_n − c_k‖²

    Args:
        X: (N, D), the rows.
        centers: (K, D).

    Source: 000, "SGD example".
    """
    xp = namespace(X, centers)
    distance = xp.sum((X - centers[0, :]) ** 2, axis=1)
    for center in centers[1:, :]:
        distance = xp.minimum(distance, xp.sum((X - center) ** 2, axis=1))
    return float(xp.mean(distance))


def kmeans_assign(X: Array, centers: Array) -> Array:
    """Which centre is nearest to each row, by Euclidean distance.

    label_n = argmin_k ‖x_n − c_k‖²

    Args:
        X: (N, D), the rows.
        centers: (K, D).

    Returns:
        (N,) integers 0 … K−1; of centres at one distance the first.

    Source: 000, "SGD example".
    """
    xp = namespace(X, centers)
    # A centre at a time: (N, K) distances instead of (N, K, D) differences.
    distances = [xp.sum((X - center) ** 2, axis=1) for center in centers]
    return xp.argmin(xp.stack(distances, axis=1), axis=1)


def kmeans_batch_step(X: Array, centers: Array) -> Array:
    """One step of batch K-means (Lloyd): each centre moves to the mean of the rows nearest to it.

    c_k ← mean of the x_n whose nearest centre is c_k

    Args:
        X: (N, D), all rows.
        centers: (K, D).

    Returns:
        (K, D), the new centres; one to which no row is nearest stays where it is.

    Source: 000, "SGD example"; Lloyd, "Least Squares Quantization in PCM" (1982).
    """
    xp = namespace(X, centers)
    distances = [xp.sum((X - center) ** 2, axis=1) for center in centers]
    labels = xp.argmin(xp.stack(distances, axis=1), axis=1)
    moved = xp.asarray(centers, copy=True)
    for k in range(centers.shape[0]):
        members = X[labels == k]
        if members.shape[0]:
            moved[k, :] = xp.mean(members, axis=0)
    return moved


def kmeans_sgd_step(x: Array, centers: Array, counts: Array) -> tuple[Array, Array]:
    """One step of stochastic K-means: the centre nearest to one row moves towards it.

    counts_k ← counts_k + 1, then c_k ← c_k + (x − c_k)/counts_k

    The learning rate 1/counts_k falls as 1/j, for each centre on its own, and makes it the mean of
    all rows that it has been given.

    Args:
        x: (D,), one row.
        centers: (K, D).
        counts: (K,), the rows that each centre has been given so far.

    Returns:
        ``(centers, counts)``: new arrays of the same shapes; one centre and its count differ.

    Source: 000, "SGD example"; Bottou and Bengio, "Convergence Properties of the K-Means
    Algorithms" (1994).
    """
    xp = namespace(x, centers)
    k = int(xp.argmin(xp.sum((x - centers) ** 2, axis=1)))
    centers, counts = xp.asarray(centers, copy=True), xp.asarray(counts, copy=True)
    counts[k] += 1
    centers[k, :] += (x - centers[k, :]) / int(counts[k])
    return centers, counts


def kmeans_minibatch_step(X: Array, centers: Array, counts: Array) -> tuple[Array, Array]:
    """One step of minibatch K-means: the centres move towards the rows of one minibatch.

    All rows are assigned first, to the centres as they come in. Then, with the m rows given to k:

    c_k ← (counts_k·c_k + Σ rows)/(counts_k + m), counts_k ← counts_k + m

    Args:
        X: (B, D), the rows of the minibatch.
        centers: (K, D).
        counts: (K,), the rows that each centre has been given so far.

    Returns:
        ``(centers, counts)``: new arrays of the same shapes; a centre that is given no row stays.

    Source: 000, "SGD example"; Sculley, "Web-Scale K-Means Clustering" (2010).
    """
    xp = namespace(X, centers)
    distances = [xp.sum((X - center) ** 2, axis=1) for center in centers]
    labels = xp.argmin(xp.stack(distances, axis=1), axis=1)
    centers, counts = xp.asarray(centers, copy=True), xp.asarray(counts, copy=True)
    for k in range(centers.shape[0]):
        members = X[labels == k]
        m, count = members.shape[0], int(counts[k])
        if m:
            centers[k, :] = (count * centers[k, :] + xp.sum(members, axis=0)) / (count + m)
            counts[k] += m
    return centers, counts
