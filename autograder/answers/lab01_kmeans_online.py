"""Lab 01: answers to K-means by single rows and by minibatches."""

from __future__ import annotations

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake("kmeans_sgd_step", says="You divide by the count from before this row, which may be zero.")
def divided_by_the_old_count(x: Array, centers: Array, counts: Array) -> tuple[Array, Array]:
    centers, counts = centers.copy(), counts.copy()
    c = ((x - centers) ** 2).sum(axis=1).argmin()
    centers[c] += (x - centers[c]) / max(counts[c], 1)
    counts[c] += 1
    return centers, counts


@mistake("kmeans_sgd_step", says="You add one to the count, and one again where you divide by it.")
def counted_twice(x: Array, centers: Array, counts: Array) -> tuple[Array, Array]:
    centers, counts = centers.copy(), counts.copy()
    c = ((x - centers) ** 2).sum(axis=1).argmin()
    counts[c] += 1
    centers[c] += (x - centers[c]) / (counts[c] + 1)
    return centers, counts


@mistake("kmeans_sgd_step", says="Your centre moves away from the row.")
def away_from_the_row(x: Array, centers: Array, counts: Array) -> tuple[Array, Array]:
    centers, counts = centers.copy(), counts.copy()
    c = ((x - centers) ** 2).sum(axis=1).argmin()
    counts[c] += 1
    centers[c] -= (x - centers[c]) / counts[c]
    return centers, counts


@mistake("kmeans_sgd_step", says="All your centres move; only the one nearest to the row does.")
def all_centres_move(x: Array, centers: Array, counts: Array) -> tuple[Array, Array]:
    counts = counts + 1
    return centers + ((x - centers) / counts[:, None]).astype(centers.dtype), counts


@mistake("kmeans_sgd_step", says="The counts that you return are those that were handed in.")
def counts_not_handed_on(x: Array, centers: Array, counts: Array) -> tuple[Array, Array]:
    centers = centers.copy()
    c = ((x - centers) ** 2).sum(axis=1).argmin()
    centers[c] += (x - centers[c]) / (counts[c] + 1)
    return centers, counts


@mistake(
    "kmeans_sgd_step", says="Your centre moves all the way to each row; it should move ever less."
)
def replaced_by_the_row(x: Array, centers: Array, counts: Array) -> tuple[Array, Array]:
    centers, counts = centers.copy(), counts.copy()
    c = ((x - centers) ** 2).sum(axis=1).argmin()
    counts[c] += 1
    centers[c] = x
    return centers, counts


@mistake(
    "kmeans_sgd_step", says="You divide by all rows so far; each centre has a count of its own."
)
def divided_by_all_counts(x: Array, centers: Array, counts: Array) -> tuple[Array, Array]:
    centers, counts = centers.copy(), counts.copy()
    c = ((x - centers) ** 2).sum(axis=1).argmin()
    counts[c] += 1
    centers[c] += (x - centers[c]) / counts.sum()
    return centers, counts


@mistake("kmeans_sgd_step", says="Your step is right, but changes the caller's centres and counts.")
def arguments_overwritten(x: Array, centers: Array, counts: Array) -> tuple[Array, Array]:
    c = ((x - centers) ** 2).sum(axis=1).argmin()
    counts[c] += 1
    centers[c] += (x - centers[c]) / counts[c]
    return centers, counts


@mistake("kmeans_sgd_step", says="Your centres turn from float32 to float64.")
def moved_in_float64(x: Array, centers: Array, counts: Array) -> tuple[Array, Array]:
    nearest = np.arange(len(centers)) == ((x - centers) ** 2).sum(axis=1).argmin()
    counts = counts + nearest
    return centers + (nearest / np.maximum(counts, 1))[:, None] * (x - centers), counts


@variant("kmeans_sgd_step")
def weighted_mean_of_old_and_new(x: Array, centers: Array, counts: Array) -> tuple[Array, Array]:
    c = int(np.linalg.norm(centers - x, axis=1).argmin())
    moved, counted = np.array(centers), np.array(counts)
    n = int(counts[c])
    moved[c] = (n * centers[c] + x) / (n + 1)
    counted[c] = n + 1
    return moved, counted


@variant("kmeans_sgd_step")
def one_hot_rates(x: Array, centers: Array, counts: Array) -> tuple[Array, Array]:
    nearest = np.arange(len(centers)) == ((x - centers) ** 2).sum(axis=1).argmin()
    counts = counts + nearest
    rates = (nearest / np.maximum(counts, 1)).astype(centers.dtype)
    return (1 - rates)[:, None] * centers + rates[:, None] * x, counts


@variant("kmeans_sgd_step")
def counts_as_floats(x: Array, centers: Array, counts: Array, eps: float = 0.0) -> list[Array]:
    distances = [float(np.dot(x - center, x - center)) for center in centers]
    c = distances.index(min(distances))
    tally = counts.astype(float)
    tally[c] += 1.0
    rows = [
        row + (x - row) / float(tally[c] + eps) if k == c else row for k, row in enumerate(centers)
    ]
    return [np.stack(rows), tally]


@mistake(
    "kmeans_minibatch_step",
    says="Your centres forget the rows of earlier minibatches: they become the mean of this one's.",
)
def earlier_rows_forgotten(X: Array, centers: Array, counts: Array) -> tuple[Array, Array]:
    labels = ((X[:, None] - centers) ** 2).sum(axis=2).argmin(axis=1)
    centers, counts = centers.copy(), counts.copy()
    for k in np.unique(labels):
        centers[k] = X[labels == k].mean(axis=0)
        counts[k] += (labels == k).sum()
    return centers, counts


@mistake(
    "kmeans_minibatch_step",
    says="You assign each row after the row before has moved a "
    "centre; all rows are assigned to the incoming centres.",
)
def assigned_one_after_another(X: Array, centers: Array, counts: Array) -> tuple[Array, Array]:
    centers, counts = centers.copy(), counts.copy()
    for x in X:
        k = ((x - centers) ** 2).sum(axis=1).argmin()
        counts[k] += 1
        centers[k] += (x - centers[k]) / counts[k]
    return centers, counts


@mistake("kmeans_minibatch_step", says="A centre that has never had a row is divided by zero.")
def zero_by_zero(X: Array, centers: Array, counts: Array) -> tuple[Array, Array]:
    labels = ((X[:, None] - centers) ** 2).sum(axis=2).argmin(axis=1)
    member = (labels[:, None] == np.arange(len(centers))).astype(X.dtype)
    counted = counts + member.sum(axis=0).astype(int)
    moved = (counts[:, None] * centers + member.T @ X) / counted[:, None]
    return moved.astype(centers.dtype), counted


@mistake("kmeans_minibatch_step", says="The counts that you return are those that were handed in.")
def counts_not_handed_on_by_batch(X: Array, centers: Array, counts: Array) -> tuple[Array, Array]:
    labels = ((X[:, None] - centers) ** 2).sum(axis=2).argmin(axis=1)
    moved = centers.copy()
    for k in np.unique(labels):
        rows, n = X[labels == k], int(counts[k])
        moved[k] = (n * centers[k] + rows.sum(axis=0)) / (n + len(rows))
    return moved, counts


@mistake("kmeans_minibatch_step", says="You count a minibatch as one row; each of its rows counts.")
def batch_counted_as_one_row(X: Array, centers: Array, counts: Array) -> tuple[Array, Array]:
    labels = ((X[:, None] - centers) ** 2).sum(axis=2).argmin(axis=1)
    centers, counts = centers.copy(), counts.copy()
    for k in np.unique(labels):
        counts[k] += 1
        centers[k] += (X[labels == k].mean(axis=0) - centers[k]) / counts[k]
    return centers, counts


@mistake("kmeans_minibatch_step", says="You add the mean of the new rows where their sum belongs.")
def mean_for_sum(X: Array, centers: Array, counts: Array) -> tuple[Array, Array]:
    labels = ((X[:, None] - centers) ** 2).sum(axis=2).argmin(axis=1)
    centers, counts = centers.copy(), counts.copy()
    for k in np.unique(labels):
        rows, n = X[labels == k], int(counts[k])
        counts[k] += len(rows)
        centers[k] = (n * centers[k] + rows.mean(axis=0)) / (n + len(rows))
    return centers, counts


@mistake(
    "kmeans_minibatch_step",
    says="You weigh the old centre with the count that includes the new rows already.",
)
def old_centre_weighed_too_much(X: Array, centers: Array, counts: Array) -> tuple[Array, Array]:
    labels = ((X[:, None] - centers) ** 2).sum(axis=2).argmin(axis=1)
    centers, counts = centers.copy(), counts.copy()
    for k in np.unique(labels):
        rows = X[labels == k]
        counts[k] += len(rows)
        n = int(counts[k])
        centers[k] = (n * centers[k] + rows.sum(axis=0)) / (n + len(rows))
    return centers, counts


@mistake("kmeans_minibatch_step", says="Your step is right, but changes the caller's arrays.")
def arguments_overwritten_by_batch(X: Array, centers: Array, counts: Array) -> tuple[Array, Array]:
    labels = ((X[:, None] - centers) ** 2).sum(axis=2).argmin(axis=1)
    for k in np.unique(labels):
        rows, n = X[labels == k], int(counts[k])
        centers[k] = (n * centers[k] + rows.sum(axis=0)) / (n + len(rows))
        counts[k] += len(rows)
    return centers, counts


@variant("kmeans_minibatch_step")
def row_by_row_with_labels_kept(X: Array, centers: Array, counts: Array) -> tuple[Array, Array]:
    labels = [int(((x - centers) ** 2).sum(axis=1).argmin()) for x in X]
    centers, counts = centers.copy(), counts.copy()
    for x, k in zip(X, labels, strict=True):
        counts[k] += 1
        rate = 1.0 / counts[k]
        centers[k] = (1 - rate) * centers[k] + rate * x
    return centers, counts


@variant("kmeans_minibatch_step")
def one_hot_sums(X: Array, centers: Array, counts: Array) -> tuple[Array, Array]:
    labels = np.argmin((centers**2).sum(axis=1) - 2 * X @ centers.T, axis=1)
    member = np.eye(len(centers), dtype=X.dtype)[labels]
    total = counts + np.bincount(labels, minlength=len(counts))
    sums = counts[:, None] * centers + np.einsum("nk,nd->kd", member, X)
    moved = np.where(total[:, None] > 0, sums / np.maximum(total, 1)[:, None], centers)
    return moved.astype(centers.dtype), total


@variant("kmeans_minibatch_step")
def step_towards_the_mean(
    X: Array, centers: Array, counts: Array, weight: float = 1.0
) -> tuple[Array, Array]:
    labels = np.linalg.norm(X[:, None] - centers, axis=2).argmin(axis=1)
    moved, tally = np.copy(centers), counts.astype(np.float64)
    for k in range(len(centers)):
        rows = X[labels == k]
        if len(rows) == 0:
            continue
        tally[k] += weight * len(rows)
        moved[k] += (rows.mean(axis=0) - centers[k]) * (weight * len(rows) / tally[k])
    return moved, tally
