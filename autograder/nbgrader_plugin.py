"""What makes ``nbgrader autograde``, and formgrader's button, grade in the sandbox.

In ``nbgrader_config.py``::

    from autograder.nbgrader_plugin import configure

    configure(get_config())

nbgrader runs two lists of steps over a notebook, and both are ours: one puts the student's sources
into the instructor's notebook, one grades the file that was handed in, in another process, and
writes scores, comments and nbgrader's late penalty into the database. The student's metadata
decide nothing, so that a copied, deleted or renamed cell costs nothing that was earned; a file that
is no notebook gets zero, and the rest of the class is graded.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any, get_args

import nbformat
from nbconvert.exporters import NotebookExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from sqlalchemy.exc import SAWarning
from traitlets import Enum, Unicode
from traitlets.config import Config

from autograder import autograded, gradebook, labs, submission
from autograder.course import Course
from autograder.errors import UnreadableSubmission, UsageError
from autograder.labs import Lab
from autograder.sandbox.backends import Isolation
from autograder.warm import Request, warm_grader

_HERE = __name__


def configure(config: Config) -> None:
    """Set nbgrader up: labs from here, grading in the sandbox; lines after it may change that."""
    course, autograde = config.CourseDirectory, config.Autograde
    course.source_directory = str(labs.SOLUTIONS)
    course.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "Thumbs.db"]
    # nbgrader adds a submission to its relations before its session
    warnings.filterwarnings("ignore", "Object of type", SAWarning)
    autograde.exporter_class = f"{_HERE}.HandedIn"
    autograde.sanitize_preprocessors = [f"{_HERE}.PutIntoInstructorsNotebook"]
    autograde.autograde_preprocessors = [f"{_HERE}.GradeInSandbox"]


class HandedIn(NotebookExporter):
    """Does not read what was handed in; the first of our steps does, and trusts nothing in it."""

    def from_filename(
        self, filename: str, resources: dict[str, Any] | None = None, **keywords: Any
    ) -> Any:
        """As nbconvert's, but that a student's file is not opened."""
        if not any(isinstance(step, PutIntoInstructorsNotebook) for step in self._preprocessors):
            return super().from_filename(filename, resources, **keywords)
        empty = nbformat.v4.new_notebook()
        return self.from_notebook_node(  # type: ignore[no-untyped-call]  # nbconvert has no types
            empty, resources, **keywords
        )


# nbgrader has no types, so its class is Any to mypy
class PutIntoInstructorsNotebook(NbGraderPreprocessor):  # type: ignore[misc]
    """The instructor's notebook with the student's sources, in place of nbgrader's sanitising."""

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        """The notebook for ``autograded/``; `nb` is passed over."""
        lab, _, file = _names(self, resources)
        try:
            content = submission.read_file(file)
        except UnreadableSubmission as error:
            self.log.warning("%s: %s", file, error)
            content = b""
        return nbformat.from_dict(autograded.merged(lab, content)), resources


# as above
class GradeInSandbox(NbGraderPreprocessor):  # type: ignore[misc]
    """Grades the file that was handed in, in place of running it and reading its test cells."""

    isolation = Enum(
        get_args(Isolation),
        default_value="bubblewrap",
        help="How notebooks are kept apart, as in 'python -m autograder grade'.",
    ).tag(config=True)
    results = Unicode(
        "results", help="Where results.jsonl is kept, for reports; from the course root."
    ).tag(config=True)

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        """The graded notebook; scores, comments and penalty are in the database."""
        lab, student, file = _names(self, resources)
        directory = self.parent.parent.coursedir
        root = Path(directory.root)
        out = str(root / self.results)
        result = warm_grader().grade(
            Request(lab.name, student, str(file), str(root), out, self.isolation)
        )
        for reason in result.errors if result.status == "failed" else ():
            self.log.warning("%s gets no points: %s", student, reason)
        course = Course(directory, self.config)
        url = resources["nbgrader"]["db_url"]
        gradebook.write(lab, [result], url, files={student: file}, course=course)
        graded = course.autograded(student, lab.name).read_text(encoding="utf-8")
        return nbformat.from_dict(json.loads(graded)), resources


def _names(step: NbGraderPreprocessor, resources: ResourcesDict) -> tuple[Lab, str, Path]:
    """The lab, the student, and the file that the student handed in."""
    names = resources["nbgrader"]
    if names["assignment"] not in labs.all_labs() or names["notebook"] != names["assignment"]:
        raise UsageError(
            f"{names['assignment']}/{names['notebook']} is no lab of this course; "
            f"the sandbox has hidden tests for {', '.join(labs.all_labs())}"
        )
    lab, directory = labs.find(names["assignment"]), step.parent.parent.coursedir
    handed_in = directory.format_path(
        directory.submitted_directory, names["student"], names["assignment"]
    )
    return lab, names["student"], Path(handed_in).resolve() / f"{lab.name}.ipynb"
