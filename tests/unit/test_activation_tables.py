"""The activation statistics that the lecture shows, from the library's own functions.

Ten layers of 500 units and standard normal inputs. A published number is one run of one net, and
each layer multiplies the signal by a random factor of its own: the tolerance at layer k is three
times the spread of one net, which grows as √k to that of layer 10.
"""

from __future__ import annotations

import functools

import numpy as np
import pytest

from dlcourse.init import (
    activation_statistics,
    gradient_statistics,
    he_normal,
    lecun_normal,
    relu_second_moment,
    saturated_fraction,
)

DEPTH, WIDTH, SEEDS = 10, 500, 8

INITIALIZERS = {
    "0.01": lambda fan_in, fan_out, rng: 0.01 * rng.standard_normal((fan_in, fan_out)),
    "1.0": lambda fan_in, fan_out, rng: rng.standard_normal((fan_in, fan_out)),
    "LeCun": lecun_normal,
    "He": he_normal,
}
SPREADS = {
    ("tanh", "0.01"): 4e-9,
    ("tanh", "1.0"): 0.0005,
    ("tanh", "LeCun"): 0.002,
    ("relu", "LeCun"): 0.003,
    ("relu", "He"): 0.09,
}
"""The spread of the standard deviation in layer 10, from net to net."""
LAYER_10 = {
    ("tanh", "0.01"): 2.98e-7,
    ("tanh", "1.0"): 0.982,
    ("tanh", "LeCun"): 0.228,
    ("relu", "LeCun"): 0.0255,
    ("relu", "He"): 0.82,
}
TANH_SMALL = (0.213081, 0.047551, 0.010630, 0.002378, 0.000532, 0.000119)
RELU_HE = (
    *(0.825232, 0.827835, 0.813855, 0.826902, 0.834092),
    *(0.860035, 0.870610, 0.889348, 0.845357, 0.844523),
)


def net(draw, seed: int) -> tuple[np.ndarray, list[np.ndarray]]:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((200, WIDTH))
    return x, [draw(WIDTH, WIDTH, rng) for _ in range(DEPTH)]


@functools.cache
def statistics(nonlinearity: str, initializer: str) -> np.ndarray:
    """Mean and standard deviation of every layer's output, (2, SEEDS, DEPTH)."""
    runs = [
        activation_statistics(*net(INITIALIZERS[initializer], seed), nonlinearity)
        for seed in range(SEEDS)
    ]
    return np.stack(runs, axis=1)


def deviations(nonlinearity: str, initializer: str) -> np.ndarray:
    return statistics(nonlinearity, initializer)[1]


@pytest.mark.parametrize(("nonlinearity", "initializer"), list(LAYER_10))
def test_layer_ten_has_the_published_deviation(nonlinearity: str, initializer: str):
    case = nonlinearity, initializer
    mean = deviations(*case).mean(axis=0)[-1]
    assert mean == pytest.approx(LAYER_10[case], abs=3 * SPREADS[case])


@pytest.mark.parametrize(("nonlinearity", "initializer"), list(LAYER_10))
def test_a_single_net_is_off_by_no_more_than_the_stated_spread(nonlinearity: str, initializer: str):
    spread = deviations(nonlinearity, initializer)[:, -1].std(ddof=1)
    assert spread < 1.7 * SPREADS[nonlinearity, initializer]


@pytest.mark.parametrize("layer", range(1, DEPTH + 1))
def test_relu_with_he_weights_follows_the_published_run_in_every_layer(layer: int):
    tolerance = 3 * SPREADS["relu", "He"] * (layer / DEPTH) ** 0.5
    mean = deviations("relu", "He").mean(axis=0)[layer - 1]
    assert mean == pytest.approx(RELU_HE[layer - 1], abs=tolerance)


@pytest.mark.parametrize("layer", range(1, len(TANH_SMALL) + 1))
def test_tanh_with_small_weights_follows_the_published_run_in_every_layer(layer: int):
    relative = 3 * SPREADS["tanh", "0.01"] / 2.98e-7 * (layer / DEPTH) ** 0.5
    mean = deviations("tanh", "0.01").mean(axis=0)[layer - 1]
    printed_to_six_places = 5e-7
    published = TANH_SMALL[layer - 1]
    assert mean == pytest.approx(published, rel=relative, abs=printed_to_six_places)


def test_the_spread_from_net_to_net_widens_with_depth():
    runs = deviations("relu", "He")
    spread = runs.std(axis=0, ddof=1)
    assert spread[-1] > 5 * spread[0]


@pytest.mark.parametrize("initializer", ["LeCun", "He"])
def test_relu_keeps_the_second_moment_that_the_law_says(initializer: str):
    std = (1 / WIDTH) ** 0.5 if initializer == "LeCun" else (2 / WIDTH) ** 0.5
    means, stds = statistics("relu", initializer)
    moments = (means**2 + stds**2).mean(axis=0)
    for depth in (1, 5, 10):
        law = relu_second_moment(depth, WIDTH, std)
        assert moments[depth - 1] == pytest.approx(law, rel=0.1 * depth**0.5)


def test_saturated_tanh_units_let_gradients_explode_rather_than_vanish():
    x, weights = net(INITIALIZERS["1.0"], 0)
    outputs = [x]
    for W in weights:
        outputs.append(np.tanh(outputs[-1] @ W))
    assert saturated_fraction(outputs[-1]) == pytest.approx(0.92, abs=0.01)
    dout = np.random.default_rng(1).standard_normal(outputs[-1].shape)
    stds = gradient_statistics(dout, outputs[1:], weights, "tanh")
    assert stds[-2] / stds[-1] == pytest.approx(3.5, abs=0.2)
    assert stds[0] > 1e4
