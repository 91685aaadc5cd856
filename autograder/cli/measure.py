"""Commands that say whether labs and their hidden tests are sound: verify, audit."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

import click
from rich.table import Table

from autograder import labs
from autograder.cli.console import chosen_labs, console, errors, isolation_option
from autograder.collect import Handin
from autograder.results import ResultsFile, SubmissionResult
from autograder.run import Run, grade_all
from autograder.sandbox import backends
from autograder.secret import course_secret


@click.command()
@click.argument("names", metavar="[LAB]...", nargs=-1)
@isolation_option
def verify(names: tuple[str, ...], isolation: backends.Isolation) -> None:
    """Check that reference solutions reach full marks and released notebooks reach zero.

    Example: python -m autograder verify lab01
    """
    backends.check(isolation)
    table = Table("lab", "tests", "reference", "released", "seconds", title="verify")
    wrong = 0
    for lab in chosen_labs(names):
        with tempfile.TemporaryDirectory() as directory:
            results = ResultsFile.of(Path(directory))
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


@click.command(name="audit")
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


def _unexpected(reference: SubmissionResult, released: SubmissionResult) -> list[str]:
    problems = [
        f"the reference fails {task.name}: {test.name}: {test.message} {test.detail}"
        for task in reference.tasks
        for test in task.tests
        if not test.passed
    ]
    problems += [f"the released notebook passes {t.name}" for t in released.tasks if t.score]
    return problems
