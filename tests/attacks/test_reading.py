"""Reading: nothing of the grader's, the instructor's or a classmate's is in a submission's reach.

Canaries stand in the grader's environment, in files and in its open descriptors before the sandbox
starts. A cell searches for them with what the box has; what it finds it leaves in `found`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from classroom import FIRST, SECRET, Bench, Command, classmate

from autograder.completion import completed, save, with_cell
from autograder.labs import ROOT, Lab
from autograder.sandbox.launch import Sandbox
from autograder.sandbox.stage import WORKER, Stage
from autograder.sandbox.student import StudentProxy
from autograder.submission import Step

CANARY = "CANARY-6f1d9b"
# of the hidden tests, the solutions, the known mistakes, the grader, the database's schema
NEEDLES = [
    "check_partition(student",
    "Model answer. Updates",
    "@mistake(",
    "class SubmissionResult",
    "class HiddenTests",
    CANARY,
]
SEARCH = f"""
import os
NEEDLES = {[needle[::-1] for needle in NEEDLES]!r}  # backwards, so as not to find this line
NEEDLES = [needle[::-1].encode() for needle in NEEDLES]

def look(path):
    try:
        with open(path, "rb", buffering=0) as file:
            content = file.read(4 << 20)
    except (OSError, ValueError, OverflowError):
        return []
    return [(path, needle.decode()) for needle in NEEDLES if needle in content]
"""


@pytest.fixture(scope="module")
def planted(
    lab: Lab, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Callable[[str], object], Path]]:
    """A sandbox that is started from a process with canaries all over."""
    directory = tmp_path_factory.mktemp("home")
    for name in ("canary.txt", ".course-secret", "gradebook.db"):
        (directory / name).write_text(f"{CANARY} in {name}\n")
    with pytest.MonkeyPatch.context() as patch, (directory / "canary.txt").open("rb") as leaked:
        patch.setenv("DLCOURSE_CANARY", f"{CANARY} in the environment")
        os.set_inheritable(leaked.fileno(), True)
        stage = Stage(lab)
        sandbox = Sandbox(lab, stage, "bubblewrap")

    def run(source: str) -> object:
        loaded = sandbox.open([Step(SEARCH + source, "the cell")])
        assert loaded.errors == []
        found = StudentProxy(loaded, lab.limits.call_wall).value("found")
        sandbox.clean()
        return found

    yield run, directory
    sandbox.close()
    stage.close()


SEARCHES = {
    "every file there is": """
found, seen = [], 0
for top in os.listdir("/"):
    if top in ("proc", "usr", "python", "packages", "lib", "lib64", "bin"):
        continue
    for directory, _, files in os.walk(f"/{top}"):
        for name in files:
            path = os.path.join(directory, name)
            if os.path.isfile(path):
                seen += 1
                found += look(path)
assert seen > 20, seen
""",
    "what /proc tells of every process": """
found = []
for pid in [p for p in os.listdir("/proc") if p.isdigit() and int(p) != os.getpid()]:
    for name in ("environ", "cmdline", "comm", "maps", "stack", "syscall", "auxv"):
        found += look(f"/proc/{pid}/{name}")
for name in ("environ", "cmdline", "mountinfo", "mounts", "cgroup"):
    found += look(f"/proc/self/{name}")
""",
    "the memory of the processes above": """
found = []
for pid in [p for p in os.listdir("/proc") if p.isdigit() and int(p) != os.getpid()]:
    for name in ("mem", "maps", "environ", "pagemap", "fd", "root", "cwd", "exe"):
        path = f"/proc/{pid}/{name}"
        try:
            os.listdir(path) if name in ("fd", "root", "cwd") else open(path, "rb").read(1)
        except OSError:
            continue
        if name not in ("maps",):
            found.append(path)
""",
    "the environment": """
found = [f"{k}={v}" for k, v in os.environ.items() if "CANARY" in k + v]
""",
    "inherited descriptors": """
found = []
for fd in os.listdir("/proc/self/fd"):
    try:
        target = os.readlink(f"/proc/self/fd/{fd}")
    except OSError:
        continue
    if target != "/dev/null" and not target.startswith(("socket:", "/proc/")):
        found.append((fd, target))
""",
    "the modules that are loaded, and what their names hold": """
import sys
found = [name for name in sys.modules if name.startswith("autograder.")
         and name.split(".")[1] != "sandbox"]
for module in list(sys.modules.values()):
    for name in list(getattr(module, "__dict__", {})):
        if name in ("course_secret", "HiddenTests", "Recorder", "SECRET", "withheld"):
            found.append((module.__name__, name))
""",
    "modules that could be imported": """
import importlib
found = []
for name in ("autograder.grading", "autograder.results", "autograder.labs", "autograder.answers",
             "autograder.hidden.test_lab01_sgd_vs_batch", "autograder.secret", "nbgrader",
             "autograder.grader", "autograder.gradebook", "pytest", "sqlalchemy", "distributed"):
    try:
        importlib.import_module(name)
        found.append(name)
    except ImportError:
        pass
""",
    "bodies of what the lab asks for": """
import ast
found = []
TASKS = ("gradient_descent", "sgd_epoch", "minibatches", "minibatch_epoch", "smoothed_loss",
         "kmeans_assign", "kmeans_batch_step", "kmeans_sgd_step", "kmeans_minibatch_step",
         "inverse_decay", "satisfies_robbins_monro", "polynomial_decay_average",
         "class_balanced_batches")
for directory, _, files in os.walk("/course"):
    for name in files:
        if "checks" in directory or not name.endswith(".py"):
            continue
        for node in ast.walk(ast.parse(open(os.path.join(directory, name)).read())):
            if isinstance(node, ast.FunctionDef) and node.name in TASKS:
                if not isinstance(node.body[-1], ast.Raise):
                    found.append((name, node.name))
""",
    "compiled leftovers of the library": """
found = [os.path.join(d, f) for top in ("/course", "/worker") for d, _, fs in os.walk(top)
         for f in fs if f.endswith(".pyc")]
""",
    "the network": """
import socket
found = []
for family, address in ((socket.AF_INET, ("1.1.1.1", 53)), (socket.AF_INET, ("127.0.0.1", 22)),
                        (socket.AF_INET6, ("::1", 22)), (socket.AF_UNIX, "/run/docker.sock"),
                        (socket.AF_UNIX, "/var/run/nscd/socket"), (socket.AF_UNIX, "\\0dbus")):
    try:
        with socket.socket(family) as connection:
            connection.settimeout(1)
            connection.connect(address)
            found.append(str(address))
    except OSError:
        pass
""",
    "interfaces besides a loopback": """
lines = open("/proc/net/dev").read().splitlines()[2:] if os.path.exists("/proc/net/dev") else []
found = [line for line in lines if not line.strip().startswith("lo:")]
""",
    "history, configuration and keys of a person": """
found = []
for home in ("/root", "/home", os.path.expanduser("~"), "/etc/ssh", "/var", "/run", "/mnt", "/srv"):
    if os.path.isdir(home):
        found += [os.path.join(home, name) for name in os.listdir(home)]
found += [path for path in ("/etc/passwd", "/etc/shadow", "/etc/hosts", "/sys/class", "/.dockerenv")
          if os.path.exists(path)]
""",
}  # fmt: skip


@pytest.mark.parametrize("search", SEARCHES.values(), ids=SEARCHES.keys())
def test_a_search_inside_finds_nothing(
    planted: tuple[Callable[[str], object], Path], search: str
) -> None:
    run, _ = planted
    assert run(search) == []


def test_a_search_finds_what_is_there(planted: tuple[Callable[[str], object], Path]) -> None:
    """Were `look` blind, all searches above would pass."""
    run, _ = planted
    written = f'open("/tmp/planted", "w").write("{CANARY}")\nfound = look("/tmp/planted")'
    assert run(written) == [("/tmp/planted", CANARY)]


def test_files_whose_place_is_known_are_not_there(
    planted: tuple[Callable[[str], object], Path], lab: Lab
) -> None:
    run, home = planted
    paths = [lab.path, lab.hidden_tests, ROOT / ".course-secret", ROOT, home / "canary.txt"]
    paths += [home / ".course-secret", home / "gradebook.db", Path.home()]
    prefixes = ["", "/proc/1/root", "/proc/self/root", "/proc/2/cwd", "/dev/fd/3/..", "/tmp/../.."]
    source = f"found = [p for p in {[q + str(p) for p in paths for q in prefixes]!r}"
    assert run(source + " if os.path.exists(p)]") == []


def test_a_link_out_of_the_box_leads_nowhere(
    planted: tuple[Callable[[str], object], Path], lab: Lab
) -> None:
    run, _ = planted
    source = f"""
os.symlink({str(lab.hidden_tests)!r}, "/tmp/tests")
os.symlink("/proc/1/root", "/tmp/root")
found = look("/tmp/tests") + look("/tmp/root{lab.hidden_tests}")
"""
    assert run(source) == []


def test_inputs_are_all_that_crosses(planted: tuple[Callable[[str], object], Path]) -> None:
    """The worker's own modules and the student edition are the course's only files in the box."""
    run, _ = planted
    source = "found = sorted(f for d, _, fs in os.walk('/worker') for f in fs)"
    files = run(source)
    assert isinstance(files, list)
    assert set(files) <= {"__init__.py", *WORKER}


LOOT = {
    "raised from a cell": "raise RuntimeError(loot())",
    "raised from every task": "def forge(*a, **k):\n    raise RuntimeError(loot())",
    "as the name of a type": "def forge(*a, **k):\n    return type(loot() or 'x', (), {})()",
    "as an answer": "answers = {'q_drift': {loot()}}",
    "on stdout and stderr": "import sys\nprint(loot())\nprint(loot(), file=sys.stderr)",
}
COLLECT = """
import os
def loot():
    words = [str(dict(os.environ))]
    for path in PATHS:
        try:
            words.append(open(path).read())
        except OSError:
            pass
    joined = " ".join(words)
    at = max(joined.find(needle[::-1]) for needle in NEEDLES)
    return joined[at:at + 80] if at >= 0 else "nothing"
"""


@pytest.mark.parametrize("way", LOOT.values(), ids=LOOT.keys())
def test_no_result_holds_what_a_submission_should_not_know(
    bench: Bench, lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setenv("DLCOURSE_CANARY", CANARY)
    (tmp_path / "canary.txt").write_text(CANARY)
    save(classmate(lab), tmp_path / "classmate.ipynb")
    paths = [tmp_path / "canary.txt", tmp_path / "classmate.ipynb", lab.path, lab.hidden_tests]
    needles = [needle[::-1] for needle in [*NEEDLES, SECRET.hex(), "written by the classmate"]]
    tasks = {task: f"def {task}(*a, **k):\n    return forge(*a, **k)" for task in lab.code_tasks()}
    head = f"PATHS = {[str(path) for path in paths]!r}\nNEEDLES = {needles!r}\n"
    notebook = with_cell(completed(lab, tasks), head + COLLECT + way, before=FIRST)
    record = bench.grade(notebook).to_json()
    assert [needle for needle in needles if needle[::-1] in record] == []


def test_feedback_tells_no_expected_value_and_no_line_of_a_test(
    tmp_path: Path, lab: Lab, grade_command: Callable[..., Command]
) -> None:
    wrong = {
        task: f"def {task}(*a, **k):\n    import numpy as np\n    return np.full(3, 1234.5)\n"
        for task in lab.code_tasks()
    }
    save(completed(lab, wrong), tmp_path / "prober.ipynb")
    done = grade_command(tmp_path / "prober.ipynb")
    page, _, own = done.feedback("prober").partition("Your notebook as you handed it in")
    assert "1234.5" in own
    secret = (tmp_path / ".course-secret").read_text().strip()
    for hidden in ("1234.5", "expected 0", "assert ", "Traceback", "def test_", secret, str(ROOT)):
        assert hidden not in page
    for task in done.results["prober"].tasks:
        for test in task.tests:
            assert test.detail == "" or test.detail not in page
