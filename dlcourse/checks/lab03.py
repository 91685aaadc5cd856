"""The visible checks of lab 03: a function a task, to be called with the student's own."""

from __future__ import annotations

from dlcourse.checks.lab03_adam import adam_step, adamax_step, adamw_step
from dlcourse.checks.lab03_rprop import rprop_step
from dlcourse.checks.lab03_scaling import adadelta_step, adagrad_step, rmsprop_step
from dlcourse.checks.lab03_schedules import exponential_decay, plateau_decay, step_decay

__all__ = [
    "adadelta_step",
    "adagrad_step",
    "adam_step",
    "adamax_step",
    "adamw_step",
    "exponential_decay",
    "plateau_decay",
    "rmsprop_step",
    "rprop_step",
    "step_decay",
]
