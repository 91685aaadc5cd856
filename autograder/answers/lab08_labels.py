"""Lab 08: answers to its cross-entropy of labels that are each right or wrong."""

from __future__ import annotations

import math

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "binary_cross_entropy_logits",
    says="Your exponential overflows at large logits; look for a form in which it cannot.",
)
def exponential_overflows(z: Array, d: Array) -> tuple[Array, Array]:
    loss = np.sum(np.log(1 + np.exp(z)) - z * d) / len(z)
    return loss, (np.exp(z) / (1 + np.exp(z)) - d) / len(z)


@mistake(
    "binary_cross_entropy_logits",
    says="At large logits the sigmoid is 0 or 1, and your logarithm of it infinite.",
)
def logarithm_of_a_saturated_sigmoid(z: Array, d: Array) -> tuple[Array, Array]:
    y = 1 / (1 + np.exp(-z))
    return -np.sum(d * np.log(y) + (1 - d) * np.log(1 - y)) / len(z), (y - d) / len(z)


@mistake(
    "binary_cross_entropy_logits",
    says="You clip the probabilities, which makes the loss of large logits finite but wrong.",
)
def probabilities_clipped(z: Array, d: Array) -> tuple[Array, Array]:
    y = 1 / (1 + np.exp(-np.clip(z, -500, 500).astype(float)))
    p = np.clip(y, 1e-12, 1 - 1e-12)
    loss = -np.sum(d * np.log(p) + (1 - d) * np.log(1 - p)) / len(z)
    return loss, ((y - d) / len(z)).astype(z.dtype)


@mistake(
    "binary_cross_entropy_logits",
    says="Your loss is stable, but the sigmoid in your derivative overflows at large logits.",
)
def derivative_overflows(z: Array, d: Array) -> tuple[Array, Array]:
    loss = np.sum(np.maximum(z, 0) - z * d + np.log1p(np.exp(-np.abs(z)))) / len(z)
    e = np.exp(z)
    return loss, (e / (1 + e) - d) / len(z)


@mistake(
    "binary_cross_entropy_logits",
    says="Your derivative compares the logit itself with the target: the sigmoid is missing.",
)
def sigmoid_missing_in_the_derivative(z: Array, d: Array) -> tuple[Array, Array]:
    loss = np.sum(np.maximum(z, 0) - z * d + np.log1p(np.exp(-np.abs(z)))) / len(z)
    return loss, (z - d) / len(z)


@mistake(
    "binary_cross_entropy_logits",
    says="Your derivative has the slope of the sigmoid once too often: it cancels.",
)
def slope_of_the_sigmoid_too_often(z: Array, d: Array) -> tuple[Array, Array]:
    decay = np.exp(-np.abs(z))
    loss = np.sum(np.maximum(z, 0) - z * d + np.log1p(decay)) / len(z)
    y = np.where(z >= 0, np.ones_like(z), decay) / (1 + decay)
    return loss, (y - d) * y * (1 - y) / len(z)


@mistake(
    "binary_cross_entropy_logits",
    says="You average over the labels too; they are summed, and only the batch is averaged.",
)
def mean_over_labels_too(z: Array, d: Array) -> tuple[Array, Array]:
    decay = np.exp(-np.abs(z))
    y = np.where(z >= 0, np.ones_like(z), decay) / (1 + decay)
    return np.mean(np.maximum(z, 0) - z * d + np.log1p(decay)), (y - d) / z.size


@mistake("binary_cross_entropy_logits", says="You sum over the batch; a loss is the mean over it.")
def labels_summed_over_the_batch(z: Array, d: Array) -> tuple[Array, Array]:
    decay = np.exp(-np.abs(z))
    y = np.where(z >= 0, np.ones_like(z), decay) / (1 + decay)
    return np.sum(np.maximum(z, 0) - z * d + np.log1p(decay)), y - d


@mistake(
    "binary_cross_entropy_logits",
    says="Your loss is a mean over the batch, but your derivative is that of the sum.",
)
def label_slopes_of_the_sum(z: Array, d: Array) -> tuple[Array, Array]:
    decay = np.exp(-np.abs(z))
    y = np.where(z >= 0, np.ones_like(z), decay) / (1 + decay)
    return np.sum(np.maximum(z, 0) - z * d + np.log1p(decay)) / len(z), y - d


@mistake(
    "binary_cross_entropy_logits",
    says="You count the labels that are right alone; a wrong one has a loss of its own.",
)
def right_labels_alone(z: Array, d: Array) -> tuple[Array, Array]:
    decay = np.exp(-np.abs(z))
    y = np.where(z >= 0, np.ones_like(z), decay) / (1 + decay)
    loss = np.sum(d * (np.maximum(-z, 0) + np.log1p(decay))) / len(z)
    return loss, -d * (1 - y) / len(z)


@mistake(
    "binary_cross_entropy_logits",
    says="You take a softmax over the labels, which makes them compete; each stands for itself.",
)
def labels_compete(z: Array, d: Array) -> tuple[Array, Array]:
    shifted = z - z.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -np.sum(d * logs) / len(z), (np.exp(logs) - d) / len(z)


@mistake("binary_cross_entropy_logits", says="You have exchanged the targets 0 and 1.")
def targets_exchanged(z: Array, d: Array) -> tuple[Array, Array]:
    decay = np.exp(-np.abs(z))
    y = np.where(z >= 0, np.ones_like(z), decay) / (1 + decay)
    loss = np.sum(np.maximum(z, 0) - z * (1 - d) + np.log1p(decay)) / len(z)
    return loss, (y - (1 - d)) / len(z)


@mistake(
    "binary_cross_entropy_logits",
    says="You round soft targets to 0 or 1; a target may lie between.",
)
def soft_targets_rounded(z: Array, d: Array) -> tuple[Array, Array]:
    hard = (d > 0.5).astype(z.dtype)
    decay = np.exp(-np.abs(z))
    y = np.where(z >= 0, np.ones_like(z), decay) / (1 + decay)
    loss = np.sum(np.maximum(z, 0) - z * hard + np.log1p(decay)) / len(z)
    return loss, (y - hard) / len(z)


@mistake("binary_cross_entropy_logits", says="Your result is right, but changes the caller's z.")
def logits_overwritten(z: Array, d: Array) -> tuple[Array, Array]:
    decay = np.exp(-np.abs(z))
    loss = np.sum(np.maximum(z, 0) - z * d + np.log1p(decay)) / len(z)
    z[:] = np.where(z >= 0, np.ones_like(z), decay) / (1 + decay)
    return loss, (z - d) / len(z)


@mistake("binary_cross_entropy_logits", says="Your derivative by float32 logits is float64.")
def labels_in_float64(z: Array, d: Array) -> tuple[Array, Array]:
    z = np.asarray(z, dtype=float)
    decay = np.exp(-np.abs(z))
    y = np.where(z >= 0, 1.0, decay) / (1 + decay)
    return np.sum(np.maximum(z, 0) - z * d + np.log1p(decay)) / len(z), (y - d) / len(z)


@variant("binary_cross_entropy_logits")
def sums_of_exponentials(z: Array, d: Array) -> tuple[Array, Array]:
    nothing = np.zeros_like(z)
    loss = d * np.logaddexp(nothing, -z) + (1 - d) * np.logaddexp(nothing, z)
    return loss.sum(axis=1).mean(), (np.exp(-np.logaddexp(nothing, -z)) - d) / len(z)


@variant("binary_cross_entropy_logits")
def sigmoid_as_a_tanh(z: Array, d: Array, labels: int | None = None) -> tuple[Array, Array]:
    off = (np.tanh(z / 2) + 1) / 2 - d[:, :labels]
    losses = np.logaddexp(np.zeros_like(z), z) - d * z
    return np.asarray(np.einsum("nl->", losses) / len(z)), off / len(z)


@variant("binary_cross_entropy_logits")
def signs_of_logits_apart(z: Array, d: Array) -> tuple[Array, Array]:
    y, loss = np.empty_like(z), np.empty_like(z)
    up = z > 0
    y[up] = 1 / (1 + np.exp(-z[up]))
    y[~up] = np.exp(z[~up]) / (1 + np.exp(z[~up]))
    loss[up] = z[up] * (1 - d[up]) + np.log1p(np.exp(-z[up]))
    loss[~up] = -z[~up] * d[~up] + np.log1p(np.exp(z[~up]))
    y -= d
    y /= len(z)
    return loss.sum() / len(z), y


@variant("binary_cross_entropy_logits")
def labels_one_by_one(z: Array, d: Array) -> tuple[float, Array]:
    loss, dz = 0.0, np.zeros_like(z)
    for n, i in np.ndindex(*z.shape):
        a, target = float(z[n, i]), float(d[n, i])
        softplus = max(a, 0.0) + math.log1p(math.exp(-abs(a)))
        loss += softplus - target * a
        dz[n, i] = (math.exp(a - softplus) - target) / len(z)
    return loss / len(z), dz
