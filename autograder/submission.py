"""A hostile file in, a typed Submission out; and which of its cells are to run, in which order."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import stat
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from autograder.errors import UnreadableSubmission
from autograder.labs import Lab, source_of

MAX_BYTES = 16 << 20
MAX_CELLS = 2_000
MAX_KNOWN = 20_000  # characters of a cell whose normal form is kept
MAX_EXPERIMENT = 200_000  # characters, of all together: parsing takes the grader's own memory


@dataclass(frozen=True)
class Cell:
    """A code cell of a submission; its metadata are claims, not facts."""

    id: str
    grade_id: str
    source: str


@dataclass(frozen=True)
class Submission:
    """A student's notebook: its code cells and what identifies it."""

    student: str
    lab: str
    cells: tuple[Cell, ...]
    sha256: str


@dataclass(frozen=True)
class Step:
    """A cell to run in the sandbox; `place` names it for the student.

    What is left of an experiment is `quiet`: that it fails is not the student's concern.
    """

    source: str
    place: str
    quiet: bool = False


def read(path: Path, student: str, lab: str) -> Submission:
    """Read a submitted notebook.

    Raises:
        UnreadableSubmission: if it is no regular file, too large, or no notebook of version 4.
    """
    return parse(read_file(path), student, lab)


def parse(content: bytes, student: str, lab: str) -> Submission:
    """Read a submitted notebook from the bytes of its file; raises UnreadableSubmission."""
    cells = code_cells(notebook_of(content))
    return Submission(student, lab, cells, hashlib.sha256(content).hexdigest())


def notebook_of(content: bytes) -> dict[str, Any]:
    """The bytes of a file as a notebook with a list of cells; raises UnreadableSubmission."""
    try:
        notebook = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UnreadableSubmission("the file is not UTF-8 text") from error
    except (ValueError, RecursionError) as error:
        raise UnreadableSubmission(f"the file is not a notebook: {_brief(error)}") from error
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        version = notebook.get("nbformat") if isinstance(notebook, dict) else None
        if version in (1, 2, 3):
            words = f"the notebook has the old format {version}: open it in Jupyter and save it"
            raise UnreadableSubmission(words)
        raise UnreadableSubmission("the file is not a notebook: it has no list of cells")
    if len(notebook["cells"]) > MAX_CELLS:
        raise UnreadableSubmission(f"the notebook has more than {MAX_CELLS} cells")
    return notebook


def code_cells(notebook: dict[str, Any]) -> tuple[Cell, ...]:
    """The code cells of a notebook, in order; raises UnreadableSubmission if one is none."""
    cells = (_cell(raw, number) for number, raw in enumerate(notebook["cells"], 1))
    return tuple(cell for cell in cells if cell)


def plan(lab: Lab, submission: Submission) -> list[Step]:
    """The cells to run: the instructor's locked ones that are gone, then the student's in order.

    Test cells never run. A cell counts as the instructor's only if its source is the instructor's,
    so that code under borrowed metadata runs as what it is: the student's. Of an experiment only
    imports and definitions run; a locked cell runs once, since a copy would undo what came between.
    """
    locked = [cell for cell in lab.cells if cell.kind == "locked"]
    tests = {normal(cell.source) for cell in lab.cells if cell.kind == "test"}
    present = {normal(cell.source) for cell in submission.cells}
    copied = {normal(cell.source): 0 for cell in locked}
    steps = [
        Step(cell.source, f"the locked cell {cell.name}")
        for cell in locked
        if normal(cell.source) not in present
    ]
    experiments = {cell.id for cell in lab.cells if cell.kind == "experiment" and cell.id}
    texts = {normal(cell.source) for cell in lab.cells if cell.kind == "experiment"}
    room = MAX_EXPERIMENT
    for number, cell in enumerate(submission.cells, 1):
        place = f"code cell {number}" + (f" ({cell.grade_id})" if cell.grade_id else "")
        text = normal(cell.source)
        if text in copied:
            copied[text] += 1
        if text in tests or not text or copied.get(text, 0) > 1:
            continue
        if cell.id in experiments or text in texts:
            room -= len(cell.source)
            found = definitions(cell.source) if room >= 0 else ()
            steps += [Step(source, place, quiet=True) for source in found]
        else:
            steps.append(Step(cell.source, place))
    return steps


def definitions(source: str) -> tuple[str, ...]:
    """The top-level imports, functions and classes of a cell, each by itself."""
    return _definitions(source) if len(source) <= MAX_EXPERIMENT else ()


@lru_cache(maxsize=256)  # a class leaves most experiments as they were handed out
def _definitions(source: str) -> tuple[str, ...]:
    kinds = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    # as Python counts lines, where splitlines knows more, and columns
    lines = [line.encode() for line in re.split("\r\n|\r|\n", source)]
    return tuple(_segment(lines, node) for node in _statements(source) if isinstance(node, kinds))


def calls(submission: Submission, names: frozenset[str]) -> dict[str, set[str]]:
    """For each of the functions `names` that a cell defines, which others of them it uses."""
    used: dict[str, set[str]] = {}
    room = MAX_EXPERIMENT
    for cell in submission.cells:
        room -= len(cell.source)
        if room < 0:
            break
        if sum(name in cell.source for name in names) < 2:  # parsing takes far longer
            continue
        for node in _statements(cell.source):
            if isinstance(node, ast.FunctionDef) and node.name in names:
                inner = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
                used[node.name] = (inner & names) - {node.name}
    return used


def _statements(source: str) -> list[ast.stmt]:
    """The top-level statements of hostile source; none of what does not parse."""
    try:
        return ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def _segment(lines: list[bytes], node: ast.stmt) -> str:
    """The text of `node`, without what else stands on its first and last line."""
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
    last = node.end_lineno or first
    if first == last:
        text: str = lines[first - 1][node.col_offset : node.end_col_offset].decode()
        return text
    part = [lines[first - 1][node.col_offset :], *lines[first : last - 1]]
    return b"\n".join([*part, lines[last - 1][: node.end_col_offset]]).decode()


def normal(source: str) -> str:
    """A cell's text without its layout, by which a cell that was handed out is known again."""
    return (_normal if len(source) <= MAX_KNOWN else _normal.__wrapped__)(source)


@lru_cache(maxsize=1024)
def _normal(source: str) -> str:
    return " ".join(source.split())


def claimed_name(raw: dict[str, Any]) -> str:
    """The grade_id that a cell of a hostile file says it has: a claim, no more; else ""."""
    metadata = raw.get("metadata")
    marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = marks.get("grade_id") if isinstance(marks, dict) else None
    return name if isinstance(name, str) else ""


def _cell(raw: Any, number: int) -> Cell | None:
    """A code cell, or None for another kind; what is malformed is taken for what it can be."""
    if not isinstance(raw, dict):
        raise UnreadableSubmission(f"cell {number} of the notebook is not a cell")
    if raw.get("cell_type") != "code":
        return None
    try:
        source = source_of(raw)
    except TypeError as error:
        raise UnreadableSubmission(f"cell {number} of the notebook has no source") from error
    return Cell(_short(raw.get("id")), _short(claimed_name(raw)), _without_surrogates(source))


def _short(value: Any) -> str:
    text = value[:64] if isinstance(value, str) else ""
    return text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)


def _without_surrogates(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def read_file(path: Path) -> bytes:
    """The bytes of a file that need not be one: no link, device or pipe, and not too large."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise UnreadableSubmission(f"the file cannot be opened: {error.strerror}") from error
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise UnreadableSubmission("this is not a regular file")
    with os.fdopen(descriptor, "rb") as file:
        if status.st_size > MAX_BYTES:
            megabytes = MAX_BYTES >> 20
            raise UnreadableSubmission(f"the file is larger than {megabytes} MiB")
        return file.read(MAX_BYTES + 1)


def _brief(error: Exception) -> str:
    return str(error).splitlines()[0][:120] if str(error) else type(error).__name__
