"""The visible checks of lab 01: a function a task, to be called with the student's own."""

from __future__ import annotations

from dlcourse.checks.lab01_averages import (
    inverse_decay,
    polynomial_decay_average,
    satisfies_robbins_monro,
    smoothed_loss,
)
from dlcourse.checks.lab01_batches import class_balanced_batches, minibatches
from dlcourse.checks.lab01_descent import gradient_descent, minibatch_epoch, sgd_epoch
from dlcourse.checks.lab01_kmeans import (
    kmeans_assign,
    kmeans_batch_step,
    kmeans_minibatch_step,
    kmeans_sgd_step,
)

__all__ = [
    "class_balanced_batches",
    "gradient_descent",
    "inverse_decay",
    "kmeans_assign",
    "kmeans_batch_step",
    "kmeans_minibatch_step",
    "kmeans_sgd_step",
    "minibatch_epoch",
    "minibatches",
    "polynomial_decay_average",
    "satisfies_robbins_monro",
    "sgd_epoch",
    "smoothed_loss",
]
