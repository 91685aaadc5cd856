"""Histograms by layer, and the curves of activation functions: what the figures say is true."""

from __future__ import annotations

import warnings

import matplotlib as mpl
import numpy as np
import pytest
import torch

from dlcourse.plots.activations import activation_curves
from dlcourse.plots.histograms import layer_histograms

mpl.use("Agg")
import matplotlib.pyplot as plt


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def said(ax):
    return ax.get_title(loc="left").split("\n")


def counts(ax):
    return ax.patches[0].get_data().values


def test_each_panel_counts_the_entries_of_its_layer_and_says_their_mean_and_deviation():
    rng = np.random.default_rng(0)
    nets = {
        "one": [rng.normal(1, 2, (50, 4)), rng.normal(-3, 0.1, 99)],
        "other": [np.ones(3), np.arange(5)],
    }
    figure = layer_histograms(nets, names=["first", "last"])
    layers = [layer for net in nets.values() for layer in net]
    assert len(figure.axes) == 4
    for layer, ax in zip(layers, figure.axes, strict=True):
        assert counts(ax).sum() == layer.size
        assert said(ax)[:2] == [f"μ {layer.mean():.2g}", f"σ {layer.std():.2g}"]
    assert [ax.get_ylabel() for ax in figure.axes] == ["one", "", "other", ""]
    assert [ax.get_xlabel() for ax in figure.axes] == ["", "", "first", "last"]


def test_a_row_shares_its_range_so_that_widths_can_be_compared_unless_told_otherwise():
    layers = [np.array([-4.0, 4.0]), np.array([-0.5, 0.5])]
    shared = layer_histograms({"net": layers}).axes
    assert [ax.get_xlim() for ax in shared] == [(-4, 4), (-4, 4)]
    own = layer_histograms({"net": layers}, shared=False).axes
    assert [ax.get_xlim() for ax in own] == [(-4, 4), (-0.5, 0.5)]
    given = layer_histograms({"net": layers}, limits=(-1, 1)).axes
    assert [ax.get_xlim() for ax in given] == [(-1, 1), (-1, 1)]


def test_the_zeros_of_relu_are_told_and_do_not_flatten_the_rest():
    z = np.random.default_rng(0).standard_normal(10_000)
    (ax,) = layer_histograms({"relu": [np.maximum(z, 0)]}).axes
    assert said(ax)[2] == "zero 50%"
    tallest = np.sort(counts(ax))[-2]
    assert tallest < ax.get_ylim()[1] < 3 * tallest


def test_entries_that_are_not_finite_are_told_and_left_out():
    layers = [np.array([np.nan, 1.0, 3.0, np.inf]), np.full(3, np.nan), np.zeros(4)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = layer_histograms({"net": layers}, shared=False)
        figure.canvas.draw()
    assert [said(ax) for ax in figure.axes] == [
        ["μ 2", "σ 1", "not finite 50%"],
        ["nothing finite"],
        ["μ 0", "σ 0", "zero 100%"],
    ]


def test_tensors_are_shown_as_arrays_are():
    layer = torch.tensor([[0.5, 1.5]], dtype=torch.float32, requires_grad=True)
    (ax,) = layer_histograms({"net": [layer]}).axes
    assert said(ax) == ["μ 1", "σ 0.5"]


@pytest.mark.parametrize("nets", [{}, {"a": []}, {"a": [np.ones(2)], "b": [np.ones(2)] * 2}])
def test_nets_that_do_not_make_a_table_are_refused(nets):
    with pytest.raises(ValueError, match="nets of one number of layers"):
        layer_histograms(nets)


def test_functions_stand_on_the_left_and_their_derivatives_on_the_right():
    figure = activation_curves({"square": (np.square, lambda z: 2 * z), "cube": lambda z: z**3})
    left, right = figure.axes
    z = left.get_lines()[0].get_xdata()
    np.testing.assert_array_equal(left.get_lines()[0].get_ydata(), z**2)
    np.testing.assert_array_equal(right.get_lines()[0].get_ydata(), 2 * z)
    np.testing.assert_allclose(right.get_lines()[1].get_ydata()[1:-1], 3 * z[1:-1] ** 2, atol=1e-4)
    assert [text.get_text() for text in figure.legends[0].texts] == ["square", "cube"]


def test_a_function_that_does_not_keep_the_shape_is_refused_by_its_name():
    with pytest.raises(ValueError, match=r"total: expected values of shape \(2001,\)"):
        activation_curves({"total": np.sum})
