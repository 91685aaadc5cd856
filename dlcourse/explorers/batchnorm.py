"""What γ and β of batch normalization do, and what it does to the input's own place and width."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from dlcourse.backend import Array, to_numpy
from dlcourse.explorers.knobs import Explorer, Slider, View
from dlcourse.plots.style import COLORS, look

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Forward = Callable[[Array, Array, Array], tuple[Array, dict[str, Array]]]
"""``forward(z, gamma, beta) -> (y, cache)``."""

ROWS = 4000
LIMITS = (-10.0, 10.0)
STILL = ((1.0, 0.0), (2.0, 0.0), (1.0, 2.0), (-0.5, -1.0))


def explore_batchnorm(forward: Forward, *, static: bool = False) -> Explorer:
    """Turn γ and β, and the place and width of what comes in, and see what comes out.

    The unit's input has a mean and a width of its own, and two peaks, the right one lower.

    Args:
        forward: ``batchnorm_forward(z, gamma, beta) -> (y, cache)``, z (N, 1).
        static: whether to show four settings side by side instead of knobs.

    Returns:
        What a notebook shows as the last line of a cell.

    Source: 000, "Batch normalization".
    """
    knobs = {
        "gamma": Slider("Scale γ", 1.0, -3.0, 3.0, 0.1),
        "beta": Slider("Shift β", 0.0, -4.0, 4.0, 0.1),
        "mean": Slider("Mean of the input", 3.0, -5.0, 5.0, 0.5),
        "width": Slider("Width of the input", 1.5, 0.2, 3.0, 0.1),
    }

    def draw(gamma: float, beta: float, mean: float, width: float) -> View:
        return _two_panels(forward, gamma, beta, mean, width)

    return Explorer(draw, knobs, lambda: _four_settings(forward), static=static)


def _inputs(mean: float, width: float) -> np.ndarray:
    """Values (ROWS, 1) of just this mean and standard deviation, with two peaks."""
    rng = np.random.default_rng(4)
    lower = rng.normal(1.8, 0.6, size=ROWS // 4)
    values = np.concatenate([rng.normal(-0.6, 0.6, size=ROWS - len(lower)), lower])
    standard = (values - values.mean()) / values.std()
    return np.asarray(mean + width * standard)[:, None]


def _normalized(forward: Forward, z: np.ndarray, gamma: float, beta: float) -> np.ndarray:
    y, _ = forward(z, np.array([gamma]), np.array([beta]))
    return to_numpy(y)


def _two_panels(forward: Forward, gamma: float, beta: float, mean: float, width: float) -> View:
    from matplotlib.figure import Figure

    z = _inputs(mean, width)
    y = _normalized(forward, z, gamma, beta)
    with look():
        figure = Figure(figsize=(9.6, 3.3))
        left, right = figure.subplots(1, 2, sharex=True)
        _histogram(z, "$z$, what comes in", left)
        _histogram(y, r"$y$, what comes out", right)
        _mark_cut(y, right)
        figure.subplots_adjust(left=0.03, right=0.97, top=0.8, bottom=0.18, wspace=0.16)
    words = (
        f"In: mean {z.mean():.2f}, standard deviation {z.std():.2f}. "
        f"Out, with γ = {gamma:.1f} and β = {beta:.1f}: mean {y.mean() + 0.0:.2f}, "
        f"standard deviation {y.std():.2f}; a ReLU would cut off {(y < 0).mean():.0%}."
    )
    return View(figure, words)


def _four_settings(forward: Forward) -> View:
    from matplotlib.figure import Figure

    z, words = _inputs(3.0, 1.5), []
    with look():
        figure = Figure(figsize=(10.5, 2.9), layout="constrained")
        axes = figure.subplots(1, 1 + len(STILL), sharex=True)
        _histogram(z, "$z$, what comes in", axes[0])
        for ax, (gamma, beta) in zip(axes[1:], STILL, strict=True):
            y = _normalized(forward, z, gamma, beta)
            _histogram(y, rf"$\gamma = {gamma:g}$, $\beta = {beta:g}$", ax)
            _mark_cut(y, ax)
            words.append(
                f"γ = {gamma:g} and β = {beta:g}: mean {y.mean() + 0.0:.2f}, "
                f"standard deviation {y.std():.2f}."
            )
    return View(figure, f"In: mean 3.00, standard deviation 1.50. {' '.join(words)}")


def _histogram(values: np.ndarray, title: str, ax: Axes) -> None:
    counts, edges = np.histogram(values.clip(*LIMITS), bins=100, range=LIMITS)
    ax.stairs(counts, edges, fill=True, color=COLORS[0])
    ax.axvline(float(values.mean()), color=COLORS[2], linestyle="--")
    spread = f"mean {values.mean() + 0.0:.2f}, std {values.std():.2f}"
    ax.set_title(f"{title}\n{spread}", fontsize=11)
    ax.set(xlim=LIMITS, yticks=[])
    ax.spines["left"].set_visible(False)


def _mark_cut(y: np.ndarray, ax: Axes) -> None:
    """The part that a ReLU would cut off."""
    ax.axvspan(LIMITS[0], 0, color="0.5", alpha=0.25, linewidth=0, zorder=0)
    ax.set_xlabel(f"a ReLU cuts off {(y < 0).mean():.0%}")
