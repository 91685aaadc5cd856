"""The command that grades a class, and what it leaves: scores, feedback, the gradebook."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from statistics import fmean

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from autograder import labs
from autograder.cli.console import console, errors, isolation_option, shown
from autograder.collect import Handin, collect
from autograder.export import write_all_scores
from autograder.outputs import Outputs
from autograder.results import ResultsFile, SubmissionResult
from autograder.run import Run, grade_all
from autograder.sandbox import backends
from autograder.secret import course_secret

MOST_ROWS = 100  # of the table of scores on the screen


@click.command()
@click.argument("name", metavar="LAB")
@click.argument(
    "paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "--out",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where results, scores and feedback go.",
)
@click.option("--jobs", default=os.cpu_count() or 1, show_default=True, help="Worker processes.")
@click.option("--scheduler", metavar="ADDR", help="A Dask scheduler, such as tcp://host:8786.")
@isolation_option
@click.option(
    "--gradebook",
    metavar="URL",
    is_flag=False,
    flag_value="sqlite:///gradebook.db",
    help="nbgrader's database; by itself, at the end, sqlite:///gradebook.db.",
)
@click.option(
    "--course",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="nbgrader's course root, for autograded/; by default where the database lies.",
)
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
    course: Path | None,
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
    if gradebook is not None:
        from autograder.database import check

        check(gradebook)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        found = collect(lab, paths, Path(scratch))
        for remark in found.remarks:
            errors.print(remark, markup=False)
        run = Run(lab, course_secret(), isolation, max(1, jobs), scheduler, force)
        kept = ResultsFile.of(out)
        outputs = Outputs(lab, found.handins, out, gradebook, course)
        results, replaced = _grade(run, found.handins, kept, outputs, replace=yes)
        if replaced:
            outputs.finish()
    if replaced:
        write_all_scores(kept.latest(), out / "scores.csv")
    print_scores(results)
    if replaced:
        console.print(f"results, scores.csv and feedback are in {shown(out)}")
    else:
        console.print("nothing was replaced; repeat the command with --yes to keep these scores")
    sys.exit(1 if any(result.status == "failed" for result in results) else 0)


def _grade(
    run: Run, handins: list[Handin], kept: ResultsFile, outputs: Outputs, *, replace: bool
) -> tuple[list[SubmissionResult], bool]:
    """Grade into `kept`; whether it was, which a forced run does only if it may replace."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=errors) as bar:
        task = bar.add_task(f"grading {run.lab.name}", total=len(handins))

        def done(result: SubmissionResult) -> None:
            bar.advance(task)
            if not run.force:
                outputs.add(result)

        if not run.force:
            return grade_all(run, handins, kept, done), True
        fresh = ResultsFile(kept.path.with_name("results-regraded.jsonl"))
        fresh.path.unlink(missing_ok=True)
        results = grade_all(run, handins, fresh, done)
    _print_changes(kept, results)
    if replace:
        for result in results:
            kept.append(result)
            outputs.add(result)
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


def print_scores(results: list[SubmissionResult]) -> None:
    """A row a student; of more than `MOST_ROWS`, those that could not be graded, and the mean."""
    table = Table("student", "score", "of", "status", "not full marks", "seconds")
    failed = [result for result in results if result.status == "failed"]
    for result in results if len(results) <= MOST_ROWS else failed:
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
    if table.rows:
        console.print(table)
    if len(results) > MOST_ROWS:
        mean = fmean(result.score for result in results)  # as in the report
        graded = f"{len(results) - len(failed)} of {len(results)} graded"
        console.print(f"{graded}, mean score {mean:.2f} of {results[0].max_score:g}")
    if any(result.isolation == "unsafe" for result in results):
        console.print("[red]graded without isolation: these scores can be forged[/red]")
