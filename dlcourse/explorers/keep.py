"""What the keep probability of dropout does to a layer, and to the sum that the next unit takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcourse.backend import Array, to_numpy
from dlcourse.explorers.knobs import Explorer, Slider, View
from dlcourse.plots.style import COLORS, look

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Mask = Callable[[tuple[int, ...], float, np.random.Generator], Array]
"""``mask(shape, keep, rng)``: 0 and 1."""
Forward = Callable[[Array, Array, float], Array]
"""``forward(y, mask, keep)``: the layer after inverted dropout."""

DRAWS = 1000
LIMITS = (-5.0, 15.0)
STILL = (1.0, 0.8, 0.5, 0.2)


def explore_keep(mask: Mask, forward: Forward, *, static: bool = False) -> Explorer:
    """Turn the keep probability, and see one draw of a layer and the next unit's sum over 1000.

    Args:
        mask: ``dropout_mask(shape, keep, rng)``, zeros and ones.
        forward: ``dropout_forward(y, mask, keep)``, inverted dropout.
        static: whether to show four settings side by side instead of knobs.

    Returns:
        What a notebook shows as the last line of a cell.

    Source: 000, "Dropout"; Srivastava et al., 2014.
    """
    knobs = {
        "keep": Slider("Keep probability", 0.5, 0.05, 1.0, 0.05),
        "draw_number": Slider("Draw number", 0, 0, 20, 1, digits=0),
    }

    def draw(keep: float, draw_number: float) -> View:
        return _two_panels(mask, forward, keep, int(draw_number))

    return Explorer(draw, knobs, lambda: _four_settings(mask, forward), static=static)


def _layer() -> tuple[np.ndarray, np.ndarray]:
    """The outputs of 64 units, and the weights with which the next unit takes them in."""
    rng = np.random.default_rng(5)
    return rng.uniform(0.2, 1.0, size=64), rng.normal(0.13, 0.25, size=64)


def _draws(mask: Mask, forward: Forward, keep: float) -> tuple[np.ndarray, np.ndarray]:
    """A layer (DRAWS, 64) after dropout, each row by a mask of its own; the next unit's sums."""
    y, w = _layer()
    rows = np.broadcast_to(y, (DRAWS, len(y))).copy()
    drawn = mask(rows.shape, keep, np.random.default_rng(6))
    dropped = to_numpy(forward(rows, drawn, keep))
    return dropped, dropped @ w


def _two_panels(mask: Mask, forward: Forward, keep: float, draw_number: int) -> View:
    from matplotlib.figure import Figure

    layer, sums = _draws(mask, forward, keep)
    y, w = _layer()
    now = layer[draw_number]
    with look():
        figure = Figure(figsize=(9.6, 3.5))
        left, right = figure.subplots(1, 2, width_ratios=(1, 1.5))
        _units(now, left)
        on = int((now != 0).sum())
        left.set_title(f"Draw {draw_number}: {on} of {y.size} units are on", fontsize=11)
        _histogram(sums, float(y @ w), right)
        right.axvline(float(sums[draw_number]), color=COLORS[1], linewidth=3, label="this draw")
        right.set_title(f"The next unit's sum, over {DRAWS} draws", fontsize=11)
        right.legend(loc="upper right", fontsize=9)
        figure.subplots_adjust(left=0.02, right=0.975, top=0.9, bottom=0.17, wspace=0.08)
    words = (
        f"Keep {keep:.2f}, draw {draw_number}: {on} of {y.size} units are on, and the next unit's "
        f"sum is {sums[draw_number]:.2f}. Over {DRAWS} draws its mean is {sums.mean():.2f} and its "
        f"standard deviation {sums.std():.2f}; without dropout it is {y @ w:.2f}."
    )
    return View(figure, words)


def _four_settings(mask: Mask, forward: Forward) -> View:
    from matplotlib.figure import Figure

    y, w = _layer()
    words = [f"Without dropout the next unit's sum is {y @ w:.2f}."]
    with look():
        figure = Figure(figsize=(10.5, 4.6), layout="constrained")
        grid = figure.subplots(2, len(STILL))
        for (above, below), keep in zip(grid.T, STILL, strict=True):
            layer, sums = _draws(mask, forward, keep)
            _units(layer[0], above)
            above.set_title(f"keep {keep:g}", fontsize=11)
            _histogram(sums, float(y @ w), below)
            words.append(
                f"Keep {keep:g}: mean {sums.mean():.2f}, standard deviation {sums.std():.2f}."
            )
    return View(figure, " ".join(words))


def _units(values: np.ndarray, ax: Axes) -> None:
    """64 units as 8 × 8 squares, larger for a larger output; a dot where a unit is off."""
    columns, rows = np.meshgrid(np.arange(8), np.arange(8))
    on = values != 0
    area: Any = 55 * np.abs(values[on])
    ax.scatter(columns.ravel()[on], rows.ravel()[on], s=area, marker="s", color=COLORS[0])
    ax.scatter(columns.ravel()[~on], rows.ravel()[~on], s=4, color="0.6")
    ax.set(xlim=(-0.8, 7.8), ylim=(7.8, -0.8), aspect="equal", xticks=[], yticks=[])
    ax.grid(False)
    ax.spines[:].set_visible(False)


def _histogram(sums: np.ndarray, without: float, ax: Axes) -> None:
    counts, edges = np.histogram(sums.clip(*LIMITS), bins=80, range=LIMITS)
    ax.stairs(counts, edges, fill=True, color=COLORS[0])
    ax.axvline(without, color="black", linestyle=":", label="without dropout")
    ax.axvline(float(sums.mean()), color=COLORS[2], linestyle="--", label="mean over the draws")
    ax.set(xlim=LIMITS, yticks=[], xlabel=f"{sums.mean():.2f} ± {sums.std():.2f}")
    ax.spines["left"].set_visible(False)
