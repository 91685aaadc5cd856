"""Figures: what is drawn where, and whether everybody can tell the lines apart."""

from __future__ import annotations

import io
import itertools
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
import torch
from matplotlib import colors

from dlcourse.plots.curves import loss_curves
from dlcourse.plots.paths import contour_paths
from dlcourse.plots.style import COLORS, line_style, look, marker

mpl.use("Agg")
import matplotlib.pyplot as plt

# Viénot, Brettel and Mollon (1999), on linear RGB; each row sums to one, so that grey stays grey.
COLOUR_BLIND = {
    "protanope": [[0.1124, 0.8876, 0.0], [0.1124, 0.8876, 0.0], [0.0040, -0.0040, 1.0]],
    "deuteranope": [[0.2928, 0.7072, 0.0], [0.2928, 0.7072, 0.0], [-0.0223, 0.0223, 1.0]],
}


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def linear_rgb(color):
    rgb = np.array(colors.to_rgb(color))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lightness(linear):
    """CIE L*, from 0 for black to 100 for white."""
    luminance = float(np.dot([0.2126, 0.7152, 0.0722], linear))
    return 116 * np.cbrt(luminance) - 16 if luminance > 0.008856 else 903.3 * luminance


def bowl(w):
    return w[0] ** 2 + 10 * w[1] ** 2


def path_down(steps=20):
    return np.array([2.0, 1.0]) * np.linspace(1, 0, steps)[:, None]


@pytest.mark.parametrize("vision", ["grey", *COLOUR_BLIND])
def test_any_two_colours_differ_in_lightness_for_everybody(vision):
    seen = np.array(COLOUR_BLIND.get(vision, np.eye(3)))
    for one, other in itertools.combinations(COLORS, 2):
        apart = lightness(seen @ linear_rgb(one)) - lightness(seen @ linear_rgb(other))
        assert abs(apart) > 12


def test_sixteen_lines_differ_in_colour_or_dash_and_neighbours_in_both():
    styles = [(style["color"], style["linestyle"]) for style in map(line_style, range(16))]
    assert len(set(styles)) == 16
    for one, next_one in itertools.pairwise(styles):
        assert one[0] != next_one[0]
        assert one[1] != next_one[1]
    assert len({marker(i) for i in range(4)}) == 4


def test_the_look_holds_inside_its_context_only():
    before = mpl.rcParams["axes.grid"]
    with look():
        assert mpl.rcParams["axes.grid"] is True
    assert mpl.rcParams["axes.grid"] == before


def test_importing_plots_does_not_import_matplotlib_or_torch():
    code = (
        "import sys, dlcourse.plots.curves, dlcourse.plots.paths, dlcourse.train, dlcourse.data\n"
        "heavy = {'matplotlib', 'torch', 'scipy', 'sklearn', 'tqdm'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_several_seeds_make_a_median_line_in_a_band():
    runs = np.arange(1.0, 12.0)[:, None] ** 2 * np.ones(5)
    ax = loss_curves({"sgd": runs})
    (line,) = ax.lines
    np.testing.assert_array_equal(line.get_ydata(), np.full(5, 36.0))
    np.testing.assert_array_equal(line.get_xdata(), [1, 2, 3, 4, 5])
    (band,) = ax.collections
    heights = band.get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == (pytest.approx(4.0), pytest.approx(100.0))


def test_one_run_makes_a_line_without_a_band():
    ax = loss_curves({"batch": [3.0, 2.0, 1.0], "sgd": torch.tensor([2.0, 1.0, 0.5])})
    assert [line.get_label() for line in ax.lines] == ["batch", "sgd"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["batch", "sgd"]
    assert len(ax.collections) == 0
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("update", "loss")


@pytest.mark.parametrize(
    ("scale", "axes"),
    [("linear", ("linear", "linear")), ("log", ("linear", "log")), ("loglog", ("log", "log"))],
)
def test_the_axes_are_scaled_as_asked(scale, axes):
    ax = loss_curves({"sgd": [1.0, 0.1, 0.01]}, scale=scale)
    assert (ax.get_xscale(), ax.get_yscale()) == axes
    ax.figure.savefig(io.BytesIO())


def test_each_curve_may_have_places_of_its_own():
    x = {"batch": np.array([10, 20]), "sgd": np.array([1, 2, 3])}
    ax = loss_curves({"batch": [2.0, 1.0], "sgd": [3.0, 2.0, 1.0]}, x=x)
    assert [line.get_xdata().tolist() for line in ax.lines] == [[10, 20], [1, 2, 3]]


@pytest.mark.filterwarnings("error")
def test_a_run_that_diverges_leaves_a_gap_and_can_be_drawn():
    runs = np.array([[1.0, 2.0, np.inf, np.inf], [1.0, 3.0, np.nan, np.inf]])
    ax = loss_curves({"sgd": runs}, scale="log")
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [1.0, 2.5, np.nan, np.nan])
    ax.figure.savefig(io.BytesIO())


def test_losses_of_a_wrong_shape_are_named():
    with pytest.raises(ValueError, match=r"sgd: .*\(2, 2, 2\)"):
        loss_curves({"sgd": np.zeros((2, 2, 2))})


def test_curves_go_on_the_axes_they_are_given():
    _, ax = plt.subplots()
    assert loss_curves({"sgd": [1.0, 2.0]}, ax=ax) is ax
    assert contour_paths(bowl, {"sgd": path_down()}, ax=ax) is ax


def test_paths_are_drawn_with_labels_starts_and_the_minimum():
    paths = {"plain": path_down(), "momentum": torch.tensor(path_down(7))}
    ax = contour_paths(bowl, paths, minimum=(0.0, 0.0), resolution=20)
    labelled = {line.get_label(): line for line in ax.lines if line.get_label()[0] != "_"}
    assert list(labelled) == ["plain", "momentum"]
    np.testing.assert_array_equal(labelled["momentum"].get_xydata(), path_down(7))
    starts = [line for line in ax.lines if line.get_markersize() == 11]
    assert [line.get_xydata().tolist() for line in starts] == [[[2.0, 1.0]]] * 2
    (star,) = [line for line in ax.lines if line.get_marker() == "*"]
    assert star.get_xydata().tolist() == [[0.0, 0.0]]
    ax.figure.savefig(io.BytesIO())


def test_contours_follow_the_loss():
    ax = contour_paths(bowl, {}, xlim=(-3, 3), ylim=(-1, 1), resolution=60)
    (contours,) = ax.collections
    assert len(contours.levels) == 20
    for level, contour in zip(contours.levels, contours.get_paths(), strict=True):
        for x, y in contour.vertices:
            assert bowl((x, y)) == pytest.approx(level, rel=0.05, abs=0.1)
    assert (ax.get_xlim(), ax.get_ylim()) == ((-3, 3), (-1, 1))


def test_all_of_a_path_is_shown_unless_limits_are_given():
    ax = contour_paths(bowl, {"sgd": path_down()}, minimum=(0.0, -4.0), resolution=10)
    assert ax.get_xlim()[0] < 0 < 2 < ax.get_xlim()[1]
    assert ax.get_ylim()[0] < -4 < 1 < ax.get_ylim()[1]


def test_a_path_that_diverges_is_drawn_as_far_as_it_is_finite():
    path = np.array([[1.0, 1.0], [2.0, 2.0], [np.inf, np.nan]])
    ax = contour_paths(bowl, {"sgd": path}, resolution=10)
    assert len(ax.lines[0].get_xydata()) == 2


def test_a_flat_loss_has_no_contours_and_is_no_error():
    ax = contour_paths(lambda w: 1.0, {"sgd": path_down()}, resolution=10)
    assert len(ax.collections) == 0


def test_wrong_paths_and_nothing_to_show_are_named():
    with pytest.raises(ValueError, match=r"sgd: .*\(3,\)"):
        contour_paths(bowl, {"sgd": np.zeros(3)})
    with pytest.raises(ValueError, match="give xlim and ylim"):
        contour_paths(bowl, {})
