"""Lab 07: answers to random contrast."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "random_contrast",
    says="You stretch about zero, which makes an image brighter or darker; stretch about its mean.",
)
def about_zero(images: Array, low: float, high: float, rng: Generator) -> Array:
    factors = rng.uniform(low, high, size=(len(images), 1, 1, 1)).astype(images.dtype)
    return factors * images


@mistake("random_contrast", says="All images of a batch have one factor; each has its own draw.")
def one_factor_for_all(images: Array, low: float, high: float, rng: Generator) -> Array:
    means = images.mean(axis=(1, 2, 3), keepdims=True)
    return means + rng.uniform(low, high) * (images - means)


@mistake("random_contrast", says="You cut the result off at 0 and 1; it should be left as it is.")
def cut_to_the_range_of_images(images: Array, low: float, high: float, rng: Generator) -> Array:
    factors = rng.uniform(low, high, size=(len(images), 1, 1, 1)).astype(images.dtype)
    means = images.mean(axis=(1, 2, 3), keepdims=True)
    return np.clip(means + factors * (images - means), 0, 1)


@mistake("random_contrast", says="Your mean is over the whole batch; each image has its own.")
def mean_of_the_batch(images: Array, low: float, high: float, rng: Generator) -> Array:
    factors = rng.uniform(low, high, size=(len(images), 1, 1, 1)).astype(images.dtype)
    return images.mean() + factors * (images - images.mean())


@mistake("random_contrast", says="Each channel has a mean of its own with you; an image has one.")
def mean_of_each_channel(images: Array, low: float, high: float, rng: Generator) -> Array:
    factors = rng.uniform(low, high, size=(len(images), 1, 1, 1)).astype(images.dtype)
    means = images.mean(axis=(2, 3), keepdims=True)
    return means + factors * (images - means)


@mistake("random_contrast", says="Each channel has a factor of its own with you; an image has one.")
def factor_of_each_channel(images: Array, low: float, high: float, rng: Generator) -> Array:
    factors = rng.uniform(low, high, size=(*images.shape[:2], 1, 1)).astype(images.dtype)
    means = images.mean(axis=(1, 2, 3), keepdims=True)
    return means + factors * (images - means)


@mistake("random_contrast", says="Each pixel has a factor of its own with you, which is noise.")
def factor_of_each_pixel(images: Array, low: float, high: float, rng: Generator) -> Array:
    factors = rng.uniform(low, high, size=images.shape).astype(images.dtype)
    means = images.mean(axis=(1, 2, 3), keepdims=True)
    return means + factors * (images - means)


@mistake("random_contrast", says="You return the stretched deviations without the mean.")
def mean_not_added_again(images: Array, low: float, high: float, rng: Generator) -> Array:
    factors = rng.uniform(low, high, size=(len(images), 1, 1, 1)).astype(images.dtype)
    return factors * (images - images.mean(axis=(1, 2, 3), keepdims=True))


@mistake("random_contrast", says="You add the factor, which shifts the brightness; it multiplies.")
def factor_added(images: Array, low: float, high: float, rng: Generator) -> Array:
    return images + rng.uniform(low, high, size=(len(images), 1, 1, 1)).astype(images.dtype)


@mistake("random_contrast", says="Your factor acts on top of 1; it is to be the whole factor.")
def factor_on_top_of_one(images: Array, low: float, high: float, rng: Generator) -> Array:
    factors = 1 + rng.uniform(low, high, size=(len(images), 1, 1, 1)).astype(images.dtype)
    means = images.mean(axis=(1, 2, 3), keepdims=True)
    return means + factors * (images - means)


@mistake(
    "random_contrast", says="You divide by the factor, so that large ones leave an image grey."
)
def divided_by_the_factor(images: Array, low: float, high: float, rng: Generator) -> Array:
    factors = rng.uniform(low, high, size=(len(images), 1, 1, 1)).astype(images.dtype)
    means = images.mean(axis=(1, 2, 3), keepdims=True)
    return means + (images - means) / factors


@mistake("random_contrast", says="You mix with weights exchanged: the factor stands on the mean.")
def factor_on_the_mean(images: Array, low: float, high: float, rng: Generator) -> Array:
    factors = rng.uniform(low, high, size=(len(images), 1, 1, 1)).astype(images.dtype)
    means = images.mean(axis=(1, 2, 3), keepdims=True)
    return images + factors * (means - images)


@mistake("random_contrast", says="You stretch about the middle grey; an image's mean is its own.")
def about_the_middle_grey(images: Array, low: float, high: float, rng: Generator) -> Array:
    factors = rng.uniform(low, high, size=(len(images), 1, 1, 1)).astype(images.dtype)
    return 0.5 + factors * (images - 0.5)


@mistake("random_contrast", says="You stretch about the median; asked for is the mean.")
def about_the_median(images: Array, low: float, high: float, rng: Generator) -> Array:
    factors = rng.uniform(low, high, size=(len(images), 1, 1, 1)).astype(images.dtype)
    medians = np.median(images, axis=(1, 2, 3), keepdims=True)
    return medians + factors * (images - medians)


@mistake("random_contrast", says="Your factors are uniform from 0 to 1, whatever low and high are.")
def limits_ignored(images: Array, low: float, high: float, rng: Generator) -> Array:
    factors = rng.random(size=(len(images), 1, 1, 1)).astype(images.dtype)
    means = images.mean(axis=(1, 2, 3), keepdims=True)
    return means + factors * (images - means)


@mistake("random_contrast", says="Your factors are low or high, and never in between.")
def one_end_or_the_other(images: Array, low: float, high: float, rng: Generator) -> Array:
    factors = rng.choice([low, high], size=(len(images), 1, 1, 1)).astype(images.dtype)
    means = images.mean(axis=(1, 2, 3), keepdims=True)
    return means + factors * (images - means)


@mistake("random_contrast", says="Your factors gather in the middle; all should be equally likely.")
def gathered_in_the_middle(images: Array, low: float, high: float, rng: Generator) -> Array:
    shape = (len(images), 1, 1, 1)
    factors = 0.5 * (rng.uniform(low, high, shape) + rng.uniform(low, high, shape))
    means = images.mean(axis=(1, 2, 3), keepdims=True)
    return means + factors.astype(images.dtype) * (images - means)


@mistake("random_contrast", says="Your factors leave out a little at both ends of their range.")
def range_a_little_narrow(images: Array, low: float, high: float, rng: Generator) -> Array:
    margin = 0.015 * (high - low)
    factors = rng.uniform(low + margin, high - margin, size=(len(images), 1, 1, 1))
    means = images.mean(axis=(1, 2, 3), keepdims=True)
    return means + factors.astype(images.dtype) * (images - means)


@mistake(
    "random_contrast", says="Your factors are spread evenly and shuffled, not drawn one by one."
)
def evenly_spread(images: Array, low: float, high: float, rng: Generator) -> Array:
    factors = rng.permutation(np.linspace(low, high, len(images))).reshape(-1, 1, 1, 1)
    means = images.mean(axis=(1, 2, 3), keepdims=True)
    return means + factors.astype(images.dtype) * (images - means)


@mistake("random_contrast", says="Your draws do not come from the generator that you are given.")
def another_generator(images: Array, low: float, high: float, rng: Generator) -> Array:
    factors = np.random.default_rng().uniform(low, high, size=(len(images), 1, 1, 1))
    means = images.mean(axis=(1, 2, 3), keepdims=True)
    return means + factors.astype(images.dtype) * (images - means)


@mistake("random_contrast", says="Your seed is fixed, so that every batch has the same factors.")
def same_seed_again(images: Array, low: float, high: float, rng: Generator) -> Array:
    factors = np.random.default_rng(0).uniform(low, high, size=(len(images), 1, 1, 1))
    means = images.mean(axis=(1, 2, 3), keepdims=True)
    return means + factors.astype(images.dtype) * (images - means)


@mistake("random_contrast", says="Your changed images are float64 where the images are float32.")
def stretched_in_float64(images: Array, low: float, high: float, rng: Generator) -> Array:
    factors = rng.uniform(low, high, size=(len(images), 1, 1, 1))
    means = images.mean(axis=(1, 2, 3), keepdims=True)
    return means + factors * (images - means)


@mistake("random_contrast", says="You stretch in place, which changes the caller's own images.")
def stretched_in_place(images: Array, low: float, high: float, rng: Generator) -> Array:
    factors = rng.uniform(low, high, size=(len(images), 1, 1, 1)).astype(images.dtype)
    means = images.mean(axis=(1, 2, 3), keepdims=True)
    images -= means
    images *= factors
    images += means
    return images


@variant("random_contrast")
def stretched_image_by_image(images: Array, low: float, high: float, rng: Generator) -> Array:
    changed = np.empty_like(images)
    for i, image in enumerate(images):
        factor, mean = rng.uniform(low, high), float(image.mean())
        changed[i] = mean + factor * (image - mean)
    return changed


@variant("random_contrast")
def mixed_with_the_mean(images: Array, low: float, high: float, rng: Generator) -> Array:
    factors = (low + (high - low) * rng.random(len(images))).astype(images.dtype)
    a = factors[:, None, None, None]
    return a * images + (1 - a) * images.mean(axis=(1, 2, 3))[:, None, None, None]


@variant("random_contrast")
def images_as_rows(
    images: Array, low: float, high: float, rng: Generator, center: float | None = None
) -> Array:
    rows = images.reshape(len(images), -1)
    means = rows.mean(axis=1, keepdims=True) if center is None else center
    factors = rng.uniform(low, high, (len(rows), 1))
    return (means + factors * (rows - means)).astype(images.dtype).reshape(images.shape)


@variant("random_contrast")
def copy_stretched_in_place(images: Array, low: float, high: float, rng: Generator) -> Array:
    means = np.einsum("nchw->n", images) / images[0].size
    changed = np.moveaxis(images, 0, -1).copy()
    changed -= means
    changed *= rng.uniform(low=low, high=high, size=len(images))
    changed += means
    return np.ascontiguousarray(np.moveaxis(changed, -1, 0))
