import itertools
import warnings
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_expit, rel_entr
from torch.nn import functional

from dlcourse.gradcheck import gradcheck
from dlcourse.losses import (
    binary_cross_entropy_logits,
    hierarchical_log_probability,
    hinge,
    kl_divergence,
    l1_divergence,
    l2_divergence,
    softmax_cross_entropy,
    squared_hinge,
)

EXACT = {"rtol": 1e-10, "atol": 1e-10}
seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(1, 6)
scales = st.sampled_from([0.1, 1.0, 30.0])


def probabilities(rng: np.random.Generator, n: int, k: int) -> np.ndarray:
    return rng.dirichlet(np.ones(k), n) if k > 1 else np.ones((n, 1))


def assert_like_torch(
    ours: tuple[np.ndarray, np.ndarray], torchs: Callable, y: np.ndarray, *targets: np.ndarray
) -> None:
    leaf = torch.tensor(y, requires_grad=True)
    loss = torchs(leaf, *(torch.tensor(d) for d in targets))
    loss.backward()
    np.testing.assert_allclose(ours[0], loss.item(), **EXACT)
    np.testing.assert_allclose(ours[1], leaf.grad.numpy(), **EXACT)
    assert np.shape(ours[0]) == ()


@given(n=sizes, k=sizes, scale=scales, seed=seeds)
def test_softmax_cross_entropy_is_torchs(n: int, k: int, scale: float, seed: int):
    rng = np.random.default_rng(seed)
    logits, labels = scale * rng.standard_normal((n, k)), rng.integers(k, size=n)
    assert_like_torch(
        softmax_cross_entropy(logits, labels), functional.cross_entropy, logits, labels
    )


@given(n=sizes, m=sizes, scale=scales, seed=seeds)
def test_the_l2_divergence_is_torchs_mean_square_times_the_number_of_outputs(
    n: int, m: int, scale: float, seed: int
):
    rng = np.random.default_rng(seed)
    y, d = scale * rng.standard_normal((n, m)), rng.standard_normal((n, m))
    assert_like_torch(l2_divergence(y, d), lambda y, d: m * functional.mse_loss(y, d), y, d)


@given(n=sizes, m=sizes, scale=scales, seed=seeds)
def test_the_l1_divergence_is_torchs_times_the_number_of_outputs_at_the_kink_too(
    n: int, m: int, scale: float, seed: int
):
    rng = np.random.default_rng(seed)
    y, d = scale * rng.standard_normal((n, m)), rng.standard_normal((n, m))
    d[0, 0] = y[0, 0]
    assert_like_torch(l1_divergence(y, d), lambda y, d: m * functional.l1_loss(y, d), y, d)


@given(n=sizes, k=sizes, seed=seeds)
def test_the_kl_divergence_is_torchs_cross_entropy_of_probabilities(n: int, k: int, seed: int):
    rng = np.random.default_rng(seed)
    y, d = probabilities(rng, n, k), probabilities(rng, n, k)
    assert_like_torch(kl_divergence(y, d), lambda y, d: -(d * y.log()).sum() / n, y, d)


@given(n=sizes, k=sizes, seed=seeds)
def test_the_kl_divergence_of_the_decks_exceeds_the_true_one_by_the_entropy_of_the_target(
    n: int, k: int, seed: int
):
    rng = np.random.default_rng(seed)
    y, d = probabilities(rng, n, k), probabilities(rng, n, k)
    entropy = -(d * np.log(d)).sum() / n
    np.testing.assert_allclose(kl_divergence(y, d)[0], rel_entr(d, y).sum() / n + entropy, **EXACT)
    torchs = functional.kl_div(torch.tensor(y).log(), torch.tensor(d), reduction="batchmean").item()
    np.testing.assert_allclose(kl_divergence(y, d)[0], torchs + entropy, **EXACT)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_class_that_the_target_rules_out_counts_nothing_in_the_kl_divergence(dtype: type):
    y, d = np.array([[0.5, 0.5, 0.0]], dtype), np.array([[1.0, 0.0, 0.0]], dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loss, dy = kl_divergence(y, d)
    assert loss == pytest.approx(np.log(2))
    np.testing.assert_array_equal(dy, [[-2, 0, 0]])


@given(n=sizes, labels=sizes, scale=scales, seed=seeds)
def test_binary_cross_entropy_is_torchs_times_the_number_of_labels(
    n: int, labels: int, scale: float, seed: int
):
    rng = np.random.default_rng(seed)
    z, d = scale * rng.standard_normal((n, labels)), rng.random((n, labels))
    assert_like_torch(
        binary_cross_entropy_logits(z, d),
        lambda z, d: labels * functional.binary_cross_entropy_with_logits(z, d),
        z,
        d,
    )


@pytest.mark.parametrize(("ours", "p"), [(hinge, 1), (squared_hinge, 2)])
@given(n=sizes, k=sizes, scale=scales, seed=seeds)
def test_the_hinge_losses_are_torchs_times_the_number_of_classes(
    ours: Callable, p: int, n: int, k: int, scale: float, seed: int
):
    rng = np.random.default_rng(seed)
    scores, labels = scale * rng.standard_normal((n, k)), rng.integers(k, size=n)
    assert_like_torch(
        ours(scores, labels),
        lambda s, t: k * functional.multi_margin_loss(s, t, p=p),
        scores,
        labels,
    )


@pytest.mark.parametrize("loss", [hinge, squared_hinge])
def test_scores_that_keep_the_margin_cost_nothing(loss: Callable):
    value, dscores = loss(np.array([[3.0, 2.0, -1.0], [0.0, 1.0, 5.0]]), np.array([0, 2]))
    assert value == 0
    assert not dscores.any()


@given(n=sizes, k=st.integers(2, 6), seed=seeds)
def test_the_derivatives_of_shift_invariant_losses_sum_to_zero_over_the_classes(
    n: int, k: int, seed: int
):
    rng = np.random.default_rng(seed)
    scores, labels = rng.standard_normal((n, k)), rng.integers(k, size=n)
    for loss in (softmax_cross_entropy, hinge, squared_hinge):
        np.testing.assert_allclose(loss(scores, labels)[1].sum(axis=1), 0, atol=1e-12)


@pytest.mark.parametrize("loss", [softmax_cross_entropy, squared_hinge])
@given(n=sizes, k=st.integers(2, 6), seed=seeds)
def test_a_loss_of_labels_passes_the_gradient_check(loss: Callable, n: int, k: int, seed: int):
    rng = np.random.default_rng(seed)
    labels = rng.integers(k, size=n)
    gradcheck(
        lambda scores: loss(scores, labels)[0],
        lambda dy, scores: dy * loss(scores, labels)[1],
        rng.standard_normal((n, k)),
        rtol=1e-4,  # a margin within 2h of its kink leaves an error of the order of h
        atol=1e-3 if loss is squared_hinge else 1e-8,
    )


@given(n=sizes, k=sizes, copies=st.integers(2, 4), seed=seeds)
def test_a_loss_is_a_mean_over_the_batch_which_repeating_it_does_not_change(
    n: int, k: int, copies: int, seed: int
):
    rng = np.random.default_rng(seed)
    y, d, labels = probabilities(rng, n, k), probabilities(rng, n, k), rng.integers(k, size=n)
    for loss, target in [
        (softmax_cross_entropy, labels),
        (hinge, labels),
        (squared_hinge, labels),
        (l2_divergence, d),
        (l1_divergence, d),
        (kl_divergence, d),
        (binary_cross_entropy_logits, d),
    ]:
        once, derivative = loss(y, target)
        many, derivatives = loss(
            np.tile(y, (copies, 1)), np.tile(target, (copies,) + (1,) * (target.ndim - 1))
        )
        np.testing.assert_allclose(many, once, **EXACT)
        np.testing.assert_allclose(copies * derivatives[:n], derivative, **EXACT)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_cross_entropies_are_finite_and_silent_at_extreme_logits(dtype: type):
    z = np.array([[1e4, -1e4, 0.0], [-1e4, 1e4, 1e4]], dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loss, dz = softmax_cross_entropy(z, np.array([1, 2]))
        assert loss == pytest.approx((2e4 + np.log(2)) / 2)
        np.testing.assert_allclose(dz, [[0.5, -0.5, 0], [0, 0.25, -0.25]], atol=1e-12)
        loss, dz = binary_cross_entropy_logits(z, np.array([[0, 0, 0], [1, 1, 1]], dtype))
        assert loss == pytest.approx((2e4 + np.log(2)) / 2)
        np.testing.assert_allclose(dz, [[0.5, 0, 0.25], [-0.5, 0, 0]], atol=1e-12)


@given(depth=st.integers(1, 4), d=sizes, seed=seeds)
def test_the_leaves_of_a_hierarchical_softmax_share_a_probability_of_one(
    depth: int, d: int, seed: int
):
    rng = np.random.default_rng(seed)
    h, nodes = rng.standard_normal(d), rng.standard_normal((2**depth - 1, d))
    total = 0.0
    for turns in itertools.product([0, 1], repeat=depth):
        path, node = [], 0
        for turn in turns:
            path.append(node)
            node = 2 * node + 1 + turn
        signs = 1.0 - 2.0 * np.array(turns)
        log_probability = hierarchical_log_probability(h, nodes, np.array(path), signs)
        expected = log_expit(signs * (nodes[path] @ h)).sum()
        np.testing.assert_allclose(log_probability, expected, **EXACT)
        total += np.exp(log_probability)
    assert total == pytest.approx(1.0, rel=1e-12)


def test_the_hierarchical_softmax_takes_a_batch_and_does_not_overflow():
    rng = np.random.default_rng(0)
    h, nodes = 1e4 * rng.standard_normal((3, 4)), rng.standard_normal((7, 4))
    path, signs = np.array([0, 2, 5]), np.array([1, -1, 1])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        batch = hierarchical_log_probability(h, nodes, path, signs)
    assert np.isfinite(batch).all()
    single = [hierarchical_log_probability(row, nodes, path, signs) for row in h]
    np.testing.assert_allclose(batch, single, rtol=1e-12)


rng = np.random.default_rng(9)
Z, D, LABELS = rng.standard_normal((4, 5)), probabilities(rng, 4, 5), rng.integers(5, size=4)


@pytest.mark.parametrize(
    ("function", "args"),
    [
        (softmax_cross_entropy, (Z, LABELS)),
        (l2_divergence, (Z, D)),
        (l1_divergence, (Z, D)),
        (kl_divergence, (probabilities(rng, 4, 5), D)),
        (binary_cross_entropy_logits, (Z, D)),
        (hinge, (Z, LABELS)),
        (squared_hinge, (Z, LABELS)),
        (
            hierarchical_log_probability,
            (Z[0], Z, np.array([0, 2, 3]), np.array([1.0, -1.0, 1.0])),
        ),
    ],
)
def test_a_loss_keeps_namespace_dtype_and_device(
    function: Callable, args: tuple, agrees_with_numpy: Callable
):
    agrees_with_numpy(function, *args)
