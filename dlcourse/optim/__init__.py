"""Optimizers: gradient descent and its variants, schedules and averaging."""
