"""Lab 08's visible checks of what is made of log-probabilities: classes, labels, a tree."""

from __future__ import annotations

import itertools

import numpy as np

from dlcourse.checks.lab08_slopes import (
    check_batch_mean,
    check_float32,
    check_loss,
    check_slopes,
    loss_and_slopes,
)
from dlcourse.checks.properties import Function, run_properties
from dlcourse.testing import CheckError, check_array, check_close, check_number, describe


def kl_divergence(function: object) -> None:
    """Check ``kl_divergence(y, d) -> (loss, dy)``."""
    run_properties(
        "kl_divergence",
        function,
        [_kl_by_hand, _kl_soft, _kl_zeros, _kl_mean, _kl_slopes, _kl_float32],
    )


def binary_cross_entropy_logits(function: object) -> None:
    """Check ``binary_cross_entropy_logits(z, d) -> (loss, dz)``."""
    run_properties(
        "binary_cross_entropy_logits",
        function,
        [
            _labels_by_hand,
            _labels_symmetric,
            _labels_far_out,
            _labels_mean,
            _labels_slopes,
            _labels_float32,
        ],
    )


def hierarchical_log_probability(function: object) -> None:
    """Check ``hierarchical_log_probability(h, nodes, path, signs)``."""
    run_properties(
        "hierarchical_log_probability",
        function,
        [_tree_by_hand, _tree_sums_to_one, _tree_rows, _tree_far_out, _tree_float32],
    )


def _probabilities() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(2)
    return rng.dirichlet(np.full(3, 5.0), size=4), rng.dirichlet(np.full(3, 5.0), size=4)


def _kl_by_hand(function: Function) -> None:
    """Probabilities (1/2, 1/4, 1/4) where the second class is right: ln 4, and dy = (0, −4, 0)."""
    y, d = np.array([[0.5, 0.25, 0.25]]), np.array([[0.0, 1.0, 0.0]])
    loss, dy = loss_and_slopes(function(y, d), y, "dy")
    wrong_losses = [
        (-np.log(4.0), "it is negative: the logarithm of a probability is, and it is to cost"),
        (2.0, "the logarithm has base 2; the natural one is meant"),
        (np.log(4.0) / 3, "it is a mean over the classes too; they are summed"),
        (np.log(4.0) + np.log(2.0) - np.log(0.75), "a class that is not the target should be free"),
    ]
    check_loss(loss, float(np.log(4.0)), wrong_losses, rtol=1e-6)
    for wrong, why in (
        ([0.0, 4.0, 0.0], "it points downhill; it should point where the loss rises"),
        ([0.0, -1.0, 0.0], "the logarithm has a slope of its own"),
        ([0.5, -0.75, 0.25], "that is the slope by the logits before a softmax; y itself is meant"),
    ):
        if np.allclose(dy, [wrong]):
            raise CheckError(f"dy: {why}")
    check_close(dy, np.array([[0.0, -4.0, 0.0]]), "dy", rtol=1e-6)


def _kl_soft(function: Function) -> None:
    """For a target (1/2, 1/2) the outputs (1/2, 1/2) cost ln 2, and (1/4, 3/4) cost more."""
    d, y = np.array([[0.5, 0.5]]), np.array([[0.25, 0.75]])
    loss, _ = loss_and_slopes(function(d, d), d, "dy")
    if np.isclose(loss, 0.0):
        raise CheckError("loss: the entropy of d is taken off; here it stays in")
    check_close(loss, float(np.log(2.0)), "loss where y is d", rtol=1e-6)
    loss, _ = loss_and_slopes(function(y, d), d, "dy")
    check_close(loss, float(np.log(16 / 3) / 2), "loss of (1/4, 3/4)", rtol=1e-6)


def _kl_zeros(function: Function) -> None:
    """Where d = 0 nothing is counted, even if y is 0 too: no NaN, no infinity."""
    y, d = np.array([[1.0, 0.0], [0.5, 0.5]]), np.array([[1.0, 0.0], [1.0, 0.0]])
    with np.errstate(divide="ignore", invalid="ignore"):
        value = function(y, d)
    loss, dy = value if isinstance(value, tuple) and len(value) == 2 else (None, None)
    for part, name in ((loss, "loss"), (dy, "dy")):
        if isinstance(part, float | np.ndarray) and not np.isfinite(part).all():
            raise CheckError(f"{name}: an entry with d = 0 and y = 0 makes it {np.min(part)}")
    number, slopes = loss_and_slopes(value, y, "dy")
    check_close(number, float(np.log(2.0) / 2), "loss", rtol=1e-6)
    check_close(slopes, np.array([[-0.5, 0.0], [-1.0, 0.0]]), "dy", rtol=1e-6)


def _kl_mean(function: Function) -> None:
    """It is a mean over the batch: the same rows three times over have the same loss."""
    check_batch_mean(function, *_probabilities(), "dy")


def _kl_slopes(function: Function) -> None:
    """Finite differences of your own loss agree with dy."""
    check_slopes(function, *_probabilities(), "dy")


def _kl_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    y, d = _probabilities()
    check_float32(function, y, d.astype(np.float32), "dy")


def _logits_and_labels() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    return rng.normal(size=(4, 3)), np.resize([1.0, 0.0, 0.3, 0.0, 1.0], (4, 3))


def _labels_by_hand(function: Function) -> None:
    """Logits (0, ln 3) with labels (1, 0) cost ln 2 + ln 4; dz is (−1/2, 3/4)."""
    z, d = np.array([[0.0, np.log(3.0)]]), np.array([[1.0, 0.0]])
    loss, dz = loss_and_slopes(function(z, d), z, "dz")
    wrong_losses = [
        (np.log(8.0) / 2, "it is a mean over the labels; they are summed"),
        (-np.log(8.0), "it is negative: a sign is missing"),
        (np.log(2.0), "a label with d = 0 should cost too, if its logit says yes"),
        (np.log(4.0), "that is a softmax, in which labels compete; each stands for itself"),
        (np.log(2.0) + np.log(4 / 3), "the targets 0 and 1 have changed places"),
    ]
    check_loss(loss, float(np.log(8.0)), wrong_losses)
    for wrong, why in (
        ([0.5, -0.75], "it points downhill; it should point where the loss rises"),
        ([-1.0, np.log(3.0)], "it compares the logit with the target; a probability is meant"),
        ([-0.125, 9 / 64], "the slope of the sigmoid stands there once too often"),
    ):
        if np.allclose(dz, [wrong]):
            raise CheckError(f"dz: {why}")
    check_close(dz, np.array([[-0.5, 0.75]]), "dz")


def _labels_symmetric(function: Function) -> None:
    """Labels are independent, and saying no to z is saying yes to −z."""
    z, d = _logits_and_labels()
    loss, dz = loss_and_slopes(function(z, d), z, "dz")
    mirrored, dmirrored = loss_and_slopes(function(-z, 1 - d), z, "dz")
    check_close(mirrored, loss, "loss of −z with targets 1 − d")
    check_close(dmirrored, -dz, "dz of −z with targets 1 − d")
    columns = [function(z[:, k : k + 1], d[:, k : k + 1]) for k in range(z.shape[1])]
    alone = [loss_and_slopes(value, z[:, :1], "dz") for value in columns]
    check_close(sum(part for part, _ in alone), loss, "the losses of the labels, added up,")


def _labels_far_out(function: Function) -> None:
    """At ±10⁴ it is finite and right: a sure mistake costs 10⁴, a sure hit nothing."""
    z, d = np.array([[1e4, -1e4], [1e4, -1e4]]), np.array([[1.0, 0.0], [0.0, 0.5]])
    with np.errstate(all="ignore"):
        value = function(z, d)
    loss, dz = value if isinstance(value, tuple) and len(value) == 2 else (None, None)
    if isinstance(loss, float | np.ndarray) and not np.isfinite(loss).all():
        raise CheckError(
            "loss is not finite: exp overflows, or a probability has become 0 before its logarithm"
        )
    if isinstance(loss, float) and 1.0 < loss < 1000.0:
        raise CheckError("loss is cut off: find a form that needs no ε and no clipping")
    if isinstance(dz, np.ndarray) and not np.isfinite(dz).all():
        raise CheckError("dz is not finite: the sigmoid overflows")
    number, slopes = loss_and_slopes(value, z, "dz")
    check_close(number, 7500.0, "loss, the mean of 0 and 15000")
    check_close(slopes, np.array([[0.0, 0.0], [0.5, -0.25]]), "dz")


def _labels_mean(function: Function) -> None:
    """It is a mean over the batch: the same rows three times over have the same loss."""
    check_batch_mean(function, *_logits_and_labels(), "dz")


def _labels_slopes(function: Function) -> None:
    """Finite differences of your own loss agree with dz."""
    check_slopes(function, *_logits_and_labels(), "dz")


def _labels_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    z, d = _logits_and_labels()
    check_float32(function, z, d.astype(np.float32), "dz")


def _tree_by_hand(function: Function) -> None:
    """Turns of probability 4/5, 2/3 and 3/4: the result is ln(2/5)."""
    h = np.array([1.0, 0.0])
    turns = np.array([np.log(3.0), 9.0, -np.log(4.0), np.log(2.0)])
    nodes = np.stack([turns, np.array([5.0, 2.0, 7.0, -1.0])], axis=1)
    path, signs = np.array([2, 3, 0]), np.array([-1.0, 1.0, 1.0])
    found = check_number(function(h, nodes, path, signs), "the log-probability")
    for value, why in (
        (0.4, "it is the probability; its logarithm is meant"),
        (
            4 / 5 + 2 / 3 + 3 / 4,
            "the probabilities of the turns are added up; their logarithms are",
        ),
        (-np.log(0.4), "it is positive: a logarithm of a probability cannot be"),
        (np.log(0.1), "the signs are not used"),
        (np.log(1 / 60), "each turn is taken the other way"),
        (np.log(0.4) / 3, "it is a mean over the turns; their sum is meant"),
        (np.log(0.8), "only the first turn counts"),
        (np.log(0.75), "only the last turn counts"),
        (np.log(0.05) - np.log1p(np.exp(-9.0)), "it walks through the first nodes, not path"),
        (np.log(1 / 30), "the nodes are taken in another order than the signs"),
    ):
        if np.isclose(found, value):
            raise CheckError(why, f"got {found:.6g}, expected {np.log(0.4):.6g}")
    check_close(found, float(np.log(0.4)), "the log-probability")


def _tree_sums_to_one(function: Function) -> None:
    """The probabilities of all four leaves of a tree sum to 1."""
    rng = np.random.default_rng(4)
    h, nodes, total = rng.normal(size=3), rng.normal(size=(3, 3)), 0.0
    for first, second in itertools.product((1, -1), repeat=2):
        path, signs = np.array([0, 1 if first > 0 else 2]), np.array([first, second])
        leaf = check_number(function(h, nodes, path, signs), "the log-probability of a leaf")
        total += float(np.exp(min(leaf, 1.0)))
    check_close(total, 1.0, "the sum of the probabilities of all leaves")


def _tree_rows(function: Function) -> None:
    """A batch h (N, D) gives (N,): what each row gives alone."""
    rng = np.random.default_rng(5)
    h, nodes = rng.normal(size=(4, 3)), rng.normal(size=(6, 3))
    path, signs = np.array([5, 0, 3]), np.array([1.0, -1.0, -1.0])
    found = function(h, nodes, path, signs)
    if np.ndim(found) == 0 and isinstance(found, float | np.ndarray | np.floating):
        raise CheckError("one number for a batch of four rows: sum over the turns only")
    if not isinstance(found, np.ndarray):
        raise CheckError(f"expected an array (4,), got {describe(found)}")
    check_array(found, (4,), "the log-probabilities of a batch")
    alone = [check_number(function(row, nodes, path, signs), "a row alone") for row in h]
    check_close(found, np.array(alone), "the log-probabilities of a batch")


def _tree_far_out(function: Function) -> None:
    """Turns that are all but certain, or all but impossible, stay finite and right."""
    h, nodes = np.array([[1e4], [-1e4]]), np.array([[1.0], [1.0]])
    with np.errstate(all="ignore"):
        found = function(h, nodes, np.array([0, 1]), np.array([1.0, 1.0]))
    if isinstance(found, np.ndarray) and not np.isfinite(found).all():
        raise CheckError(
            "not finite at ±10⁴: exp overflows, or a probability has become 0 before its logarithm"
        )
    check_close(found, np.array([0.0, -2e4]), "the log-probabilities at ±10⁴")


def _tree_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    rng = np.random.default_rng(6)
    h, nodes = rng.normal(size=(2, 3)), rng.normal(size=(4, 3))
    single = [array.astype(np.float32) for array in (h, nodes, np.array([1.0, -1.0]))]
    found = function(single[0], single[1], np.array([2, 0]), single[2])
    check_array(found, (2,), "the log-probabilities", dtype=np.float32)
