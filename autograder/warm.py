"""A grader in a process of its own, which stays warm between one notebook and the next.

For callers that must not run hidden tests themselves, such as the Jupyter server in which
formgrader's button grades. A request and its answer are a line of JSON each; the process ends
when it has had nothing to do for a while, or with its caller.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import subprocess
import sys
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from autograder import labs
from autograder.errors import AutograderError, SandboxFailed
from autograder.results import ResultsFile, SubmissionResult

IDLE_SECONDS = 30.0


@dataclass(frozen=True)
class Request:
    """A file to grade. `root` holds the course secret; the result is added to `out`."""

    lab: str
    student: str
    file: str
    root: str
    out: str
    isolation: str


class WarmGrader:
    """Grades in another process, which is started when it is needed and the code has changed."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._state = 0

    def grade(self, request: Request) -> SubmissionResult:
        """The result of grading one file.

        Raises:
            AutograderError: in the words of the grading process, such as that it has no sandbox.
        """
        for _ in range(2):  # the first may have gone idle just now
            answer = self._ask(json.dumps(asdict(request)))
            if answer:
                reply: dict[str, Any] = json.loads(answer)
                if "error" in reply:
                    raise AutograderError(reply["error"])
                return SubmissionResult.from_json(reply["result"])
        raise SandboxFailed(f"the grading process died under {request.file}")

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            process, self._process = self._process, None
            with process:
                assert process.stdin is not None
                process.stdin.close()

    def _ask(self, line: str) -> str:
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(line + "\n")
            process.stdin.flush()
        except BrokenPipeError:
            return ""
        return process.stdout.readline()

    def _running(self) -> subprocess.Popen[str]:
        state = _state_of_the_code()
        if self._process is not None and (self._process.poll() is not None or state != self._state):
            self._end()
        if self._process is None:
            self._state = state
            self._process = subprocess.Popen(
                [sys.executable, "-m", "autograder.warm"],
                cwd=labs.ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                encoding="utf-8",
            )
        return self._process

    def _end(self) -> None:
        try:
            self.close()
        except BrokenPipeError:
            self._process = None


@lru_cache(maxsize=1)
def warm_grader() -> WarmGrader:
    """The one of this process."""
    grader = WarmGrader()
    atexit.register(grader.close)
    return grader


def _state_of_the_code() -> int:
    """Another number when a lab, a hidden test, the library or the grader has changed."""
    sources = [*(labs.ROOT / "autograder").rglob("*.py"), *(labs.ROOT / "dlcourse").rglob("*.py")]
    sources += labs.SOLUTIONS.glob("lab*/lab*.ipynb")
    return hash(tuple(sorted((str(path), path.stat().st_mtime_ns) for path in sources)))


def serve() -> None:
    """Answer requests until there have been none for a while, or the caller is gone."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)  # what a hidden test prints is no answer
        while select.select([0], [], [], IDLE_SECONDS)[0]:
            line = sys.stdin.readline()
            if not line:
                return
            answers.write(json.dumps(_answer(Request(**json.loads(line)))) + "\n")
            answers.flush()


def _answer(request: Request) -> dict[str, str]:
    from autograder.collect import Handin
    from autograder.run import Run, grade_all
    from autograder.sandbox import backends
    from autograder.secret import course_secret

    try:
        isolation: Any = request.isolation
        backends.check(isolation)
        secret = course_secret(Path(request.root))
        run = Run(labs.find(request.lab), secret, isolation, jobs=1, force=True)
        handin = Handin(request.student, Path(request.file))
        [result] = grade_all(run, [handin], _results(request.out), lambda result: None)
    except (AutograderError, OSError, ValueError) as error:
        return {"error": str(error)}
    return {"result": result.to_json()}


@lru_cache(maxsize=1)
def _results(directory: str) -> ResultsFile:
    path = Path(directory)
    path.mkdir(parents=True, exist_ok=True)
    return ResultsFile.of(path)


if __name__ == "__main__":
    serve()
