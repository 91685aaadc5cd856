"""The data sets: shapes, ranges, reproducibility, and what each is there to show."""

from __future__ import annotations

import gzip
import hashlib
import json
import urllib.request

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from dlcourse import data


def rng(seed=0):
    return np.random.default_rng(seed)


def test_digits_are_images_with_values_from_zero_to_one():
    images, labels = data.digits()
    assert images.shape == (1797, 1, 8, 8)
    assert images.dtype == np.float64
    assert (images.min(), images.max()) == (0.0, 1.0)
    assert labels.shape == (1797,)
    assert set(labels.tolist()) == set(range(10))


@pytest.mark.parametrize("size", [8, 28])
def test_warped_digits_are_images_of_the_size_asked_for(size):
    images, labels = data.warped_digits(50, size, 0)
    assert images.shape == (50, 1, size, size)
    assert images.dtype == np.float32
    assert images.min() >= 0.0
    assert images.max() <= 1.0
    assert labels.shape == (50,)


def test_warped_digits_depend_on_the_seed_alone():
    first, again, other = (data.warped_digits(20, 16, seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    assert not np.array_equal(first[0], other[0])


def test_warps_of_one_digit_all_differ():
    images, labels = data.warped_digits(10, 16, 0, rows=slice(5, 6))
    assert set(labels.tolist()) == {data.digits()[1][5]}
    assert len(np.unique(images, axis=0)) == 10


def test_warped_digits_can_be_recognised_from_warps_of_other_digits():
    X, labels = data.warped_digits(2000, 16, 0, rows=slice(0, 1400))
    X_test, labels_test = data.warped_digits(300, 16, 1, rows=slice(1400, None))
    classifier = KNeighborsClassifier(3).fit(X.reshape(2000, -1), labels)
    assert classifier.score(X_test.reshape(300, -1), labels_test) > 0.75


@pytest.mark.parametrize("make", [data.spirals, data.moons])
def test_spirals_and_moons_have_equal_classes_that_no_line_separates(make):
    X, labels = make(400, rng())
    assert X.shape == (400, 2)
    assert np.bincount(labels).tolist() == [200, 200]
    assert LogisticRegression().fit(X, labels).score(X, labels) < 0.95
    assert KNeighborsClassifier(3).fit(X[:200], labels[:200]).score(X[200:], labels[200:]) > 0.95


def test_spirals_share_the_points_among_any_number_of_arms():
    X, labels = data.spirals(10, rng(), classes=3, noise=0.0)
    assert np.bincount(labels).tolist() == [4, 3, 3]
    assert np.hypot(*X.T).max() <= 1.0


def test_clumps_are_identical_rows_without_spread_and_apart_with_it():
    X, labels = data.clumps(30, rng(), k=3, dim=4, spread=0.0)
    assert X.shape == (30, 4)
    assert len(np.unique(X, axis=0)) == 3
    assert all(len(np.unique(X[labels == k], axis=0)) == 1 for k in range(3))
    X, labels = data.clumps(3000, rng(), k=3, dim=4, spread=0.2)
    within = np.concatenate([X[labels == k] - X[labels == k].mean(axis=0) for k in range(3)])
    assert within.std() == pytest.approx(0.2, rel=0.05)


def test_least_squares_finds_the_slope_of_the_line_through_the_origin():
    X, d = data.line_through_origin(5000, rng(), slope=-2.0, noise=0.3)
    assert X.shape == (5000, 1)
    assert d.shape == (5000,)
    slope, squares, *_ = np.linalg.lstsq(X, d)
    assert slope[0] == pytest.approx(-2.0, abs=0.05)
    assert np.sqrt(squares[0] / 5000) == pytest.approx(0.3, rel=0.1)


def test_a_drifting_target_is_fitted_by_its_own_weights_and_not_by_any_constant_ones():
    X, d, w = data.drifting_target(2000, rng(), turns=0.5, noise=0.1)
    assert X.shape == w.shape == (2000, 2)
    np.testing.assert_allclose(w[-1], -w[0], atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(w, axis=1), 1.0)
    assert np.std(d - (w * X).sum(axis=1)) == pytest.approx(0.1, rel=0.1)
    constant = np.linalg.lstsq(X, d)[0]
    assert np.std(d - X @ constant) > 0.4


def test_without_network_and_cache_the_message_names_the_cache_and_a_remedy(tmp_path, monkeypatch):
    for variable in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    # urllib keeps the first opener that it makes, with its proxies, for the life of the process
    monkeypatch.setattr(urllib.request, "_opener", None)
    with (
        pytest.warns(UserWarning, match="network error"),
        pytest.raises(data.DatasetUnavailableError) as failure,
    ):
        data.mnist(tmp_path)
    message = str(failure.value)
    assert str(tmp_path / "openml") in message
    assert "mnist_784" in message
    assert "warped_digits" in message


@pytest.mark.parametrize(
    ("fetch", "name", "channels", "side"),
    [
        (data.mnist, "mnist_784", 1, 28),
        (data.fashion_mnist, "Fashion-MNIST", 1, 28),
        (data.cifar10, "CIFAR_10", 3, 32),
    ],
)
def test_downloads_are_read_from_scikit_learns_cache_as_images(
    tmp_path, fetch, name, channels, side
):
    pixels = rng().integers(0, 256, (4, channels * side * side))
    pixels[0, 0] = 255
    write_openml_cache(tmp_path, name, pixels, [3, 9, 0, 3])
    images, labels = fetch(tmp_path)
    assert images.shape == (4, channels, side, side)
    assert images.dtype == np.float32
    assert labels.tolist() == [3, 9, 0, 3]
    assert labels.dtype == np.int64
    expected = pixels.reshape(4, channels, side, side) / 255
    np.testing.assert_allclose(images, expected, rtol=1e-6)


def write_openml_cache(home, name, pixels, labels):
    """What scikit-learn keeps of a data set that it has downloaded from OpenML, in small."""
    columns = [f"pixel{i}" for i in range(pixels.shape[1])]
    header = [f"@ATTRIBUTE {column} NUMERIC" for column in columns]
    rows = [",".join(map(str, [*row, label])) for row, label in zip(pixels, labels, strict=True)]
    arff = "\n".join(
        ["@RELATION digits", *header, "@ATTRIBUTE class {0,3,9}", "@DATA", *rows, ""]
    ).encode()
    features = [
        {"index": str(i), "name": column, "data_type": kind}
        | {"is_target": target, "is_ignore": "false", "is_row_identifier": "false"}
        | {"number_of_missing_values": "0"}
        for i, (column, kind, target) in enumerate(
            [(column, "numeric", "false") for column in columns] + [("class", "nominal", "true")]
        )
    ]
    url = "https://www.openml.org/data/v1/download/1/digits.arff"
    description = {"id": "1", "name": name, "version": "1", "status": "active", "format": "ARFF"}
    description |= {"file_id": "1", "url": url, "md5_checksum": hashlib.md5(arff).hexdigest()}
    description |= {"default_target_attribute": "class", "description": ""}
    found = {"dataset": [{"did": 1, "name": name, "version": 1, "status": "active"}]}
    answers = {
        f"api/v1/json/data/list/data_name/{name.lower()}/limit/2/data_version/1": {"data": found},
        "api/v1/json/data/1": {"data_set_description": description},
        "api/v1/json/data/features/1": {"data_features": {"feature": features}},
        "api/v1/json/data/qualities/1": {"data_qualities": {"quality": []}},
    }
    files = {path: json.dumps(answer).encode() for path, answer in answers.items()}
    for path, content in (files | {"data/v1/download/1/digits.arff": arff}).items():
        file = home / "openml" / "openml.org" / f"{path}.gz"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(gzip.compress(content))
