"""The instructor's command line: build labs, verify them, grade a class.

Exit code 0: all graded. 1: some could not be, the others are. 2: wrong usage, or no sandbox.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from autograder import labs
from autograder.collect import Handin, collect
from autograder.errors import AutograderError
from autograder.results import ResultsFile, SubmissionResult
from autograder.run import Run, grade_all
from autograder.sandbox import backends
from autograder.secret import course_secret

console = Console()
errors = Console(stderr=True)
ISOLATIONS = click.Choice(["bubblewrap", "account", "unsafe"])


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Build labs, verify them, and grade a class in a sandbox that a notebook cannot cheat."""


@cli.command(name="build")
@click.argument("names", metavar="[LAB]...", nargs=-1)
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if labs/ is out of step.")
def build_command(names: tuple[str, ...], check: bool) -> None:
    """Build labs/ from solutions/ with nbgrader's own converters.

    Example: python -m autograder build lab01
    """
    from autograder import build

    stale = 0
    for lab in _labs(names):
        if check and not build.is_current(lab):
            console.print(f"{lab.name}: out of step; run 'python -m autograder build'")
            stale += 1
        elif not check:
            console.print(f"{lab.name}: {_shown(build.build(lab))}")
    sys.exit(1 if stale else 0)


@cli.command()
@click.argument("names", metavar="[LAB]...", nargs=-1)
@click.option("--isolation", type=ISOLATIONS, default="bubblewrap", show_default=True)
def verify(names: tuple[str, ...], isolation: backends.Isolation) -> None:
    """Check that reference solutions reach full marks and released notebooks reach zero.

    Example: python -m autograder verify lab01
    """
    backends.check(isolation)
    table = Table("lab", "tests", "reference", "released", "seconds", title="verify")
    wrong = 0
    for lab in _labs(names):
        with tempfile.TemporaryDirectory() as directory:
            results = ResultsFile.open(Path(directory) / "results.jsonl")
            handins = [Handin("reference", lab.path), Handin("released", lab.release)]
            run = Run(lab, course_secret(), isolation, jobs=1)
            reference, released = grade_all(run, handins, results, lambda result: None)
        right = reference.score == reference.max_score and released.score == 0
        right = right and reference.status == released.status == "graded" and not reference.errors
        wrong += not right
        tests = sum(len(task.tests) for task in reference.tasks)
        table.add_row(
            lab.name,
            str(tests),
            f"{reference.score:g} of {reference.max_score:g}",
            f"{released.score:g}",
            f"{reference.seconds + released.seconds:.2f}",
            style=None if right else "red",
        )
        for problem in [*reference.errors, *_unexpected(reference, released)]:
            errors.print(f"{lab.name}: {problem}", markup=False)
    console.print(table)
    sys.exit(1 if wrong else 0)


@cli.command()
@click.argument("name", metavar="LAB")
@click.argument(
    "paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "--out", required=True, metavar="DIR", type=click.Path(path_type=Path, file_okay=False)
)
@click.option("--jobs", default=os.cpu_count() or 1, show_default=True, help="Worker processes.")
@click.option("--scheduler", metavar="ADDR", help="A Dask scheduler, such as tcp://host:8786.")
@click.option("--isolation", type=ISOLATIONS, default="bubblewrap", show_default=True)
@click.option("--gradebook", metavar="URL", help="nbgrader's database: sqlite:///gradebook.db")
@click.option("--force", is_flag=True, help="Grade all anew, also what has not changed.")
@click.option("--yes", is_flag=True, help="With --force: replace the results that are there.")
def grade(
    name: str,
    paths: tuple[Path, ...],
    out: Path,
    jobs: int,
    scheduler: str | None,
    isolation: backends.Isolation,
    gradebook: str | None,
    force: bool,
    yes: bool,
) -> None:
    """Grade the submissions of LAB found at each PATH; results go to --out.

    A PATH is a notebook (its name is the student), a directory with nbgrader's layout
    {student}/{lab}/{lab}.ipynb, or a zip of such files. What is graded already and has not
    changed is not graded again, so an interrupted command resumes when it is repeated.

    Example: python -m autograder grade lab01 submitted/ --out results --gradebook
    sqlite:///gradebook.db
    """
    lab = labs.find(name)
    backends.check(isolation)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        found = collect(lab, paths, Path(scratch))
        for remark in found.remarks:
            errors.print(remark, markup=False)
        run = Run(lab, course_secret(), isolation, max(1, jobs), scheduler, force)
        kept = ResultsFile.open(out / "results.jsonl")
        results, replaced = _grade(run, found.handins, kept, replace=yes)
    if replaced:
        _write_outputs(lab, results, kept, out, gradebook)
    _print_scores(results)
    if replaced:
        console.print(f"results, scores.csv and feedback are in {_shown(out)}")
    else:
        console.print("nothing was replaced; repeat the command with --yes to keep these scores")
    sys.exit(1 if any(result.status == "failed" for result in results) else 0)


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


def _grade(
    run: Run, handins: list[Handin], kept: ResultsFile, *, replace: bool
) -> tuple[list[SubmissionResult], bool]:
    """Grade into `kept`; whether it was, which a forced run does only if it may replace."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=errors) as bar:
        task = bar.add_task(f"grading {run.lab.name}", total=len(handins))
        if not run.force:
            return grade_all(run, handins, kept, lambda result: bar.advance(task)), True
        fresh = ResultsFile(kept.path.with_name("results-regraded.jsonl"))
        fresh.path.unlink(missing_ok=True)
        results = grade_all(run, handins, fresh, lambda result: bar.advance(task))
    _print_changes(kept, results)
    if replace:
        for result in results:
            kept.append(result)
    fresh.path.unlink(missing_ok=True)
    return results, replace


def _print_changes(kept: ResultsFile, results: list[SubmissionResult]) -> None:
    changed = 0
    for result in results:
        before = kept.get(result.student, result.lab)
        if before is not None and before.score != result.score:
            changed += 1
            change = f"{before.score:g} → {result.score:g} ({result.score - before.score:+g})"
            console.print(f"{result.student}: {change}", markup=False, highlight=False)
    console.print(f"{changed} of {len(results)} scores change")


def _write_outputs(
    lab: labs.Lab,
    results: list[SubmissionResult],
    kept: ResultsFile,
    out: Path,
    gradebook_url: str | None,
) -> None:
    from autograder.export import write_scores
    from autograder.report.feedback import write_feedback

    everything = kept.latest()
    known = set(labs.all_labs())
    graded = [labs.find(name) for name in sorted({r.lab for r in everything} & known)]
    write_scores(graded, everything, out / "scores.csv")
    for result in results:
        write_feedback(result, out / "feedback")
    if gradebook_url is not None:
        from autograder import gradebook

        gradebook.write(lab, results, gradebook_url)


def _print_scores(results: list[SubmissionResult]) -> None:
    table = Table("student", "score", "of", "status", "not full marks", "seconds")
    for result in results:
        short = [
            f"{task.name} {task.score:g}/{task.max_score:g}"
            for task in result.tasks
            if task.score is not None and task.status != "passed"
        ]
        words = ", ".join(short) if len(short) <= 3 else f"{len(short)} tasks"
        if result.status == "failed":
            words = result.errors[0]
        table.add_row(
            result.student,
            f"{result.score:g}",
            f"{result.max_score:g}",
            result.status,
            words,
            f"{result.seconds:.1f}",
        )
    console.print(table)
    if any(result.isolation == "unsafe" for result in results):
        console.print("[red]graded without isolation: these scores can be forged[/red]")


def _labs(names: tuple[str, ...]) -> list[labs.Lab]:
    return [labs.find(name) for name in names or labs.all_labs()]


def _unexpected(reference: SubmissionResult, released: SubmissionResult) -> list[str]:
    problems = [
        f"the reference fails {task.name}: {test.name}: {test.message} {test.detail}"
        for task in reference.tasks
        for test in task.tests
        if not test.passed
    ]
    problems += [f"the released notebook passes {t.name}" for t in released.tasks if t.score]
    return problems


def _shown(path: Path) -> str:
    """A path as the reader would type it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
