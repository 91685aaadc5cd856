"""Lab 08: answers to the whitening of data."""

from __future__ import annotations

import math

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake("whiten", says="You divide by the variances; it is their roots that bring them to 1.")
def divided_by_the_variances(
    X: Array, mean: Array, U: Array, variances: Array, eps: float = 1e-5
) -> Array:
    return (X - mean) @ U / (variances + eps)


@mistake("whiten", says="You add epsilon after the root; here it is added to the variance.")
def epsilon_after_the_root(
    X: Array, mean: Array, U: Array, variances: Array, eps: float = 1e-5
) -> Array:
    return (X - mean) @ U / (np.sqrt(variances) + eps)


@mistake("whiten", says="You ignore epsilon, so that an axis without variance divides by zero.")
def epsilon_ignored(X: Array, mean: Array, U: Array, variances: Array, eps: float = 1e-5) -> Array:
    return (X - mean) @ U / np.sqrt(variances)


@mistake("whiten", says="Epsilon is for you only a least variance; it is added to each of them.")
def epsilon_as_a_floor(
    X: Array, mean: Array, U: Array, variances: Array, eps: float = 1e-5
) -> Array:
    return (X - mean) @ U / np.sqrt(np.maximum(variances, eps))


@mistake("whiten", says="You square epsilon before you add it.")
def epsilon_squared(X: Array, mean: Array, U: Array, variances: Array, eps: float = 1e-5) -> Array:
    return (X - mean) @ U / np.sqrt(variances + eps * eps)


@mistake("whiten", says="Epsilon is a hundred-thousandth unless it is given; yours is another.")
def another_default(X: Array, mean: Array, U: Array, variances: Array, eps: float = 1e-8) -> Array:
    return (X - mean) @ U / np.sqrt(variances + eps)


@mistake("whiten", says="You whiten without taking off the mean first.")
def not_centred(X: Array, mean: Array, U: Array, variances: Array, eps: float = 1e-5) -> Array:
    return X @ U / np.sqrt(variances + eps)


@mistake(
    "whiten",
    says="You centre by the data's own mean; the fitted one is handed to you.",
)
def centred_by_their_own_mean(
    X: Array, mean: Array, U: Array, variances: Array, eps: float = 1e-5
) -> Array:
    return (X - X.mean(axis=0)) @ U / np.sqrt(variances + eps)


@mistake(
    "whiten",
    says="You scale by the variances of these very data; those of the training data are given.",
)
def scaled_by_their_own_variances(
    X: Array, mean: Array, U: Array, variances: Array, eps: float = 1e-5
) -> Array:
    rotated = (X - mean) @ U
    return rotated / np.sqrt(rotated.var(axis=0) + eps)


@mistake("whiten", says="You rotate back to the features; the data stay on their principal axes.")
def rotated_back(X: Array, mean: Array, U: Array, variances: Array, eps: float = 1e-5) -> Array:
    return (X - mean) @ U / np.sqrt(variances + eps) @ U.T


@mistake("whiten", says="You rotate the other way round: U is transposed.")
def rotated_the_other_way(
    X: Array, mean: Array, U: Array, variances: Array, eps: float = 1e-5
) -> Array:
    return (X - mean) @ U.T / np.sqrt(variances + eps)


@mistake("whiten", says="You do not rotate: the variances are those along the axes.")
def not_rotated(X: Array, mean: Array, U: Array, variances: Array, eps: float = 1e-5) -> Array:
    return (X - mean) / np.sqrt(variances + eps)


@mistake(
    "whiten", says="You scale the features before the rotation; it is the axes that are scaled."
)
def scaled_before_the_rotation(
    X: Array, mean: Array, U: Array, variances: Array, eps: float = 1e-5
) -> Array:
    return (X - mean) / np.sqrt(variances + eps) @ U


@mistake("whiten", says="You multiply where you should divide, which makes wide axes wider.")
def multiplied_by_the_roots(
    X: Array, mean: Array, U: Array, variances: Array, eps: float = 1e-5
) -> Array:
    return (X - mean) @ U * np.sqrt(variances + eps)


@mistake("whiten", says="You rotate but do not scale.")
def not_scaled(X: Array, mean: Array, U: Array, variances: Array, eps: float = 1e-5) -> Array:
    return (X - mean) @ U


@mistake("whiten", says="Your result is right, but changes the caller's X.")
def data_moved_in_place(
    X: Array, mean: Array, U: Array, variances: Array, eps: float = 1e-5
) -> Array:
    X -= mean
    return X @ U / np.sqrt(variances + eps)


@mistake("whiten", says="Your result is right, but changes the caller's variances.")
def variances_overwritten(
    X: Array, mean: Array, U: Array, variances: Array, eps: float = 1e-5
) -> Array:
    variances += eps
    return (X - mean) @ U / np.sqrt(variances)


@mistake("whiten", says="Your float32 data come out as float64.")
def whitened_in_float64(
    X: Array, mean: Array, U: Array, variances: Array, eps: float = 1e-5
) -> Array:
    return (X - mean) @ U / np.sqrt(variances.astype(float) + eps)


@variant("whiten")
def axes_scaled_first(
    X: Array, mean: Array, U: Array, variances: Array, eps: float = 1e-5
) -> Array:
    scaled = U / np.sqrt(variances + eps)[None, :]
    return (X - mean) @ scaled


@variant("whiten")
def diagonal_matrix(
    X: Array, mean: Array, U: Array, variances: Array, eps: float = 0.00001, power: float = -0.5
) -> Array:
    return np.linalg.multi_dot([X - mean, U, np.diag((variances + eps) ** power)])


@variant("whiten")
def everything_by_einsum(
    X: Array, mean: Array, U: Array, variances: Array, eps: float = 1e-5
) -> Array:
    return np.einsum("nd,dk,k->nk", X - mean, U, 1 / np.sqrt(variances + eps))


@variant("whiten")
def axis_after_axis(X: Array, mean: Array, U: Array, variances: Array, eps: float = 1e-5) -> Array:
    white = np.zeros_like(X)
    for i in range(len(variances)):
        white[:, i] = np.dot(X - mean, U[:, i])
        white[:, i] /= math.sqrt(float(variances[i]) + eps)
    return white
