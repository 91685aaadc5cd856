"""A class over processes: dead workers, killed runs, a cluster started by hand, a lab on a GPU."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from autograder import labs
from autograder.answers import load
from autograder.completion import completed, save
from autograder.grader import Grader
from autograder.results import ResultsFile, SubmissionResult
from autograder.sandbox.processes import descendants

LAB = labs.find("lab01")
ROOT = labs.ROOT


@pytest.fixture(scope="module")
def classroom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty notebooks, each with another mistake."""
    directory = tmp_path_factory.mktemp("classroom")
    answers = [answer for answer in load(LAB.name) if answer.kind == "mistake"]
    for number, answer in enumerate(answers[::6][:20]):
        save(completed(LAB, {answer.task: answer.source}), directory / f"student{number:02}.ipynb")
    return directory


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A directory to grade in, with a course secret."""
    (tmp_path / ".course-secret").write_text("ab" * 32)
    return tmp_path


def command(classroom: Path, *options: str) -> list[str]:
    return [
        *(sys.executable, "-m", "autograder", "grade", "lab01", str(classroom)),
        *("--out", "results", *options),
    ]


def grade(course: Path, classroom: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(classroom, *options), cwd=course, capture_output=True, text=True, check=False
    )


def results(course: Path) -> list[SubmissionResult]:
    """The results on disk, without what may differ from run to run."""
    lines = (course / "results" / "results.jsonl").read_text(encoding="utf-8").splitlines()
    found = [SubmissionResult.from_json(line) for line in lines]
    return sorted(
        (dataclasses.replace(result, seconds=0.0, key="") for result in found),
        key=lambda result: result.student,
    )


@pytest.fixture(scope="module")
def undisturbed(
    classroom: Path, tmp_path_factory: pytest.TempPathFactory
) -> list[SubmissionResult]:
    """What an undisturbed run gives, one submission after the other."""
    course = tmp_path_factory.mktemp("undisturbed")
    (course / ".course-secret").write_text("ab" * 32)
    finished = grade(course, classroom, "--jobs", "1")
    assert finished.returncode == 0, finished.stderr
    found = results(course)
    assert len(found) == 20
    assert len({result.score for result in found}) > 1
    return found


def test_two_processes_give_what_one_gives(
    course: Path, classroom: Path, undisturbed: list[SubmissionResult]
) -> None:
    assert grade(course, classroom, "--jobs", "2").returncode == 0
    assert results(course) == undisturbed


def test_the_order_of_grading_changes_no_score(
    course: Path, classroom: Path, undisturbed: list[SubmissionResult]
) -> None:
    path = course / "results.jsonl"
    grader = Grader(LAB, bytes.fromhex("ab" * 32), "bubblewrap")
    try:
        found = [
            grader.grade(notebook.stem, notebook)
            for notebook in sorted(classroom.glob("*.ipynb"), reverse=True)
        ]
    finally:
        grader.close()
    kept = ResultsFile.open(path)
    for result in found:
        kept.append(dataclasses.replace(result, seconds=0.0))
    assert kept.latest() == undisturbed


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))]
)
def test_a_killed_worker_loses_nothing(
    seed: int, course: Path, classroom: Path, undisturbed: list[SubmissionResult]
) -> None:
    with running(course, command(classroom, "--jobs", "2")) as process:
        wait_for_lines(course, 1 + seed)
        os.kill(a_worker(process.pid), signal.SIGKILL)
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert results(course) == undisturbed


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 10))]
)
def test_a_killed_run_goes_on_where_it_was(
    seed: int, course: Path, classroom: Path, undisturbed: list[SubmissionResult]
) -> None:
    moment = random.Random(seed)
    with running(course, command(classroom, "--jobs", "2")) as process:
        wait_for_lines(course, moment.randrange(1, 15))
        time.sleep(moment.random() / 10)
        if moment.random() < 0.5:
            os.kill(a_worker(process.pid), signal.SIGKILL)
        kill(process.pid, *descendants(process.pid))
    before = (course / "results" / "results.jsonl").read_bytes()
    again = grade(course, classroom, "--jobs", "2")
    assert again.returncode == 0, again.stderr
    after = (course / "results" / "results.jsonl").read_bytes()
    assert after.startswith(before[: before.rfind(b"\n") + 1])
    assert results(course) == undisturbed


def test_a_second_run_grades_nothing_again(course: Path, classroom: Path) -> None:
    assert grade(course, classroom, "--jobs", "1").returncode == 0
    first = (course / "results" / "results.jsonl").read_bytes()
    assert grade(course, classroom, "--jobs", "1").returncode == 0
    assert (course / "results" / "results.jsonl").read_bytes() == first


def test_interrupting_a_run_keeps_what_is_graded_and_says_so(
    course: Path, classroom: Path, undisturbed: list[SubmissionResult]
) -> None:
    with running(course, command(classroom, "--jobs", "1")) as process:
        wait_for_lines(course, 3)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "goes on from there" in errors
    assert "Traceback" not in errors
    assert grade(course, classroom, "--jobs", "1").returncode == 0
    assert results(course) == undisturbed


def test_a_cluster_started_by_hand_grades_through_its_scheduler(
    course: Path, classroom: Path, undisturbed: list[SubmissionResult]
) -> None:
    address = f"tcp://127.0.0.1:{free_port()}"
    scripts = Path(sys.executable).parent
    scheduler = [str(scripts / "dask"), "scheduler", "--host", address, "--no-dashboard"]
    worker = [str(scripts / "dask"), "worker", address, "--nthreads", "1", "--no-dashboard"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with (
        running(course, scheduler, environment),
        running(course, worker, environment),
        running(course, worker, environment),
    ):
        finished = grade(course, classroom, "--scheduler", address)
    assert finished.returncode == 0, finished.stderr
    assert results(course) == undisturbed


def test_a_lab_on_a_gpu_never_forks_the_notebook_and_starts_anew_after_a_failure(
    tmp_path: Path,
) -> None:
    lab = gpu_lab(tmp_path)
    grader = Grader(lab, bytes(32), "bubblewrap")
    try:
        result = grader.grade("a", lab.path)
    finally:
        grader.close()
    tests = {test.name: test.passed for task in result.tasks for test in task.tests}
    assert tests == {"the_notebook_and_its_functions_share_a_process": True, "fails": False}
    assert result.errors == ()


def gpu_lab(directory: Path) -> labs.Lab:
    """A lab whose one task tells in which process it runs."""
    name = "lab98_device"
    code = "import os\nhome = os.getpid()\n\n\ndef process():\n    return home == os.getpid()\n"
    cells = [
        cell("process", code, solution=True),
        cell("test_process", "process()", grade=True, points=75, locked=True),
    ]
    notebook = {
        "cells": cells,
        "metadata": {"dlcourse": {"gpu": True, "limits": {"memory_bytes": 0}}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path = directory / f"{name}.ipynb"
    path.write_text(json.dumps(notebook))
    hidden = directory / f"test_{name}.py"
    hidden.write_text(
        "import pytest\nfrom dlcourse.testing import check_bool\n\n\n"
        '@pytest.mark.task("process")\n'
        "def test_the_notebook_and_its_functions_share_a_process(student):\n"
        '    check_bool(student.process(), True, "the same process")\n\n\n'
        '@pytest.mark.task("process")\n'
        "def test_fails(student):\n"
        '    check_bool(student.process(), False, "the same process")\n'
    )
    return dataclasses.replace(labs.read(path), hidden_tests=hidden)


def cell(name: str, source: str, **marks: object) -> dict[str, object]:
    nbgrader = {"grade_id": name, "grade": False, "solution": False, "locked": False, **marks}
    return {"cell_type": "code", "id": name, "metadata": {"nbgrader": nbgrader}, "source": source}


class running:  # noqa: N801 - a context manager, used like a function
    """A process that is gone, with all below it, at the end."""

    def __init__(
        self, directory: Path, arguments: list[str], environment: dict[str, str] | None = None
    ) -> None:
        self._process = subprocess.Popen(
            arguments,
            cwd=directory,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> subprocess.Popen[str]:
        return self._process

    def __exit__(self, *_: object) -> None:
        kill(*descendants(self._process.pid), self._process.pid)
        self._process.wait()
        if self._process.stderr is not None:
            self._process.stderr.close()


def kill(*pids: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def wait_for_lines(course: Path, count: int) -> None:
    """Wait until a run has written so many results."""
    path = course / "results" / "results.jsonl"
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        if path.exists() and path.read_bytes().count(b"\n") >= count:
            return
        time.sleep(0.02)
    raise AssertionError(f"no {count} results in time")


def a_worker(pid: int) -> int:
    """One of the run's Dask workers: a process that has a sandbox below it."""
    for candidate in descendants(pid):
        below = {Path(f"/proc/{child}/comm").read_text().strip() for child in children(candidate)}
        if "bwrap" in below:
            return candidate
    raise AssertionError("the run has no worker with a sandbox")


def children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task")
    if not tasks.exists():
        return []
    return [int(c) for task in tasks.iterdir() for c in (task / "children").read_text().split()]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def test_no_sandbox_and_no_file_outlives_its_run(
    course: Path, classroom: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = course / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    with running(course, command(classroom, "--jobs", "2")) as process:
        wait_for_lines(course, 2)
        assert boxes(scratch)
        process.communicate(timeout=120)
    time.sleep(0.5)
    assert boxes(scratch) == []
    assert list(scratch.iterdir()) == []


def boxes(scratch: Path) -> list[int]:
    """The bubblewrap processes whose files are staged below `scratch`."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and str(scratch) in (entry / "cmdline").read_text():
                found.append(int(entry.name))
    return found
