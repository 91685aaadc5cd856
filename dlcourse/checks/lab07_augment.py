"""Lab 07's visible checks of augmentation: shifted images, and images of another contrast."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np

from dlcourse.checks.properties import Function, run_properties
from dlcourse.testing import CheckError, check_array, check_close, check_that

Padding: TypeAlias = Literal["constant", "edge", "reflect", "symmetric", "wrap"]
_OTHER_BORDERS: dict[Padding, str] = {
    "wrap": "what leaves on one side comes in on the other; zeros should come in",
    "edge": "the border is drawn out; zeros should come in",
    "reflect": "the border is mirrored; zeros should come in",
    "symmetric": "the border is mirrored; zeros should come in",
}


def random_crop(function: object) -> None:
    """Check ``random_crop(images, pad, rng)``."""
    run_properties(
        "random_crop",
        function,
        [
            _crop_shape,
            _crop_without_pad,
            _crop_is_a_window,
            _crop_everywhere,
            _crop_each_its_own,
            _crop_rng,
        ],
    )


def random_contrast(function: object) -> None:
    """Check ``random_contrast(images, low, high, rng)``."""
    run_properties(
        "random_contrast",
        function,
        [
            _contrast_shape,
            _contrast_fixed,
            _contrast_means,
            _contrast_factors,
            _contrast_each_its_own,
            _contrast_rng,
        ],
    )


def _images(n: int = 4, channels: int = 2, height: int = 4, width: int = 5) -> np.ndarray:
    """Pixels from 0.2 to 0.8, all different, and channels of different means."""
    rng = np.random.default_rng(8)
    images = 0.2 + 0.3 * rng.random((n, channels, height, width))
    return images + 0.3 * np.linspace(0, 1, channels)[:, None, None]


def _crop_shape(function: Function) -> None:
    """The images keep their shape and dtype: (N, C, H, W), float32 too."""
    images = _images()
    check_array(function(images, 2, np.random.default_rng(0)), images.shape, "images")
    single = images.astype(np.float32)
    crop = function(single, 1, np.random.default_rng(0))
    check_array(crop, images.shape, "images", dtype=np.float32)


def _crop_without_pad(function: Function) -> None:
    """With pad = 0 there is one place only: nothing changes."""
    images = _images()
    check_close(function(images, 0, np.random.default_rng(0)), images, "images")


def _windows(images: np.ndarray, pad: int, mode: Padding) -> np.ndarray:
    """Every window of the padded images, (places, N, C, H, W), from the top left."""
    height, width = images.shape[2:]
    sides = ((0, 0), (0, 0), (pad, pad), (pad, pad))
    padded = np.pad(images, sides, mode=mode)
    places = [(top, left) for top in range(2 * pad + 1) for left in range(2 * pad + 1)]
    return np.array([padded[:, :, t : t + height, ll : ll + width] for t, ll in places])


def _places(function: Function, images: np.ndarray, pad: int, seed: int) -> np.ndarray:
    """For each image the number of the window it is; what is none is told in words."""
    crops = function(images, pad, np.random.default_rng(seed))
    check_array(crops, images.shape, "images")
    assert isinstance(crops, np.ndarray)
    found = np.isclose(_windows(images, pad, "constant"), crops).all(axis=(2, 3, 4))
    lost = ~found.any(axis=0)
    if not lost.any():
        return np.asarray(found.argmax(axis=0))
    image, crop = images[lost][:1], crops[lost][:1]
    for mode, why in _OTHER_BORDERS.items():
        if np.isclose(_windows(image, pad, mode), crop).all(axis=(2, 3, 4)).any():
            raise CheckError(why)
    apart = np.isclose(_windows(image, pad, "constant"), crop).all(axis=(3, 4))
    if apart.any(axis=0).all():
        raise CheckError("the channels of an image are shifted by different amounts")
    raise CheckError("an image is no window, of its own size, of itself padded with zeros")


def _crop_is_a_window(function: Function) -> None:
    """Each image is a window of itself with pad rows and columns of zeros all round."""
    _places(function, _images(), 1, seed=0)
    _places(function, _images(5, 1, 6, 3), 2, seed=1)


def _crop_everywhere(function: Function) -> None:
    """Each of the (2·pad + 1)² places comes about equally often, the outermost included."""
    images = np.repeat(_images(1, 1, 3, 4), 450, axis=0)
    counts = np.bincount(_places(function, images, 1, seed=2), minlength=9).reshape(3, 3)
    if not counts[[0, 0, 2, 2], [0, 2, 0, 2]].all():
        raise CheckError("an outermost place is never reached", f"counts {counts.tolist()}")
    if not ((counts > 20) & (counts < 90)).all():
        raise CheckError("some places come more often than others", f"counts {counts.tolist()}")


def _crop_each_its_own(function: Function) -> None:
    """Each image has its own draw."""
    places = _places(function, _images(60, 1), 2, seed=3)
    check_that(len(set(places.tolist())) > 1, "all images are shifted by the same amount")


def _crop_rng(function: Function) -> None:
    """The places come from rng: the seed decides them, and the next call has others."""
    images = _images(12)
    rng = np.random.default_rng(5)
    first, second = function(images, 2, rng), function(images, 2, rng)
    again = function(images, 2, np.random.default_rng(5))
    _check_random(first, second, again)


def _check_random(first: object, second: object, again: object) -> None:
    check_that(
        bool(np.array_equal(np.asarray(first), np.asarray(again))),
        "the same seed gives other images: draw from the rng given, only",
    )
    if np.array_equal(np.asarray(first), np.asarray(second)):
        raise CheckError("every call gives the same images: draw from the rng that you are given")


def _contrast_shape(function: Function) -> None:
    """The images keep their shape and dtype: (N, C, H, W), float32 too."""
    images = _images()
    check_array(function(images, 0.5, 1.5, np.random.default_rng(0)), images.shape, "images")
    single = images.astype(np.float32)
    changed = function(single, 0.5, 1.5, np.random.default_rng(0))
    check_array(changed, images.shape, "images", dtype=np.float32)


def _contrast_fixed(function: Function) -> None:
    """A factor of 1 changes nothing, and 0 leaves the image's mean in every pixel."""
    images, rng = _images(), np.random.default_rng(0)
    check_close(function(images, 1.0, 1.0, rng), images, "images, factor 1", rtol=1e-6)
    grey = function(images, 0.0, 0.0, rng)
    check_array(grey, images.shape, "images")
    if np.allclose(grey, 0):
        raise CheckError("factor 0 makes the image black: scale its deviations, not the image")
    if np.allclose(grey, images.mean()):
        raise CheckError("all images get one mean; each has its own")
    if np.allclose(grey, images.mean(axis=(2, 3), keepdims=True)):
        raise CheckError("each channel gets its own mean; the mean is over the whole image")
    mean = images.mean(axis=(1, 2, 3), keepdims=True)
    check_close(grey, np.broadcast_to(mean, images.shape).copy(), "images, factor 0", rtol=1e-6)


def _contrast_means(function: Function) -> None:
    """Each image keeps its mean, and a factor of 3 may leave the range from 0 to 1."""
    images = _images()
    wide = function(images, 3.0, 3.0, np.random.default_rng(1))
    check_array(wide, images.shape, "images")
    assert isinstance(wide, np.ndarray)
    if wide.min() >= 0 and wide.max() <= 1:
        raise CheckError("the result is clipped to 0 … 1; leave it as it is")
    check_close(wide.mean(axis=(1, 2, 3)), images.mean(axis=(1, 2, 3)), "the means", rtol=1e-6)


def _factors(function: Function, images: np.ndarray, low: float, high: float) -> np.ndarray:
    """The factor of each image, which is one and the same in all its pixels."""
    changed = function(images, low, high, np.random.default_rng(4))
    check_array(changed, images.shape, "images")
    mean = images.mean(axis=(1, 2, 3), keepdims=True)
    ratios = ((changed - mean) / (images - mean)).reshape(len(images), -1)
    if np.ptp(ratios, axis=1).max() > 1e-6:
        raise CheckError("within an image, pixels are scaled by different factors")
    return np.asarray(ratios[:, 0])


def _contrast_factors(function: Function) -> None:
    """The deviations of an image are scaled by one factor, uniform from low to high."""
    factors = _factors(function, _images(400, 2, 2, 2), 0.5, 2.0)
    detail = f"400 images with low = 0.5 and high = 2: from {factors.min():.3g}"
    detail += f" to {factors.max():.3g}, mean {factors.mean():.3g}"
    if factors.min() < 0.5 - 1e-6 or factors.max() > 2 + 1e-6:
        raise CheckError("a factor lies outside low … high", detail)
    quarters = np.histogram(factors, bins=4, range=(0.5, 2.0))[0]
    if factors.std() > 1e-3 and not ((quarters > 60) & (quarters < 140)).all():
        raise CheckError("the factors are not spread evenly from low to high", detail)


def _contrast_each_its_own(function: Function) -> None:
    """Each image has its own draw."""
    factors = _factors(function, _images(30), 0.5, 2.0)
    check_that(float(np.ptp(factors)) > 1e-6, "all images have the same factor")


def _contrast_rng(function: Function) -> None:
    """The factors come from rng: the seed decides them, and the next call has others."""
    images = _images(6)
    rng = np.random.default_rng(5)
    first, second = function(images, 0.5, 1.5, rng), function(images, 0.5, 1.5, rng)
    again = function(images, 0.5, 1.5, np.random.default_rng(5))
    _check_random(first, second, again)
