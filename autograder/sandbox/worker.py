"""Runs INSIDE the sandbox, as a chain of forks: parent, loader, runner.

The parent imports what is slow to import, once. For each submission it forks a loader, which runs
the notebook's cells; for each round of hidden tests the loader forks a runner, which answers calls
of the student's functions. Everything here lives beside hostile code, so nothing here decides
anything: the trusted side sends inputs and judges the values that come back.
"""

from __future__ import annotations

import array
import contextlib
import ctypes
import gc
import os
import resource
import shutil
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from autograder.sandbox import guard
from autograder.sandbox.calls import Peer
from autograder.sandbox.pages import join_pages
from autograder.sandbox.processes import descendants
from autograder.sandbox.shell import run_cell, warm_shell, words_of
from autograder.sandbox.stateless import stateless
from autograder.sandbox.values import Outgoing
from autograder.sandbox.wire import Channel, Closed, WireError

KILL_SECONDS = 2.0
MOMENT = 0.0005
LINGER_SECONDS = 1.0
PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_CHILD_SUBREAPER = 36


class TimeLimit(Exception):
    """The CPU time for a cell or a call is used up."""


@dataclass(frozen=True)
class Settings:
    """What the trusted side decides for the box. `matplotlib` is a directory with its font list.

    `imports` are the import statements of the instructor's cells. `readable` and `writable` are the
    files that Landlock leaves; without `confine` neither it nor seccomp is installed.
    """

    limits: dict[str, int]
    torch: bool
    scratch: str
    matplotlib: str
    imports: list[str]
    confine: bool
    readable: list[str]
    writable: list[str]


class NoSuchFunction(Exception):
    """The notebook's cells left no function of this name."""


class Parent:
    """The warm process: forks a loader for each submission and cleans up behind it."""

    def __init__(self, control: socket.socket, settings: Settings, layers: list[str]) -> None:
        self._channel = Channel(control, patience=None, buffered=False)
        self._limits = settings.limits
        self._scratch = Path(settings.scratch)
        self._layers = layers
        self._loader = 0

    def run(self) -> None:
        """Serve the trusted side until it closes the connection."""
        self._channel.send({"op": "ready", "layers": self._layers, "pid": os.getpid()})
        while True:
            message, descriptor = receive_with_descriptor(self._channel)
            if message["op"] == "load":
                self._fork_loader(descriptor)
            elif message["op"] == "stop_runners":
                self._kill_descendants(keep=self._loader)
                self._channel.send({"op": "stopped"})
            elif message["op"] == "clean":
                alone = self._kill_descendants(keep=0)
                self._channel.send({"op": "cleaned", "clean": alone and self._clean()})

    def _fork_loader(self, descriptor: int) -> None:
        self._loader = os.fork()
        if self._loader:
            os.close(descriptor)
            return
        self._channel.close()
        become_ordinary()
        limit_resources(self._limits)
        Loader(socket.socket(fileno=descriptor), self._limits).run()
        os._exit(0)

    def _kill_descendants(self, keep: int) -> bool:
        """Kill all below this process but `keep`; whether none is left."""
        end = time.monotonic() + KILL_SECONDS
        while time.monotonic() < end:
            found = [pid for pid in descendants(os.getpid()) if pid != keep]
            for pid in found:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self._reap()
            if not found:
                return True
            time.sleep(MOMENT)  # those that were killed take some time to end
        return False

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass

    def _clean(self) -> bool:
        """Whether the submission left nothing behind in the file system or in shared memory."""
        left: list[object] = list(self._scratch.iterdir())
        for name in ("shm", "sem", "msg"):
            with contextlib.suppress(OSError):
                left += Path(f"/proc/sysvipc/{name}").read_text().splitlines()[1:]
        return not left


class Loader:
    """Runs the notebook's cells one by one, then forks runners from that state."""

    def __init__(self, connection: socket.socket, limits: dict[str, int]) -> None:
        self._channel = Channel(connection, patience=None, buffered=False)
        self._limits = limits
        self._shell = warm_shell()
        self._pid = os.getpid()
        self._runners: list[int] = []

    def run(self) -> None:
        """Serve cells and runners until the connection closes."""
        with contextlib.suppress(Closed, WireError):
            while True:
                message, descriptor = receive_with_descriptor(self._channel)
                if message["op"] == "cells":
                    for source in message["sources"]:
                        self._channel.send(self._run_cell(source))
                elif message["op"] == "run" and message["fork"]:
                    self._fork_runner(descriptor)
                elif message["op"] == "run":
                    self._run(descriptor)

    def _run_cell(self, source: str) -> dict[str, Any]:
        try:
            with cpu_limit(self._limits["cell_cpu"]):
                error = run_cell(self._shell, source)
        except BaseException as raised:  # a cell may raise SystemExit or worse: it is recorded
            error = raised
        if os.getpid() != self._pid:  # a child of the cell's, which would run the rest as well
            time.sleep(LINGER_SECONDS)  # in the place of the next that a fork bomb would make
            os._exit(0)
        if error is None:
            return {"op": "ran"}
        return {"op": "ran", "type": type(error).__name__, "text": words_of(error)}

    def _fork_runner(self, descriptor: int) -> None:
        # only our own: a cell may have left children that a later one waits for
        self._runners = [pid for pid in self._runners if not ended(pid)]
        try:
            runner = os.fork()
        except OSError:  # of too many processes: the trusted side sees the end, and has them killed
            os.close(descriptor)
            return
        if runner:
            self._runners.append(runner)
            os.close(descriptor)
            return
        self._channel.close()
        self._run(descriptor)
        os._exit(0)

    def _run(self, descriptor: int) -> None:
        Runner(
            Channel(socket.socket(fileno=descriptor), patience=None),
            self._shell.user_ns,
            self._limits,
        ).run()


class Runner(Peer):
    """Answers calls of the student's functions, from the state after all cells."""

    takes_source = True

    def __init__(self, channel: Channel, names: dict[str, Any], limits: dict[str, int]) -> None:
        super().__init__(channel)
        self._names = names
        self._limits = limits

    def run(self) -> None:
        """Serve calls until the connection closes."""
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        with contextlib.suppress(Closed):
            while True:
                message, binary = self.channel.receive()
                if message.get("op") == "get":
                    self._send_value(self._names.get(message["name"]))
                elif message.get("op") == "stateless":
                    self._send_value(stateless(self._names, message["names"]))
                else:
                    with cpu_limit(self._limits["call_cpu"]):
                        self.serve_call(message, binary)

    def lookup(self, target: Any) -> Callable[..., Any]:
        """A function of the student's by its name, or one that was handed over by its number."""
        if not isinstance(target, str):
            return super().lookup(target)
        function = self._names.get(target)
        if not callable(function):
            raise NoSuchFunction(target)
        # whatever the notebook left
        return function  # type: ignore[no-any-return]

    def words(self, error: Exception) -> tuple[str, str]:
        """The exception's type and words, with the line of the student's that raised it."""
        return type(error).__name__, words_of(error)

    def _send_value(self, value: object) -> None:
        out = Outgoing()
        try:
            tree = self.codec.encode(value, out)
        except Exception as error:
            tree, out = self.codec.encode(f"{type(error).__name__}", out), Outgoing()
        self.channel.send({"op": "return", "v": tree}, out.buffers)


class cpu_limit:  # noqa: N801 - a context manager, used like a function
    """Raise TimeLimit in the student's code after this many seconds of CPU time.

    It can be caught or sit out a long C call; the trusted side's wall clock is what binds.
    """

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds

    def __enter__(self) -> None:
        signal.setitimer(signal.ITIMER_VIRTUAL, self._seconds, 1.0)

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def ended(child: int) -> bool:
    """Whether a child of this process has ended; if so, it is gone for good."""
    with contextlib.suppress(ChildProcessError):
        return os.waitpid(child, os.WNOHANG)[0] != 0
    return True


def _raise_time_limit(_signal: int, _frame: FrameType | None) -> None:
    raise TimeLimit("the CPU time is used up")


def receive_with_descriptor(channel: Channel) -> tuple[dict[str, Any], int]:
    """One frame, and the descriptor that came before it (-1 if none did).

    A byte goes ahead of every frame, since a descriptor needs data to travel with.
    """
    descriptors = array.array("i")
    room = socket.CMSG_SPACE(descriptors.itemsize)
    data, ancillary, _, _ = channel.connection.recvmsg(1, room)
    if not data:
        raise Closed
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(content[: descriptors.itemsize])
    message, _ = channel.receive()
    return message, descriptors[0] if descriptors else -1


def limit_resources(limits: dict[str, int]) -> None:
    """Hard limits of the loader and of all that it starts."""
    bounds = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 256,
        resource.RLIMIT_FSIZE: limits["file_bytes"],
        resource.RLIMIT_NPROC: limits["processes"],
        resource.RLIMIT_CPU: limits["submission_cpu"],
    }
    if limits["memory_bytes"]:
        bounds[resource.RLIMIT_AS] = limits["memory_bytes"]
    for kind, value in bounds.items():
        resource.setrlimit(kind, (value, value))


def become_guarded() -> None:
    """Make this process unreadable to its children, deaf to them, their reaper, and mortal."""
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def become_ordinary() -> None:
    """Undo for a child what would hinder the student's own code."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGVTALRM, _raise_time_limit)
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)


def warm_up(settings: Settings) -> None:
    """Import what notebooks import, so that no submission waits for it; leave no file behind."""
    home = Path(settings.scratch)
    shutil.copytree(settings.matplotlib, home / "matplotlib")
    os.environ["MPLCONFIGDIR"] = str(home / "matplotlib")
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot  # noqa: F401 - imported to be warm
    import numpy.testing  # noqa: F401 - likewise

    import dlcourse.testing  # noqa: F401 - likewise

    if settings.torch:
        import torch

        # a fork of a process in which torch has started threads hangs
        torch.set_num_threads(1)
        weight = torch.zeros(1)
        weight.grad = torch.zeros(1)
        torch.optim.Adam([weight]).step()  # the first one imports for a second

    for statement in settings.imports:
        with contextlib.suppress(Exception):  # an experiment's may be missing here
            exec(statement, {})
    warm_shell()
    for entry in home.iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    gc.collect()
    gc.freeze()  # a collection in a fork would look at all of this, and so copy it
    join_pages()


def silence() -> None:
    """Send what notebooks print nowhere; the descriptors stay open, as programs expect."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


def main(descriptor: int, settings: Settings) -> None:
    """The parent's life: guard, warm up, confine itself and all that it will start, serve."""
    become_guarded()
    warm_up(settings)
    layers = guard.install(settings.readable, settings.writable) if settings.confine else []
    silence()
    with contextlib.suppress(Closed, KeyboardInterrupt):
        Parent(socket.socket(fileno=descriptor), settings, layers).run()
