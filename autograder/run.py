"""Many submissions: over processes with Dask, each result on disk as soon as it is there."""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from autograder import labs
from autograder.collect import Handin
from autograder.edition import LIBRARY
from autograder.grader import Grader
from autograder.labs import Lab
from autograder.results import ResultsFile, SubmissionResult
from autograder.sandbox.backends import Isolation
from autograder.secret import secret_sha256


@dataclass(frozen=True)
class Run:
    """What all submissions of one `grade` command share."""

    lab: Lab
    secret: bytes
    isolation: Isolation
    jobs: int
    scheduler: str | None = None
    force: bool = False


def grade_all(
    run: Run,
    handins: list[Handin],
    results: ResultsFile,
    progress: Callable[[SubmissionResult], None],
) -> list[SubmissionResult]:
    """Grade what is not graded yet; every result is appended to `results` as it comes.

    A result whose key is unchanged is taken as it stands, unless `run.force`.
    """
    waiting = []
    graded = []
    for handin in handins:
        key = content_key(run, handin)
        known = results.get(handin.student, run.lab.name)
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
    digest.update(repr(run.lab.limits).encode())
    if handin.path.is_file() and not handin.path.is_symlink():
        with handin.path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


@lru_cache(maxsize=32)
def _shared_key(lab_name: str) -> str:
    """A hash of the lab, its hidden tests, the library and the grader itself."""
    lab = labs.find(lab_name)
    grader = Path(__file__).parent
    sources = [lab.path, lab.hidden_tests, *LIBRARY.rglob("*.py"), *grader.glob("*.py")]
    sources += (grader / "sandbox").glob("*.py")
    digest = hashlib.sha256()
    for path in sorted(sources):
        digest.update(f"{path.name}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _grade_waiting(run: Run, waiting: list[tuple[Handin, str]]) -> Iterator[SubmissionResult]:
    if run.scheduler is None and min(run.jobs, len(waiting)) <= 1:
        for handin, key in waiting:
            yield _grade_one(run.lab.name, run.secret, run.isolation, handin, key)
    else:
        yield from _grade_with_dask(run, waiting)


def _grade_with_dask(run: Run, waiting: list[tuple[Handin, str]]) -> Iterator[SubmissionResult]:
    from distributed import Client, LocalCluster, as_completed

    logging.getLogger("distributed").setLevel(logging.ERROR)
    local: contextlib.AbstractContextManager[Any] = contextlib.nullcontext(run.scheduler)
    if run.scheduler is None:
        local = LocalCluster(
            n_workers=min(run.jobs, len(waiting)),
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            silence_logs=logging.ERROR,
        )
    with local as cluster, Client(cluster) as client:
        futures = [
            client.submit(
                _grade_one, run.lab.name, run.secret, run.isolation, handin, key, pure=False
            )
            for handin, key in waiting
        ]
        for future in as_completed(futures):
            yield future.result()
            future.release()


@lru_cache(maxsize=1)
def _grader(lab_name: str, secret: bytes, isolation: Isolation) -> Grader:
    """This process's slot: started at the first submission, kept for all that follow."""
    grader = Grader(labs.find(lab_name), secret, isolation)
    atexit.register(grader.close)
    return grader


def _grade_one(
    lab_name: str, secret: bytes, isolation: Isolation, handin: Handin, key: str
) -> SubmissionResult:
    return _grader(lab_name, secret, isolation).grade(handin.student, handin.path, key)
