"""Many submissions: over processes with Dask, each result on disk as soon as it is there."""

from __future__ import annotations

import atexit
import contextlib
import gc
import hashlib
import logging
import os
import resource
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from autograder import labs, submission
from autograder.collect import Handin
from autograder.edition import LIBRARY
from autograder.errors import UnreadableSubmission
from autograder.grader import Grader
from autograder.labs import Lab
from autograder.results import ResultsFile, SubmissionResult
from autograder.sandbox.backends import Isolation
from autograder.secret import secret_sha256

TRUSTED_MEMORY_BYTES = 16 << 30
IN_FLIGHT_PER_WORKER = 3
MOST_TOGETHER = 8  # submissions that travel as one piece of work, which Dask takes 20 ms for
QUIET_DASK = {
    # Dask would look into each worker's threads a hundred times a second, for a profile,
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    # and keep its last thousand messages, which hold the notebooks
    "distributed.admin.low-level-log-length": 10,
}
GARBAGE = 20_000  # new objects after which to look: a notebook read is thousands
SHARES = 8  # pieces into which a worker's part of what is left is cut: smaller towards the end


@dataclass(frozen=True)
class Run:
    """What all submissions of one `grade` command share."""

    lab: Lab
    secret: bytes
    isolation: Isolation
    jobs: int
    scheduler: str | None = None
    force: bool = False


@dataclass(frozen=True)
class Work:
    """What a worker is sent: a student's file, as bytes, since the worker may be elsewhere."""

    lab: str
    secret: bytes
    isolation: Isolation
    student: str
    content: bytes
    key: str


def grade_all(
    run: Run,
    handins: list[Handin],
    results: ResultsFile,
    progress: Callable[[SubmissionResult], None],
) -> list[SubmissionResult]:
    """Grade what is not graded yet; every result is appended to `results` as it comes.

    A result whose key is unchanged is taken as it stands, unless `run.force`.
    """
    _settle()
    graded, waiting = [], []
    for handin in handins:
        known = results.get(handin.student, run.lab.name)
        key = content_key(run, handin)
        if known is not None and known.key == key and not run.force:
            graded.append(known)
            progress(known)
        else:
            waiting.append((handin, key))
    for result in _grade_waiting(run, waiting):
        results.append(result)
        graded.append(result)
        progress(result)
    return sorted(graded, key=lambda result: result.student)


def content_key(run: Run, handin: Handin) -> str:
    """A hash of everything that a result depends on."""
    digest = hashlib.sha256(_shared_key(run.lab.name).encode())
    digest.update(secret_sha256(run.secret).encode())
    digest.update(run.isolation.encode())
    with contextlib.suppress(UnreadableSubmission):
        digest.update(hashlib.sha256(submission.read_file(handin.path)).digest())
    return digest.hexdigest()


@lru_cache(maxsize=32)
def _shared_key(lab_name: str) -> str:
    """A hash of the lab, its hidden tests, the library and the grader itself."""
    lab = labs.find(lab_name)
    grader = Path(__file__).parent
    sources = [lab.path, lab.hidden_tests, *LIBRARY.rglob("*.py"), *grader.glob("*.py")]
    sources += (grader / "sandbox").glob("*.py")
    # whose sentences are hints
    sources += (grader / "answers").glob(f"{labs.number_of(lab_name)}*.py")
    digest = hashlib.sha256()
    for path in sorted(sources):
        digest.update(f"{path.name}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _grade_waiting(run: Run, waiting: list[tuple[Handin, str]]) -> Iterator[SubmissionResult]:
    if not waiting:
        return
    if run.scheduler is None and min(run.jobs, len(waiting)) == 1:
        with contextlib.nullcontext() if run.lab.gpu else _one_core():
            for handin, key in waiting:
                work = _work(run, handin, key)
                yield work if isinstance(work, SubmissionResult) else _grade_one(work)
    else:
        yield from _grade_with_dask(run, waiting)


def _work(run: Run, handin: Handin, key: str) -> Work | SubmissionResult:
    """The hand-in as work for a worker, or the result of a file that cannot be read."""
    try:
        content = submission.read_file(handin.path)
    except UnreadableSubmission as error:
        return _failed(run, handin.student, str(error), key)
    return Work(run.lab.name, run.secret, run.isolation, handin.student, content, key)


def _grade_with_dask(run: Run, waiting: list[tuple[Handin, str]]) -> Iterator[SubmissionResult]:
    """Grade on a cluster; a worker that dies has its work done again elsewhere."""
    from distributed import Client, as_completed
    from distributed.scheduler import KilledWorker

    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    resources = {"GPU": 1} if run.lab.gpu else {}
    with _cluster(run, len(waiting), resources) as cluster, Client(cluster) as client:
        workers = max(1, len(client.scheduler_info()["workers"]), run.jobs)
        todo, under_way = deque(waiting), {}
        completed = as_completed([])

        def submit(batch: list[Work]) -> None:
            future = client.submit(_grade_on_worker, batch, pure=False, resources=resources)
            under_way[future.key] = batch
            completed.add(future)

        def submit_next() -> Iterator[SubmissionResult]:
            """Submit a batch; hand-ins that cannot be read are done at once."""
            size = min(MOST_TOGETHER, 1 + len(todo) // (SHARES * workers))
            batch: list[Work] = []
            while todo and len(batch) < size:
                work = _work(run, *todo.popleft())
                if isinstance(work, Work):
                    batch.append(work)
                else:
                    yield work
            if batch:
                submit(batch)

        for _ in range(IN_FLIGHT_PER_WORKER * workers):
            yield from submit_next()
        for future in completed:
            batch = under_way.pop(future.key)
            try:
                yield from future.result()
            except KilledWorker:
                yield from _killed(run, batch, submit)
            future.release()
            yield from submit_next()


def _killed(
    run: Run, batch: list[Work], submit: Callable[[list[Work]], None]
) -> Iterator[SubmissionResult]:
    """Try the submissions of a batch that killed its workers one by one; one alone has failed."""
    if len(batch) > 1:
        for work in batch:
            submit([work])
        return
    reason = "the grader's process died several times under this notebook"
    yield _failed(run, batch[0].student, reason, key="")


@contextlib.contextmanager
def _cluster(run: Run, size: int, resources: dict[str, int]) -> Iterator[Any]:
    """The cluster at `run.scheduler`, or processes of this machine."""
    import dask.config
    from distributed import LocalCluster

    if run.scheduler is not None:
        yield run.scheduler
        return
    with (
        tempfile.TemporaryDirectory(prefix="dlcourse-dask-") as scratch,
        dask.config.set({"temporary-directory": scratch, **QUIET_DASK}),
        LocalCluster(
            n_workers=1 if run.lab.gpu else min(run.jobs, size),
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            silence_logs=logging.CRITICAL,
            resources=resources,
        ) as cluster,
    ):
        yield cluster


def _failed(run: Run, student: str, reason: str, key: str) -> SubmissionResult:
    return SubmissionResult.failed(
        student,
        run.lab.name,
        run.lab.max_score,
        reason,
        isolation=run.isolation,
        key=key,
        secret_sha256=secret_sha256(run.secret),
    )


@lru_cache(maxsize=1)
def _grader(lab_name: str, secret: bytes, isolation: Isolation) -> Grader:
    """This process's slot: started at the first submission, kept for all that follow."""
    # what a student makes the hidden tests' own functions allocate ends in MemoryError, not here
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (TRUSTED_MEMORY_BYTES, hard))
    grader = Grader(labs.find(lab_name), secret, isolation)
    atexit.register(grader.close)
    _settle()
    return grader


def _settle() -> None:
    """What is there by now stays until the end, and need not be looked at again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE)


def _grade_on_worker(batch: list[Work]) -> list[SubmissionResult]:
    if not labs.find(batch[0].lab).gpu:
        _stay_on_one_core()
    return [_grade_one(work) for work in batch]


@lru_cache(maxsize=1)
def _stay_on_one_core() -> None:
    """Keep a worker of our own cluster, and the sandbox that it starts, on a core of theirs.

    Grader and sandbox take turns, hundreds of times a submission, and waking one on another core
    takes longer than most of the turns.
    """
    from distributed import get_worker

    # in no worker, in one of another cluster, or where processes have no choice of core
    with contextlib.suppress(ValueError, TypeError, AttributeError):
        number = int(get_worker().name)
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[(os.getppid() + number) % len(cores)]})


@contextlib.contextmanager
def _one_core() -> Iterator[None]:
    """The same for this process, while it grades by itself."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(cores)[os.getpid() % len(cores)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def _grade_one(work: Work) -> SubmissionResult:
    grader = _grader(work.lab, work.secret, work.isolation)
    return grader.grade_content(work.student, work.content, work.key)
