"""Fairness: a right answer keeps its points, however the notebook around it looks.

Each case is a change to the reference notebook, which must still get full marks.

Long, since it holds the changes themselves, each a few lines.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from classroom import FIRST, Bench, Command, cell_of, full_marks, task_of

from autograder.answers import load
from autograder.completion import Notebook, completed, save, with_cell
from autograder.labs import Lab
from autograder.sample_class import FLOAT32, HELPER, USES_HELPER

# a cell of the student's own before the first task
CELLS = {
    "writing to stderr (nbgrader PR 1904)": "import sys\nprint('x' * 5000, file=sys.stderr)",
    "a warning": "import warnings\nwarnings.warn('careful')",
    "warnings turned into errors": "import warnings\nwarnings.simplefilter('error')",
    "NumPy's errors raised": "np.seterr(all='raise')",
    "NumPy's warnings": "import numpy as np\nnp.log(np.zeros(1)) / 0",
    "much printing": "for n in range(20_000):\n    print(n, 'lines of it')",
    "a plot": "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",
    "magics": "%matplotlib inline\n%time 1 + 1\n%%capture",
    "a magic without its sign": "pwd",
    "a magic in one line": "%time 1 + 1",
    "help": "np.mean?",
    "an await at the top": "import asyncio\nawait asyncio.sleep(0)",
    "a shell command": "!echo hello",
    "an installation that fails without a network": "!pip install nothing-of-this-name",
    "a display of HTML": "from IPython.display import HTML, display\ndisplay(HTML('<b>x</b>'))",
    "a cell that fails (nbgrader 1445)": "1 / 0",
    "a syntax error": "def broken(:\n",
    "a missing import": "import not_installed_here",
    "asking for input": "name = input('your name: ')",
    "sys.exit": "import sys\nsys.exit()",
    "a seed of one's own": "np.random.seed(0)\nrandom_state = np.random.default_rng(1)",
    "print options": "np.set_printoptions(precision=2)",
    "another working directory": "import os\nos.makedirs('/tmp/work')\nos.chdir('/tmp/work')",
    "files written": "np.save('/tmp/weights.npy', np.zeros(3))",
    "a thread of one's own": """
import threading
threading.Thread(target=lambda: None).start()
""",
    "an event loop": "import asyncio\nasync def f():\n    return 1\nawait f()",
    "processes of one's own": """
import multiprocessing
with multiprocessing.get_context('fork').Pool(2) as pool:
    assert pool.map(abs, [-1, 2]) == [1, 2]
""",
    "a subprocess": "import subprocess\nsubprocess.run(['echo', 'hello'], check=True)",
    "a recursion limit": "import sys\nsys.setrecursionlimit(5000)",
    "a type alias and future annotations": "from __future__ import annotations",
    "names that look like the grader's": "student = answers_ = score = found = 1\ntask = None",
    "the lab's own imports once more": "import numpy as np\nimport matplotlib.pyplot as plt",
    "a progress bar": "from tqdm import tqdm\nfor _ in tqdm(range(10)):\n    pass",
    "a garbage collector switched off": "import gc\ngc.disable()",
    "a large array kept": "data = np.zeros((1000, 1000))",
    "a signal handler": "import signal\nsignal.signal(signal.SIGALRM, lambda *a: None)",
}  # fmt: skip


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS.keys())
def test_a_cell_of_ones_own_costs_nothing(bench: Bench, lab: Lab, cell: str) -> None:
    full_marks(bench.grade(with_cell(completed(lab), cell, before=FIRST)))


SOLUTIONS = {
    "a helper in a cell of its own, printing, an extra argument": (FIRST, USES_HELPER),
    "float32 in, float32 out": ("polynomial_decay_average", FLOAT32),
    "a slow loop": (
        "smoothed_loss",
        """
import time
def smoothed_loss(losses, window):
    smooth = np.empty_like(losses)
    for k in range(len(losses)):
        time.sleep(0.0005)
        smooth[k] = np.mean([losses[i] for i in range(max(0, k + 1 - window), k + 1)])
    return smooth
""",
    ),
    "a warning in each call": (
        "inverse_decay",
        """
import sys, warnings
def inverse_decay(j, lr0, decay):
    warnings.warn('each time')
    print('called', file=sys.stderr)
    return lr0 / (1 + decay * j)
""",
    ),
    "display and get_ipython in a function": (
        "inverse_decay",
        """
def inverse_decay(j, lr0, decay):
    display(j)
    get_ipython()
    return lr0 / (1 + decay * j)
""",
    ),
    "a look at its own source": (
        "inverse_decay",
        """
import inspect
def inverse_decay(j, lr0, decay):
    assert "lr0" in inspect.getsource(inverse_decay)
    return lr0 / (1 + decay * j)
""",
    ),
    "a lambda": ("inverse_decay", "inverse_decay = lambda j, lr0, decay: lr0 / (1 + decay * j)"),
    "a callable object": (
        "inverse_decay",
        """
class Decay:
    def __call__(self, j, lr0, decay):
        return lr0 / (1 + decay * j)
inverse_decay = Decay()
""",
    ),
    "a partial function, cached": (
        "satisfies_robbins_monro",
        """
import functools
@functools.lru_cache
def satisfies_robbins_monro(p):
    return bool(0.5 < p <= 1)
""",
    ),
    "NumPy's bool": (
        "satisfies_robbins_monro",
        "def satisfies_robbins_monro(p):\n    return np.logical_and(p > 0.5, p <= 1)",
    ),
    "a list where a tuple was meant": (
        "kmeans_sgd_step",
        """
def kmeans_sgd_step(x, centers, counts):
    k = np.argmin(np.linalg.norm(centers - x, axis=1))
    centers, counts = np.array(centers), np.array(counts)
    counts[k] = counts[k] + 1
    centers[k] = centers[k] + (x - centers[k]) / counts[k]
    return [centers, counts]
""",
    ),
    "a first definition that is wrong, and a later one": (
        "inverse_decay",
        "def inverse_decay(*a):\n    return 0\ndef inverse_decay(j, lr0, decay):\n"
        "    return lr0 / (1 + decay * j)",
    ),
    "a nested helper and a global counter": (
        "inverse_decay",
        """
calls = 0
def inverse_decay(j, lr0, decay):
    global calls
    calls += 1
    def slowed(x):
        return x / (1 + decay * j)
    return slowed(lr0)
""",
    ),
    "tests of one's own under the function": (
        "inverse_decay",
        "def inverse_decay(j, lr0, decay):\n    return lr0 / (1 + decay * j)\n"
        "assert inverse_decay(0, 1, 1) == 1\ninverse_decay(3, 1, 1)",
    ),
    "Windows line ends": (
        "inverse_decay",
        "def inverse_decay(j, lr0, decay):\r\n    return lr0 / (1 + decay * j)\r\n",
    ),
    "tabs and no newline at the end": (
        "inverse_decay",
        "def inverse_decay(j, lr0, decay):\n\treturn lr0 / (1 + decay * j)",
    ),
    "names beyond ASCII": (
        "inverse_decay",
        "def inverse_decay(j, lr0, decay):\n    η = lr0 / (1 + decay * j)  # 学习率 🎓\n"
        "    return η",
    ),
}


@pytest.mark.parametrize(("task", "source"), SOLUTIONS.values(), ids=SOLUTIONS.keys())
def test_another_way_to_write_it_is_right_too(
    bench: Bench, lab: Lab, task: str, source: str
) -> None:
    full_marks(bench.grade(with_cell(completed(lab, {task: source}), HELPER, before=FIRST)))


def _deleted(*kinds: str) -> Callable[[Notebook], None]:
    def change(notebook: Notebook) -> None:
        notebook["cells"] = [c for c in notebook["cells"] if _kind(c) not in kinds]

    return change


def _kind(cell: Notebook) -> str:
    marks = cell["metadata"].get("nbgrader", {})
    if cell["cell_type"] != "code":
        return "text"
    if marks.get("grade"):
        return "test"
    if marks.get("solution"):
        return "solution"
    return "locked" if marks.get("locked") else "experiment"


def _each_cell_twice(notebook: Notebook) -> None:
    notebook["cells"] = [copy.deepcopy(c) for c in notebook["cells"] for _ in range(2)]


def _all_cells_again(notebook: Notebook) -> None:
    notebook["cells"] += copy.deepcopy(notebook["cells"])


def _copied(grade_id: str) -> Callable[[Notebook], None]:
    def change(notebook: Notebook) -> None:
        notebook["cells"].append(copy.deepcopy(cell_of(notebook, grade_id)))

    return change


def _solutions_shuffled(notebook: Notebook) -> None:
    cells = notebook["cells"]
    places = [i for i, cell in enumerate(cells) if _kind(cell) == "solution"]
    places = [i for i in places if not _grade_id(cells[i]).startswith("q_")]
    moved = [cells[i] for i in places]
    random.Random(5).shuffle(moved)
    for place, cell in zip(places, moved, strict=True):
        cells[place] = cell


def _grade_id(cell: Notebook) -> str:
    return str(cell["metadata"].get("nbgrader", {}).get("grade_id", ""))


def _without(*keys: str) -> Callable[[Notebook], None]:
    def change(notebook: Notebook) -> None:
        for cell in notebook["cells"]:
            for key in keys:
                cell.pop(key, None)
                cell["metadata"].pop(key, None)
                cell["metadata"].get("nbgrader", {}).pop(key, None)

    return change


def _renamed(notebook: Notebook) -> None:
    for number, cell in enumerate(notebook["cells"]):
        cell["id"] = f"colab{number}"
        cell["metadata"]["id"] = f"x{number}"
        cell["metadata"]["colab"] = {"base_uri": "https://localhost:8080/"}


def _tests_edited(notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        if _kind(cell) == "test":
            cell["source"] = "assert False, 'I broke the check'"


def _marked_as_experiments(notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        cell["metadata"]["tags"] = ["experiment"]


def _outputs_with_errors(notebook: Notebook) -> None:
    error = {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["t"]}
    stderr = {"output_type": "stream", "name": "stderr", "text": "a warning"}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [error, stderr]


def _metadata_of_the_notebook_gone(notebook: Notebook) -> None:
    notebook["metadata"] = {}
    notebook["nbformat_minor"] = 2


def _another_kernel(notebook: Notebook) -> None:
    notebook["metadata"]["kernelspec"] = {"name": "my_env", "display_name": "R", "language": "R"}


def _solutions_in_one_cell(notebook: Notebook) -> None:
    solutions = [c for c in notebook["cells"] if _kind(c) == "solution"]
    code = [c for c in solutions if not _grade_id(c).startswith("q_")]
    code[0]["source"] = "\n\n".join("".join(c["source"]) for c in code)
    for cell in code[1:]:
        notebook["cells"].remove(cell)


def _setup_reformatted(notebook: Notebook) -> None:
    cell = cell_of(notebook, "setup")
    cell["source"] = "".join(cell["source"]) + "\n# my own remark\nmy_constant = 3\n"


def _large_pictures(notebook: Notebook) -> None:
    picture = {"output_type": "display_data", "metadata": {}, "data": {"image/png": "A" * 2**20}}
    notebook["cells"][1]["outputs"] = [picture] * 8


def _cells_of_other_types(notebook: Notebook) -> None:
    notebook["cells"].insert(0, {"cell_type": "raw", "metadata": {}, "source": "1 / 0"})
    notebook["cells"].insert(0, {"cell_type": "markdown", "metadata": {}, "source": "# mine"})
    notebook["cells"].append({"cell_type": "code", "metadata": {}, "source": "", "outputs": []})


CHANGES = {
    "test cells deleted (nbgrader 1682)": _deleted("test"),
    "locked cells deleted": _deleted("locked"),
    "experiments deleted": _deleted("experiment"),
    "all but the solutions deleted": _deleted("test", "locked", "experiment", "text"),
    "each cell there twice (nbgrader 1083)": _each_cell_twice,
    "all cells once more at the end": _all_cells_again,
    "the setup copied to the end": _copied("setup"),
    "a solution copied to the end": _copied(FIRST),
    "the cell that empties the answers copied to the end": _copied("answers"),
    "solutions in another order": _solutions_shuffled,
    "solutions in one cell": _solutions_in_one_cell,
    "nbgrader's metadata gone": _without("nbgrader"),
    "grade_ids gone": _without("grade_id"),
    "checksums, points and locks gone": _without("checksum", "points", "locked", "grade"),
    "ids and tags gone": _without("id", "tags"),
    "ids of another editor": _renamed,
    "outputs gone": _without("outputs", "execution_count"),
    "errors and warnings among the outputs": _outputs_with_errors,
    "test cells edited": _tests_edited,
    "every cell tagged as an experiment": _marked_as_experiments,
    "the notebook's own metadata gone": _metadata_of_the_notebook_gone,
    "a kernel that is not installed": _another_kernel,
    "remarks in the locked setup": _setup_reformatted,
    "pictures by the megabyte": _large_pictures,
    "raw, Markdown and empty cells": _cells_of_other_types,
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_an_untidy_notebook_keeps_its_points(
    bench: Bench, lab: Lab, change: Callable[[Notebook], None]
) -> None:
    notebook = completed(lab)
    change(notebook)
    full_marks(bench.grade(notebook))


def test_state_of_an_earlier_test_costs_nothing(bench: Bench, lab: Lab) -> None:
    """A function that works a hundred times and no longer: a fresh process counts."""
    source = """
count = 0
def inverse_decay(j, lr0, decay):
    global count
    count += 1
    return lr0 / (1 + decay * j)
def kmeans_assign(X, centers):
    assert count == 0, 'only works where nothing else was called'
    return ((X[:, None] - centers) ** 2).sum(axis=-1).argmin(axis=1)
"""
    reference = completed(lab, {"inverse_decay": source, "kmeans_assign": "pass"})
    result = bench.grade(reference)
    assert task_of(result, "kmeans_assign").status == "passed"
    full_marks(result)


def test_every_honest_variant_gets_full_marks(bench: Bench, lab: Lab) -> None:
    """One notebook has the first variant of each task, the next the second, and so on."""
    waiting: dict[str, list[str]] = {}
    for answer in load(lab.name):
        if answer.kind == "variant":
            waiting.setdefault(answer.task, []).append(answer.source)
    assert waiting
    while waiting:
        full_marks(
            bench.grade(completed(lab, {t: sources.pop() for t, sources in waiting.items()}))
        )
        waiting = {task: sources for task, sources in waiting.items() if sources}


def test_partial_credit_comes_with_words(bench: Bench, lab: Lab) -> None:
    """nbgrader 1399 and 1445, otter 441: points and reasons, and no stop at the first failure."""
    mistakes = {answer.task: answer.source for answer in load(lab.name) if answer.kind == "mistake"}
    result = bench.grade(completed(lab, mistakes))
    partial = [task for task in result.tasks if task.status == "partial"]
    assert partial
    for task in partial:
        assert all(
            test.message and "\n" not in test.message for test in task.tests if not test.passed
        )
    assert {len(task.tests) > 0 for task in result.tasks if task.status != "manual"} == {True}


def test_local_and_command_agree(
    tmp_path: Path, bench: Bench, lab: Lab, grade_command: Callable[..., Command]
) -> None:
    """Otter 817, 884, 890; and nbgrader 1371: from a directory that is no course."""
    notebooks = {"warns": with_cell(completed(lab), CELLS["a warning"], before=FIRST)}
    notebooks["shuffled"] = completed(lab)
    _solutions_shuffled(notebooks["shuffled"])
    notebooks["deleted"] = completed(lab)
    _deleted("test", "locked")(notebooks["deleted"])
    for name, notebook in notebooks.items():
        save(notebook, tmp_path / f"{name}.ipynb")
    done = grade_command(*(tmp_path / f"{name}.ipynb" for name in notebooks))
    assert done.code == 0, done.output
    for name, notebook in notebooks.items():
        full_marks(done.results[name])
        assert done.results[name].score == bench.grade(notebook).score
