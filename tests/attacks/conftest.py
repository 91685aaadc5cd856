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

from autograder import labs
from autograder.answers import load
from autograder.completion import Notebook, completed, released, save, with_cell
from autograder.grader import Grader
from autograder.labs import ROOT, Lab, Limits
from autograder.results import ResultsFile, SubmissionResult, TaskResult
from autograder.sandbox.launch import Sandbox, SandboxUnavailable, Stage, check
from autograder.sandbox.student import StudentProxy
from autograder.submission import Step

LAB = "lab01_sgd_vs_batch"
SECRET = bytes(range(32))
FIRST = "gradient_descent"
QUICK = dict(call_cpu=1, call_wall=2, cell_cpu=1, cell_wall=2, submission_cpu=20, submission_wall=9)


@pytest.fixture(scope="session")
def lab() -> Lab:
    """Lab 01 as the instructor wrote it."""
    try:
        check("bubblewrap")
    except SandboxUnavailable as error:
        pytest.fail(f"attacks need a sandbox: {error}")
    return labs.find(LAB)


@pytest.fixture(scope="session")
def quick_lab(lab: Lab) -> Lab:
    """Lab 01 with limits of a second or two, for what would otherwise go on for minutes."""
    return dataclasses.replace(lab, limits=dataclasses.replace(lab.limits, **QUICK))


class Bench:
    """Grades an attacker, then an innocent classmate, whose result must not differ.

    The classmate has one mistake and one helper cell, so that both points and their loss show.
    """

    def __init__(self, lab: Lab, directory: Path) -> None:
        self.lab = lab
        self._directory = directory
        self._grader = Grader(lab, SECRET, "bubblewrap")
        self._classmate = directory / "classmate.ipynb"
        save(classmate(lab), self._classmate)
        self._expected = without_time(self._grader.grade("classmate", self._classmate))
        assert 0 < self._expected.score < lab.max_score

    def grade(self, handed_in: Notebook | str | bytes | Path) -> SubmissionResult:
        """The attacker's result, once the classmate's has been compared."""
        path = self._directory / "attacker.ipynb"
        if isinstance(handed_in, dict):
            save(handed_in, path)
        elif isinstance(handed_in, str):
            path.write_text(handed_in, encoding="utf-8")
        elif isinstance(handed_in, bytes):
            path.write_bytes(handed_in)
        else:
            path = handed_in
        result = self._grader.grade("attacker", path)
        SubmissionResult.from_json(result.to_json())
        after = without_time(self._grader.grade("classmate", self._classmate))
        assert after == self._expected, "the classmate's result is another one"
        return result

    def close(self) -> None:
        """End the sandbox."""
        self._grader.close()


def classmate(lab: Lab) -> Notebook:
    """The notebook of somebody who attacks nobody."""
    mistake = next(answer for answer in load(lab.name) if answer.kind == "mistake")
    notebook = completed(lab, {mistake.task: mistake.source})
    return with_cell(notebook, "helper = 'written by the classmate'", before=FIRST)


def without_time(result: SubmissionResult) -> SubmissionResult:
    """`result` without what may differ from run to run."""
    return dataclasses.replace(result, seconds=0.0)


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
    stage = Stage(lab)
    sandbox = Sandbox(lab.limits, stage, "bubblewrap")
    yield sandbox
    sandbox.close()
    stage.close()


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


def attacked(lab: Lab, cell: str, body: str = "return forge(args, kwargs)") -> Notebook:
    """The released notebook with `cell` before the first task, and each task's body `body`."""
    notebook = released(lab)
    for number, task in enumerate(lab.code_tasks()):
        source = f"def {task}(*args, **kwargs):\n    task, number = {task!r}, {number}\n    {body}\n"
        cell_of(notebook, task)["source"] = source
    return with_cell(notebook, cell, before=FIRST)


def cell_of(notebook: Notebook, grade_id: str) -> dict[str, Any]:
    """The cell that nbgrader knows as `grade_id`."""
    cells: list[dict[str, Any]] = notebook["cells"]
    return next(
        cell
        for cell in cells
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == grade_id
    )


def task_of(result: SubmissionResult, name: str) -> TaskResult:
    """The result of the task `name`."""
    return next(task for task in result.tasks if task.name == name)


def full_marks(result: SubmissionResult) -> None:
    """Assert that no point is missing, and name those that are."""
    lost = [f"{t.name} {test.name}: {test.message} {test.detail}"
            for t in result.tasks for test in t.tests if not test.passed]  # fmt: skip
    assert (lost, result.score) == ([], result.max_score), result.errors


@dataclasses.dataclass(frozen=True)
class Command:
    """What ``python -m autograder grade`` did."""

    code: int
    output: str
    out: Path

    @property
    def results(self) -> dict[str, SubmissionResult]:
        """The results that count, by student."""
        return {r.student: r for r in ResultsFile.open(self.out / "results.jsonl").latest(LAB)}

    def feedback(self, student: str) -> str:
        """The page that the student gets."""
        return (self.out / "feedback" / student / f"{LAB}.html").read_text(encoding="utf-8")


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


def limits_of(lab: Lab, **changes: int) -> Limits:
    """The lab's limits with some changed."""
    return dataclasses.replace(lab.limits, **changes)
