"""An nbgrader course: where its files lie, and what its nbgrader_config.py says."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from jupyter_core.paths import jupyter_config_path
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties
from nbgrader.utils import parse_utc
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError
from traitlets.config import Config
from traitlets.config.loader import ConfigFileNotFound, PyFileConfigLoader

CONFIG = "nbgrader_config.py"
TIMESTAMP = "timestamp.txt"


@dataclass(frozen=True)
class Course:
    """The directories and settings that nbgrader's own commands would use."""

    directory: CourseDirectory
    config: Config

    @classmethod
    def at(cls, root: Path) -> Course:
        """The course whose root is `root`, as nbgrader would read its settings there."""
        config = Config()
        for place in [*reversed(jupyter_config_path()), str(root)]:
            with contextlib.suppress(ConfigFileNotFound):
                config.merge(PyFileConfigLoader(CONFIG, path=place).load_config())
        config.CourseDirectory.root = str(root.resolve())
        return cls(CourseDirectory(config=config), config)

    def autograded(self, student: str, lab: str) -> Path:
        """The graded notebook, as formgrader and feedback look for it."""
        step = self.directory.autograded_directory
        return Path(self.directory.format_path(step, student, lab)) / f"{lab}.ipynb"

    @cached_property
    def penalties(self) -> AssignLatePenalties:
        """The step of nbgrader's for late submissions, with the plugin that the course chose."""
        step = AssignLatePenalties(config=self.config)
        step.init_plugin()
        return step


def root_of(url: str) -> Path:
    """The course root that belongs to a database: where SQLite's file is, else the directory here.

    nbgrader itself looks for ``gradebook.db`` in the root.
    """
    with contextlib.suppress(ArgumentError):
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:"):
            return Path(parsed.database).resolve().parent
    return Path.cwd()


def handed_in_at(notebook: Path) -> datetime | None:
    """When a notebook was handed in (UTC), from the timestamp.txt that nbgrader puts beside it."""
    path = notebook.with_name(TIMESTAMP)
    try:
        words = path.read_text(encoding="utf-8")[:100].strip() if path.is_file() else ""
        return parse_utc(words) if words else None
    except (ValueError, OverflowError, OSError):
        return None
