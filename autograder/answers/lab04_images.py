"""Lab 04: answers to batch normalization of images, and to group normalization."""

from __future__ import annotations

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "batchnorm2d_forward",
    says="You normalize each image by itself; a channel's statistics are over the batch too.",
)
def each_image_by_itself(x: Array, gamma: Array, beta: Array, eps: float = 1e-5) -> Array:
    mean, var = x.mean(axis=(2, 3), keepdims=True), x.var(axis=(2, 3), keepdims=True)
    return gamma[:, None, None] * (x - mean) / np.sqrt(var + eps) + beta[:, None, None]


@mistake(
    "batchnorm2d_forward",
    says="You normalize every pixel by itself; a channel's statistics are over the pixels too.",
)
def each_pixel_by_itself(x: Array, gamma: Array, beta: Array, eps: float = 1e-5) -> Array:
    mean, var = x.mean(axis=0), x.var(axis=0)
    return gamma[:, None, None] * (x - mean) / np.sqrt(var + eps) + beta[:, None, None]


@mistake("batchnorm2d_forward", says="You have one mean for all channels; each has its own.")
def channels_together(x: Array, gamma: Array, beta: Array, eps: float = 1e-5) -> Array:
    u = (x - x.mean()) / np.sqrt(x.var() + eps)
    return gamma[:, None, None] * u + beta[:, None, None]


@mistake(
    "batchnorm2d_forward",
    says="You mix the channels of an image; statistics run over the batch instead.",
)
def each_image_with_all_channels(x: Array, gamma: Array, beta: Array, eps: float = 1e-5) -> Array:
    mean, var = x.mean(axis=(1, 2, 3), keepdims=True), x.var(axis=(1, 2, 3), keepdims=True)
    return gamma[:, None, None] * (x - mean) / np.sqrt(var + eps) + beta[:, None, None]


@mistake(
    "batchnorm2d_forward", says="You take the last axis for the channels; they are the second."
)
def channels_last(x: Array, gamma: Array, beta: Array, eps: float = 1e-5) -> Array:
    mean, var = x.mean(axis=(0, 1, 2)), x.var(axis=(0, 1, 2))
    return gamma * (x - mean) / np.sqrt(var + eps) + beta


@mistake(
    "batchnorm2d_forward",
    says="Your scale and shift fall along the width of the image, not along its channels.",
)
def parameters_along_the_width(x: Array, gamma: Array, beta: Array, eps: float = 1e-5) -> Array:
    mean, var = x.mean(axis=(0, 2, 3), keepdims=True), x.var(axis=(0, 2, 3), keepdims=True)
    return gamma * (x - mean) / np.sqrt(var + eps) + beta


@mistake("batchnorm2d_forward", says="Your variance is the unbiased one.")
def images_by_the_unbiased_variance(
    x: Array, gamma: Array, beta: Array, eps: float = 1e-5
) -> Array:
    mean, var = x.mean(axis=(0, 2, 3), keepdims=True), x.var(axis=(0, 2, 3), keepdims=True, ddof=1)
    return gamma[:, None, None] * (x - mean) / np.sqrt(var + eps) + beta[:, None, None]


@mistake(
    "batchnorm2d_forward",
    says="You average the variances of the single images, which leaves out how their means differ.",
)
def variances_of_images_averaged(x: Array, gamma: Array, beta: Array, eps: float = 1e-5) -> Array:
    mean = x.mean(axis=(0, 2, 3), keepdims=True)
    var = x.var(axis=(2, 3), keepdims=True).mean(axis=0, keepdims=True)
    return gamma[:, None, None] * (x - mean) / np.sqrt(var + eps) + beta[:, None, None]


@mistake("batchnorm2d_forward", says="Your eps is added to the standard deviation, after the root.")
def eps_outside_the_root(x: Array, gamma: Array, beta: Array, eps: float = 1e-5) -> Array:
    mean, std = x.mean(axis=(0, 2, 3), keepdims=True), x.std(axis=(0, 2, 3), keepdims=True)
    return gamma[:, None, None] * (x - mean) / (std + eps) + beta[:, None, None]


@mistake("batchnorm2d_forward", says="The scale and the shift are missing.")
def images_not_scaled(x: Array, gamma: Array, beta: Array, eps: float = 1e-5) -> Array:
    mean, var = x.mean(axis=(0, 2, 3), keepdims=True), x.var(axis=(0, 2, 3), keepdims=True)
    return (x - mean) / np.sqrt(var + eps)


@mistake(
    "batchnorm2d_forward", says="Where eps is not given, yours is not the one of the signature."
)
def another_default(x: Array, gamma: Array, beta: Array, eps: float = 1e-3) -> Array:
    mean, var = x.mean(axis=(0, 2, 3), keepdims=True), x.var(axis=(0, 2, 3), keepdims=True)
    return gamma[:, None, None] * (x - mean) / np.sqrt(var + eps) + beta[:, None, None]


@mistake("batchnorm2d_forward", says="Your images are of one shape with x, but of float64.")
def images_in_float64(x: Array, gamma: Array, beta: Array, eps: float = 1e-5) -> Array:
    y = np.zeros(x.shape)
    for c in range(x.shape[1]):
        u = (x[:, c] - x[:, c].mean()) / np.sqrt(x[:, c].var() + eps)
        y[:, c] = gamma[c] * u + beta[c]
    return y


@mistake("batchnorm2d_forward", says="Your images are right, but they change the caller's x.")
def x_overwritten(x: Array, gamma: Array, beta: Array, eps: float = 1e-5) -> Array:
    for c in range(x.shape[1]):
        mean, var = x[:, c].mean(), x[:, c].var()
        x[:, c] = gamma[c] * (x[:, c] - mean) / np.sqrt(var + eps) + beta[c]
    return x


@variant("batchnorm2d_forward")
def pixels_as_rows(x: Array, gamma: Array, beta: Array, eps: float = 1e-5) -> Array:
    n, c, h, w = x.shape
    rows = x.transpose(0, 2, 3, 1).reshape(-1, c)
    y = gamma * (rows - rows.mean(axis=0)) / np.sqrt(rows.var(axis=0) + eps) + beta
    return y.reshape(n, h, w, c).transpose(0, 3, 1, 2)


@variant("batchnorm2d_forward")
def channel_by_channel(x: Array, gamma: Array, beta: Array, eps: float = 1e-5) -> Array:
    y = np.zeros_like(x)
    for c in range(x.shape[1]):
        centered = x[:, c, :, :] - np.mean(x[:, c, :, :])
        y[:, c] = gamma[c] * centered / np.sqrt(np.mean(centered**2) + eps) + beta[c]
    return y


@variant("batchnorm2d_forward")
def averaged_by_einsum(
    x: Array, gamma: Array, beta: Array, eps: float = 1e-5, copy: bool = True
) -> Array:
    count = x.size // x.shape[1]
    y = np.array(x, copy=copy)
    y -= (np.einsum("nchw->c", x) / count)[:, None, None]
    scale = gamma / np.sqrt(np.einsum("nchw,nchw->c", y, y) / count + eps)
    return np.einsum("nchw,c->nchw", y, scale) + beta.reshape(1, -1, 1, 1)


@variant("batchnorm2d_forward")
def mean_of_squares(x: Array, gamma: Array, beta: Array, eps: float = 1e-5) -> Array:
    axes = (3, 2, 0)
    mean = np.expand_dims(x.mean(axis=axes), (0, 2, 3))
    var = np.maximum(np.mean(x * x, axis=axes, keepdims=True) - mean**2, 0)
    u = (x - mean) * (var + eps) ** -0.5
    return u * gamma[None, :, None, None] + beta[None, :, None, None]


@mistake(
    "groupnorm_forward",
    says="Your groups hold channels that lie apart; a group is of neighbouring channels.",
)
def channels_dealt_in_turn(
    x: Array, gamma: Array, beta: Array, groups: int, eps: float = 1e-5
) -> Array:
    n, c, h, w = x.shape
    parts = x.reshape(n, c // groups, groups, h, w)
    mean, var = parts.mean(axis=(1, 3, 4), keepdims=True), parts.var(axis=(1, 3, 4), keepdims=True)
    u = ((parts - mean) / np.sqrt(var + eps)).reshape(x.shape)
    return gamma[:, None, None] * u + beta[:, None, None]


@mistake(
    "groupnorm_forward",
    says="You take groups for the number of channels in each; it says how many groups there are.",
)
def groups_taken_as_size(
    x: Array, gamma: Array, beta: Array, groups: int, eps: float = 1e-5
) -> Array:
    parts = x.reshape(x.shape[0], x.shape[1] // groups, -1)
    mean, var = parts.mean(axis=2, keepdims=True), parts.var(axis=2, keepdims=True)
    u = ((parts - mean) / np.sqrt(var + eps)).reshape(x.shape)
    return gamma[:, None, None] * u + beta[:, None, None]


@mistake("groupnorm_forward", says="All channels of an image are one group in yours.")
def groups_ignored(x: Array, gamma: Array, beta: Array, groups: int, eps: float = 1e-5) -> Array:
    mean, var = x.mean(axis=(1, 2, 3), keepdims=True), x.var(axis=(1, 2, 3), keepdims=True)
    return gamma[:, None, None] * (x - mean) / np.sqrt(var + eps) + beta[:, None, None]


@mistake("groupnorm_forward", says="Every channel is a group of its own in yours.")
def channels_alone(x: Array, gamma: Array, beta: Array, groups: int, eps: float = 1e-5) -> Array:
    mean, var = x.mean(axis=(2, 3), keepdims=True), x.var(axis=(2, 3), keepdims=True)
    return gamma[:, None, None] * (x - mean) / np.sqrt(var + eps) + beta[:, None, None]


@mistake("groupnorm_forward", says="Your groups reach over the batch; an image stands for itself.")
def groups_over_the_batch(
    x: Array, gamma: Array, beta: Array, groups: int, eps: float = 1e-5
) -> Array:
    parts = x.reshape(x.shape[0], groups, -1)
    mean, var = parts.mean(axis=(0, 2), keepdims=True), parts.var(axis=(0, 2), keepdims=True)
    u = ((parts - mean) / np.sqrt(var + eps)).reshape(x.shape)
    return gamma[:, None, None] * u + beta[:, None, None]


@mistake(
    "groupnorm_forward",
    says="Your statistics are over the channels of a group, but not over its pixels.",
)
def pixels_alone(x: Array, gamma: Array, beta: Array, groups: int, eps: float = 1e-5) -> Array:
    n, c, h, w = x.shape
    parts = x.reshape(n, groups, c // groups, h, w)
    mean, var = parts.mean(axis=2, keepdims=True), parts.var(axis=2, keepdims=True)
    u = ((parts - mean) / np.sqrt(var + eps)).reshape(x.shape)
    return gamma[:, None, None] * u + beta[:, None, None]


@mistake("groupnorm_forward", says="A group shares one scale in yours; every channel has its own.")
def one_scale_for_a_group(
    x: Array, gamma: Array, beta: Array, groups: int, eps: float = 1e-5
) -> Array:
    size = x.shape[1] // groups
    parts = x.reshape(x.shape[0], groups, -1)
    mean, var = parts.mean(axis=2, keepdims=True), parts.var(axis=2, keepdims=True)
    u = ((parts - mean) / np.sqrt(var + eps)).reshape(x.shape)
    scale, shift = np.repeat(gamma[::size], size), np.repeat(beta[::size], size)
    return scale[:, None, None] * u + shift[:, None, None]


@mistake("groupnorm_forward", says="Your variance is the unbiased one.")
def groups_by_the_unbiased_variance(
    x: Array, gamma: Array, beta: Array, groups: int, eps: float = 1e-5
) -> Array:
    parts = x.reshape(x.shape[0], groups, -1)
    mean, var = parts.mean(axis=2, keepdims=True), parts.var(axis=2, keepdims=True, ddof=1)
    u = ((parts - mean) / np.sqrt(var + eps)).reshape(x.shape)
    return gamma[:, None, None] * u + beta[:, None, None]


@mistake("groupnorm_forward", says="Your eps is added to the standard deviation, after the root.")
def eps_beside_the_deviation(
    x: Array, gamma: Array, beta: Array, groups: int, eps: float = 1e-5
) -> Array:
    parts = x.reshape(x.shape[0], groups, -1)
    mean, std = parts.mean(axis=2, keepdims=True), parts.std(axis=2, keepdims=True)
    u = ((parts - mean) / (std + eps)).reshape(x.shape)
    return gamma[:, None, None] * u + beta[:, None, None]


@mistake(
    "groupnorm_forward",
    says="Your groups need not hold whole channels; where none can be equal, that is an error.",
)
def unequal_groups_accepted(
    x: Array, gamma: Array, beta: Array, groups: int, eps: float = 1e-5
) -> Array:
    parts = x.reshape(x.shape[0], groups, -1)
    mean, var = parts.mean(axis=2, keepdims=True), parts.var(axis=2, keepdims=True)
    u = ((parts - mean) / np.sqrt(var + eps)).reshape(x.shape)
    return gamma[:, None, None] * u + beta[:, None, None]


@mistake("groupnorm_forward", says="The scale and the shift are missing.")
def groups_not_scaled(x: Array, gamma: Array, beta: Array, groups: int, eps: float = 1e-5) -> Array:
    parts = x.reshape(x.shape[0], groups, -1)
    mean, var = parts.mean(axis=2, keepdims=True), parts.var(axis=2, keepdims=True)
    return ((parts - mean) / np.sqrt(var + eps)).reshape(x.shape)


@mistake("groupnorm_forward", says="Your groups are of float64 even where x is float32.")
def groups_in_float64(x: Array, gamma: Array, beta: Array, groups: int, eps: float = 1e-5) -> Array:
    parts = x.reshape(x.shape[0], groups, -1).astype(float)
    mean, var = parts.mean(axis=2, keepdims=True), parts.var(axis=2, keepdims=True)
    u = ((parts - mean) / np.sqrt(var + eps)).reshape(x.shape)
    return gamma[:, None, None] * u + beta[:, None, None]


@mistake(
    "groupnorm_forward",
    says="Your y is right, but a reshaped array is still the same one: you change the caller's x.",
)
def x_centered_through_a_view(
    x: Array, gamma: Array, beta: Array, groups: int, eps: float = 1e-5
) -> Array:
    parts = x.reshape(x.shape[0], groups, x.shape[1] // groups * x.shape[2] * x.shape[3])
    parts -= parts.mean(axis=2, keepdims=True)
    u = (parts / np.sqrt(np.mean(parts**2, axis=2, keepdims=True) + eps)).reshape(x.shape)
    return gamma[:, None, None] * u + beta[:, None, None]


@variant("groupnorm_forward")
def slices_of_channels(
    x: Array, gamma: Array, beta: Array, groups: int, eps: float = 1e-5
) -> Array:
    size, rest = divmod(x.shape[1], groups)
    if rest:
        raise ValueError("the groups would be of unequal size")
    y = x.copy()
    for start in range(0, x.shape[1], size):
        block = y[:, start : start + size]
        block -= block.mean(axis=(1, 2, 3), keepdims=True)
        block /= np.sqrt(np.square(block).mean(axis=(1, 2, 3), keepdims=True) + eps)
    return y * gamma[:, None, None] + beta[:, None, None]


@variant("groupnorm_forward")
def parts_with_five_axes(
    x: Array, gamma: Array, beta: Array, groups: int, eps: float = 1e-5
) -> Array:
    n, c, h, w = x.shape
    parts = x.reshape(n, groups, c // groups, h, w)
    mean = parts.mean(axis=(2, 3, 4), keepdims=True)
    inv_std = 1 / np.sqrt(parts.var(axis=(2, 3, 4), keepdims=True) + eps)
    scale, shift = gamma.reshape(1, groups, -1, 1, 1), beta.reshape(1, groups, -1, 1, 1)
    return (scale * (parts - mean) * inv_std + shift).reshape(n, c, h, w)


@variant("groupnorm_forward")
def image_by_image(
    x: Array, gamma: Array, beta: Array, groups: int, eps: float = 1e-5, axis: int = 0
) -> Array:
    images = []
    for image in x:
        blocks = np.split(image, groups, axis=axis)
        blocks = [(block - np.mean(block)) / np.sqrt(np.var(block) + eps) for block in blocks]
        u = np.concatenate(blocks, axis=axis)
        images.append(np.einsum("chw,c->chw", u, gamma) + np.expand_dims(beta, (1, 2)))
    return np.stack(images)
