"""The instructor's command line: build labs, verify them, grade a class.

Exit code 0: all graded. 1: some could not be, the others are. 2: wrong usage, or no sandbox.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from autograder import labs
from autograder.collect import Handin, collect
from autograder.errors import AutograderError
from autograder.export import FORMATS, Export
from autograder.report.handins import keep_notebooks, kept_notebook
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
        from autograder.gradebook import check

        check(gradebook)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        found = collect(lab, paths, Path(scratch))
        for remark in found.remarks:
            errors.print(remark, markup=False)
        run = Run(lab, course_secret(), isolation, max(1, jobs), scheduler, force)
        kept = ResultsFile.open(out / "results.jsonl")
        results, replaced = _grade(run, found.handins, kept, replace=yes)
        if replaced:
            keep_notebooks(lab, found.handins, results, out)
        if replaced and gradebook is not None:
            _write_gradebook(lab, results, found.handins, gradebook, course)
    if replaced:
        _write_outputs(lab, results, kept, out, gradebook)
    _print_scores(results)
    if replaced:
        console.print(f"results, scores.csv and feedback are in {_shown(out)}")
    else:
        console.print("nothing was replaced; repeat the command with --yes to keep these scores")
    sys.exit(1 if any(result.status == "failed" for result in results) else 0)


@cli.command()
@click.argument(
    "directory", metavar="DIR", type=click.Path(path_type=Path, file_okay=False, exists=True)
)
def report(directory: Path) -> None:
    """Write DIR/report.html: how the class did, from the results that `grade --out DIR` left.

    Example: python -m autograder report results
    """
    from autograder.report.class_report import write_report

    console.print(f"the report is {_shown(write_report(directory))}")


@cli.command(name="export")
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
    console.print(_shown(exported.path), soft_wrap=True)


@cli.command(name="audit")
@click.argument("name", metavar="LAB")
@click.option("--quick", is_flag=True, help="Try one mutant in five.")
@click.option("--jobs", default=os.cpu_count() or 1, show_default=True, help="Trials at a time.")
@click.option("--json", "data", metavar="FILE", type=click.Path(path_type=Path), help="For CI.")
@click.option("--html", "page", metavar="FILE", type=click.Path(path_type=Path), help="To read.")
def audit_command(name: str, quick: bool, jobs: int, data: Path | None, page: Path | None) -> None:
    """Measure the hidden tests of LAB with known mistakes, mutants and right variants.

    Exit code 1: a mistake or a mutant survives, or a right variant is rejected.

    Example: python -m autograder audit lab01 --html audit.html
    """
    from autograder.audit import audit
    from autograder.report import audit_page

    found = audit(labs.find(name), quick=quick, jobs=max(1, jobs))
    console.print(audit_page.table(found))
    for problem in found.problems:
        errors.print(problem, markup=False, highlight=False, soft_wrap=True)
    if data is not None:
        data.write_text(json.dumps(found.to_json(), indent=1) + "\n", encoding="utf-8")
    if page is not None:
        audit_page.write_page(found, page)
    sys.exit(1 if found.problems else 0)


@cli.command()
@click.argument("name", metavar="LAB|--all", required=False)
@click.option("--all", "everything", is_flag=True, help="A zip with the bundle of each lab.")
@click.option(
    "--out", required=True, metavar="ZIP", type=click.Path(path_type=Path, dir_okay=False)
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
    console.print(f"{_shown(out)}: {', '.join(names)}", highlight=False, soft_wrap=True)


@cli.group()
def package() -> None:
    """Pack a lab's autograder for another platform."""


@package.command()
@click.argument("name", metavar="LAB")
@click.option("--out", required=True, metavar="ZIP", type=click.Path(path_type=Path))
def gradescope(name: str, out: Path) -> None:
    """Write the autograder zip that Gradescope asks for. It holds the hidden tests: keep it.

    Example: python -m autograder package gradescope lab01 --out lab01-gradescope.zip
    """
    from autograder.package import gradescope as pack

    console.print(_shown(pack(labs.find(name), course_secret(), out)), soft_wrap=True)


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
    from autograder.report.marks import read_marks

    everything = kept.latest()
    known = set(labs.all_labs())
    graded = [labs.find(name) for name in sorted({r.lab for r in everything} & known)]
    write_scores(graded, everything, out / "scores.csv")
    marks = read_marks(lab.name, gradebook_url) if gradebook_url is not None else {}
    for result in results:
        notebook = kept_notebook(result, out)
        write_feedback(result, out / "feedback", notebook, marks.get(result.student))


def _write_gradebook(
    lab: labs.Lab,
    results: list[SubmissionResult],
    handins: list[Handin],
    url: str,
    course: Path | None,
) -> None:
    from autograder import gradebook
    from autograder.course import Course, root_of

    files = {handin.student: handin.path for handin in handins}
    gradebook.write(lab, results, url, files=files, course=Course.at(course or root_of(url)))


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
