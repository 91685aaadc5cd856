"""The student's command line: ``dlcourse doctor``, ``dlcourse check``, ``dlcourse progress``.

Exit code 0: all is well, or passes. 1: something is wrong, or open. 2: wrong usage.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence
from pathlib import Path

import dlcourse
from dlcourse import notebook as notebooks
from dlcourse.progress import TaskState, table

_SECONDS = 120.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code.

    Args:
        arguments: what follows ``dlcourse``; by default what was typed.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a console of Windows may lack ✓
    given = parser().parse_args(arguments)
    try:
        if given.command == "doctor":
            return _doctor()
        if given.command == "check":
            return _check(given.notebook, given.seconds)
        return _progress(given.notebook)
    except notebooks.NotebookError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130


def parser() -> argparse.ArgumentParser:
    """What may follow ``dlcourse``: its commands, their options, their help."""
    parser = argparse.ArgumentParser(
        prog="dlcourse",
        description="For those who work on a lab: check it, see what is open, find what is wrong.",
        epilog="Example: dlcourse check lab01_sgd_vs_batch.ipynb",
    )
    parser.add_argument("--version", action="version", version=f"dlcourse {dlcourse.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser(
        "doctor",
        help="what is wrong with this set-up, and what to do",
        description="Look at Python, packages, folder, kernel and GPU; say what to do.",
        epilog="Example: dlcourse doctor",
    )
    check = commands.add_parser(
        "check",
        help="run a notebook's visible checks in a fresh kernel",
        description="Run a notebook in a fresh kernel, without its experiments, and say which"
        " tasks pass their visible checks. The file stays as it is.",
        epilog="Example: dlcourse check lab01_sgd_vs_batch.ipynb",
    )
    check.add_argument(
        "--seconds",
        type=float,
        default=_SECONDS,
        metavar="S",
        help=f"interrupt a cell that takes longer ({_SECONDS:g})",
    )
    progress = commands.add_parser(
        "progress",
        help="what passed when the notebook was saved, and what is open",
        description="Read a saved notebook, without running it, and say which tasks passed their"
        " visible checks, for how many points, and what is still open.",
        epilog="Example: dlcourse progress lab01_sgd_vs_batch.ipynb",
    )
    for command in (check, progress):
        command.add_argument(
            "notebook", type=Path, metavar="NOTEBOOK", help="the lab's .ipynb file"
        )
    return parser


def _doctor() -> int:
    from dlcourse.doctor import examine

    wrong = 0
    for finding in examine(Path.cwd()):
        print(finding, flush=True)
        wrong += finding.fine is False
    if wrong:
        print(f"{wrong} to mend; what to do stands behind each →")
    else:
        print("all is well")
    return 1 if wrong else 0


def _check(path: Path, seconds: float) -> int:
    from tqdm import tqdm

    notebook = notebooks.read(path)
    total = len(notebooks.without_experiments(notebook)["cells"])
    with tqdm(total=total, desc="running", unit="cell", leave=False, disable=None) as bar:
        try:
            executed = notebooks.run(notebook, path.resolve().parent, seconds, bar.update)
        except notebooks.StoppedError as error:
            bar.close()
            print(f"{error}; nothing after it was checked", file=sys.stderr)
            return 1
    return _say(path, "in a fresh kernel", notebooks.saved_states(executed))


def _progress(path: Path) -> int:
    return _say(path, "as it was saved", notebooks.saved_states(notebooks.read(path)))


def _say(path: Path, how: str, tasks: Sequence[TaskState]) -> int:
    print(f"{path.name}, {how}")
    print(table(tasks))
    return 0 if all(task.state == "passed" for task in tasks) else 1


if __name__ == "__main__":
    sys.exit(main())
