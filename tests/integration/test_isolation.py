"""No sandbox, no grading; and hidden tests run by hand on one notebook."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder import labs
from autograder.completion import completed, released, save

Finished = subprocess.CompletedProcess[str]
Command = Callable[..., Finished]
LAB = labs.find("lab01")


@pytest.fixture
def course(tmp_path: Path) -> Path:
    save(completed(LAB), tmp_path / "right.ipynb")
    save(released(LAB), tmp_path / "blank.ipynb")
    return tmp_path


def records(course: Path) -> list[dict[str, object]]:
    lines = (course / "results" / "results.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("command", [["grade", "lab01", "right.ipynb", "--out", "o"], ["verify"]])
def test_without_bubblewrap_nothing_is_graded_and_the_remedy_is_said(
    course: Path, autograder: Command, command: list[str]
) -> None:
    (course / "empty").mkdir()
    finished = autograder(course, *command, PATH=str(course / "empty"))
    assert finished.returncode == 2
    assert "bubblewrap is not installed" in finished.stderr
    assert "sudo apt-get install bubblewrap" in finished.stderr
    assert "Traceback" not in finished.stderr
    assert not (course / "o").exists()


def test_bubblewrap_that_refuses_ends_the_command_with_the_remedy(
    course: Path, autograder: Command
) -> None:
    (course / "bin").mkdir()
    program = course / "bin" / "bwrap"
    program.write_text(
        "#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n"
    )
    program.chmod(0o755)
    finished = autograder(
        *(course, "grade", "lab01", "right.ipynb", "--out", "o"), PATH=f"{course}/bin:/usr/bin:/bin"
    )
    assert finished.returncode == 2
    assert "setting up uid map: Permission denied" in finished.stderr
    assert "kernel.apparmor_restrict_unprivileged_userns=0" in finished.stderr
    assert not (course / "o").exists()


def test_unsafe_grades_without_bubblewrap_and_says_so_in_every_result(
    course: Path, autograder: Command
) -> None:
    (course / "empty").mkdir()
    finished = autograder(
        *(course, "grade", "lab01", "right.ipynb", "blank.ipynb", "--out", "results"),
        *("--isolation", "unsafe", "--jobs", 1),
        PATH=str(course / "empty"),
    )
    assert finished.returncode == 0, finished.stderr
    assert "without isolation" in finished.stdout
    found = {record["student"]: record for record in records(course)}
    assert {record["isolation"] for record in found.values()} == {"unsafe"}
    assert (found["right"]["score"], found["blank"]["score"]) == (90, 0)


def test_result_without_isolation_does_not_stand_for_one_with_it(
    course: Path, autograder: Command
) -> None:
    command = ("grade", "lab01", "blank.ipynb", "--out", "results")
    assert autograder(course, *command, "--isolation", "unsafe").returncode == 0
    finished = autograder(course, *command)
    assert finished.returncode == 0
    assert "without isolation" not in finished.stdout
    assert [record["isolation"] for record in records(course)] == ["unsafe", "bubblewrap"]


def hidden_tests(course: Path, notebook: str, *options: str) -> Finished:
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            *(str(LAB.hidden_tests), "--submission", notebook, *options),
        ],
        cwd=course,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_hidden_tests_run_by_hand_pass_for_the_reference(course: Path) -> None:
    finished = hidden_tests(course, "right.ipynb")
    assert finished.returncode == 0, finished.stdout
    assert " passed" in finished.stdout


def test_hidden_tests_run_by_hand_all_fail_for_the_released_notebook(course: Path) -> None:
    finished = hidden_tests(course, "blank.ipynb")
    assert finished.returncode == 1
    assert " passed" not in finished.stdout
    assert "sgd_epoch is not written yet" in finished.stdout


def test_hidden_tests_run_by_hand_name_a_cell_that_fails(course: Path) -> None:
    save(completed(LAB, {"sgd_epoch": "def sgd_epoch(:"}), course / "broken.ipynb")
    finished = hidden_tests(course, "broken.ipynb", "-k", "epoch or descent", "-rA")
    assert finished.returncode == 1
    assert "(sgd_epoch) failed with SyntaxError" in finished.stdout
