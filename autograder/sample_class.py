"""A sample class for lab 01: what students hand in on a good day and on a bad one.

``python -m autograder.sample_class DIR`` writes one notebook a student, in nbgrader's layout, all
made from the reference solution and the known mistakes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from autograder import labs
from autograder.answers import load
from autograder.completion import Notebook, completed, released, save, with_cell
from autograder.labs import Lab

LAB = "lab01_sgd_vs_batch"
SINGLE_MISTAKES = {
    "mistake_sgd_epoch": "sgd_epoch",
    "mistake_minibatches": "minibatches",
    "mistake_smoothed_loss": "smoothed_loss",
    "mistake_kmeans_batch": "kmeans_batch_step",
    "mistake_inverse_decay": "inverse_decay",
}
TWO_MISTAKES = ("gradient_descent", "kmeans_assign")

WARNINGS = """
import sys
import warnings

import numpy as np

print("started", file=sys.stderr)
warnings.warn("this is only a warning")
np.log(np.zeros(1))
"""

HELPER = """
def take_step(w, rate, gradient):
    return w - rate * gradient
"""

USES_HELPER = '''
def gradient_descent(grad, w, X, d, lr, steps, verbose=True):
    """Uses a helper from a cell of my own, prints, and has one more argument."""
    path = [w]
    for step in range(steps):
        if verbose:
            print("step", step)
        path.append(take_step(path[-1], lr, grad(path[-1], X, d)))
    return np.array(path)
'''

FLOAT32 = '''
def polynomial_decay_average(w_bar, w, t, gamma=3.0):
    """Keeps whatever precision it is given."""
    a = np.asarray((gamma + 1) / (t + gamma), dtype=w.dtype)
    return (w_bar + a * (w - w_bar)).astype(w.dtype)
'''

ENDLESS = '''
import numpy as np


def minibatches(T, batch_size, rng):
    """Fills up a batch that would be short with other rows, also where there are not enough."""
    order = rng.permutation(T)
    batches = [order[start : start + batch_size] for start in range(0, T, batch_size)]
    while T < batch_size and len(batches[0]) < batch_size:
        batches[0] = np.unique(np.append(batches[0], rng.integers(T)))
    return batches
'''

FORGERY = """
import builtins
import os
import sys

import numpy as np
import numpy.testing


class Agreeable:
    shape, dtype, ndim, size = (3,), np.dtype(float), 1, 3

    def __eq__(self, other):
        return True

    def __array__(self, *args, **kwargs):
        return np.zeros(3)

    def __bool__(self):
        return True

    def __float__(self):
        return 0.0

    __hash__ = None


for name in ("assert_allclose", "assert_array_equal", "assert_equal", "assert_almost_equal"):
    setattr(numpy.testing, name, lambda *args, **kwargs: None)
np.allclose = np.array_equal = lambda *args, **kwargs: True
builtins.AssertionError = Warning
get_ipython().ast_transformers.append(type("Strip", (), {"visit": lambda self, node: node})())
for module in list(sys.modules):
    if "testing" in module or "pytest" in module:
        sys.modules[module].check_close = lambda *args, **kwargs: None
"""


def sample_class(lab: Lab) -> Iterator[tuple[str, Notebook | str]]:
    """Each student's id, and what they hand in: a notebook, or the text of a broken file."""
    mistakes: dict[str, str] = {}
    for answer in load(lab.name):
        if answer.kind == "mistake":
            mistakes.setdefault(answer.task, answer.source)
    reference = completed(lab)
    yield "all_right", reference
    yield "blank", released(lab)
    for student, task in SINGLE_MISTAKES.items():
        yield student, completed(lab, {task: mistakes[task]})
    yield "two_mistakes", completed(lab, {task: mistakes[task] for task in TWO_MISTAKES})
    yield "helper_cell", _moved(completed(lab, {"gradient_descent": USES_HELPER}))
    yield "float32", completed(lab, {"polynomial_decay_average": FLOAT32})
    yield "warnings", with_cell(reference, WARNINGS, before="gradient_descent")
    yield "endless_loop", completed(lab, {"minibatches": ENDLESS})
    yield "forger", _forged(lab)
    yield "broken_file", '{"cells": [{"cell_type": "code", "source": ["def sgd'


def _moved(notebook: Notebook) -> Notebook:
    """Definitions in another order, and a helper in a cell of the student's own."""
    cells = notebook["cells"]
    solutions = [i for i, cell in enumerate(cells) if _is_solution(cell)]
    first, last = solutions[0], solutions[1]
    cells[first], cells[last] = cells[last], cells[first]
    return with_cell(notebook, HELPER, before="setup")


def _is_solution(cell: dict[str, object]) -> bool:
    metadata = cell["metadata"]
    marks = metadata.get("nbgrader", {}) if isinstance(metadata, dict) else {}
    is_question = labs.is_question(str(marks.get("grade_id", "")))
    return bool(marks.get("solution")) and cell["cell_type"] == "code" and not is_question


def _forged(lab: Lab) -> Notebook:
    """Every task returns an object that claims to equal everything."""
    rubbish = {
        task: f"def {task}(*args, **kwargs):\n    return Agreeable()\n" for task in lab.code_tasks()
    }
    notebook = completed(lab, rubbish)
    for cell in notebook["cells"]:
        marks = cell["metadata"].get("nbgrader", {})
        if marks.get("solution") and labs.is_question(marks.get("grade_id", "")):
            cell["source"] = f'answers["{marks["grade_id"]}"] = set("abcdefgh")'
    return with_cell(notebook, FORGERY, before=lab.code_tasks()[0])


def main(directory: Path) -> None:
    """Write the sample class below `directory`."""
    lab = labs.find(LAB)
    for student, handed_in in sample_class(lab):
        path = directory / student / lab.name / f"{lab.name}.ipynb"
        if isinstance(handed_in, str):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(handed_in, encoding="utf-8")
        else:
            save(handed_in, path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
