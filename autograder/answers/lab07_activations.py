"""Lab 07: answers to the penalty on activations and to the one that noisy inputs amount to."""

from __future__ import annotations

import math

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "activation_l1",
    says="You sum over the batch, so that a larger batch is penalized more; take a mean over it.",
)
def sum_over_the_batch(h: Array, lam: float) -> tuple[Array, Array]:
    return lam * np.abs(h).sum(), lam * np.sign(h)


@mistake("activation_l1", says="Your mean is over the units; it should be over the batch.")
def mean_over_units(h: Array, lam: float) -> tuple[Array, Array]:
    units = h[0].size
    return lam * np.abs(h).sum() / units, lam * np.sign(h) / units


@mistake("activation_l1", says="You average over units and batch alike; units are to be summed.")
def mean_over_everything(h: Array, lam: float) -> tuple[Array, Array]:
    return lam * np.abs(h).mean(), lam * np.sign(h) / h.size


@mistake("activation_l1", says="Your penalty is a mean over the batch, but its derivative is not.")
def derivative_not_averaged(h: Array, lam: float) -> tuple[Array, Array]:
    return lam * np.abs(h).sum() / len(h), lam * np.sign(h)


@mistake(
    "activation_l1", says="Your derivative is that of a mean over the batch, your penalty not."
)
def penalty_not_averaged(h: Array, lam: float) -> tuple[Array, Array]:
    return lam * np.abs(h).sum(), lam * np.sign(h) / len(h)


@mistake(
    "activation_l1",
    says="A unit that is off gets a derivative from you; at zero there should be none.",
)
def unit_off_pushed(h: Array, lam: float) -> tuple[Array, Array]:
    share = lam / len(h)
    dh = (share * (2 * (h >= 0) - 1)).astype(h.dtype)
    return share * np.abs(h).sum(), dh


@mistake("activation_l1", says="Your derivative is the same whatever lam is.")
def derivative_without_lam(h: Array, lam: float) -> tuple[Array, Array]:
    return lam * np.abs(h).sum() / len(h), np.sign(h) / len(h)


@mistake("activation_l1", says="Your derivative is positive for negative activations too.")
def derivative_of_positive_units(h: Array, lam: float) -> tuple[Array, Array]:
    share = lam / len(h)
    return share * np.abs(h).sum(), share * (h != 0).astype(h.dtype)


@mistake("activation_l1", says="You sum activations with their signs, so that they cancel.")
def activations_cancel(h: Array, lam: float) -> tuple[Array, Array]:
    return lam * h.sum() / len(h), lam * np.sign(h) / len(h)


@mistake("activation_l1", says="You square the activations; asked for is their size.")
def squared_activations(h: Array, lam: float) -> tuple[Array, Array]:
    return lam * (h * h).sum() / (2 * len(h)), lam * h / len(h)


@mistake("activation_l1", says="You return a penalty for each row; one number is asked for.")
def penalty_of_each_row(h: Array, lam: float) -> tuple[Array, Array]:
    return lam * np.abs(h).reshape(len(h), -1).sum(axis=1), lam * np.sign(h) / len(h)


@mistake("activation_l1", says="Your derivative of float32 activations is float64.")
def derivative_in_float64(h: Array, lam: float) -> tuple[Array, Array]:
    share = np.float64(lam / len(h))
    return share * np.abs(h).sum(), share * np.sign(h)


@mistake(
    "activation_l1", says="You take absolute values in place, which changes the caller's own h."
)
def activations_overwritten(h: Array, lam: float) -> tuple[Array, Array]:
    dh = lam * np.sign(h) / len(h)
    np.abs(h, out=h)
    return lam * h.sum() / len(h), dh


@variant("activation_l1")
def mean_of_the_rows_sums(h: Array, lam: float) -> tuple[Array, Array]:
    of_rows = np.abs(h).reshape(h.shape[0], -1).sum(axis=1)
    return lam * of_rows.mean(), lam * np.sign(h) / h.shape[0]


@variant("activation_l1")
def row_by_row(h: Array, lam: float) -> tuple[float, Array]:
    penalty, dh = 0.0, np.zeros_like(h)
    for n in range(len(h)):
        penalty += lam / len(h) * float(np.abs(h[n]).sum())
        dh[n][h[n] > 0] = lam / len(h)
        dh[n][h[n] < 0] = -lam / len(h)
    return penalty, dh


@variant("activation_l1")
def product_with_its_derivative(h: Array, lam: float, batch_axis: int = 0) -> tuple[Array, Array]:
    dh = np.sign(h) * (lam / h.shape[batch_axis])
    return np.vdot(h, dh), dh


@variant("activation_l1")
def sum_of_the_units_means(h: Array, lam: float) -> tuple[Array, Array]:
    on, below = (h > 0).astype(h.dtype), (h < 0).astype(h.dtype)
    return lam * np.sum(np.mean(np.abs(h), axis=0)), (on - below) * lam / len(h)


@mistake("noise_penalty", says="You use the noise's standard deviation where its variance belongs.")
def deviation_for_variance(w: Array, sigma: float) -> Array:
    return sigma * np.sum(w * w)


@mistake("noise_penalty", says="Your penalty has a half in it; the squared error here has none.")
def half_of_the_noise(w: Array, sigma: float) -> Array:
    return 0.5 * sigma**2 * np.sum(w * w)


@mistake(
    "noise_penalty", says="Your penalty is a mean over the weights; every input has its noise."
)
def noise_averaged(w: Array, sigma: float) -> Array:
    return sigma**2 * np.mean(w * w)


@mistake("noise_penalty", says="You take the sizes of the weights where their squares belong.")
def sizes_for_squares(w: Array, sigma: float) -> Array:
    return sigma**2 * np.sum(np.abs(w))


@mistake(
    "noise_penalty", says="You square the sum of the weights; different inputs' noise cancels."
)
def noise_shared_by_inputs(w: Array, sigma: float) -> Array:
    return (sigma * np.sum(w)) ** 2


@mistake("noise_penalty", says="You return the noise's standard deviation, not its variance.")
def deviation_of_the_output(w: Array, sigma: float) -> Array:
    return sigma * np.sqrt(np.sum(w * w))


@mistake("noise_penalty", says="Your penalty is twice what the noise adds.")
def noise_counted_twice(w: Array, sigma: float) -> Array:
    return 2 * sigma**2 * np.sum(w * w)


@mistake("noise_penalty", says="You return a penalty for each weight; one number is asked for.")
def penalty_of_each_weight(w: Array, sigma: float) -> Array:
    return sigma**2 * w * w


@mistake(
    "noise_penalty", says="You sum over the rows of w alone; all of its axes are to be summed."
)
def rows_of_w_alone(w: Array, sigma: float) -> Array:
    return sigma**2 * np.sum(w * w, axis=0)


@mistake("noise_penalty", says="You square the weights in place, which changes the caller's own w.")
def squared_in_place(w: Array, sigma: float) -> Array:
    np.square(w, out=w)
    return sigma**2 * np.sum(w)


@variant("noise_penalty")
def squared_after_scaling(w: Array, sigma: float) -> Array:
    return ((sigma * w) ** 2).sum()


@variant("noise_penalty")
def norm_of_scaled_weights(w: Array, sigma: float) -> Array:
    return np.linalg.norm(np.ravel(w) * sigma) ** 2


@variant("noise_penalty")
def summed_by_hand(w: Array, sigma: float, mean: float = 0.0) -> float:
    return math.fsum((sigma**2 + mean**2) * v * v for v in w.ravel().tolist())


@variant("noise_penalty")
def by_a_dot_product(w: Array, sigma: float) -> Array:
    return np.asarray(np.vdot(w, w) * sigma * sigma)
