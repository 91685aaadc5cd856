"""An audit for the instructor to read: a table in the terminal, and a page with the kill matrix."""

from __future__ import annotations

from pathlib import Path

from rich.table import Table

from autograder.audit import AnswerTrial, Audit, TestAudit
from autograder.report import pages
from autograder.results import property_of


def by_task(audit: Audit) -> dict[str, Audit]:
    """The audit, task by task."""
    return {task: audit.of(task) for task in audit.tasks}


def failed_cases(trial: AnswerTrial, test: TestAudit) -> int:
    """In how many of its cases a test fails for a known answer."""
    return sum(property_of(name) == test.name for name in trial.verdict.killed)


def table(audit: Audit) -> Table:
    """The audit as a table for the terminal: a row a task."""
    kind = "a quick audit, of one mutant in five" if audit.quick else "audit"
    shown = Table(title=f"{audit.lab}: {kind}, in {audit.seconds:.0f} s", show_footer=True)
    found = by_task(audit)
    tasks = found.values()
    shown.add_column("task", "all")
    columns = {
        "tests": [len(task.tests) for task in tasks],
        "idle": [len(task.idle) for task in tasks],
        "mistakes": [len(task.mistakes) for task in tasks],
        "killed": [task.killed for task in tasks],
        "named": [task.named for task in tasks],
        "fail visibly": [task.visible for task in tasks],
        "variants": [len(task.variants) for task in tasks],
        "rejected": [len(task.rejected) for task in tasks],
        "mutants": [len(task.mutants) for task in tasks],
        "equivalent": [len(task.equivalent) for task in tasks],
        "surviving": [len(task.survivors) for task in tasks],
    }
    if audit.quick:
        del columns["named"], columns["fail visibly"]
    for name, counts in columns.items():
        shown.add_column(name, str(sum(counts)), justify="right")
    for (name, task), *row in zip(found.items(), *columns.values(), strict=True):
        wrong = task.survivors or task.rejected or task.killed < len(task.mistakes)
        shown.add_row(name, *map(str, row), style="red" if wrong else None)
    shown.caption = (
        f"{audit.score:.1%} of the mutants that are not equivalent are killed;"
        " an idle test kills nothing that no other kills"
    )
    return shown


def write_page(audit: Audit, path: Path) -> Path:
    """Write the audit as one self-contained page."""
    page = pages.template("audit.html.j2").render(
        audit=audit, tasks=by_task(audit), failed_cases=failed_cases
    )
    return pages.write(path, page)
