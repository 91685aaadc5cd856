"""Optimizers racing over a surface: an animation, and a picture of the finish.

HTML(race_html(race(paths, Beale())))          # in a notebook, IPython.display.HTML
race(paths, Beale()).save("race.gif", writer="pillow")
race_picture(paths, Beale())
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcourse.backend import Array, to_numpy
from dlcourse.plots.paths import LEVELS, level_curves
from dlcourse.plots.style import line_style, look, marker
from dlcourse.surfaces import Surface

if TYPE_CHECKING:
    from matplotlib.animation import FuncAnimation
    from matplotlib.axes import Axes

LABELS_A_ROW = 3
RESOLUTION = 200
COLORS_A_PICTURE = 64
BUTTONS = {
    "minus": "−",
    "plus": "+",
    "fast-backward": "«",
    "step-backward": "‹",
    "play fa-flip-horizontal": "◀",
    "pause": "‖",
    "play": "▶",
    "step-forward": "›",
    "fast-forward": "»",
}
"""The signs on the buttons of the player, by their names in Font Awesome; of every font."""


def race(
    paths: Mapping[str, Array],
    surface: Surface,
    *,
    frames: int = 50,
    seconds: float = 5.0,
) -> FuncAnimation:
    """An animation of several optimizers on one surface, all at the same step.

    A line is where an optimizer has been, its marker where it is; a star marks each minimum. One
    that has reached its last step waits there. A path ends where it leaves the window for good or
    is no longer finite, and the legend then says so.

    Args:
        paths: for each label (steps+1, 2): the start, then a point after each update.
        surface: of `dlcourse.surfaces`.
        frames: the most pictures; with more steps than that, each picture is several steps on. The
            size and the time to make it grow with them.
        seconds: how long it runs, before it begins anew.

    Returns:
        The animation, for `race_html` or its own ``save``. Keep it in a variable until then.

    Raises:
        ValueError: if there is no path, or one is not (steps+1, 2).
    """
    from matplotlib.animation import FuncAnimation
    from matplotlib.figure import Figure

    runners = _runners(paths, surface)
    last = max(len(runner.points) for runner in runners) - 1
    steps = np.unique(np.linspace(0, last, min(frames, last + 1)).round().astype(int))
    with look():
        # Not a figure of pyplot: a notebook would show that one too, standing still.
        figure = Figure(figsize=_size(len(runners)), dpi=80, layout="constrained")
        ax = figure.add_subplot()
        artists = _draw(runners, surface, ax)
        box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 2.0}
        clock = ax.text(0.98, 0.03, "", ha="right", transform=ax.transAxes, bbox=box, zorder=5)
        # Laid out once: every picture has its axes in the same place.
        figure.draw_without_rendering()
        figure.set_layout_engine("none")

    def show(step: int) -> Iterable[Any]:
        for runner, (trail, head) in zip(runners, artists, strict=True):
            _move(runner, step, trail, head)
        clock.set_text(f"step {step} of {last}")
        return ()

    interval = 1000 * seconds / len(steps)
    return FuncAnimation(figure, show, frames=steps.tolist(), interval=interval, repeat_delay=1000)


def race_picture(
    paths: Mapping[str, Array], surface: Surface, *, title: str = "", ax: Axes | None = None
) -> Axes:
    """The finish of a race, standing still: whole paths, and a marker where each one ended.

    Args:
        paths: for each label (steps+1, 2): the start, then a point after each update.
        surface: of `dlcourse.surfaces`.
        title: what is seen.
        ax: the axes to draw on; new ones if None.

    Returns:
        The axes.

    Raises:
        ValueError: if there is no path, or one is not (steps+1, 2).
    """
    runners = _runners(paths, surface)
    with look():
        if ax is None:
            import matplotlib.pyplot as plt

            _, ax = plt.subplots(figsize=_size(len(runners)), layout="constrained")
        artists = _draw(runners, surface, ax)
        if title:
            ax.figure.suptitle(title)
    for runner, (trail, head) in zip(runners, artists, strict=True):
        _move(runner, len(runner.points) - 1, trail, head)
    return ax


def race_html(animation: FuncAnimation) -> str:
    """The animation as HTML with a player, for ``IPython.display.HTML``.

    Matplotlib's own player fetches the signs on its buttons from the network, and its slider and
    picture have no name for a screen reader; here the signs are text, and all have names.
    """
    html = _player(animation)
    html = re.sub(r'<link rel="stylesheet"\s+href="[^"]*font-awesome[^"]*">', "", html)
    html = html.replace('type="range"', 'type="range" aria-label="Picture of the race"')
    html = html.replace("<img id=", '<img alt="The race as it stands at this picture" id=')
    html = re.sub(r'<i class="fa fa-([-\w ]+)"></i>', lambda sign: BUTTONS[sign[1]], html)
    # base64 in matplotlib's script is broken into lines that end in a backslash
    return re.sub(r"(?<=data:image/png;base64,)[A-Za-z0-9+/=\\\n]+", _few_colors, html)


def _player(animation: FuncAnimation) -> str:
    """What ``animation.to_jshtml()`` makes, under a bar that counts the pictures."""
    from matplotlib.animation import HTMLWriter
    from tqdm.auto import tqdm

    clock: Any = animation.event_source
    writer = HTMLWriter(fps=1000 / clock.interval, embed_frames=True, default_mode="loop")
    with TemporaryDirectory() as folder, tqdm(desc="pictures", leave=False) as bar:

        def count(_: int, total: int) -> None:
            bar.total = total
            bar.update()

        page = Path(folder, "race.html")
        animation.save(page, writer=writer, progress_callback=count)
        return page.read_text()


def _few_colors(picture: re.Match[str]) -> str:
    """The same PNG, in base64, with a palette: a fraction of the size, and hardly seen."""
    from PIL import Image

    full = Image.open(io.BytesIO(base64.b64decode(picture[0].replace("\\\n", ""))))
    small = io.BytesIO()
    fewer = full.convert("RGB").quantize(
        COLORS_A_PICTURE, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
    )
    fewer.save(small, format="png")
    return base64.b64encode(small.getvalue()).decode()


@dataclass(frozen=True)
class _Runner:
    """A path, cut off where it never comes back into sight."""

    label: str
    points: np.ndarray
    lost: bool


def _runners(paths: Mapping[str, Array], surface: Surface) -> list[_Runner]:
    if not paths:
        raise ValueError("a race needs at least one path")
    return [_runner(label, path, surface) for label, path in paths.items()]


def _runner(label: str, path: Array, surface: Surface) -> _Runner:
    points = np.asarray(to_numpy(path), dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 2 or not len(points):
        raise ValueError(f"{label}: expected a path of shape (steps+1, 2), got {points.shape}")
    low, high = np.array(surface.window, dtype=np.float64).T
    inside = np.flatnonzero(((low <= points) & (points <= high)).all(axis=1))
    end = int(inside[-1]) + 1 if inside.size else 1
    # one point more shows where it left
    shown = points[: min(end + 1, len(points))]
    shown = np.clip(shown, low - 9 * (high - low), high + 9 * (high - low))
    return _Runner(label, shown, lost=end < len(points))


def _size(runners: int) -> tuple[float, float]:
    """Of the figure, in inches: the axes keep theirs when the legend has more rows."""
    return 5.6, 4.4 + 0.25 * ((runners - 1) // LABELS_A_ROW)


def _draw(runners: list[_Runner], surface: Surface, ax: Axes) -> list[tuple[Any, Any]]:
    """The surface and the legend; for each runner the line and the marker that are to move."""
    xlim, ylim = surface.window
    xs, ys = np.linspace(*xlim, RESOLUTION), np.linspace(*ylim, RESOLUTION)
    grid = np.stack(np.meshgrid(xs, ys), axis=-1)
    level_curves(xs, ys, to_numpy(surface.value(grid)), LEVELS, ax)
    ax.grid(False)
    for minimum in surface.minima:
        ax.plot(*minimum, marker="*", markersize=16, color="black", linestyle="none")
    artists = []
    for i, runner in enumerate(runners):
        style = line_style(i)
        (trail,) = ax.plot([], [], **style)
        (head,) = ax.plot(
            [], [], marker=marker(i), markersize=9, markeredgecolor="white", zorder=4, **style
        )
        head.set_label(f"{runner.label} (off the map)" if runner.lost else runner.label)
        for artist in (trail, head):
            # far outside the axes it is not seen, yet would be made room for
            artist.set_in_layout(False)
        artists.append((trail, head))
    ax.set(xlim=xlim, ylim=ylim, xlabel="$w_1$", ylabel="$w_2$")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=min(len(runners), LABELS_A_ROW))
    return artists


def _move(runner: _Runner, step: int, trail: Any, head: Any) -> None:
    been = runner.points[: step + 1]
    trail.set_data(been[:, 0], been[:, 1])
    head.set_data(been[-1:, 0], been[-1:, 1])
