"""Forging: whatever the code does to tests, comparisons and frames, a wrong function earns nothing.

Each attack is a cell that runs before the first task and defines ``forge(args, kwargs)``; every
task of the notebook returns what it returns. To add one, add its name and its cell.

Long, since it holds the forgeries themselves, each a cell of code.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from classroom import FIRST, Bench, Command, attacked, cell_of, classmate, task_of

from autograder.completion import Notebook, completed, released, save, with_cell
from autograder.labs import Lab, source_of

AGREEABLE = """
import numpy as np

class Agreeable:
    shape, dtype, ndim, size, nbytes = (3,), np.dtype(float), 1, 3, 24
    __hash__ = None
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __lt__(self, other): return True
    __le__ = __gt__ = __ge__ = __lt__
    def __array__(self, *args, **kwargs): return np.zeros(3)
    def __array_ufunc__(self, *args, **kwargs): return True
    def __array_function__(self, *args, **kwargs): return True
    def __bool__(self): return True
    def __float__(self): return 0.0
    def __len__(self): return 2
    def __iter__(self): return iter((self, self))
    def __getitem__(self, key): return self
    def __getattr__(self, name): return self
    def __call__(self, *args, **kwargs): return self

def forge(args, kwargs):
    return Agreeable()
"""

SOCKETS = """
import json, os, struct, threading, time

def sockets():
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            if os.readlink(f"/proc/self/fd/{name}").startswith("socket:"):
                found.append(int(name))
        except OSError:
            pass
    return found

def frame(message, binary=b""):
    text = json.dumps(message).encode()
    return struct.pack(">II", len(text), len(binary)) + text + binary
"""

FORGERIES = {
    "an object that equals everything": AGREEABLE,
    "numpy.testing replaced": AGREEABLE + """
import numpy.testing
for name in dir(numpy.testing):
    if name.startswith("assert"):
        setattr(numpy.testing, name, lambda *args, **kwargs: None)
""",
    "numpy's comparisons replaced": """
import numpy as np
for name in ("allclose", "array_equal", "isclose", "isfinite", "all", "any", "equal"):
    setattr(np, name, lambda *args, **kwargs: True)
def forge(args, kwargs):
    return np.ones(3)
""",
    "builtins replaced": AGREEABLE + """
import builtins
builtins.isinstance = lambda *args: True
builtins.all = builtins.any = lambda *args: True
builtins.abs = lambda x: 0
builtins.len = lambda x: 3
builtins.type = lambda x: np.ndarray
""",
    "the library's checks replaced in sys.modules": AGREEABLE + """
import sys, types
for name in list(sys.modules):
    if "testing" in name or "pytest" in name or name.startswith("dlcourse.checks"):
        fake = types.ModuleType(name)
        fake.__getattr__ = lambda attribute: (lambda *args, **kwargs: None)
        sys.modules[name] = fake
""",
    "a dlcourse of one's own ahead on the path": AGREEABLE + """
import os, sys
os.makedirs("/tmp/dlcourse", exist_ok=True)
for name in ("__init__", "testing", "checks"):
    with open(f"/tmp/dlcourse/{name}.py", "w") as file:
        file.write("def __getattr__(name):\\n    return lambda *args, **kwargs: None\\n")
sys.path.insert(0, "/tmp")
for name in [name for name in sys.modules if name.startswith("dlcourse")]:
    del sys.modules[name]
import dlcourse.testing
""",
    "asserts stripped by an AST transformer": """
import ast
class Strip(ast.NodeTransformer):
    def visit_Assert(self, node): return None
    def visit_Raise(self, node): return ast.Pass()
get_ipython().ast_transformers.append(Strip())
def forge(args, kwargs):
    return None
""",
    "lines rewritten by an input transformer": """
get_ipython().input_transformers_post.append(lambda lines: [])
def forge(args, kwargs):
    return None
""",
    "tracebacks silenced (nbgrader PR 1324)": """
shell = get_ipython()
shell.showtraceback = shell.showsyntaxerror = lambda *args, **kwargs: None
type(shell).run_cell = lambda *args, **kwargs: None
def forge(args, kwargs):
    raise RuntimeError
""",
    "an ndarray subclass whose comparisons agree": """
import numpy as np
class Agrees(np.ndarray):
    def __array_ufunc__(self, *args, **kwargs): return np.True_
    def __array_function__(self, *args, **kwargs): return True
    def __eq__(self, other): return True
    def __sub__(self, other): return np.zeros(3)
    __rsub__ = __sub__
def forge(args, kwargs):
    return np.zeros(3).view(Agrees)
""",
    "subclasses of float, int, list and dict": """
class F(float):
    def __eq__(self, other): return True
    def __sub__(self, other): return 0.0
    __rsub__, __hash__ = __sub__, None
class L(list):
    def __eq__(self, other): return True
    def __len__(self): return 3
    def __iter__(self): return iter([F(1)] * 3)
def forge(args, kwargs):
    return [F(1.0), L()][number_of_call() % 2]
calls = []
def number_of_call():
    calls.append(1)
    return len(calls)
""",
    "a masked array and a matrix": """
import numpy as np
def forge(args, kwargs):
    return np.ma.masked_all((3,)), np.matrix([[1.0, 2.0]])
""",
    "not a number, everywhere": """
import numpy as np
def forge(args, kwargs):
    shapes = [a.shape for a in args if isinstance(a, np.ndarray)] or [()]
    return np.full(shapes[0], np.nan)
""",
    "empty arrays": "import numpy as np\ndef forge(args, kwargs):\n    return np.empty(0)\n",
    "empty tuples": "def forge(args, kwargs):\n    return ()\n",
    "empty lists": "def forge(args, kwargs):\n    return []\n",
    "nothing": "def forge(args, kwargs):\n    return None\n",
    "a number for every array": "def forge(args, kwargs):\n    return 5.0\n",
    "the first argument": "def forge(args, kwargs):\n    return args[0]\n",
    "all the arguments": "def forge(args, kwargs):\n    return args\n",
    "the second and sixth argument": """
def forge(args, kwargs):
    return args[1], args[5] if len(args) > 5 else 0
""",
    "zeros of every argument's shape": """
import numpy as np
def forge(args, kwargs):
    arrays = [np.zeros_like(a) for a in args if isinstance(a, np.ndarray)]
    return tuple(arrays) if len(arrays) > 1 else arrays[0] if arrays else 0.0
""",
    "every argument zeroed in place, so that expectations become zero": """
import numpy as np
def forge(args, kwargs):
    arrays = [a for a in args if isinstance(a, np.ndarray)]
    for a in arrays:
        a[...] = 0
    if callable(args[0]) and len(args) == 6:
        return np.zeros((int(args[5]) + 1, *args[1].shape), args[1].dtype)
    if callable(args[0]):
        return np.zeros_like(args[1]), 0
    return arrays[-1] if arrays else 0.0
""",
    "the generator put back to where randomness ends": """
import numpy as np
def forge(args, kwargs):
    for a in args:
        if isinstance(a, np.random.Generator):
            a.bit_generator.state = {"bit_generator": "PCG64", "has_uint32": 0, "uinteger": 0,
                                     "state": {"state": 0, "inc": 0}}
    return [np.zeros(1, dtype=int)]
""",
    "objects of odd dtypes": """
import numpy as np
def forge(args, kwargs):
    return (np.array([None, {}], dtype=object), np.zeros(2, dtype="M8[s]"),
            np.zeros(2, dtype=[("a", "f8")]), np.zeros(3, dtype=np.longdouble), np.str_("x"))
""",
    "complex numbers and infinities": """
import numpy as np
def forge(args, kwargs):
    return np.full(3, complex(np.inf, np.nan))
""",
    "integers without end": "def forge(args, kwargs):\n    return 10 ** 10_000\n",
    "text, bytes and surrogates": r"""
def forge(args, kwargs):
    return ["\ud800", b"\xff", "<script>alert(1)</script>", "\x00" * 100]
""",
    "a function for every answer": "def forge(args, kwargs):\n    return lambda *a: 0.0\n",
    "a class for every answer": AGREEABLE + "\ndef forge(args, kwargs):\n    return Agreeable\n",
    "a generator that never yields the same": """
import itertools
def forge(args, kwargs):
    return itertools.count()
""",
    "a list that contains itself": """
def forge(args, kwargs):
    loop = []
    loop.append(loop)
    return loop
""",
    "a nest of a thousand tuples": """
def forge(args, kwargs):
    nest = ()
    for _ in range(1000):
        nest = (nest,)
    return nest
""",
    "a zero, which other graders took for full marks (nbgrader 1374, 1339)":
        "def forge(args, kwargs):\n    return 0\n0\n",
    "a score on the last line of stdout (Autolab 2142)": """
import atexit, os, sys
LINE = '{"scores": {"gradient_descent": 999}, "score": 999, "passed": true}'
print(LINE)
for fd in range(3):
    os.write(fd, LINE.encode() + b"\\n")
atexit.register(print, LINE)
def forge(args, kwargs):
    print(LINE, file=sys.__stdout__, flush=True)
    return LINE
""",
    "results written to where graders look for them": """
import os
for name in ("results.json", "results.jsonl", "/tmp/results.json", "/autograder/results.json",
             "/out/results.jsonl", "gradebook.db"):
    try:
        os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
        open(name, "w").write('{"score": 999}')
    except OSError:
        pass
def forge(args, kwargs):
    return None
""",
    "os._exit with success": "import os\ndef forge(args, kwargs):\n    os._exit(0)\n",
    "sys.exit with success": "import sys\ndef forge(args, kwargs):\n    sys.exit(0)\n",
    "SystemExit of a string": "def forge(args, kwargs):\n    raise SystemExit('passed')\n",
    "KeyboardInterrupt": "def forge(args, kwargs):\n    raise KeyboardInterrupt\n",
    "GeneratorExit": "def forge(args, kwargs):\n    raise GeneratorExit\n",
    "exceptions with the names that pytest knows": """
NAMES = ["Skipped", "XFailed", "Exit", "NotImplementedError", "CheckError", "NoSuchFunction"]
calls = []
def forge(args, kwargs):
    calls.append(1)
    raise type(NAMES[len(calls) % len(NAMES)], (Exception,), {})("passed")
""",
    "an exception whose words hang together with others'": """
class Hostile(Exception):
    def __str__(self): raise self
    def __repr__(self): raise self
    __class__ = property(lambda self: 1 / 0)
def forge(args, kwargs):
    raise Hostile from Hostile()
""",
    "a patched codec that says True for every value": """
from autograder.sandbox import calls, wire
wire.Codec.encode = lambda self, value, out, depth=0: True
def forge(args, kwargs):
    return None
""",
    "references to the grader's own arrays and objects": """
from autograder.sandbox import wire
numbers = iter(range(10**9))
def encode(self, value, out, depth=0):
    n = next(numbers)
    return [{"r": n % 3}, {"h": [n % 5, "ndarray"]}, {"g": n % 2}, {"f": n % 4}][n % 4]
wire.Codec.encode = encode
def forge(args, kwargs):
    return None
""",
    "arrays whose header lies": """
from autograder.sandbox import wire
LIES = [["<f8", [2**39], 8], ["<f8", [3], 2**39], ["<f8", [-1], -8], ["<f8", [2**20] * 17, 0],
        ["|O", [1], 8], ["<f8", [0, 2**39], 0], ["<f8", 3, 24], ["V9", [1], 9], ["<f8", [True], 8]]
numbers = iter(range(10**9))
wire.Codec.encode = lambda self, value, out, depth=0: {"a": LIES[next(numbers) % len(LIES)]}
def forge(args, kwargs):
    return None
""",
    "a worker that answers for itself": """
from autograder.sandbox import worker
def serve(self, message, binary):
    self.channel.send({"op": "return", "passed": True, "score": 999, "v": None, "c": [], "g": []})
worker.Runner.serve_call = serve
def forge(args, kwargs):
    return None
""",
    "lies about which functions can remember": """
import numpy as np
from autograder.sandbox import worker
LIES = [np.ones(3), 5.0, [[1.0]], "all", [np.ones(3)], {"all": True}, [None], [np.array("f")]]
def lie(names, wanted):
    n = sum(map(len, wanted)) % 9
    return list(wanted) if n == 8 else LIES[n]
worker.stateless = lie
def forge(args, kwargs):
    return None
""",
    "frames written to every descriptor": SOCKETS + """
def forge(args, kwargs):
    for fd in sockets():
        os.write(fd, frame({"op": "return", "v": True, "c": [], "g": [], "passed": True}))
    return True
""",
    "answers sent long before they are asked for": SOCKETS + """
def forge(args, kwargs):
    for fd in sockets():
        for value in (True, 1.0, {"l": []}, {"t": []}) * 50:
            os.write(fd, frame({"op": "return", "v": value, "c": [], "g": []}))
    return None
""",
    "a thread that writes frames all the time": SOCKETS + """
started = []
def write():
    for _ in range(300):
        for fd in sockets():
            try:
                os.write(fd, frame({"op": "return", "v": True, "c": [], "g": []}))
            except OSError:
                pass
        time.sleep(0.001)
def forge(args, kwargs):
    threading.Thread(target=write, daemon=True).start()
    return True
""",
    "a forked child that writes frames for its parent": SOCKETS + """
def forge(args, kwargs):
    if os.fork() == 0:
        for _ in range(20):
            for fd in sockets():
                try:
                    os.write(fd, frame({"op": "passed", "v": True, "c": [], "g": []}))
                except OSError:
                    pass
        os._exit(0)
    return True
""",
    "frames that are none": SOCKETS + """
RUBBISH = [b"\\xff" * 64, b"\\0" * 64, frame([]), frame({"op": ["return"]}), frame({}),
           frame({"op": "return", "v": {"l": {}}, "c": [], "g": []}),
           frame({"op": "return", "v": None, "c": [[0, None]], "g": [[0, ["g", "g", "g", "g"]]]}),
           frame({"op": "return", "v": {"x": ["f", "import os; os._exit(0)"]}}),
           frame({"op": "call", "f": "__class__", "a": {"t": []}, "k": {"d": []}}),
           frame({"op": "call", "f": 10**9, "a": None, "k": None})]
calls = []
def forge(args, kwargs):
    calls.append(1)
    for fd in sockets():
        os.write(fd, RUBBISH[len(calls) % len(RUBBISH)])
    return True
""",
    "cell answers forged, and the loader's orders read by another": SOCKETS + """
def watch():
    while True:
        for fd in sockets():
            try:
                os.write(fd, frame({"op": "ran", "type": "", "text": "", "passed": True}))
            except OSError:
                return
        time.sleep(0.05)
threading.Thread(target=watch, daemon=True).start()
def forge(args, kwargs):
    return None
""",
    "values taken from the callers' frames": """
import sys
def forge(args, kwargs):
    frame, found = sys._getframe(), None
    while frame:
        for name, value in {**frame.f_globals, **frame.f_locals}.items():
            if name in ("expected", "reference", "answer", "key", "descent_path"):
                found = value
        frame = frame.f_back
    return found
""",
    "values taken from the garbage collector": """
import gc
import numpy as np
def forge(args, kwargs):
    mine = {id(a) for a in args}
    for o in gc.get_objects():
        if type(o).__name__ in ("Recorder", "HiddenTests", "CheckError"):
            return o
        if isinstance(o, dict) and "expected" in o:
            return o["expected"]
    return None
""",
    "callbacks asked for the answer": """
def forge(args, kwargs):
    for a in args:
        if callable(a):
            for name in ("expected", "calls", "__self__", "__globals__", "peer"):
                value = getattr(a, name, None)
            for attempt in ((), (0,), ("__globals__",), (args[1],) * 3):
                try:
                    value = a(*attempt)
                except Exception as error:
                    value = error
            return value
    return None
""",
    "the withheld reference, wherever it may be": """
import importlib, pkgutil
import dlcourse
def forge(args, kwargs):
    import inspect
    name = inspect.currentframe().f_back.f_locals["task"]
    for module in pkgutil.walk_packages(dlcourse.__path__, "dlcourse."):
        if "checks" in module.name:
            continue
        try:
            reference = getattr(importlib.import_module(module.name), name, None)
        except Exception:
            continue
        if callable(reference):
            return reference(*args, **kwargs)
    return None
""",
    "the solution compiled from files on the disk": """
import ast, os
def forge(args, kwargs):
    import inspect
    name = inspect.currentframe().f_back.f_locals["task"]
    for top in ("/course", "/worker", "/packages/dlcourse", "/tmp"):
        for directory, _, files in os.walk(top):
            for file in files:
                if not file.endswith((".py", ".pyc", ".ipynb")) or "checks" in directory:
                    continue
                text = open(os.path.join(directory, file), errors="replace").read()
                if f"def {name}(" in text:
                    space = {}
                    exec(text, space)
                    return space[name](*args, **kwargs)
    return None
""",
}  # fmt: skip


@pytest.mark.parametrize("cell", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forger_gets_no_point(bench: Bench, lab: Lab, cell: str) -> None:
    result = bench.grade(attacked(lab, cell))
    earned = {task.name: task.score for task in result.tasks if task.score}
    assert earned == {}
    assert result.status == "graded"
    assert [task.name for task in result.tasks] == [task.name for task in lab.tasks]


TICKED = {
    "all letters": 'set("abcdefgh")',
    "all letters, twice": 'list("abcdefghabcdefgh")',
    "letters in one string": '"abcd"',
    "a set that contains everything": 'type("All", (set,), {"__contains__": lambda s, x: True})()',
    "letters of another type": "{97, 98, 1.0, None, True}",
    "a dict": '{"a": True, "b": True, "c": True, "d": True}',
    "nested letters": '[["a"], ["b"], ("c",), {"d"}]',
    "an object": "object()",
    "an endless generator": '(letter for letter in __import__("itertools").cycle("abcd"))',
}


@pytest.mark.parametrize("value", TICKED.values(), ids=TICKED.keys())
def test_ticking_everything_or_nonsense_answers_no_question(
    bench: Bench, lab: Lab, value: str
) -> None:
    notebook = released(lab)
    for task in lab.tasks:
        if task.kind == "concept":
            cell_of(notebook, task.name)["source"] = f'answers["{task.name}"] = {value}'
    assert bench.grade(notebook).score == 0


ANSWERS = {
    "a dict that has every key": """
import collections
answers = collections.defaultdict(lambda: set("abcdefgh"))
""",
    "a dict that lies": """
class Liar(dict):
    def get(self, key, default=None): return set("bc")
    def items(self): return [("q_batch_update", {"b", "c"})]
    __getitem__ = get
answers = Liar()
""",
    "no dict at all": "answers = [{'b', 'c'}] * 8",
    "a module": "import os as answers",
    "gone": "del answers",
    "a dict that contains itself": "answers['q_batch_update'] = answers",
    "a dict of a million entries": "answers = {n: {n} for n in range(1_000_000)}",
}


@pytest.mark.parametrize("cell", ANSWERS.values(), ids=ANSWERS.keys())
def test_answers_that_are_no_answers_earn_nothing(bench: Bench, lab: Lab, cell: str) -> None:
    notebook = released(lab)
    cell_of(notebook, "q_drift")["source"] = cell
    assert bench.grade(notebook).score == 0


def test_outputs_and_points_in_the_file_are_not_scores(bench: Bench, lab: Lab) -> None:
    notebook = released(lab)
    for cell in notebook["cells"]:
        marks = cell["metadata"].get("nbgrader", {})
        if cell["cell_type"] == "code":
            cell["execution_count"] = 1
            cell["outputs"] = [
                {
                    "output_type": "execute_result",
                    "execution_count": 1,
                    "metadata": {},
                    "data": {"text/plain": "999"},
                }
            ]
        if marks.get("grade"):
            marks["points"] = 999
            cell["source"] = "999" if cell["cell_type"] == "code" else "999 points"
    result = bench.grade(notebook)
    assert (result.score, result.max_score) == (0, lab.max_score)
    assert [task.max_score for task in result.tasks] == [task.points for task in lab.tasks]


def test_a_test_cell_rewritten_to_assign_points_is_only_a_cell(bench: Bench, lab: Lab) -> None:
    notebook = released(lab)
    cell_of(notebook, "test_gradient_descent")["source"] = "score = max_score = 999; score"
    assert bench.grade(notebook).score == 0


HARD_CODED = {
    "inverse_decay": "return {0: lr0, 1: lr0 / 2}.get(j, 0.05)",
    "kmeans_assign": "return __import__('numpy').array([0, 1, 1, 0])[: len(X)]",
    "smoothed_loss": "return __import__('numpy').array([4.0, 3.0, 2.0])[: len(losses)]",
}


@pytest.mark.parametrize("task", HARD_CODED)
def test_hard_coded_cases_do_not_earn_full_marks(bench: Bench, lab: Lab, task: str) -> None:
    signature = source_of(cell_of(released(lab), task)).split("\n")[0]
    result = bench.grade(completed(lab, {task: f"{signature}\n    {HARD_CODED[task]}\n"}))
    found = task_of(result, task)
    assert found.score is not None
    assert found.score < found.max_score / 2
    assert result.score == lab.max_score - found.max_score + found.score


DETECTORS = {
    "by the modules of a test runner": "{'pytest', '_pytest', 'pluggy'} & set(sys.modules)",
    "by the grader's modules": "any(name.startswith('autograder.') and 'sandbox' not in name"
    " for name in sys.modules)",
    "by names in the environment": "any('GRADE' in name.upper() or 'PYTEST' in name.upper()"
    " for name in os.environ)",
}


@pytest.mark.parametrize("detector", DETECTORS.values(), ids=DETECTORS.keys())
def test_nothing_of_the_tests_shows_in_the_process(
    inside: Callable[[str], object], detector: str
) -> None:
    assert inside(f"import os, sys\nfound = bool({detector})") is False


def test_points_of_honest_tasks_stay_with_a_forger(bench: Bench, lab: Lab) -> None:
    """The forgery is in one task only: the others are graded for what they are."""
    wrong = "def smoothed_loss(losses, window):\n    return forge((), {})\n"
    notebook = with_cell(completed(lab, {"smoothed_loss": wrong}), AGREEABLE, before=FIRST)
    result = bench.grade(notebook)
    assert task_of(result, "smoothed_loss").score == 0
    assert result.score == lab.max_score - task_of(result, "smoothed_loss").max_score


def test_the_command_gives_forgers_zero_and_the_class_its_points(
    tmp_path: Path, lab: Lab, grade_command: Callable[..., Command]
) -> None:
    names = ["an object that equals everything", "frames that are none", "os._exit with success"]
    students: dict[str, Notebook] = {"honest": completed(lab), "classmate": classmate(lab)}
    students |= {f"forger{n}": attacked(lab, FORGERIES[name]) for n, name in enumerate(names)}
    for student, notebook in students.items():
        save(notebook, tmp_path / "submitted" / student / lab.name / f"{lab.name}.ipynb")
    done = grade_command(tmp_path / "submitted", jobs=2)
    assert done.code == 0, done.output
    scores = {student: result.score for student, result in done.results.items()}
    assert scores.pop("honest") == lab.max_score
    assert 0 < scores.pop("classmate") < lab.max_score
    assert set(scores.values()) == {0}
