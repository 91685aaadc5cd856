from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from dlcourse.gradcheck import gradcheck
from dlcourse.layers import (
    linear_backward,
    linear_forward,
    maxout,
    maxout_backward,
    mlp_backward,
    mlp_forward,
)

EXACT = {"rtol": 1e-10, "atol": 1e-10}
seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(1, 6)


def random_mlp(rng: np.random.Generator, widths: list[int]) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(rng.standard_normal((n, m)), rng.standard_normal(m)) for n, m in pairwise(widths)]


@given(n=sizes, d=sizes, m=sizes, seed=seeds)
def test_a_linear_layer_is_torchs_with_the_weights_transposed(n: int, d: int, m: int, seed: int):
    rng = np.random.default_rng(seed)
    x, W, b = rng.standard_normal((n, d)), rng.standard_normal((d, m)), rng.standard_normal(m)
    dz = rng.standard_normal((n, m))
    leaves = [torch.tensor(a, requires_grad=True) for a in (x, W, b)]
    z = functional.linear(leaves[0], leaves[1].T, leaves[2])
    np.testing.assert_allclose(linear_forward(x, W, b), z.detach().numpy(), **EXACT)
    expected = torch.autograd.grad(z, leaves, torch.tensor(dz))
    for ours, torchs in zip(linear_backward(dz, x, W), expected, strict=True):
        np.testing.assert_allclose(ours, torchs.numpy(), **EXACT)


@given(n=sizes, d=sizes, m=sizes, seed=seeds)
def test_a_linear_layer_passes_the_gradient_check(n: int, d: int, m: int, seed: int):
    rng = np.random.default_rng(seed)
    x, W, b = rng.standard_normal((n, d)), rng.standard_normal((d, m)), rng.standard_normal(m)
    gradcheck(linear_forward, lambda dz, x, W, b: linear_backward(dz, x, W), x, W, b)


def test_inputs_that_are_all_positive_force_weight_gradients_of_one_sign():
    rng = np.random.default_rng(0)
    x, W = rng.random((1, 5)), rng.standard_normal((5, 4))
    dz = rng.standard_normal((1, 4))
    dW = linear_backward(dz, x, W)[1]
    np.testing.assert_array_equal(np.sign(dW), np.broadcast_to(np.sign(dz), dW.shape))


@given(n=sizes, m=sizes, k=sizes, seed=seeds)
def test_maxout_and_its_derivative_are_those_of_torchs_max(n: int, m: int, k: int, seed: int):
    rng = np.random.default_rng(seed)
    z, dy = rng.standard_normal((n, m, k)), rng.standard_normal((n, m))
    leaf = torch.tensor(z, requires_grad=True)
    values, indices = leaf.max(dim=-1)
    y, winner = maxout(z)
    np.testing.assert_array_equal(y, values.detach().numpy())
    np.testing.assert_array_equal(winner, indices.numpy())
    (expected,) = torch.autograd.grad(values, leaf, torch.tensor(dy))
    np.testing.assert_array_equal(maxout_backward(dy, winner, k), expected.numpy())


def test_the_first_of_equal_pieces_wins():
    y, winner = maxout(np.array([[[2.0, 5.0, 5.0]]]))
    assert (y.item(), winner.item()) == (5.0, 1)
    np.testing.assert_array_equal(maxout_backward(np.array([[3.0]]), winner, 3), [[[0, 3, 0]]])


def test_maxout_with_a_zero_piece_is_relu():
    z = np.random.default_rng(0).standard_normal((6, 4))
    y, _ = maxout(np.stack([z, np.zeros_like(z)], axis=-1))
    np.testing.assert_array_equal(y, np.maximum(z, 0))


@given(n=sizes, widths=st.lists(sizes, min_size=2, max_size=5), seed=seeds)
def test_an_mlp_and_its_gradients_are_those_of_autograd(n: int, widths: list[int], seed: int):
    rng = np.random.default_rng(seed)
    x, weights = rng.standard_normal((n, widths[0])), random_mlp(rng, widths)
    logits, cache = mlp_forward(x, weights)
    dlogits = rng.standard_normal(logits.shape)
    leaves = [torch.tensor(a, requires_grad=True) for pair in weights for a in pair]
    y = torch.tensor(x)
    for k in range(0, len(leaves), 2):
        np.testing.assert_allclose(cache["inputs"][k // 2], y.detach().numpy(), **EXACT)
        z = y @ leaves[k] + leaves[k + 1]
        y = functional.relu(z)
    np.testing.assert_allclose(logits, z.detach().numpy(), **EXACT)
    expected = torch.autograd.grad(z, leaves, torch.tensor(dlogits))
    ours = [a for pair in mlp_backward(dlogits, weights, cache) for a in pair]
    assert len(cache["inputs"]) == len(weights)
    for one, other in zip(ours, expected, strict=True):
        np.testing.assert_allclose(one, other.numpy(), **EXACT)


def test_a_dead_unit_gets_no_gradient():
    rng = np.random.default_rng(1)
    weights = random_mlp(rng, [3, 4, 2])
    weights[0][1][2] = -1e3
    logits, cache = mlp_forward(rng.standard_normal((8, 3)), weights)
    dW, db = mlp_backward(np.ones_like(logits), weights, cache)[0]
    assert not dW[:, 2].any()
    assert db[2] == 0
    assert dW.any()


rng = np.random.default_rng(5)
X, Z3 = rng.standard_normal((3, 4)), rng.standard_normal((3, 2, 5))
NET = random_mlp(rng, [4, 6, 5, 2])
LOGITS, CACHE = mlp_forward(X, NET)


@pytest.mark.parametrize(
    ("function", "args"),
    [
        (linear_forward, (X, *NET[0])),
        (linear_backward, (rng.standard_normal((3, 6)), X, NET[0][0])),
        (maxout, (Z3,)),
        (maxout_backward, (rng.standard_normal((3, 2)), Z3.argmax(axis=-1), 5)),
        (mlp_forward, (X, NET)),
        (mlp_backward, (LOGITS, NET, CACHE)),
    ],
)
def test_a_layer_keeps_namespace_dtype_and_device(
    function: Callable, args: tuple, agrees_with_numpy: Callable
):
    agrees_with_numpy(function, *args)
