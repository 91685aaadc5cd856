"""How fast a lab is graded, by this and by its peers, on the same submissions, in one run.

``python -m benchmarks.grading --out DIR`` prints a Markdown table and writes
DIR/grading-{lab}.json. ``--lab`` takes another lab than 01, ``--quick`` small numbers. The
experiments are cut out of the notebooks, since ours skips
them and the peers do not; ``--experiments`` leaves them in.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import itertools
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from autograder import gradebook, labs
from autograder.answers import load
from autograder.completion import completed, save
from autograder.labs import Lab
from autograder.results import ResultsFile
from benchmarks import peers
from benchmarks.parts import Submissions, sandbox_against_bare, shares_of_time

SAMPLE_SECONDS = 0.2
SAMPLE_SHARE = 0.01  # of a core, which a look at the memory may take from what is measured


@dataclass(frozen=True)
class Measurement:
    """One grader, one number of submissions, one number of workers."""

    grader: str
    submissions: int
    workers: int
    seconds: float
    peak_mib: float

    @property
    def per_minute(self) -> float:
        """Submissions a minute."""
        return 60 * self.submissions / self.seconds


# The submissions


def submissions(lab: Lab, count: int, *, experiments: bool, seed: int = 1) -> Submissions:
    """Notebooks whose tasks are each the reference (6 in 10), a variant (2) or a mistake (2)."""
    choose = random.Random(seed)
    answers = {
        (task, kind): [a.source for a in load(lab.name) if (a.task, a.kind) == (task, kind)]
        for task in lab.code_tasks()
        for kind in ("variant", "mistake")
    }
    handed_in = []
    for number in range(count):
        replaced = {}
        for task in lab.code_tasks():
            kind = choose.choices(["reference", "variant", "mistake"], [6, 2, 2])[0]
            if sources := answers.get((task, kind)):
                replaced[task] = choose.choice(sources)
        notebook = completed(lab, replaced)
        if not experiments:
            kept = [
                c for c in notebook["cells"] if "experiment" not in c["metadata"].get("tags", [])
            ]
            notebook["cells"] = kept
        handed_in.append((f"student{number:04}", notebook))
    return handed_in


# Time and memory of commands


class Peak(threading.Thread):
    """The most memory that this process's children took together, shared pages counted once."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.mib = 0.0
        self._end = threading.Event()

    def run(self) -> None:
        """Look now and then, until `stop`."""
        took = 0.0
        while not self._end.wait(max(SAMPLE_SECONDS, took / SAMPLE_SHARE)):
            sizes, started = 0, time.thread_time()
            for process in psutil.Process().children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    sizes += process.memory_full_info().pss
            self.mib = max(self.mib, sizes / 2**20)
            took = time.thread_time() - started

    def stop(self) -> float:
        """The peak in MiB."""
        self._end.set()
        self.join()
        return self.mib


def measured(
    name: str, submitted: Submissions, workers: int, action: Callable[[], None]
) -> Measurement:
    """Time `action`, which grades `submitted` in processes below this one."""
    peak = Peak()
    peak.start()
    started = time.perf_counter()
    action()
    seconds = time.perf_counter() - started
    result = Measurement(name, len(submitted), workers, seconds, peak.stop())
    print(f"{name}, {len(submitted)}, {workers} workers: {seconds:.1f} s", file=sys.stderr)
    return result


def run(command: list[str], directory: Path, environment: dict[str, str]) -> None:
    """Run a command; what it says is shown if it fails."""
    done = subprocess.run(
        command, cwd=directory, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


# The three graders; each returns its scores as well


def ours(
    lab: Lab, submitted: Submissions, workers: int, root: Path
) -> tuple[Measurement, dict[str, float]]:
    """``python -m autograder grade``, with everything that it writes, and nbgrader's database.

    The database knows the lab beforehand, as nbgrader's own course does.
    """
    for student, notebook in submitted:
        save(notebook, root / "submitted" / student / lab.name / f"{lab.name}.ipynb")
    command = [sys.executable, "-m", "autograder", "grade", lab.name, str(root / "submitted")]
    command += ["--out", str(root / "results"), "--jobs", str(workers)]
    database = f"sqlite:///{root}/gradebook.db"
    gradebook.register(lab, database)
    command += ["--gradebook", database]
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    result = measured("ours", submitted, workers, lambda: run(command, labs.ROOT, environment))
    graded = ResultsFile.open(root / "results" / "results.jsonl").latest()
    # the peers know whole tasks only
    passed = {
        one.student: sum(task.max_score for task in one.tasks if task.status == "passed")
        for one in graded
    }
    return result, passed


def nbgrader(
    lab: Lab, submitted: Submissions, workers: int, root: Path
) -> tuple[Measurement, dict[str, float]]:
    """``nbgrader autograde``; it knows no workers, so each is a course of its own."""
    courses = [root / str(number) for number in range(workers)]
    for number, course in enumerate(courses):
        peers.nbgrader_course(lab, submitted[number::workers], course)
    command, environment = peers.nbgrader_command(lab), peers.environment()

    def grade() -> None:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(lambda course: run(command, course, environment), courses))

    result = measured("nbgrader", submitted, workers, grade)
    scores = [peers.nbgrader_scores(course) for course in courses]
    return result, {student: score for part in scores for student, score in part.items()}


def otter(
    lab: Lab, submitted: Submissions, workers: int, root: Path
) -> tuple[Measurement, dict[str, float]]:
    """``otter run`` for each notebook, as many at a time as there are workers."""
    peers.otter_course(lab, submitted, root)
    environment = peers.environment()
    for student, _ in submitted:
        (root / "results" / student).mkdir(parents=True)

    def grade() -> None:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(lambda s: run(peers.otter_command(s[0]), root, environment), submitted))

    return measured("otter", submitted, workers, grade), peers.otter_scores(root)


# The report


def machine() -> str:
    """Processor, cores, memory and versions, in one line."""
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    model = models[0] if models else platform.machine()
    memory = psutil.virtual_memory().total / 2**30
    versions = f"Python {platform.python_version()}, Linux {platform.release()}"
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB, {versions}"


def table(found: list[Measurement]) -> str:
    """The measurements as Markdown; the ratios are of throughput, to ours at its largest class."""
    lines = [
        "| grader | submissions | workers | seconds | s each | each minute | peak MiB"
        " | ours, as many workers | ours, all workers |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    best = {
        one.workers: one.per_minute
        for one in sorted(found, key=lambda one: one.submissions)
        if one.grader == "ours"
    }
    for one in found:
        ratios = ["", ""]
        if one.grader != "ours" and best:
            mine = [best.get(one.workers, 0.0), best[max(best)]]
            ratios = [f"{rate / one.per_minute:.0f} ×" for rate in mine]
        cells = [one.grader, one.submissions, one.workers, f"{one.seconds:.1f}"]
        cells += [f"{one.seconds / one.submissions:.3f}", f"{one.per_minute:.0f}"]
        cells += [f"{one.peak_mib:.0f}", *ratios]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def linearity(found: list[Measurement]) -> dict[str, float]:
    """Seconds for each further submission between one class size and the next, by workers."""
    values = {}
    mine = sorted((one for one in found if one.grader == "ours"), key=lambda one: one.submissions)
    for workers in sorted({one.workers for one in mine}):
        sizes = [one for one in mine if one.workers == workers]
        for small, large in itertools.pairwise(sizes):
            each = (large.seconds - small.seconds) / (large.submissions - small.submissions)
            name = f"{small.submissions} to {large.submissions} submissions, {workers} workers"
            values[f"seconds each, {name}"] = each
    return values


def scaling(found: list[Measurement]) -> dict[str, float]:
    """How many times as fast as one worker several are, and several cores as one with a loop."""
    values = {}
    mine = [one for one in found if one.grader == "ours"]
    alone = {one.submissions: one.seconds for one in mine if one.workers == 1}
    for one in mine:
        if one.workers > 1 and one.submissions in alone:
            name = f"{one.workers} workers, {one.submissions} submissions"
            values[name] = alone[one.submissions] / one.seconds
    for workers in sorted({one.workers for one in mine if one.workers > 1}):
        rounds = [_loops(1) * workers / _loops(workers) for _ in range(5)]
        values[f"{workers} loops of Python, a process each"] = statistics.median(rounds)
    return values


def _loops(count: int) -> float:
    """The seconds that `count` loops of Python take at once, which share nothing."""
    started = time.perf_counter()
    loop = [sys.executable, "-c", "for _ in range(20_000_000): pass"]
    for process in [subprocess.Popen(loop) for _ in range(count)]:
        process.wait()
    return time.perf_counter() - started


def report(record: dict[str, Any], found: list[Measurement]) -> str:
    """All of it as Markdown."""
    parts = [
        f"{record['lab']} · {record['date']} · `{record['command']}`\n\n{record['machine']}",
        table(found),
        "Whole tasks passed, the same as ours: "
        + ", ".join(f"{name} {words}" for name, words in record["agreement"].items()),
        _two_columns("where our time goes (one worker)", "s", record["shares"]),
        _two_columns("sandbox and wire against bare (ms a submission)", "", record["bare"]),
    ]
    for name in ("linearity", "scaling"):
        if record[name]:
            parts.append(_two_columns(name, "", record[name]))
    return "\n\n".join(parts) + "\n"


def _two_columns(title: str, unit: str, values: dict[str, float]) -> str:
    rows = [f"| {name} | {value:.3f} |" for name, value in values.items()]
    return "\n".join([f"| {title} | {unit} |", "|---|--:|", *rows])


def sizes(text: str) -> list[int]:
    """Numbers with commas between them."""
    return [int(part) for part in text.split(",") if part]


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="directory for the record")
    parser.add_argument("--lab", default="lab01", help="the lab, or the beginning of its name")
    parser.add_argument("--quick", action="store_true", help="10 submissions each, one worker")
    parser.add_argument("--ours", type=sizes, default=[1, 10, 100, 1000], metavar="N,N")
    parser.add_argument("--peers", type=sizes, default=[10, 30], metavar="N,N")
    parser.add_argument("--workers", type=sizes, default=[1, 2], metavar="N,N")
    parser.add_argument("--experiments", action="store_true", help="leave the experiments in")
    options = parser.parse_args()
    if options.quick:
        options.ours, options.peers, options.workers = [1, 10], [10], [1]
    if options.peers:
        peers.check()
    lab = labs.find(options.lab)
    most = max([*options.ours, *options.peers])
    drawn = submissions(lab, most, experiments=options.experiments)
    found: list[Measurement] = []
    scores: dict[str, dict[str, float]] = {"ours": {}}
    todo = [("ours", ours, options.ours), ("nbgrader", nbgrader, options.peers)]
    for name, grade, counts in [*todo, ("otter", otter, options.peers)]:
        for count in counts:
            for workers in options.workers:  # close together, since machines drift
                with tempfile.TemporaryDirectory() as directory:
                    one, passed = grade(lab, drawn[:count], workers, Path(directory))
                found.append(one)
                scores.setdefault(name, {}).update(passed)
    small = drawn[: min(most, 100)]
    with tempfile.TemporaryDirectory() as directory:
        shares = shares_of_time(lab, small, Path(directory))
    with contextlib.redirect_stdout(sys.stderr):  # what bare cells print is no part of the report
        bare = sandbox_against_bare(lab, small[:20])
    record = {
        "lab": lab.name,
        "date": time.strftime("%Y-%m-%d"),
        "command": f"python -m benchmarks.grading {' '.join(sys.argv[1:])}",
        "machine": machine(),
        "measurements": [dataclasses.asdict(one) for one in found],
        "agreement": {name: agreement(scores["ours"], theirs) for name, theirs in scores.items()},
        "shares": shares,
        "bare": bare,
        "linearity": linearity(found),
        "scaling": scaling(found),
    }
    options.out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
    (options.out / f"grading-{labs.number_of(lab.name)}.json").write_text(text, encoding="utf-8")
    print(report(record, found))


def agreement(mine: dict[str, float], theirs: dict[str, float]) -> str:
    """How many students passed tasks of the same points in both."""
    both = mine.keys() & theirs.keys()
    same = sum(abs(mine[student] - theirs[student]) < 0.01 for student in both)
    return f"{same} of {len(both)}"


if __name__ == "__main__":
    main()
