"""Augmentation: every image changes as it should, by itself, and no other way."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcourse.augment import add_noise, random_contrast, random_crop, random_flip

seeds = st.integers(0, 2**32 - 1)


def some_images(seed=0, shape=(6, 2, 5, 4)):
    return np.random.default_rng(seed).uniform(0.1, 1.0, shape)


def all_windows(image, pad):
    """Every window of the padded image, by its place."""
    _, height, width = image.shape
    padded = np.pad(image, ((0, 0), (pad, pad), (pad, pad)))
    return {
        (top, left): padded[:, top : top + height, left : left + width]
        for top in range(2 * pad + 1)
        for left in range(2 * pad + 1)
    }


def place_of(cropped, image, pad):
    windows = all_windows(image, pad)
    (place,) = [at for at, window in windows.items() if np.array_equal(window, cropped)]
    return place


@settings(max_examples=20, deadline=None)
@given(seeds, st.integers(0, 3))
def test_a_random_crop_is_a_window_of_the_padded_image(seed, pad):
    images = some_images(seed)
    cropped = random_crop(images, pad, np.random.default_rng(seed))
    assert cropped.shape == images.shape
    for image, window in zip(images, cropped, strict=True):
        place_of(window, image, pad)


def test_crops_reach_every_place_equally_often_and_each_image_has_its_own():
    images = np.repeat(some_images(shape=(1, 1, 4, 4)), 1800, axis=0)
    cropped = random_crop(images, 1, np.random.default_rng(0))
    places = [place_of(window, images[0], 1) for window in cropped]
    counts = [places.count((top, left)) for top in range(3) for left in range(3)]
    assert min(counts) > 150
    assert max(counts) < 250


@settings(max_examples=20, deadline=None)
@given(seeds)
def test_random_contrast_keeps_means_and_scales_deviations_within_its_limits(seed):
    images = some_images(seed)
    changed = random_contrast(images, 0.5, 2.0, np.random.default_rng(seed))
    mean, new_mean = (x.mean(axis=(1, 2, 3), keepdims=True) for x in (images, changed))
    np.testing.assert_allclose(new_mean, mean, rtol=1e-10)
    factors = (changed - new_mean) / (images - mean)
    np.testing.assert_allclose(factors, factors[:, :1, :1, :1] * np.ones((1, 2, 5, 4)), rtol=1e-6)
    factors = factors[:, 0, 0, 0]
    assert factors.min() >= 0.5 - 1e-9
    assert factors.max() <= 2.0 + 1e-9
    assert len(np.unique(factors.round(9))) == len(images)


def test_contrast_factors_are_uniform():
    images = np.tile(np.array([-1.0, 1.0]).reshape(1, 1, 1, 2), (20_000, 1, 1, 1))
    changed = random_contrast(images, 0.2, 1.8, np.random.default_rng(0))
    counts, _ = np.histogram(changed[:, 0, 0, 1], bins=8, range=(0.2, 1.8))
    assert counts.sum() == 20_000
    np.testing.assert_allclose(counts, 2500, rtol=0.08)


@pytest.mark.parametrize("axis", [-1, -2])
def test_a_random_flip_mirrors_some_images_and_leaves_the_others(axis):
    images = some_images(shape=(400, 1, 3, 4))
    flipped = random_flip(images, np.random.default_rng(0), axis=axis)
    same = (flipped == images).all(axis=(1, 2, 3))
    mirrored = (flipped == np.flip(images, axis=axis)).all(axis=(1, 2, 3))
    assert (same ^ mirrored).all()
    assert 150 < same.sum() < 250
    for probability, expected in [(0.0, images), (1.0, np.flip(images, axis=axis))]:
        result = random_flip(images, np.random.default_rng(0), axis=axis, probability=probability)
        np.testing.assert_array_equal(result, expected)


def test_noise_has_the_asked_for_spread_and_no_mean():
    images = some_images(shape=(50, 1, 20, 20))
    noise = add_noise(images, 0.3, np.random.default_rng(0)) - images
    assert noise.std() == pytest.approx(0.3, rel=0.03)
    assert abs(noise.mean()) < 0.01


CHANGES = {
    "random_crop": lambda x: random_crop(x, 2, np.random.default_rng(1)),
    "random_contrast": lambda x: random_contrast(x, 0.5, 1.5, np.random.default_rng(1)),
    "random_flip": lambda x: random_flip(x, np.random.default_rng(1)),
    "add_noise": lambda x: add_noise(x, 0.1, np.random.default_rng(1)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_kind_of_array_sees_the_same_change(name, agrees_with_numpy):
    agrees_with_numpy(CHANGES[name], some_images())


@pytest.mark.parametrize("name", CHANGES)
def test_a_tensor_is_changed_into_a_tensor_of_its_own_memory(name):
    images = torch.tensor(some_images())
    changed = CHANGES[name](images)
    changed += 1.0
    np.testing.assert_array_equal(images, some_images())
