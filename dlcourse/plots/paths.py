"""Paths of optimizers over the contours of a loss with two parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcourse.backend import Array, to_numpy
from dlcourse.plots.style import line_style, look, marker

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Limits = tuple[float, float]
LEVELS = 20
LEVEL_LINE: dict[str, Any] = {"colors": "0.7", "linewidths": 0.8, "linestyles": "solid"}


def contour_paths(
    loss: Callable[[np.ndarray], float],
    paths: Mapping[str, Array],
    *,
    minimum: tuple[float, float] | None = None,
    xlim: Limits | None = None,
    ylim: Limits | None = None,
    resolution: int = 80,
    ax: Axes | None = None,
) -> Axes:
    """Level curves of a loss, and over them where one or several optimizers went.

    The levels are spaced evenly in the logarithm of the loss above its lowest value on the grid, so
    that a narrow valley and its steep walls both show. A ring marks each start, a star the minimum.

    Args:
        loss: ``loss(w)`` of one point, w (2,); called resolution² times.
        paths: for each label (steps+1, 2): the start, then a point after each update. Points that
            are not finite are left out.
        minimum: where the loss is lowest, if it is known.
        xlim: the range of w₁ to show; None fits the paths and the minimum, so give it for a path
            that diverges.
        ylim: likewise for w₂.
        resolution: the number of grid points along each axis.
        ax: the axes to draw on; new ones if None.

    Returns:
        The axes.

    Raises:
        ValueError: if a path is not (steps+1, 2), or nothing says what to show.
    """
    if ax is None:
        import matplotlib.pyplot as plt

        with look():
            _, ax = plt.subplots()
    points = {label: _finite_points(label, path) for label, path in paths.items()}
    shown = [*points.values()] + ([np.array([minimum])] if minimum is not None else [])
    xlim, ylim = xlim or _limits(shown, 0), ylim or _limits(shown, 1)
    xs, ys = np.linspace(*xlim, resolution), np.linspace(*ylim, resolution)
    heights = np.array([[float(loss(np.array([x, y]))) for x in xs] for y in ys])
    level_curves(xs, ys, heights, LEVELS, ax)
    for i, (label, path) in enumerate(points.items()):
        every = max(1, len(path) // 15)
        style = line_style(i) | {"marker": marker(i), "markersize": 4, "markevery": every}
        ax.plot(path[:, 0], path[:, 1], label=label, **style)
        ax.plot(
            *path[:1].T, marker="o", markersize=11, markerfacecolor="none", color=style["color"]
        )
    if minimum is not None:
        ax.plot(*minimum, marker="*", markersize=14, color="black", linestyle="none")
    ax.set(xlim=xlim, ylim=ylim, xlabel="$w_1$", ylabel="$w_2$")
    if points:
        ax.legend()
    return ax


def _finite_points(label: str, path: Array) -> np.ndarray:
    points = np.asarray(to_numpy(path), dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(f"{label}: expected a path of shape (steps+1, 2), got {points.shape}")
    return points[np.isfinite(points).all(axis=1)]


def _limits(shown: list[np.ndarray], axis: int) -> Limits:
    """The extent of all points along `axis`, with a margin."""
    values = np.concatenate([points[:, axis] for points in shown]) if shown else np.empty(0)
    if not values.size:
        raise ValueError("no path, no minimum: give xlim and ylim")
    low, high = float(values.min()), float(values.max())
    margin = 0.15 * (high - low) or 1.0
    return low - margin, high + margin


def level_curves(
    xs: np.ndarray, ys: np.ndarray, heights: np.ndarray, levels: int, ax: Axes
) -> None:
    """Thin grey level curves, evenly spaced in the logarithm of the height above the lowest.

    Args:
        xs: (m,), where the heights were taken along the first axis.
        ys: (n,), along the second.
        heights: (n, m).
        levels: the number of level curves.
        ax: the axes to draw on.
    """
    lowest, highest = np.nanmin(heights), np.nanmax(heights)
    if highest > lowest:
        above = np.geomspace(1e-4, 1.0, levels, endpoint=False) * (highest - lowest)
        ax.contour(xs, ys, heights, levels=lowest + above, **LEVEL_LINE)
