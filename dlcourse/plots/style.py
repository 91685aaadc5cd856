"""One look for all figures: told apart by the colour-blind, and on a grey print.

The four colours differ in lightness (Paul Tol's high-contrast scheme and black), and each line has
a dash and a marker of its own besides.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

COLORS = ("#004488", "#DDAA33", "#BB5566", "#000000")
DASHES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D")
LOOK: dict[str, Any] = {
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.dpi": 100,
    "figure.figsize": (6.0, 4.0),
    "font.size": 11,
    "grid.alpha": 0.3,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
}


@contextmanager
def look() -> Iterator[None]:
    """A context in which figures that are made have the look of the course.

    ``with look(): fig, ax = plt.subplots()``
    """
    import matplotlib as mpl

    # Not rc_context: a notebook's first figure turns "interactive" on, so that cells show what they
    # draw, and that must outlast us.
    settings = cast(dict[str, Any], mpl.rcParams)
    before = {name: settings[name] for name in LOOK}
    settings.update(LOOK)
    try:
        yield
    finally:
        settings.update(before)


def line_style(i: int) -> dict[str, Any]:
    """Colour and dash of line number `i`, as keywords for ``Axes.plot``; the first 16 all differ.

    >>> line_style(1)
    {'color': '#DDAA33', 'linestyle': '--'}
    """
    turn = i // len(COLORS)
    return {"color": COLORS[i % len(COLORS)], "linestyle": DASHES[(i + turn) % len(DASHES)]}


def marker(i: int) -> str:
    """The marker that goes with line number `i`."""
    return MARKERS[(i + i // len(COLORS)) % len(MARKERS)]
