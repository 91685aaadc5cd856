"""Lab 00: answers to the cross-entropy of labels under a softmax."""

from __future__ import annotations

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "softmax_cross_entropy",
    says="Your derivative is that of the sum over the batch, while your loss is the mean.",
)
def gradient_of_the_sum(logits: Array, labels: Array) -> tuple[Array, Array]:
    rows = np.arange(len(labels))
    shifted = logits - logits.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    dlogits = np.exp(logs)
    dlogits[rows, labels] -= 1
    return -logs[rows, labels].mean(), dlogits


@mistake("softmax_cross_entropy", says="You sum the loss over the batch; its mean is asked for.")
def loss_summed(logits: Array, labels: Array) -> tuple[Array, Array]:
    rows = np.arange(len(labels))
    shifted = logits - logits.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    dlogits = np.exp(logs) / len(labels)
    dlogits[rows, labels] -= 1 / len(labels)
    return -logs[rows, labels].sum(), dlogits


@mistake("softmax_cross_entropy", says="Your derivative is divided by the number of rows twice.")
def mean_taken_twice(logits: Array, labels: Array) -> tuple[Array, Array]:
    n = len(labels)
    shifted = logits - logits.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    dlogits = np.exp(logs)
    dlogits[np.arange(n), labels] -= 1
    return -logs[np.arange(n), labels].mean(), dlogits / n / n


@mistake("softmax_cross_entropy", says="Your mean is over rows and classes; it is over the rows.")
def mean_over_classes_too(logits: Array, labels: Array) -> tuple[Array, Array]:
    shifted = logits - logits.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    marks = np.eye(logits.shape[1], dtype=logits.dtype)[labels]
    return -(marks * logs).mean(), (np.exp(logs) - marks) / logits.size


@mistake(
    "softmax_cross_entropy",
    says="You divide the probabilities by the number of rows, but not what is taken from them at "
    "the labels.",
)
def label_part_not_divided(logits: Array, labels: Array) -> tuple[Array, Array]:
    n = len(labels)
    shifted = logits - logits.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    dlogits = np.exp(logs) / n
    dlogits[np.arange(n), labels] -= 1
    return -logs[np.arange(n), labels].mean(), dlogits


@mistake("softmax_cross_entropy", says="Your exponentials overflow where logits are huge.")
def overflowing_probabilities(logits: Array, labels: Array) -> tuple[Array, Array]:
    n = len(labels)
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(n), labels]).mean()
    p[np.arange(n), labels] -= 1
    return loss, p / n


@mistake(
    "softmax_cross_entropy",
    says="A probability can round to zero, and your logarithm of it is infinite: work with the "
    "shifted logits instead.",
)
def logarithm_of_zero(logits: Array, labels: Array) -> tuple[Array, Array]:
    n = len(labels)
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(n), labels]).mean()
    p[np.arange(n), labels] -= 1
    return loss, p / n


@mistake(
    "softmax_cross_entropy",
    says="The small number inside your logarithm keeps the loss finite, but makes it wrong where "
    "the model is surely mistaken.",
)
def small_number_in_the_logarithm(logits: Array, labels: Array) -> tuple[Array, Array]:
    n = len(labels)
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(n), labels] + 1e-12).mean()
    p[np.arange(n), labels] -= 1
    return loss, p / n


@mistake("softmax_cross_entropy", says="Your loss is negative: the sign of the logarithm.")
def logarithm_without_its_sign(logits: Array, labels: Array) -> tuple[Array, Array]:
    n = len(labels)
    shifted = logits - logits.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    dlogits = np.exp(logs)
    dlogits[np.arange(n), labels] -= 1
    return logs[np.arange(n), labels].mean(), dlogits / n


@mistake("softmax_cross_entropy", says="Your derivative points the wrong way.")
def gradient_turned_round(logits: Array, labels: Array) -> tuple[Array, Array]:
    n = len(labels)
    shifted = logits - logits.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    marks = np.eye(logits.shape[1], dtype=logits.dtype)[labels]
    return -logs[np.arange(n), labels].mean(), (marks - np.exp(logs)) / n


@mistake(
    "softmax_cross_entropy",
    says="Your derivative is the probabilities alone; what the labels want is not taken away.",
)
def labels_not_subtracted(logits: Array, labels: Array) -> tuple[Array, Array]:
    n = len(labels)
    shifted = logits - logits.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -logs[np.arange(n), labels].mean(), np.exp(logs) / n


@mistake(
    "softmax_cross_entropy",
    says="Your index takes every label from every row; each row has its own label.",
)
def every_label_of_every_row(logits: Array, labels: Array) -> tuple[Array, Array]:
    shifted = logits - logits.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    marks = np.eye(logits.shape[1], dtype=logits.dtype)[labels]
    return -logs[:, labels].mean(), (np.exp(logs) - marks) / len(labels)


@mistake(
    "softmax_cross_entropy", says="Only the label's own logit learns in yours; all of them should."
)
def label_learns_alone(logits: Array, labels: Array) -> tuple[Array, Array]:
    shifted = logits - logits.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    marks = np.eye(logits.shape[1], dtype=logits.dtype)[labels]
    return -(marks * logs).sum(axis=1).mean(), marks * (np.exp(logs) - 1) / len(labels)


@mistake(
    "softmax_cross_entropy", says="You normalise over the batch; the classes of a row compete."
)
def classes_along_the_batch(logits: Array, labels: Array) -> tuple[Array, Array]:
    shifted = logits - logits.max(axis=0)
    logs = shifted - np.log(np.exp(shifted).sum(axis=0))
    marks = np.eye(logits.shape[1], dtype=logits.dtype)[labels]
    return -(marks * logs).sum(axis=1).mean(), (np.exp(logs) - marks) / len(labels)


@mistake(
    "softmax_cross_entropy", says="Your logarithm is to the base of two; the natural one is meant."
)
def loss_in_bits(logits: Array, labels: Array) -> tuple[Array, Array]:
    shifted = logits - logits.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    marks = np.eye(logits.shape[1], dtype=logits.dtype)[labels]
    bits = -(marks * logs).sum(axis=1) / np.log(logits.dtype.type(2))
    return bits.mean(), (np.exp(logs) - marks) / len(labels)


@mistake("softmax_cross_entropy", says="You return a loss for each row; their mean is asked for.")
def loss_of_each_row(logits: Array, labels: Array) -> tuple[Array, Array]:
    shifted = logits - logits.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    marks = np.eye(logits.shape[1], dtype=logits.dtype)[labels]
    return -(marks * logs).sum(axis=1), (np.exp(logs) - marks) / len(labels)


@mistake("softmax_cross_entropy", says="Your marks of the labels are float64 and make dlogits so.")
def marks_in_float64(logits: Array, labels: Array) -> tuple[Array, Array]:
    shifted = logits - logits.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    marks = np.eye(logits.shape[1])[labels]
    return -(marks * logs).sum(axis=1).mean(), (np.exp(logs) - marks) / len(labels)


@mistake(
    "softmax_cross_entropy", says="You shift the logits in place: that changes the caller's array."
)
def logits_shifted_in_place(logits: Array, labels: Array) -> tuple[Array, Array]:
    logits -= logits.max(axis=1, keepdims=True)
    logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    marks = np.eye(logits.shape[1], dtype=logits.dtype)[labels]
    return -(marks * logs).sum(axis=1).mean(), (np.exp(logs) - marks) / len(labels)


@variant("softmax_cross_entropy")
def with_marked_labels(logits: Array, labels: Array) -> tuple[Array, Array]:
    n, k = logits.shape
    shifted = logits - logits.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    marks = (labels[:, None] == np.arange(k)).astype(logits.dtype)
    return -np.sum(marks * logs) / n, (np.exp(logs) - marks) / n


@variant("softmax_cross_entropy")
def by_added_exponentials(logits: Array, labels: Array) -> list[Array | float]:
    n = len(logits)
    total = np.logaddexp.reduce(logits, axis=1)
    loss = np.mean(total - np.take_along_axis(logits, labels[:, None], axis=1)[:, 0])
    dlogits = np.exp(logits - total[:, None])
    np.subtract.at(dlogits, (np.arange(n), labels), 1)
    dlogits /= n
    return [float(loss), dlogits]


@variant("softmax_cross_entropy")
def cross_entropy_row_by_row(
    logits: Array, labels: Array, reduction: str = "mean"
) -> tuple[Array, Array]:
    n = logits.shape[0]
    scale = n if reduction == "mean" else 1
    loss, dlogits = 0.0, np.zeros_like(logits)
    for i in range(n):
        row = logits[i] - np.max(logits[i])
        total = np.sum(np.exp(row))
        loss += float(np.log(total) - row[labels[i]]) / scale
        dlogits[i] = np.exp(row) / total / scale
        dlogits[i, labels[i]] -= 1 / scale
    return np.asarray(loss), dlogits
