"""The class report's plots, as inline SVG that takes its ink from the page, light or dark."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from markupsafe import escape

from autograder.report.summary import OUTCOMES, Scores, TaskSummary

# Paul Tol's bright scheme: told apart by the colour-blind, on white and on black
COLORS = {"passed": "#4477AA", "partial": "#CCBB44", "failed": "#EE6677", "missing": "#BBBBBB"}
WIDTH = 3.5  # inches, 336 pixels: shown as large as it is on a telephone
_INK = "#010203"
_BINS = 10
_METADATA = ("Creator", "Date", "Format", "Type")


def score_histogram(scores: Scores, name: str) -> str:
    """How many submissions have how many points, with the median."""

    def draw(ax: Any) -> None:
        edges = np.linspace(0, scores.max_score, _BINS + 1)
        counts, _, _ = ax.hist(scores.values, bins=edges, color=COLORS["passed"], rwidth=0.92)
        median = scores.figures["median"]
        ax.axvline(median, color=_INK, linewidth=1.4, linestyle=(0, (4, 2)))
        left = median > 0.7 * scores.max_score
        ax.annotate(
            f"median {median:g}",
            (median, 1),
            xycoords=("data", "axes fraction"),
            xytext=(-4 if left else 4, 3),
            textcoords="offset points",
            ha="right" if left else "left",
            va="bottom",
        )
        ax.set_xlim(0, scores.max_score)
        ax.set_xticks(edges[::2])
        ax.set_ylim(0, max(1.0, counts.max()) * 1.05)
        ax.yaxis.get_major_locator().set_params(integer=True)
        ax.set_xlabel(f"points of {scores.max_score:g}, automatically graded")
        ax.set_ylabel("submissions")

    return _svg(draw, 2.5, f"histogram-{name}", f"Histogram of the scores in {name}")


def task_bars(tasks: Sequence[TaskSummary], name: str) -> str:
    """For each task a bar: the shares of the class that passed it, and so on."""

    def draw(ax: Any) -> None:
        for row, task in enumerate(tasks):
            left = 0.0
            for outcome in OUTCOMES:
                share = task.outcomes[outcome] / task.total
                ax.barh(row, share, left=left, height=0.4, color=COLORS[outcome])
                left += share
            above = {"va": "bottom", "parse_math": False, "in_layout": False}
            ax.text(0, row - 0.25, task.name, ha="left", **above)
            ax.text(1, row - 0.25, f"{task.mean_share:.0%}", ha="right", **above)
        ax.set_ylim(len(tasks) - 0.7, -0.8)
        ax.set_xlim(0, 1)
        ax.axis("off")

    return _svg(draw, 0.25 + 0.36 * len(tasks), f"bars-{name}", f"How the tasks of {name} went")


def _svg(draw: Callable[[Any], None], height: float, name: str, title: str) -> str:
    """An SVG element with a title; `name` keeps its ids apart from another figure's."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    look: Any = {
        "font.size": 10,
        "font.family": "sans-serif",
        "svg.fonttype": "none",
        "svg.hashsalt": "",
        "axes.spines.top": False,
        "axes.spines.right": False,
        **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor"), _INK),
        **dict.fromkeys(("xtick.color", "ytick.color"), _INK),
    }
    with mpl.rc_context(look), io.StringIO() as file:
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        draw(figure.add_subplot())
        figure.savefig(file, format="svg", transparent=True, metadata=dict.fromkeys(_METADATA))
        text = file.getvalue()
    svg = text[text.index("<svg") :].replace(_INK, "currentColor")
    own = hashlib.sha256(name.encode()).hexdigest()[:8]
    svg = re.sub(r'( id="|url\(#|href="#)', rf"\g<1>{own}-", svg)
    return svg.replace("<svg", f'<svg role="img" aria-label="{escape(title)}"', 1)
