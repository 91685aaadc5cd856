"""The instructor's command line: build labs, verify them, grade a class.

A module holds the commands of one purpose; here they are put together, and here alone is an error
caught. Exit code 0: all graded. 1: some could not be, the others are. 2: wrong usage, or no
sandbox.
"""

from __future__ import annotations

import sys

import click
from rich.markup import escape

from autograder.cli import grade, hand_out, measure, pass_on
from autograder.cli.console import errors
from autograder.errors import AutograderError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Build labs, verify them, and grade a class in a sandbox that a notebook cannot cheat."""


for command in (
    *(hand_out.new, hand_out.build_command, hand_out.bundle, hand_out.package),
    *(measure.verify, measure.audit_command, grade.grade),
    *(pass_on.report, pass_on.export_command),
):
    cli.add_command(command)


def main() -> None:
    """Run the command line; every error of ours is one line of words and exit code 2."""
    try:
        cli(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (AutograderError, ValueError, OSError) as error:
        errors.print(f"[red]error:[/red] {escape(_one_line(error))}", soft_wrap=True)
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        errors.print("stopped; what is graded is kept, and the same command goes on from there")
        sys.exit(130)


def _one_line(error: Exception) -> str:
    text = str(error)
    if isinstance(error, OSError) and error.filename and error.strerror:
        text = f"{error.filename}: {error.strerror}"
    return " ".join(text.split()) or type(error).__name__
