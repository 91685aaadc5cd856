"""How the box around the worker is made: bubblewrap, an account of its own, or not at all.

Each backend is a command line that ends in the worker's Python, and a sentence that says what it
guarantees.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from autograder.errors import SandboxUnavailable
from autograder.labs import Lab
from autograder.sandbox.packages import package_paths
from autograder.sandbox.stage import PARTS, Stage

Isolation = Literal["bubblewrap", "account", "unsafe"]
GUARANTEES: dict[Isolation, str] = {
    "bubblewrap": "namespaces of its own for processes, network and files; a user without rights",
    "account": "a user of its own, without rights, that may open only listed files and no network;"
    " it sees the machine's list of processes",
    "unsafe": "nothing: the notebook could read, change and forge whatever the grader can",
}
SYSTEM = ("/usr", "/bin", "/lib", "/lib32", "/lib64")
LIBRARY_CACHE = "/etc/ld.so.cache"
SCRATCH_BYTES = 256 << 20
SETPRIV = "/usr/bin/setpriv"
# a block for each process: users are counted and killed as a whole, so none may have two owners
_FIRST_USER = 200_000 + os.getpid() % 100_000 * 16
_USERS = itertools.cycle(range(_FIRST_USER, _FIRST_USER + 16))


@dataclass(frozen=True)
class Box:
    """A box that can be started: its command, its one writable directory, its user (0: ours)."""

    command: list[str]
    scratch: str
    user: int = 0

    def dispose(self) -> None:
        """Kill what is left of the box's user, and remove its directory."""
        if self.user:
            _kill_all_of(self.user)
        if self.scratch != "/tmp":
            shutil.rmtree(self.scratch, ignore_errors=True)


def check(isolation: Isolation) -> None:
    """Raise SandboxUnavailable, with the remedy, if no box can be made here."""
    if isolation == "account":
        _check_account()
    if isolation == "bubblewrap":
        with tempfile.TemporaryDirectory() as directory:
            for name in PARTS:
                (Path(directory) / name).mkdir()
            command = [*_bubblewrap(Path(directory), package_paths()), "/usr/bin/true"]
            finished = subprocess.run(command, capture_output=True, text=True, env={}, timeout=30)
        if finished.returncode:
            raise SandboxUnavailable(refusal(finished.stderr))


def box(isolation: Isolation, stage: Stage, descriptor: int, lab: Lab) -> Box:
    """The box in which a worker serves the socket `descriptor`."""
    if isolation == "bubblewrap":
        paths = ["/worker", "/course", "/packages"]
        executable = Path("/python") / _python().relative_to(sys.base_prefix)
        code = _code(paths, descriptor, lab, "/tmp", "/matplotlib", readable=["/"])
        command = _bubblewrap(stage.path, stage.sources, gpu=lab.gpu)
        return Box([*command, *_run(executable, code)], "/tmp")
    if isolation == "account":
        return _account(stage, descriptor, lab)
    if isolation != "unsafe":
        raise SandboxUnavailable(f"--isolation {isolation} makes no box; see sandbox/backends.py")
    scratch = tempfile.mkdtemp(prefix="dlcourse-")
    paths = [str(stage.path / "worker"), str(stage.path / "course"), str(stage.packages())]
    fonts = str(stage.path / "matplotlib")
    code = _code(paths, descriptor, lab, scratch, fonts, readable=None)
    return Box([*_cleared(scratch), *_run(_python(), code)], scratch)


def refusal(errors: str) -> str:
    """Why the box did not start, from what it wrote to stderr, and what to do about it."""
    lines = errors.strip().splitlines()
    words = lines[-1] if lines else "it ended without a word"
    remedy = ""
    if any(sign in errors for sign in ("namespace", "not permitted", "uid map")):
        remedy = (
            "; the system forbids namespaces: on Ubuntu 23.10 and later allow them with"
            " 'sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0' or an AppArmor"
            " profile for bwrap; as root in a container say --isolation account"
        )
    return f"the sandbox does not start: {words}{remedy}"


def _bubblewrap(stage: Path, packages: Iterable[Path], *, gpu: bool = False) -> list[str]:
    program = shutil.which("bwrap")
    if program is None:
        raise SandboxUnavailable(
            "bubblewrap is not installed, and without it nothing is graded: install it"
            " ('sudo apt-get install bubblewrap'), or say --isolation unsafe to run submissions"
            " with no protection at all"
        )
    command = [program, "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    command += ["--unshare-cgroup-try", "--die-with-parent", "--new-session", "--clearenv"]
    # the warm parent is the first process: what it starts can neither kill nor stop it
    command += ["--as-pid-1"]
    command += ["--cap-drop", "ALL"]
    for name, value in _environment("/tmp"):
        command += ["--setenv", name, value]
    for directory in SYSTEM:
        command += ["--ro-bind-try", directory, directory]
    for directory in ("/etc", "/packages"):
        command += ["--perms", "0755", "--dir", directory]
    command += ["--ro-bind-try", LIBRARY_CACHE, LIBRARY_CACHE]
    command += ["--ro-bind", sys.base_prefix, "/python"]
    for name in PARTS:
        command += ["--ro-bind", str(stage / name), f"/{name}"]
    for path in packages:
        command += ["--ro-bind", str(path), f"/packages/{path.name}"]
    command += ["--proc", "/proc", "--dev", "/dev"]
    for device in _devices(gpu):
        command += ["--dev-bind", device, device]
    command += ["--remount-ro", "/dev"]
    command += ["--perms", "1777", "--size", str(SCRATCH_BYTES), "--tmpfs", "/tmp"]
    command += ["--remount-ro", "/", "--chdir", "/tmp"]
    if os.geteuid() != 0:
        return [*command, "--unshare-user", "--disable-userns"]
    # process limits do not bind root, not even one mapped into a namespace
    for capability in ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"):
        command += ["--cap-add", capability]
    return command + _as_user(next(_USERS))


def _check_account() -> None:
    if os.geteuid() != 0:
        raise SandboxUnavailable(
            "--isolation account is for a grader that is root; as an ordinary user, use bubblewrap"
        )
    if not Path(SETPRIV).exists():
        raise SandboxUnavailable(f"--isolation account needs {SETPRIV}, from util-linux")


def _devices(gpu: bool) -> list[str]:
    """The device files of NVIDIA's driver, for a lab that is graded on a GPU."""
    return sorted(str(path) for path in Path("/dev").glob("nvidia*")) if gpu else []


def _account(stage: Stage, descriptor: int, lab: Lab) -> Box:
    user = next(_USERS)
    scratch = tempfile.mkdtemp(prefix="dlcourse-")
    os.chown(scratch, user, user)
    python, packages = stage.python(), stage.packages()
    paths = [str(stage.path / "worker"), str(stage.path / "course"), str(packages)]
    fonts = str(stage.path / "matplotlib")
    real = {str(path.resolve()) for path in packages.iterdir()}
    readable = [*SYSTEM, LIBRARY_CACHE, "/proc", "/dev/urandom", str(python), str(stage.path)]
    code = _code(paths, descriptor, lab, scratch, fonts, readable=[*readable, *sorted(real)])
    executable = python / _python().relative_to(sys.base_prefix)
    command = [*_as_user(user), *_cleared(scratch), *_run(executable, code)]
    return Box(command, scratch, user)


def _as_user(user: int) -> list[str]:
    drop = [SETPRIV, f"--reuid={user}", f"--regid={user}", "--clear-groups", "--no-new-privs"]
    return [*drop, "--inh-caps=-all", "--ambient-caps=-all", "--bounding-set=-all"]


def _python() -> Path:
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    return Path(sys.base_prefix) / "bin" / version


def _run(executable: Path, code: str) -> list[str]:
    return [str(executable), "-I", "-S", "-B", "-c", code]


def _code(
    paths: list[str],
    descriptor: int,
    lab: Lab,
    scratch: str,
    fonts: str,
    readable: list[str] | None,
) -> str:
    """What the worker's Python runs; without `readable`, it does not confine itself."""
    settings = {
        "limits": dataclasses.asdict(lab.limits),
        "torch": lab.torch,
        "scratch": scratch,
        "matplotlib": fonts,
        "imports": lab.imports(),
        "confine": readable is not None,
        "readable": readable or [],
        "writable": [scratch, "/dev/null", "/dev/zero", "/dev/full", *_devices(lab.gpu)],
    }
    return (
        f"import sys; sys.path[:0] = {paths!r};"
        " from autograder.sandbox.worker import Settings, main;"
        f" main({descriptor}, Settings(**{settings!r}))"
    )


def _cleared(home: str) -> list[str]:
    return ["/usr/bin/env", "-i", *(f"{name}={value}" for name, value in _environment(home))]


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


def _kill_all_of(user: int) -> None:
    """Kill every process of `user`; a process of that user does it, so that none is missed."""
    killer = [*_as_user(user), "/bin/kill", "-KILL", "--", "-1"]
    subprocess.run(killer, capture_output=True, check=False, timeout=10)
