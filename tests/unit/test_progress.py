"""What is remembered of the checks in a kernel, and how a notebook's cell shows it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

from dlcourse.checks import lab00 as check
from dlcourse.checks.properties import ChecksFailedError
from dlcourse.checks.questions import check_answer
from dlcourse.notebook import NotebookError, read, saved_states
from dlcourse.progress import forget, progress

Cell = dict[str, Any]


def relu(z: np.ndarray) -> np.ndarray:
    return np.maximum(z, 0)


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A kernel that has just started, in no notebook that one could know of."""
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    forget()
    yield
    forget()


@pytest.fixture
def names() -> Iterator[dict[str, Any]]:
    """The names of a notebook's cells, in a real IPython shell."""
    yield InteractiveShell.instance().user_ns
    InteractiveShell.clear_instance()


def cell(grade_id: str, source: str = "", kind: str = "code", **marks: Any) -> Cell:
    usual = {"grade": False, "solution": False, "locked": False, "grade_id": grade_id}
    made: Cell = {"cell_type": kind, "id": grade_id, "source": source}
    made["metadata"] = {"nbgrader": usual | marks}
    return made | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def write(path: Path, *cells: Cell) -> Path:
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells)}
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


def lab(path: Path) -> Path:
    """A lab with two functions, a question and a text."""
    stub = "# YOUR CODE HERE\nraise NotImplementedError()"
    return write(
        path,
        cell("relu", "def relu(z): ...", solution=True),
        cell("test_relu", "check.relu(relu)", grade=True, points=3),
        cell("sigmoid", stub, solution=True),
        cell("test_sigmoid", "check.sigmoid(sigmoid)", grade=True, points=4),
        cell("q_order", stub, solution=True),
        cell("test_q_order", 'check_answer("q_order", answers, "abc")', grade=True, points=1),
        cell("w_why", "YOUR ANSWER HERE", "markdown", grade=True, solution=True, points=5),
    )


def shown(capsys: pytest.CaptureFixture[str], notebook: Path | None = None) -> list[str]:
    capsys.readouterr()
    progress(notebook)
    return capsys.readouterr().out.splitlines()


def row(lines: list[str], task: str) -> str:
    return next(" ".join(line.split()) for line in lines if line.split()[1:2] == [task])


def test_tasks_are_listed_as_they_pass_and_fail(capsys: pytest.CaptureFixture[str]) -> None:
    check.relu(relu)
    with pytest.raises(ChecksFailedError):
        check.sigmoid(relu)
    check_answer("q_order", {"q_order": {"a"}}, "abc")
    lines = shown(capsys)
    assert row(lines, "relu") == "✓ relu"
    assert row(lines, "sigmoid") == "✗ sigmoid fails its check"
    assert row(lines, "softmax") == "· softmax not checked yet"
    assert row(lines, "q_order") == "✓ q_order"
    assert any("visible checks pass for 1 of" in line for line in lines)


def test_points_come_from_the_notebook(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    check.relu(relu)
    assert shown(capsys, lab(tmp_path / "lab.ipynb")) == [
        "✓ relu     3 points",
        "· sigmoid  4 points  not checked yet",
        "· q_order  1 point   not checked yet",
        "· w_why    5 points  not written yet",
        "visible checks pass for 3 of 7 points; questions answered for 0 of 1 point;"
        " texts written for 0 of 5 points",
        "still open: sigmoid, q_order, w_why",
    ]


def test_the_last_check_counts(capsys: pytest.CaptureFixture[str]) -> None:
    check.relu(relu)
    with pytest.raises(ChecksFailedError):
        check.relu(np.abs)
    assert row(shown(capsys), "relu") == "✗ relu fails its check"
    check.relu(relu)
    assert row(shown(capsys), "relu") == "✓ relu"


def test_what_is_no_function_or_no_answer_fails(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ChecksFailedError):
        check.relu(None)
    with pytest.raises(ChecksFailedError):
        check_answer("q_order", {}, "abc")
    lines = shown(capsys)
    assert row(lines, "relu") == "✗ relu fails its check"
    assert row(lines, "q_order") == "✗ q_order fails its check"


def test_function_defined_again_is_to_be_checked_again(
    capsys: pytest.CaptureFixture[str], names: dict[str, Any]
) -> None:
    names["relu"] = relu
    check.relu(relu)
    assert row(shown(capsys), "relu") == "✓ relu"
    names["relu"] = lambda z: z
    assert row(shown(capsys), "relu") == "· relu changed since its check: run that again"


def test_file_is_found_where_jupyter_or_vs_code_names_it(
    capsys: pytest.CaptureFixture[str],
    names: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = lab(tmp_path / "lab.ipynb")
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    assert row(shown(capsys), "sigmoid") == "· sigmoid 4 points not checked yet"
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "renamed since.ipynb"))
    assert row(shown(capsys), "sigmoid") == "· sigmoid not checked yet"
    names["__vsc_ipynb_file__"] = str(path)
    assert row(shown(capsys), "sigmoid") == "· sigmoid 4 points not checked yet"


def test_module_is_light() -> None:
    script = "import sys, dlcourse.progress; print('numpy' in sys.modules, 'json' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False False\n"


# A saved notebook


def states(path: Path) -> dict[str, str]:
    return {task.name: task.state for task in saved_states(read(path))}


def test_stub_and_empty_text_are_open(tmp_path: Path) -> None:
    assert states(lab(tmp_path / "lab.ipynb")) == {
        "relu": "unchecked",
        "sigmoid": "open",
        "q_order": "open",
        "w_why": "open",
    }


def test_outputs_decide_and_a_later_definition_makes_them_stale(tmp_path: Path) -> None:
    error = {"output_type": "error", "ename": "ChecksFailedError", "evalue": "no", "traceback": []}
    said = {"output_type": "stream", "name": "stdout", "text": ["✓ One.\n", "✗ Two. — not so\n"]}
    path = write(
        tmp_path / "lab.ipynb",
        cell("relu", "def relu(z): ...", solution=True) | {"execution_count": 1},
        cell("test_relu", grade=True, points=3) | {"execution_count": 2, "outputs": [said]},
        cell("elu", "def elu(z): ...", solution=True) | {"execution_count": 5},
        cell("test_elu", grade=True, points=3) | {"execution_count": 4},
        cell("tanh", "def tanh(z): ...", solution=True) | {"execution_count": 6},
        cell("test_tanh", grade=True, points=3) | {"execution_count": 7, "outputs": [said, error]},
        cell("w_why", "Because.", "markdown", grade=True, solution=True, points=5),
    )
    assert states(path) == {
        "relu": "passed",
        "elu": "changed",
        "tanh": "failed",
        "w_why": "passed",
    }
    failed = saved_states(read(path))[2]
    assert failed.lines == ("✗ Two. — not so",)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{ not json", "is damaged, it is not JSON"),
        ("\udcff", "is damaged"),
        ("[1, 2]", "is not a notebook"),
        ('{"nbformat": 3, "worksheets": []}', "is not a notebook in the format of today"),
        ('{"nbformat": 4, "metadata": {}, "cells": [1]}', "is not a notebook"),
        ('{"nbformat": 4, "metadata": {}, "cells": []}', "has no tasks in it"),
    ],
)
def test_file_that_is_no_lab_is_told_apart(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "lab.ipynb"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(NotebookError, match=words):
        read(path)


def test_missing_file_and_folder_are_told_apart(tmp_path: Path) -> None:
    lab(tmp_path / "lab.ipynb")
    with pytest.raises(NotebookError, match="there is no file"):
        read(tmp_path / "nothing.ipynb")
    with pytest.raises(NotebookError, match=r"is a folder; in it there is: lab\.ipynb"):
        read(tmp_path)
