"""Lab 08: answers to the moments of features, and to moving and scaling by them."""

from __future__ import annotations

import math

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "standardize_fit",
    says="Your std divides by one less than the number of rows; here all of them count.",
)
def one_row_less(X: Array) -> tuple[Array, Array]:
    return X.mean(axis=0), X.std(axis=0, ddof=1)


@mistake(
    "standardize_fit",
    says="You take the moments of each row; they are those of each feature, over the rows.",
)
def moments_of_rows(X: Array) -> tuple[Array, Array]:
    return X.mean(axis=1), X.std(axis=1)


@mistake(
    "standardize_fit",
    says="You take one mean and one std for all features; each has its own.",
)
def one_for_all_features(X: Array) -> tuple[Array, Array]:
    return np.full_like(X[0], X.mean()), np.full_like(X[0], X.std())


@mistake("standardize_fit", says="Your std is the variance: a root is missing.")
def variance_for_std(X: Array) -> tuple[Array, Array]:
    return X.mean(axis=0), X.var(axis=0)


@mistake("standardize_fit", says="You take the root mean square without centring the features.")
def spread_about_zero(X: Array) -> tuple[Array, Array]:
    return X.mean(axis=0), np.sqrt((X * X).mean(axis=0))


@mistake(
    "standardize_fit", says="You average the distances from the mean; their squares are meant."
)
def mean_distance(X: Array) -> tuple[Array, Array]:
    mean = X.mean(axis=0)
    return mean, np.abs(X - mean).mean(axis=0)


@mistake("standardize_fit", says="You take the median where the mean is asked for.")
def median_for_mean(X: Array) -> tuple[Array, Array]:
    return np.median(X, axis=0), X.std(axis=0)


@mistake(
    "standardize_fit",
    says="You give a constant feature a std of 1; its std is 0, and the next task copes with it.",
)
def one_for_constant_features(X: Array) -> tuple[Array, Array]:
    std = X.std(axis=0)
    std[std == 0] = 1
    return X.mean(axis=0), std


@mistake(
    "standardize_fit",
    says="You add a little to every std, so that even a constant feature seems to vary.",
)
def little_added_to_the_std(X: Array) -> tuple[Array, Array]:
    return X.mean(axis=0), X.std(axis=0) + 1e-5


@mistake(
    "standardize_fit",
    says="You take the difference of two large numbers, which loses a small spread: centre first.",
)
def difference_of_large_numbers(X: Array) -> tuple[Array, Array]:
    mean = X.mean(axis=0)
    return mean, np.sqrt(np.maximum((X * X).mean(axis=0) - mean * mean, 0))


@mistake("standardize_fit", says="You return the std first; the mean comes before it.")
def std_first(X: Array) -> tuple[Array, Array]:
    return X.std(axis=0), X.mean(axis=0)


@mistake(
    "standardize_fit", says="Your moments are a row of a matrix; one vector each is asked for."
)
def moments_as_a_matrix(X: Array) -> tuple[Array, Array]:
    return X.mean(axis=0, keepdims=True), X.std(axis=0, keepdims=True)


@mistake("standardize_fit", says="Your result is right, but changes the caller's X.")
def data_centred_in_place(X: Array) -> tuple[Array, Array]:
    mean = X.mean(axis=0)
    X -= mean
    return mean, np.sqrt((X * X).mean(axis=0))


@mistake("standardize_fit", says="Your moments of float32 data are float64.")
def moments_in_float64(X: Array) -> tuple[Array, Array]:
    return X.mean(axis=0, dtype=float), X.std(axis=0, dtype=float)


@variant("standardize_fit")
def moments_by_numpy(X: Array, axis: int = 0) -> tuple[Array, Array]:
    return np.mean(X, axis=axis), np.std(X, axis=axis)


@variant("standardize_fit")
def feature_by_feature(X: Array) -> tuple[Array, Array]:
    mean, std = np.empty_like(X[0]), np.empty_like(X[0])
    for i in range(X.shape[1]):
        column = [float(x) for x in X[:, i]]
        centre = math.fsum(column) / len(column)
        mean[i] = centre
        std[i] = math.sqrt(math.fsum((x - centre) ** 2 for x in column) / len(column))
    return mean, std


@variant("standardize_fit")
def squares_by_einsum(X: Array) -> tuple[Array, Array]:
    centered = X.copy()
    mean = np.sum(centered, axis=0) / len(X)
    centered -= mean
    return mean, np.sqrt(np.einsum("nd,nd->d", centered, centered) / len(X))


@variant("standardize_fit")
def norms_of_centred_columns(X: Array) -> tuple[Array, Array]:
    columns = [X[:, i] for i in range(X.shape[1])]
    mean = np.array([column.mean() for column in columns], dtype=X.dtype)
    norms = np.linalg.norm(X - mean[None, :], axis=0)
    return mean, (norms / math.sqrt(len(X))).astype(X.dtype)


@mistake(
    "standardize",
    says="You use the data's own moments; new data are moved by those of the training data.",
)
def own_statistics(X: Array, mean: Array, std: Array) -> Array:
    spread = X.std(axis=0)
    return (X - X.mean(axis=0)) / np.where(spread > 0, spread, np.ones_like(spread))


@mistake(
    "standardize",
    says="You centre by the data's own mean; the fitted one is handed to you.",
)
def own_mean(X: Array, mean: Array, std: Array) -> Array:
    return (X - X.mean(axis=0)) / np.where(std > 0, std, np.ones_like(std))


@mistake("standardize", says="A feature whose std is 0 makes you divide by zero.")
def divided_by_zero(X: Array, mean: Array, std: Array) -> Array:
    return (X - mean) / std


@mistake(
    "standardize",
    says="You divide a constant feature by a tiny number, and a new value of it becomes huge.",
)
def tiny_number_added(X: Array, mean: Array, std: Array) -> Array:
    return (X - mean) / (std + 1e-8)


@mistake("standardize", says="You set a constant feature to zero; a new value of it is lost.")
def constant_feature_dropped(X: Array, mean: Array, std: Array) -> Array:
    scale = np.where(std > 0, std, np.ones_like(std))
    return np.where(std > 0, (X - mean) / scale, np.zeros_like(X))


@mistake("standardize", says="You leave a constant feature as it is; it should still be centred.")
def constant_feature_not_moved(X: Array, mean: Array, std: Array) -> Array:
    scale = np.where(std > 0, std, np.ones_like(std))
    return np.where(std > 0, (X - mean) / scale, X)


@mistake(
    "standardize",
    says="You do not scale features of little spread; all but the constant ones are scaled.",
)
def narrow_features_not_scaled(X: Array, mean: Array, std: Array) -> Array:
    return (X - mean) / np.maximum(std, np.ones_like(std))


@mistake("standardize", says="You scale but do not move: the mean is not taken off.")
def not_moved(X: Array, mean: Array, std: Array) -> Array:
    return X / np.where(std > 0, std, np.ones_like(std))


@mistake("standardize", says="You move but do not scale: the std is not divided by.")
def not_scaled(X: Array, mean: Array, std: Array) -> Array:
    return X - mean


@mistake("standardize", says="You multiply by the std, which makes wide features wider.")
def multiplied_by_the_std(X: Array, mean: Array, std: Array) -> Array:
    return (X - mean) * np.where(std > 0, std, np.ones_like(std))


@mistake("standardize", says="You divide by the variance; the std is handed to you as it is.")
def divided_by_the_variance(X: Array, mean: Array, std: Array) -> Array:
    return (X - mean) / np.where(std > 0, std * std, np.ones_like(std))


@mistake("standardize", says="You divide before you take off the mean: mind the brackets.")
def mean_taken_off_last(X: Array, mean: Array, std: Array) -> Array:
    return X / np.where(std > 0, std, np.ones_like(std)) - mean


@mistake("standardize", says="You take off the std and divide by the mean.")
def moments_exchanged(X: Array, mean: Array, std: Array) -> Array:
    return (X - std) / mean


@mistake("standardize", says="Your result is right, but changes the caller's X.")
def data_overwritten(X: Array, mean: Array, std: Array) -> Array:
    X -= mean
    X /= np.where(std > 0, std, np.ones_like(std))
    return X


@mistake("standardize", says="Your result is right, but changes the caller's std.")
def std_overwritten(X: Array, mean: Array, std: Array) -> Array:
    std[std == 0] = 1
    return (X - mean) / std


@mistake("standardize", says="Your float32 data come out as float64.")
def scaled_in_float64(X: Array, mean: Array, std: Array) -> Array:
    return (X - mean) / np.where(std > 0, std, np.ones(std.shape))


@variant("standardize")
def divided_where_there_is_spread(X: Array, mean: Array, std: Array) -> Array:
    centered = X - mean
    return np.divide(centered, std, out=centered.copy(), where=std > 0)


@variant("standardize")
def feature_after_feature(X: Array, mean: Array, std: Array, fallback: float = 1.0) -> Array:
    scaled = np.empty_like(X)
    for i in range(len(mean)):
        scaled[:, i] = (X[:, i] - mean[i]) / (std[i] if std[i] != 0 else fallback)
    return scaled


@variant("standardize")
def copies_in_place(X: Array, mean: Array, std: Array) -> Array:
    scale, scaled = std.copy(), np.array(X)
    scale[scale == 0] = 1
    scaled -= mean
    scaled /= scale
    return scaled


@variant("standardize")
def spread_plus_a_flag(X: Array, mean: Array, std: Array) -> Array:
    inverse = 1 / (std + (std == 0))
    return np.einsum("nd,d->nd", np.subtract(X, mean[None, :]), inverse).astype(X.dtype)
