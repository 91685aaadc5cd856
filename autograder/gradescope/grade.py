"""Grades the one submission in a Gradescope container; ``run_autograder`` calls it.

``python -m autograder.gradescope.grade LAB ROOT``, where ROOT is laid out as /autograder:
source/ (the zip, and the working directory), submission/ (the student's files), results/.
"""

from __future__ import annotations

import os
import sys
from contextlib import closing
from pathlib import Path

from autograder import labs
from autograder.errors import AutograderError, UnreadableSubmission
from autograder.export import gradescope_results, write_json
from autograder.grader import Grader
from autograder.labs import Lab
from autograder.results import SubmissionResult
from autograder.sandbox import backends
from autograder.secret import course_secret

STUDENT = "submission"  # whose it is, Gradescope knows
_NOT_THEIRS = {".ipynb_checkpoints", "__MACOSX"}


def main(name: str, root: Path) -> None:
    """Grade what is in ``root/submission`` and write ``root/results/results.json``.

    Raises:
        AutograderError: there is no sandbox; then nothing is written, and Gradescope says that
            the autograder failed.
    """
    lab = labs.find(name)
    isolation: backends.Isolation = "account" if os.geteuid() == 0 else "bubblewrap"
    backends.check(isolation)
    try:
        notebook = find_notebook(root / "submission", lab)
        with closing(Grader(lab, course_secret(), isolation)) as grader:
            result = grader.grade(STUDENT, notebook)
    except UnreadableSubmission as error:
        result = SubmissionResult.failed(STUDENT, lab.name, lab.max_score, str(error))
    write_json(gradescope_results(result), root / "results" / "results.json")
    print(f"{lab.name}: {result.score:g} of {result.max_score:g}, {result.status}")
    print(f"isolation: {result.guarantees or isolation}")


def find_notebook(directory: Path, lab: Lab) -> Path:
    """The notebook that was handed in: the only one, or the one with the lab's name.

    Raises:
        UnreadableSubmission: there is none, or it is not clear which one is meant.
    """
    found = [
        Path(parent) / name
        for parent, _, names in os.walk(directory)
        if not _NOT_THEIRS & set(Path(parent).relative_to(directory).parts)
        for name in sorted(names)
        if name.endswith(".ipynb") and not name.startswith("._")
    ]
    chosen = [path for path in found if path.name == f"{lab.name}.ipynb"] or found
    if len(chosen) != 1:
        problem = "no notebook" if not found else f"{len(chosen)} notebooks"
        raise UnreadableSubmission(f"{problem} here: hand in one file, {lab.name}.ipynb")
    return chosen[0]


if __name__ == "__main__":
    try:
        main(sys.argv[1], Path(sys.argv[2]))
    except AutograderError as error:
        sys.exit(f"nothing is graded: {error}")
