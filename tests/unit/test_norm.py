from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from dlcourse.gradcheck import gradcheck
from dlcourse.norm import (
    batchnorm2d_forward,
    batchnorm_backward,
    batchnorm_forward,
    batchnorm_inference,
    dmean_from_du,
    dvar_from_du,
    fold_batchnorm,
    groupnorm_forward,
    layernorm_backward,
    layernorm_forward,
    population_statistics,
    running_statistics,
    weight_norm,
    weight_norm_backward,
)

EXACT = {"rtol": 1e-10, "atol": 1e-10}
seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(1, 6)
batches = st.integers(2, 8)
epsilons = st.sampled_from([1e-8, 1e-5, 1e-3, 0.1])


def unit_inputs(seed: int, n: int, m: int) -> tuple[np.ndarray, ...]:
    """z, γ, β, dy: of ordinary size, away from the origin."""
    rng = np.random.default_rng(seed)
    z = 3.0 + 2.0 * rng.standard_normal((n, m))
    return z, rng.standard_normal(m), rng.standard_normal(m), rng.standard_normal((n, m))


def exact(inv_std: np.ndarray) -> dict[str, float]:
    """1e-10, but for the digits that a nearly constant unit loses in z − mean."""
    return {"rtol": 1e-10, "atol": 1e-12 * (1 + np.max(inv_std) ** 2)}


def by_autograd(function: Callable, dy: np.ndarray, *args: np.ndarray) -> list[np.ndarray]:
    leaves = [torch.tensor(arg, requires_grad=True) for arg in args]
    return [g.numpy() for g in torch.autograd.grad(function(*leaves), leaves, torch.tensor(dy))]


@given(n=batches, m=sizes, eps=epsilons, seed=seeds)
def test_batchnorm_is_torchs_forward_and_backward(n: int, m: int, eps: float, seed: int):
    z, gamma, beta, dy = unit_inputs(seed, n, m)

    def torchs(z: torch.Tensor, gamma: torch.Tensor, beta: torch.Tensor) -> torch.Tensor:
        return functional.batch_norm(z, None, None, gamma, beta, training=True, eps=eps)

    y, cache = batchnorm_forward(z, gamma, beta, eps)
    expected = torchs(*map(torch.tensor, (z, gamma, beta))).numpy()
    np.testing.assert_allclose(y, expected, **exact(cache["inv_std"]))
    for ours, other in zip(
        batchnorm_backward(dy, cache), by_autograd(torchs, dy, z, gamma, beta), strict=True
    ):
        np.testing.assert_allclose(ours, other, **exact(cache["inv_std"]))


@given(n=batches, m=sizes, eps=epsilons, seed=seeds)
def test_the_cache_of_batchnorm_holds_what_it_names(n: int, m: int, eps: float, seed: int):
    z, gamma, beta, _ = unit_inputs(seed, n, m)
    y, cache = batchnorm_forward(z, gamma, beta, eps)
    assert set(cache) == {"u", "inv_std", "gamma", "mean", "var"}
    np.testing.assert_allclose(cache["mean"], z.mean(axis=0), **EXACT)
    np.testing.assert_allclose(cache["var"], z.var(axis=0), **EXACT)
    np.testing.assert_allclose(cache["inv_std"], (z.var(axis=0) + eps) ** -0.5, rtol=1e-9)
    np.testing.assert_allclose(gamma * cache["u"] + beta, y, **EXACT)


@given(n=batches, m=sizes, seed=seeds)
def test_batchnorm_passes_the_gradient_check(n: int, m: int, seed: int):
    z, gamma, beta, dy = unit_inputs(seed, n, m)
    eps = 0.1  # keeps the fifth derivative, which the differences leave out, moderate
    gradcheck(
        lambda z, gamma, beta: batchnorm_forward(z, gamma, beta, eps)[0],
        lambda dy, z, gamma, beta: batchnorm_backward(
            dy, batchnorm_forward(z, gamma, beta, eps)[1]
        ),
        z,
        gamma,
        beta,
        dy=dy,
    )


@given(n=batches, m=sizes, eps=epsilons, seed=seeds)
def test_the_three_ways_of_influence_add_up_to_the_backward_pass(
    n: int, m: int, eps: float, seed: int
):
    z, gamma, beta, dy = unit_inputs(seed, n, m)
    _, cache = batchnorm_forward(z, gamma, beta, eps)
    mean, var, du = cache["mean"], cache["var"], gamma * dy
    dvar = dvar_from_du(du, z, mean, var, eps)
    dmean = dmean_from_du(du, z, mean, var, dvar, eps)
    dz = du / np.sqrt(var + eps) + dvar * 2 * (z - mean) / n + dmean / n
    scale = 1e-10 * (1 + np.abs(dvar).max() + np.abs(dmean).max())
    np.testing.assert_allclose(dz, batchnorm_backward(dy, cache)[0], rtol=1e-8, atol=scale)


@given(n=batches, m=sizes, seed=seeds)
def test_mean_and_variance_have_the_derivatives_that_autograd_finds(n: int, m: int, seed: int):
    z, _, _, du = unit_inputs(seed, n, m)
    mean, var, eps = z.mean(axis=0), z.var(axis=0), 1e-3
    dvar = dvar_from_du(du, z, mean, var, eps)

    def u(mean: torch.Tensor, var: torch.Tensor) -> torch.Tensor:
        return (torch.tensor(z) - mean) / torch.sqrt(var + eps)

    through_u, expected = by_autograd(u, du, mean, var)
    np.testing.assert_allclose(dvar, expected, rtol=1e-10, atol=1e-10)
    dmean = dmean_from_du(du, z, mean, var, dvar, eps)
    np.testing.assert_allclose(dmean, through_u, rtol=1e-9, atol=1e-9 * (1 + abs(dvar).max()))


def test_the_mean_acts_through_the_variance_where_it_is_not_the_mean_of_z():
    z, _, _, du = unit_inputs(0, 5, 3)
    mean, var, dvar = np.zeros(3), np.ones(3), np.array([1.0, -2.0, 0.5])
    expected = -du.sum(axis=0) / np.sqrt(1.1) - 2 * dvar * z.mean(axis=0)
    np.testing.assert_allclose(dmean_from_du(du, z, mean, var, dvar, 0.1), expected, **EXACT)


@given(n=batches, m=sizes, eps=epsilons, seed=seeds)
def test_what_batchnorm_passes_back_has_zero_mean(n: int, m: int, eps: float, seed: int):
    z, gamma, beta, dy = unit_inputs(seed, n, m)
    dz, _, _ = batchnorm_backward(dy, batchnorm_forward(z, gamma, beta, eps)[1])
    np.testing.assert_allclose(dz.mean(axis=0), 0, atol=1e-12 * (1 + np.abs(dz).max()) * n)


@given(n=st.integers(3, 8), m=sizes, seed=seeds)
def test_what_batchnorm_passes_back_becomes_orthogonal_to_u_as_epsilon_vanishes(
    n: int, m: int, seed: int
):
    z, gamma, beta, dy = unit_inputs(seed, n, m)
    overlaps = []
    for eps in (1.0, 1e-2, 1e-4, 0.0):
        _, cache = batchnorm_forward(z, gamma, beta, eps)
        overlaps.append(np.abs((batchnorm_backward(dy, cache)[0] * cache["u"]).sum(axis=0)))
        # Exactly: Σ dz·u = inv_std·Σ du·u·(1 − mean(u²)), with 1 − mean(u²) = ε/(var + ε).
        share = eps / (z.var(axis=0) + eps)
        expected = np.abs(cache["inv_std"] * gamma * (dy * cache["u"]).sum(axis=0) * share)
        np.testing.assert_allclose(overlaps[-1], expected, rtol=1e-6, atol=1e-10)
    np.testing.assert_allclose(overlaps[-1], 0, atol=1e-10)


@given(n=batches, m=sizes, shift=st.floats(-10, 10), scale=st.floats(0.1, 10), seed=seeds)
def test_batchnorm_does_not_see_shift_and_scale_of_its_input(
    n: int, m: int, shift: float, scale: float, seed: int
):
    z, gamma, beta, _ = unit_inputs(seed, n, m)
    y, cache = batchnorm_forward(z, gamma, beta, eps=0.0)
    moved, _ = batchnorm_forward(scale * z + shift, gamma, beta, eps=0.0)
    condition = (np.abs(z).max() + abs(shift) / scale) * cache["inv_std"].max()
    np.testing.assert_allclose(moved, y, rtol=1e-9, atol=1e-12 * (1 + condition))


@given(n=batches, m=sizes, eps=epsilons, seed=seeds)
def test_gamma_of_the_standard_deviation_and_beta_of_the_mean_undo_batchnorm(
    n: int, m: int, eps: float, seed: int
):
    z, _, _, _ = unit_inputs(seed, n, m)
    y, _ = batchnorm_forward(z, np.sqrt(z.var(axis=0) + eps), z.mean(axis=0), eps)
    np.testing.assert_allclose(y, z, **EXACT)


def test_a_batch_of_one_loses_its_input_to_batchnorm():
    z, gamma, beta, dy = unit_inputs(0, 1, 4)
    y, cache = batchnorm_forward(z, gamma, beta)
    np.testing.assert_allclose(y, beta[None], **EXACT)
    assert not batchnorm_backward(dy, cache)[0].any()


@given(batch=batches, m=sizes, seed=seeds)
def test_running_statistics_are_torchs(batch: int, m: int, seed: int):
    rng = np.random.default_rng(seed)
    z, mean, var = rng.standard_normal((batch, m)), rng.standard_normal(m), rng.random(m)
    torch_mean, torch_var = torch.tensor(mean), torch.tensor(var)
    functional.batch_norm(torch.tensor(z), torch_mean, torch_var, training=True, momentum=0.3)
    ours = running_statistics(mean, var, z.mean(axis=0), z.var(axis=0), batch, momentum=0.3)
    np.testing.assert_allclose(ours[0], torch_mean.numpy(), **EXACT)
    np.testing.assert_allclose(ours[1], torch_var.numpy(), **EXACT)


def test_population_statistics_estimate_mean_and_variance_without_bias():
    rng = np.random.default_rng(0)
    z = 2.0 + 3.0 * rng.standard_normal((40_000, 4, 2))
    mean, var = population_statistics(z.mean(axis=1), z.var(axis=1), batch_size=4)
    np.testing.assert_allclose(mean, 2.0, atol=0.05)
    np.testing.assert_allclose(var, 9.0, rtol=0.02)
    np.testing.assert_allclose(var, z.var(axis=1, ddof=1).mean(axis=0), **EXACT)


@given(n=sizes, m=sizes, eps=epsilons, seed=seeds)
def test_inference_is_torchs(n: int, m: int, eps: float, seed: int):
    z, gamma, beta, _ = unit_inputs(seed, n, m)
    rng = np.random.default_rng(seed)
    mean, var = rng.standard_normal(m), 0.1 + rng.random(m)
    expected = functional.batch_norm(
        *map(torch.tensor, (z, mean, var, gamma, beta)), eps=eps
    ).numpy()
    np.testing.assert_allclose(
        batchnorm_inference(z, gamma, beta, mean, var, eps), expected, **EXACT
    )


@given(n=sizes, d=sizes, m=sizes, eps=epsilons, seed=seeds)
def test_a_folded_layer_does_what_the_two_did(n: int, d: int, m: int, eps: float, seed: int):
    rng = np.random.default_rng(seed)
    x, W = rng.standard_normal((n, d)), rng.standard_normal((d, m))
    b, gamma, beta, mean = rng.standard_normal((4, m))
    var = 0.1 + rng.random(m)
    folded_W, folded_b = fold_batchnorm(W, b, gamma, beta, mean, var, eps)
    z = torch.tensor(x @ W + b)
    expected = functional.batch_norm(
        z, *map(torch.tensor, (mean, var, gamma, beta)), eps=eps
    ).numpy()
    np.testing.assert_allclose(x @ folded_W + folded_b, expected, **EXACT)


@given(n=st.integers(2, 4), c=sizes, h=sizes, w=sizes, seed=seeds)
def test_batchnorm_of_images_is_torchs(n: int, c: int, h: int, w: int, seed: int):
    rng = np.random.default_rng(seed)
    x, gamma, beta = rng.standard_normal((n, c, h, w)), *rng.standard_normal((2, c))
    expected = functional.batch_norm(
        torch.tensor(x), None, None, torch.tensor(gamma), torch.tensor(beta), training=True
    )
    np.testing.assert_allclose(
        batchnorm2d_forward(x, gamma, beta), expected.numpy(), rtol=1e-9, atol=1e-9
    )


@given(n=sizes, m=st.integers(2, 8), eps=epsilons, seed=seeds)
def test_layernorm_is_torchs_forward_and_backward(n: int, m: int, eps: float, seed: int):
    z, gamma, beta, dy = unit_inputs(seed, n, m)

    def torchs(z: torch.Tensor, gamma: torch.Tensor, beta: torch.Tensor) -> torch.Tensor:
        return functional.layer_norm(z, (m,), gamma, beta, eps)

    y, cache = layernorm_forward(z, gamma, beta, eps)
    expected = torchs(*map(torch.tensor, (z, gamma, beta))).numpy()
    np.testing.assert_allclose(y, expected, **exact(cache["inv_std"]))
    for ours, other in zip(
        layernorm_backward(dy, cache), by_autograd(torchs, dy, z, gamma, beta), strict=True
    ):
        np.testing.assert_allclose(ours, other, **exact(cache["inv_std"]))


@given(n=sizes, m=st.integers(2, 8), shift=st.floats(-5, 5), seed=seeds)
def test_layernorm_sees_neither_a_row_shift_nor_the_rest_of_the_batch(
    n: int, m: int, shift: float, seed: int
):
    z, gamma, beta, _ = unit_inputs(seed, n, m)
    y, cache = layernorm_forward(z, gamma, beta)
    assert cache["mean"].shape == cache["var"].shape == cache["inv_std"].shape == (n, 1)
    np.testing.assert_allclose(layernorm_forward(z[:1], gamma, beta)[0], y[:1], **EXACT)
    np.testing.assert_allclose(
        layernorm_forward(z + shift, gamma, beta)[0], y, rtol=1e-7, atol=1e-7
    )


@given(n=sizes, groups=st.integers(1, 3), size=st.integers(1, 3), seed=seeds)
def test_groupnorm_is_torchs(n: int, groups: int, size: int, seed: int):
    rng = np.random.default_rng(seed)
    c = groups * size
    x, gamma, beta = rng.standard_normal((n, c, 3, 2)), *rng.standard_normal((2, c))
    expected = functional.group_norm(
        torch.tensor(x), groups, torch.tensor(gamma), torch.tensor(beta)
    )
    np.testing.assert_allclose(
        groupnorm_forward(x, gamma, beta, groups), expected.numpy(), rtol=1e-9, atol=1e-9
    )


def test_groups_that_do_not_divide_the_channels_are_refused():
    with pytest.raises(ValueError, match="6 channels into 4 groups"):
        groupnorm_forward(np.zeros((1, 6, 2, 2)), np.ones(6), np.zeros(6), groups=4)


@given(d=sizes, m=sizes, seed=seeds)
def test_weight_norm_is_torchs_forward_and_backward(d: int, m: int, seed: int):
    rng = np.random.default_rng(seed)
    v, g, dW = rng.standard_normal((d, m)), rng.standard_normal(m), rng.standard_normal((d, m))

    def torchs(v: torch.Tensor, g: torch.Tensor) -> torch.Tensor:
        return torch._weight_norm(v, g[None, :], dim=1)

    expected = torchs(torch.tensor(v), torch.tensor(g)).numpy()
    np.testing.assert_allclose(weight_norm(v, g), expected, **EXACT)
    tolerance = {"rtol": 1e-8, "atol": 1e-10 * (1 + 1 / np.linalg.norm(v, axis=0).min())}
    for ours, other in zip(
        weight_norm_backward(dW, v, g), by_autograd(torchs, dW, v, g), strict=True
    ):
        np.testing.assert_allclose(ours, other, **tolerance)


@given(d=sizes, m=sizes, scale=st.floats(0.1, 10), seed=seeds)
def test_weight_norm_sees_only_the_direction_so_its_derivative_is_orthogonal_to_v(
    d: int, m: int, scale: float, seed: int
):
    rng = np.random.default_rng(seed)
    v, g, dW = rng.standard_normal((d, m)), rng.standard_normal(m), rng.standard_normal((d, m))
    np.testing.assert_allclose(weight_norm(scale * v, g), weight_norm(v, g), **EXACT)
    np.testing.assert_allclose(np.linalg.norm(weight_norm(v, g), axis=0), np.abs(g), **EXACT)
    dv, _ = weight_norm_backward(dW, v, g)
    np.testing.assert_allclose((dv * v).sum(axis=0), 0, atol=1e-12)


Z, GAMMA, BETA, DY = unit_inputs(4, 6, 3)
VAR = Z.var(axis=0)
IMAGES = np.random.default_rng(2).standard_normal((2, 4, 3, 3))
CHANNELS = np.linspace(0.5, 2.0, 4)


@pytest.mark.parametrize(
    ("function", "args"),
    [
        (batchnorm_forward, (Z, GAMMA, BETA, 1e-3)),
        (batchnorm_backward, (DY, batchnorm_forward(Z, GAMMA, BETA)[1])),
        (dvar_from_du, (DY, Z, Z.mean(axis=0), VAR, 1e-3)),
        (dmean_from_du, (DY, Z, Z.mean(axis=0), VAR, GAMMA, 1e-3)),
        (population_statistics, (Z, Z**2, 5)),
        (running_statistics, (GAMMA, VAR, BETA, VAR, 5, 0.2)),
        (batchnorm_inference, (Z, GAMMA, BETA, BETA, VAR)),
        (fold_batchnorm, (Z, BETA, GAMMA, BETA, BETA, VAR)),
        (batchnorm2d_forward, (IMAGES, CHANNELS, CHANNELS)),
        (layernorm_forward, (Z, GAMMA, BETA, 1e-3)),
        (layernorm_backward, (DY, layernorm_forward(Z, GAMMA, BETA)[1])),
        (groupnorm_forward, (IMAGES, CHANNELS, CHANNELS, 2)),
        (weight_norm, (Z, GAMMA)),
        (weight_norm_backward, (DY, Z, GAMMA)),
    ],
)
def test_a_normalization_keeps_namespace_dtype_and_device(
    function: Callable, args: tuple, agrees_with_numpy: Callable
):
    agrees_with_numpy(function, *args)
