"""Lab 00: answers to the linear layer, forward and backward."""

from __future__ import annotations

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake("linear_forward", says="Your layer has no bias: a unit adds its own to every row.")
def bias_left_out(x: Array, W: Array, b: Array) -> Array:
    return x @ W


@mistake("linear_forward", says="Your bias is taken away from the weighted sum, not added to it.")
def bias_subtracted(x: Array, W: Array, b: Array) -> Array:
    return x @ W - b


@mistake(
    "linear_forward",
    says="You transpose the weights; here each unit has its weights in a column, not in a row.",
)
def weights_transposed(x: Array, W: Array, b: Array) -> Array:
    return x @ W.T + b


@mistake(
    "linear_forward",
    says="Your biases run along the batch: a row gets one, where each unit should.",
)
def bias_of_a_row(x: Array, W: Array, b: Array) -> Array:
    return x @ W + b[:, None]


@mistake("linear_forward", says="Every unit of yours gets the sum of all biases, not its own.")
def all_biases_added(x: Array, W: Array, b: Array) -> Array:
    return x @ W + b.sum()


@mistake("linear_forward", says="You cut off negative results; a linear layer has no activation.")
def rectified(x: Array, W: Array, b: Array) -> Array:
    return np.maximum(x @ W + b, 0)


@mistake(
    "linear_forward",
    says="You take the mean of the weighted inputs; a unit has their sum.",
)
def mean_of_the_weighted_inputs(x: Array, W: Array, b: Array) -> Array:
    return x @ W / W.shape[0] + b


@mistake("linear_forward", says="You treat the first row alone; all rows of the batch are wanted.")
def first_row_alone(x: Array, W: Array, b: Array) -> Array:
    return x[0] @ W + b


@mistake(
    "linear_forward",
    says="Your result is float64 whatever the inputs are: the array that you prepare for it takes "
    "no dtype from them.",
)
def result_always_float64(x: Array, W: Array, b: Array) -> Array:
    z = np.zeros((len(x), W.shape[1]))
    for n in range(len(x)):
        z[n] = x[n] @ W + b
    return z


@variant("linear_forward")
def forward_by_einsum(x: Array, W: Array, b: Array) -> Array:
    return np.einsum("nd,dm->nm", x, W) + b[None, :]


@variant("linear_forward")
def forward_by_loops(x: Array, W: Array, b: Array) -> Array:
    z = np.empty((x.shape[0], W.shape[1]), dtype=x.dtype)
    for n in range(x.shape[0]):
        for m in range(W.shape[1]):
            z[n, m] = sum(x[n, d] * W[d, m] for d in range(x.shape[1])) + b[m]
    return z


@variant("linear_forward")
def bias_as_a_weight_of_ones(x: Array, W: Array, b: Array) -> Array:
    ones = np.ones((len(x), 1), dtype=x.dtype)
    return np.concatenate([x, ones], axis=1) @ np.vstack([W, b])


@variant("linear_forward")
def forward_transposed_and_in_place(x: Array, W: Array, b: Array, use_bias: bool = True) -> Array:
    z = np.matmul(W.T, x.T).T
    if use_bias:
        z += b
    return z


@mistake(
    "linear_backward",
    says="The derivatives by the inputs and by the weights have changed places.",
)
def inputs_and_weights_exchanged(dz: Array, x: Array, W: Array) -> tuple[Array, Array, Array]:
    return x.T @ dz, dz @ W.T, dz.sum(axis=0)


@mistake(
    "linear_backward",
    says="You divide by the number of rows; the loss has taken its mean already, so a layer sums.",
)
def mean_over_the_batch_again(dz: Array, x: Array, W: Array) -> tuple[Array, Array, Array]:
    return dz @ W.T, x.T @ dz / len(x), dz.mean(axis=0)


@mistake(
    "linear_backward",
    says="Your bias takes the mean of its derivative over the batch, while your weights rightly "
    "take the sum.",
)
def bias_gradient_as_mean(dz: Array, x: Array, W: Array) -> tuple[Array, Array, Array]:
    return dz @ W.T, x.T @ dz, dz.mean(axis=0)


@mistake(
    "linear_backward",
    says="You sum the bias's derivative over the units of a row; it is to be over the batch.",
)
def bias_summed_over_units(dz: Array, x: Array, W: Array) -> tuple[Array, Array, Array]:
    return dz @ W.T, x.T @ dz, dz.sum(axis=1)


@mistake(
    "linear_backward",
    says="Your bias's derivative still has a row for each of the batch: a bias that all rows "
    "share collects from all of them.",
)
def bias_not_summed(dz: Array, x: Array, W: Array) -> tuple[Array, Array, Array]:
    return dz @ W.T, x.T @ dz, dz.copy()


@mistake(
    "linear_backward",
    says="You sum the bias's derivative over everything, so that all units share one number.",
)
def one_bias_for_all(dz: Array, x: Array, W: Array) -> tuple[Array, Array, Array]:
    return dz @ W.T, x.T @ dz, dz.sum()


@mistake(
    "linear_backward",
    says="Your bias's derivative keeps an axis of length one; it has the shape of the bias.",
)
def bias_gradient_as_a_row(dz: Array, x: Array, W: Array) -> tuple[Array, Array, Array]:
    return dz @ W.T, x.T @ dz, dz.sum(axis=0, keepdims=True)


@mistake(
    "linear_backward",
    says="Your derivative by the weights is transposed: it has the shape of the weights.",
)
def weight_gradient_transposed(dz: Array, x: Array, W: Array) -> tuple[Array, Array, Array]:
    return dz @ W.T, dz.T @ x, dz.sum(axis=0)


@mistake(
    "linear_backward",
    says="On the way back through the weights, their two axes exchange roles: what went from "
    "inputs to units now goes from units to inputs.",
)
def weights_not_transposed(dz: Array, x: Array, W: Array) -> tuple[Array, Array, Array]:
    return dz @ W, x.T @ dz, dz.sum(axis=0)


@mistake(
    "linear_backward",
    says="Your derivatives are right, but come in another order than asked for: first that by "
    "the inputs, then that by the weights, then that by the bias.",
)
def weights_first(dz: Array, x: Array, W: Array) -> tuple[Array, Array, Array]:
    return x.T @ dz, dz.sum(axis=0), dz @ W.T


@mistake("linear_backward", says="Your weights learn from the first row alone.")
def first_row_teaches_alone(dz: Array, x: Array, W: Array) -> tuple[Array, Array, Array]:
    return dz @ W.T, np.outer(x[0], dz[0]), dz.sum(axis=0)


@mistake(
    "linear_backward",
    says="You add up the derivative by the weights in float64, whatever the inputs are.",
)
def weight_gradient_in_float64(dz: Array, x: Array, W: Array) -> tuple[Array, Array, Array]:
    dW = np.zeros(W.shape)
    for row, derivative in zip(x, dz, strict=True):
        dW += np.outer(row, derivative)
    return dz @ W.T, dW, dz.sum(axis=0)


@mistake(
    "linear_backward",
    says="Your sum for the bias starts in the first row of dz itself, which changes the caller's "
    "array.",
)
def bias_summed_into_the_first_row(dz: Array, x: Array, W: Array) -> tuple[Array, Array, Array]:
    dx, dW = dz @ W.T, x.T @ dz
    db = dz[0]
    for row in dz[1:]:
        db += row
    return dx, dW, db


@variant("linear_backward")
def backward_by_einsum(dz: Array, x: Array, W: Array) -> tuple[Array, Array, Array]:
    return (
        np.einsum("nm,dm->nd", dz, W),
        np.einsum("nd,nm->dm", x, dz),
        np.einsum("nm->m", dz),
    )


@variant("linear_backward")
def backward_row_by_row(dz: Array, x: Array, W: Array) -> list[Array]:
    dx, dW, db = np.zeros_like(x), np.zeros_like(W), np.zeros_like(dz[0])
    for n in range(len(x)):
        dx[n] = W @ dz[n]
        dW += np.outer(x[n], dz[n])
        db += dz[n]
    return [dx, dW, db]


@variant("linear_backward")
def bias_as_an_input_of_ones(dz: Array, x: Array, W: Array) -> tuple[Array, Array, Array]:
    ones = np.ones((len(x), 1), dtype=x.dtype)
    both = np.hstack([x, ones]).T @ dz
    return (W @ dz.T).T, both[:-1], both[-1]


@variant("linear_backward")
def backward_by_tensordot(
    dz: Array, x: Array, W: Array, b: Array | None = None
) -> tuple[Array, Array, Array]:
    dW = np.tensordot(x, dz, axes=(0, 0))
    return np.tensordot(dz, W, axes=(1, 1)), dW, np.add.reduce(dz, axis=0)
