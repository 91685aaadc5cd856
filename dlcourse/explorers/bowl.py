"""Learning rate and momentum on an eccentric bowl."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcourse.backend import Array, to_numpy
from dlcourse.explorers.knobs import Choice, Explorer, Knob, Slider, View
from dlcourse.plots.paths import level_curves
from dlcourse.plots.style import COLORS, look
from dlcourse.surfaces import EccentricBowl

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MomentumStep = Callable[[Array, Array, Array, float, float], tuple[Array, Array]]
"""``step(w, grad, velocity, lr, beta) -> (w, velocity)``."""

STEPS = 60
STILL = ((0.5, 0.0), (1.9, 0.0), (0.5, 0.8), (3.0, 0.8))


def explore_bowl(step: MomentumStep, *, static: bool = False) -> Explorer:
    """Turn learning rate, momentum and eccentricity, and see the path and how fast it goes.

    The learning rate is in units of 1/L, where L is the larger curvature: without momentum
    descent diverges beyond 2.

    Args:
        step: ``momentum_step(w, grad, velocity, lr, beta) -> (w, velocity)``, w (2,).
        static: whether to show four settings side by side instead of knobs.

    Returns:
        What a notebook shows as the last line of a cell.

    Source: 001, "Quick recap: Problem with gradient descent"; 000, "Momentum Update".
    """
    knobs: dict[str, Knob] = {
        "share": Slider("Learning rate · L", 0.5, 0.05, 4.0, 0.05),
        "beta": Slider("Momentum β", 0.0, 0.0, 0.99, 0.01),
        "kappa": Choice("Condition number κ", 10, (1, 3, 10, 30, 100)),
    }

    def draw(share: float, beta: float, kappa: int) -> View:
        return _two_panels(step, share, beta, kappa)

    return Explorer(draw, knobs, lambda: _four_settings(step), static=static)


def _path(step: MomentumStep, bowl: EccentricBowl, share: float, beta: float) -> np.ndarray:
    w, velocity = np.array(bowl.start), np.zeros(2)
    path = [w]
    with np.errstate(all="ignore"):
        for _ in range(STEPS):
            w, velocity = step(w, bowl.gradient(w), velocity, share / bowl.L, beta)
            path.append(to_numpy(w))
    return np.array(path)


def _two_panels(step: MomentumStep, share: float, beta: float, kappa: int) -> View:
    from matplotlib.figure import Figure

    bowl = EccentricBowl(L=float(kappa))
    path = _path(step, bowl, share, beta)
    distance = np.linalg.norm(path, axis=1) / np.linalg.norm(path[0])
    with look():
        figure = Figure(figsize=(9.6, 3.7))
        left, right = figure.subplots(1, 2, width_ratios=(1.4, 1))
        _draw_path(bowl, path, left)
        left.set(title="The path", xlabel="$w_1$", ylabel="$w_2$")
        right.semilogy(distance.clip(1e-12, 1e12), color=COLORS[0])
        right.minorticks_off()
        right.axhline(1.0, color="black", linewidth=1, linestyle=":")
        right.set(
            title="Distance from the minimum",
            xlabel="update",
            ylabel="share of the start's",
            ylim=(1e-9, 1e3),
        )
        figure.subplots_adjust(left=0.07, right=0.985, top=0.9, bottom=0.15, wspace=0.24)
    return View(figure, _in_words(distance, share, beta, kappa))


def _in_words(distance: np.ndarray, share: float, beta: float, kappa: int) -> str:
    setting = f"Learning rate {share:.2f}/L, momentum {beta:.2f}, condition number {kappa}"
    last = distance[-1]
    if not last < 1e3:
        return f"{setting}: it diverges."
    if last > distance[: STEPS // 2].max():
        return f"{setting}: it moves away, {last:.3g} of the distance after {STEPS} updates."
    return f"{setting}: {last:.2g} of the distance is left after {STEPS} updates."


def _four_settings(step: MomentumStep) -> View:
    from matplotlib.figure import Figure

    bowl, words = EccentricBowl(L=10.0), []
    with look():
        figure = Figure(figsize=(10.5, 3.0), layout="constrained")
        axes = figure.subplots(1, 4, sharey=True)
        for ax, (share, beta) in zip(axes, STILL, strict=True):
            path = _path(step, bowl, share, beta)
            _draw_path(bowl, path, ax)
            ax.set_title(rf"$\eta = {share:g}/L$, $\beta = {beta:g}$", fontsize=11)
            distance = np.linalg.norm(path, axis=1) / np.linalg.norm(path[0])
            words.append(_in_words(distance, share, beta, 10))
    return View(figure, " ".join(words))


def _draw_path(bowl: EccentricBowl, path: np.ndarray, ax: Axes) -> None:
    xlim, ylim = (-10.0, 6.0), (-4.0, 4.0)
    xs, ys = np.linspace(*xlim, 81), np.linspace(*ylim, 61)
    heights: Any = bowl.value(np.stack(np.meshgrid(xs, ys), axis=-1))
    level_curves(xs, ys, heights, 14, ax)
    ax.grid(False)
    seen = np.clip(np.nan_to_num(path, nan=1e3), -1e3, 1e3)
    ax.plot(*seen.T, color=COLORS[0], marker="o", markersize=4, linewidth=1.5)
    ax.plot(*seen[0], marker="o", markersize=11, markerfacecolor="none", color=COLORS[0])
    ax.plot(0, 0, marker="*", markersize=15, color="black")
    ax.set(xlim=xlim, ylim=ylim)
