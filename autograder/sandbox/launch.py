"""Starts the sandbox and holds its other end. Trusted.

A `Sandbox` is one warm process inside the box. `open` runs a notebook's cells in a fork of it and
returns a `Loaded`, from which `runner` forks processes that answer calls. `clean` ends a
submission.
"""

from __future__ import annotations

import array
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from typing import Any

from autograder.errors import SandboxFailed, SandboxUnavailable
from autograder.labs import Lab
from autograder.sandbox.backends import GUARANTEES, Box, Isolation, box, refusal
from autograder.sandbox.processes import descendants, own_bytes
from autograder.sandbox.stage import Stage
from autograder.sandbox.wire import Channel, Closed, MemoryUsedUp, TimedOut, WireError
from autograder.submission import Step

START_SECONDS = 60
CONTROL_SECONDS = 20
QUICK_SECONDS = 0.1
BATCH_CHARACTERS = 1 << 18  # of cells that are sent together
_CELL_WORDS = {TimedOut: "does not end", MemoryUsedUp: "takes too much memory"}


class Sandbox:
    """One warm process inside the box, and the trusted end of its control connection."""

    def __init__(self, lab: Lab, stage: Stage, isolation: Isolation) -> None:
        self._isolation = isolation
        self._lab = lab
        self._stage = stage
        self.guarantees = ""
        self._start()

    def _start(self) -> None:
        mine, theirs = socket.socketpair()
        self._in_use = False
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process, by _stop
        with theirs:
            self._box = box(self._isolation, self._stage, theirs.fileno(), self._lab)
            self._process = _spawn(self._box, theirs.fileno(), self._errors)
        self._control = Channel(mine)
        layers = self._expect("ready", START_SECONDS).get("layers", [])
        if self._isolation == "account" and layers != ["landlock", "seccomp"]:
            self._stop()
            raise SandboxUnavailable("--isolation account needs a kernel with Landlock and seccomp")
        inside = descendants(self._process.pid) or [self._process.pid]
        self._warm_bytes = max(own_bytes(pid) for pid in inside)
        self.guarantees = "; ".join([GUARANTEES[self._isolation], *layers])

    def open(self, steps: Iterable[Step]) -> Loaded:
        """Run a notebook's cells in a fork; its failures are recorded, not raised."""
        return Loaded(self, list(steps), self._lab)

    def fork_loader(self) -> Channel:
        """A new loader, as the channel to it."""
        self._in_use = True
        mine, theirs = socket.socketpair()
        with theirs:
            try:
                _send_descriptor(self._control, {"op": "load"}, theirs.fileno())
            except (Closed, TimedOut, OSError) as error:
                raise SandboxFailed("the sandbox is gone") from error
        return Channel(mine, self.watch)

    def watch(self) -> None:
        """Raise MemoryUsedUp if what runs inside takes more memory than a submission may.

        The kernel's limit is for each process; this is for all of them together, less what each
        has in common with the warm parent that it was forked from.
        """
        most = self._lab.limits.memory_bytes
        taken = [own_bytes(pid) - self._warm_bytes for pid in descendants(self._process.pid)]
        if most and sum(size for size in taken if size > 0) > most:
            raise MemoryUsedUp

    def stop_runners(self) -> None:
        """Kill every process of the submission but its loader."""
        self._ask({"op": "stop_runners"}, "stopped")

    def clean(self) -> None:
        """End the submission. A box that it left anything in, or that is gone, is replaced."""
        if not self._in_use and self._process.poll() is None:
            return
        self._in_use = False
        try:
            clean = self._ask({"op": "clean"}, "cleaned").get("clean") is True
        except SandboxFailed:
            clean = False
        if not clean:
            self._stop()
            self._start()

    def close(self) -> None:
        """Kill everything inside."""
        self._stop()

    def _stop(self) -> None:
        self._control.close()
        self._process.kill()
        self._process.wait()
        self._box.dispose()
        self._errors.close()

    def _ask(self, message: dict[str, Any], answer: str) -> dict[str, Any]:
        try:
            _send_descriptor(self._control, message, None)
        except (Closed, TimedOut, OSError) as error:
            raise SandboxFailed("the sandbox is gone") from error
        return self._expect(answer, CONTROL_SECONDS)

    def _expect(self, answer: str, seconds: float) -> dict[str, Any]:
        self._control.deadline = time.monotonic() + seconds
        try:
            message, _ = self._control.receive()
        except (Closed, TimedOut, WireError) as error:
            if answer == "ready":
                raise SandboxUnavailable(self._why_not()) from error
            raise SandboxFailed("the sandbox does not answer") from error
        if message.get("op") != answer:
            raise SandboxFailed("the sandbox answers something else")
        return message

    def _why_not(self) -> str:
        self._process.kill()
        self._process.wait()
        self._errors.seek(0)
        return refusal(self._errors.read(20_000).decode("utf-8", "replace"))


class Loaded:
    """A submission whose cells have run; runners go on from that state.

    A cell that hangs or kills its process is recorded, and the notebook is loaded again without it.
    Of a notebook that loads quickly the loader itself becomes the first runner, since most need no
    second: a fork, and touching its pages anew, would take longer than loading once more now and
    then. Later runners, and all of a slow notebook, are forks. On a GPU, which survives no fork,
    each is a loader.
    """

    def __init__(self, sandbox: Sandbox, steps: list[Step], lab: Lab) -> None:
        self._sandbox = sandbox
        self._limits = lab.limits
        self._may_fork = not lab.gpu
        self._used = False
        self._steps = steps
        self._bad: set[int] = set()
        self._end = time.monotonic() + lab.limits.submission_wall
        self.errors: list[str] = []
        started = time.monotonic()
        self._channel = self._load()
        self._fork = self._may_fork and time.monotonic() - started > QUICK_SECONDS

    def runner(self, *, kill: bool) -> Channel:
        """A process in the state after all cells.

        Earlier runners end by themselves as their connection closes; with `kill` they are ended,
        and all they started.
        """
        mine, theirs = socket.socketpair()
        with theirs:
            try:
                if self._used:
                    self._load_again()
                elif kill:
                    self._sandbox.stop_runners()
                self._run(theirs.fileno())
            except (Closed, TimedOut, SandboxFailed):
                self._load_again()
                self._run(theirs.fileno())
        return Channel(mine, self._sandbox.watch)

    def _load_again(self) -> None:
        self._channel = self._load()
        self._used, self._fork = False, self._may_fork

    def _run(self, descriptor: int) -> None:
        self._used = not self._fork
        self._channel.deadline = self.deadline(CONTROL_SECONDS)  # the last cell's may have passed
        _send_descriptor(self._channel, {"op": "run", "fork": self._fork}, descriptor)

    def deadline(self, seconds: float) -> float:
        """The moment `seconds` from now, or the end of the submission's time if that is sooner."""
        return min(time.monotonic() + seconds, self._end)

    @property
    def out_of_time(self) -> bool:
        """Whether the submission has used up all its time."""
        return time.monotonic() >= self._end

    def _load(self) -> Channel:
        """A loader in which all cells have run but those that end or hang it."""
        while True:
            self._sandbox.clean()
            channel = self._sandbox.fork_loader()
            bad = self._run_cells(channel)
            if bad is None:
                return channel
            self._bad.add(bad)
            channel.close()

    def _run_cells(self, channel: Channel) -> int | None:
        """Run the cells one by one; the number of one that the loader did not survive, or None."""
        todo = [number for number in range(len(self._steps)) if number not in self._bad]
        for batch in _batches(todo, self._steps):
            if self.out_of_time:
                self._record(f"the time was used up before {self._steps[batch[0]].place}")
                return None
            for number in batch:
                try:
                    channel.deadline = self.deadline(self._limits.cell_wall)
                    if number == batch[0]:
                        sources = [self._steps[number].source for number in batch]
                        _send_descriptor(channel, {"op": "cells", "sources": sources}, None)
                    answer, _ = channel.receive()
                except (Closed, TimedOut, MemoryUsedUp, WireError, OSError) as error:
                    return self._bad_cell(number, error)
                self._note(self._steps[number], answer)
        return None

    def _bad_cell(self, number: int, error: Exception) -> int | None:
        """The number of a cell to leave out; None if there is no time to load again without it."""
        place = self._steps[number].place
        if self.out_of_time:
            self._record(f"the time for the whole notebook was used up in {place}")
            return None
        words = _CELL_WORDS.get(type(error), "ends its process")
        self._record(f"{place} {words}; the notebook was run without it")
        return number

    def _note(self, step: Step, answer: dict[str, Any]) -> None:
        kind, text = _words(answer.get("type")), _words(answer.get("text"))
        if kind and kind != "NotImplementedError" and not step.quiet:  # or a stub, unwritten
            self._record(f"{step.place} failed with {kind}: {text}")

    def _record(self, sentence: str) -> None:
        if sentence not in self.errors and len(self.errors) < 100:
            self.errors.append(sentence)


def _batches(numbers: list[int], steps: list[Step]) -> Iterator[list[int]]:
    """The cells of these numbers in groups that fit into a frame each."""
    batch: list[int] = []
    size = 0
    for number in numbers:
        if batch and size + len(steps[number].source) > BATCH_CHARACTERS:
            yield batch
            batch, size = [], 0
        batch.append(number)
        size += len(steps[number].source)
    if batch:
        yield batch


def _words(value: Any) -> str:
    text = value if isinstance(value, str) else ""
    return "".join(c if c.isprintable() else " " for c in text[:300])


def _send_descriptor(channel: Channel, message: dict[str, Any], descriptor: int | None) -> None:
    """Send a frame with a byte ahead of it, which carries the descriptor if there is one."""
    ancillary = []
    if descriptor is not None:
        rights = array.array("i", [descriptor])
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)]
    try:
        channel.connection.sendmsg([b"\0"], ancillary)
    except OSError as error:
        raise Closed from error
    channel.send(message)


def _spawn(what: Box, descriptor: int, errors: Any) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            what.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env={},
            cwd=what.scratch,
            pass_fds=(descriptor,),
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise SandboxUnavailable(f"{what.command[0]} is not installed") from error
