"""How good are a lab's hidden tests: what they kill, what they let live, what they wrongly reject.

Four questions, on the lab's reference solutions and known answers:

- does every known mistake fail a hidden test, and which (the kill matrix);
- does every mutant of a reference fail one, but for those that ``equivalents/labNN.toml`` lists;
- does every right variant pass them all;
- which tests could go, since whatever they kill is killed by another as well.

And one on the visible checks: which of the known mistakes do they tell the student of already.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from autograder import equivalents
from autograder.answers import Answer, AnswerError, load, unbound
from autograder.diagnose import Diagnoser
from autograder.equivalents import Equivalents
from autograder.grading import HiddenTests
from autograder.labs import Lab
from autograder.mutants import Mutant, mutants
from autograder.reference import reference_source
from autograder.results import property_of
from autograder.trials import Trials, Verdict

SECRET = b"audit"  # of its own: two audits of the same lab say the same
QUICK_SHARE = 5


@dataclass(frozen=True)
class AnswerTrial:
    """A known answer and what became of it; `named` if a student who gave it would be told."""

    answer: Answer
    verdict: Verdict
    named: bool = False


@dataclass(frozen=True)
class MutantTrial:
    """A mutant and what became of it; `reason` is why it is no mistake, if it is none."""

    mutant: Mutant
    verdict: Verdict
    reason: str = ""

    @property
    def survived(self) -> bool:
        """Whether the hidden tests let a mistake live."""
        return self.verdict.survived and not self.reason


@dataclass(frozen=True)
class TestAudit:
    """A hidden test, its cases taken together: how much it kills, and how much no other does."""

    __test__ = False

    task: str
    name: str
    kills: int = 0
    alone: int = 0


@dataclass(frozen=True)
class Audit:
    """All that an audit found of one lab, or of some of its mutants if it was a quick one."""

    lab: str
    tasks: tuple[str, ...]
    mistakes: tuple[AnswerTrial, ...]
    variants: tuple[AnswerTrial, ...]
    mutants: tuple[MutantTrial, ...]
    tests: tuple[TestAudit, ...]
    stale: tuple[str, ...] = ()
    left_out: dict[str, str] = field(default_factory=dict)
    quick: bool = False
    seconds: float = 0.0

    @property
    def score(self) -> float:
        """The share of mutants killed, among those that are not equivalent to the reference."""
        counted = [trial for trial in self.mutants if not trial.reason]
        killed = sum(not trial.survived for trial in counted)
        return killed / len(counted) if counted else 1.0

    @property
    def killed(self) -> int:
        """How many known mistakes fail a hidden test."""
        return sum(not trial.verdict.survived for trial in self.mistakes)

    @property
    def named(self) -> int:
        """How many known mistakes a student would be told of by their sentence."""
        return sum(trial.named for trial in self.mistakes)

    @property
    def visible(self) -> int:
        """How many known mistakes the visible check rejects while the student works."""
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
        """The mutants that no test noticed and that nobody has declared equivalent."""
        return [trial for trial in self.mutants if trial.survived]

    @property
    def idle(self) -> list[TestAudit]:
        """The tests that kill nothing alone."""
        return [test for test in self.tests if not test.alone]

    @property
    def problems(self) -> list[str]:
        """What is wrong, a sentence each; an audit without any has passed."""
        found = [
            f"{_place(trial.answer)}: a known mistake passes every hidden test"
            for trial in self.mistakes
            if trial.verdict.survived
        ]
        found += [
            f"{_place(trial.answer)}: a right variant is rejected by {_list(trial.verdict)}"
            for trial in self.rejected
        ]
        found += [
            f"{trial.mutant.task} {trial.mutant.id}: a mutant survives: {trial.mutant.change}"
            for trial in self.survivors
        ]
        return [*found, *self.stale]

    def of(self, task: str) -> Audit:
        """What was found of one task."""
        return replace(
            self,
            tasks=(task,),
            mistakes=tuple(trial for trial in self.mistakes if trial.answer.task == task),
            variants=tuple(trial for trial in self.variants if trial.answer.task == task),
            mutants=tuple(trial for trial in self.mutants if trial.mutant.task == task),
            tests=tuple(test for test in self.tests if test.task == task),
        )

    def to_json(self) -> dict[str, Any]:
        """The audit as JSON would have it: for a script, or to compare with an earlier one."""
        return {
            "lab": self.lab,
            "quick": self.quick,
            "seconds": self.seconds,
            "problems": self.problems,
            "left_out": self.left_out,
            "mistakes": {
                "total": len(self.mistakes),
                "killed": self.killed,
                "named": None if self.quick else self.named,
                "visible": None if self.quick else self.visible,
                "matrix": {_place(t.answer): list(t.verdict.killed) for t in self.mistakes},
            },
            "variants": {
                "total": len(self.variants),
                "rejected": [_place(trial.answer) for trial in self.rejected],
            },
            "mutants": {
                "total": len(self.mutants),
                "equivalent": len(self.equivalent),
                "timed_out": sum(trial.verdict.timed_out for trial in self.mutants),
                "score": round(self.score, 4),
                "survivors": [_described(trial.mutant) for trial in self.survivors],
            },
            "tests": [asdict(test) for test in self.tests],
        }


def audit(lab: Lab, *, quick: bool = False, jobs: int = 2) -> Audit:
    """Measure the hidden tests of a lab.

    Args:
        lab: the lab.
        quick: try one mutant in five, and neither the visible checks nor the diagnosis.
        jobs: how many trials run at a time.
    """
    started = time.monotonic()
    known = equivalents.read(lab.name)
    tasks = [task for task in lab.code_tasks() if task not in known.left_out]
    tests = HiddenTests(lab.hidden_tests, SECRET)
    try:
        trials = Trials(lab, tests, jobs)
        answers = _try_answers(lab, tests, trials, tasks, quick=quick)
        made = [mutant for task in tasks for mutant in mutants(task, reference_source(lab, task))]
        chosen = [mutant for mutant in made if not quick or int(mutant.id, 16) % QUICK_SHARE == 0]
        verdicts = trials.run((mutant.task, mutant.source) for mutant in chosen)
    finally:
        tests.close()
    tried = [
        MutantTrial(mutant, verdict, known.reason(mutant))
        for mutant, verdict in zip(chosen, verdicts, strict=True)
    ]
    mistakes = [trial for trial in answers if trial.answer.kind == "mistake"]
    return Audit(
        lab=lab.name,
        tasks=tuple(tasks),
        mistakes=tuple(mistakes),
        variants=tuple(trial for trial in answers if trial.answer.kind == "variant"),
        mutants=tuple(tried),
        tests=tuple(_tests(tests, tasks, [*mistakes, *tried])),
        stale=tuple(_stale(known, made, tried)),
        left_out=known.left_out,
        quick=quick,
        seconds=round(time.monotonic() - started, 1),
    )


def _try_answers(
    lab: Lab, tests: HiddenTests, trials: Trials, tasks: list[str], *, quick: bool
) -> list[AnswerTrial]:
    answers = [answer for answer in _answers(lab) if answer.task in tasks]
    verdicts = trials.run(((a.task, a.source) for a in answers), visible=not quick)
    if quick:
        return [AnswerTrial(*pair) for pair in zip(answers, verdicts, strict=True)]
    diagnoser = Diagnoser(lab, tests)
    return [
        AnswerTrial(answer, verdict, _is_named(diagnoser, answer, verdict))
        for answer, verdict in zip(answers, verdicts, strict=True)
    ]


def _answers(lab: Lab) -> list[Answer]:
    """The lab's known answers.

    Raises:
        AnswerError: one uses a name that it does not bring along, or is to no task of the lab.
    """
    answers, tasks = load(lab.name), lab.code_tasks()
    for answer in answers:
        if names := unbound(answer):
            raise AnswerError(
                f"the {answer.kind} {answer.name} uses {', '.join(sorted(names))}: an answer stands"
                " alone, with imports and nothing else of its file"
            )
        if answer.task not in tasks:
            raise AnswerError(
                f"the {answer.kind} {answer.name} is an answer to {answer.task!r}, no task of"
                f" {lab.name}; its tasks are {', '.join(tasks)}"
            )
    return answers


def _is_named(diagnoser: Diagnoser, answer: Answer, verdict: Verdict) -> bool:
    if answer.kind != "mistake" or not verdict.killed:
        return False
    return diagnoser.sentence(answer.task, diagnoser.behaviour(answer)) == answer.says


def _tests(
    tests: HiddenTests, tasks: list[str], trials: Iterable[AnswerTrial | MutantTrial]
) -> list[TestAudit]:
    """Each test of these tasks with what it kills: cases of one test count as one."""
    names = dict.fromkeys(
        (task, property_of(name)) for task, name in tests.names() if task in tasks
    )
    kills, alone = dict.fromkeys(names, 0), dict.fromkeys(names, 0)
    for trial in trials:
        task = trial.answer.task if isinstance(trial, AnswerTrial) else trial.mutant.task
        killers = {(task, property_of(name)) for name in trial.verdict.killed} & names.keys()
        for test in killers:
            kills[test] += 1
            alone[test] += len(killers) == 1
    return [TestAudit(*test, kills[test], alone[test]) for test in names]


def _stale(known: Equivalents, made: list[Mutant], tried: list[MutantTrial]) -> list[str]:
    """The entries of the file of equivalents that are no longer true."""
    current = {(mutant.task, mutant.id): mutant.change for mutant in made}
    found = [
        f"{known.path.name}: {entry.task} {entry.id}: no mutant of the reference is this one;"
        " look at the change again, and list it anew or take the entry out"
        for entry in known.entries
        if current.get((entry.task, entry.id)) != entry.change
    ]
    return found + [
        f"{known.path.name}: {trial.mutant.task} {trial.mutant.id}: is killed by"
        f" {_list(trial.verdict)}, so it is not equivalent; take the entry out"
        for trial in tried
        if trial.reason and trial.verdict.killed
    ]


def _place(answer: Answer) -> str:
    return f"{answer.task} {answer.name}"


def _list(verdict: Verdict) -> str:
    return ", ".join(verdict.killed) or ("its time limit" if verdict.timed_out else "its end")


def _described(mutant: Mutant) -> dict[str, str]:
    return {
        "task": mutant.task,
        "id": mutant.id,
        "operator": mutant.operator,
        "change": mutant.change,
    }
