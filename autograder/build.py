"""solutions/ → labs/, by nbgrader's own generate_assignment step."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder.errors import AutograderError
from autograder.labs import LABS, SOLUTIONS, Lab


def build(lab: Lab) -> Path:
    """Build the released notebook of `lab` and return its path."""
    lab.release.parent.mkdir(parents=True, exist_ok=True)
    lab.release.write_bytes(released(lab))
    return lab.release


def is_current(lab: Lab) -> bool:
    """Whether the released notebook is what `build` would write."""
    return lab.release.exists() and lab.release.read_bytes() == released(lab)


def released(lab: Lab) -> bytes:
    """The bytes of the released notebook, as nbgrader makes them from the source notebook."""
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        shutil.copytree(lab.path.parent, root / SOLUTIONS.name / lab.name)
        config = Config()
        config.CourseDirectory.root = str(root)
        config.CourseDirectory.source_directory = SOLUTIONS.name
        config.CourseDirectory.release_directory = LABS.name
        config.CourseDirectory.assignment_id = lab.name
        course = CourseDirectory(config=config)
        converter = GenerateAssignment(coursedir=course, config=config, no_database=True)
        converter.preprocessors = [
            step for step in converter.preprocessors if step.__name__ != "SaveCells"
        ]
        try:
            converter.start()
        except SystemExit as error:
            raise AutograderError(f"nbgrader could not build {lab.name}; see above") from error
        return (root / LABS.name / lab.name / f"{lab.name}.ipynb").read_bytes()
