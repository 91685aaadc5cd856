"""Activation functions and their derivatives, side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from dlcourse.backend import Array, to_numpy
from dlcourse.plots.style import line_style, look

if TYPE_CHECKING:
    from matplotlib.figure import Figure

POINTS = 2001
Function = Callable[[Array], Array]


def activation_curves(
    functions: Mapping[str, Function | tuple[Function, Function]],
    *,
    limits: tuple[float, float] = (-4.0, 4.0),
) -> Figure:
    """Functions on the left, their derivatives on the right, a line each.

    Args:
        functions: for each label ``f``, or ``(f, derivative)``, each from z (POINTS,) to values of
            that shape. Without a derivative the slope between neighbouring points is drawn.
        limits: the range of z.

    Returns:
        The figure, with two axes.

    Raises:
        ValueError: if a function does not keep the shape of z.
    """
    import matplotlib.pyplot as plt

    z = np.linspace(*limits, POINTS)
    with look():
        figure, (left, right) = plt.subplots(1, 2, figsize=(8.5, 3.6), layout="constrained")
    for i, (label, entry) in enumerate(functions.items()):
        function, derivative = entry if isinstance(entry, tuple) else (entry, None)
        y = _values(label, function, z)
        slope = np.gradient(y, z) if derivative is None else _values(label, derivative, z)
        left.plot(z, y, label=label, **line_style(i))
        right.plot(z, slope, **line_style(i))
    for ax, ylabel in ((left, "y"), (right, "dy/dz")):
        ax.axhline(0, color="0.6", linewidth=0.8, zorder=0)
        ax.axvline(0, color="0.6", linewidth=0.8, zorder=0)
        ax.set(xlabel="z", ylabel=ylabel, xlim=limits)
    figure.legend(loc="outside upper center", ncols=min(len(functions), 5), frameon=False)
    return figure


def _values(label: str, function: Function, z: np.ndarray) -> np.ndarray:
    y = np.asarray(to_numpy(function(z)), dtype=np.float64)
    if y.shape != z.shape:
        raise ValueError(f"{label}: expected values of shape {z.shape}, got {y.shape}")
    return y
