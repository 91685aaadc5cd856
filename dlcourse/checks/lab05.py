"""The visible checks of lab 05: a function a task, to be called with the student's own."""

from __future__ import annotations

from dlcourse.checks.lab05_ensemble import exact_ensemble, mc_dropout, weight_scaling
from dlcourse.checks.lab05_masks import dropout_backward, dropout_forward, dropout_mask
from dlcourse.checks.lab05_mlp import dropout_mlp_backward, dropout_mlp_forward

__all__ = [
    "dropout_backward",
    "dropout_forward",
    "dropout_mask",
    "dropout_mlp_backward",
    "dropout_mlp_forward",
    "exact_ensemble",
    "mc_dropout",
    "weight_scaling",
]
