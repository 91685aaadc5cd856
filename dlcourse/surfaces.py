"""Loss surfaces over the plane, on which optimizers can be watched and raced.

Each has a value and a gradient for one point (2,) or many (…, 2), its minima, a start from which
the way down is instructive, and the window that a plot should show.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeAlias

import numpy as np

from dlcourse.backend import Array, namespace

Point: TypeAlias = tuple[float, float]
Window: TypeAlias = tuple[Point, Point]
"""``((x_min, x_max), (y_min, y_max))``."""


class Surface(Protocol):
    """What a plot or a race asks of a surface."""

    @property
    def start(self) -> Point:
        """Where to start."""

    @property
    def minima(self) -> tuple[Point, ...]:
        """Every point of the least value."""

    @property
    def least(self) -> float:
        """The value there."""

    @property
    def window(self) -> Window:
        """What a plot should show."""

    def value(self, w: Array) -> Array:
        """The value at points w (…, 2), shape (…)."""

    def gradient(self, w: Array) -> Array:
        """The gradient at points w (…, 2), same shape."""


@dataclass(frozen=True)
class EccentricBowl:
    """A quadratic bowl, steep one way and flat the other.

    ½·(μ·a² + L·b²), where (a, b) is the point turned back by `angle`

    Attributes:
        mu: the smaller eigenvalue of the Hessian, positive.
        L: the larger.
        angle: how far the flat axis is turned from the x axis, in radians.

    Source: 001, "Quick recap: Problem with gradient descent".
    """

    mu: float = 1.0
    L: float = 10.0
    angle: float = 0.0
    start: Point = (-8.0, 2.0)
    minima: ClassVar[tuple[Point, ...]] = ((0.0, 0.0),)
    least: ClassVar[float] = 0.0
    window: ClassVar[Window] = ((-10.0, 10.0), (-4.0, 4.0))

    @property
    def condition(self) -> float:
        """κ = L/μ."""
        return self.L / self.mu

    @property
    def hessian(self) -> np.ndarray:
        """The Hessian, (2, 2), float64, the same everywhere."""
        c, s = math.cos(self.angle), math.sin(self.angle)
        turn = np.array([[c, -s], [s, c]])
        return np.asarray(turn @ np.diag([self.mu, self.L]) @ turn.T)

    def value(self, w: Array) -> Array:
        """The value at points w (…, 2), shape (…)."""
        xp = namespace(w)
        return 0.5 * xp.sum(w * self.gradient(w), axis=-1)

    def gradient(self, w: Array) -> Array:
        """The gradient at points w (…, 2), same shape."""
        (xx, xy), (_, yy) = self.hessian.tolist()
        x, y = w[..., 0], w[..., 1]
        return _pair(xx * x + xy * y, xy * x + yy * y)


@dataclass(frozen=True)
class Beale:
    """Beale's function: flat plains between steep corners.

    (1.5 − x + xy)² + (2.25 − x + xy²)² + (2.625 − x + xy³)²

    Source: 000 and 002, "Visualizing the optimizers: Beale's Function"; Beale, 1958.
    """

    start: Point = (1.0, 1.5)
    minima: ClassVar[tuple[Point, ...]] = ((3.0, 0.5),)
    least: ClassVar[float] = 0.0
    window: ClassVar[Window] = ((-1.0, 4.5), (-1.5, 2.0))
    _constants: ClassVar[tuple[float, float, float]] = (1.5, 2.25, 2.625)

    def value(self, w: Array) -> Array:
        """The value at points w (…, 2), shape (…)."""
        x, y = w[..., 0], w[..., 1]
        a, b, c = self._constants
        return (a - x + x * y) ** 2 + (b - x + x * y**2) ** 2 + (c - x + x * y**3) ** 2

    def gradient(self, w: Array) -> Array:
        """The gradient at points w (…, 2), same shape."""
        x, y = w[..., 0], w[..., 1]
        dx, dy = 0.0, 0.0
        for power, constant in enumerate(self._constants, start=1):
            residual = constant - x + x * y**power
            dx = dx + 2 * residual * (y**power - 1)
            dy = dy + 2 * residual * power * x * y ** (power - 1)
        return _pair(dx, dy)


@dataclass(frozen=True)
class LongValley:
    """A long, narrow, bent valley (Rosenbrock's): easy to find, slow to follow.

    (1 − x)² + depth·(y − x²)²

    Attributes:
        depth: how steep the walls are; the condition number at the minimum grows with it.

    Source: 002, "Visualizing the optimizers: Long Valley"; Rosenbrock, 1960.
    """

    depth: float = 100.0
    start: Point = (-1.2, 1.0)
    minima: ClassVar[tuple[Point, ...]] = ((1.0, 1.0),)
    least: ClassVar[float] = 0.0
    window: ClassVar[Window] = ((-2.0, 2.0), (-1.0, 3.0))

    def value(self, w: Array) -> Array:
        """The value at points w (…, 2), shape (…)."""
        x, y = w[..., 0], w[..., 1]
        return (1 - x) ** 2 + self.depth * (y - x**2) ** 2

    def gradient(self, w: Array) -> Array:
        """The gradient at points w (…, 2), same shape."""
        x, y = w[..., 0], w[..., 1]
        off_floor = y - x**2
        return _pair(-2 * (1 - x) - 4 * self.depth * x * off_floor, 2 * self.depth * off_floor)


@dataclass(frozen=True)
class Saddle:
    """A saddle at the origin, with a minimum on either side to fall into.

    ½·x² − ½·y² + ¼·y⁴

    The start lies almost on the ridge, where the slope is tiny in the one direction that leads
    away.

    Source: 000 and 002, "Visualizing the optimizers: Saddle Point"; 003, "Saddle Points".
    """

    start: Point = (1.5, 1e-3)
    minima: ClassVar[tuple[Point, ...]] = ((0.0, -1.0), (0.0, 1.0))
    least: ClassVar[float] = -0.25
    window: ClassVar[Window] = ((-2.0, 2.0), (-1.6, 1.6))

    def value(self, w: Array) -> Array:
        """The value at points w (…, 2), shape (…)."""
        x, y = w[..., 0], w[..., 1]
        return 0.5 * x**2 - 0.5 * y**2 + 0.25 * y**4

    def gradient(self, w: Array) -> Array:
        """The gradient at points w (…, 2), same shape."""
        x, y = w[..., 0], w[..., 1]
        return _pair(x, y**3 - y)


def _pair(dx: Any, dy: Any) -> Array:
    return namespace(dx, dy).stack([dx, dy], axis=-1)
