"""The box from inside: what a submission is, what it sees, and what the kernel refuses it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.labs import ROOT, Lab

Inside = Callable[[str], Any]
LIBC = """
import ctypes, os, platform
libc = ctypes.CDLL(None, use_errno=True)
at = ("x86_64", "aarch64").index(platform.machine())
CLONE, KEYCTL, BPF = (56, 220)[at], (250, 219)[at], (321, 280)[at]
PERF_EVENT_OPEN, USERFAULTFD, IO_URING_SETUP = (298, 241)[at], (323, 282)[at], 425
"""  # fmt: skip

# name: cell that leaves in `found` whether it could be done
FORBIDDEN = {
    "unshare a user namespace": "found = libc.unshare(0x10000000) == 0",
    "unshare a mount namespace": "found = libc.unshare(0x00020000) == 0",
    "clone into a user namespace": """
pid = libc.syscall(CLONE, 0x10000011, 0, 0, 0, 0)
if pid == 0:
    os._exit(0)
found = pid > 0
""",
    "enter the namespaces of the first process": """
found = False
for name in os.listdir("/proc/self/ns"):
    try:
        found = found or libc.setns(os.open(f"/proc/1/ns/{name}", os.O_RDONLY), 0) == 0
    except OSError:
        pass
""",
    "mount a file system": "found = libc.mount(b'x', b'/tmp', b'tmpfs', 0, None) == 0",
    "unmount one": "found = libc.umount2(b'/usr', 2) == 0",
    "make the interpreter writable": "found = libc.mount(b'', b'/python', b'', 0x1020, None) == 0",
    "become root": "found = libc.setresuid(0, 0, 0) == 0",
    "become another user": "found = libc.setresuid(1000, 1000, 1000) == 0",
    "join a group": "found = libc.setgroups(1, (ctypes.c_uint * 1)(0)) == 0",
    "gain through a set-uid program": """
import subprocess
found = False
for program in ("/usr/bin/su", "/usr/bin/newgrp", "/usr/bin/passwd", "/usr/bin/chsh"):
    if os.path.exists(program):
        shown = "import os; print(os.geteuid())"
        done = subprocess.run([program, "-c", "id -u"], capture_output=True, text=True, timeout=5,
                              stdin=subprocess.DEVNULL)
        found = found or done.stdout.strip() == "0"
""",
    "trace the warm process": "found = libc.ptrace(16, os.getppid(), 0, 0) == 0",
    "trace the first process": "found = libc.ptrace(16, 1, 0, 0) == 0",
    "read the warm process's memory": """
try:
    open(f"/proc/{os.getppid()}/mem", "rb").close()
    found = True
except OSError:
    found = False
""",
    "read the warm process's descriptors": """
try:
    found = bool(os.listdir(f"/proc/{os.getppid()}/fd"))
except OSError:
    found = False
""",
    "read the first process's descriptors": """
try:
    found = bool(os.listdir("/proc/1/fd"))
except OSError:
    found = False
""",
    "ask the kernel for keys": "found = libc.syscall(KEYCTL, 0, -3, 0) > 0",
    "open a POSIX message queue": """
found = libc.mq_open(b"/left", os.O_CREAT | os.O_RDWR, 0o600, None) >= 0
""",
    "set up an io_uring": """
found = libc.syscall(IO_URING_SETUP, 1, ctypes.create_string_buffer(256)) >= 0
""",
    "load a BPF program": """
found = libc.syscall(BPF, 0, ctypes.create_string_buffer(128), 128) >= 0
""",
    "open a performance counter": """
found = libc.syscall(PERF_EVENT_OPEN, ctypes.create_string_buffer(128), 0, -1, -1, 0) >= 0
""",
    "create a userfaultfd": "found = libc.syscall(USERFAULTFD, 0) >= 0",
    "write to kernel settings": """
found = False
for path in ("/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/sysrq-trigger",
             "/proc/sys/vm/drop_caches", "/proc/sys/user/max_user_namespaces"):
    try:
        open(path, "w").close()
        found = True
    except OSError:
        pass
""",
    "rename the host": "found = libc.sethostname(b'mine', 4) == 0",
    "make a device": """
try:
    os.mknod("/tmp/disk", 0o60600, os.makedev(254, 0))
    open("/tmp/disk", "rb").read(1)
    found = True
except OSError:
    found = False
""",
    "raise its own limits": """
import resource
found = False
for kind in (resource.RLIMIT_NPROC, resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE):
    try:
        resource.setrlimit(kind, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        found = True
    except (OSError, ValueError):
        pass
""",
    "take a higher priority": """
try:
    os.nice(-5)
    found = True
except OSError:
    found = False
""",
    "write a core file": """
import resource
found = resource.getrlimit(resource.RLIMIT_CORE) != (0, 0)
""",
    "push characters into the grader's terminal": """
import fcntl, termios
found = False
for fd in (0, 1, 2):
    try:
        fcntl.ioctl(fd, termios.TIOCSTI, b"x")
        found = True
    except OSError:
        pass
try:
    os.open("/dev/tty", os.O_RDWR)
    found = True
except OSError:
    pass
""",
}  # fmt: skip


@pytest.mark.parametrize("attempt", FORBIDDEN.values(), ids=FORBIDDEN.keys())
def test_a_submission_cannot(inside: Inside, attempt: str) -> None:
    assert inside(LIBC + attempt) is False


def test_it_is_nobody_with_no_capability(inside: Inside) -> None:
    status = inside(
        "found = dict(l.split(':\\t') for l in open('/proc/self/status') if ':\\t' in l)"
    )
    assert 0 not in map(int, status["Uid"].split())
    assert status["Groups"].split() in ([], ["65534"])
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[name], 16) == 0, name
    assert status["NoNewPrivs"].strip() == "1"


def test_its_environment_is_ours(inside: Inside) -> None:
    names = set(inside("import os\nfound = list(os.environ)"))
    allowed = {"PATH", "HOME", "LANG", "TMPDIR", "PWD", "IPYTHONDIR", "MPLCONFIGDIR"}
    threads = {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"}
    assert names <= allowed | threads


def test_its_descriptors_are_null_and_one_socket(inside: Inside) -> None:
    found = inside("""
import os
found = []
for name in os.listdir("/proc/self/fd"):
    try:
        found.append(os.readlink(f"/proc/self/fd/{name}"))
    except OSError:
        pass
""")
    rest = [target for target in found if target != "/dev/null"]
    assert len(rest) == 1
    assert rest[0].startswith("socket:")


def test_only_the_scratch_directory_is_writable(inside: Inside) -> None:
    found = inside("""
import os
found = []
for top in ("/", *("/" + name for name in os.listdir("/") if name not in ("proc", "tmp"))):
    for directory, names, _ in os.walk(top):
        if top == "/":
            names.clear()
        try:
            path = os.path.join(directory, "attack")
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
            found.append(path)
        except OSError:
            pass
""")
    assert found == []


def test_every_mount_but_the_scratch_directory_is_read_only(inside: Inside) -> None:
    lines = inside("found = open('/proc/self/mountinfo').read().splitlines()")
    mounts = {line.split()[4]: line.split()[5].split(",") for line in lines}
    writable = {point for point, options in mounts.items() if "rw" in options}
    assert {p for p in writable if not p.startswith(("/dev/", "/proc"))} == {"/tmp"}
    assert all("nosuid" in options for options in mounts.values())
    assert not any(str(ROOT) == point or point.startswith("/home") for point in mounts)


def test_it_sees_no_process_but_its_own(inside: Inside) -> None:
    processes = inside("import os\nfound = [int(p) for p in os.listdir('/proc') if p.isdigit()]")
    assert len(processes) <= 4
    assert max(processes) < 1000


def test_its_limits_are_the_labs(inside: Inside, lab: Lab) -> None:
    found = inside("""
import resource as r
names = ("NPROC", "AS", "CPU", "FSIZE", "CORE")
found = {name: list(r.getrlimit(getattr(r, "RLIMIT_" + name))) for name in names}
""")
    limits = lab.limits
    expected = (limits.processes, limits.memory_bytes, limits.submission_cpu, limits.file_bytes, 0)
    assert found == {
        name: [value, value]
        for name, value in zip(("NPROC", "AS", "CPU", "FSIZE", "CORE"), expected, strict=True)
    }


ORDINARY = """
import json, sys
from autograder import labs
from autograder.sandbox.launch import Sandbox
from autograder.sandbox.stage import Stage
from autograder.sandbox.student import StudentProxy
from autograder.submission import Step
lab = labs.find("lab01")
stage = Stage(lab)
sandbox = Sandbox(lab, stage, "bubblewrap")
answers = {}
for name, source in json.load(sys.stdin).items():
    loaded = sandbox.open([Step(source, name)])
    answers[name] = [StudentProxy(loaded, 15).value("found"), loaded.errors]
sandbox.close()
stage.close()
print(json.dumps(answers))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="all other tests here run as an ordinary user")
def test_launched_by_an_ordinary_user_it_cannot_do_more(tmp_path: Path) -> None:
    attempts = {name: LIBC + source for name, source in FORBIDDEN.items()}
    user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", sys.executable]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": "/nonexistent"}
    environment |= {"MPLCONFIGDIR": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    reachable = subprocess.run(
        [*user, "-c", "import autograder"], env=environment, capture_output=True, cwd="/"
    )
    if reachable.returncode:
        pytest.skip("an ordinary user can read neither this interpreter nor the repository")
    done = subprocess.run(
        [*user, "-c", ORDINARY],
        input=json.dumps(attempts),
        env=environment,
        capture_output=True,
        text=True,
        cwd="/",
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout.splitlines()[-1])
    assert {name: answer for name, answer in answers.items() if answer != [False, []]} == {}
