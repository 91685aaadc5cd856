"""Which functions can remember nothing between calls: only those that surely cannot."""

from __future__ import annotations

from typing import Any

import pytest

from autograder.answers import load
from autograder.labs import all_labs
from autograder.sandbox.stateless import stateless

SETUP = """
import functools, math, warnings
import numpy as np
SCALE = 2.0
seen, table = [], np.arange(3.0)
rng = np.random.default_rng(0)
def helper(x): return SCALE * np.tanh(x)
def counting(x): seen.append(x); return x
class Mean:
    total = 0.0
"""
FORGETFUL = [
    "def f(x): return x + 1",
    "def f(x): return helper(x) + math.sqrt(SCALE)",
    "def f(x, eps=1e-8, axis=None): return np.sqrt(x.sum(axis=axis) + eps)",
    "def f(x):\n    y = x.copy()\n    y[0] = 1.0\n    return y",
    "def f(x): return [np.mean(row) for row in sorted(x, key=lambda row: row[0])]",
    "def f(x):\n    def inner(y): return x @ y\n    return inner(x)",
    "def f(x):\n    with np.errstate(divide='ignore'):\n        return np.log(x)",
    "def f(n): return 1 if n < 2 else n * f(n - 1)",
    "def f(x, rng): return x[rng.permutation(len(x))] + rng.random(3)",
    "from functools import reduce\ndef f(x): return reduce(max, x)",
]
REMEMBERS = [
    "def f(x): seen.append(x)",
    "def f(x): return counting(x)",
    "def f(x):\n    global SCALE\n    SCALE = x",
    "def f(x): f.calls = 1",
    "def f(x, memory=[]): memory.append(x)",
    "def f(x, *, memory={}): return memory",
    "def f(x): return rng.normal()",
    "def f(x): return x + table",
    "def f(x): return np.random.normal(size=x)",
    "def f(x): np.seterr(all='raise')",
    "from numpy import seterr\ndef f(x): seterr(all='raise')",
    "from numpy.random import normal\ndef f(x): return normal(x)",
    "def f(x):\n    library = np\n    return library.random.normal(x)",
    "def f(x): Mean.total += x",
    "def f(x): return Mean()",
    "def f(x): warnings.warn('x')",
    "def f(x): import os; return os.environ",
    "def f(x): globals()['y'] = x",
    "def f(x): return eval('seen')",
    "def f(x): setattr(helper, 'y', x)",
    "def f(x): return [seen.append(y) for y in x]",
    "def f(x): return (lambda y: seen.append(y))(x)",
    "def f(x): return f.__dict__",
    "def f(x): return undefined + x",
    "def make():\n    kept = []\n    def inner(x): kept.append(x)\n    return inner\nf = make()",
    "@functools.lru_cache\ndef f(x): return x",
    "f = seen.append",
    "def f(x): return x\nf.calls = 0",
    "def tanh(x): seen.append(x)\ndef f(x): return tanh(x)",
]


def names_after(source: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(SETUP + source, names)
    return names


@pytest.mark.parametrize("source", FORGETFUL)
def test_function_that_can_store_nothing_is_stateless(source: str) -> None:
    assert stateless(names_after(source), ["f"]) == ["f"]


@pytest.mark.parametrize("source", REMEMBERS)
def test_function_that_could_store_or_find_something_is_not(source: str) -> None:
    assert stateless(names_after(source), ["f"]) == []


@pytest.mark.parametrize("lab", all_labs())
def test_most_answers_that_students_write_are_stateless(lab: str) -> None:
    answers = load(lab)
    found = 0
    for answer in answers:
        names: dict[str, Any] = {}
        exec("import numpy as np\n" + answer.source, names)
        found += answer.task in stateless(names, [answer.task])
    assert found > 0.8 * len(answers)
