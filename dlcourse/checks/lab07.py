"""The visible checks of lab 07: a function a task, to be called with the student's own."""

from __future__ import annotations

from dlcourse.checks.lab07_augment import random_contrast, random_crop
from dlcourse.checks.lab07_limits import clip_by_norm, clip_by_value, max_norm
from dlcourse.checks.lab07_penalties import (
    activation_l1,
    l1_penalty,
    l2_penalty,
    noise_penalty,
    soft_threshold,
    weight_decay_step,
)
from dlcourse.checks.lab07_stopping import early_stopping, ema_update

__all__ = [
    "activation_l1",
    "clip_by_norm",
    "clip_by_value",
    "early_stopping",
    "ema_update",
    "l1_penalty",
    "l2_penalty",
    "max_norm",
    "noise_penalty",
    "random_contrast",
    "random_crop",
    "soft_threshold",
    "weight_decay_step",
]
