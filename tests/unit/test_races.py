"""Races: each picture shows where everybody is at one step, and the film stays small."""

from __future__ import annotations

import base64
import io
import re
import subprocess
import sys
import warnings

import matplotlib as mpl
import numpy as np
import pytest
import torch
from PIL import Image

from dlcourse.plots.races import BUTTONS, race, race_html, race_picture
from dlcourse.surfaces import Beale, EccentricBowl, LongValley, Saddle

mpl.use("Agg")
import matplotlib.pyplot as plt


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def descent(surface, lr, steps=200):
    path = [np.array(surface.start)]
    for _ in range(steps):
        path.append(path[-1] - lr * surface.gradient(path[-1]))
    return np.array(path)


def three(surface):
    return {
        "slow": descent(surface, 1e-4),
        "fast": descent(surface, 1e-3),
        "lazy": descent(surface, 0),
    }


def trails_and_heads(ax):
    """The lines of the runners, in their order: where each has been, and where it is."""
    lines = [line for line in ax.get_lines() if line.get_marker() != "*"]
    return lines[::2], lines[1::2]


def pictures(html):
    found = re.findall(r"data:image/png;base64,([A-Za-z0-9+/=]+)", html)
    return [Image.open(io.BytesIO(base64.b64decode(png))) for png in found]


def test_each_picture_shows_everybody_at_the_same_step():
    surface = LongValley()
    paths = three(surface)
    animation = race(paths, surface, frames=11)
    steps = list(animation.new_frame_seq())
    assert steps == list(range(0, 201, 20))
    (ax,) = animation._fig.axes
    for step in steps:
        animation._func(step)
        for path, trail, head in zip(paths.values(), *trails_and_heads(ax), strict=True):
            np.testing.assert_array_equal(trail.get_xydata(), path[: step + 1])
            np.testing.assert_array_equal(head.get_xydata(), path[step : step + 1])
        assert any(text.get_text() == f"step {step} of 200" for text in ax.texts)
    race_html(animation)


def test_three_optimizers_and_200_steps_make_a_small_page_of_different_pictures():
    surface = LongValley()
    html = race_html(race(three(surface), surface))
    assert len(html) < 3_000_000
    shown = pictures(html)
    assert len(shown) == 50
    assert {picture.size for picture in shown} == {(448, 352)}
    assert len({picture.tobytes() for picture in shown}) == 50


def test_the_page_needs_no_network_and_every_button_has_its_sign():
    html = race_html(race({"a": descent(Beale(), 1e-3, 3)}, Beale()))
    assert "http" not in re.sub(r"http://www.w3.org\S*", "", html)
    assert "awesome" not in html
    buttons = re.findall(r"<button[^>]*>\s*(.*?)</button>", html, flags=re.DOTALL)
    assert len(buttons) == len(set(buttons)) == 9
    assert all(len(sign) == 1 for sign in buttons)


def test_every_sign_is_in_a_plain_font():
    from matplotlib import font_manager, ft2font

    font = ft2font.FT2Font(font_manager.findfont("DejaVu Sans"))
    assert all(ord(sign) in font.get_charmap() for sign in BUTTONS.values())


def test_all_of_the_player_has_a_name_that_a_screen_reader_says():
    html = race_html(race({"a": descent(Beale(), 1e-3, 3)}, Beale()))
    controls = re.findall(r"<(?:button|img|form|input[^>]*range)[^>]*>", html)
    assert len(controls) == 12
    assert all(re.search(r'(aria-label|alt)="[A-Z][^"]+"', control) for control in controls)


def test_a_bar_counts_the_pictures_as_they_are_drawn_and_leaves_nothing(capsys):
    race_html(race(three(Saddle()), Saddle(), frames=4))
    shown = capsys.readouterr().err
    assert "pictures" in shown
    assert "4/4" in shown or "/4" in shown
    assert shown.endswith("\r")


def test_a_race_can_be_saved_as_a_moving_gif(tmp_path):
    race(three(Saddle()), Saddle(), frames=5).save(tmp_path / "race.gif", writer="pillow")
    with Image.open(tmp_path / "race.gif") as film:
        assert film.n_frames == 5


def test_a_race_opens_no_figure_that_a_notebook_would_show_beside_it():
    race_html(race(three(Beale()), Beale(), frames=2))
    assert plt.get_fignums() == []


@pytest.mark.parametrize("end", [np.nan, np.inf, 1e200, 7.0])
def test_a_runner_that_leaves_for_good_is_said_to_and_spoils_nothing(end):
    surface = Beale()
    path = np.vstack([descent(surface, 1e-3, 10), np.full((5, 2), end)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        animation = race({"wild": path, "tame": descent(surface, 1e-3, 15)}, surface, frames=4)
        assert len(pictures(race_html(animation))) == 4
    (ax,) = animation._fig.axes
    assert [text.get_text() for text in ax.get_legend().texts] == ["wild (off the map)", "tame"]
    assert ax.get_xlim() == surface.window[0]
    (trail, _), _ = trails_and_heads(ax)
    np.testing.assert_array_equal(trail.get_xydata()[:11], path[:11])


def test_a_runner_that_comes_back_is_not_said_to_have_left():
    path = np.array([[0.0, 0.0], [0.0, 50.0], [0.0, 1.0]])
    ax = race_picture({"back": path}, EccentricBowl())
    assert [text.get_text() for text in ax.get_legend().texts] == ["back"]
    np.testing.assert_array_equal(trails_and_heads(ax)[1][0].get_xydata(), path[-1:])


def test_a_shorter_path_waits_at_its_end():
    surface = Saddle()
    short = descent(surface, 0.1, 5)
    animation = race({"short": short, "long": descent(surface, 0.1, 50)}, surface, frames=3)
    animation._func(50)
    (ax,) = animation._fig.axes
    np.testing.assert_array_equal(trails_and_heads(ax)[1][0].get_xydata(), short[-1:])
    race_html(animation)


def test_the_picture_of_the_finish_shows_whole_paths_and_every_minimum():
    surface = Saddle()
    paths = {"numpy": descent(surface, 0.1, 9), "torch": torch.tensor(descent(surface, 0.2, 9))}
    ax = race_picture(paths, surface, title="finish")
    for path, trail, head in zip(paths.values(), *trails_and_heads(ax), strict=True):
        np.testing.assert_array_equal(trail.get_xydata(), path)
        np.testing.assert_array_equal(head.get_xydata(), path[-1:])
    stars = [line.get_xydata()[0] for line in ax.get_lines() if line.get_marker() == "*"]
    np.testing.assert_array_equal(stars, surface.minima)


def test_the_picture_is_drawn_on_the_axes_that_are_given():
    _, ax = plt.subplots()
    assert race_picture({"a": descent(Beale(), 1e-3, 3)}, Beale(), ax=ax) is ax
    assert len(plt.get_fignums()) == 1


@pytest.mark.parametrize("path", [np.zeros((4, 3)), np.zeros(4), np.zeros((0, 2))])
def test_a_path_of_another_shape_is_refused_by_its_name(path):
    with pytest.raises(ValueError, match=r"odd: expected a path of shape \(steps\+1, 2\)"):
        race({"odd": path}, Beale())
    with pytest.raises(ValueError, match="at least one path"):
        race_picture({}, Beale())


def test_plots_import_no_matplotlib_until_something_is_drawn():
    modules = "activations, curves, heatmaps, histograms, paths, races"
    code = f"import sys; from dlcourse.plots import {modules}; print('matplotlib' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
