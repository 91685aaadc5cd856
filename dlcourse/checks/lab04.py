"""The visible checks of lab 04: a function a task, to be called with the student's own."""

from __future__ import annotations

from dlcourse.checks.lab04_batchnorm import batchnorm_backward, batchnorm_forward
from dlcourse.checks.lab04_diagram import dmean_from_du, dvar_from_du
from dlcourse.checks.lab04_images import batchnorm2d_forward, groupnorm_forward
from dlcourse.checks.lab04_inference import (
    batchnorm_inference,
    fold_batchnorm,
    population_statistics,
    running_statistics,
)
from dlcourse.checks.lab04_layernorm import layernorm_backward, layernorm_forward
from dlcourse.checks.lab04_weights import weight_norm, weight_norm_backward

__all__ = [
    "batchnorm2d_forward",
    "batchnorm_backward",
    "batchnorm_forward",
    "batchnorm_inference",
    "dmean_from_du",
    "dvar_from_du",
    "fold_batchnorm",
    "groupnorm_forward",
    "layernorm_backward",
    "layernorm_forward",
    "population_statistics",
    "running_statistics",
    "weight_norm",
    "weight_norm_backward",
]
