"""What a student gets: the lab, a wheel of the student edition of dlcourse, and a README.

The zip is looked through for leaks, every byte of it, before it stands where it was asked for. The
same sources give the same bytes. A course is a zip of such zips, for the instructor: each lab's
library holds what earlier labs asked for, so they are handed out one after the other.
"""

from __future__ import annotations

import hashlib
import io
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from autograder import build, labs
from autograder.edition import write_student_edition
from autograder.errors import AutograderError
from autograder.labs import Lab
from autograder.leaks import Leak, find_leaks

_DESCRIPTION = Path("docs", "guides", "student.md")
_TIME = (1980, 1, 1, 0, 0, 0)
_LEFT_OUT = frozenset({".ipynb_checkpoints", "__pycache__", ".DS_Store"})
_VERSION = re.compile(r'^(__version__ = ")([^"]+)(")$', re.MULTILINE)

README = """\
# {title}

You need Python 3.11 or newer ([python.org](https://www.python.org/downloads/)) and, for the first
of the two commands, a network. Unpack the zip, open a terminal in this folder, and say

on **Linux** and **macOS**

    python3 -m venv .venv && .venv/bin/python -m pip install "{install}"
    .venv/bin/jupyter lab {notebook}

on **Windows**, in PowerShell

    py -m venv .venv; .venv\\Scripts\\python -m pip install "{install}"
    .venv\\Scripts\\jupyter lab {notebook}

The first takes some minutes and is needed once. The second opens the lab in your browser; keep its
terminal open, and stop it there with Ctrl+C. Work from top to bottom, and run the cell under each
function as often as you like.

{torch}

Something does not work? Say `.venv/bin/dlcourse doctor` (on Windows `.venv\\Scripts\\dlcourse
doctor`): it looks at your set-up and says what to do. `dlcourse progress NOTEBOOK` says what is
still open, and `dlcourse check NOTEBOOK` runs all checks of a notebook anew.
"""
COURSE_README = """\
# The labs, for you who teach

Each zip in here is what students get of one lab. **Hand them out one at a time**, the next one when
the last has been handed in: the library in each withholds what its own lab and later ones ask for,
and has the solutions of earlier ones, since later labs build on them.
"""
_WITH_TORCH = "PyTorch, which this needs, is a large download; it comes with the first command."
_WITHOUT_TORCH = """\
The exercises on the device need PyTorch, a large download, and say so where it is missing. To have
it, put `[torch]` right behind `.whl` in the first command."""


class LeakFound(AutograderError):
    """A bundle would hold what students must not see, and was not written."""

    def __init__(self, leaks: Sequence[Leak]) -> None:
        super().__init__(
            f"not written: it would hold {len(leaks)} things that students must not see;"
            " mend them where they stand, or add an idiom to autograder/forbidden.py"
        )
        self.leaks = tuple(leaks)


def write_bundle(lab: Lab, out: Path) -> list[str]:
    """Write the bundle of a lab to `out`; the names of what is in it.

    Raises:
        LeakFound: with what the leak check found; `out` is not touched.
        AutograderError: if the released notebook is not what its source makes, or for want of
            hatchling.
    """
    return _write(bundle_of(lab), out)


def write_course(out: Path) -> list[str]:
    """Write a zip with the bundle of each lab to `out`, for the instructor; the names in it.

    Raises:
        LeakFound: with what the leak check found in any of them; `out` is not touched.
        AutograderError: as `write_bundle`.
    """
    every = {f"{name}.zip": bundle_of(labs.find(name)) for name in labs.all_labs()}
    return _write(_zipped({"README.md": COURSE_README.encode()} | every), out)


def bundle_of(lab: Lab) -> bytes:
    """The bundle of a lab, looked through for leaks.

    Raises:
        LeakFound: with what the leak check found.
        AutograderError: as `write_bundle`.
    """
    if not build.is_current(lab):
        raise AutograderError(
            f"labs/{lab.name} is out of step with its source;"
            f" run 'python -m autograder build {lab.name}' first"
        )
    bundle = _zipped(_content(lab))
    leaks = find_leaks(bundle, lab.name, f"{lab.name}.zip")
    if leaks:
        raise LeakFound(leaks)
    return bundle


def _write(content: bytes, out: Path) -> list[str]:
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(content)
    with zipfile.ZipFile(out) as archive:
        return archive.namelist()


def build_wheel(lab: str, directory: Path) -> Path:
    """Build a wheel of the student edition for `lab` in `directory`.

    Its version ends in the lab and a hash of the library, so that pip replaces another edition.
    """
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        write_student_edition(lab, root)
        for name in ("pyproject.toml", "LICENSE"):
            shutil.copy(labs.ROOT / name, root)
        shutil.copy(labs.ROOT / _DESCRIPTION, root / "README.md")
        _mark_version(root, labs.number_of(lab))
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d"]
        finished = subprocess.run(
            [*command, str(directory.resolve())],
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
        )
    if finished.returncode:
        raise AutograderError(f"hatchling could not build the wheel: {finished.stderr[-500:]}")
    return next(directory.glob("dlcourse-*.whl"))


def _content(lab: Lab) -> dict[str, bytes]:
    """The files of a bundle by their names."""
    files = {}
    for path in sorted(lab.release.parent.rglob("*")):
        inner = path.relative_to(lab.release.parent)
        if path.is_file() and not _LEFT_OUT & set(inner.parts):
            files[f"{lab.name}/{inner.as_posix()}"] = path.read_bytes()
    with tempfile.TemporaryDirectory() as directory:
        wheel = build_wheel(lab.name, Path(directory))
        files[f"{lab.name}/{wheel.name}"] = wheel.read_bytes()
    files[f"{lab.name}/README.md"] = _readme(lab, wheel.name).encode()
    return files


def _readme(lab: Lab, wheel: str) -> str:
    return README.format(
        title=_title(lab),
        install=f"./{wheel}[torch]" if lab.torch else f"./{wheel}",
        notebook=lab.release.name,
        torch=_WITH_TORCH if lab.torch else _WITHOUT_TORCH,
    )


def _title(lab: Lab) -> str:
    """The heading of a lab's notebook."""
    lines = [line for cell in lab.cells for line in cell.source.splitlines()]
    return next((line[2:] for line in lines if line.startswith("# ")), lab.name)


def _mark_version(root: Path, label: str) -> None:
    digest = hashlib.sha256()
    for path in sorted([root / "pyproject.toml", *(root / "dlcourse").rglob("*.py")]):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    module = root / "dlcourse" / "__init__.py"
    marked = rf"\g<1>\g<2>+{label}.h{digest.hexdigest()[:8]}\g<3>"
    source, found = _VERSION.subn(marked, module.read_text(encoding="utf-8"))
    if found != 1:
        raise AutograderError('dlcourse/__init__.py: expected one line __version__ = "…"')
    module.write_text(source, encoding="utf-8")


def _zipped(content: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(content):
            entry = zipfile.ZipInfo(name, _TIME)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content[name], zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
