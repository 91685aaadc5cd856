"""Histograms of activations or gradients, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from dlcourse.backend import Array, to_numpy
from dlcourse.plots.style import COLORS, look

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BINS = 40
"""Bars a panel."""


def layer_histograms(
    nets: Mapping[str, Sequence[Array]],
    *,
    names: Sequence[str] | None = None,
    limits: tuple[float, float] | None = None,
    shared: bool = True,
    title: str = "",
) -> Figure:
    """A small histogram a layer, a row a net, each with its mean and standard deviation.

    Over each panel stand its mean μ and standard deviation σ, over all entries that are finite; the
    share that is not, if any; and the share that is exactly zero, from 1 % up. All bars of a panel
    are scaled to its tallest, not counting a bar that is mostly zeros: that one may be cut off.

    Args:
        nets: for each label what its layers put out (or their gradients), arrays of any shape.
        names: of the columns; "layer 1", "layer 2", … if None.
        limits: the range along the first axis, for every panel.
        shared: without limits, whether all panels of a row have one range, so that their widths
            can be compared, or each its own, so that its shape can be seen.
        title: what is seen.

    Returns:
        The figure; its axes lie in ``figure.axes``, row by row.

    Raises:
        ValueError: if there is nothing to show, or the nets differ in the number of layers.
    """
    import matplotlib.pyplot as plt

    rows = {
        label: [to_numpy(layer).ravel().astype(np.float64) for layer in layers]
        for label, layers in nets.items()
    }
    depths = {len(layers) for layers in rows.values()}
    if len(depths) != 1 or 0 in depths:
        raise ValueError(f"expected nets of one number of layers, got {sorted(depths)}")
    depth = depths.pop()
    columns = names or [f"layer {i}" for i in range(1, depth + 1)]
    with look():
        figure, grid = plt.subplots(
            len(rows),
            depth,
            figsize=(max(depth, 3) + 0.4, 1.3 * len(rows) + 0.4),
            squeeze=False,
            layout="constrained",
        )
    for (label, layers), axes in zip(rows.items(), grid, strict=True):
        ranges = _ranges(layers, limits, shared)
        for values, span, ax in zip(layers, ranges, axes, strict=True):
            _panel(values, span, ax)
        axes[0].set_ylabel(label)
    for name, ax in zip(columns, grid[-1], strict=True):
        ax.set_xlabel(name, fontsize=10)
    if title:
        figure.suptitle(title)
    return figure


def _panel(values: np.ndarray, span: tuple[float, float], ax: Axes) -> None:
    finite = values[np.isfinite(values)]
    counts, edges = np.histogram(finite, bins=BINS, range=span)
    ax.stairs(counts, edges, fill=True, color=COLORS[0])
    zeros = float((finite == 0).mean()) if finite.size else 0.0
    others = np.histogram(finite[finite != 0], bins=BINS, range=span)[0]
    tallest = others.max() if others.any() else counts.max()
    ax.set(xlim=span, ylim=(0, 1.1 * max(tallest, 1)), yticks=[])
    ax.set_xticks(span, [f"{end:.2g}" for end in span], fontsize=9)
    first, last = ax.get_xticklabels()
    first.set_horizontalalignment("left")
    last.set_horizontalalignment("right")
    ax.grid(False)
    ax.spines["left"].set_visible(False)
    ax.set_title("\n".join(_summary(values, finite, zeros)), fontsize=9, loc="left")


def _summary(values: np.ndarray, finite: np.ndarray, zeros: float) -> list[str]:
    if not finite.size:
        return ["nothing finite"]
    lines = [f"μ {finite.mean():.2g}", f"σ {finite.std():.2g}"]
    if zeros >= 0.01:
        lines.append(f"zero {zeros:.0%}")
    if finite.size < values.size:
        lines.append(f"not finite {1 - finite.size / values.size:.0%}")
    return lines


def _ranges(
    layers: list[np.ndarray], limits: tuple[float, float] | None, shared: bool
) -> list[tuple[float, float]]:
    """The range along the first axis for each layer; never empty."""
    if limits is not None:
        return [limits] * len(layers)
    if shared:
        return [_span(np.concatenate(layers))] * len(layers)
    return [_span(layer) for layer in layers]


def _span(values: np.ndarray) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    if not finite.size:
        return -1.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    return (low, high) if low < high else (low - 1.0, high + 1.0)
