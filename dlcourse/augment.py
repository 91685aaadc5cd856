"""Augmentation: new images from old by changes that leave the label alone, or should.

Images are (N, C, H, W). Every image has its own draw from `rng`, which is NumPy's whatever the
images are, so that NumPy and torch see the same changes.
"""

from __future__ import annotations

import array_api_compat
import numpy as np

from dlcourse.backend import Array, namespace


def random_crop(images: Array, pad: int, rng: np.random.Generator) -> Array:
    """Each image padded with zeros, and cut back to its size at a random place.

    Args:
        images: (N, C, H, W).
        pad: rows and columns of zeros on each side; the image moves by −pad … pad both ways, every
            place equally likely.
        rng: one draw for the rows and one for the columns of each image.

    Returns:
        (N, C, H, W).

    Source: 003, "Data augmentation [Krizhevsky2012]".
    """
    xp = namespace(images)
    n, channels, height, width = images.shape
    shape = (n, channels, height + 2 * pad, width + 2 * pad)
    padded = xp.zeros(shape, dtype=images.dtype, device=array_api_compat.device(images))
    padded[:, :, pad : pad + height, pad : pad + width] = images
    corners = rng.integers(0, 2 * pad + 1, size=(n, 2)).tolist()
    return xp.stack(
        [
            padded[i, :, top : top + height, left : left + width]
            for i, (top, left) in enumerate(corners)
        ]
    )


def random_contrast(images: Array, low: float, high: float, rng: np.random.Generator) -> Array:
    """Each image's deviations from its own mean multiplied by a random factor.

    x' = mean + a·(x − mean)  with a uniform in [low, high)

    Args:
        images: (N, C, H, W); the mean is over an image's C, H and W.
        low: the smallest factor; 0 leaves a grey image, 1 changes nothing.
        high: the largest.
        rng: one draw an image.

    Returns:
        (N, C, H, W), not clipped to any range.

    Source: 003, "Data augmentation [Krizhevsky2012]".
    """
    xp = namespace(images)
    factors = xp.asarray(
        rng.uniform(low, high, size=(images.shape[0], 1, 1, 1)),
        dtype=images.dtype,
        device=array_api_compat.device(images),
    )
    means = xp.mean(images, axis=(1, 2, 3), keepdims=True)
    return means + factors * (images - means)


def random_flip(
    images: Array, rng: np.random.Generator, *, axis: int = -1, probability: float = 0.5
) -> Array:
    """Each image mirrored with some probability; a mirrored 2 is no 2, so mind the labels.

    Args:
        images: (N, C, H, W).
        rng: one draw an image.
        axis: −1 mirrors left and right, −2 top and bottom.
        probability: of being mirrored.

    Source: 003, "Data augmentation [Krizhevsky2012]".
    """
    xp = namespace(images)
    mirrored = xp.asarray(
        rng.random((images.shape[0], 1, 1, 1)) < probability,
        device=array_api_compat.device(images),
    )
    return xp.where(mirrored, xp.flip(images, axis=axis), images)


def add_noise(images: Array, std: float, rng: np.random.Generator) -> Array:
    """Images plus Gaussian noise, independent in every pixel.

    Args:
        images: any shape.
        std: the noise's standard deviation, in the images' units.
        rng: one draw a pixel.

    Source: 000, "Additional heuristics: Data Augmentation"; 003, "Noise as a regularizer".
    """
    xp = namespace(images)
    noise = xp.asarray(
        rng.normal(0.0, std, size=tuple(images.shape)),
        dtype=images.dtype,
        device=array_api_compat.device(images),
    )
    return images + noise
