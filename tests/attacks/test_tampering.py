"""Tampering: a submission changes nothing outside, and leaves nothing for the one after it.

Each attack is a cell of an otherwise right notebook. After it the classmate's result is the same
(the bench compares), the repository and the packages are untouched, and no file of the attacker's
exists anywhere.

Long, since it holds the attacks themselves, each a cell of code.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from classroom import FIRST, LAB, Bench, Command, attacked, classmate, full_marks, task_of

from autograder.completion import completed, save, with_cell
from autograder.labs import ROOT, Lab
from autograder.sandbox import backends
from autograder.sandbox.launch import Sandbox
from autograder.sandbox.processes import descendants
from autograder.sandbox.stage import Stage
from autograder.sandbox.student import StudentProxy
from autograder.submission import Step

MARK = "attack-4d1c77"
PACKAGES = Path(np.__file__).parent.parent


def state_outside() -> dict[str, str]:
    """What a submission might change: sources by content, packages and homes by time."""
    found = {}
    for folder in ("autograder", "dlcourse", "solutions", "labs"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
    for name in ("numpy", "matplotlib", "IPython"):
        for path in sorted((PACKAGES / name).glob("*")):
            found[str(path)] = str(path.stat().st_mtime_ns) if path.is_file() else ""
    return found


@pytest.fixture(scope="module", autouse=True)
def _nothing_outside_changes() -> Iterator[None]:
    before = state_outside()
    yield
    assert state_outside() == before


@pytest.fixture(autouse=True)
def _no_file_of_the_attackers_is_left() -> Iterator[None]:
    yield
    places = [Path("/tmp"), Path("/dev/shm"), Path("/var/tmp"), Path.home(), Path.cwd(), ROOT]
    left = [path for place in places if place.is_dir() for path in place.glob(f"*{MARK}*")]
    assert left == []


TAMPERING = {
    "files written wherever they can be": f"""
import os
for top in ("/", "/tmp", "/dev/shm", "/var/tmp", "/root", "/home", {str(ROOT)!r}, "/python",
            "/packages", "/packages/numpy", "/worker", "/course", "/course/dlcourse", "/usr",
            "/usr/lib", os.path.join("/proc/1/root", "tmp"), "/proc/1/cwd", "/etc", "/matplotlib",
            "/dev", "/run"):
    for path in (f"{{top}}/{MARK}", f"{{top}}/numpy/{MARK}.pyc"):
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            open(path, "w").write("import os")
        except OSError:
            pass
""",
    "modules of the packages and the worker overwritten": """
import os, sys
for name, module in list(sys.modules.items()):
    path = getattr(module, "__file__", None)
    for target in (path, getattr(module, "__cached__", None)):
        try:
            open(target, "a").write("raise SystemExit")
        except (OSError, TypeError):
            pass
""",
    "start-up files of IPython, matplotlib and Python": """
import os
home = os.path.expanduser("~")
for name in ("ipython/profile_default/startup/00.py", ".ipython/profile_default/startup/00.py",
             "matplotlib/matplotlibrc", ".config/matplotlib/matplotlibrc", "matplotlibrc",
             "sitecustomize.py", "usercustomize.py", ".pythonrc.py", "numpy.py", "dlcourse.py"):
    path = os.path.join(home, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    open(path, "w").write("raise SystemExit('mine')")
""",
    "a module of the classmate's patched in memory": """
import builtins, numpy as np, sys
np.stack = np.array = np.mean = None
builtins.len = lambda x: 0
import dlcourse.testing
dlcourse.testing.check_close = None
del sys.modules["random"]
""",
    "hidden files and directories left behind": """
import os
os.makedirs("/tmp/.hidden/deep", exist_ok=True)
open("/tmp/.hidden/deep/numpy.py", "w").write("raise SystemExit")
os.mkfifo("/tmp/fifo")
os.symlink("/", "/tmp/link")
os.chmod("/tmp/.hidden", 0)
""",
    "a directory that nobody may read or empty": """
import os
os.makedirs("/tmp/shut/inner")
os.chmod("/tmp/shut", 0)
""",
    "shared memory and semaphores left behind": """
import ctypes
libc = ctypes.CDLL(None)
libc.shmget(0x1234, 4096, 0o1666)
libc.semget(0x1234, 1, 0o1666)
libc.msgget(0x1234, 0o1666)
""",
    "a daemon in a session of its own": """
import os, signal, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in range(1, 65):
            try:
                signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError):
                pass
        while True:
            time.sleep(60)
    os._exit(0)
""",
    "a daemon that stays stopped": """
import os, signal
if os.fork() == 0:
    os.kill(os.getpid(), signal.SIGSTOP)
""",
    "children that fork on and on": """
import os
for _ in range(4):
    if os.fork() == 0:
        while True:
            try:
                if os.fork():
                    os._exit(0)
            except OSError:
                pass
""",
    "a daemon that waits to kill whoever comes next": """
import os, signal, time
if os.fork() == 0:
    os.setsid()
    mine = {int(p) for p in os.listdir("/proc") if p.isdigit()}
    while True:
        for p in os.listdir("/proc"):
            if p.isdigit() and int(p) not in mine:
                try:
                    os.kill(int(p), signal.SIGKILL)
                except OSError:
                    pass
""",
    "the warm process killed": """
import os, signal
if os.fork() == 0:
    import time
    time.sleep(0.05)
    os.kill(2, signal.SIGKILL)
    os._exit(0)
""",
    "every process killed, from a child": """
import os, signal, time
if os.fork() == 0:
    os.setsid()
    time.sleep(0.2)
    os.kill(-1, signal.SIGKILL)
    os._exit(0)
""",
    "the warm process interrupted": """
import os, signal
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGCHLD,
               signal.SIGPIPE, signal.SIGVTALRM):
    try:
        os.kill(os.getppid(), number)
    except OSError:
        pass
""",
}  # fmt: skip


@pytest.mark.parametrize("cell", TAMPERING.values(), ids=TAMPERING.keys())
def test_the_next_student_and_the_files_outside_are_as_before(
    quick_bench: Bench, lab: Lab, cell: str
) -> None:
    result = quick_bench.grade(with_cell(completed(lab), cell, before=FIRST))
    assert result.status == "graded"
    assert result.score <= lab.max_score


def test_a_daemon_ends_with_its_submission(box: Sandbox, lab: Lab) -> None:
    source = TAMPERING["a daemon in a session of its own"]
    box.open([Step(source, "the cell")])
    box.clean()
    listed = "import os\nfound = [int(p) for p in os.listdir('/proc') if p.isdigit()]"
    loaded = box.open([Step(listed, "the cell")])
    processes = StudentProxy(loaded, lab.limits.call_wall).value("found")
    box.clean()
    assert len(processes) <= 4


LEFT = {
    "files": "import os\nfound = os.listdir('/tmp')",
    "shared memory": "found = open('/proc/sysvipc/shm').read().splitlines()[1:]",
    "semaphores": "found = open('/proc/sysvipc/sem').read().splitlines()[1:]",
    "message queues": "found = open('/proc/sysvipc/msg').read().splitlines()[1:]",
    "POSIX message queues": """
import ctypes, os
libc = ctypes.CDLL(None)
found = [1] if libc.mq_open(b"/left", os.O_RDWR) >= 0 else []
""",
    "abstract sockets": "found = open('/proc/net/unix').read().splitlines()[1:]",
}  # fmt: skip
LEAVE = """
import ctypes, os, socket
libc = ctypes.CDLL(None)
libc.mq_open(b"/left", os.O_CREAT | os.O_RDWR, 0o666, None)
""" + TAMPERING["shared memory and semaphores left behind"]


@pytest.mark.parametrize("what", LEFT)
def test_nothing_is_passed_on_to_the_next(box: Sandbox, lab: Lab, what: str) -> None:
    source = LEAVE if what != "files" else TAMPERING["hidden files and directories left behind"]
    box.open([Step(source, "the cell")])
    box.clean()
    loaded = box.open([Step(LEFT[what], "the cell")])
    found = StudentProxy(loaded, lab.limits.call_wall).value("found")
    box.clean()
    assert found in ([], None)


def test_queues_do_not_survive_where_files_do_not(box: Sandbox, lab: Lab) -> None:
    """A message queue alone, without anything else that has the box replaced."""
    source = 'import ctypes, os\nctypes.CDLL(None).mq_open(b"/left", os.O_CREAT | 2, 0o666, None)'
    box.open([Step(source, "the cell")])
    box.clean()
    loaded = box.open([Step(LEFT["POSIX message queues"], "the cell")])
    found = StudentProxy(loaded, lab.limits.call_wall).value("found")
    box.clean()
    assert found == []


KILLERS = {
    "kills the warm process": "import os\n    os.kill(os.getppid(), 9); os.kill(2, 9)",
    "kills everything": "import os\n    os.kill(-1, 9)",
    "ends its process": "import os\n    os._exit(0)",
    "crashes": "import ctypes\n    ctypes.string_at(0)",
    "closes every descriptor": "import os\n    os.closerange(0, 256)",
}


@pytest.mark.parametrize("body", KILLERS.values(), ids=KILLERS.keys())
def test_a_late_strike_takes_no_earlier_points(bench: Bench, lab: Lab, body: str) -> None:
    wrong = f"def kmeans_batch_step(X, centers):\n    {body}\n"
    result = bench.grade(completed(lab, {"kmeans_batch_step": wrong}))
    struck = task_of(result, "kmeans_batch_step")
    assert struck.score == 0
    assert result.score == lab.max_score - struck.max_score
    assert all(test.message for test in struck.tests)


@pytest.mark.parametrize("body", KILLERS.values(), ids=KILLERS.keys())
def test_a_cell_that_strikes_is_left_out(bench: Bench, lab: Lab, body: str) -> None:
    cell = body.replace("\n    ", "\n")
    result = bench.grade(with_cell(completed(lab), cell, before="kmeans_batch_step"))
    full_marks(result)
    if "kill" not in cell:  # which the kernel refuses, but for the cell's own process
        assert any("without it" in error for error in result.errors)


SEPARATORS = "\u2028 \u2029 \x85 \x0b \x0c \x1c \x1d \x1e \r \n \x00 \x1b[31m \u202e"


def test_no_character_splits_a_line_of_the_results(
    tmp_path: Path, lab: Lab, grade_command: Callable[..., Command]
) -> None:
    """What a file says of itself stands in the results, which must be read again to go on."""
    notebook = completed(lab)
    for number, separator in enumerate(SEPARATORS.split(" ")):
        notebook = with_cell(notebook, f"raise RuntimeError({separator!r})", before=FIRST)
        raising = next(cell for cell in notebook["cells"] if repr(separator) in cell["source"])
        raising["metadata"]["nbgrader"] = {"grade_id": f"a{separator}b{number}"}
    save(notebook, tmp_path / "mallory.ipynb")
    save(classmate(lab), tmp_path / "alice.ipynb")
    first = grade_command(tmp_path / "mallory.ipynb", tmp_path / "alice.ipynb")
    again = grade_command(tmp_path / "mallory.ipynb", tmp_path / "alice.ipynb")
    assert (first.code, again.code) == (0, 0), again.output
    assert set(again.results) == {"mallory", "alice"}
    errors = again.results["mallory"].errors
    assert len(errors) == len(SEPARATORS.split(" "))
    assert all(error.isprintable() for error in errors)


def test_results_of_others_are_out_of_reach_of_the_command(
    tmp_path: Path, lab: Lab, grade_command: Callable[..., Command]
) -> None:
    """The attacker is graded between two others whose results and files it knows the place of."""
    targets = [tmp_path / "out" / "results.jsonl", tmp_path / "out" / "scores.csv"]
    targets += [tmp_path / "alice.ipynb", tmp_path / "zoe.ipynb", tmp_path / ".course-secret"]
    cell = f"""
for path in {[str(path) for path in targets]!r}:
    for mode in ("a", "w"):
        try:
            open(path, mode).write("999")
        except OSError:
            pass
"""
    save(completed(lab), tmp_path / "alice.ipynb")
    save(with_cell(completed(lab), cell, before=FIRST), tmp_path / "mallory.ipynb")
    save(completed(lab), tmp_path / "zoe.ipynb")
    paths = [tmp_path / f"{name}.ipynb" for name in ("alice", "mallory", "zoe")]
    before = [path.read_bytes() for path in paths]
    done = grade_command(*paths)
    assert done.code == 0, done.output
    assert {r.score for r in done.results.values()} == {lab.max_score}
    assert [path.read_bytes() for path in paths] == before
    assert len(bytes.fromhex((tmp_path / ".course-secret").read_text())) == 32
    lines = targets[0].read_text().splitlines()
    assert [json.loads(line)["lab"] for line in lines] == [LAB] * 3


def test_a_stopped_loader_costs_the_submissions_time_and_no_more(
    quick_bench: Bench, lab: Lab, seconds: Callable[[], float]
) -> None:
    body = "import os, signal; os.kill(os.getppid(), signal.SIGSTOP); os.kill(1, signal.SIGSTOP)"
    wrong = f"def kmeans_minibatch_step(*args):\n    {body}\n"
    result = quick_bench.grade(completed(lab, {"kmeans_minibatch_step": wrong}))
    struck = task_of(result, "kmeans_minibatch_step")
    assert struck.score == 0
    assert result.score == lab.max_score - struck.max_score
    assert seconds() < 40


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives every box a user of its own")
def test_users_of_boxes_of_neighbouring_graders_never_meet(lab: Lab) -> None:
    """However often a box is replaced: processes are counted, and killed, by user."""
    stage = Stage(lab)
    commands = [backends.box("bubblewrap", stage, 0, lab).command for _ in range(200)]
    stage.close()
    words = [word for command in commands for word in command if word.startswith("--reuid=")]
    users = {int(word.removeprefix("--reuid=")) for word in words}
    assert len(words) == 200
    assert max(users) - min(users) < 16  # a grader's first user is 16 times its process number


HOLDS_A_BOX = """
from autograder import labs
from autograder.sandbox.launch import Sandbox
from autograder.sandbox.stage import Stage
from autograder.submission import Step
lab = labs.find("lab01")
sandbox = Sandbox(lab, Stage(lab), "bubblewrap")
sandbox.open([Step("import os\\nos.fork()\\nwhile True: pass", "the cell")])
"""


def test_nothing_inside_outlives_a_grader_that_is_killed(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    grader = subprocess.Popen([sys.executable, "-c", HOLDS_A_BOX], env=environment, cwd=tmp_path)
    deadline = time.monotonic() + 30
    while len(inside := descendants(grader.pid)) < 4 and time.monotonic() < deadline:
        time.sleep(0.05)
    grader.kill()
    grader.wait()
    assert len(inside) >= 4
    while any(map(_lives, inside)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [pid for pid in inside if _lives(pid)] == []


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_forgers_of_frames_do_not_reach_the_next_student(bench: Bench, lab: Lab) -> None:
    """Frames still in flight when a submission ends are nobody's answer."""
    cell = """
import json, os, struct
def forge(args, kwargs):
    text = json.dumps({"op": "cleaned", "clean": True}).encode()
    for fd in range(3, 20):
        try:
            os.write(fd, (struct.pack(">II", len(text), 0) + text) * 100)
        except OSError:
            pass
"""
    assert bench.grade(attacked(lab, cell)).score == 0
