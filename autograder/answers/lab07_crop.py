"""Lab 07: answers to random crops."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake("random_crop", says="All images of a batch move alike with you; each has its own place.")
def one_place_for_all(images: Array, pad: int, rng: Generator) -> Array:
    height, width = images.shape[2:]
    padded = np.pad(images, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    top, left = rng.integers(0, 2 * pad + 1, size=2)
    return padded[:, :, top : top + height, left : left + width]


@mistake(
    "random_crop",
    says="You cut without padding first, so that your crops are smaller than the images.",
)
def cut_without_padding(images: Array, pad: int, rng: Generator) -> Array:
    n, _, height, width = images.shape
    corners = rng.integers(0, pad + 1, size=(n, 2))
    pieces = [
        image[:, top : top + height - pad, left : left + width - pad]
        for image, (top, left) in zip(images, corners, strict=True)
    ]
    return np.stack(pieces)


@mistake("random_crop", says="Your images keep their padding; they should keep their size.")
def padding_kept(images: Array, pad: int, rng: Generator) -> Array:
    n, channels, height, width = images.shape
    larger = np.zeros((n, channels, height + 2 * pad, width + 2 * pad), dtype=images.dtype)
    for i, (top, left) in enumerate(rng.integers(0, 2 * pad + 1, size=(n, 2))):
        larger[i, :, top : top + height, left : left + width] = images[i]
    return larger


@mistake(
    "random_crop",
    says="What leaves an image on one side comes in on the other with you; zeros should come in.",
)
def rolled_round(images: Array, pad: int, rng: Generator) -> Array:
    shifts = rng.integers(-pad, pad + 1, size=(len(images), 2))
    pairs = zip(images, shifts, strict=True)
    return np.stack([np.roll(image, shift.tolist(), axis=(1, 2)) for image, shift in pairs])


@mistake("random_crop", says="You pad with the pixels at the edge; zeros are asked for.")
def padded_with_the_edge(images: Array, pad: int, rng: Generator) -> Array:
    n, _, height, width = images.shape
    padded = np.pad(images, ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode="edge")
    corners = rng.integers(0, 2 * pad + 1, size=(n, 2))
    return np.stack(
        [padded[i, :, t : t + height, u : u + width] for i, (t, u) in enumerate(corners)]
    )


@mistake("random_crop", says="You pad on two sides alone, so that images move up and left only.")
def padded_on_two_sides(images: Array, pad: int, rng: Generator) -> Array:
    n, _, height, width = images.shape
    padded = np.pad(images, ((0, 0), (0, 0), (0, 2 * pad), (0, 2 * pad)))
    corners = rng.integers(0, 2 * pad + 1, size=(n, 2))
    return np.stack(
        [padded[i, :, t : t + height, u : u + width] for i, (t, u) in enumerate(corners)]
    )


@mistake(
    "random_crop",
    says="Your draws never reach the last place: mind where the range of whole numbers ends.",
)
def last_place_never_drawn(images: Array, pad: int, rng: Generator) -> Array:
    n, _, height, width = images.shape
    padded = np.pad(images, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    corners = rng.integers(0, max(2 * pad, 1), size=(n, 2))
    return np.stack(
        [padded[i, :, t : t + height, u : u + width] for i, (t, u) in enumerate(corners)]
    )


@mistake("random_crop", says="Your images move by half as far as the padding lets them.")
def half_of_the_places(images: Array, pad: int, rng: Generator) -> Array:
    n, _, height, width = images.shape
    padded = np.pad(images, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    corners = rng.integers(0, pad + 1, size=(n, 2))
    return np.stack(
        [padded[i, :, t : t + height, u : u + width] for i, (t, u) in enumerate(corners)]
    )


@mistake(
    "random_crop",
    says="One draw serves for rows and columns, so that images move along the diagonal alone.",
)
def along_the_diagonal(images: Array, pad: int, rng: Generator) -> Array:
    n, _, height, width = images.shape
    padded = np.pad(images, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    corners = rng.integers(0, 2 * pad + 1, size=n)
    return np.stack([padded[i, :, t : t + height, t : t + width] for i, t in enumerate(corners)])


@mistake("random_crop", says="Your images move to the left and to the right alone.")
def columns_alone(images: Array, pad: int, rng: Generator) -> Array:
    n, _, _, width = images.shape
    padded = np.pad(images, ((0, 0), (0, 0), (0, 0), (pad, pad)))
    corners = rng.integers(0, 2 * pad + 1, size=n)
    return np.stack([padded[i, :, :, left : left + width] for i, left in enumerate(corners)])


@mistake("random_crop", says="The channels of an image move apart; they have to move together.")
def channels_apart(images: Array, pad: int, rng: Generator) -> Array:
    n, channels, height, width = images.shape
    padded = np.pad(images, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    cropped = np.empty_like(images)
    for i in range(n):
        for c in range(channels):
            top, left = rng.integers(0, 2 * pad + 1, size=2)
            cropped[i, c] = padded[i, c, top : top + height, left : left + width]
    return cropped


@mistake("random_crop", says="You exchange height and width, which shows where they differ.")
def height_and_width_exchanged(images: Array, pad: int, rng: Generator) -> Array:
    n, _, width, height = images.shape
    padded = np.pad(images, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    corners = rng.integers(0, 2 * pad + 1, size=(n, 2))
    return np.stack(
        [padded[i, :, t : t + height, u : u + width] for i, (t, u) in enumerate(corners)]
    )


@mistake("random_crop", says="You always cut at the middle, so that nothing moves.")
def cut_at_the_middle(images: Array, pad: int, rng: Generator) -> Array:
    height, width = images.shape[2:]
    padded = np.pad(images, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    return padded[:, :, pad : pad + height, pad : pad + width]


@mistake(
    "random_crop",
    says="Your places come from rounded numbers: those at the ends get half of their share.",
)
def places_rounded(images: Array, pad: int, rng: Generator) -> Array:
    n, _, height, width = images.shape
    padded = np.pad(images, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    corners = np.rint(rng.uniform(0, 2 * pad, size=(n, 2))).astype(int)
    return np.stack(
        [padded[i, :, t : t + height, u : u + width] for i, (t, u) in enumerate(corners)]
    )


@mistake("random_crop", says="Your draws do not come from the generator that you are given.")
def generator_of_its_own(images: Array, pad: int, rng: Generator) -> Array:
    n, _, height, width = images.shape
    padded = np.pad(images, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    corners = np.random.default_rng().integers(0, 2 * pad + 1, size=(n, 2))
    return np.stack(
        [padded[i, :, t : t + height, u : u + width] for i, (t, u) in enumerate(corners)]
    )


@mistake("random_crop", says="Your seed is fixed, so that every batch moves in the same way.")
def seed_fixed(images: Array, pad: int, rng: Generator) -> Array:
    n, _, height, width = images.shape
    padded = np.pad(images, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    corners = np.random.default_rng(0).integers(0, 2 * pad + 1, size=(n, 2))
    return np.stack(
        [padded[i, :, t : t + height, u : u + width] for i, (t, u) in enumerate(corners)]
    )


@mistake("random_crop", says="Your crops of float32 images are float64.")
def crops_in_float64(images: Array, pad: int, rng: Generator) -> Array:
    n, channels, height, width = images.shape
    padded = np.zeros((n, channels, height + 2 * pad, width + 2 * pad))
    padded[:, :, pad : pad + height, pad : pad + width] = images
    corners = rng.integers(0, 2 * pad + 1, size=(n, 2))
    return np.stack(
        [padded[i, :, t : t + height, u : u + width] for i, (t, u) in enumerate(corners)]
    )


@mistake(
    "random_crop", says="You write the crops over the batch, which changes the caller's own images."
)
def images_overwritten(images: Array, pad: int, rng: Generator) -> Array:
    n, _, height, width = images.shape
    padded = np.pad(images, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    for i, (top, left) in enumerate(rng.integers(0, 2 * pad + 1, size=(n, 2))):
        images[i] = padded[i, :, top : top + height, left : left + width]
    return images


@variant("random_crop")
def image_by_image(images: Array, pad: int, rng: Generator) -> Array:
    cropped = []
    for image in images:
        _, height, width = image.shape
        padded = np.pad(image, ((0, 0), (pad, pad), (pad, pad)))
        top = rng.integers(2 * pad + 1)
        left = rng.integers(0, 2 * pad, endpoint=True)
        cropped.append(padded[:, top : top + height, left : left + width])
    return np.array(cropped)


@variant("random_crop")
def by_index_arrays(images: Array, pad: int, rng: Generator) -> Array:
    n, channels, height, width = images.shape
    padded = np.pad(images, [(0, 0), (0, 0), (pad, pad), (pad, pad)], mode="constant")
    top = rng.integers(low=0, high=2 * pad + 1, size=(n, 1, 1, 1))
    left = rng.integers(low=0, high=2 * pad + 1, size=(n, 1, 1, 1))
    rows = top + np.arange(height)[:, None]
    cols = left + np.arange(width)
    return padded[np.arange(n)[:, None, None, None], np.arange(channels)[:, None, None], rows, cols]


@variant("random_crop")
def overlaps_copied(images: Array, pad: int, rng: Generator, fill: float = 0.0) -> Array:
    height, width = images.shape[2:]
    cropped = np.full_like(images, fill)
    down, right = rng.integers(-pad, pad + 1, size=(2, len(images))).tolist()
    for i, (y, x) in enumerate(zip(down, right, strict=True)):
        part = images[i, :, max(0, -y) : height - max(0, y), max(0, -x) : width - max(0, x)]
        cropped[i, :, max(0, y) : height - max(0, -y), max(0, x) : width - max(0, -x)] = part
    return cropped


@variant("random_crop")
def by_matrices_that_shift(images: Array, pad: int, rng: Generator) -> Array:
    n, _, height, width = images.shape
    corners = np.floor(rng.random((n, 2)) * (2 * pad + 1)).astype(int) - pad
    rows = np.stack([np.eye(height, k=int(k), dtype=images.dtype) for k in corners[:, 0]])
    cols = np.stack([np.eye(width, k=int(k), dtype=images.dtype) for k in corners[:, 1]])
    return np.einsum("nhi,ncij,nwj->nchw", rows, images, cols)


@variant("random_crop")
def from_all_windows(images: Array, pad: int, rng: Generator) -> Array:
    n, _, height, width = images.shape
    padded = np.pad(images, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (height, width), axis=(2, 3))
    place = rng.integers((2 * pad + 1) ** 2, size=n)
    return windows[np.arange(n), :, place // (2 * pad + 1), place % (2 * pad + 1)].copy()
