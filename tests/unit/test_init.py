from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from dlcourse.init import (
    activation_statistics,
    gradient_statistics,
    he_normal,
    lecun_normal,
    lsuv,
    orthogonal_init,
    relu_second_moment,
    saturated_fraction,
    sigmoid_uniform,
    xavier_uniform,
)

seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(1, 8)
INITIALIZERS = [xavier_uniform, sigmoid_uniform, lecun_normal, he_normal, orthogonal_init]
NONLINEARITIES = {"tanh": torch.tanh, "relu": torch.relu}


def random_net(seed: int, widths: list[int]) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.standard_normal((n, m)) for n, m in pairwise(widths)]


def layer_outputs(x: np.ndarray, weights: list[np.ndarray], nonlinearity: str) -> list[np.ndarray]:
    outputs = [x]
    for W in weights:
        z = outputs[-1] @ W
        outputs.append(np.tanh(z) if nonlinearity == "tanh" else np.maximum(z, 0))
    return outputs


@pytest.mark.parametrize("initializer", INITIALIZERS)
@given(fan_in=sizes, fan_out=sizes, seed=seeds)
def test_an_initializer_gives_float64_weights_that_follow_from_its_generator(
    initializer: Callable, fan_in: int, fan_out: int, seed: int
):
    W = initializer(fan_in, fan_out, np.random.default_rng(seed))
    assert W.shape == (fan_in, fan_out)
    assert W.dtype == np.float64
    np.testing.assert_array_equal(W, initializer(fan_in, fan_out, np.random.default_rng(seed)))


@pytest.mark.parametrize(("initializer", "gain"), [(xavier_uniform, 1.0), (sigmoid_uniform, 4.0)])
@pytest.mark.parametrize(("fan_in", "fan_out"), [(300, 100), (100, 300)])
def test_a_uniform_initializer_fills_the_range_that_torchs_does(
    initializer: Callable, gain: float, fan_in: int, fan_out: int
):
    W = initializer(fan_in, fan_out, np.random.default_rng(0))
    torch.manual_seed(0)
    torchs = torch.nn.init.xavier_uniform_(torch.empty(fan_out, fan_in), gain=gain).numpy()
    limit = gain * np.sqrt(6 / (fan_in + fan_out))
    assert np.abs(W).max() <= limit
    assert stats.kstest(W.ravel(), stats.uniform(-limit, 2 * limit).cdf).pvalue > 1e-3
    assert stats.ks_2samp(W.ravel(), torchs.ravel()).pvalue > 1e-3


@pytest.mark.parametrize(
    ("initializer", "nonlinearity"), [(lecun_normal, "linear"), (he_normal, "relu")]
)
@pytest.mark.parametrize(("fan_in", "fan_out"), [(300, 100), (100, 300)])
def test_a_normal_initializer_has_the_distribution_of_torchs(
    initializer: Callable, nonlinearity: str, fan_in: int, fan_out: int
):
    W = initializer(fan_in, fan_out, np.random.default_rng(1))
    torch.manual_seed(1)
    torchs = torch.nn.init.kaiming_normal_(
        torch.empty(fan_out, fan_in), mode="fan_in", nonlinearity=nonlinearity
    ).numpy()
    std = np.sqrt({"linear": 1, "relu": 2}[nonlinearity] / fan_in)
    assert stats.kstest(W.ravel(), stats.norm(0, std).cdf).pvalue > 1e-3
    assert stats.ks_2samp(W.ravel(), torchs.ravel()).pvalue > 1e-3


@given(fan_in=sizes, fan_out=sizes, seed=seeds)
def test_an_orthogonal_matrix_is_orthonormal_along_its_shorter_side(
    fan_in: int, fan_out: int, seed: int
):
    W = orthogonal_init(fan_in, fan_out, np.random.default_rng(seed))
    gram = W.T @ W if fan_in >= fan_out else W @ W.T
    np.testing.assert_allclose(gram, np.eye(min(fan_in, fan_out)), atol=1e-12)


def test_orthogonal_matrices_are_spread_as_scipys_haar_measure_is():
    rng = np.random.default_rng(2)
    ours = np.stack([orthogonal_init(3, 3, rng) for _ in range(4000)])
    haar = stats.ortho_group.rvs(3, size=4000, random_state=np.random.default_rng(3))
    for statistic in (
        lambda Q: Q[:, 0, 0],
        lambda Q: Q[:, 2, 2],
        lambda Q: np.trace(Q, axis1=1, axis2=2),
    ):
        assert stats.ks_2samp(statistic(ours), statistic(haar)).pvalue > 1e-3


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
@given(n=sizes, widths=st.lists(sizes, min_size=2, max_size=5), seed=seeds)
def test_the_statistics_of_activations_are_those_of_a_plain_forward_pass(
    nonlinearity: str, n: int, widths: list[int], seed: int
):
    weights = random_net(seed, widths)
    x = np.random.default_rng(seed).standard_normal((n, widths[0]))
    means, stds = activation_statistics(x, weights, nonlinearity)
    outputs = layer_outputs(x, weights, nonlinearity)[1:]
    np.testing.assert_allclose(means, [y.mean() for y in outputs], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(stds, [y.std() for y in outputs], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
@given(n=sizes, widths=st.lists(sizes, min_size=2, max_size=5), seed=seeds)
def test_the_statistics_of_gradients_are_those_of_autograd(
    nonlinearity: str, n: int, widths: list[int], seed: int
):
    weights = random_net(seed, widths)
    rng = np.random.default_rng(seed)
    x, dout = rng.standard_normal((n, widths[0])), rng.standard_normal((n, widths[-1]))
    outputs, y = [], torch.tensor(x, requires_grad=True)
    for W in weights:
        y = NONLINEARITIES[nonlinearity](y @ torch.tensor(W))
        y.retain_grad()
        outputs.append(y)
    y.backward(torch.tensor(dout))
    expected = [y.grad.std(correction=0).item() for y in outputs]
    activations = [y.detach().numpy() for y in outputs]
    stds = gradient_statistics(dout, activations, weights, nonlinearity)
    np.testing.assert_allclose(stds, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("function", [activation_statistics, lsuv])
def test_an_unknown_nonlinearity_is_refused_by_name(function: Callable):
    with pytest.raises(ValueError, match="not 'swish'"):
        function(np.eye(3), [np.eye(3)], "swish")


def test_gradients_through_an_unknown_nonlinearity_are_refused_by_name():
    two = [np.ones((2, 3))] * 2
    with pytest.raises(ValueError, match="not 'swish'"):
        gradient_statistics(two[0], two, [np.ones((3, 3))] * 2, "swish")


@pytest.mark.parametrize(("depth", "fan_in", "gain"), [(1, 64, 1.0), (5, 32, 2.0), (4, 64, 1.5)])
def test_the_second_moment_through_relu_layers_is_what_simulation_finds(
    depth: int, fan_in: int, gain: float
):
    rng = np.random.default_rng(4)
    std = np.sqrt(gain / fan_in)
    moments = []
    for _ in range(400):
        y = rng.standard_normal((4, fan_in))
        for _ in range(depth):
            y = np.maximum(y @ rng.normal(0, std, (fan_in, fan_in)), 0)
        moments.append((y**2).mean())
    error = np.std(moments) / np.sqrt(len(moments))
    assert abs(np.mean(moments) - relu_second_moment(depth, fan_in, std)) < 4 * error


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
@given(seed=seeds)
def test_after_lsuv_every_layer_has_inputs_of_unit_deviation(nonlinearity: str, seed: int):
    weights = random_net(seed, [6, 8, 8, 5])
    x = np.random.default_rng(seed).standard_normal((16, 6))
    y = x
    for before, W in zip(weights, lsuv(x, weights, nonlinearity), strict=True):
        z = y @ W
        assert z.std() == pytest.approx(1.0, rel=1e-9)
        ratio = W / before
        np.testing.assert_allclose(ratio, ratio[0, 0], rtol=1e-9)
        y = np.tanh(z) if nonlinearity == "tanh" else np.maximum(z, 0)


def test_the_saturated_fraction_counts_both_signs_and_not_the_threshold_itself():
    y = np.array([[-1.0, -0.98, 0.0, 0.5], [0.97, 0.99, -0.97, 1.0]])
    assert saturated_fraction(y) == 0.5
    assert saturated_fraction(y, threshold=0.4) == 7 / 8


@pytest.mark.parametrize(
    ("nonlinearity", "std", "expected", "tolerance"),
    [
        ("tanh", 1.0, 0.982, 0.002),
        ("tanh", 500**-0.5, 0.228, 0.01),
        ("relu", 500**-0.5, 0.0255, 0.012),
        ("relu", (2 / 500) ** 0.5, 0.82, 0.36),
    ],
)
def test_ten_layers_of_500_units_end_where_the_lecture_says(
    nonlinearity: str, std: float, expected: float, tolerance: float
):
    rng = np.random.default_rng(5)
    weights = [rng.normal(0, std, (500, 500)) for _ in range(10)]
    _, stds = activation_statistics(rng.standard_normal((200, 500)), weights, nonlinearity)
    assert stds[-1] == pytest.approx(expected, abs=tolerance)


X = np.random.default_rng(1).standard_normal((5, 4))
NET = random_net(1, [4, 6, 3])
OUTPUTS = layer_outputs(X, NET, "tanh")[1:]


@pytest.mark.parametrize(
    ("function", "args"),
    [
        (activation_statistics, (X, NET, "tanh")),
        (activation_statistics, (X, NET, "relu")),
        (gradient_statistics, (OUTPUTS[-1], OUTPUTS, NET, "tanh")),
        (gradient_statistics, (OUTPUTS[-1], OUTPUTS, NET, "relu")),
        (lsuv, (X, NET, "relu")),
        (saturated_fraction, (OUTPUTS[0], 0.5)),
    ],
)
def test_statistics_keep_namespace_dtype_and_device(
    function: Callable, args: tuple, agrees_with_numpy: Callable
):
    agrees_with_numpy(function, *args)
