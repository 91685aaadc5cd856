from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from dlcourse.preprocess import pca_fit, pca_rotate, standardize, standardize_fit, whiten

EXACT = {"rtol": 1e-10, "atol": 1e-10}
seeds = st.integers(0, 2**32 - 1)
rows = st.integers(2, 12)
features = st.integers(1, 6)


def correlated(seed: int, n: int, d: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return 5.0 + rng.standard_normal((n, d)) @ rng.standard_normal((d, d))


@given(n=rows, d=features, seed=seeds)
def test_standardizing_is_scikit_learns(n: int, d: int, seed: int):
    X, new = correlated(seed, n, d), correlated(seed + 1, 3, d)
    scaler = StandardScaler().fit(X)
    mean, std = standardize_fit(X)
    np.testing.assert_allclose(mean, scaler.mean_, **EXACT)
    np.testing.assert_allclose(std, np.sqrt(scaler.var_), **EXACT)
    np.testing.assert_allclose(standardize(new, mean, std), scaler.transform(new), rtol=1e-8)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(value=st.floats(-1e6, 1e6, width=32), n=st.integers(1, 2000))
def test_a_constant_feature_has_a_deviation_of_zero_and_stays_finite(
    dtype: type, value: float, n: int
):
    X = np.full((n, 1), value + 0.1, dtype)
    mean, std = standardize_fit(X)
    assert std[0] == 0
    np.testing.assert_array_equal(standardize(X, mean, std), 0)
    np.testing.assert_allclose(standardize(X + 1, mean, std), 1, rtol=0.1)


@given(n=rows, d=features, seed=seeds)
def test_standardized_data_have_zero_mean_and_unit_deviation(n: int, d: int, seed: int):
    X = correlated(seed, n, d)
    Z = standardize(X, *standardize_fit(X))
    np.testing.assert_allclose(Z.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(Z.std(axis=0), 1, rtol=1e-9)


def test_statistics_of_every_pixel_keep_the_shape_of_an_image():
    images = np.random.default_rng(0).random((10, 3, 4, 4))
    mean, std = standardize_fit(images)
    assert mean.shape == std.shape == (3, 4, 4)
    np.testing.assert_allclose(standardize(images, mean, std).std(axis=0), 1, rtol=1e-10)


@given(n=rows, d=features, seed=seeds)
def test_pca_is_scikit_learns_up_to_signs_and_bessels_correction(n: int, d: int, seed: int):
    X = correlated(seed, n, d)
    mean, U, variances = pca_fit(X)
    theirs = PCA(svd_solver="full").fit(X)
    k = min(n, d)
    np.testing.assert_allclose(mean, theirs.mean_, **EXACT)
    scale = variances[0]
    np.testing.assert_allclose(
        variances[:k] * n / (n - 1), theirs.explained_variance_, rtol=1e-10, atol=1e-12 * scale
    )
    assert (np.diff(variances) <= 0).all()
    assert (variances >= 0).all()
    assert U.shape == (d, d)


def test_the_axes_of_pca_are_scikit_learns_up_to_sign():
    X = np.random.default_rng(0).standard_normal((50, 4)) * [4.0, 3.0, 2.0, 1.0]
    mean, U, _ = pca_fit(X)
    theirs = PCA(svd_solver="full").fit(X)
    signs = np.sign((U.T * theirs.components_).sum(axis=1))
    np.testing.assert_allclose(U.T * signs[:, None], theirs.components_, atol=1e-10)
    np.testing.assert_allclose(
        pca_rotate(X, mean, U, 2) * signs[:2], theirs.transform(X)[:, :2], atol=1e-10
    )


@given(n=rows, d=features, seed=seeds)
def test_rotated_features_are_uncorrelated_and_the_rotation_is_orthogonal(
    n: int, d: int, seed: int
):
    X = correlated(seed, n, d)
    mean, U, variances = pca_fit(X)
    rotated = pca_rotate(X, mean, U, d)
    tolerance = 1e-12 * (1 + variances[0])
    np.testing.assert_allclose(rotated.T @ rotated / n, np.diag(variances), atol=10 * tolerance)
    np.testing.assert_allclose(U.T @ U, np.eye(d), atol=1e-12)
    np.testing.assert_allclose(rotated @ U.T + mean, X, atol=1e-11 * (1 + np.abs(X).max()))


@given(n=rows, d=features, seed=seeds)
def test_fewer_axes_are_the_first_of_all(n: int, d: int, seed: int):
    X = correlated(seed, n, d)
    mean, U, _ = pca_fit(X)
    everything = pca_rotate(X, mean, U, d)
    for k in range(d + 1):
        np.testing.assert_allclose(pca_rotate(X, mean, U, k), everything[:, :k], **EXACT)


@given(n=rows, d=features, eps=st.sampled_from([1e-5, 1e-2, 1.0]), seed=seeds)
def test_whitened_data_have_the_covariance_that_epsilon_leaves(
    n: int, d: int, eps: float, seed: int
):
    X = correlated(seed, n, d)
    mean, U, variances = pca_fit(X)
    white = whiten(X, mean, U, variances, eps)
    expected = np.diag(variances / (variances + eps))
    np.testing.assert_allclose(white.T @ white / n, expected, atol=1e-9 * (1 + variances[0]))


def test_whitening_is_scikit_learns_but_for_epsilon_bessels_correction_and_signs():
    X = np.random.default_rng(1).standard_normal((40, 3)) * [3.0, 2.0, 1.0]
    mean, U, variances = pca_fit(X)
    ours = whiten(X, mean, U, variances, eps=0.0)
    theirs = PCA(whiten=True, svd_solver="full").fit_transform(X) * np.sqrt(40 / 39)
    np.testing.assert_allclose(np.abs(ours), np.abs(theirs), atol=1e-10)


def test_a_feature_without_variance_is_not_blown_up_by_whitening():
    X = np.column_stack([np.arange(5.0), np.full(5, 0.1)])
    assert np.abs(whiten(X, *pca_fit(X))).max() < 2


X = correlated(3, 20, 4)
FIT = pca_fit(X)


@pytest.mark.parametrize(
    ("function", "args"),
    [
        (standardize_fit, (X,)),
        (standardize, (X, X[0], np.array([1.0, 0.0, 2.0, 3.0]))),
        (pca_rotate, (X, FIT[0], FIT[1], 2)),
        (whiten, (X, *FIT)),
    ],
)
def test_preprocessing_keeps_namespace_dtype_and_device(
    function: Callable, args: tuple, agrees_with_numpy: Callable
):
    agrees_with_numpy(function, *args)


def test_pca_keeps_namespace_dtype_and_device(agrees_with_numpy: Callable):
    def without_signs(X: np.ndarray) -> tuple:
        mean, U, variances = pca_fit(X)
        return mean, abs(U), variances

    agrees_with_numpy(without_signs, X)
