from collections.abc import Callable
from itertools import pairwise, product

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from torch.nn import functional

from dlcourse.dropout import (
    dropout_backward,
    dropout_forward,
    dropout_mask,
    dropout_mlp_backward,
    dropout_mlp_forward,
    exact_ensemble,
    mc_dropout,
    weight_scaling,
)

EXACT = {"rtol": 1e-10, "atol": 1e-10}
seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(1, 6)
keeps = st.floats(0.05, 1.0)


def random_mlp(rng: np.random.Generator, widths: list[int]) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(rng.standard_normal((n, m)), rng.standard_normal(m)) for n, m in pairwise(widths)]


@given(shape=st.lists(sizes, max_size=3).map(tuple), keep=keeps, seed=seeds)
def test_a_mask_is_of_zeros_and_ones_and_follows_from_its_generator(
    shape: tuple[int, ...], keep: float, seed: int
):
    mask = dropout_mask(shape, keep, np.random.default_rng(seed))
    assert mask.shape == shape
    assert mask.dtype == np.float64
    assert np.isin(mask, [0, 1]).all()
    np.testing.assert_array_equal(mask, dropout_mask(shape, keep, np.random.default_rng(seed)))


@pytest.mark.parametrize(("keep", "value"), [(1.0, 1), (0.0, 0)])
def test_certain_masks_are_certain(keep: float, value: int):
    assert (dropout_mask((100, 100), keep, np.random.default_rng(0)) == value).all()


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.8])
def test_the_entries_of_a_mask_are_on_as_often_as_they_should_and_independent(keep: float):
    mask = dropout_mask((20_000, 3), keep, np.random.default_rng(11))
    assert stats.binomtest(int(mask.sum()), mask.size, keep).pvalue > 1e-3
    patterns = mask @ np.array([1, 2, 4])
    found = np.bincount(patterns.astype(int), minlength=8)
    on = np.array([bin(i).count("1") for i in range(8)])
    expected = len(mask) * keep**on * (1 - keep) ** (3 - on)
    assert stats.chisquare(found, expected).pvalue > 1e-3
    assert (
        stats.binomtest(
            int((mask[1:, 0] == mask[:-1, 0]).sum()), len(mask) - 1, keep**2 + (1 - keep) ** 2
        ).pvalue
        > 1e-3
    )


@given(n=sizes, m=sizes, keep=keeps, seed=seeds)
def test_inverted_dropout_and_its_derivative_are_those_of_autograd_under_torchs_mask(
    n: int, m: int, keep: float, seed: int
):
    rng = np.random.default_rng(seed)
    y, dout = 0.1 + rng.random((n, m)), rng.standard_normal((n, m))
    leaf = torch.tensor(y, requires_grad=True)
    torch.manual_seed(seed)
    out = functional.dropout(leaf, p=1 - keep, training=True)
    mask = (out != 0).double().numpy()
    (expected,) = torch.autograd.grad(out, leaf, torch.tensor(dout))
    np.testing.assert_allclose(dropout_forward(y, mask, keep), out.detach().numpy(), rtol=1e-10)
    np.testing.assert_allclose(dropout_backward(dout, mask, keep), expected.numpy(), rtol=1e-10)


@pytest.mark.parametrize("dtype", [bool, np.int64, np.float32, np.float64])
def test_the_dtype_of_the_mask_does_not_matter(dtype: type):
    y, mask = np.array([1.0, 2.0, 3.0], np.float32), np.array([1, 0, 1], dtype)
    for function in (dropout_forward, dropout_backward):
        out = function(y, mask, 0.5)
        assert out.dtype == np.float32
        np.testing.assert_array_equal(out, [2, 0, 6])


@pytest.mark.parametrize("keep", [0.3, 0.5, 0.9])
def test_the_expectation_of_dropout_is_its_input(keep: float):
    rng = np.random.default_rng(2)
    y = rng.standard_normal(5)
    samples = 40_000
    outputs = dropout_forward(
        np.broadcast_to(y, (samples, 5)), dropout_mask((samples, 5), keep, rng), keep
    )
    error = np.abs(y) * np.sqrt((1 - keep) / keep / samples)
    assert (np.abs(outputs.mean(axis=0) - y) < 5 * error).all()


@given(d=st.integers(1, 7), m=sizes, keep=keeps, seed=seeds)
def test_weight_scaling_is_exact_for_linear_units(d: int, m: int, keep: float, seed: int):
    rng = np.random.default_rng(seed)
    W, b, x = rng.standard_normal((d, m)), rng.standard_normal(m), rng.standard_normal(d)
    scaled = x @ weight_scaling(W, keep) + b
    np.testing.assert_allclose(exact_ensemble(W, b, x, keep), scaled, **EXACT)


@given(d=st.integers(1, 5), keep=keeps, seed=seeds)
def test_the_exact_ensemble_sums_over_every_mask(d: int, keep: float, seed: int):
    rng = np.random.default_rng(seed)
    W, b, x = rng.standard_normal((d, 2)), rng.standard_normal(2), rng.standard_normal(d)
    expected = np.zeros(2)
    for mask in product([0, 1], repeat=d):
        probability = keep ** sum(mask) * (1 - keep) ** (d - sum(mask))
        expected += probability * ((np.array(mask) * x) @ W + b)
    np.testing.assert_allclose(exact_ensemble(W, b, x, keep), expected, **EXACT)


def test_mc_dropout_calls_on_one_generator_and_reports_mean_and_spread():
    rng, twin = np.random.default_rng(8), np.random.default_rng(8)
    x = np.ones((3, 2))
    mean, std = mc_dropout(lambda x, rng: x * rng.random(x.shape), x, 7, rng)
    draws = np.stack([x * twin.random(x.shape) for _ in range(7)])
    np.testing.assert_allclose(mean, draws.mean(axis=0), **EXACT)
    np.testing.assert_allclose(std, draws.std(axis=0), **EXACT)
    assert rng.bit_generator.state == twin.bit_generator.state


@given(n=sizes, widths=st.lists(sizes, min_size=2, max_size=5), keep=keeps, seed=seeds)
def test_an_mlp_with_dropout_and_its_gradients_are_those_of_autograd(
    n: int, widths: list[int], keep: float, seed: int
):
    rng = np.random.default_rng(seed)
    x, weights = rng.standard_normal((n, widths[0])), random_mlp(rng, widths)
    masks = [dropout_mask((n, m), keep, rng) for m in widths[:-1]]
    logits, cache = dropout_mlp_forward(x, weights, masks, keep)
    dlogits = rng.standard_normal(logits.shape)
    leaves = [torch.tensor(a, requires_grad=True) for pair in weights for a in pair]
    y = torch.tensor(x)
    for k, mask in enumerate(masks):
        h = y * torch.tensor(mask) / keep
        np.testing.assert_allclose(cache["inputs"][k], h.detach().numpy(), **EXACT)
        z = h @ leaves[2 * k] + leaves[2 * k + 1]
        y = functional.relu(z)
    np.testing.assert_allclose(logits, z.detach().numpy(), **EXACT)
    expected = torch.autograd.grad(z, leaves, torch.tensor(dlogits))
    ours = [a for pair in dropout_mlp_backward(dlogits, weights, cache) for a in pair]
    for one, other in zip(ours, expected, strict=True):
        scale = 1 + np.abs(other.numpy()).max()
        np.testing.assert_allclose(one, other.numpy(), rtol=1e-10, atol=1e-12 * scale)
    assert set(cache) == {"inputs", "masks", "keep"}


def test_a_unit_that_is_off_for_the_whole_batch_gets_no_gradient():
    rng = np.random.default_rng(3)
    weights = random_mlp(rng, [4, 5, 2])
    masks = [np.ones((6, 4)), np.ones((6, 5))]
    masks[1][:, 2] = 0
    logits, cache = dropout_mlp_forward(rng.standard_normal((6, 4)), weights, masks, 0.5)
    (dW1, db1), (dW2, _) = dropout_mlp_backward(np.ones_like(logits), weights, cache)
    assert not dW1[:, 2].any()
    assert db1[2] == 0
    assert not dW2[2].any()
    assert dW1.any()
    assert dW2.any()


rng = np.random.default_rng(6)
Y, MASK = rng.standard_normal((3, 4)), dropout_mask((3, 4), 0.6, rng)
NET = random_mlp(rng, [4, 5, 2])
MASKS = [MASK, dropout_mask((3, 5), 0.6, rng)]
LOGITS, CACHE = dropout_mlp_forward(Y, NET, MASKS, 0.6)


@pytest.mark.parametrize(
    ("function", "args"),
    [
        (dropout_forward, (Y, MASK, 0.6)),
        (dropout_backward, (Y, MASK, 0.6)),
        (weight_scaling, (Y, 0.6)),
        (exact_ensemble, (NET[0][0], NET[0][1], Y[0], 0.6)),
        (
            lambda x: mc_dropout(lambda x, rng: x * rng.random(), x, 5, np.random.default_rng(0)),
            (Y,),
        ),
        (dropout_mlp_forward, (Y, NET, MASKS, 0.6)),
        (dropout_mlp_backward, (LOGITS, NET, CACHE)),
    ],
)
def test_dropout_keeps_namespace_dtype_and_device(
    function: Callable, args: tuple, agrees_with_numpy: Callable
):
    agrees_with_numpy(function, *args)
