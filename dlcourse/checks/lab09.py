"""The visible checks of lab 09: a function a task, to be called with the student's own."""

from __future__ import annotations

from dlcourse.checks.lab09_capstone import train_recipe
from dlcourse.checks.lab09_rates import halve_until_stable, lr_range_test, overfit_small_batch
from dlcourse.checks.lab09_search import log_uniform, random_search

__all__ = [
    "halve_until_stable",
    "log_uniform",
    "lr_range_test",
    "overfit_small_batch",
    "random_search",
    "train_recipe",
]
