"""Hidden tests and visible checks on functions of our own, each in a forked process.

Known answers and mutants are no attackers: a fork, a limit on memory and one on time keep them from
each other, at a few milliseconds each. What students hand in goes through the sandbox instead.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import io
import json
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from autograder.diagnose import quiet
from autograder.grading import HiddenTests
from autograder.labs import Lab, number_of
from autograder.local import LocalStudent
from autograder.reference import function_of, reference_names, reference_source

TIMES_THE_REFERENCE = 20
LEAST_SECONDS = 3.0
MEMORY_BYTES = 4 << 30
_WALL = 8  # a loaded machine may take so many times the CPU time


@dataclass(frozen=True)
class Verdict:
    """What became of one trial.

    `killed` are the hidden tests that failed; `seen` says whether the visible check fails.
    """

    killed: tuple[str, ...] = ()
    seen: bool = False
    timed_out: bool = False
    died: bool = False

    @property
    def survived(self) -> bool:
        """Whether no hidden test noticed anything."""
        return not (self.killed or self.timed_out or self.died)


@dataclass
class Trials:
    """Runs solution cells through the tests of their task, `jobs` at a time."""

    lab: Lab
    tests: HiddenTests
    jobs: int = 2
    seconds: dict[str, float] = field(default_factory=dict)

    def run(self, cells: Iterable[tuple[str, str]], *, visible: bool = False) -> list[Verdict]:
        """The verdicts on (task, source of its solution cell), in their order."""
        reference_names(self.lab)  # before the forks, which then have it
        waiting = list(enumerate(cells))
        verdicts: dict[int, Verdict] = {}
        running: dict[int, _Child] = {}
        for _, (task, _) in waiting:
            self._limit(task)
        waiting.reverse()
        while waiting or running:
            while waiting and len(running) < self.jobs:
                number, (task, source) = waiting.pop()
                work = functools.partial(self._try, task, source, visible)
                child = _Child(number, work, self._limit(task))
                running[child.pipe] = child
            for child in _finished(running):
                verdicts[child.number] = child.verdict()
                del running[child.pipe]
        return [verdicts[number] for number in sorted(verdicts)]

    def _limit(self, task: str) -> float:
        """The CPU time that a trial of this task may take."""
        if task not in self.seconds:
            started = time.process_time()
            verdict = self._try(task, reference_source(self.lab, task), visible=True)
            self.seconds[task] = time.process_time() - started
            if verdict["killed"] or verdict["seen"]:
                raise ValueError(f"the reference of {task} fails its own tests: {verdict}")
        return max(LEAST_SECONDS, TIMES_THE_REFERENCE * self.seconds[task])

    def _try(self, task: str, source: str, visible: bool) -> dict[str, Any]:
        with quiet():
            try:
                function = function_of(source, task, reference_names(self.lab))
            except Exception as error:  # a mutant may not even be defined
                return {"killed": [f"(defining it: {type(error).__name__})"], "seen": True}
            student = LocalStudent({**reference_names(self.lab), task: function})
            results = self.tests.run(student, task)[task]
            killed = [result.name for result in results if not result.passed]
            return {
                "killed": killed,
                "seen": visible and not passes_visibly(self.lab, task, function),
            }


def passes_visibly(lab: Lab, task: str, function: Callable[..., Any]) -> bool:
    """Whether the visible check of a task accepts the function."""
    check = getattr(importlib.import_module(f"dlcourse.checks.{number_of(lab.name)}"), task)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            check(function)
    except Exception:
        return False
    return True


class _Child:
    """A forked process that writes what `work` returns into a pipe."""

    def __init__(self, number: int, work: Callable[[], dict[str, Any]], seconds: float) -> None:
        self.number = number
        self.pipe, theirs = os.pipe()
        self._text = b""
        self._end = time.monotonic() + _WALL * seconds
        sys.stdout.flush()
        self._pid = os.fork()
        if self._pid == 0:
            _live(work, seconds, theirs)
        os.close(theirs)

    def read(self) -> bool:
        """Read what has come; whether that was all."""
        piece = os.read(self.pipe, 1 << 16)
        self._text += piece
        return not piece

    def late(self) -> bool:
        """Whether it takes so long that something other than its own work must be wrong."""
        return time.monotonic() > self._end

    def verdict(self) -> Verdict:
        """End the process and say what became of it."""
        os.close(self.pipe)
        late = self.late()
        if late:
            os.kill(self._pid, signal.SIGKILL)
        _, status = os.waitpid(self._pid, 0)
        if late or (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGPROF):
            return Verdict(timed_out=True)
        try:
            found = json.loads(self._text)
        except ValueError:
            return Verdict(died=True)
        return Verdict(tuple(found["killed"]), found["seen"])


def _finished(running: dict[int, _Child]) -> Iterator[_Child]:
    readable, _, _ = select.select(list(running), [], [], 0.2)
    for child in list(running.values()):
        if (child.pipe in readable and child.read()) or child.late():
            yield child


def _live(work: Callable[[], dict[str, Any]], seconds: float, pipe: int) -> None:
    """The child's life: within its limits, deaf and mute, and out without any clean-up."""
    try:
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nowhere, descriptor)
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, hard))
        gc.disable()  # it would look at, and so copy, all that the parent has
        signal.setitimer(signal.ITIMER_PROF, seconds)
        text = json.dumps(work()).encode()
        while text:
            text = text[os.write(pipe, text) :]
    finally:
        os._exit(0)
