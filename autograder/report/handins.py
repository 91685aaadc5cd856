"""The handed-in notebooks, kept beside their results, and their cells as a reader sees them.

``DIR/submitted/{student}/{lab}/{lab}.ipynb`` holds the bytes that were graded. Feedback and the
class report read them there, so that they need no more than DIR.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from autograder import labs, submission
from autograder.collect import Handin
from autograder.errors import UnreadableSubmission
from autograder.labs import Lab, source_of
from autograder.results import SubmissionResult
from autograder.writing import write_whole

MAX_CELL = 20_000
MAX_SHOWN = 400_000
_DEFINES = re.compile(r"^(?:async[ \t]+)?def[ \t]+(\w+)[ \t]*\(", re.M)
_HEADING = re.compile(r"^#{1,6}[ \t]+(\S.*)$", re.M)


@dataclass(frozen=True)
class ShownCell:
    """A cell of a submission, as text; a cell too long for a page is `cut`.

    `tasks` are those that it answers, by what it defines or by the name that it claims. A cell is
    `handed_out` if its text is the released notebook's and it answers nothing.
    """

    is_code: bool
    source: str
    tasks: tuple[str, ...] = ()
    handed_out: bool = False
    cut: bool = False


def keep_notebooks(
    lab: Lab, handins: Iterable[Handin], results: Iterable[SubmissionResult], out: Path
) -> None:
    """Copy each notebook that was graded into `out`; one that is there already stays as it is."""
    graded = {result.student: result.notebook_sha256 for result in results}
    for handin in handins:
        try:
            content = submission.read_file(handin.path)
        except UnreadableSubmission:
            continue
        digest = hashlib.sha256(content).hexdigest()
        path = kept_path(out, handin.student, lab.name)
        if graded.get(handin.student) == digest and _digest(path) != digest:
            write_whole(path, content)


def kept_path(out: Path, student: str, lab: str) -> Path:
    """Where the notebook of this student and lab is kept: nbgrader's layout."""
    return out / "submitted" / student / lab / f"{lab}.ipynb"


def kept_notebook(result: SubmissionResult, out: Path) -> bytes | None:
    """The notebook that `result` is about; None if it is not kept in `out`."""
    try:
        content = submission.read_file(kept_path(out, result.student, result.lab))
    except UnreadableSubmission:
        return None
    same = hashlib.sha256(content).hexdigest() == result.notebook_sha256
    return content if same else None


def shown_cells(content: bytes, lab: Lab) -> list[ShownCell]:
    """The cells of a notebook, in order; none where the bytes are no notebook."""
    try:
        notebook = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return []
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        return []
    room, shown = MAX_SHOWN, []
    for raw in cells[: submission.MAX_CELLS]:
        cell = _shown(raw, lab, min(room, MAX_CELL))
        if cell is not None:
            shown.append(cell)
            room -= len(cell.source)
    return shown


@lru_cache(maxsize=32)
def heading(lab: Lab) -> str:
    """The lab's title, as its notebook has it."""
    return last_heading([ShownCell(False, lab.cells[0].source)]) or lab.name


def last_heading(cells: Iterable[ShownCell]) -> str:
    """The last Markdown heading among `cells`; "" if there is none."""
    found = [line for cell in cells if not cell.is_code for line in _HEADING.findall(cell.source)]
    return found[-1].replace("`", "").strip() if found else ""


def _shown(raw: Any, lab: Lab, room: int) -> ShownCell | None:
    if not isinstance(raw, dict):
        return None
    try:
        source = source_of(raw)
    except TypeError:
        return None
    is_code = raw.get("cell_type") == "code"
    tasks = _answered(raw, source, lab) if is_code else _claimed(raw, lab)
    known = not tasks and submission.normal(source) in _released(lab.release)
    return ShownCell(is_code, source[:room], tasks, known, len(source) > room)


def _answered(raw: dict[str, Any], source: str, lab: Lab) -> tuple[str, ...]:
    """The tasks that a code cell answers: what it defines, or else what it claims to."""
    functions = set(lab.code_tasks())
    defined = [name for name in _DEFINES.findall(source) if name in functions]
    return tuple(dict.fromkeys(defined)) or _claimed(raw, lab)


def _claimed(raw: dict[str, Any], lab: Lab) -> tuple[str, ...]:
    name = submission.claimed_name(raw)
    return tuple(task.name for task in lab.tasks if task.name == name)


@lru_cache(maxsize=32)
def _released(path: Path) -> frozenset[str]:
    """The cells of the released notebook at `path`."""
    if not path.exists():
        return frozenset()
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return frozenset(submission.normal(source_of(cell)) for cell in cells)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def lab_of(result: SubmissionResult) -> Lab | None:
    """The lab that a result is about, if the course still has it."""
    return labs.named(result.lab)
