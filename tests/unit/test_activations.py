import warnings
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from torch.nn import functional

from dlcourse.activations import (
    elu,
    elu_backward,
    leaky_relu,
    leaky_relu_backward,
    noisy_relu,
    prelu_backward,
    rational_tanh,
    rbf,
    relu,
    relu_backward,
    scaled_tanh,
    sigmoid,
    sigmoid_backward,
    softmax,
    softmax_backward,
    softplus,
    tanh_backward,
    twisted_tanh,
)
from dlcourse.gradcheck import gradcheck

EXACT = {"rtol": 1e-10, "atol": 1e-10}
shapes = hnp.array_shapes(min_dims=1, max_dims=3, max_side=5)
moderate = hnp.arrays(np.float64, shapes, elements=st.floats(-30, 30))
matrices = hnp.arrays(
    np.float64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=6), elements=st.floats(-30, 30)
)
numbers = st.floats(-3, 3)

FORWARD = [
    (sigmoid, torch.sigmoid),
    (relu, functional.relu),
    (lambda z: leaky_relu(z, 0.2), lambda z: functional.leaky_relu(z, 0.2)),
    (lambda z: leaky_relu(z, 1.7), lambda z: functional.leaky_relu(z, 1.7)),
    (elu, functional.elu),
    (lambda z: elu(z, 0.3), lambda z: functional.elu(z, 0.3)),
    (softmax, lambda z: functional.softmax(z, dim=-1)),
    (softplus, lambda z: functional.softplus(z, threshold=1e9)),
]
FORWARD_IDS = ["sigmoid", "relu", "leaky", "steep", "elu", "elu-alpha", "softmax", "softplus"]

BACKWARD = [
    (lambda dy, z: sigmoid_backward(dy, sigmoid(z)), torch.sigmoid),
    (lambda dy, z: tanh_backward(dy, np.tanh(z)), torch.tanh),
    (relu_backward, functional.relu),
    (lambda dy, z: leaky_relu_backward(dy, z, 0.2), lambda z: functional.leaky_relu(z, 0.2)),
    (lambda dy, z: leaky_relu_backward(dy, z, 1.7), lambda z: functional.leaky_relu(z, 1.7)),
    (elu_backward, functional.elu),
    (lambda dy, z: elu_backward(dy, z, 0.3), lambda z: functional.elu(z, 0.3)),
    (lambda dy, z: softmax_backward(dy, softmax(z)), lambda z: functional.softmax(z, dim=-1)),
]
BACKWARD_IDS = ["sigmoid", "tanh", "relu", "leaky", "steep", "elu", "elu-alpha", "softmax"]


def by_autograd(function: Callable, dy: np.ndarray, *args: np.ndarray) -> list[np.ndarray]:
    leaves = [torch.tensor(arg, requires_grad=True) for arg in args]
    return [g.numpy() for g in torch.autograd.grad(function(*leaves), leaves, torch.tensor(dy))]


@pytest.mark.parametrize(("ours", "torchs"), FORWARD, ids=FORWARD_IDS)
@given(z=moderate)
def test_an_activation_is_what_torch_computes(ours: Callable, torchs: Callable, z: np.ndarray):
    np.testing.assert_allclose(ours(z), torchs(torch.tensor(z)).numpy(), **EXACT)


@pytest.mark.parametrize(("backward", "torchs"), BACKWARD, ids=BACKWARD_IDS)
@given(z=moderate, seed=st.integers(0, 2**32 - 1))
def test_a_derivative_is_what_autograd_computes_at_kinks_too(
    backward: Callable, torchs: Callable, z: np.ndarray, seed: int
):
    dy = np.random.default_rng(seed).standard_normal(z.shape)
    np.testing.assert_allclose(backward(dy, z), by_autograd(torchs, dy, z)[0], **EXACT)


@given(z=matrices, slope=numbers, seed=st.integers(0, 2**32 - 1))
def test_prelu_with_one_slope_is_what_autograd_computes(z: np.ndarray, slope: float, seed: int):
    dy = np.random.default_rng(seed).standard_normal(z.shape)
    dz, dslope = prelu_backward(dy, z, slope)
    expected_dz, expected_dslope = by_autograd(functional.prelu, dy, z, np.array([slope]))
    np.testing.assert_allclose(dz, expected_dz, **EXACT)
    np.testing.assert_allclose(dslope, expected_dslope[0], **EXACT)
    assert np.shape(dslope) == ()


@given(z=matrices, seed=st.integers(0, 2**32 - 1))
def test_prelu_with_a_slope_for_each_unit_is_what_autograd_computes(z: np.ndarray, seed: int):
    rng = np.random.default_rng(seed)
    dy, slope = rng.standard_normal(z.shape), rng.standard_normal(z.shape[1])
    dz, dslope = prelu_backward(dy, z, slope)
    expected_dz, expected_dslope = by_autograd(functional.prelu, dy, z, slope)
    np.testing.assert_allclose(dz, expected_dz, **EXACT)
    np.testing.assert_allclose(dslope, expected_dslope, **EXACT)


@given(z=matrices, shift=st.floats(-100, 100))
def test_softmax_is_a_probability_vector_that_no_shift_changes(z: np.ndarray, shift: float):
    y = softmax(z)
    assert (y >= 0).all()
    np.testing.assert_allclose(y.sum(axis=1), 1.0, **EXACT)
    np.testing.assert_allclose(softmax(z + shift), y, rtol=1e-9, atol=1e-9)


@given(z=matrices, seed=st.integers(0, 2**32 - 1))
def test_softmax_passes_back_nothing_along_a_shift_of_its_inputs(z: np.ndarray, seed: int):
    dy = np.random.default_rng(seed).standard_normal(z.shape)
    np.testing.assert_allclose(softmax_backward(dy, softmax(z)).sum(axis=1), 0.0, atol=1e-12)


@given(z=moderate)
def test_the_sigmoids_of_opposite_inputs_sum_to_one(z: np.ndarray):
    np.testing.assert_allclose(sigmoid(z) + sigmoid(-z), 1.0, **EXACT)


def test_the_sigmoid_keeps_its_relative_precision_far_on_the_left():
    z = np.array([-40.0, -300.0, -700.0])
    np.testing.assert_allclose(sigmoid(z), np.exp(z), rtol=1e-14)


@pytest.mark.parametrize(
    "function",
    [sigmoid, softmax, relu, elu, leaky_relu, softplus, scaled_tanh, rational_tanh, twisted_tanh],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_activation_is_finite_and_silent_at_extreme_inputs(function: Callable, dtype: type):
    z = np.array([[-1e4, 0.0, 1e4], [1e4, 1e4, 1e4], [-1e4, -1e4, -1e4]], dtype=dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        y = function(z)
    assert np.isfinite(y).all()
    assert y.dtype == dtype


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_elus_derivative_is_finite_and_silent_at_extreme_inputs(dtype: type):
    z = np.array([-1e4, 0.0, 1e4], dtype=dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(elu_backward(np.ones_like(z), z), [0, 1, 1])


@pytest.mark.parametrize("function", [relu, leaky_relu, elu, sigmoid, softmax])
def test_not_a_number_is_passed_on_rather_than_hidden(function: Callable):
    assert np.isnan(function(np.array([np.nan, 1.0]))[0])


def test_torch_approximates_softplus_beyond_its_threshold_and_ours_does_not():
    z = np.array([20.5])
    assert functional.softplus(torch.tensor(z)).item() == 20.5
    assert softplus(z)[0] == 20.5 + np.log1p(np.exp(-20.5)) > 20.5


@given(z=hnp.arrays(np.float64, st.integers(1, 8), elements=st.floats(-30, 30)))
def test_the_derivative_of_softplus_is_the_sigmoid(z: np.ndarray):
    gradcheck(softplus, lambda dy, z: dy * sigmoid(z), z)


def test_lecuns_sigmoid_maps_one_to_one_and_bends_most_there():
    np.testing.assert_allclose(scaled_tanh(np.array([-1.0, 0.0, 1.0])), [-1, 0, 1], atol=1e-5)
    z = np.linspace(0, 3, 3001)
    curvature = np.gradient(np.gradient(scaled_tanh(z), z), z)
    assert z[np.argmin(curvature)] == pytest.approx(1.0, abs=0.02)


def test_the_rational_sigmoid_stays_within_its_bound_and_is_odd_and_increasing():
    z = np.linspace(-20, 20, 100_001)
    y = rational_tanh(z)
    assert np.abs(y - scaled_tanh(z)).max() < 0.015
    np.testing.assert_allclose(y, -y[::-1], atol=1e-12)
    assert (np.diff(y) > 0).all()


@given(beta=st.floats(0.01, 1))
def test_the_twisted_tanh_has_no_slope_below_beta(beta: float):
    z = np.linspace(-50, 50, 1001)
    assert (np.diff(twisted_tanh(z, beta)) / np.diff(z) >= beta * (1 - 1e-9)).all()


def test_the_noisy_relu_without_noise_is_the_relu():
    z = np.random.default_rng(0).standard_normal((4, 5))
    np.testing.assert_array_equal(noisy_relu(z, 0.0, np.random.default_rng(1)), relu(z))


def test_the_noise_of_the_noisy_relu_has_the_variance_it_is_given():
    z = np.full((200_000,), 50.0)
    noise = noisy_relu(z, 4.0, np.random.default_rng(0)) - z
    assert noise.mean() == pytest.approx(0, abs=0.02)
    assert noise.var() == pytest.approx(4.0, rel=0.02)


def test_an_rbf_is_the_sum_of_its_bumps():
    z = np.array([[0.0, 1.0], [-2.0, 5.0]])
    y = rbf(z, np.array([1.0, -2.0]), np.array([0.5, 2.0]), np.array([3.0, -1.0]))
    expected = 3 * np.exp(-0.5 * (z - 1) ** 2) - np.exp(-2 * (z + 2) ** 2)
    np.testing.assert_allclose(y, expected, **EXACT)


rng = np.random.default_rng(7)
Z, DY = rng.standard_normal((4, 5)), rng.standard_normal((4, 5))
Y = 1 / (1 + np.exp(-Z))


@pytest.mark.parametrize(
    ("function", "args"),
    [
        (sigmoid, (Z,)),
        (sigmoid_backward, (DY, Y)),
        (tanh_backward, (DY, Y)),
        (relu, (Z,)),
        (relu_backward, (DY, Z)),
        (leaky_relu, (Z, 0.1)),
        (leaky_relu_backward, (DY, Z, 0.1)),
        (prelu_backward, (DY, Z, 0.25)),
        (prelu_backward, (DY, Z, np.linspace(0.1, 0.5, 5))),
        (elu, (Z, 0.7)),
        (elu_backward, (DY, Z, 0.7)),
        (softmax, (Z,)),
        (softmax_backward, (DY, Y)),
        (scaled_tanh, (Z,)),
        (rational_tanh, (Z,)),
        (twisted_tanh, (Z, 0.1)),
        (softplus, (Z,)),
        (lambda z, v: noisy_relu(z, v, np.random.default_rng(3)), (Z, Y)),
        (rbf, (Z, np.array([0.0, 1.0]), np.array([1.0, 2.0]), np.array([1.0, -1.0]))),
    ],
)
def test_an_activation_keeps_namespace_dtype_and_device(
    function: Callable, args: tuple, agrees_with_numpy: Callable
):
    agrees_with_numpy(function, *args)
