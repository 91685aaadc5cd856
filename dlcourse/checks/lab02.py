"""The visible checks of lab 02: a function a task, to be called with the student's own."""

from __future__ import annotations

from dlcourse.checks.lab02_minimize import minimize
from dlcourse.checks.lab02_momentum import (
    momentum_step,
    nesterov_step,
    nesterov_step_rearranged,
)
from dlcourse.checks.lab02_quadratic import (
    gd_optimum,
    heavy_ball_optimum,
    newton_step,
    quickprop_step,
)

__all__ = [
    "gd_optimum",
    "heavy_ball_optimum",
    "minimize",
    "momentum_step",
    "nesterov_step",
    "nesterov_step_rearranged",
    "newton_step",
    "quickprop_step",
]
