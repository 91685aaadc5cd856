"""Starts the sandbox and holds its other end. Trusted.

A `Sandbox` is one warm process inside the box. `open` runs a notebook's cells in a fork of it and
returns a `Loaded`, from which `runner` forks processes that answer calls. `clean` ends a
submission.
"""

from __future__ import annotations

import array
import dataclasses
import itertools
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from autograder.edition import write_student_edition
from autograder.errors import SandboxFailed, SandboxUnavailable
from autograder.labs import Lab, Limits
from autograder.sandbox.packages import package_paths
from autograder.sandbox.wire import Channel, Closed, TimedOut, WireError
from autograder.submission import Step

Isolation = Literal["bubblewrap", "account", "unsafe"]
START_SECONDS = 60
CONTROL_SECONDS = 20
STOPPED_SECONDS = 5
STAGED = ("worker", "course", "matplotlib")
SCRATCH_BYTES = 256 << 20
_USERS = itertools.count(200_000 + os.getpid() % 100_000 * 16)
_HERE = Path(__file__).parent


def check(isolation: Isolation) -> None:
    """Raise SandboxUnavailable, with the remedy, if no sandbox can be started here."""
    if isolation == "unsafe":
        return
    if isolation == "account":
        raise SandboxUnavailable("--isolation account is not available yet")
    with tempfile.TemporaryDirectory() as directory:
        for name in STAGED:
            (Path(directory) / name).mkdir()
        command = [*_bubblewrap(Path(directory)), "/usr/bin/true"]
        finished = subprocess.run(command, capture_output=True, text=True, env={}, timeout=30)
    if finished.returncode:
        raise SandboxUnavailable(_refusal(finished.stderr))


class Stage:
    """The files that a lab's sandboxes see: the worker, and the student edition of dlcourse."""

    def __init__(self, lab: Lab) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="dlcourse-stage-")
        self.path = Path(self._directory.name)
        package = self.path / "worker" / "autograder" / "sandbox"
        package.mkdir(parents=True)
        for directory in (package.parent, package):
            (directory / "__init__.py").touch()
        for name in ("wire.py", "calls.py", "worker.py"):
            shutil.copy(_HERE / name, package / name)
        write_student_edition(lab.name, self.path / "course")
        _copy_font_list(self.path / "matplotlib")
        # a sandbox user of its own reads these files, whatever this user's umask
        for path in [self.path, *self.path.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)

    def close(self) -> None:
        """Remove the files."""
        self._directory.cleanup()


class Sandbox:
    """One warm process inside the box, and the trusted end of its control connection."""

    def __init__(self, limits: Limits, stage: Stage, isolation: Isolation) -> None:
        self.isolation = isolation
        self._limits = limits
        self._stage = stage
        self._scratch = tempfile.mkdtemp(prefix="dlcourse-") if isolation == "unsafe" else "/tmp"
        self._start()

    def _start(self) -> None:
        mine, theirs = socket.socketpair()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process, by _stop
        with theirs:
            command = _command(
                self.isolation, self._stage.path, theirs.fileno(), self._limits, self._scratch
            )
            self._process = _spawn(command, theirs.fileno(), self._errors, self._scratch)
        self._control = Channel(mine)
        self._expect("ready", START_SECONDS)

    def open(self, steps: Iterable[Step]) -> Loaded:
        """Run a notebook's cells in a fork; its failures are recorded, not raised."""
        return Loaded(self, list(steps), self._limits)

    def fork_loader(self) -> Channel:
        """A new loader, as the channel to it."""
        mine, theirs = socket.socketpair()
        with theirs:
            try:
                _send_descriptor(self._control, {"op": "load"}, theirs.fileno())
            except (Closed, TimedOut, OSError) as error:
                raise SandboxFailed("the sandbox is gone") from error
        return Channel(mine)

    def stop_runners(self) -> None:
        """Kill every process of the submission but its loader."""
        self._ask({"op": "stop_runners"}, "stopped")

    def clean(self) -> None:
        """End the submission. A box that it left anything in, or that is gone, is replaced."""
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
        if self.isolation == "unsafe":
            shutil.rmtree(self._scratch, ignore_errors=True)

    def _stop(self) -> None:
        self._control.close()
        self._process.kill()
        self._process.wait()
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
        return _refusal(self._errors.read(20_000).decode("utf-8", "replace"))


class Loaded:
    """A submission whose cells have run; forks runners from that state.

    A cell that hangs or kills its process is recorded, and the notebook is loaded again without it.
    """

    def __init__(self, sandbox: Sandbox, steps: list[Step], limits: Limits) -> None:
        self._sandbox = sandbox
        self._limits = limits
        self._steps = steps
        self._bad: set[int] = set()
        self._end = time.monotonic() + limits.submission_wall
        self.errors: list[str] = []
        self._channel = self._load()

    def runner(self) -> Channel:
        """A fresh process in the state after all cells; earlier ones are killed."""
        mine, theirs = socket.socketpair()
        with theirs:
            try:
                self._sandbox.stop_runners()
                _send_descriptor(self._channel, {"op": "run"}, theirs.fileno())
            except (Closed, TimedOut, SandboxFailed):
                self._channel = self._load()
                _send_descriptor(self._channel, {"op": "run"}, theirs.fileno())
        return Channel(mine)

    def deadline(self, seconds: float) -> float:
        """The moment `seconds` from now, or the end of the submission's time if that is sooner."""
        return min(time.monotonic() + seconds, self._end)

    @property
    def out_of_time(self) -> bool:
        """Whether the submission has used up all its time."""
        return time.monotonic() >= self._end

    def _load(self) -> Channel:
        self._sandbox.clean()
        channel = self._sandbox.fork_loader()
        for number, step in enumerate(self._steps):
            if number in self._bad or self.out_of_time:
                continue
            try:
                channel.deadline = self.deadline(self._limits.cell_wall)
                request = {"op": "cell", "source": step.source, "cpu": self._limits.cell_cpu}
                _send_descriptor(channel, request, None)
                answer, _ = channel.receive()
            except (Closed, TimedOut, WireError, OSError) as error:
                self._bad.add(number)
                words = "does not end" if isinstance(error, TimedOut) else "ends its process"
                self._record(f"{step.place} {words}; the notebook was run without it")
                channel.close()
                return self._load()
            kind, text = _words(answer.get("type")), _words(answer.get("text"))
            if kind and kind != "NotImplementedError":  # a stub that is still to be written
                self._record(f"{step.place} failed with {kind}: {text}")
        return channel

    def _record(self, sentence: str) -> None:
        if sentence not in self.errors and len(self.errors) < 100:
            self.errors.append(sentence)


def _refusal(errors: str) -> str:
    lines = errors.strip().splitlines()
    words = lines[-1] if lines else "it ended without a word"
    remedy = ""
    if any(sign in errors for sign in ("namespace", "not permitted", "uid map")):
        remedy = (
            "; the system forbids namespaces: on Ubuntu 23.10 and later allow them with"
            " 'sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0' or an AppArmor"
            " profile for bwrap; as root in a container that refuses them, grade elsewhere"
        )
    return f"the sandbox does not start: {words}{remedy}"


def _words(value: Any) -> str:
    text = value if isinstance(value, str) else ""
    return "".join(c if c.isprintable() else " " for c in text[:300])


def _send_descriptor(channel: Channel, message: dict[str, Any], descriptor: int | None) -> None:
    """Send a frame with a byte ahead of it, which carries the descriptor if there is one."""
    ancillary = []
    if descriptor is not None:
        rights = array.array("i", [descriptor])
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)]
    channel.connection.settimeout(CONTROL_SECONDS)
    try:
        channel.connection.sendmsg([b"\0"], ancillary)
    except OSError as error:
        raise Closed from error
    channel.send(message)


def _spawn(
    command: list[str], descriptor: int, errors: Any, scratch: str
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env={},
            cwd=scratch,
            pass_fds=(descriptor,),
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise SandboxUnavailable(f"{command[0]} is not installed") from error


def _command(
    isolation: Isolation, stage: Path, descriptor: int, limits: Limits, scratch: str
) -> list[str]:
    if isolation == "account":
        raise SandboxUnavailable("--isolation account is not available yet")
    inside = isolation == "bubblewrap"
    python = Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}"
    paths = ["/worker", "/course", "/packages"] if inside else [
        str(stage / "worker"), str(stage / "course"), *{str(p.parent) for p in package_paths()}
    ]  # fmt: skip
    settings = "/matplotlib" if inside else str(stage / "matplotlib")
    code = (
        f"import sys; sys.path[:0] = {paths!r}; from autograder.sandbox.worker import main;"
        f" main({descriptor}, {dataclasses.asdict(limits)!r}, {settings!r}, {[scratch]!r})"
    )
    run = [str(Path("/python") / python.relative_to(sys.base_prefix)) if inside else str(python)]
    run += ["-I", "-S", "-B", "-c", code]
    if not inside:
        return ["/usr/bin/env", "-i", *(f"{k}={v}" for k, v in _environment(scratch)), *run]
    return _bubblewrap(stage) + run


def _bubblewrap(stage: Path) -> list[str]:
    program = shutil.which("bwrap")
    if program is None:
        raise SandboxUnavailable(
            "bubblewrap is not installed, and without it nothing is graded: install it"
            " ('sudo apt-get install bubblewrap'), or say --isolation unsafe to run submissions"
            " with no protection at all"
        )
    command = [program, "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    command += ["--unshare-cgroup-try", "--die-with-parent", "--new-session", "--clearenv"]
    for name, value in _environment("/tmp"):
        command += ["--setenv", name, value]
    command += ["--ro-bind", "/usr", "/usr"]
    for directory in ("/bin", "/lib", "/lib32", "/lib64"):
        command += ["--ro-bind-try", directory, directory]
    for directory in ("/etc", "/packages"):
        command += ["--perms", "0755", "--dir", directory]
    command += ["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    command += ["--ro-bind", sys.base_prefix, "/python"]
    for name in STAGED:
        command += ["--ro-bind", str(stage / name), f"/{name}"]
    for path in package_paths():
        command += ["--ro-bind", str(path), f"/packages/{path.name}"]
    command += ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"]
    command += ["--perms", "1777", "--size", str(SCRATCH_BYTES), "--tmpfs", "/tmp"]
    command += ["--remount-ro", "/", "--chdir", "/tmp"]
    if os.geteuid() != 0:
        return [*command, "--unshare-user", "--disable-userns", "--cap-drop", "ALL"]
    user = str(next(_USERS))
    for capability in ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"):
        command += ["--cap-add", capability]
    command[1:1] = ["--cap-drop", "ALL"]
    drop = ["/usr/bin/setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
    drop += ["--no-new-privs", "--inh-caps=-all", "--ambient-caps=-all", "--bounding-set=-all"]
    return command + drop


def _environment(home: str) -> list[tuple[str, str]]:
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return [
        ("PATH", "/usr/bin:/bin"),
        ("HOME", home),
        ("LANG", "C.UTF-8"),
        ("TMPDIR", home),
        ("IPYTHONDIR", f"{home}/ipython"),
        *((name, "1") for name in threads),
    ]


def _copy_font_list(directory: Path) -> None:
    """Matplotlib's list of fonts, so that no sandbox has to search for fonts again."""
    import matplotlib as mpl
    import matplotlib.font_manager

    directory.mkdir()
    for path in Path(mpl.get_cachedir()).glob("fontlist-*.json"):
        shutil.copy(path, directory / path.name)
