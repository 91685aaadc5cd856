"""Commands that pass graded results on: report, export."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from autograder.cli.console import console, errors, shown
from autograder.export import FORMATS, Export


@click.command()
@click.argument(
    "directory", metavar="DIR", type=click.Path(path_type=Path, file_okay=False, exists=True)
)
def report(directory: Path) -> None:
    """Write DIR/report.html: how the class did, from the results that `grade --out DIR` left.

    Example: python -m autograder report results
    """
    from autograder.report.class_report import write_report

    console.print(f"the report is {shown(write_report(directory))}")


@click.command(name="export")
@click.argument("format", type=click.Choice(FORMATS))
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--out", metavar="FILE", type=click.Path(path_type=Path), help="Else, it is in DIR.")
@click.option("--lab", metavar="LAB", help="Of this lab alone.")
@click.option("--student", metavar="ID", help="Of this student alone.")
@click.option(
    "--roster",
    metavar="CSV",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Who is who: the columns student, name, email, lms_id, section (canvas, moodle).",
)
@click.option("--gradebook", metavar="URL", help="With the marks given by hand (canvas, moodle).")
def export_command(**options: Any) -> None:
    """Write the scores in DIR/results.jsonl for a spreadsheet, Canvas, Moodle or Gradescope.

    Example: python -m autograder export canvas results --lab lab01 --roster roster.csv
    """
    exported = Export(**options).write()
    for remark in exported.remarks:
        errors.print(remark, markup=False)
    console.print(shown(exported.path), soft_wrap=True)
