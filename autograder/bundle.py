"""What a student gets: the lab, a wheel of the student edition of dlcourse, and a README.

The zip is looked through for leaks, every byte of it, before it stands where it was asked for. The
same sources give the same bytes.
"""

from __future__ import annotations

import ast
import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder import build, labs
from autograder.edition import withheld, write_student_edition
from autograder.errors import AutograderError
from autograder.labs import Lab
from autograder.leaks import Leak, find_leaks

COURSE = "course"
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
    .venv/bin/jupyter lab{start}

on **Windows**, in PowerShell

    py -m venv .venv; .venv\\Scripts\\python -m pip install "{install}"
    .venv\\Scripts\\jupyter lab{start}

The first takes some minutes and is needed once. The second opens the lab in your browser; keep its
terminal open, and stop it there with Ctrl+C. Work from top to bottom, and run the cell under each
function as often as you like.

{torch}

Something does not work? Say `.venv/bin/dlcourse doctor` (on Windows `.venv\\Scripts\\dlcourse
doctor`): it looks at your set-up and says what to do. `dlcourse progress NOTEBOOK` says what is
still open, and `dlcourse check NOTEBOOK` runs all checks of a notebook anew.
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


@dataclass(frozen=True)
class Bundle:
    """A bundle that was written.

    Attributes:
        path: the zip.
        names: the names of what is in it.
        remarks: what the instructor should know of it.
    """

    path: Path
    names: tuple[str, ...]
    remarks: tuple[str, ...]


def write_bundle(chosen: Sequence[Lab], out: Path) -> Bundle:
    """Write the bundle of a lab, or of a course of several in their order, to `out`.

    The library withholds what the first of the labs, or a later one, asks for.

    Raises:
        LeakFound: with what the leak check found; `out` is not touched.
        AutograderError: if a released notebook is not what its source makes, or for want of
            hatchling.
    """
    for lab in chosen:
        if not build.is_current(lab):
            raise AutograderError(
                f"labs/{lab.name} is out of step with its source;"
                f" run 'python -m autograder build {lab.name}' first"
            )
    content = _content(chosen)
    leaks = _leaks(chosen, content, out.name)
    if leaks:
        raise LeakFound(leaks)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(_zipped(content))
    remarks = [remark for lab in chosen[1:] for remark in _remarks(lab, chosen[0], content)]
    return Bundle(out, tuple(content), tuple(remarks))


def build_wheel(lab: str, label: str, directory: Path) -> Path:
    """Build a wheel of the student edition for `lab` in `directory`.

    Its version ends in `label` and a hash of the library, so that pip replaces another edition.
    """
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        write_student_edition(lab, root)
        for name in ("pyproject.toml", "LICENSE"):
            shutil.copy(labs.ROOT / name, root)
        shutil.copy(labs.ROOT / _DESCRIPTION, root / "README.md")
        _mark_version(root, label)
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


def _content(chosen: Sequence[Lab]) -> dict[str, bytes]:
    """The files of a bundle by their names; those of a course stand in a folder a lab."""
    alone = len(chosen) == 1
    label = chosen[0].name[:5] if alone else COURSE
    folder = chosen[0].name if alone else COURSE
    files = {}
    for lab in chosen:
        home = f"{folder}/" if alone else _home(lab)
        for path in sorted(lab.release.parent.rglob("*")):
            inner = path.relative_to(lab.release.parent)
            if path.is_file() and not _LEFT_OUT & set(inner.parts):
                files[f"{home}{inner.as_posix()}"] = path.read_bytes()
    with tempfile.TemporaryDirectory() as directory:
        wheel = build_wheel(chosen[0].name, label, Path(directory))
        files[f"{folder}/{wheel.name}"] = wheel.read_bytes()
    files[f"{folder}/README.md"] = _readme(chosen, wheel.name).encode()
    return files


def _readme(chosen: Sequence[Lab], wheel: str) -> str:
    torch = any(lab.torch for lab in chosen)
    alone = len(chosen) == 1
    return README.format(
        title=_title(chosen[0]) if alone else "The labs",
        install=f"./{wheel}[torch]" if torch else f"./{wheel}",
        start=f" {chosen[0].release.name}" if alone else "",
        torch=_WITH_TORCH if torch else _WITHOUT_TORCH,
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


def _leaks(chosen: Sequence[Lab], content: Mapping[str, bytes], name: str) -> list[Leak]:
    """What a bundle must not hold; in a course, a lab's own files are looked at as that lab's."""
    if len(chosen) == 1:
        return find_leaks(_zipped(content), chosen[0].name, name)
    leaks = []
    rest = dict(content)
    for lab in chosen:
        own = {path: rest.pop(path) for path in list(rest) if path.startswith(_home(lab))}
        leaks += find_leaks(_zipped(own), lab.name, name)
    return find_leaks(_zipped(rest), chosen[0].name, name) + leaks


def _remarks(lab: Lab, first: Lab, content: Mapping[str, bytes]) -> list[str]:
    """What a lab suffers, and what it tells of earlier ones, where all labs are handed out."""
    remarks = []
    own = set(lab.code_tasks())
    missing = sorted((_imported(lab) & set(withheld(first.name))) - own)
    if missing:
        remarks.append(
            f"{lab.name} calls {', '.join(missing)} of the library, which earlier labs ask for and"
            " this bundle withholds: hand it out by itself, after them, to have it run whole"
        )
    files = {path: data for path, data in content.items() if path.startswith(_home(lab))}
    shown = {leak.where.rpartition("!cell ")[2] for leak in find_leaks(_zipped(files), first.name)}
    if shown:
        remarks.append(
            f"{lab.name} shows what earlier labs ask for, in {', '.join(sorted(shown))}:"
            " hand it out by itself, after them, to keep that back"
        )
    return remarks


def _home(lab: Lab) -> str:
    """Where a lab's files stand in the bundle of a course."""
    return f"{COURSE}/{lab.name}/"


def _imported(lab: Lab) -> set[str]:
    """The names that a released notebook imports from dlcourse."""
    names: set[str] = set()
    for cell in json.loads(lab.release.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        for node in ast.walk(ast.parse(labs.source_of(cell))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("dlcourse"):
                names |= {alias.name for alias in node.names}
    return names
