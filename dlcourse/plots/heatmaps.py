"""A table as a picture: optimizers × learning rates, say, with the value in each cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from dlcourse.backend import Array, to_numpy
from dlcourse.plots.style import look

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLORMAP = "cividis"
"""Runs from dark to light evenly, for the colour-blind and in grey too."""


def heat_map(
    values: Array,
    rows: Sequence[object],
    columns: Sequence[object],
    *,
    xlabel: str = "",
    ylabel: str = "",
    label: str = "",
    number: str = "{:.3g}",
    scale: Literal["linear", "log"] = "linear",
    best: Literal["low", "high"] | None = None,
    title: str = "",
    ax: Axes | None = None,
) -> Axes:
    """A coloured cell a value, with the number in it.

    A value that is not finite is a run that diverged: its cell is hatched and says so. A frame
    marks the best cell of each row.

    Args:
        values: (rows, columns).
        rows: what each row is, from the top.
        columns: what each column is; numbers are written short.
        xlabel: what the columns are.
        ylabel: what the rows are.
        label: what the values are, beside the colours.
        number: how a value is written.
        scale: whether colours follow the values or their logarithm, for losses over many decades.
        best: which value of a row gets the frame; None for no frames.
        title: what is seen.
        ax: the axes to draw on; new ones if None.

    Returns:
        The axes.

    Raises:
        ValueError: if the labels do not fit the shape of the values, or the scale is logarithmic
            and a value not positive.
    """
    table = _table(values, (len(rows), len(columns)), scale)
    finite = np.isfinite(table)
    if ax is None:
        import matplotlib.pyplot as plt

        with look():
            size = (0.85 * len(columns) + 2.6, 0.5 * len(rows) + 1.4)
            _, ax = plt.subplots(figsize=size, layout="constrained")
    _color(table, finite, scale, label, ax)
    for row, column in np.argwhere(~finite):
        _mark_diverged(row, column, ax)
    _write(table, finite, number, scale, ax)
    if best is not None:
        _frame_best(table, finite, best, ax)
    ax.set_xticks(range(len(columns)), [_short(column) for column in columns])
    ax.set_yticks(range(len(rows)), [_short(row) for row in rows])
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title)
    return ax


def _table(values: Array, shape: tuple[int, int], scale: str) -> np.ndarray:
    """The values as float64, once they fit the labels and the scale."""
    table = np.asarray(to_numpy(values), dtype=np.float64)
    if table.shape != shape or not table.size:
        raise ValueError(f"expected values of shape {shape}, as the labels say, got {table.shape}")
    if scale == "log" and (table[np.isfinite(table)] <= 0).any():
        raise ValueError("a logarithmic scale needs positive values; use scale='linear'")
    return table


def _color(
    table: np.ndarray, finite: np.ndarray, scale: Literal["linear", "log"], label: str, ax: Axes
) -> None:
    shown = np.ma.masked_array(table, ~finite)
    picture = ax.imshow(shown, cmap=COLORMAP, norm=scale, aspect="auto")
    if finite.any():
        bar = ax.figure.colorbar(picture, ax=ax, label=label)
        bar.outline.set_visible(False)
    ax.grid(False)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)


def _write(
    table: np.ndarray, finite: np.ndarray, number: str, scale: Literal["linear", "log"], ax: Axes
) -> None:
    """Each number in the cell, dark on light cells and light on dark ones."""
    (picture,) = ax.images
    for row, column in zip(*np.nonzero(finite), strict=True):
        value = table[row, column]
        red, green, blue, _ = picture.to_rgba(value)
        dark = 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.45
        color = "white" if dark else "black"
        ax.text(column, row, number.format(value), ha="center", va="center", color=color, size=10)


def _mark_diverged(row: int, column: int, ax: Axes) -> None:
    from matplotlib.patches import Rectangle

    corner = (column - 0.5, row - 0.5)
    cell = Rectangle(corner, 1, 1, facecolor="white", edgecolor="0.75", hatch="////", linewidth=0)
    ax.add_patch(cell)
    ground = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
    ax.text(column, row, "diverged", ha="center", va="center", size=8, style="italic", bbox=ground)


def _frame_best(
    table: np.ndarray, finite: np.ndarray, best: Literal["low", "high"], ax: Axes
) -> None:
    from matplotlib.patches import Rectangle

    ranked = np.where(finite, table if best == "low" else -table, np.inf)
    for row in np.flatnonzero(finite.any(axis=1)):
        corner = (ranked[row].argmin() - 0.46, row - 0.46)
        ax.add_patch(Rectangle(corner, 0.92, 0.92, fill=False, edgecolor="black", linewidth=2.5))
        ax.add_patch(Rectangle(corner, 0.92, 0.92, fill=False, edgecolor="white", linewidth=1))


def _short(label: object) -> str:
    return f"{label:g}" if isinstance(label, int | float | np.number) else str(label)
