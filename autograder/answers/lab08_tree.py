"""Lab 08: answers to its log-probability of a path through a tree."""

from __future__ import annotations

import math

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "hierarchical_log_probability",
    says="You ignore which way the path turns: the two ways at a node are not equally likely.",
)
def turns_ignored(h: Array, nodes: Array, path: Array, signs: Array) -> Array:
    return -np.logaddexp(0, -(h @ nodes[path].T)).sum(axis=-1)


@mistake("hierarchical_log_probability", says="You have exchanged the two ways at every node.")
def turns_exchanged(h: Array, nodes: Array, path: Array, signs: Array) -> Array:
    return -np.logaddexp(0, signs * (h @ nodes[path].T)).sum(axis=-1)


@mistake(
    "hierarchical_log_probability",
    says="You sum probabilities; those of successive turns multiply, so their logarithms add.",
)
def probabilities_summed(h: Array, nodes: Array, path: Array, signs: Array) -> Array:
    return np.exp(-np.logaddexp(0, -signs * (h @ nodes[path].T))).sum(axis=-1)


@mistake(
    "hierarchical_log_probability",
    says="You take one logarithm of the sum of the probabilities; every turn has its own.",
)
def logarithm_of_the_sum(h: Array, nodes: Array, path: Array, signs: Array) -> Array:
    return np.log(np.exp(-np.logaddexp(0, -signs * (h @ nodes[path].T))).sum(axis=-1))


@mistake(
    "hierarchical_log_probability",
    says="You return the probability of the path; asked for is its logarithm.",
)
def probability_of_the_path(h: Array, nodes: Array, path: Array, signs: Array) -> Array:
    return np.exp(-np.logaddexp(0, -signs * (h @ nodes[path].T)).sum(axis=-1))


@mistake(
    "hierarchical_log_probability",
    says="At a turn that is all but impossible you take the logarithm of zero.",
)
def logarithm_of_zero(h: Array, nodes: Array, path: Array, signs: Array) -> Array:
    return np.log(1 / (1 + np.exp(-signs * (h @ nodes[path].T)))).sum(axis=-1)


@mistake(
    "hierarchical_log_probability",
    says="You multiply probabilities before the logarithm, and they round to zero on the way.",
)
def logarithm_of_a_product(h: Array, nodes: Array, path: Array, signs: Array) -> Array:
    turns = np.clip(signs * (h @ nodes[path].T), -600, None)
    return np.log(np.maximum((1 / (1 + np.exp(-turns))).prod(axis=-1), 1e-45)).astype(h.dtype)


@mistake(
    "hierarchical_log_probability",
    says="You average over the turns; a longer path is less likely, so they are summed.",
)
def mean_over_the_turns(h: Array, nodes: Array, path: Array, signs: Array) -> Array:
    return -np.logaddexp(0, -signs * (h @ nodes[path].T)).mean(axis=-1)


@mistake(
    "hierarchical_log_probability",
    says="Yours is the negative log-probability, a loss: its sign is turned round.",
)
def negative_log_probability(h: Array, nodes: Array, path: Array, signs: Array) -> Array:
    return np.logaddexp(0, -signs * (h @ nodes[path].T)).sum(axis=-1)


@mistake(
    "hierarchical_log_probability",
    says="You take the first nodes of the tree in their order, not those on the path.",
)
def first_nodes_taken(h: Array, nodes: Array, path: Array, signs: Array) -> Array:
    return -np.logaddexp(0, -signs * (h @ nodes[: len(path)].T)).sum(axis=-1)


@mistake(
    "hierarchical_log_probability",
    says="You sort the path, so that nodes meet the turns of other nodes.",
)
def path_sorted(h: Array, nodes: Array, path: Array, signs: Array) -> Array:
    return -np.logaddexp(0, -signs * (h @ nodes[np.sort(path)].T)).sum(axis=-1)


@mistake(
    "hierarchical_log_probability",
    says="You walk the path from the leaf to the root, but the turns from the root to the leaf.",
)
def path_walked_backwards(h: Array, nodes: Array, path: Array, signs: Array) -> Array:
    return -np.logaddexp(0, -signs * (h @ nodes[path[::-1]].T)).sum(axis=-1)


@mistake("hierarchical_log_probability", says="You leave out the turn at the root.")
def root_left_out(h: Array, nodes: Array, path: Array, signs: Array) -> Array:
    return -np.logaddexp(0, -signs[1:] * (h @ nodes[path[1:]].T)).sum(axis=-1)


@mistake("hierarchical_log_probability", says="You leave out the last turn, that to the leaf.")
def last_turn_left_out(h: Array, nodes: Array, path: Array, signs: Array) -> Array:
    return -np.logaddexp(0, -signs[:-1] * (h @ nodes[path[:-1]].T)).sum(axis=-1)


@mistake(
    "hierarchical_log_probability",
    says="You add up a whole batch; every instance has a log-probability of its own.",
)
def batch_summed(h: Array, nodes: Array, path: Array, signs: Array) -> Array:
    return -np.logaddexp(0, -signs * (h @ nodes[path].T)).sum()


@mistake(
    "hierarchical_log_probability",
    says="You multiply features and nodes one by one, and never sum the products.",
)
def products_not_summed(h: Array, nodes: Array, path: Array, signs: Array) -> Array:
    return -np.logaddexp(0, -signs[:, None] * h[..., None, :] * nodes[path]).sum(axis=(-1, -2))


@mistake(
    "hierarchical_log_probability", says="Your result is right, but changes the caller's nodes."
)
def nodes_overwritten(h: Array, nodes: Array, path: Array, signs: Array) -> Array:
    nodes[path] *= signs[:, None].astype(nodes.dtype)
    return -np.logaddexp(0, -(h @ nodes[path].T)).sum(axis=-1)


@mistake(
    "hierarchical_log_probability", says="Your log-probabilities of float32 features are float64."
)
def turns_in_float64(h: Array, nodes: Array, path: Array, signs: Array) -> Array:
    turns = signs.astype(float) * (h @ nodes[path].T)
    return -np.logaddexp(0, -turns).sum(axis=-1)


@variant("hierarchical_log_probability")
def sum_of_exponentials(h: Array, nodes: Array, path: Array, signs: Array) -> Array:
    return -np.logaddexp(0, -signs * (h @ nodes[path].T)).sum(axis=-1)


@variant("hierarchical_log_probability")
def nodes_turned_first(
    h: Array, nodes: Array, path: Array, signs: Array, temperature: float = 1.0
) -> Array:
    turned = np.take(nodes, path, axis=0) * signs.astype(nodes.dtype)[:, None]
    z = np.einsum("...d,kd->...k", h, turned) / temperature
    small = np.where(z < 0, z, np.zeros_like(z))
    return np.sum(small - np.log1p(np.exp(2 * small - z)), axis=-1)


@variant("hierarchical_log_probability")
def turn_after_turn(h: Array, nodes: Array, path: Array, signs: Array) -> Array:
    total = np.zeros(h.shape[:-1], dtype=h.dtype)
    for node, sign in zip(path.tolist(), signs.tolist(), strict=True):
        z = sign * np.dot(h, nodes[node])
        total = total - np.where(z > 0, np.log1p(np.exp(-abs(z))), np.log1p(np.exp(-abs(z))) - z)
    return total


@variant("hierarchical_log_probability")
def instance_after_instance(h: Array, nodes: Array, path: Array, signs: Array) -> Array | float:
    def one(features: Array) -> float:
        total = 0.0
        for k in range(len(path)):
            z = float(signs[k]) * float(features @ nodes[path[k]])
            total += -math.log1p(math.exp(-z)) if z > 0 else z - math.log1p(math.exp(z))
        return total

    if h.ndim == 1:
        return one(h)
    return np.array([one(features) for features in h], dtype=h.dtype)
