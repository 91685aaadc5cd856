"""The environment of all pages: everything is escaped, nothing may be missing."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from autograder.results import property_of

TEMPLATES = Path(__file__).parent / "templates"


@lru_cache(maxsize=8)
def template(name: str) -> Template:
    """The template of this name; autoescaped."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["points"] = points
    environment.filters["sentence"] = sentence
    return environment.get_template(name)


def points(value: float) -> str:
    """A score without the zeros that say nothing.

    >>> points(4.50), points(90.0)
    ('4.5', '90')
    """
    return f"{value:.2f}".rstrip("0").rstrip(".")


def sentence(test: str) -> str:
    """What a test's name says; its parameters are hidden inputs and stay away.

    >>> sentence("path_of_float32_is_float32[None-9]")
    'path of float32 is float32'
    """
    return property_of(test).replace("_", " ")


def shape(message: str) -> str:
    """A message with its numbers left open: what it has in common with others of its kind.

    >>> shape("path: 3 of 6 entries are wrong")
    'path: # of # entries are wrong'
    """
    return re.sub(r"\d+(?:\.\d+)?", "#", message)


def write(path: Path, page: str) -> Path:
    """Write a page; what no encoding has (half of a surrogate pair) becomes a question mark."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8", errors="replace")
    return path
