"""Lab 08: answers to the principal axes of data."""

from __future__ import annotations

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "pca_fit",
    says="Your covariance divides by one less than the number of rows; here all of them count.",
)
def covariance_of_one_row_less(X: Array) -> tuple[Array, Array, Array]:
    mean = X.mean(axis=0)
    U, variances, _ = np.linalg.svd((X - mean).T @ (X - mean) / max(len(X) - 1, 1))
    return mean, U, variances


@mistake("pca_fit", says="Your covariance is not divided by the number of rows.")
def covariance_not_divided(X: Array) -> tuple[Array, Array, Array]:
    mean = X.mean(axis=0)
    U, variances, _ = np.linalg.svd((X - mean).T @ (X - mean))
    return mean, U, variances


@mistake("pca_fit", says="Your covariance is divided by the number of features, not of rows.")
def covariance_over_features(X: Array) -> tuple[Array, Array, Array]:
    mean = X.mean(axis=0)
    U, variances, _ = np.linalg.svd((X - mean).T @ (X - mean) / X.shape[1])
    return mean, U, variances


@mistake("pca_fit", says="Your variances rise; the largest comes first, and its axis with it.")
def smallest_first(X: Array) -> tuple[Array, Array, Array]:
    mean = X.mean(axis=0)
    variances, U = np.linalg.eigh((X - mean).T @ (X - mean) / len(X))
    return mean, U, variances


@mistake(
    "pca_fit",
    says="You put the variances in order, but left their axes where they were.",
)
def axes_left_in_their_order(X: Array) -> tuple[Array, Array, Array]:
    mean = X.mean(axis=0)
    variances, U = np.linalg.eigh((X - mean).T @ (X - mean) / len(X))
    return mean, U, variances[::-1].copy()


@mistake("pca_fit", says="You turn the rows of U round where its columns are the axes.")
def rows_of_the_axes_turned_round(X: Array) -> tuple[Array, Array, Array]:
    mean = X.mean(axis=0)
    variances, U = np.linalg.eigh((X - mean).T @ (X - mean) / len(X))
    return mean, U[::-1].copy(), variances[::-1].copy()


@mistake("pca_fit", says="You do not centre the data, so that the first axis points at their mean.")
def not_centred(X: Array) -> tuple[Array, Array, Array]:
    U, variances, _ = np.linalg.svd(X.T @ X / len(X))
    return X.mean(axis=0), U, variances


@mistake(
    "pca_fit",
    says="You centre every row by its own mean; the mean is one of each feature, over the rows.",
)
def rows_centred(X: Array) -> tuple[Array, Array, Array]:
    centered = X - X.mean(axis=1, keepdims=True)
    U, variances, _ = np.linalg.svd(centered.T @ centered / len(X))
    return X.mean(axis=0), U, variances


@mistake("pca_fit", says="Your axes stand in the rows of U; each is to be a column.")
def axes_in_rows(X: Array) -> tuple[Array, Array, Array]:
    mean = X.mean(axis=0)
    U, variances, _ = np.linalg.svd((X - mean).T @ (X - mean) / len(X))
    return mean, U.T.copy(), variances


@mistake("pca_fit", says="You return spreads along the axes, which are the roots of the variances.")
def spreads_for_variances(X: Array) -> tuple[Array, Array, Array]:
    mean = X.mean(axis=0)
    U, variances, _ = np.linalg.svd((X - mean).T @ (X - mean) / len(X))
    return mean, U, np.sqrt(variances)


@mistake(
    "pca_fit",
    says="You return the singular values of the data, which are no variances yet.",
)
def singular_values_of_the_data(X: Array) -> tuple[Array, Array, Array]:
    mean = X.mean(axis=0)
    _, singular, Vt = np.linalg.svd(np.vstack([X - mean, np.zeros_like(X.T @ X)]))
    return mean, Vt.T, singular


@mistake("pca_fit", says="With fewer rows than features you return fewer axes than features.")
def no_more_axes_than_rows(X: Array) -> tuple[Array, Array, Array]:
    mean = X.mean(axis=0)
    _, singular, Vt = np.linalg.svd(X - mean, full_matrices=False)
    return mean, Vt.T, singular**2 / len(X)


@mistake(
    "pca_fit", says="You scale the features first, which is another analysis: only centre them."
)
def features_scaled_first(X: Array) -> tuple[Array, Array, Array]:
    mean = X.mean(axis=0)
    Z = (X - mean) / X.std(axis=0)
    U, variances, _ = np.linalg.svd(Z.T @ Z / len(X))
    return mean, U, variances


@mistake("pca_fit", says="You return the features' own variances; those along the axes are meant.")
def variances_of_the_features(X: Array) -> tuple[Array, Array, Array]:
    mean = X.mean(axis=0)
    U, _, _ = np.linalg.svd((X - mean).T @ (X - mean) / len(X))
    return mean, U, np.sort(X.var(axis=0))[::-1].copy()


@mistake("pca_fit", says="Your mean is that of the centred data, which is zero.")
def mean_after_centring(X: Array) -> tuple[Array, Array, Array]:
    centered = X - X.mean(axis=0)
    U, variances, _ = np.linalg.svd(centered.T @ centered / len(X))
    return centered.mean(axis=0), U, variances


@mistake("pca_fit", says="Your result is right, but changes the caller's X.")
def data_centred_in_place(X: Array) -> tuple[Array, Array, Array]:
    mean = X.mean(axis=0)
    X -= mean
    U, variances, _ = np.linalg.svd(X.T @ X / len(X))
    return mean, U, variances


@mistake("pca_fit", says="Your axes of float32 data are float64.")
def axes_in_float64(X: Array) -> tuple[Array, Array, Array]:
    X = X.astype(float)
    mean = X.mean(axis=0)
    U, variances, _ = np.linalg.svd((X - mean).T @ (X - mean) / len(X))
    return mean, U, variances


@variant("pca_fit")
def eigenvectors_turned_round(X: Array) -> tuple[Array, Array, Array]:
    mean = X.mean(axis=0)
    variances, U = np.linalg.eigh((X - mean).T @ (X - mean) / len(X))
    return mean, U[:, ::-1], variances[::-1]


@variant("pca_fit")
def eigenvectors_sorted(X: Array, sign: float = -1.0) -> tuple[Array, Array, Array]:
    mean = np.sum(X, axis=0) / X.shape[0]
    covariance = np.einsum("ni,nj->ij", X - mean, X - mean) / X.shape[0]
    values, vectors = np.linalg.eigh(covariance)
    order = np.argsort(-values)
    return mean, sign * vectors[:, order], np.maximum(values[order], np.zeros_like(values))


@variant("pca_fit")
def singular_values_squared(X: Array) -> tuple[Array, Array, Array]:
    mean = X.mean(axis=0)
    _, singular, Vt = np.linalg.svd(X - mean, full_matrices=True)
    variances = np.zeros(X.shape[1], dtype=X.dtype)
    variances[: len(singular)] = singular**2 / len(X)
    return mean, Vt.T, variances


@variant("pca_fit")
def covariance_by_numpy(X: Array) -> tuple[Array, Array, Array]:
    covariance = np.atleast_2d(np.cov(X, rowvar=False, bias=True))
    U, variances, _ = np.linalg.svd(covariance, hermitian=True)
    return X.mean(axis=0), U.astype(X.dtype), variances.astype(X.dtype)


@variant("pca_fit")
def outer_products_summed(X: Array) -> tuple[Array, Array, Array]:
    centered = X.copy()
    mean = X.mean(axis=0)
    centered -= mean
    covariance = np.zeros((X.shape[1], X.shape[1]), dtype=X.dtype)
    for row in centered:
        covariance += np.outer(row, row) / len(X)
    variances, U = np.linalg.eigh(covariance)
    return mean, np.fliplr(U), np.flip(variances)
