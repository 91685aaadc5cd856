"""Heat maps: the right number in the right cell, readable by everybody, divergence told."""

from __future__ import annotations

import warnings

import matplotlib as mpl
import numpy as np
import pytest
import torch
from matplotlib import colors

from dlcourse.plots.heatmaps import COLORMAP, heat_map

mpl.use("Agg")
import matplotlib.pyplot as plt


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def luminance(color):
    rgb = np.array(colors.to_rgb(color))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ [
        0.2126,
        0.7152,
        0.0722,
    ]


def written(ax):
    """The text of each cell, by (row, column)."""
    return {
        (round(text.get_position()[1]), round(text.get_position()[0])): text for text in ax.texts
    }


def frames(ax):
    """The cells with a frame, by (row, column)."""
    framed = [patch for patch in ax.patches if not patch.get_fill()]
    return {(round(cell.get_y() + 0.46), round(cell.get_x() + 0.46)) for cell in framed}


def test_each_cell_has_its_number_and_each_row_and_column_its_name():
    table = np.arange(6.0).reshape(2, 3) / 8
    ax = heat_map(table, ["SGD", "Adam"], [1e-4, 0.1, 10], number="{:.3f}", label="loss")
    assert {cell: text.get_text() for cell, text in written(ax).items()} == {
        cell: f"{value:.3f}" for cell, value in np.ndenumerate(table)
    }
    assert [text.get_text() for text in ax.get_yticklabels()] == ["SGD", "Adam"]
    assert [text.get_text() for text in ax.get_xticklabels()] == ["0.0001", "0.1", "10"]
    assert ax.figure.axes[1].get_ylabel() == "loss"


def test_the_colours_grow_lighter_without_a_turn_so_that_grey_tells_them_apart():
    shades = [luminance(color) for color in mpl.colormaps[COLORMAP](np.linspace(0, 1, 30))[:, :3]]
    assert all(np.diff(shades) > 0)


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_every_number_stands_out_from_the_colour_of_its_cell(scale):
    values = np.geomspace(1e-4, 1, 40).reshape(5, 8)
    ax = heat_map(values, range(5), range(8), scale=scale)
    for (row, column), text in written(ax).items():
        cell = luminance(ax.images[0].to_rgba(values[row, column])[:3])
        ink = luminance(text.get_color())
        contrast = (max(cell, ink) + 0.05) / (min(cell, ink) + 0.05)
        assert contrast > 4.5


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("scale", ["linear", "log"])
def test_a_cell_that_diverged_says_so_and_takes_no_part_in_the_colours(bad, scale):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ax = heat_map([[1.0, bad], [2.0, 4.0]], "ab", "xy", scale=scale, best="low")
        ax.figure.canvas.draw()
    assert written(ax)[0, 1].get_text() == "diverged"
    assert [patch.get_xy() for patch in ax.patches if patch.get_hatch()] == [(0.5, -0.5)]
    assert ax.images[0].get_clim() == (1, 4)


@pytest.mark.parametrize(("best", "cells"), [("low", {(0, 1), (1, 2)}), ("high", {(0, 2), (1, 0)})])
def test_the_best_of_each_row_has_a_frame(best, cells):
    table = [[2.0, 1.0, 3.0], [9.0, np.nan, 4.0], [np.nan] * 3]
    assert frames(heat_map(table, "abc", "xyz", best=best)) == cells
    assert frames(heat_map(table, "abc", "xyz")) == set()


def test_a_table_where_everything_diverged_can_be_drawn():
    ax = heat_map(np.full((1, 2), np.nan), ["a"], ["x", "y"], best="high")
    ax.figure.canvas.draw()
    assert [text.get_text() for text in ax.texts] == ["diverged"] * 2


def test_tensors_and_axes_that_are_given_are_taken():
    _, ax = plt.subplots()
    assert heat_map(torch.ones(1, 2), ["a"], ["x", "y"], ax=ax) is ax
    assert len(plt.get_fignums()) == 1


def test_tables_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"shape \(2, 3\), as the labels say, got \(3, 2\)"):
        heat_map(np.ones((3, 2)), "ab", "xyz")
    with pytest.raises(ValueError, match="needs positive values"):
        heat_map([[1.0, 0.0]], "a", "xy", scale="log")
