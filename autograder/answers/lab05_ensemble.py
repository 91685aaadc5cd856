"""Lab 05: answers to the ensemble over all masks."""

from __future__ import annotations

import itertools
import math

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "exact_ensemble",
    says="All masks weigh the same in your sum; how probable one is depends on how many units it "
    "keeps.",
)
def masks_of_equal_weight(W: Array, b: Array, x: Array, keep: float) -> Array:
    masks = itertools.product([0, 1], repeat=len(x))
    return np.mean([(np.array(mask, x.dtype) * x) @ W + b for mask in masks], axis=0)


@mistake(
    "exact_ensemble",
    says="You exchange keep and drop: your masks are as probable as those of their opposites.",
)
def keep_and_drop_exchanged(W: Array, b: Array, x: Array, keep: float) -> Array:
    total = np.zeros_like(b)
    for bits in itertools.product([0, 1], repeat=len(x)):
        on = sum(bits)
        probability = (1 - keep) ** on * keep ** (len(x) - on)
        total += probability * ((np.array(bits, x.dtype) * x) @ W + b)
    return total


@mistake(
    "exact_ensemble",
    says="Your probability of a mask counts the units that are on alone; those that are off have "
    "theirs, too.",
)
def off_units_without_probability(W: Array, b: Array, x: Array, keep: float) -> Array:
    total = np.zeros_like(b)
    for bits in itertools.product([0, 1], repeat=len(x)):
        total += keep ** sum(bits) * ((np.array(bits, x.dtype) * x) @ W + b)
    return total


@mistake(
    "exact_ensemble",
    says="Your bias is scaled as well; a dropped input does not touch it, and every subnetwork has "
    "it whole.",
)
def bias_scaled_as_well(W: Array, b: Array, x: Array, keep: float) -> Array:
    total = np.zeros_like(b)
    for bits in itertools.product([0, 1], repeat=len(x)):
        on = sum(bits)
        probability = keep**on * (1 - keep) ** (len(x) - on)
        total += probability * ((np.array(bits, x.dtype) * x) @ W + keep * b)
    return total


@mistake("exact_ensemble", says="Your subnetworks have no bias.")
def bias_left_out(W: Array, b: Array, x: Array, keep: float) -> Array:
    total = np.zeros_like(b)
    for bits in itertools.product([0, 1], repeat=len(x)):
        on = sum(bits)
        probability = keep**on * (1 - keep) ** (len(x) - on)
        total += probability * ((np.array(bits, x.dtype) * x) @ W)
    return total


@mistake(
    "exact_ensemble",
    says="You enlarge the inputs that stay on, as inverted dropout does in training; the ensemble "
    "here is of plain subnetworks.",
)
def inverted_scaling_at_test_time(W: Array, b: Array, x: Array, keep: float) -> Array:
    total = np.zeros_like(b)
    for bits in itertools.product([0, 1], repeat=len(x)):
        on = sum(bits)
        probability = keep**on * (1 - keep) ** (len(x) - on)
        total += probability * ((np.array(bits, x.dtype) * x / keep) @ W + b)
    return total


@mistake(
    "exact_ensemble",
    says="You scale the weights as well as averaging over the masks: one of the two is enough.",
)
def weights_scaled_as_well(W: Array, b: Array, x: Array, keep: float) -> Array:
    total = np.zeros_like(b)
    for bits in itertools.product([0, 1], repeat=len(x)):
        on = sum(bits)
        probability = keep**on * (1 - keep) ** (len(x) - on)
        total += probability * ((np.array(bits, x.dtype) * x) @ (keep * W) + b)
    return total


@mistake(
    "exact_ensemble",
    says="The mask with every unit off is missing from your sum.",
)
def all_off_left_out(W: Array, b: Array, x: Array, keep: float) -> Array:
    total = np.zeros_like(b)
    for number in range(1, 2 ** len(x)):
        bits = [number >> i & 1 for i in range(len(x))]
        on = sum(bits)
        probability = keep**on * (1 - keep) ** (len(x) - on)
        total += probability * ((np.array(bits, x.dtype) * x) @ W + b)
    return total


@mistake(
    "exact_ensemble",
    says="The mask with every unit on is missing from your sum.",
)
def all_on_left_out(W: Array, b: Array, x: Array, keep: float) -> Array:
    total = np.zeros_like(b)
    for number in range(2 ** len(x) - 1):
        bits = [number >> i & 1 for i in range(len(x))]
        on = sum(bits)
        probability = keep**on * (1 - keep) ** (len(x) - on)
        total += probability * ((np.array(bits, x.dtype) * x) @ W + b)
    return total


@mistake(
    "exact_ensemble",
    says="You drop the layer's outputs; the masks act on its inputs.",
)
def masks_on_the_outputs(W: Array, b: Array, x: Array, keep: float) -> Array:
    total = np.zeros_like(b)
    for bits in itertools.product([0, 1], repeat=len(b)):
        on = sum(bits)
        probability = keep**on * (1 - keep) ** (len(b) - on)
        total += probability * np.array(bits, x.dtype) * (x @ W + b)
    return total


@mistake(
    "exact_ensemble",
    says="You draw masks at random; the exact ensemble goes through every one of them.",
)
def masks_sampled(W: Array, b: Array, x: Array, keep: float) -> Array:
    masks = np.random.default_rng(0).random((1000, len(x))) < keep
    return ((masks.astype(x.dtype) * x) @ W + b).mean(axis=0)


@mistake("exact_ensemble", says="Your sum is float64 whatever the layer is.")
def summed_in_float64(W: Array, b: Array, x: Array, keep: float) -> Array:
    total = np.zeros(b.shape)
    for bits in itertools.product([0, 1], repeat=len(x)):
        on = sum(bits)
        total += keep**on * (1 - keep) ** (len(x) - on) * ((np.array(bits) * x) @ W + b)
    return total


@mistake(
    "exact_ensemble",
    says="Your sum is right, but you collect it in b, which changes the caller's own.",
)
def collected_in_the_bias(W: Array, b: Array, x: Array, keep: float) -> Array:
    for bits in itertools.product([0, 1], repeat=len(x)):
        on = sum(bits)
        probability = keep**on * (1 - keep) ** (len(x) - on)
        b += probability * ((np.array(bits, x.dtype) * x) @ W)
    return b


@variant("exact_ensemble")
def chosen_units_by_index(W: Array, b: Array, x: Array, keep: float) -> Array:
    total = np.zeros(b.shape)
    for size in range(len(x) + 1):
        probability = keep**size * (1 - keep) ** (len(x) - size)
        for units in map(list, itertools.combinations(range(len(x)), size)):
            total += probability * (x[units] @ W[units] + b)
    return total.astype(x.dtype)


@variant("exact_ensemble")
def all_masks_in_one_product(W: Array, b: Array, x: Array, keep: float) -> Array:
    masks = np.array(list(itertools.product((0.0, 1.0), repeat=len(x))))
    probability = np.where(masks == 1, keep, 1 - keep).prod(axis=1)
    outputs = np.einsum("md,d,dk->mk", masks, x, W) + b
    return np.einsum("m,mk->k", probability, outputs).astype(x.dtype)


@variant("exact_ensemble")
def one_unit_after_the_other(W: Array, b: Array, x: Array, keep: float, first: int = 0) -> Array:
    outputs = [(1.0, b.copy())]
    for i in range(first, len(x)):
        on = [(p * keep, out + x[i] * W[i]) for p, out in outputs]
        outputs = [(p * (1 - keep), out) for p, out in outputs] + on
    return np.sum([p * out for p, out in outputs], axis=0)


@variant("exact_ensemble")
def bits_of_a_number(W: Array, b: Array, x: Array, keep: float) -> Array:
    members = []
    for number in reversed(range(2 ** len(x))):
        mask = np.array([number // 2**i % 2 for i in range(len(x))])
        probability = math.prod(keep if on else 1 - keep for on in mask)
        members.append(probability * (b + (mask * x).astype(x.dtype).dot(W)))
    return sum(members[1:], start=members[0])
