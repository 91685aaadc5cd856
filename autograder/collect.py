"""Which file is whose: notebooks, nbgrader's directories and zips to (student, file) pairs."""

from __future__ import annotations

import lzma
import re
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from autograder.errors import UsageError
from autograder.labs import Lab
from autograder.submission import MAX_BYTES

MAX_FILES = 20_000
MAX_UNPACKED_BYTES = 2 << 30
_ID = re.compile(r"[A-Za-z0-9._@-]{1,64}")
_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError),
    *(NotImplementedError, RuntimeError, UnicodeDecodeError, OverflowError),
)


@dataclass(frozen=True)
class Handin:
    """A file that a student handed in."""

    student: str
    path: Path


@dataclass
class Collection:
    """All hand-ins of one lab, and what was passed over, in words."""

    handins: list[Handin] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def collect(lab: Lab, paths: Iterable[Path], scratch: Path) -> Collection:
    """Find the hand-ins of `lab` under `paths`; zips are unpacked below `scratch`.

    A notebook's stem is its student. A directory or zip holds ``{student}/{lab}/{lab}.ipynb``, or
    notebooks named after their students.

    Raises:
        UsageError: a path that is not there, an id that is none, two files for one student.
    """
    found = Collection()
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            _from_directory(lab, path, found)
        elif path.suffix == ".zip":
            _from_directory(lab, _unpack(path, scratch), found)
        elif path.is_symlink() or path.exists():
            found.handins.append(Handin(_student(path.stem, path), path))
        else:
            raise UsageError(f"{path}: there is no such file or directory")
    owners: dict[str, Path] = {}
    for handin in found.handins:
        if handin.student in owners:
            first = owners[handin.student]
            raise UsageError(f"two files for {handin.student}: {first} and {handin.path}")
        owners[handin.student] = handin.path
    found.handins.sort(key=lambda handin: handin.student)
    return found


def _from_directory(lab: Lab, directory: Path, found: Collection) -> None:
    before = len(found.handins)
    for entry in sorted(directory.iterdir()):
        if entry.suffix == ".ipynb":
            found.handins.append(Handin(_student(entry.stem, entry), entry))
        elif entry.is_dir() and not entry.name.startswith("."):
            notebook = entry / lab.name / f"{lab.name}.ipynb"
            if entry.is_symlink() or notebook.parent.is_symlink():
                found.remarks.append(f"{entry.name} is passed over: a link may be another's work")
            elif notebook.exists() or notebook.is_symlink():
                found.handins.append(Handin(_student(entry.name, entry), notebook))
            else:
                found.remarks.append(f"{entry.name} handed in no {lab.name}/{lab.name}.ipynb")
    if len(found.handins) == before:
        layout = f"{{student}}/{lab.name}/{lab.name}.ipynb"
        raise UsageError(f"{directory}: no notebooks here; expected {layout}")


def _student(name: str, path: Path) -> str:
    if not _ID.fullmatch(name) or name in (".", ".."):
        raise UsageError(
            f"{path}: {name!r} cannot be a student's id; ids are 1 to 64 of A-Z a-z 0-9 . _ @ -"
        )
    return name


def _unpack(path: Path, scratch: Path) -> Path:
    """Copy the notebooks out of a zip, by names that were checked, never past the size limit."""
    target, unpacked = Path(tempfile.mkdtemp(dir=scratch)), 0
    try:
        with zipfile.ZipFile(path) as archive:
            for info, parts in _notebooks(archive, path):
                destination = target.joinpath(*parts)
                destination.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(info) as source:
                    unpacked += destination.write_bytes(source.read(MAX_BYTES + 1))
                if unpacked > MAX_UNPACKED_BYTES:
                    raise UsageError(f"{path}: more than {MAX_UNPACKED_BYTES >> 30} GiB unpacked")
    except _BROKEN as error:
        raise UsageError(f"{path}: this zip cannot be read: {error}") from error
    return target


def _notebooks(
    archive: zipfile.ZipFile, path: Path
) -> Iterator[tuple[zipfile.ZipInfo, tuple[str, ...]]]:
    if len(archive.infolist()) > MAX_FILES:
        raise UsageError(f"{path}: more than {MAX_FILES} files in one zip")
    seen = set()
    for info in archive.infolist():
        parts = PurePosixPath(info.filename).parts
        if info.is_dir() or not info.filename.endswith(".ipynb"):
            continue
        if len(parts) > 3 or not all(_ID.fullmatch(part) and part != ".." for part in parts):
            raise UsageError(f"{path}: {info.filename!r} is not {{student}}/{{lab}}/{{lab}}.ipynb")
        if parts in seen:
            raise UsageError(f"{path}: {info.filename} is there twice")
        seen.add(parts)
        yield info, parts
