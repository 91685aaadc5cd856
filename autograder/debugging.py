"""One submission under ``pytest --submission``: the sandbox around it, opened and closed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autograder import labs, submission
from autograder.sandbox.backends import Isolation, check
from autograder.sandbox.launch import Sandbox
from autograder.sandbox.stage import Stage
from autograder.sandbox.student import StudentProxy


@contextmanager
def open_submission(path: Path, lab_name: str, isolation: Isolation) -> Iterator[StudentProxy]:
    """The submission at `path` as the hidden tests see it, its cells run in the sandbox."""
    check(isolation)
    lab = labs.find(lab_name)
    read = submission.read(path, path.stem, lab.name)
    stage = Stage(lab)
    sandbox = Sandbox(lab, stage, isolation)
    try:
        loaded = sandbox.open(submission.plan(lab, read))
        for error in loaded.errors:
            print(error)
        yield StudentProxy(loaded, lab.limits.call_wall)
    finally:
        sandbox.close()
        stage.close()
