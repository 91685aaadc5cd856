"""Lab 01: answers to K-means by all rows at once."""

from __future__ import annotations

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake("kmeans_assign", says="Each of your rows goes to the centre farthest from it.")
def farthest_centre(X: Array, centers: Array) -> Array:
    return ((X[:, None] - centers) ** 2).sum(axis=2).argmax(axis=1)


@mistake(
    "kmeans_assign", says="You choose the best row for each centre, not a centre for each row."
)
def row_for_each_centre(X: Array, centers: Array) -> Array:
    return ((X[:, None] - centers) ** 2).sum(axis=2).argmin(axis=0)


@mistake("kmeans_assign", says="You sum absolute differences; the distance here is Euclidean.")
def city_block_distance(X: Array, centers: Array) -> Array:
    return np.abs(X[:, None] - centers).sum(axis=2).argmin(axis=1)


@mistake(
    "kmeans_assign",
    says="You compare inner products; without the centres' lengths these "
    "favour centres that lie far out.",
)
def largest_inner_product(X: Array, centers: Array) -> Array:
    return (X @ centers.T).argmax(axis=1)


@mistake(
    "kmeans_assign",
    says="You sum the differences before you square them, so that opposite ones cancel.",
)
def differences_summed_first(X: Array, centers: Array) -> Array:
    return ((X[:, None] - centers).sum(axis=2) ** 2).argmin(axis=1)


@mistake("kmeans_assign", says="Your labels count from 1; they are to serve as indices of centres.")
def labels_from_one(X: Array, centers: Array) -> Array:
    return ((X[:, None] - centers) ** 2).sum(axis=2).argmin(axis=1) + 1


@mistake("kmeans_assign", says="You return the distance to the nearest centre, not which it is.")
def distances_for_labels(X: Array, centers: Array) -> Array:
    return ((X[:, None] - centers) ** 2).sum(axis=2).min(axis=1)


@mistake("kmeans_assign", says="You look at the first feature alone.")
def first_feature_alone(X: Array, centers: Array) -> Array:
    return np.abs(X[:, :1] - centers[:, 0]).argmin(axis=1)


@mistake("kmeans_assign", says="Your labels are floats; indices are integers.")
def labels_as_floats(X: Array, centers: Array) -> Array:
    return ((X[:, None] - centers) ** 2).sum(axis=2).argmin(axis=1).astype(float)


@variant("kmeans_assign")
def expanded_square(X: Array, centers: Array) -> Array:
    return np.argmin((centers**2).sum(axis=1) - 2 * X @ centers.T, axis=1)


@variant("kmeans_assign")
def row_by_row(X: Array, centers: Array) -> Array:
    labels = []
    for x in X:
        distances = [float(np.linalg.norm(x - center)) for center in centers]
        labels.append(distances.index(min(distances)))
    return np.array(labels)


@variant("kmeans_assign")
def einsum_of_differences(X: Array, centers: Array) -> Array:
    difference = X[:, None, :] - centers[None, :, :]
    return np.einsum("nkd,nkd->nk", difference, difference).argmin(axis=-1).astype(np.int32)


@variant("kmeans_assign")
def best_so_far(X: Array, centers: Array, power: int = 2) -> Array:
    labels = np.zeros(len(X), dtype=int)
    least = np.full(len(X), np.inf)
    for k, center in enumerate(centers):
        distance = (np.abs(X - center) ** power).sum(axis=1)
        labels = np.where(distance < least, k, labels)
        least = np.minimum(distance, least)
    return labels


@mistake("kmeans_batch_step", says="A centre without rows gets the mean of nothing: NaN. It stays.")
def mean_of_nothing(X: Array, centers: Array) -> Array:
    labels = ((X[:, None] - centers) ** 2).sum(axis=2).argmin(axis=1)
    return np.stack([X[labels == k].mean(axis=0) for k in range(len(centers))])


@mistake("kmeans_batch_step", says="A centre without rows drops to zero in yours. It stays.")
def empty_centre_at_zero(X: Array, centers: Array) -> Array:
    labels = ((X[:, None] - centers) ** 2).sum(axis=2).argmin(axis=1)
    new = np.zeros_like(centers)
    for k in np.unique(labels):
        new[k] = X[labels == k].mean(axis=0)
    return new


@mistake("kmeans_batch_step", says="A centre without rows vanishes in yours. It stays.")
def empty_centre_dropped(X: Array, centers: Array) -> Array:
    labels = ((X[:, None] - centers) ** 2).sum(axis=2).argmin(axis=1)
    return np.stack([X[labels == k].mean(axis=0) for k in np.unique(labels)])


@mistake("kmeans_batch_step", says="You divide each sum by all rows, not by those of its centre.")
def divided_by_all_rows(X: Array, centers: Array) -> Array:
    labels = ((X[:, None] - centers) ** 2).sum(axis=2).argmin(axis=1)
    new = centers.copy()
    for k in np.unique(labels):
        new[k] = X[labels == k].sum(axis=0) / len(X)
    return new


@mistake("kmeans_batch_step", says="Your centres move to the median of their rows, not the mean.")
def median_of_rows(X: Array, centers: Array) -> Array:
    labels = ((X[:, None] - centers) ** 2).sum(axis=2).argmin(axis=1)
    new = centers.copy()
    for k in np.unique(labels):
        new[k] = np.median(X[labels == k], axis=0)
    return new


@mistake("kmeans_batch_step", says="You count the old centre as one more row of its cluster.")
def old_centre_counted_in(X: Array, centers: Array) -> Array:
    labels = ((X[:, None] - centers) ** 2).sum(axis=2).argmin(axis=1)
    rows = [np.concatenate([centers[k : k + 1], X[labels == k]]) for k in range(len(centers))]
    return np.stack([members.mean(axis=0) for members in rows])


@mistake(
    "kmeans_batch_step",
    says="You move one centre and assign again before the next; all rows "
    "are assigned to the incoming centres.",
)
def assigned_again_after_each_centre(X: Array, centers: Array) -> Array:
    new = centers.copy()
    for k in range(len(new)):
        members = X[((X[:, None] - new) ** 2).sum(axis=2).argmin(axis=1) == k]
        if len(members):
            new[k] = members.mean(axis=0)
    return new


@mistake("kmeans_batch_step", says="Your step is right, but changes the caller's centres.")
def centres_overwritten(X: Array, centers: Array) -> Array:
    labels = ((X[:, None] - centers) ** 2).sum(axis=2).argmin(axis=1)
    for k in np.unique(labels):
        centers[k] = X[labels == k].mean(axis=0)
    return centers


@mistake("kmeans_batch_step", says="Your new centres are float64, though float32 came in.")
def centres_in_float64(X: Array, centers: Array) -> Array:
    labels = ((X[:, None] - centers) ** 2).sum(axis=2).argmin(axis=1)
    new = np.array(centers, dtype=float)
    for k in np.unique(labels):
        new[k] = X[labels == k].mean(axis=0)
    return new


@variant("kmeans_batch_step")
def one_hot_product(X: Array, centers: Array) -> Array:
    nearest = ((X[:, None] - centers) ** 2).sum(axis=2).argmin(axis=1)
    member = (nearest[:, None] == np.arange(len(centers))).astype(X.dtype)
    m = member.sum(axis=0)[:, None]
    return np.where(m > 0, (member.T @ X) / np.maximum(m, 1), centers)


@variant("kmeans_batch_step")
def sums_added_at(X: Array, centers: Array) -> Array:
    nearest = np.argmin(np.linalg.norm(X[:, None] - centers, axis=-1), axis=1)
    sums = np.zeros_like(centers)
    np.add.at(sums, nearest, X)
    m = np.bincount(nearest, minlength=len(centers))
    sums[m == 0] = centers[m == 0]
    return (sums / np.maximum(m, 1)[:, None]).astype(centers.dtype)


@variant("kmeans_batch_step")
def means_of_nothing_mended(X: Array, centers: Array) -> Array:
    nearest = ((X[:, None] - centers) ** 2).sum(axis=2).argmin(axis=1)
    new = np.stack([X[nearest == k].mean(axis=0) for k in range(len(centers))])
    return np.where(np.isnan(new), centers, new)


@variant("kmeans_batch_step")
def rows_gathered_in_lists(X: Array, centers: Array) -> Array:
    members: dict[int, list[Array]] = {}
    for x in X:
        distances = [
            sum((a - b) ** 2 for a, b in zip(x, center, strict=True)) for center in centers
        ]
        members.setdefault(int(np.argmin(distances)), []).append(x)
    new = [np.mean(members[k], axis=0) if k in members else c for k, c in enumerate(centers)]
    return np.array(new)
