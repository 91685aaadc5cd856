"""The data of the labs: handwritten digits, toy problems to look at, and three downloads.

Images are (N, C, H, W) with values from 0 to 1; ``images.reshape(len(images), -1)`` makes rows of
them. Labels are (N,) integers from 0. What needs no network is there at once; `mnist`,
`fashion_mnist` and `cifar10` are downloaded by scikit-learn once and cached. Whose the data are,
and under which licence, stands with each.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np


class DatasetUnavailableError(RuntimeError):
    """A data set is not in the cache and cannot be downloaded; the message says what to do."""


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Handwritten digits at 8 × 8 pixels, from scikit-learn itself: no network.

    Returns:
        ``(images, labels)``: (1797, 1, 8, 8) float64 from 0 to 1; (1797,) integers 0 … 9.

    Source: E. Alpaydin and C. Kaynak, 1998, UCI Machine Learning Repository. Licence: CC BY 4.0.

    >>> images, labels = digits()
    >>> images.shape, labels.shape
    ((1797, 1, 8, 8), (1797,))
    """
    from sklearn.datasets import load_digits

    embedded = load_digits()
    return embedded.images[:, None, :, :] / 16.0, embedded.target.astype(np.int64)


def warped_digits(
    n: int, size: int, seed: int, *, rows: slice = slice(None)
) -> tuple[np.ndarray, np.ndarray]:
    """As many digits as wanted, offline: `digits` under random affine warps and noise.

    Each image is a digit drawn at random, enlarged, turned by up to 20°, sheared, stretched,
    shifted and sprinkled with noise. The same arguments give the same images.

    Args:
        n: the number of images.
        size: their height and width in pixels.
        seed: the seed of the generator.
        rows: which of the 1797 digits to draw from. Give disjoint slices for training and test
            (``slice(0, 1400)``, ``slice(1400, None)``), or both show warps of the same digits.

    Returns:
        ``(images, labels)``: (n, 1, size, size) float32 from 0 to 1; (n,) integers 0 … 9.
    """
    from scipy.ndimage import affine_transform, spline_filter

    rng = np.random.default_rng(seed)
    images, labels = (array[rows] for array in digits())
    drawn = rng.integers(len(images), size=n)
    matrices, shifts = _random_affine_maps(n, rng)
    matrices *= 10 / size  # 8 pixels of digit and a margin of one all round
    middle = (images.shape[-1] - 1) / 2
    offsets = middle + shifts - matrices.sum(axis=2) * (size - 1) / 2
    splines = [spline_filter(image[0]) for image in images]
    warped = np.empty((n, 1, size, size), dtype=np.float32)
    for i in range(n):
        warped[i, 0] = affine_transform(
            splines[drawn[i]], matrices[i], offsets[i], output_shape=(size, size), prefilter=False
        )
    warped += 0.05 * rng.standard_normal(warped.shape, dtype=np.float32)
    return np.clip(warped, 0.0, 1.0), labels[drawn]


def spirals(
    n: int, rng: np.random.Generator, *, classes: int = 2, turns: float = 1.0, noise: float = 0.05
) -> tuple[np.ndarray, np.ndarray]:
    """Arms that wind around the origin, one a class: far from linearly separable.

    Args:
        n: the number of points.
        rng: gives the places along the arms and the noise.
        classes: the number of arms, which share the points as evenly as can be.
        turns: how often an arm goes round.
        noise: the standard deviation of the noise on both coordinates; an arm ends at radius 1.

    Returns:
        ``(X, labels)``: (n, 2) float64 and (n,) integers 0 … classes−1.
    """
    labels = np.arange(n) % classes
    radius = np.sqrt(rng.uniform(0.01, 1.0, n))
    angle = 2 * np.pi * (turns * radius + labels / classes)
    X = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return X + noise * rng.standard_normal((n, 2)), labels


def moons(n: int, rng: np.random.Generator, *, noise: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    """Two half-moons that reach into each other.

    Args:
        n: the number of points, half of them in each moon.
        rng: gives the places along the moons and the noise.
        noise: the standard deviation of the noise on both coordinates; a moon has radius 1.

    Returns:
        ``(X, labels)``: (n, 2) float64 and (n,) integers, 0 for the upper moon, 1 for the lower.
    """
    labels = np.arange(n) % 2
    angle = rng.uniform(0.0, np.pi, n)
    side = 1 - 2 * labels
    X = np.stack([side * np.cos(angle) + labels, side * np.sin(angle) + 0.5 * labels], axis=1)
    return X + noise * rng.standard_normal((n, 2)), labels


def clumps(
    n: int, rng: np.random.Generator, *, k: int = 5, dim: int = 2, spread: float = 0.1
) -> tuple[np.ndarray, np.ndarray]:
    """Rows in k round clumps: identical, clumped or diverse, as `spread` has it.

    Args:
        n: the number of rows.
        rng: gives the middles, uniform in [−1, 1]^dim, and the rows around them.
        k: the number of clumps, which share the rows as evenly as can be.
        dim: D, the number of coordinates.
        spread: the standard deviation within a clump; 0 makes its rows identical.

    Returns:
        ``(X, labels)``: (n, dim) float64 and (n,) integers 0 … k−1, the clump of each row.

    Source: 002, "Extreme example" and "Clumpy data..".
    """
    labels = np.arange(n) % k
    middles = rng.uniform(-1.0, 1.0, (k, dim))
    return middles[labels] + spread * rng.standard_normal((n, dim)), labels


def line_through_origin(
    n: int, rng: np.random.Generator, *, slope: float = 1.0, noise: float = 0.3
) -> tuple[np.ndarray, np.ndarray]:
    """Noisy points about a line through the origin, d = slope·x + noise.

    Args:
        n: the number of points.
        rng: gives x, uniform in [−1, 1], and the noise.
        slope: of the line.
        noise: the standard deviation of the noise on d.

    Returns:
        ``(X, d)``: (n, 1) and (n,), float64.

    Source: 002, "Incremental learning runs the risk of always chasing the latest input".
    """
    X = rng.uniform(-1.0, 1.0, (n, 1))
    return X, slope * X[:, 0] + noise * rng.standard_normal(n)


def drifting_target(
    n: int, rng: np.random.Generator, *, turns: float = 0.5, noise: float = 0.1
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A stream of rows whose target changes on the way: d_t = w_t·x_t + noise, and w_t turns.

    Args:
        n: the number of rows, in the order of time.
        rng: gives the rows, standard normal, and the noise.
        turns: how often w_t, of length 1, goes round the circle from the first row to the last.
        noise: the standard deviation of the noise on d.

    Returns:
        ``(X, d, w)``: (n, 2), (n,) and (n, 2), float64; w[t] are the right weights at time t.

    Source: 004, "SGD for dynamically changed datasets".
    """
    angle = 2 * np.pi * turns * np.linspace(0.0, 1.0, n)
    w = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    X = rng.standard_normal((n, 2))
    return X, (w * X).sum(axis=1) + noise * rng.standard_normal(n), w


def mnist(data_home: str | Path | None = None) -> tuple[np.ndarray, np.ndarray]:
    """MNIST's handwritten digits; the first 60,000 are its training set, the last 10,000 its test.

    Args:
        data_home: scikit-learn's cache; its own default (``~/scikit_learn_data``) if None.

    Returns:
        ``(images, labels)``: (70000, 1, 28, 28) float32 from 0 to 1; (70000,) integers 0 … 9.

    Raises:
        DatasetUnavailableError: neither in the cache nor to be downloaded.

    Source: Y. LeCun and C. Cortes, from data of NIST. Licence: CC BY-SA 3.0.
    """
    return _openml_images("mnist_784", (1, 28, 28), data_home)


def fashion_mnist(data_home: str | Path | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Fashion-MNIST's pieces of clothing; first 60,000 to train on, then 10,000 to test.

    Args:
        data_home: scikit-learn's cache; its own default (``~/scikit_learn_data``) if None.

    Returns:
        ``(images, labels)``: (70000, 1, 28, 28) float32 from 0 to 1; (70000,) integers 0 … 9.

    Raises:
        DatasetUnavailableError: neither in the cache nor to be downloaded.

    Source: Zalando SE, 2017. Licence: MIT.
    """
    return _openml_images("Fashion-MNIST", (1, 28, 28), data_home)


def cifar10(data_home: str | Path | None = None) -> tuple[np.ndarray, np.ndarray]:
    """CIFAR-10's colour photographs of ten kinds of things.

    Args:
        data_home: scikit-learn's cache; its own default (``~/scikit_learn_data``) if None.

    Returns:
        ``(images, labels)``: (60000, 3, 32, 32) float32 from 0 to 1; (60000,) integers 0 … 9.

    Raises:
        DatasetUnavailableError: neither in the cache nor to be downloaded.

    Source: A. Krizhevsky, V. Nair and G. Hinton, 2009. Licence: none stated.
    """
    return _openml_images("CIFAR_10", (3, 32, 32), data_home)


def _random_affine_maps(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(n, 2, 2) matrices close to the identity, and (n, 2) shifts in pixels of an 8 × 8 digit."""
    angle = np.deg2rad(rng.uniform(-20.0, 20.0, n))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shear = np.zeros((n, 2, 2))
    shear[:, 0, 0], shear[:, 1, 1] = rng.uniform(0.85, 1.2, (2, n))
    shear[:, 1, 0] = rng.uniform(-0.2, 0.2, n)
    return np.moveaxis(turn, -1, 0) @ shear, rng.uniform(-0.7, 0.7, (n, 2))


def _openml_images(
    name: str, shape: tuple[int, int, int], data_home: str | Path | None
) -> tuple[np.ndarray, np.ndarray]:
    """The images of OpenML's data set `name`, version 1, each of `shape` (C, H, W)."""
    from sklearn.datasets import fetch_openml, get_data_home

    # scikit-learn's faster parser needs pandas, which this package does not ask for.
    parser = "pandas" if importlib.util.find_spec("pandas") else "liac-arff"
    try:
        fetched = fetch_openml(
            name, version=1, as_frame=False, parser=parser, data_home=data_home, n_retries=1
        )
    except (OSError, ValueError) as error:
        cache = Path(get_data_home(data_home)) / "openml"
        raise DatasetUnavailableError(
            f"{name} is not cached in {cache} and cannot be downloaded from openml.org ({error}). "
            f"Connect to the network and call this once, or copy that folder from a machine that "
            f"has done so; warped_digits(n, size=28, seed=0) makes a large set without a network."
        ) from error
    images = fetched.data.reshape(-1, *shape).astype(np.float32) / np.float32(255)
    return images, fetched.target.astype(np.int64)
