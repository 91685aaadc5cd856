"""The visible checks of lab 00: a function a task, to be called with the student's own."""

from __future__ import annotations

from dlcourse.checks.lab00_differences import numerical_gradient
from dlcourse.checks.lab00_linear import linear_backward, linear_forward
from dlcourse.checks.lab00_maxout import maxout, maxout_backward
from dlcourse.checks.lab00_mlp import mlp_backward, mlp_forward
from dlcourse.checks.lab00_rectifiers import (
    elu,
    elu_backward,
    leaky_relu,
    leaky_relu_backward,
    prelu_backward,
    relu,
    relu_backward,
)
from dlcourse.checks.lab00_sigmoids import sigmoid, sigmoid_backward, tanh_backward
from dlcourse.checks.lab00_softmax import softmax, softmax_backward, softmax_cross_entropy

__all__ = [
    "elu",
    "elu_backward",
    "leaky_relu",
    "leaky_relu_backward",
    "linear_backward",
    "linear_forward",
    "maxout",
    "maxout_backward",
    "mlp_backward",
    "mlp_forward",
    "numerical_gradient",
    "prelu_backward",
    "relu",
    "relu_backward",
    "sigmoid",
    "sigmoid_backward",
    "softmax",
    "softmax_backward",
    "softmax_cross_entropy",
    "tanh_backward",
]
