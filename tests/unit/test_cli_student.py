"""``dlcourse doctor``, ``check`` and ``progress`` as a student types them: real processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

Finished = subprocess.CompletedProcess[str]
STUB = "# YOUR CODE HERE\nraise NotImplementedError()"


def dlcourse(folder: Path, *arguments: str, **environment: str) -> Finished:
    """Run the command in `folder`."""
    return subprocess.run(
        [Path(sys.executable).with_name("dlcourse"), *arguments],
        cwd=folder,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"} | environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=200,
    )


def code(
    source: str, grade_id: str = "", tags: tuple[str, ...] = (), **marks: Any
) -> dict[str, Any]:
    metadata: dict[str, Any] = {"tags": list(tags)}
    if grade_id:
        usual = {"grade": False, "solution": False, "locked": False, "grade_id": grade_id}
        metadata["nbgrader"] = usual | marks
    return {
        "cell_type": "code",
        "id": grade_id or "own",
        "metadata": metadata,
        "source": source.splitlines(keepends=True),
        "outputs": [],
        "execution_count": None,
    }


def write(folder: Path, relu: str, *more: dict[str, Any]) -> None:
    """A lab with a function and a question, the question answered."""
    setup = (
        "import numpy as np\nfrom dlcourse.checks import lab00 as check\n"
        "from dlcourse.checks.questions import check_answer\nanswers = {}"
    )
    cells = [
        code(setup, "setup", locked=True),
        *more,
        code(relu, "relu", solution=True),
        code("check.relu(relu)", "test_relu", grade=True, points=3),
        code('answers["q_order"] = {"a"}', "q_order", solution=True),
        code('check_answer("q_order", answers, "abc")', "test_q_order", grade=True, points=1),
    ]
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
    (folder / "lab.ipynb").write_text(json.dumps(notebook), encoding="utf-8")


RIGHT = "def relu(z):\n    return np.maximum(z, 0)"
WRONG = "def relu(z):\n    return np.abs(z)"


def test_notebook_that_passes_all_its_checks_gives_zero(tmp_path: Path) -> None:
    write(tmp_path, RIGHT)
    before = (tmp_path / "lab.ipynb").read_bytes()
    done = dlcourse(tmp_path, "check", "lab.ipynb")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "lab.ipynb, in a fresh kernel",
        "✓ relu     3 points",
        "✓ q_order  1 point",
        "visible checks pass for 3 of 3 points; questions answered for 1 of 1 point",
        "nothing is open",
    ]
    assert (tmp_path / "lab.ipynb").read_bytes() == before


def test_failed_check_gives_one_and_its_words(tmp_path: Path) -> None:
    write(tmp_path, WRONG)
    done = dlcourse(tmp_path, "check", "lab.ipynb")
    assert done.returncode == 1
    assert "✗ relu     3 points  fails its check\n    ✗ " in done.stdout
    assert "still open: relu" in done.stdout


def test_experiments_are_skipped_and_a_cell_that_fails_stops_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    experiment = code("open('ran', 'w'); 1 / 0", tags=("experiment",))
    write(folder, RIGHT, experiment, code("1 / 0"), code("open('here', 'w').close()"))
    done = dlcourse(tmp_path, "check", "a folder/lab.ipynb")
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["here", "lab.ipynb"]


def test_cell_that_hangs_is_interrupted_and_the_next_ones_run(tmp_path: Path) -> None:
    write(tmp_path, RIGHT, code("while True: pass"))
    done = dlcourse(tmp_path, "check", "--seconds", "3", "lab.ipynb")
    assert done.returncode == 0, done.stdout + done.stderr


def test_cell_that_kills_the_kernel_is_named(tmp_path: Path) -> None:
    write(tmp_path, RIGHT, code("import os\nos._exit(7)", "setup-own"))
    done = dlcourse(tmp_path, "check", "lab.ipynb")
    assert done.returncode == 1
    assert "the kernel died in the cell 'setup-own'" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_kernel_is_told_in_words(tmp_path: Path) -> None:
    write(tmp_path, RIGHT)
    broken = tmp_path / "broken" / "ipykernel_launcher.py"
    broken.parent.mkdir()
    broken.write_text("raise SystemExit('this kernel is broken')")
    done = dlcourse(tmp_path, "check", "lab.ipynb", PYTHONPATH=str(broken.parent))
    assert done.returncode == 2
    assert "the Python kernel does not start" in done.stderr
    assert "dlcourse doctor" in done.stderr
    assert "Traceback" not in done.stderr


def test_saved_notebook_is_read_and_not_run(tmp_path: Path) -> None:
    write(tmp_path, STUB)
    done = dlcourse(tmp_path, "progress", "lab.ipynb")
    assert done.returncode == 1
    assert done.stdout.splitlines()[:3] == [
        "lab.ipynb, as it was saved",
        "· relu     3 points  not written yet",
        "· q_order  1 point   not checked yet",
    ]


@pytest.mark.parametrize("command", ["check", "progress"])
@pytest.mark.parametrize(
    ("content", "words"), [(None, "there is no file"), ("{", "is damaged, it is not JSON")]
)
def test_file_that_cannot_be_used_gives_two(
    tmp_path: Path, command: str, content: str | None, words: str
) -> None:
    if content is not None:
        (tmp_path / "lab.ipynb").write_text(content)
    done = dlcourse(tmp_path, command, "lab.ipynb")
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("arguments", [(), ("check",), ("mend", "lab.ipynb"), ("doctor", "x")])
def test_wrong_usage_gives_two(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = dlcourse(tmp_path, *arguments)
    assert done.returncode == 2
    assert "usage: dlcourse" in done.stderr


@pytest.mark.parametrize("command", ["doctor", "check", "progress"])
def test_help_has_an_example(tmp_path: Path, command: str) -> None:
    done = dlcourse(tmp_path, command, "--help")
    assert done.returncode == 0
    assert f"Example: dlcourse {command}" in done.stdout


def test_marks_are_replaced_where_the_console_lacks_them(tmp_path: Path) -> None:
    write(tmp_path, STUB)
    done = dlcourse(tmp_path, "progress", "lab.ipynb", PYTHONIOENCODING="ascii")
    assert done.returncode == 1
    assert "? relu     3 points  not written yet" in done.stdout


# doctor


def test_sound_set_up_is_well(tmp_path: Path) -> None:
    done = dlcourse(tmp_path, "doctor")
    assert done.returncode == 0, done.stdout
    assert "✓ Python 3." in done.stdout
    assert "✓ a kernel starts, and has this dlcourse" in done.stdout
    assert done.stdout.endswith("all is well\n")
    assert done.stderr == ""


def test_each_fault_is_found_with_its_remedy(tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    (packages / "tqdm-1.0.dist-info").mkdir(parents=True)
    (packages / "tqdm-1.0.dist-info" / "METADATA").write_text("Name: tqdm\nVersion: 1.0\n")
    (packages / "sklearn.py").write_text("raise ImportError('a file is missing')")
    (packages / "ipykernel_launcher.py").write_text("raise SystemExit('broken')")
    (packages / "torch.py").write_text("raise OSError('libcudart is missing')")
    work = tmp_path / "work"
    work.mkdir()
    (work / "random.py").touch()
    done = dlcourse(work, "doctor", PYTHONPATH=str(packages))
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    faults = [" ".join(part.split()) for part in done.stdout.split("\n✗ ")[1:]]
    assert [fault.partition(":")[0].split(" → ")[0] for fault in faults] == [
        "tqdm 1.0 does not do, >=4.66 is needed",
        "scikit-learn does not load",
        "random.py in this folder stands in the way of the module random",
        "the Python kernel does not start",
        "PyTorch does not load",
    ]
    assert faults[0].endswith('-m pip install "tqdm>=4.66"')
    assert faults[1].endswith("-m pip install --force-reinstall scikit-learn")
    assert faults[2].endswith("give random.py another name")
    assert "-m pip install --force-reinstall ipykernel" in faults[3]
    assert "5 to mend" in done.stdout
