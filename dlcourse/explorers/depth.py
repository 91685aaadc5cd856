"""How large the weights are drawn, and what is left of a signal after many layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from dlcourse.backend import Array, to_numpy
from dlcourse.explorers.knobs import Choice, Explorer, Knob, Slider, View
from dlcourse.plots.style import COLORS, line_style, look

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Statistics = Callable[[Array, Sequence[Array], str], tuple[Array, Array]]
"""``statistics(x, weights, nonlinearity) -> (means, stds)``, each (depth,)."""

DEPTH = 20
ROWS = 64
LOW, HIGH = 0.01, 1.0
FLOOR, CEILING = 1e-12, 1e12
STILL = (0.01, 0.1, 0.14, 1.0)


def explore_depth(statistics: Statistics, *, static: bool = False) -> Explorer:
    """Turn the standard deviation of the weights, and see the signal through twenty layers.

    Args:
        statistics: ``activation_statistics(x, weights, nonlinearity) -> (means, stds)``.
        static: whether to show four settings side by side instead of knobs.

    Returns:
        What a notebook shows as the last line of a cell.

    Source: 003, "Weight Initialization".
    """
    knobs: dict[str, Knob] = {
        "std": Slider("Standard deviation", 0.05, LOW, HIGH, 0.01, digits=3, logarithmic=True),
        "width": Choice("Units a layer", 100, (25, 100, 225)),
        "nonlinearity": Choice("Nonlinearity", "tanh", ("tanh", "relu")),
    }

    @cache
    def sweep(width: int, nonlinearity: str) -> tuple[np.ndarray, np.ndarray]:
        candidates = np.geomspace(LOW, HIGH, 25)
        ends = [_stds(statistics, std, width, nonlinearity)[-1] for std in candidates]
        return candidates, np.array(ends)

    def draw(std: float, width: int, nonlinearity: str) -> View:
        stds = _stds(statistics, std, width, nonlinearity)
        return _two_panels(stds, sweep(width, nonlinearity), std, width, nonlinearity)

    return Explorer(draw, knobs, lambda: _four_settings(statistics), static=static)


def _stds(statistics: Statistics, std: float, width: int, nonlinearity: str) -> np.ndarray:
    """The standard deviation of the input and of each layer's outputs, (DEPTH + 1,)."""
    rng = np.random.default_rng(7)
    x = rng.normal(size=(ROWS, width))
    weights = [std * rng.normal(size=(width, width)) for _ in range(DEPTH)]
    with np.errstate(all="ignore"):
        _, stds = statistics(x, weights, nonlinearity)
    return np.append(x.std(), to_numpy(stds))


def _two_panels(
    stds: np.ndarray,
    sweep: tuple[np.ndarray, np.ndarray],
    std: float,
    width: int,
    nonlinearity: str,
) -> View:
    from matplotlib.figure import Figure

    with look():
        figure = Figure(figsize=(9.6, 3.5))
        left, right = figure.subplots(1, 2)
        _through_depth(stds, left)
        left.set(title="Layer by layer", ylabel="std of the outputs")
        candidates, ends = sweep
        right.loglog(candidates, ends.clip(FLOOR, CEILING), color=COLORS[0])
        right.minorticks_off()
        right.axhline(1.0, color="black", linewidth=1, linestyle=":")
        right.plot(std, stds[-1].clip(FLOOR, CEILING), "o", color=COLORS[2], markersize=9)
        right.set(
            title=f"After layer {DEPTH}, for every start",
            xlabel="standard deviation of the weights",
            ylim=(FLOOR, CEILING),
        )
        figure.subplots_adjust(left=0.085, right=0.985, top=0.9, bottom=0.16, wspace=0.18)
    words = (
        f"Weights of standard deviation {std:.3g}, {width} units a layer, {nonlinearity}: the "
        f"signal has standard deviation {stds[1]:.2g} after one layer and {stds[-1]:.2g} after "
        f"{DEPTH}."
    )
    return View(figure, words)


def _four_settings(statistics: Statistics) -> View:
    from matplotlib.figure import Figure

    words = []
    with look():
        figure = Figure(figsize=(9.6, 3.6), layout="constrained")
        axes = figure.subplots(1, 2, sharey=True)
        for ax, nonlinearity in zip(axes, ("tanh", "relu"), strict=True):
            for i, std in enumerate(STILL):
                stds = _stds(statistics, std, 100, nonlinearity)
                ax.semilogy(stds.clip(FLOOR, CEILING), **line_style(i), label=f"std {std:g}")
                words.append(f"{nonlinearity}, {std:g}: {stds[-1]:.2g} after {DEPTH} layers.")
            ax.set(title=f"100 units a layer, {nonlinearity}", xlabel="layer")
            ax.set_xticks(range(0, DEPTH + 1, 5))
        axes[0].set(ylabel="std of the outputs", ylim=(FLOOR, CEILING))
        axes[0].legend(title="weights", fontsize=9)
    return View(figure, " ".join(words))


def _through_depth(stds: np.ndarray, ax: Axes) -> None:
    ax.semilogy(stds.clip(FLOOR, CEILING), color=COLORS[0], marker="o", markersize=4)
    ax.minorticks_off()
    ax.axhline(1.0, color="black", linewidth=1, linestyle=":")
    ax.set(xlabel="layer", ylim=(FLOOR, CEILING))
    ax.set_xticks(range(0, DEPTH + 1, 5))
