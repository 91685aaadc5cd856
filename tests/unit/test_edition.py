"""The student edition of dlcourse: bodies withheld, everything else as it is."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import dlcourse
from autograder import labs
from autograder.edition import LIBRARY, withheld, withhold, write_student_edition

LAB = "lab01_sgd_vs_batch"
SOURCE = '''"""A module."""

import functools

EPSILON = 1e-8


def _shared(x):
    return x + EPSILON


def _only_here(x):
    return _deeper(x) * 2


@functools.cache
def _deeper(x):
    return _deeper(x - 1) if x else 0


@functools.wraps(_shared)
def double(x: float, *, scale: float = 2.0) -> float:
    """Twice `x`.

    More words.
    """
    # the secret is multiplication
    return _only_here(_shared(x)) * scale


def bare(x):
    return _only_here(x)


def kept(x):
    """Not withheld."""
    return _shared(x)
'''


@pytest.fixture(scope="module")
def edition(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("edition")
    write_student_edition(LAB, directory)
    return directory


def functions(source: str) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}


def run(edition: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run a script with the student edition in place of the library."""
    start = f"import sys; sys.path.insert(0, {str(edition)!r})\n"
    return subprocess.run(
        [sys.executable, "-c", start + script],
        capture_output=True,
        text=True,
        check=False,
        cwd=edition,
        timeout=60,
    )


# One module


def test_body_goes_and_signature_decorators_and_docstring_stay() -> None:
    result = withhold(SOURCE, {"double": "04", "bare": "05"})
    before, after = functions(SOURCE), functions(result)
    for name in ("double", "bare"):
        assert ast.unparse(after[name].args) == ast.unparse(before[name].args)
        assert ast.get_docstring(after[name]) == ast.get_docstring(before[name])
        assert list(map(ast.unparse, after[name].decorator_list)) == list(
            map(ast.unparse, before[name].decorator_list)
        )
    assert "secret" not in result
    assert 'raise Withheld("lab 04 asks you to write this yourself")' in ast.unparse(
        after["double"]
    ).replace("'", '"')
    assert "lab 05" in ast.unparse(after["bare"])


def test_private_functions_that_only_withheld_ones_use_go_too() -> None:
    result = functions(withhold(SOURCE, {"double": "04", "bare": "05"}))
    assert set(result) == {"_shared", "double", "bare", "kept"}


def test_private_function_that_something_else_uses_stays() -> None:
    result = functions(withhold(SOURCE, {"double": "04"}))
    assert {"_only_here", "_deeper", "_shared"} <= set(result)


def test_module_without_withheld_functions_is_untouched() -> None:
    assert withhold(SOURCE, {"other": "04"}) == SOURCE


def test_functions_that_stay_are_word_for_word_the_same() -> None:
    before, result = functions(SOURCE), withhold(SOURCE, {"double": "04", "bare": "05"})
    for name in ("_shared", "kept"):
        assert ast.unparse(functions(result)[name]) == ast.unparse(before[name])


@pytest.mark.parametrize(
    "source",
    [
        "def f(): return 42\n",
        "def f(x=0): y = 42; return y\n",
        'def f():\n    """Words."""; return 42\n',
        'def f():\n    """Words."""\n',
        "def f():\n    def inner():\n        return 42\n    return inner()\n",
        "def f(\n    x=1,\n):\n    return 42",
        "def f():\n    @staticmethod\n    def inner():\n        return 42\n    return inner()\n",
        "def f():\n    'é'; return 42\n",
        "if True:\n    pass\ndef f():\n    return 42\nx = 1\n",
        "class A:\n    def f(self):\n        return 1\n\ndef f():\n    return 42\n",
    ],
)
def test_whatever_its_form_the_body_is_gone_and_the_rest_is_python(source: str) -> None:
    result = withhold(source, {"f": "04"})
    namespace: dict[str, object] = {}
    exec(compile(result, "module", "exec"), namespace)
    assert "42" not in result
    with pytest.raises(dlcourse.Withheld, match="lab 04 asks you"):
        namespace["f"]()


# The whole library


def test_functions_of_this_and_later_labs_are_withheld_with_the_first_labs_number() -> None:
    names = withheld(LAB)
    assert set(labs.find(LAB).code_tasks()) <= set(names)
    assert names["sgd_epoch"] == "01"
    assert set(names.values()) <= {name[3:5] for name in labs.all_labs() if name >= LAB}


def test_every_module_of_the_edition_can_be_imported(edition: Path) -> None:
    script = """
import importlib, pkgutil, dlcourse
assert dlcourse.__file__.startswith(sys.path[0]), dlcourse.__file__
for module in pkgutil.walk_packages(dlcourse.__path__, "dlcourse."):
    importlib.import_module(module.name)
    print(module.name)
"""
    finished = run(edition, script)
    assert finished.returncode == 0, finished.stderr
    assert {"dlcourse.optim.gradient", "dlcourse.kmeans", "dlcourse.testing"} <= set(
        finished.stdout.split()
    )


def test_withheld_function_says_so_when_it_is_called(edition: Path) -> None:
    script = """
from dlcourse import Withheld
from dlcourse.optim.gradient import sgd_epoch
try:
    sgd_epoch(*[None] * 7)
except Withheld as error:
    print(error)
"""
    assert run(edition, script).stdout == "lab 01 asks you to write this yourself\n"


def test_no_task_of_the_lab_has_a_body_anywhere_in_the_edition(edition: Path) -> None:
    tasks, seen = set(labs.find(LAB).code_tasks()), set()
    library = [path for path in edition.rglob("*.py") if "checks" not in path.parts]
    for path in library:
        for name, node in functions(path.read_text()).items():
            if name in tasks:
                seen.add(name)
                assert ast.unparse(node.body[-1]).startswith("raise Withheld(")
                assert len(node.body) == 3  # docstring, import, raise
    assert seen == tasks


def test_signatures_and_docstrings_are_those_of_the_library(edition: Path) -> None:
    for path in sorted(edition.rglob("*.py")):
        original = functions((LIBRARY / path.relative_to(edition / "dlcourse")).read_text())
        for name, node in functions(path.read_text()).items():
            assert ast.unparse(node.args) == ast.unparse(original[name].args)
            assert ast.get_docstring(node) == ast.get_docstring(original[name])


def test_no_line_of_a_withheld_body_stands_elsewhere_in_its_module(edition: Path) -> None:
    from dlcourse.optim import gradient

    body = inspect.getsource(gradient.sgd_epoch).rpartition('"""')[2]
    text = (edition / "dlcourse" / "optim" / "gradient.py").read_text()
    telling = [line.strip() for line in body.splitlines() if len(line.strip()) > 20]
    assert telling
    assert not [line for line in telling if line in text]


def test_no_compiled_file_comes_along(edition: Path) -> None:
    fresh = [p for p in edition.rglob("*.pyc") if "__pycache__" not in p.parts]
    assert fresh == []
    library = {p.relative_to(LIBRARY) for p in LIBRARY.rglob("*.py")}
    assert {p.relative_to(edition / "dlcourse") for p in edition.rglob("*.py")} == library


def test_edition_holds_nothing_of_the_grader(edition: Path) -> None:
    names = {path.name for path in edition.iterdir()}
    assert names == {"dlcourse"}
    assert not list(edition.rglob("test_lab*"))
