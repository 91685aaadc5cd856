"""Lab 07: answers to its penalties on weights."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake("l2_penalty", says="Your penalty is twice as large as it should be: a factor is missing.")
def half_missing(weights: Sequence[Array], lam: float) -> tuple[Array, list[Array]]:
    return lam * sum(np.sum(W**2) for W in weights), [lam * W for W in weights]


@mistake("l2_penalty", says="You average over the weights; every weight should count in full.")
def averaged_over_the_weights(weights: Sequence[Array], lam: float) -> tuple[Array, list[Array]]:
    count = sum(W.size for W in weights)
    penalty = 0.5 * lam * sum(np.sum(W**2) for W in weights) / count
    return penalty, [lam * W / count for W in weights]


@mistake("l2_penalty", says="Your penalty is a sum of the means of the arrays, not of all entries.")
def mean_of_each_array(weights: Sequence[Array], lam: float) -> tuple[Array, list[Array]]:
    return 0.5 * lam * sum(np.mean(W**2) for W in weights), [lam * W for W in weights]


@mistake("l2_penalty", says="Your gradients are the same whatever lam is.")
def gradient_without_lam(weights: Sequence[Array], lam: float) -> tuple[Array, list[Array]]:
    return 0.5 * lam * sum(np.sum(W**2) for W in weights), [W.copy() for W in weights]


@mistake(
    "l2_penalty",
    says="Your gradients are twice those of your penalty: differentiate it with its factor.",
)
def gradient_of_twice_the_penalty(
    weights: Sequence[Array], lam: float
) -> tuple[Array, list[Array]]:
    return 0.5 * lam * sum(np.sum(W**2) for W in weights), [2 * lam * W for W in weights]


@mistake(
    "l2_penalty", says="The half that stands in the penalty does not stand in its gradient too."
)
def half_in_the_gradient_too(weights: Sequence[Array], lam: float) -> tuple[Array, list[Array]]:
    return 0.5 * lam * sum(np.sum(W**2) for W in weights), [0.5 * lam * W for W in weights]


@mistake("l2_penalty", says="You take a root: the penalty grows with the square of the weights.")
def root_of_the_squares(weights: Sequence[Array], lam: float) -> tuple[Array, list[Array]]:
    return 0.5 * lam * sum(np.linalg.norm(W) for W in weights), [lam * W for W in weights]


@mistake("l2_penalty", says="Your penalty looks at the first array alone.")
def first_array_alone(weights: Sequence[Array], lam: float) -> tuple[Array, list[Array]]:
    return 0.5 * lam * np.sum(weights[0] ** 2), [lam * W for W in weights]


@mistake("l2_penalty", says="You return one long gradient; every array should get one of its own.")
def gradients_joined(weights: Sequence[Array], lam: float) -> tuple[Array, Array]:
    flat = np.concatenate([W.ravel() for W in weights])
    return 0.5 * lam * np.sum(flat**2), lam * flat


@mistake("l2_penalty", says="You return a penalty for each array; one number is asked for.")
def one_penalty_an_array(weights: Sequence[Array], lam: float) -> tuple[list[Array], list[Array]]:
    return [0.5 * lam * np.sum(W**2) for W in weights], [lam * W for W in weights]


@mistake("l2_penalty", says="You sum the weights and square afterwards; signs cancel that way.")
def square_of_the_sum(weights: Sequence[Array], lam: float) -> tuple[Array, list[Array]]:
    return 0.5 * lam * sum(np.sum(W) for W in weights) ** 2, [lam * W for W in weights]


@mistake("l2_penalty", says="You return the gradients first; the penalty comes before them.")
def gradients_first(weights: Sequence[Array], lam: float) -> tuple[list[Array], Array]:
    return [lam * W for W in weights], 0.5 * lam * sum(np.sum(W**2) for W in weights)


@mistake("l2_penalty", says="Your gradients have the sign of a step; a gradient points uphill.")
def gradients_downhill(weights: Sequence[Array], lam: float) -> tuple[Array, list[Array]]:
    return 0.5 * lam * sum(np.sum(W**2) for W in weights), [-lam * W for W in weights]


@mistake("l2_penalty", says="Your gradients of float32 weights are float64.")
def squares_in_float64(weights: Sequence[Array], lam: float) -> tuple[Array, list[Array]]:
    wide = [np.asarray(W, dtype=float) for W in weights]
    return 0.5 * lam * sum(np.sum(W**2) for W in wide), [lam * W for W in wide]


@mistake(
    "l2_penalty", says="You scale the weights in place, which changes the caller's own arrays."
)
def weights_scaled_in_place(weights: Sequence[Array], lam: float) -> tuple[Array, list[Array]]:
    penalty = 0.5 * lam * sum(np.sum(W**2) for W in weights)
    for W in weights:
        W *= lam
    return penalty, list(weights)


@variant("l2_penalty")
def by_loops(weights: Sequence[Array], lam: float) -> tuple[float, list[Array]]:
    penalty, grads = 0.0, []
    for W in weights:
        for value in W.ravel().tolist():
            penalty += value * value / 2
        grads.append(W * lam)
    return lam * penalty, grads


@variant("l2_penalty")
def by_norms(weights: Sequence[Array], lam: float, power: int = 2) -> tuple[Array, list[Array]]:
    norms = [np.linalg.norm(W.reshape(-1)) for W in weights]
    return lam / 2 * np.sum([norm**power for norm in norms]), [np.multiply(W, lam) for W in weights]


@variant("l2_penalty")
def by_einsum(weights: Sequence[Array], lam: float) -> tuple[Array, tuple[Array, ...]]:
    flat = [W.ravel() for W in weights]
    squares = [np.einsum("i,i->", w, w) for w in flat]
    return sum(squares) * lam * 0.5, tuple(lam * W for W in weights)


@variant("l2_penalty")
def copies_scaled_in_place(weights: Sequence[Array], lam: float) -> tuple[Array, list[Array]]:
    grads = [W.copy() for W in weights]
    for grad in grads:
        grad *= lam
    flat = np.concatenate([W.ravel() for W in weights])
    return 0.5 * (flat @ flat) * lam, grads


@mistake("l1_penalty", says="Your penalty has a half in it, which is that of the squares.")
def half_as_in_l2(weights: Sequence[Array], lam: float) -> tuple[Array, list[Array]]:
    return 0.5 * lam * sum(np.sum(np.abs(W)) for W in weights), [lam * np.sign(W) for W in weights]


@mistake("l1_penalty", says="You average over the weights; every weight should count in full.")
def mean_for_sum(weights: Sequence[Array], lam: float) -> tuple[Array, list[Array]]:
    count = sum(W.size for W in weights)
    penalty = lam * sum(np.sum(np.abs(W)) for W in weights) / count
    return penalty, [lam * np.sign(W) / count for W in weights]


@mistake("l1_penalty", says="Your gradients are the same whatever lam is.")
def signs_without_lam(weights: Sequence[Array], lam: float) -> tuple[Array, list[Array]]:
    return lam * sum(np.sum(np.abs(W)) for W in weights), [np.sign(W) for W in weights]


@mistake(
    "l1_penalty",
    says="You give a weight of zero a slope; it has to be left in peace, or it never stays zero.",
)
def zero_counted_as_positive(weights: Sequence[Array], lam: float) -> tuple[Array, list[Array]]:
    grads = [(lam * (2 * (W >= 0) - 1)).astype(W.dtype) for W in weights]
    return lam * sum(np.sum(np.abs(W)) for W in weights), grads


@mistake("l1_penalty", says="You give a weight of zero a negative slope; it has to be left there.")
def zero_counted_as_negative(weights: Sequence[Array], lam: float) -> tuple[Array, list[Array]]:
    grads = [(lam * (2 * (W > 0) - 1)).astype(W.dtype) for W in weights]
    return lam * sum(np.sum(np.abs(W)) for W in weights), grads


@mistake("l1_penalty", says="You sum the weights with their signs, so that they cancel.")
def sizes_forgotten(weights: Sequence[Array], lam: float) -> tuple[Array, list[Array]]:
    return lam * sum(np.sum(W) for W in weights), [lam * np.sign(W) for W in weights]


@mistake(
    "l1_penalty",
    says="Your gradients grow with the weights; those of an absolute value do not.",
)
def gradient_of_squares(weights: Sequence[Array], lam: float) -> tuple[Array, list[Array]]:
    return lam * sum(np.sum(np.abs(W)) for W in weights), [lam * W for W in weights]


@mistake("l1_penalty", says="Your gradients are positive for negative weights too.")
def gradient_without_sign(weights: Sequence[Array], lam: float) -> tuple[Array, list[Array]]:
    penalty = lam * sum(np.sum(np.abs(W)) for W in weights)
    return penalty, [lam * np.abs(np.sign(W)) for W in weights]


@mistake(
    "l1_penalty", says="Division of a weight by its size leaves no number where the weight is zero."
)
def divided_by_its_size(weights: Sequence[Array], lam: float) -> tuple[Array, list[Array]]:
    return lam * sum(np.sum(np.abs(W)) for W in weights), [lam * W / np.abs(W) for W in weights]


@mistake("l1_penalty", says="You take the largest sum of a column; every entry counts.")
def norm_of_a_matrix(weights: Sequence[Array], lam: float) -> tuple[Array, list[Array]]:
    norms = [np.abs(W).sum(axis=0).max() for W in weights]
    return lam * sum(norms), [lam * np.sign(W) for W in weights]


@mistake("l1_penalty", says="Your penalty looks at the last array alone.")
def last_array_alone(weights: Sequence[Array], lam: float) -> tuple[Array, list[Array]]:
    penalty = np.zeros(())
    for W in weights:
        penalty = lam * np.sum(np.abs(W))
    return penalty, [lam * np.sign(W) for W in weights]


@mistake("l1_penalty", says="You treat small weights as if they were zero.")
def small_weights_dropped(weights: Sequence[Array], lam: float) -> tuple[Array, list[Array]]:
    grads = [lam * np.sign(W) * (np.abs(W) > 1e-6).astype(W.dtype) for W in weights]
    return lam * sum(np.sum(np.abs(W)) for W in weights), grads


@mistake("l1_penalty", says="Your gradients of float32 weights are float64.")
def signs_in_float64(weights: Sequence[Array], lam: float) -> tuple[Array, list[Array]]:
    grads = [np.where(W > 0, lam, 0.0) - np.where(W < 0, lam, 0.0) for W in weights]
    return lam * sum(np.sum(np.abs(W)) for W in weights), grads


@mistake(
    "l1_penalty", says="You take absolute values in place, which changes the caller's own weights."
)
def sizes_taken_in_place(weights: Sequence[Array], lam: float) -> tuple[Array, list[Array]]:
    grads = [lam * np.sign(W) for W in weights]
    return lam * sum(np.sum(np.abs(W, out=W)) for W in weights), grads


@variant("l1_penalty")
def entry_by_entry(weights: Sequence[Array], lam: float) -> tuple[float, list[Array]]:
    sizes, grads = [], []
    for W in weights:
        grad = np.zeros_like(W)
        for index in np.ndindex(W.shape):
            sizes.append(abs(float(W[index])))
            grad[index] = lam if W[index] > 0 else -lam if W[index] < 0 else 0
        grads.append(grad)
    return lam * math.fsum(sizes), grads


@variant("l1_penalty")
def by_positive_and_negative_parts(
    weights: Sequence[Array], lam: float
) -> tuple[Array, list[Array]]:
    penalty = sum(np.maximum(W, 0).sum() - np.minimum(W, 0).sum() for W in weights)
    signs = [(W > 0).astype(W.dtype) - (W < 0).astype(W.dtype) for W in weights]
    return penalty * lam, [sign * lam for sign in signs]


@variant("l1_penalty")
def as_products_with_signs(
    weights: Sequence[Array], lam: float, at_zero: float = 0.0
) -> tuple[Array, tuple[Array, ...]]:
    grads = tuple(np.where(W == 0, W.dtype.type(at_zero), lam * np.sign(W)) for W in weights)
    return sum(np.vdot(W, grad) for W, grad in zip(weights, grads, strict=True)), grads


@variant("l1_penalty")
def divided_where_not_zero(weights: Sequence[Array], lam: float) -> tuple[Array, list[Array]]:
    grads = []
    for W in weights:
        sign = np.zeros_like(W)
        np.divide(W, np.abs(W), out=sign, where=W != 0)
        grads.append(lam * sign)
    return lam * np.linalg.norm(np.concatenate([W.ravel() for W in weights]), ord=1), grads
