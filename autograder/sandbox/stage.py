"""The files that a lab's sandboxes see, laid out in a directory of their own."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from autograder.edition import write_student_edition
from autograder.labs import Lab
from autograder.sandbox.packages import package_paths

WORKER = (
    "wire.py",
    "calls.py",
    "guard.py",
    "pages.py",
    "processes.py",
    "stateless.py",
    "worker.py",
)
PARTS = ("worker", "course", "matplotlib")
_HERE = Path(__file__).parent


class Stage:
    """The worker's modules, the student edition of dlcourse for `lab`, and a list of fonts."""

    def __init__(self, lab: Lab) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="dlcourse-stage-")
        self.path = Path(self._directory.name)
        self.sources = package_paths(torch=lab.torch)
        package = self.path / "worker" / "autograder" / "sandbox"
        package.mkdir(parents=True)
        for directory in (package.parent, package):
            (directory / "__init__.py").touch()
        for name in WORKER:
            shutil.copy(_HERE / name, package / name)
        write_student_edition(lab.name, self.path / "course")
        _copy_font_list(self.path / "matplotlib")
        # a sandbox user of its own reads these files, whatever this user's umask
        for path in [self.path, *self.path.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)

    def python(self) -> Path:
        """The interpreter's installation, in a place that every user may read."""
        installed = Path(sys.base_prefix)
        return installed if open_to_all(installed) else self._linked("python", installed)

    def packages(self) -> Path:
        """The packages that the sandbox may import, and no others, in one directory."""
        directory = self.path / "packages"
        if not directory.exists():
            directory.mkdir()
            directory.chmod(0o755)  # whatever this user's umask
            for path in self.sources:
                if open_to_all(path):
                    (directory / path.name).symlink_to(path)
                else:
                    self._linked(f"packages/{path.name}", path)
        return directory

    def close(self) -> None:
        """Remove the files."""
        self._directory.cleanup()

    def _linked(self, name: str, source: Path) -> Path:
        """A copy of `source`, by hard links where the file system allows them."""
        target = self.path / name
        if source.is_file():
            _link(str(source), str(target))
        elif not target.exists():
            ignore = shutil.ignore_patterns("__pycache__", "site-packages", "test", "share")
            shutil.copytree(source, target, copy_function=_link, ignore=ignore, symlinks=True)
        return target


def open_to_all(path: Path) -> bool:
    """Whether every user may pass through all directories above `path`."""
    return all(parent.stat().st_mode & 0o001 for parent in path.resolve().parents)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy(source, target, follow_symlinks=False)


def _copy_font_list(directory: Path) -> None:
    """Matplotlib's list of fonts, so that no sandbox has to search for fonts again."""
    import matplotlib as mpl
    import matplotlib.font_manager

    directory.mkdir()
    for path in Path(mpl.get_cachedir()).glob("fontlist-*.json"):
        shutil.copy(path, directory / path.name)
