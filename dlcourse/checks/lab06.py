"""The visible checks of lab 06: a function a task, to be called with the student's own."""

from __future__ import annotations

from dlcourse.checks.lab06_draws import (
    he_normal,
    lecun_normal,
    orthogonal_init,
    sigmoid_uniform,
    xavier_uniform,
)
from dlcourse.checks.lab06_scaling import lsuv, relu_second_moment
from dlcourse.checks.lab06_statistics import (
    activation_statistics,
    gradient_statistics,
    saturated_fraction,
)

__all__ = [
    "activation_statistics",
    "gradient_statistics",
    "he_normal",
    "lecun_normal",
    "lsuv",
    "orthogonal_init",
    "relu_second_moment",
    "saturated_fraction",
    "sigmoid_uniform",
    "xavier_uniform",
]
