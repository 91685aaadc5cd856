"""Feedback: one self-contained page a student, that says what passed and what to look at."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from autograder.results import SubmissionResult


def write_feedback(result: SubmissionResult, directory: Path) -> Path:
    """Write ``directory/{student}/{lab}.html`` and return its path."""
    path = directory / result.student / f"{result.lab}.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_template().render(result=result), encoding="utf-8")
    return path


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["points"] = lambda value: f"{value:.2f}".rstrip("0").rstrip(".")
    environment.filters["sentence"] = lambda name: name.partition("[")[0].replace("_", " ")
    environment.filters["case"] = lambda name: name.partition("[")[2].rstrip("]")
    return environment.get_template("feedback.html.j2")
