"""The grading process that formgrader's button uses: warm, replaced when it is gone, ended."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder import labs
from autograder.completion import completed, released, save
from autograder.errors import AutograderError
from autograder.results import ResultsFile
from autograder.warm import Request, WarmGrader

LAB = labs.find("lab02")


@pytest.fixture
def grader() -> Iterator[WarmGrader]:
    started = WarmGrader()
    yield started
    started.close()


def request_for(directory: Path, notebook: object, isolation: str = "bubblewrap") -> Request:
    path = directory / "ada.ipynb"
    save(notebook, path)
    return Request(LAB.name, "ada", str(path), str(directory), str(directory / "out"), isolation)


def test_process_stays_for_the_next_notebook_and_is_replaced_when_it_was_killed(
    grader: WarmGrader, tmp_path: Path
) -> None:
    first = grader.grade(request_for(tmp_path, completed(LAB)))
    process = grader._running()
    second = grader.grade(request_for(tmp_path, released(LAB)))
    assert grader._running() is process
    assert (first.score, second.score) == (LAB.max_score, 0)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    third = grader.grade(request_for(tmp_path, completed(LAB)))
    assert third.score == LAB.max_score
    kept = ResultsFile.open(tmp_path / "out" / "results.jsonl")
    assert [result.score for result in kept.latest()] == [LAB.max_score]
    assert len((tmp_path / "out" / "results.jsonl").read_text().splitlines()) == 3


def test_process_is_another_one_when_a_file_of_the_grader_has_changed(
    grader: WarmGrader, project: Path
) -> None:
    script = (
        "from autograder import warm\n"
        "grader = warm.WarmGrader()\n"
        "one = grader._running().pid\n"
        "same = grader._running().pid\n"
        "path = warm.labs.HIDDEN / 'test_lab02_momentum.py'\n"
        "path.write_text(path.read_text() + '\\n')\n"
        "print(one == same, one == grader._running().pid)\n"
        "grader.close()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"PYTHONPATH": str(project)},
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "True False\n", done.stderr


def test_what_goes_wrong_comes_back_in_words(grader: WarmGrader, tmp_path: Path) -> None:
    request = request_for(tmp_path, completed(LAB))
    with pytest.raises(AutograderError, match="no lab is called 'lab77'"):
        grader.grade(dataclasses.replace(request, lab="lab77"))


def test_process_ends_when_it_has_nothing_to_do_and_when_its_caller_is_gone() -> None:
    idle = "from autograder import warm\nwarm.IDLE_SECONDS = 0.1\nwarm.serve()\n"
    command = [sys.executable, "-c", idle]
    with subprocess.Popen(command, cwd=labs.ROOT, stdin=subprocess.PIPE) as process:
        assert process.wait(timeout=60) == 0
    command = [sys.executable, "-m", "autograder.warm"]
    with subprocess.Popen(command, cwd=labs.ROOT, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=60) == 0
