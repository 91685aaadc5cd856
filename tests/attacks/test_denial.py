"""Denial: what never ends, or takes too much, costs its own tests and nobody else's.

The lab's limits are shortened to seconds. Each attack stands in one task of an otherwise right
notebook, or in a cell of its own; the other tasks keep their points.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
from classroom import FIRST, SECRET, Bench, Command, cell_of, full_marks, task_of

from autograder.completion import completed, released, save, with_cell
from autograder.grader import Grader
from autograder.labs import Lab
from autograder.sandbox.launch import Sandbox
from autograder.sandbox.stage import Stage
from autograder.sandbox.student import StudentProxy
from autograder.submission import Step

VICTIM = "kmeans_assign"
# the lines of a function; what it does not finish is zero for its task alone
ATTACKS = {
    "an endless loop": "while True:\n        pass",
    "a sleep": "import time\n    time.sleep(1000)",
    "an endless loop that catches everything": """while True:
        try:
            while True:
                pass
        except BaseException:
            pass""",
    "a call into C that does not return": "import numpy as np\n    return np.linalg.svd("
    "np.random.default_rng(0).normal(size=(3000, 3000)))",
    "a regular expression": "import re\n    return re.match('(a+)+$', 'a' * 60 + 'b')",
    "a power of integers": "return 7 ** 10 ** 9",
    "deaf to signals": """import signal, time
    for number in range(1, 65):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    while True:
        time.sleep(1)""",
    "blocked signals": """import signal
    signal.pthread_sigmask(signal.SIG_SETMASK, range(1, 65))
    while True:
        pass""",
    "a fork bomb": """import os
    while True:
        try:
            os.fork()
        except OSError:
            pass""",
    "a thread bomb": """import threading, time
    while True:
        threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()""",
    "a memory bomb": """hoard = []
    while True:
        hoard.append(bytearray(64 << 20))""",
    "one giant allocation": "import numpy as np\n    return np.ones(1 << 40)",
    "a full scratch disk": """hoard = 0
    while True:
        hoard += 1
        open(f'/tmp/{hoard}', 'wb').write(bytes(32 << 20))""",
    "a million files": """for n in range(1_000_000):
        open(f'/tmp/{n}', 'w').close()""",
    "a gigabyte on stdout": """import os
    for _ in range(1024):
        os.write(1, bytes(1 << 20))
        print('x' * (1 << 20))
    return None""",
    "a gigabyte as answer": "import numpy as np\n    return np.zeros(1 << 27)",
    "a long list as answer": "return list(range(3_000_000))",
    "a long string as answer": "return 'x' * (100 << 20)",
    "a recursion": "return kmeans_assign(X, centers)",
    "a recursion in C": """import sys
    sys.setrecursionlimit(10**9)
    return kmeans_assign(X, centers)""",
    "a segmentation fault": "import ctypes\n    ctypes.string_at(0)",
    "an abort": "import os\n    os.abort()",
    "a stop": "import os, signal\n    os.kill(os.getpid(), signal.SIGSTOP)",
    "a stopped session": "import os, signal\n    os.killpg(0, signal.SIGSTOP)",
    "an illegal instruction": "import os, signal\n    os.kill(os.getpid(), signal.SIGILL)",
    "a deadlock": """import threading
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()""",
    "a wait for a child that sleeps": """import os, time
    os.waitpid(-1, 0) if os.fork() else time.sleep(99)""",
    "a destructor that hangs": """class Slow:
        def __del__(self):
            while True:
                pass
    Slow()
    return None""",
    "a repr and a str that hang": """class Slow(Exception):
        def __str__(self):
            while True:
                pass
        __repr__ = __str__
    raise Slow""",
    "a pipe that nobody reads": "import os\n    os.write(os.pipe()[1], bytes(1 << 20))",
    "descriptors without end": """import os
    while True:
        os.open('/dev/null', 0)""",
    "ten thousand digits": "return 10 ** 10_000",
}  # fmt: skip


@pytest.mark.parametrize("body", ATTACKS.values(), ids=ATTACKS.keys())
def test_a_function_that_takes_too_much_costs_its_own_points(
    quick_bench: Bench, lab: Lab, body: str
) -> None:
    source = f"def {VICTIM}(X, centers):\n    {body}\n"
    result = quick_bench.grade(completed(lab, {VICTIM: source}))
    struck = task_of(result, VICTIM)
    before = [task.name for task in lab.tasks].index(VICTIM)
    assert result.status == "graded"
    assert struck.score == 0
    assert all(test.message for test in struck.tests)
    assert [task.name for task in result.tasks[:before] if task.status != "passed"] == []


CELLS = {
    "an endless cell": "while True:\n    pass",
    "a sleeping cell": "import time\ntime.sleep(1000)",
    "a cell that takes all memory": "hoard = [bytearray(64 << 20) for _ in range(10_000)]",
    "a cell that forks": """import os
while True:
    try:
        os.fork()
    except OSError:
        pass
""",
    "a cell that prints for ever": "while True:\n    print('x' * 10_000)",
    "a cell that fills the disk": "import os\nwhile True:\n"
    "    open('/tmp/' + os.urandom(8).hex(), 'wb').write(bytes(32 << 20))",
    "a cell that crashes": "import ctypes\nctypes.string_at(0)",
    "a cell of eight megabytes": "x = '" + "y" * (8 << 20) + "'",
    "a cell nested a thousand deep": "x = " + "(" * 1000 + ")" * 1000,
    "a cell nested a million deep": "x = " + "-" * 1_000_000 + "1",
    "a cell with a hundred thousand lines": "x = 1\n" * 100_000,
    "a cell with null bytes": "x = 1\x00\nwhile True:\n    pass",
    "a hanging magic": "%timeit -n 1 -r 1 __import__('time').sleep(1000)",
    "a hanging shell command": "!sleep 1000",
    "an endless coroutine": "import asyncio\nawait asyncio.sleep(1000)",
}  # fmt: skip


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS.keys())
def test_a_cell_that_takes_too_much_is_left_out(quick_bench: Bench, lab: Lab, cell: str) -> None:
    full_marks(quick_bench.grade(with_cell(completed(lab), cell, before=FIRST)))


def test_hangs_in_cells_are_left_out_one_by_one(bench: Bench, lab: Lab) -> None:
    notebook = completed(lab)
    for place in (FIRST, "kmeans_assign", "answers"):
        notebook = with_cell(notebook, "import os\nos._exit(1)", before=place)
    result = bench.grade(notebook)
    full_marks(result)
    assert len(result.errors) == 3


def test_a_thousand_cells_that_end_their_process_do_not_end_the_grader(
    quick_bench: Bench, lab: Lab
) -> None:
    notebook = completed(lab)
    ends = {"cell_type": "code", "metadata": {}, "outputs": [], "source": "import os\nos._exit(0)"}
    notebook["cells"] += [dict(ends) for _ in range(1100)]
    result = quick_bench.grade(notebook)
    assert result.status == "graded"
    assert len(result.errors) <= 100


def test_a_thousand_slow_cells_end_with_the_submissions_time(
    quick_bench: Bench, lab: Lab, seconds: Callable[[], float]
) -> None:
    notebook = completed(lab)
    slow = {"cell_type": "code", "metadata": {}, "outputs": []}
    slow["source"] = "import time\ntime.sleep(0.9)"
    notebook["cells"] += [dict(slow) for _ in range(1000)]
    result = quick_bench.grade(notebook)
    assert result.status == "graded"
    assert seconds() < 40


def test_hangs_in_every_task_end_with_the_submissions_time(
    quick_bench: Bench, lab: Lab, seconds: Callable[[], float]
) -> None:
    hang = {
        task: f"def {task}(*a, **k):\n    while True:\n        pass" for task in lab.code_tasks()
    }
    result = quick_bench.grade(completed(lab, hang))
    assert seconds() < 40
    assert sum(task.score or 0 for task in result.tasks if not task.name.startswith("q_")) == 0
    assert all(task.status == "passed" for task in result.tasks if task.name.startswith("q_"))
    said = task_of(result, FIRST).tests[0].message
    assert FIRST in said, "otter 469: which question timed out?"
    assert "loop" in said


def test_points_earned_before_the_time_ran_out_are_kept(quick_bench: Bench, lab: Lab) -> None:
    last_ones = ["kmeans_assign", "kmeans_batch_step", "kmeans_sgd_step", "kmeans_minibatch_step"]
    hang = {t: f"def {t}(*a, **k):\n    while True:\n        pass" for t in last_ones}
    result = quick_bench.grade(completed(lab, hang))
    assert [t.name for t in result.tasks if t.status not in ("passed", "manual")] == last_ones
    last = task_of(result, last_ones[-1])
    assert (last.score, last.status) == (0, "failed")
    assert all("time" in test.message or "answer" in test.message for test in last.tests)


# calls of what a hidden test hands over: lr, a schedule; grad, a gradient
FLOODS = {
    "many long lists handed to it":
        "for _ in range(60):\n        try:\n            lr([0.5] * 900_000)\n"
        "        except Exception:\n            pass",
    "many rows handed to the gradient":
        "for _ in range(300):\n        try:\n            grad(w, np.zeros((1 << 20, 3)), "
        "np.zeros(1 << 20))\n        except Exception:\n            pass",
    "a product of two long vectors asked of the gradient":
        "try:\n        grad(np.zeros((3, 12_000)), np.zeros((12_000, 3)), np.zeros(1))\n"
        "    except Exception:\n        pass",
    "callbacks without end": "while True:\n        lr(1)",
    "callbacks that nobody waits for": """import os, struct, json
    text = json.dumps({"op": "call", "f": 1, "a": {"t": []}, "k": {"d": []}}).encode()
    frame = struct.pack(">II", len(text), 0) + text
    while True:
        for fd in range(3, 12):
            try:
                os.write(fd, frame * 100)
            except OSError:
                pass""",
    "half a frame, and silence": """import os, struct, time
    for fd in range(3, 12):
        try:
            os.write(fd, struct.pack(">II", 100, 64 << 20) + b'{')
        except OSError:
            pass
    time.sleep(1000)""",
    "a frame that comes byte by byte": """import os, struct, time
    for fd in range(3, 12):
        try:
            os.write(fd, struct.pack(">II", 1000, 0))
            for _ in range(1000):
                os.write(fd, b' ')
                time.sleep(0.2)
        except OSError:
            pass""",
}  # fmt: skip


ARGUMENTS = {"sgd_epoch": "grad, w, X, d, lr, j, rng", FIRST: "grad, w, X, d, lr, steps"}
ENOUGH = [
    (task, name)
    for task in ARGUMENTS
    for name, body in FLOODS.items()
    if task != FIRST or "lr(" not in body  # its lr is a number
]


@pytest.mark.parametrize(("task", "flood"), ENOUGH)
def test_callbacks_do_not_exhaust_the_grader(
    quick_bench: Bench, lab: Lab, memory_growth: Callable[[], float], task: str, flood: str
) -> None:
    head = f"import numpy as np\ndef {task}({ARGUMENTS[task]}):\n"
    source = f"{head}    {FLOODS[flood]}\n    return None\n"
    result = quick_bench.grade(completed(lab, {task: source}))
    assert task_of(result, task).score == 0
    assert memory_growth() < 1000


def test_what_a_callback_remembers_does_not_fill_the_graders_memory(
    quick_lab: Lab, tmp_path: Path, memory_growth: Callable[[], float]
) -> None:
    """Given time enough, a student could hand over megabytes again and again."""
    limits = dataclasses.replace(quick_lab.limits, call_cpu=8, call_wall=8, submission_wall=12)
    grader = Grader(dataclasses.replace(quick_lab, limits=limits), SECRET, "bubblewrap")
    source = """
def gradient_descent(grad, w, X, d, lr, steps):
    while X.dtype == np.float32:  # in a test whose gradient takes any number of rows
        try:
            grad(w, np.zeros((1 << 20, 3)), np.zeros(1 << 20))
        except Exception:
            pass
"""
    save(completed(quick_lab, {FIRST: source}), tmp_path / "hoarder.ipynb")
    try:
        result = grader.grade("hoarder", tmp_path / "hoarder.ipynb")
    finally:
        grader.close()
    assert task_of(result, FIRST).score == 0
    assert memory_growth() < 1000


def test_the_grader_draws_from_no_generator_that_a_student_broke(
    quick_bench: Bench, lab: Lab, seconds: Callable[[], float]
) -> None:
    """PCG64 with increment 0 gives zeros for ever, on which NumPy's rejection never ends."""
    broken = """
    rng.bit_generator.state = {"bit_generator": "PCG64", "has_uint32": 0, "uinteger": 0,
                               "state": {"state": 0, "inc": 0}}
    return [np.arange(T)]
"""
    source = f"def minibatches(T, batch_size, rng):{broken}"
    result = quick_bench.grade(completed(lab, {"minibatches": source}))
    assert result.status == "graded"
    assert seconds() < 40


def test_a_generator_state_that_repeats_itself_is_refused() -> None:
    import numpy as np

    from autograder.sandbox.values import set_generator_state
    from autograder.sandbox.wire import WireError

    with pytest.raises(WireError):
        set_generator_state(np.random.default_rng(0), ["0", "0", "0", "0"])


def test_a_box_that_is_out_of_processes_grades_the_next(quick_lab: Lab, tmp_path: Path) -> None:
    few = dataclasses.replace(quick_lab, limits=dataclasses.replace(quick_lab.limits, processes=8))
    grader = Grader(few, SECRET, "bubblewrap")
    bomb = "import os\nfor _ in range(50):\n    try:\n        os.fork()\n    except OSError: pass"
    save(with_cell(completed(few), bomb, before=FIRST), tmp_path / "bomb.ipynb")
    save(completed(few), tmp_path / "next.ipynb")
    try:
        grader.grade("bomb", tmp_path / "bomb.ipynb")
        full_marks(grader.grade("next", tmp_path / "next.ipynb"))
    finally:
        grader.close()


def test_limits_bind_inside(quick_lab: Lab) -> None:
    small = dataclasses.replace(
        quick_lab,
        limits=dataclasses.replace(quick_lab.limits, memory_bytes=1 << 30, processes=10),
    )
    stage = Stage(small)
    sandbox = Sandbox(small, stage, "bubblewrap")
    source = """
import os, signal
found = [0, 0]
try:
    hoard = bytearray(1 << 30)
except MemoryError:
    found[0] = 1
try:
    children = []
    for _ in range(20):
        children.append(os.fork())
        if children[-1] == 0:
            signal.pause()
        found[1] += 1
except OSError:
    pass
for child in children:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
"""
    try:
        loaded = sandbox.open([Step(source, "the cell")])
        refused, children = StudentProxy(loaded, 5).value("found") or (None, None)
    finally:
        sandbox.close()
        stage.close()
    assert refused == 1
    assert children is not None
    assert children < 10


def test_one_who_hangs_does_not_hold_up_the_class(
    tmp_path: Path, lab: Lab, grade_command: Callable[..., Command]
) -> None:
    """Otter 813 and nbgrader 1429: one bad notebook in a class, with the lab's own limits."""
    bad = {
        "memory": "hoard = [bytearray(64 << 20) for _ in range(10_000)]",
        "crash": "import ctypes\nctypes.string_at(0)",
        "forks": "import os\nfor _ in range(500):\n    try:\n        os.fork()\n"
        "    except OSError: pass",
    }
    for student, cell in bad.items():
        save(with_cell(released(lab), cell, before=FIRST), tmp_path / "class" / f"{student}.ipynb")
    for student in ("amy", "zac"):
        save(completed(lab), tmp_path / "class" / f"{student}.ipynb")
    done = grade_command(tmp_path / "class", jobs=2)
    assert done.code == 0, done.output
    scores = {student: result.score for student, result in done.results.items()}
    assert scores == {"memory": 0, "crash": 0, "forks": 0, "amy": 90, "zac": 90}
    assert cell_of(released(lab), FIRST)
