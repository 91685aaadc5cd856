"""What the commands share: where they print, and how they read and show names."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click
from rich.console import Console

from autograder import labs
from autograder.sandbox.backends import Isolation

console = Console()
errors = Console(stderr=True)
isolation_option = click.option(
    "--isolation",
    type=click.Choice(get_args(Isolation)),
    default="bubblewrap",
    show_default=True,
    help="What keeps a notebook from the grader.",
)


def chosen_labs(names: tuple[str, ...]) -> list[labs.Lab]:
    """The labs of these names; all of them where there are none."""
    return [labs.find(name) for name in names or labs.all_labs()]


def shown(path: Path) -> str:
    """A path as the reader would type it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
