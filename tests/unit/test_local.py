"""The hidden tests in this process, on the functions of a plain namespace."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from autograder import labs, local
from autograder.answers import load
from autograder.completion import completed, released
from autograder.errors import UsageError
from autograder.grading import MissingFunction
from autograder.labs import source_of
from autograder.local import LocalStudent, check_task
from dlcourse.testing import CheckError

LAB = labs.find("lab01")
TASKS = [task.name for task in LAB.tasks if task.kind != "written"]


def names_after(notebook: dict[str, Any]) -> dict[str, Any]:
    """What a notebook's locked cells and solutions leave, run in this process."""
    names: dict[str, Any] = {}
    for cell in notebook["cells"]:
        marks = cell["metadata"].get("nbgrader", {})
        if cell["cell_type"] == "code" and marks and not marks["grade"]:
            try:
                exec(source_of(cell), names)
            except NotImplementedError:
                assert marks["solution"]
    return names


@pytest.fixture(scope="module")
def reference() -> dict[str, Any]:
    return names_after(completed(LAB))


# What passes and what fails


@pytest.mark.parametrize("task", TASKS)
def test_reference_passes_every_task(task: str, reference: dict[str, Any]) -> None:
    check_task("lab01", task, reference)


@pytest.mark.parametrize("task", TASKS)
def test_released_notebook_passes_none(task: str) -> None:
    with pytest.raises(CheckError, match=r"is not written yet|no answer"):
        check_task(LAB.name, task, names_after(released(LAB)))


@pytest.mark.parametrize("task", LAB.code_tasks())
def test_first_known_mistake_of_each_task_fails_that_task_alone(
    task: str, reference: dict[str, Any]
) -> None:
    mistake = next(a for a in load("lab01") if a.task == task and a.kind == "mistake")
    names = dict(reference)
    exec(mistake.source, names)
    with pytest.raises(CheckError, match=rf"^{task}: \d+ of \d+ hidden tests fail: "):
        check_task("lab01", task, names)
    other = next(name for name in LAB.code_tasks() if name != task)
    check_task("lab01", other, names)


def test_every_failing_message_is_there_once(reference: dict[str, Any]) -> None:
    def gradient_descent(*args: object) -> None:
        return None

    with pytest.raises(CheckError) as raised:
        check_task("lab01", "gradient_descent", reference | {"gradient_descent": gradient_descent})
    assert raised.value.message.count("fail: path: expected an array, got None: is there a") == 1
    assert raised.value.message.count("; path: expected an array") == 0
    assert raised.value.message.count("there are fewer gradients than updates") == 1
    assert raised.value.detail == ""


def test_exception_of_the_students_is_named_and_its_cause_is_not_shown(
    reference: dict[str, Any],
) -> None:
    def inverse_decay(j: int, lr0: float, decay: float) -> float:
        raise KeyError("lr0")

    with pytest.raises(CheckError, match="inverse_decay raised KeyError: 'lr0'"):
        check_task("lab01", "inverse_decay", reference | {"inverse_decay": inverse_decay})


def test_complaint_of_a_function_that_was_handed_over_reaches_the_student(
    reference: dict[str, Any],
) -> None:
    def gradient_descent(grad: Any, w: Any, X: Any, d: Any, lr: float, steps: int) -> Any:
        return np.array([grad(w) for _ in range(steps)])

    names = reference | {"gradient_descent": gradient_descent}
    with pytest.raises(CheckError, match=r"the function that you are given takes \(w, X, d\)"):
        check_task("lab01", "gradient_descent", names)


@pytest.mark.parametrize(
    ("ticked", "words"),
    [({"a"}, "not all of the right"), (set(), "no answer"), (None, "no answer")],
)
def test_concept_question_is_marked_from_the_dict_of_answers(
    ticked: set[str] | None, words: str, reference: dict[str, Any]
) -> None:
    answers = reference["answers"] | {"q_minibatch": ticked}
    with pytest.raises(CheckError, match=words):
        check_task("lab01", "q_minibatch", {"answers": answers})


def test_name_that_is_gone_or_no_function_is_missing() -> None:
    for names in ({}, {"sgd_epoch": 3}):
        with pytest.raises(CheckError, match="sgd_epoch is not there after running the notebook"):
            check_task("lab01", "sgd_epoch", names)
        with pytest.raises(MissingFunction):
            _ = LocalStudent(names).sgd_epoch


@pytest.mark.parametrize(
    ("lab", "task"), [("lab77", "sgd_epoch"), ("lab01", "w_batch_size"), ("lab01", "adam_step")]
)
def test_lab_and_task_that_have_no_tests_are_a_usage_error(lab: str, task: str) -> None:
    with pytest.raises(UsageError):
        check_task(lab, task, {})


# Once per process


def test_tests_are_collected_once(reference: dict[str, Any]) -> None:
    check_task("lab01", "inverse_decay", reference)
    before = local._hidden_tests.cache_info()
    check_task("lab01_sgd", "inverse_decay", reference)
    after = local._hidden_tests.cache_info()
    assert (after.misses, after.hits) == (before.misses, before.hits + 1)


def test_process_is_told_once_that_this_can_be_forged() -> None:
    script = (
        "from autograder.local import check_task\n"
        "for _ in range(2):\n"
        "    check_task('lab01', 'inverse_decay', {'inverse_decay': lambda j, lr0, decay: "
        "lr0 / (1 + decay * j)})\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=labs.ROOT, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == local.WARNING + "\n"


def test_cell_of_a_plain_kernel_can_hold_the_call(tmp_path: Path) -> None:
    notebook = completed(
        LAB, {"inverse_decay": "def inverse_decay(j, lr0, decay):\n    return lr0"}
    )
    kept = [cell for cell in notebook["cells"] if cell["id"] in ("setup", "inverse-decay")]
    call = (
        "from autograder.local import check_task\ncheck_task('lab01', 'inverse_decay', globals())"
    )
    kept.append({**kept[-1], "id": "call", "source": call})
    node = nbformat.reads(json.dumps({**notebook, "cells": kept}), as_version=4)
    NotebookClient(
        node, allow_errors=True, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    ).execute()
    printed, raised = node.cells[-1].outputs
    assert local.WARNING in printed.text
    assert raised.ename == "CheckError"
    assert "hidden tests fail" in raised.evalue
    assert list(tmp_path.iterdir()) == []
