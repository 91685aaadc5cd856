"""Lab 08: answers to the rotation of data to their principal axes."""

from __future__ import annotations

import math

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake("pca_rotate", says="You rotate without taking off the mean first.")
def not_centred(X: Array, mean: Array, U: Array, k: int) -> Array:
    return X @ U[:, :k]


@mistake("pca_rotate", says="You take the mean off after the rotation, where it means other axes.")
def mean_taken_off_afterwards(X: Array, mean: Array, U: Array, k: int) -> Array:
    return X @ U[:, :k] - mean[:k]


@mistake(
    "pca_rotate",
    says="You centre by the data's own mean; the fitted one is handed to you.",
)
def centred_by_their_own_mean(X: Array, mean: Array, U: Array, k: int) -> Array:
    return (X - X.mean(axis=0)) @ U[:, :k]


@mistake("pca_rotate", says="You keep the last k axes, those with the least variance.")
def last_axes_kept(X: Array, mean: Array, U: Array, k: int) -> Array:
    return (X - mean) @ U[:, U.shape[1] - k :]


@mistake("pca_rotate", says="You cut rows of U where the axes are its columns.")
def rows_of_the_axes_cut(X: Array, mean: Array, U: Array, k: int) -> Array:
    return (X - mean) @ U[:k].T


@mistake("pca_rotate", says="You keep the first k features and then rotate; it is axes you keep.")
def features_cut_instead(X: Array, mean: Array, U: Array, k: int) -> Array:
    return (X - mean)[:, :k] @ U[:k, :k]


@mistake("pca_rotate", says="You return every axis; only the first k are asked for.")
def every_axis_kept(X: Array, mean: Array, U: Array, k: int) -> Array:
    return (X - mean) @ U


@mistake("pca_rotate", says="You rotate the other way round: U is transposed.")
def rotated_the_other_way(X: Array, mean: Array, U: Array, k: int) -> Array:
    return ((X - mean) @ U.T)[:, :k]


@mistake("pca_rotate", says="You keep one axis fewer than k.")
def one_axis_fewer(X: Array, mean: Array, U: Array, k: int) -> Array:
    return (X - mean) @ U[:, : k - 1]


@mistake("pca_rotate", says="You rotate the data back again; they stay in their new axes.")
def rotated_back(X: Array, mean: Array, U: Array, k: int) -> Array:
    return (X - mean) @ U[:, :k] @ U[:, :k].T + mean


@mistake("pca_rotate", says="You find axes of your own; those that were fitted are handed to you.")
def own_axes(X: Array, mean: Array, U: Array, k: int) -> Array:
    centered = X - mean
    return centered @ np.linalg.svd(centered.T @ centered)[0][:, :k]


@mistake("pca_rotate", says="You add the mean where it is to be taken off.")
def mean_added(X: Array, mean: Array, U: Array, k: int) -> Array:
    return (X + mean) @ U[:, :k]


@mistake("pca_rotate", says="Your result is right, but changes the caller's X.")
def data_moved_in_place(X: Array, mean: Array, U: Array, k: int) -> Array:
    X -= mean
    return X @ U[:, :k]


@mistake("pca_rotate", says="Your float32 data come out as float64.")
def rotated_in_float64(X: Array, mean: Array, U: Array, k: int) -> Array:
    rotated = np.zeros((len(X), k))
    rotated[:] = (X - mean) @ U[:, :k]
    return rotated


@variant("pca_rotate")
def all_rotated_and_cut(X: Array, mean: Array, U: Array, k: int) -> Array:
    return np.matmul(np.subtract(X, mean), U)[:, :k]


@variant("pca_rotate")
def axes_by_einsum(X: Array, mean: Array, U: Array, k: int, scale: float = 1.0) -> Array:
    return scale * np.einsum("nd,dk->nk", X - mean[np.newaxis], U[:, :k])


@variant("pca_rotate")
def mean_rotated_too(X: Array, mean: Array, U: Array, k: int) -> Array:
    first = U[:, :k]
    return X @ first - mean @ first


@variant("pca_rotate")
def coordinates_one_by_one(X: Array, mean: Array, U: Array, k: int) -> Array:
    rotated = np.empty((X.shape[0], k), dtype=X.dtype)
    for n in range(X.shape[0]):
        for i in range(k):
            products = [float((X[n, f] - mean[f]) * U[f, i]) for f in range(X.shape[1])]
            rotated[n, i] = math.fsum(products)
    return rotated


@variant("pca_rotate")
def axes_in_rows_of_a_transpose(X: Array, mean: Array, U: Array, k: int) -> Array:
    axes = U.T[:k]
    return (axes @ (X - mean).T).T
