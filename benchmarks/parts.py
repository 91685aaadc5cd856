"""Where the time of our grader goes, and what sandbox and wire cost: parts of `grading`."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder import gradebook, submission
from autograder.completion import Notebook
from autograder.export import write_scores
from autograder.grader import Grader
from autograder.grading import HiddenTests
from autograder.labs import Lab
from autograder.local import LocalStudent
from autograder.report.feedback import write_feedback
from autograder.results import ResultsFile
from autograder.sandbox.launch import Sandbox
from autograder.sandbox.shell import warm_shell
from autograder.sandbox.stage import Stage
from autograder.sandbox.student import StudentProxy

SECRET = b"a secret"
Submissions = list[tuple[str, Notebook]]


@contextlib.contextmanager
def clock(shares: dict[str, float], name: str) -> Iterator[None]:
    """Add the time of the block to ``shares[name]``."""
    started = time.perf_counter()
    yield
    shares[name] = shares.get(name, 0.0) + time.perf_counter() - started


def shares_of_time(lab: Lab, submitted: Submissions, root: Path) -> dict[str, float]:
    """Seconds in all for start, load, tests, clean and each thing that is written."""
    shares: dict[str, float] = {}
    results = ResultsFile.open(root / "results.jsonl")
    url = f"sqlite:///{root}/gradebook.db"
    with clock(shares, "start"):
        grader = TimedGrader(lab, SECRET, "bubblewrap")
    grader.shares = shares
    graded = []
    for student, notebook in submitted:
        content = json.dumps(notebook).encode()
        with clock(shares, "all of grading"):
            result = grader.grade_content(student, content)
        with clock(shares, "writing: results"):
            results.append(result)
        graded.append(result)
    with clock(shares, "writing: scores and feedback"):
        write_scores([lab], graded, root / "scores.csv")
        for result in graded:
            write_feedback(result, root / "feedback")
    with clock(shares, "writing: database"):
        gradebook.write(lab, graded, url)
    grader.close()
    parts = ("load", "tests", "clean")
    shares["rest of grading"] = shares.pop("all of grading") - sum(shares[part] for part in parts)
    return shares


class TimedGrader(Grader):
    """A grader whose parts add up the time that they take."""

    shares: dict[str, float]

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._timed(self._sandbox, "open", "load")
        self._timed(self._sandbox, "clean", "clean")
        self._timed(self._tests, "run", "tests")

    def _timed(self, part: object, method: str, name: str) -> None:
        original = getattr(part, method)
        open_clocks: list[str] = getattr(self, "_clocks", [])
        self._clocks = open_clocks

        def call(*args: object) -> object:
            if open_clocks:  # loading cleans too, and counts as loading
                return original(*args)
            open_clocks.append(name)
            try:
                with clock(self.shares, name):
                    return original(*args)
            finally:
                open_clocks.pop()

        setattr(part, method, call)


# Sandbox and wire against the same cells and calls in one warm process


@dataclass
class Recording:
    """A student that remembers its calls, so that they can be made again without pytest."""

    student: LocalStudent
    called: frozenset[str] = frozenset()
    calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = dataclasses.field(
        default_factory=list
    )

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: object, **kwargs: object) -> Any:
            self.calls.append((name, copy.deepcopy(args), copy.deepcopy(kwargs)))
            return getattr(self.student, name)(*args, **kwargs)

        return call

    def may_remember(self, called: frozenset[str]) -> bool:
        """Every call is made once."""
        return False

    def restart(self) -> None:
        """Nothing is to be restarted here."""


def bare_names(steps: Sequence[submission.Step]) -> dict[str, Any]:
    """What the cells leave, run in this process by the shell that the sandbox has."""
    shell = warm_shell()
    for step in steps:
        shell.run_cell(step.source, store_history=False, silent=True)
    return dict(shell.user_ns)


def replay(student: Any, calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]]) -> float:
    """Seconds for the calls; what they return or raise does not matter."""
    prepared = copy.deepcopy(calls)
    started = time.perf_counter()
    for name, args, kwargs in prepared:
        with contextlib.suppress(Exception):
            getattr(student, name)(*args, **kwargs)
    return time.perf_counter() - started


def sandbox_against_bare(lab: Lab, submitted: Submissions) -> dict[str, float]:
    """Mean milliseconds a submission for its cells and its calls, in the sandbox and bare."""
    tests, stage = HiddenTests(lab.hidden_tests, SECRET), Stage(lab)
    sandbox = Sandbox(lab, stage, "bubblewrap")
    total: dict[str, float] = dict.fromkeys(["boxed cells", "boxed calls", "cells", "calls"], 0.0)
    count = 0
    for number, (student, notebook) in enumerate([submitted[0], *submitted]):
        if number == 1:  # the first was to be warm
            total, count = dict.fromkeys(total, 0.0), 0
        read = submission.parse(json.dumps(notebook).encode(), student, lab.name)
        steps = submission.plan(lab, read)
        warm_shell().reset(new_session=False)
        recording = Recording(LocalStudent(bare_names(steps)))
        tests.run(recording)
        count += len(recording.calls)
        warm_shell().reset(new_session=False)
        with clock(total, "cells"):
            names = bare_names(steps)
        total["calls"] += replay(LocalStudent(names), recording.calls)
        with clock(total, "boxed cells"):
            loaded = sandbox.open(steps)
        with clock(total, "boxed calls"):
            proxy = StudentProxy(loaded, lab.limits.call_wall)
            proxy.value("answers")  # forks
        total["boxed calls"] += replay(proxy, recording.calls)
        with clock(total, "boxed cells"):
            sandbox.clean()
    sandbox.close()
    stage.close()
    tests.close()
    mean = {name: 1e3 * seconds / len(submitted) for name, seconds in total.items()}
    ratio = (total["boxed cells"] + total["boxed calls"]) / (total["cells"] + total["calls"])
    return {**mean, "calls a submission": count / len(submitted), "ratio": ratio}
