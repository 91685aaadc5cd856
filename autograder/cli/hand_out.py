"""Commands that make what is handed out: new, build, bundle, package."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from autograder import labs
from autograder.cli.console import chosen_labs, console, errors, shown
from autograder.secret import course_secret


@click.command(name="build")
@click.argument("names", metavar="[LAB]...", nargs=-1)
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if labs/ is out of step.")
def build_command(names: tuple[str, ...], check: bool) -> None:
    """Build labs/ from solutions/ with nbgrader's own converters.

    Example: python -m autograder build lab01
    """
    from autograder import build

    stale = 0
    for lab in chosen_labs(names):
        if check and not build.is_current(lab):
            console.print(f"{lab.name}: out of step; run 'python -m autograder build'")
            stale += 1
        elif not check:
            console.print(f"{lab.name}: {shown(build.build(lab))}")
    sys.exit(1 if stale else 0)


@click.command()
@click.argument("name", metavar="LAB")
def new(name: str) -> None:
    """Write a small lab from a template: its notebook, library, checks, hidden tests and answers.

    Example: python -m autograder new lab10_attention
    """
    from autograder.new import new_lab

    for path in new_lab(name):
        console.print(shown(path), highlight=False, soft_wrap=True)
    console.print(f"next: python -m autograder build {name}", highlight=False, soft_wrap=True)


@click.command()
@click.argument("name", metavar="LAB|--all", required=False)
@click.option("--all", "everything", is_flag=True, help="A zip with the bundle of each lab.")
@click.option(
    "--out",
    required=True,
    metavar="ZIP",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The zip to write.",
)
def bundle(name: str | None, everything: bool, out: Path) -> None:
    """Write what a student gets: the lab, a wheel of the student edition of dlcourse, a README.

    Nothing is written if the zip would hold a solution, a hidden test, a key or the like. With
    --all, a zip of such zips is for you: hand them out one at a time, since the library of each lab
    has the solutions of earlier ones.

    Example: python -m autograder bundle lab01 --out lab01.zip
    """
    from autograder.bundle import LeakFound, write_bundle, write_course

    if everything == (name is not None):
        raise click.UsageError("say either a LAB or --all, as in: bundle lab01 --out lab01.zip")
    try:
        names = write_course(out) if name is None else write_bundle(labs.find(name), out)
    except LeakFound as error:
        for leak in error.leaks:
            errors.print(str(leak), markup=False, highlight=False, soft_wrap=True)
        raise
    console.print(f"{shown(out)}: {', '.join(names)}", highlight=False, soft_wrap=True)


@click.group()
def package() -> None:
    """Pack a lab's autograder for another platform."""


@package.command()
@click.argument("name", metavar="LAB")
@click.option(
    "--out",
    required=True,
    metavar="ZIP",
    type=click.Path(path_type=Path),
    help="The zip to write.",
)
def gradescope(name: str, out: Path) -> None:
    """Write the autograder zip that Gradescope asks for. It holds the hidden tests: keep it.

    Example: python -m autograder package gradescope lab01 --out lab01-gradescope.zip
    """
    from autograder.gradescope.pack import pack

    console.print(shown(pack(labs.find(name), course_secret(), out)), soft_wrap=True)
