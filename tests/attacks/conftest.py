"""One grader for all attacks, and a classmate who must get the same after each of them."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from classroom import LAB, Bench, Command, attacked_lab, box_for

from autograder.labs import ROOT, Lab
from autograder.sandbox.launch import Sandbox
from autograder.sandbox.student import StudentProxy
from autograder.submission import Step

QUICK = {
    "call_cpu": 1,
    "call_wall": 1,
    "cell_cpu": 1,
    "cell_wall": 2,
    "submission_cpu": 20,
    "submission_wall": 4,
}


@pytest.fixture(scope="session")
def lab() -> Lab:
    """Lab 01 as the instructor wrote it."""
    return attacked_lab(LAB)


@pytest.fixture(scope="session")
def quick_lab(lab: Lab) -> Lab:
    """Lab 01 with limits of a second or two, for what would otherwise go on for minutes."""
    return dataclasses.replace(lab, limits=dataclasses.replace(lab.limits, **QUICK))


@pytest.fixture(scope="session")
def bench(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """The shared grader, with the lab's own limits."""
    bench = Bench(lab, tmp_path_factory.mktemp("bench"))
    yield bench
    bench.close()


@pytest.fixture(scope="session")
def quick_bench(quick_lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """The shared grader with short limits."""
    bench = Bench(quick_lab, tmp_path_factory.mktemp("quick-bench"))
    yield bench
    bench.close()


@pytest.fixture(scope="session")
def box(lab: Lab) -> Iterator[Sandbox]:
    """A sandbox of its own, to look around in."""
    with box_for(lab) as sandbox:
        yield sandbox


Inside = Callable[[str], Any]


@pytest.fixture
def inside(box: Sandbox, lab: Lab) -> Iterator[Inside]:
    """``inside(source)`` runs a cell in the sandbox and returns what it left in `found`."""

    def run(source: str) -> Any:
        loaded = box.open([Step(source, "the cell")])
        assert loaded.errors == []
        found = StudentProxy(loaded, lab.limits.call_wall).value("found")
        assert found is not None, "the cell left nothing in `found`"
        return found

    yield run
    box.clean()


@pytest.fixture
def grade_command(tmp_path: Path, lab: Lab) -> Callable[..., Command]:
    """Runs the real command on files of `tmp_path`, in which it also makes its secret."""

    def run(*paths: Path, jobs: int = 1) -> Command:
        out = tmp_path / "out"
        command = [sys.executable, "-m", "autograder", "grade", lab.name, *map(str, paths)]
        finished = subprocess.run(
            [*command, "--out", str(out), "--jobs", str(jobs)],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"},
            capture_output=True,
            text=True,
            timeout=300,
        )
        return Command(finished.returncode, finished.stdout + finished.stderr, out)

    return run


@pytest.fixture
def memory_growth() -> Iterator[Callable[[], float]]:
    """By how many MiB this process has grown at most since the test began."""
    start, peak, ended = _resident(), [0.0], threading.Event()

    def watch() -> None:
        while not ended.wait(0.005):
            peak[0] = max(peak[0], _resident() - start)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    yield lambda: peak[0]
    ended.set()
    thread.join()


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@pytest.fixture
def seconds() -> Callable[[], float]:
    """The seconds since the test began."""
    started = time.monotonic()
    return lambda: time.monotonic() - started
