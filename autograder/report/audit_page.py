"""An audit for the instructor to read: a table in the terminal, and a page with the kill matrix."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from autograder.audit import AnswerTrial, Audit, MutantTrial, TestAudit
from autograder.report import pages


@dataclass(frozen=True)
class TaskAudit:
    """What an audit found of one task."""

    name: str
    tests: tuple[TestAudit, ...]
    mistakes: tuple[AnswerTrial, ...]
    variants: tuple[AnswerTrial, ...]
    mutants: tuple[MutantTrial, ...]

    @property
    def killed(self) -> int:
        """How many known mistakes fail a hidden test."""
        return sum(not trial.verdict.survived for trial in self.mistakes)

    @property
    def named(self) -> int:
        """How many of them a student would be told of by their sentence."""
        return sum(trial.named for trial in self.mistakes)

    @property
    def visible(self) -> int:
        """How many of them the visible check rejects while the student works."""
        return sum(trial.verdict.seen for trial in self.mistakes)

    @property
    def rejected(self) -> list[AnswerTrial]:
        """The right variants that a hidden test fails."""
        return [trial for trial in self.variants if not trial.verdict.survived]

    @property
    def equivalent(self) -> list[MutantTrial]:
        """The mutants that are no mistakes."""
        return [trial for trial in self.mutants if trial.reason]

    @property
    def survivors(self) -> list[MutantTrial]:
        """The mutants that no test noticed."""
        return [trial for trial in self.mutants if trial.survived]

    @property
    def idle(self) -> list[TestAudit]:
        """The tests that kill nothing alone."""
        return [test for test in self.tests if not test.alone]

    def fails(self, trial: AnswerTrial, test: TestAudit) -> int:
        """In how many of its cases a test fails for a known answer."""
        return sum(name.partition("[")[0] == test.name for name in trial.verdict.killed)


def by_task(audit: Audit) -> list[TaskAudit]:
    """The audit, task by task."""
    return [
        TaskAudit(
            task,
            tuple(test for test in audit.tests if test.task == task),
            tuple(trial for trial in audit.mistakes if trial.answer.task == task),
            tuple(trial for trial in audit.variants if trial.answer.task == task),
            tuple(trial for trial in audit.mutants if trial.mutant.task == task),
        )
        for task in audit.tasks
    ]


def table(audit: Audit) -> Table:
    """The audit as a table for the terminal: a row a task."""
    kind = "a quick audit, of one mutant in five" if audit.quick else "audit"
    shown = Table(title=f"{audit.lab}: {kind}, in {audit.seconds:.0f} s", show_footer=True)
    tasks = by_task(audit)
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
    for task, *row in zip(tasks, *columns.values(), strict=True):
        wrong = task.survivors or task.rejected or task.killed < len(task.mistakes)
        shown.add_row(task.name, *map(str, row), style="red" if wrong else None)
    shown.caption = (
        f"{audit.score:.1%} of the mutants that are not equivalent are killed;"
        " an idle test kills nothing that no other kills"
    )
    return shown


def write_page(audit: Audit, path: Path) -> Path:
    """Write the audit as one self-contained page."""
    page = pages.template("audit.html.j2").render(audit=audit, tasks=by_task(audit))
    return pages.write(path, page)
