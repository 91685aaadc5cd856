"""The visible checks of lab 08: a function a task, to be called with the student's own."""

from __future__ import annotations

from dlcourse.checks.lab08_axes import pca_fit, pca_rotate, whiten
from dlcourse.checks.lab08_distances import l1_divergence, l2_divergence
from dlcourse.checks.lab08_hinges import hinge, squared_hinge
from dlcourse.checks.lab08_probabilities import (
    binary_cross_entropy_logits,
    hierarchical_log_probability,
    kl_divergence,
)
from dlcourse.checks.lab08_statistics import standardize, standardize_fit

__all__ = [
    "binary_cross_entropy_logits",
    "hierarchical_log_probability",
    "hinge",
    "kl_divergence",
    "l1_divergence",
    "l2_divergence",
    "pca_fit",
    "pca_rotate",
    "squared_hinge",
    "standardize",
    "standardize_fit",
    "whiten",
]
