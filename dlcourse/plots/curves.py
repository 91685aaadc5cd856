"""Loss curves, with their spread over seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from dlcourse.backend import Array, to_numpy
from dlcourse.plots.style import line_style, look

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Scale = Literal["linear", "log", "loglog"]


def loss_curves(
    curves: Mapping[str, Array | Sequence[float]],
    *,
    x: Array | Mapping[str, Array] | None = None,
    scale: Scale = "linear",
    band: tuple[float, float] = (0.1, 0.9),
    xlabel: str = "update",
    ylabel: str = "loss",
    ax: Axes | None = None,
) -> Axes:
    """A line a curve; of several seeds the median, in a band that shows their spread.

    Quantiles, unlike mean ± standard deviation, stay positive on a logarithmic axis. A loss that is
    not finite leaves a gap.

    Args:
        curves: for each label the losses, (K,), or (seeds, K) for several runs.
        x: (K,), where the losses were taken, or for each label its own; 1 … K if None.
        scale: "linear", "log" (loss axis) or "loglog" (both).
        band: the quantiles over seeds between which the band lies.
        xlabel: what is counted along the first axis.
        ylabel: what the curves show.
        ax: the axes to draw on; new ones if None.

    Returns:
        The axes.

    Raises:
        ValueError: if a curve is neither (K,) nor (seeds, K).
    """
    if ax is None:
        import matplotlib.pyplot as plt

        with look():
            _, ax = plt.subplots()
    for i, (label, losses) in enumerate(curves.items()):
        runs = np.asarray(to_numpy(losses), dtype=np.float64)
        if runs.ndim not in (1, 2) or runs.size == 0:
            raise ValueError(f"{label}: expected losses (K,) or (seeds, K), got shape {runs.shape}")
        runs = np.atleast_2d(np.where(np.isfinite(runs), runs, np.nan))
        at = x[label] if isinstance(x, Mapping) else x
        positions = np.arange(1, runs.shape[1] + 1) if at is None else to_numpy(at)
        ax.plot(positions, np.median(runs, axis=0), label=label, **line_style(i))
        if len(runs) > 1:
            low, high = np.quantile(runs, band, axis=0)
            color = line_style(i)["color"]
            ax.fill_between(positions, low, high, color=color, alpha=0.2, linewidth=0)
    if scale != "linear":
        ax.set_yscale("log")
    if scale == "loglog":
        ax.set_xscale("log")
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    ax.legend()
    return ax
