"""The lines of a report on a student's function: plain text, and in Jupyter with colour and maps.

Colour never stands alone: each line says in words whether it holds. Text takes the colours of the
theme, and what has a colour of its own has its own ground too, so that light and dark both read.
"""

from __future__ import annotations

import html
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

_BADGE = (
    "border-radius:3px;color:#fff;flex:none;font-weight:600;min-width:5em;"
    "text-align:center;align-self:start"
)
_GROUND = {True: "#00664f", False: "#a8330b"}
_ERROR = "#d55e00"
_MAP_SIZE = 260
_MOST_ENTRIES_A_SIDE = 40


@dataclass(frozen=True)
class Line:
    """One line of a report.

    Attributes:
        passed: whether the property holds.
        sentence: the property, in words.
        reason: in words why it does not hold.
        detail: the numbers that came, and where.
        errors: the error of each entry where it is too large, 0 elsewhere, for a map; 1-D or 2-D.
    """

    passed: bool
    sentence: str
    reason: str = ""
    detail: str = ""
    errors: np.ndarray | None = field(default=None, compare=False)

    def __str__(self) -> str:
        text = f"{'✓' if self.passed else '✗'} {self.sentence}"
        if self.reason:
            text += f" — {self.reason}"
        return f"{text} ({self.detail})" if self.detail else text


def show(lines: Sequence[Line]) -> None:
    """Print the lines: with colour and maps in a Jupyter front end, plain text anywhere else."""
    text = "\n".join(map(str, lines))
    if not _in_jupyter():
        print(text)
        return
    from IPython.display import display

    display({"text/plain": text, "text/html": as_html(lines)}, raw=True)


def as_html(lines: Sequence[Line]) -> str:
    """The lines as a list in HTML; whatever a student's function brought in is escaped."""
    rows = "".join(map(_row, lines))
    return f'<div role="list" aria-label="Checks" style="line-height:1.5">{rows}</div>'


def _row(line: Line) -> str:
    sign, word = ("✓", "holds") if line.passed else ("✗", "fails")
    badge = (
        f'<span style="{_BADGE};background:{_GROUND[line.passed]}">'
        f'<span aria-hidden="true">{sign}</span> {word}</span>'
    )
    parts = [f"<div>{html.escape(line.sentence)}</div>"]
    if line.reason:
        parts.append(f"<div>{html.escape(line.reason)}</div>")
    if line.detail:
        parts.append(f"<div><code>{html.escape(line.detail)}</code></div>")
    if line.errors is not None:
        parts.append(error_map(line.errors))
    return (
        '<div role="listitem" style="display:flex;gap:.7em;margin:3px 0">'
        f"{badge}<div>{''.join(parts)}</div></div>"
    )


def error_map(errors: np.ndarray) -> str:
    """An SVG with a square an entry: empty where it is right, the fuller the worse.

    Args:
        errors: (columns,) or (rows, columns), not negative, 0 where the entry is right.

    Returns:
        The SVG with a caption; nothing where there are fewer than 4 or too many entries to show.
    """
    table = np.atleast_2d(errors)
    largest = float(table.max(initial=0.0))
    if table.ndim != 2 or table.size < 4 or max(table.shape) > _MOST_ENTRIES_A_SIDE or not largest:
        return ""
    rows, columns = table.shape
    side = min(18.0, _MAP_SIZE / max(rows, columns))
    worst = np.unravel_index(int(table.argmax()), table.shape)
    squares = [
        _square(i, j, side, float(table[i, j]) / largest) for i, j in np.ndindex(rows, columns)
    ]
    frame = _frame(int(worst[0]), int(worst[1]), side)
    wrong = int((table > 0).sum())
    label = (
        f"The error of each entry, {rows} × {columns}: {wrong} of {table.size} are wrong, "
        f"the worst in row {worst[0]}, column {worst[1]}."
    )
    caption = "Error of each entry: empty is right, fuller is worse, the frame is at the worst."
    width, height = columns * side + 4, rows * side + 4
    return (
        f'<svg role="img" aria-label="{label}" width="{width:g}" height="{height:g}" '
        f'viewBox="-2 -2 {width:g} {height:g}" style="display:block;margin-top:4px">'
        f'<g stroke="currentColor" stroke-opacity=".35" fill="{_ERROR}">{"".join(squares)}</g>'
        f'{frame}</svg><small aria-hidden="true">{caption}</small>'
    )


def _square(row: int, column: int, side: float, share: float) -> str:
    # The least error is still seen beside the largest.
    opacity = 0.3 + 0.7 * share if share else 0.0
    return (
        f'<rect x="{column * side:g}" y="{row * side:g}" width="{side:g}" height="{side:g}" '
        f'fill-opacity="{opacity:.2g}"/>'
    )


def _frame(row: int, column: int, side: float) -> str:
    return (
        f'<rect x="{column * side:g}" y="{row * side:g}" width="{side:g}" height="{side:g}" '
        'fill="none" stroke="currentColor" stroke-width="2.5"/>'
    )


def _in_jupyter() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and hasattr(shell, "kernel")
