"""The graded notebook that formgrader and feedback show: the instructor's, the student's in it.

Every cell of the instructor's is there, in order, under nbgrader's own metadata; its solution
cells hold what the student wrote, and cells of the student's own stand where they stood. What the
student's file says of metadata, points or outputs is not taken over; nothing in it can run in the
browser of whoever marks it.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import re
from collections.abc import Iterator
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from autograder import submission
from autograder.completion import Notebook, released
from autograder.errors import UnreadableSubmission
from autograder.labs import Lab, source_of
from autograder.results import SubmissionResult, TaskResult, property_of
from autograder.submission import claimed_name, normal
from autograder.writing import write_whole

NOT_HANDED_IN = "The notebook that was handed in has no such cell."
VERDICT = "# What the grader says"
RESULT = "dlcourse_result"
_PICTURES = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_TAGS = frozenset(
    [
        *("p", "a", "em", "strong", "code", "pre", "span", "div", "br", "hr", "img", "del", "sup"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "section"),
        *("table", "thead", "tbody", "tr", "th", "td"),
    ]
)
_ATTRIBUTES = frozenset(["href", "src", "alt", "title", "class", "id", "align", "style", "start"])
_SCHEMES = frozenset(["", "http", "https", "mailto"])
_WRITES = re.compile(r"^(?:def (\w+)\(|answers\[['\"](\w+)['\"]\])", re.M)
_MAX_TEXT = 20_000  # characters of a cell or an output

Cells = list[dict[str, Any]]


def merged(lab: Lab, content: bytes) -> Notebook:
    """The instructor's notebook with the sources of the file `content`, whatever that holds."""
    handed_out = _handed_out(lab)
    theirs = _cells(content)
    owned = _owned(lab, theirs)
    extras = _extras(handed_out["cells"], owned, theirs)
    cells: Cells = [*extras.get(-1, [])]
    for place, (ours, known) in enumerate(zip(handed_out["cells"], lab.cells, strict=True)):
        cell = dict(ours)
        if _may_change(cell, known.kind):
            own = theirs[owned[place]] if place in owned else {"source": _not_handed_in(cell)}
            _take_over(cell, own, outputs=known.kind != "solution")
        cells += [cell, *extras.get(place, [])]
    return handed_out | {"cells": cells, "metadata": dict(handed_out["metadata"])}


@lru_cache(maxsize=32)
def _handed_out(lab: Lab) -> Notebook:
    """The released notebook, its sources strings; not to be changed."""
    notebook = released(lab)
    for cell in notebook["cells"]:
        cell["source"] = source_of(cell)
    return notebook


def unanswered(lab: Lab, notebook: Notebook) -> set[str]:
    """The written answers of a merged notebook that are what was handed out, or are not there."""
    sources = {claimed_name(cell): cell["source"] for cell in notebook["cells"]}
    return {
        name
        for name, handed_out in _written_answers(lab).items()
        if normal(sources[name]) in ("", NOT_HANDED_IN, handed_out)
    }


@lru_cache(maxsize=32)
def _written_answers(lab: Lab) -> dict[str, str]:
    """What is handed out where a written answer is to stand, as a merged notebook would show it."""
    written = {task.name for task in lab.tasks if task.kind == "written"}
    cells = {claimed_name(cell): cell["source"] for cell in _handed_out(lab)["cells"]}
    return {name: normal(harmless(cells[name])) for name in written}


def add_verdict(notebook: Notebook, result: SubmissionResult) -> None:
    """Put into a merged notebook what the grader says: in its test cells, and at its beginning."""
    tasks = {f"test_{task.name}": task for task in result.tasks}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code" and (task := tasks.get(claimed_name(cell))):
            cell["outputs"] = [_printed(in_words(task))]
    said = [f"{result.score:g} of {result.max_score:g} automatic points", *result.errors]
    notebook["cells"].insert(0, _own_cell("code", "verdict"))
    notebook["cells"][0] |= {"source": VERDICT, "outputs": [_printed("\n".join(said))]}
    notebook["metadata"][RESULT] = {"notebook_sha256": result.notebook_sha256, "key": result.key}


def in_words(task: TaskResult) -> str:
    """A task's score, and a line for each failing test, for the student to read."""
    passed = sum(test.passed for test in task.tests)
    count = f"{passed} of {len(task.tests)} hidden tests passed"
    lines = {f"{task.score or 0:g} of {task.max_score:g} points, {count}": None}
    for test in task.tests:
        if not test.passed:
            name = property_of(test.name).replace("_", " ")
            hint = f" ({test.hint})" if test.hint else ""
            lines[f"- {name}: {test.message}{hint}"] = None
    return "\n".join(lines)


def harmless(markdown: str, attachments: dict[str, Any] | None = None) -> str:
    """Markdown in which no HTML is left and no link leads into a script.

    nbgrader's pages show Markdown as it is, in the session of whoever marks. What is still not
    harmless once it is rendered, as nbgrader will do it, is shown as plain text; so is what cannot
    be rendered, which would cost the whole page.
    """
    if "<" not in markdown and "[" not in markdown:
        return markdown
    broken = _TAG.sub("< ", markdown)
    if len(broken) <= _MAX_TEXT and _renders_harmlessly(broken, attachments or {}):
        return broken
    fence = "~" * (2 + max([1, *(len(run) for run in re.findall("~+", broken))]))
    return f"{fence}\n{broken}\n{fence}"


def save(notebook: Notebook, path: Path) -> None:
    """Write the notebook in one step: whoever reads it finds the old one or the new one."""
    text = json.dumps(notebook, ensure_ascii=False).encode("utf-8", "replace")
    write_whole(path, text + b"\n")


def sha256_of_handin(path: Path) -> str | None:
    """The hash of the file from which the graded notebook at `path` was made, if it is there."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        said = json.loads(path.read_bytes())["metadata"][RESULT]["notebook_sha256"]
        return said if isinstance(said, str) else None
    return None


def _cells(content: bytes) -> Cells:
    """The cells of the file; none if it is no notebook that could be graded."""
    try:
        notebook = submission.notebook_of(content)
        submission.code_cells(notebook)
    except UnreadableSubmission:
        return []
    cells: Cells = notebook["cells"]
    kinds = ("code", "markdown", "raw")
    return [cell for cell in cells if cell.get("cell_type") in kinds and _readable(cell)]


def _readable(cell: dict[str, Any]) -> bool:
    try:
        return isinstance(source_of(cell), str)
    except TypeError:
        return False


def _owned(lab: Lab, theirs: Cells) -> dict[int, int]:
    """For each of the instructor's cells that may change, which of the student's is it.

    Known by the grade_id, else the cell's id, else the function that it defines, else by being
    what was handed out; the last of several counts, as it would in a kernel. These are claims, and
    only decide what is shown where.
    """
    owned: dict[int, int] = {}
    places = _places(lab)
    claims = [list(_claims(cell)) for cell in theirs]
    for sort in ("grade_id", "id", "writes", "source"):
        found: dict[int, int] = {}
        for number, cell in enumerate(theirs):
            for claim in claims[number]:
                place = places.get((cell["cell_type"], claim))
                if claim[0] == sort and place is not None and number not in owned.values():
                    found[place] = number
        owned = found | owned
    return owned


@lru_cache(maxsize=32)
def _places(lab: Lab) -> dict[tuple[str, tuple[str, str]], int]:
    """Which of the instructor's cells that may change is known by which claim."""
    return {
        (cell["cell_type"], claim): place
        for place, (cell, known) in enumerate(
            zip(_handed_out(lab)["cells"], lab.cells, strict=True)
        )
        if _may_change(cell, known.kind)
        for claim in (
            *(("grade_id", known.name), ("id", known.id), ("writes", known.name)),
            ("source", normal(cell["source"])),
        )
        if claim[1]
    }


def _claims(cell: dict[str, Any]) -> Iterator[tuple[str, str]]:
    source = source_of(cell)
    yield "grade_id", claimed_name(cell)
    yield "source", normal(source)
    if isinstance(cell.get("id"), str):
        yield "id", cell["id"]
    if cell["cell_type"] == "code":
        for function, question in _WRITES.findall(source):
            yield "writes", function or question


def _extras(ours: Cells, owned: dict[int, int], theirs: Cells) -> dict[int, Cells]:
    """The student's own cells, by the place of the instructor's cell that they follow."""
    places = {normal(cell["source"]): place for place, cell in enumerate(ours)}
    place_of = {number: place for place, number in owned.items()}
    extras: dict[int, Cells] = {}
    place = -1
    for number, cell in enumerate(theirs):
        same = places.get(normal(source_of(cell)))
        if number in place_of:
            place = place_of[number]
        elif same is not None:
            place = max(place, same)
        elif source_of(cell).strip():
            count = sum(map(len, extras.values()))
            kind = "markdown" if cell["cell_type"] == "markdown" else "code"
            own = _own_cell(kind, f"own-{count + 1}")
            _take_over(own, cell, outputs=True)
            extras.setdefault(place, []).append(own)
    return extras


def _may_change(cell: dict[str, Any], kind: str) -> bool:
    """Whether the student may write into this cell of the instructor's."""
    marks = cell["metadata"].get("nbgrader", {})
    return bool(marks.get("solution")) or kind in ("experiment", "other")


def _own_cell(kind: str, name: str) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": kind, "id": name, "metadata": {}, "source": ""}
    return cell | {"execution_count": None, "outputs": []} if kind == "code" else cell


def _not_handed_in(cell: dict[str, Any]) -> str:
    return f"# {NOT_HANDED_IN}" if cell["cell_type"] == "code" else NOT_HANDED_IN


def _renders_harmlessly(markdown: str, attachments: dict[str, Any]) -> bool:
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    page = _Page()
    try:
        renderer = IPythonRenderer(escape=False, attachments=attachments)
        page.feed(MarkdownWithMath(renderer=renderer).render(markdown))
        page.close()
    except Exception:  # whatever hostile text does to a renderer
        return False
    return page.harmless


class _Page(HTMLParser):
    """Whether a piece of HTML holds nothing but text, pictures and links to pages."""

    harmless = True

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            target = (value or "") if name in ("href", "src") else ""
            scheme = target.strip().partition(":")[0].lower() if ":" in target else ""
            embedded = (tag, name, scheme) == ("img", "src", "data")
            if name not in _ATTRIBUTES or not (scheme in _SCHEMES or embedded):
                self.harmless = False
        if tag not in _TAGS:
            self.harmless = False


def _take_over(cell: dict[str, Any], own: dict[str, Any], *, outputs: bool) -> None:
    """What the student's cell `own` says, and its text and pictures, as they were handed in."""
    if cell["cell_type"] == "code":
        cell["source"] = source_of(own)
        found = own.get("outputs") if outputs else None
        cell["outputs"] = list(_plain_outputs(found)) if isinstance(found, list) else []
        return
    cell.pop("attachments", None)
    if isinstance(attached := own.get("attachments"), dict):
        kept = {str(name): _pictures(data) for name, data in attached.items()}
        cell["attachments"] = {name: data for name, data in kept.items() if data}
    cell["source"] = harmless(source_of(own), cell.get("attachments"))


def _plain_outputs(outputs: list[Any]) -> Iterator[dict[str, Any]]:
    for output in outputs:
        if not isinstance(output, dict):
            continue
        if isinstance(text := _text(output.get("text")), str):
            yield _printed(text[:_MAX_TEXT])
        data = output.get("data")
        shown: dict[str, Any] = _pictures(data)
        if not shown and isinstance(data, dict):
            text = _text(data.get("text/plain"))
            shown = {"text/plain": text[:_MAX_TEXT]} if text else {}
        if shown:
            yield {"output_type": "display_data", "metadata": {}, "data": shown}


def _text(value: Any) -> str | None:
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "".join(value)
    return value if isinstance(value, str) else None


def _pictures(data: Any) -> dict[str, str]:
    """The PNG and JPEG pictures among `data`, written anew."""
    pictures = {}
    for kind, start in _PICTURES.items():
        text = _text(data.get(kind)) if isinstance(data, dict) else None
        with contextlib.suppress(binascii.Error, ValueError):
            content = base64.b64decode("".join((text or "").split()), validate=True)
            if content.startswith(start):
                pictures[kind] = base64.b64encode(content).decode("ascii")
    return pictures


def _printed(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}
