"""Files: whatever is handed in under a notebook's name costs its owner, and nobody else.

What cannot be a notebook is a failed result with a reason; what is one, with odd parts, is graded.

Long, since it holds the files themselves, a kind of fault a line.
"""

from __future__ import annotations

import csv
import html.parser
import io
import json
import os
import shutil
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from classroom import FIRST, LAB, Bench, Command, cell_of, full_marks, task_of

from autograder.collect import collect
from autograder.completion import Notebook, completed, released, save, with_cell
from autograder.errors import UsageError
from autograder.labs import Lab
from autograder.submission import MAX_BYTES

CELL: dict[str, Any] = {"cell_type": "code", "metadata": {}, "outputs": [], "source": "1 + 1"}
SHELL: dict[str, Any] = {"metadata": {}, "nbformat": 4, "nbformat_minor": 5}

UNREADABLE = {
    "an empty file": b"",
    "no JSON": b"def sgd_epoch(): pass",
    "a torn file": json.dumps({**SHELL, "cells": [CELL]}).encode()[:-9],
    "bytes that are no UTF-8": b'{"cells": ["\xff\xfe"]}',
    "UTF-16": json.dumps({**SHELL, "cells": [CELL]}).encode("utf-16"),
    "UTF-32": json.dumps({**SHELL, "cells": [CELL]}).encode("utf-32"),
    "null bytes": bytes(10_000),
    "deep lists": b"[" * 200_000 + b"]" * 200_000,
    "deep dicts": b'{"a":' * 200_000 + b"1" + b"}" * 200_000,
    "deep lists in the cells": b'{"cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "a list": b"[]",
    "a number": b"75",
    "a string": b'"passed"',
    "null": b"null",
    "a number of many digits": b'{"cells": ' + b"9" * 100_000 + b"}",
    "not a number": b'{"cells": NaN}',
    "no cells": b'{"nbformat": 4, "metadata": {}}',
    "cells that are a dict": b'{"nbformat": 4, "cells": {"0": 1}}',
    "cells that are a string": b'{"nbformat": 4, "cells": "code"}',
    "a cell that is null": b'{"nbformat": 4, "cells": [null]}',
    "a cell that is a list": b'{"nbformat": 4, "cells": [["code"]]}',
    "a source that is a number": b'{"cells": [{"cell_type": "code", "source": 7}]}',
    "a source that is null": b'{"cells": [{"cell_type": "code", "source": null}]}',
    "a source of numbers": b'{"cells": [{"cell_type": "code", "source": [1, 2]}]}',
    "nbformat 3": b'{"nbformat": 3, "worksheets": [{"cells": []}], "metadata": {}}',
    "nbformat 2": b'{"nbformat": 2, "worksheets": []}',
    "too many cells": json.dumps({**SHELL, "cells": [CELL] * 3000}).encode(),
    "a million empty cells": b'{"cells": [' + b"{}," * 999_999 + b"{}]}",
    "an archive": b"PK\x03\x04" + bytes(100),
    "a pickle": b"\x80\x04\x95\x1d\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94.",
    "an array with a lying header": b"\x93NUMPY\x01\x00" + struct.pack("<H", 65535) + b"{'descr'",
    "HTML": b"<html><script>alert(1)</script></html>",
    "a byte too many": b" " * (MAX_BYTES + 1),
}


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_is_no_notebook_fails_with_a_reason(bench: Bench, lab: Lab, content: bytes) -> None:
    result = bench.grade(content)
    assert (result.status, result.score, result.max_score) == ("failed", 0, lab.max_score)
    assert len(result.errors) == 1
    reason = result.errors[0]
    assert reason.startswith(("the file", "the notebook", "cell "))
    assert reason.isprintable()
    assert len(reason) < 200


def _link(path: Path, target: Path) -> None:
    path.symlink_to(target)


def _sparse(path: Path, _: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


SPECIAL: dict[str, Callable[[Path, Path], None]] = {
    "a link to a classmate's notebook": _link,
    "a link to nowhere": lambda path, _: path.symlink_to("/nowhere"),
    "a link to itself": lambda path, _: path.symlink_to(path),
    "a link to a device": lambda path, _: path.symlink_to("/dev/zero"),
    "a pipe": lambda path, _: os.mkfifo(path),
    "a directory": lambda path, _: path.mkdir(),
    "a terabyte of nothing": _sparse,
}


@pytest.mark.parametrize("make", SPECIAL.values(), ids=SPECIAL.keys())
def test_what_is_no_regular_file_fails_and_hangs_nothing(
    bench: Bench, lab: Lab, tmp_path: Path, seconds: Callable[[], float], make: Any
) -> None:
    save(completed(lab), tmp_path / "classmate.ipynb")
    make(tmp_path / "mallory.ipynb", tmp_path / "classmate.ipynb")
    result = bench.grade(tmp_path / "mallory.ipynb")
    assert (result.status, result.score) == ("failed", 0)
    assert seconds() < 30


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a device")
def test_a_device_is_not_read(bench: Bench, tmp_path: Path) -> None:
    try:
        os.mknod(tmp_path / "mallory.ipynb", 0o20666, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("devices cannot be made here")
    assert bench.grade(tmp_path / "mallory.ipynb").status == "failed"


def _duplicate_keys(notebook: Notebook) -> str:
    text = json.dumps(notebook)
    return text.replace('{"cells":', '{"cells": 7, "nbformat": 3, "cells":', 1)


ODD: dict[str, Callable[[Notebook], object]] = {
    "duplicate keys": _duplicate_keys,
    "a byte order mark": lambda notebook: "\ufeff" + json.dumps(notebook),
    "surrogates": lambda n: with_cell(n, "'\ud800' + \"\udfff\"", before=FIRST),
    "metadata that are lists": lambda n: [c.update(metadata=[]) for c in n["cells"]],
    "metadata that are null": lambda n: [c.update(metadata=None) for c in n["cells"]],
    "ids that are numbers": lambda n: [c.update(id=10**30) for c in n["cells"]],
    "ids that are all the same": lambda n: [c.update(id="setup") for c in n["cells"]],
    "grade_ids that are dicts": lambda n: [_mark(c, grade_id={}) for c in n["cells"]],
    "grade_ids of a megabyte": lambda n: [_mark(c, grade_id="x" * 2**18) for c in n["cells"][:9]],
    "points without end": lambda n: [_mark(c, points=1e308 * 10) for c in n["cells"]],
    "negative points": lambda n: [_mark(c, points=-999) for c in n["cells"]],
    "nothing locked": lambda n: [_mark(c, locked=False) for c in n["cells"]],
    "everything a solution": lambda n: [_mark(c, solution=True, grade=True) for c in n["cells"]],
    "checksums that lie": lambda n: [_mark(c, checksum="0" * 32) for c in n["cells"]],
    "a later format": lambda n: n.update(nbformat=99, nbformat_minor=10**20),
    "huge integers": lambda n: n["metadata"].update(number=int("9" * 4000)),
    "a cell type of its own": lambda n: n["cells"].append({**CELL, "cell_type": "sql"}),
    "a source in many pieces": lambda n: [c.update(source=list(c["source"])) for c in n["cells"]],
    "attachments and widgets": lambda n: n["metadata"].update(widgets={"state": {"x": {}}}),
    "outputs that are no list": lambda n: [c.update(outputs="x") for c in n["cells"]],
}  # fmt: skip


def _mark(cell: dict[str, Any], **marks: object) -> None:
    cell["metadata"].setdefault("nbgrader", {}).update(marks)


@pytest.mark.parametrize("change", ODD.values(), ids=ODD.keys())
def test_an_odd_notebook_is_graded_for_its_code(
    bench: Bench, lab: Lab, change: Callable[[Notebook], object]
) -> None:
    notebook = completed(lab)
    changed = change(notebook)
    handed_in = changed if isinstance(changed, str | dict) else notebook
    text = handed_in if isinstance(handed_in, str) else json.dumps(handed_in)
    result = bench.grade(text)
    full_marks(result)
    assert result.max_score == lab.max_score


def test_swapped_names_of_solutions_do_not_swap_points(bench: Bench, lab: Lab) -> None:
    """A wrong function under the grade_id of a right one stays wrong."""
    notebook = completed(lab, {"minibatches": "def minibatches(*a):\n    return []\n"})
    cell_of(notebook, "minibatches")["metadata"]["nbgrader"]["grade_id"] = "other"
    cell_of(notebook, "kmeans_assign")["metadata"]["nbgrader"]["grade_id"] = "minibatches"
    result = bench.grade(notebook)
    assert task_of(result, "minibatches").score == 0
    assert task_of(result, "kmeans_assign").status == "passed"


def test_solutions_in_markdown_are_no_solutions(bench: Bench, lab: Lab) -> None:
    notebook = completed(lab)
    cell_of(notebook, FIRST)["cell_type"] = "markdown"
    result = bench.grade(notebook)
    assert task_of(result, FIRST).status == "missing"
    assert result.score == lab.max_score - task_of(result, FIRST).max_score


def test_an_experiment_with_a_borrowed_id_runs_no_attack(bench: Bench, lab: Lab) -> None:
    experiment = next(cell for cell in lab.cells if cell.kind == "experiment")
    notebook = with_cell(completed(lab), "while True:\n    pass\n", before=FIRST)
    notebook["cells"][[c["source"] for c in notebook["cells"]].index("while True:\n    pass\n")][
        "id"
    ] = experiment.id
    full_marks(bench.grade(notebook))


TRAVERSALS = ["../evil.ipynb", "/tmp/evil.ipynb", "a/../../evil.ipynb", "..", "a/b/c/d.ipynb",
              "a\\..\\evil.ipynb", "C:/evil.ipynb", "~/evil.ipynb", "a b/evil.ipynb", "-/../.ipynb",
              "\u202eevil.ipynb", "e\x00vil.ipynb", "x" * 65 + ".ipynb"]  # fmt: skip


@pytest.mark.parametrize("name", TRAVERSALS, ids=ascii)
def test_no_name_in_a_zip_leaves_its_directory(lab: Lab, tmp_path: Path, name: str) -> None:
    scratch = tmp_path / "scratch" / "deep"
    scratch.mkdir(parents=True)
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as archive:
        archive.writestr(name, "{}")
        archive.writestr("alice.ipynb", "{}")
    try:
        found = collect(lab, [tmp_path / "class.zip"], scratch)
    except UsageError:
        found = None
    outside = [p for p in tmp_path.rglob("*") if scratch not in p.parents and p != scratch]
    assert {p.name for p in outside} == {"class.zip", "scratch"}
    assert not Path("/tmp/evil.ipynb").exists()
    if found:
        assert all(scratch in handin.path.parents for handin in found.handins)


def _zip_of(members: dict[str, bytes], path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def test_a_zip_bomb_is_not_unpacked(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir()
    _zip_of({"alice.ipynb": bytes(64 << 20), "bob.ipynb": b"{}"}, tmp_path / "bomb.zip")
    found = collect(lab, [tmp_path / "bomb.zip"], tmp_path / "scratch")
    sizes = {handin.student: handin.path.stat().st_size for handin in found.handins}
    assert sizes == {"alice": MAX_BYTES + 1, "bob": 2}


def test_a_zip_that_would_fill_the_disk_is_refused(lab: Lab, tmp_path: Path) -> None:
    """Members of 17 KiB that unpack to 17 MiB each: what is unpacked in all is limited too."""
    (tmp_path / "scratch").mkdir()
    small, size, count = io.BytesIO(), 17 << 20, 600
    with zipfile.ZipFile(small, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("s.ipynb", bytes(size))
        info = archive.infolist()[0]
    data = small.getvalue()[30 + len("s.ipynb") :][: info.compress_size]
    files, directory = bytearray(), bytearray()
    for number in range(count):
        name = f"s{number:04}.ipynb".encode()
        sizes = struct.pack("<HHLLLHH", 0, 33, info.CRC, len(data), size, len(name), 0)
        start = struct.pack("<4sHHH", b"PK\x03\x04", 20, 0, 8)
        entry = struct.pack("<4sHHHH", b"PK\x01\x02", 20, 20, 0, 8) + sizes
        directory += entry + struct.pack("<HHHLL", 0, 0, 0, 0, len(files)) + name
        files += start + sizes + name + data
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(directory), len(files), 0)
    (tmp_path / "bomb.zip").write_bytes(files + directory + end)
    with pytest.raises(UsageError, match="GiB"):
        collect(lab, [tmp_path / "bomb.zip"], tmp_path / "scratch")
    shutil.rmtree(tmp_path / "scratch")


def test_a_link_in_a_zip_is_a_file(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir()
    info = zipfile.ZipInfo("mallory.ipynb")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as archive:
        archive.writestr(info, str(lab.path))
    found = collect(lab, [tmp_path / "class.zip"], tmp_path / "scratch")
    assert not found.handins[0].path.is_symlink()


def _encrypted(content: bytes) -> bytes:
    return content.replace(b"PK\x03\x04\x14\x00\x00", b"PK\x03\x04\x14\x00\x01").replace(
        b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01"
    )


BROKEN_ZIPS: dict[str, Callable[[bytes], bytes]] = {
    "cut short": lambda content: content[:-10],
    "no zip": lambda content: b"not a zip",
    "empty": lambda content: b"",
    "with a wrong checksum": lambda content: content.replace(b"{}", b"[]", 1),
    "encrypted": _encrypted,
    "that is only an end": lambda content: content[content.index(b"PK\x05\x06") :],
}


@pytest.mark.parametrize("spoil", BROKEN_ZIPS.values(), ids=BROKEN_ZIPS.keys())
def test_a_broken_zip_is_one_line_of_words(
    tmp_path: Path, grade_command: Callable[..., Command], spoil: Callable[[bytes], bytes]
) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("alice.ipynb"), "{}")  # of 1980: no byte of today's date
    (tmp_path / "class.zip").write_bytes(spoil(buffer.getvalue()))
    done = grade_command(tmp_path / "class.zip")
    assert done.code == 2
    assert "error:" in done.output
    assert "Traceback" not in done.output


def test_a_linked_directory_hands_in_no_classmates_work(lab: Lab, tmp_path: Path) -> None:
    work = tmp_path / "class" / "alice" / lab.name / f"{lab.name}.ipynb"
    save(completed(lab), work)
    (tmp_path / "class" / "mallory").symlink_to(work.parent.parent)
    (tmp_path / "class" / "oscar").mkdir()
    (tmp_path / "class" / "oscar" / lab.name).symlink_to(work.parent)
    found = collect(lab, [tmp_path / "class"], tmp_path)
    assert [handin.student for handin in found.handins] == ["alice"]
    assert len(found.remarks) == 2


def test_one_student_has_one_file(lab: Lab, tmp_path: Path) -> None:
    save(completed(lab), tmp_path / "class" / "alice.ipynb")
    save(released(lab), tmp_path / "class" / "alice" / lab.name / f"{lab.name}.ipynb")
    with pytest.raises(UsageError, match="two files for alice"):
        collect(lab, [tmp_path / "class"], tmp_path)


SCRIPT = "<script>alert('attack')</script>"
MARKUP = [
    SCRIPT,
    "<img src=x onerror=alert(1)>",
    "{{ 7 * 7 }}",
    "</style><b>",
    "'\"><svg/onload=1>",
    "javascript:alert(1)",
    "[bold red]markup[/]",
    "&lt;b&gt;",
    "]]>",
    "<!--",
    "\u202eevil",
]


class _Page(html.parser.HTMLParser):
    """The tags of a page, and their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


def test_no_markup_of_a_students_reaches_a_page_a_table_or_a_terminal(
    tmp_path: Path, lab: Lab, grade_command: Callable[..., Command]
) -> None:
    words = "".join(MARKUP)
    raising = {
        task: f"def {task}(*a, **k):\n    raise type({markup!r}, (Exception,), {{}})({markup!r})"
        for task, markup in zip(lab.code_tasks(), [*MARKUP, words, "\x1b[31mred"], strict=False)
    }
    notebook = completed(lab, raising)
    for number, markup in enumerate(MARKUP):
        notebook = with_cell(notebook, f"raise ValueError({markup!r})", before=FIRST)
        cell = notebook["cells"][number]
        cell["metadata"]["nbgrader"] = {"grade_id": markup}
        cell["outputs"] = [{"output_type": "display_data", "data": {"text/html": SCRIPT}}]
    cell_of(notebook, FIRST)["metadata"]["nbgrader"]["grade_id"] = SCRIPT
    notebook["metadata"]["title"] = SCRIPT
    save(notebook, tmp_path / "mallory.ipynb")
    done = grade_command(tmp_path / "mallory.ipynb")
    assert done.code == 0, done.output
    text = done.feedback("mallory")
    page = _Page(text)
    assert (
        page.tags & {"script", "img", "svg", "iframe", "object", "embed", "base", "form"} == set()
    )
    assert not any(name.startswith("on") for name in page.attributes)
    assert "Content-Security-Policy" in text
    assert "default-src 'none'" in text
    assert "49" not in [word.strip() for word in text.split() if word == "49"]
    assert "\x1b" not in text + done.output
    assert "\u202e" not in done.output
    with (done.out / "scores.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert len(rows) == 2
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row)


def test_one_broken_file_costs_nobody_else(
    tmp_path: Path, lab: Lab, grade_command: Callable[..., Command]
) -> None:
    """Otter 813: exit 1, the broken ones with a reason, all others with their points."""
    folder = tmp_path / "class"
    folder.mkdir()
    for number, content in enumerate(UNREADABLE.values()):
        (folder / f"broken{number:02}.ipynb").write_bytes(content)
    os.mkfifo(folder / "fifo.ipynb")
    (folder / "dir.ipynb").mkdir()
    (folder / "link.ipynb").symlink_to("amy.ipynb")
    for student in ("amy", "zac"):
        save(completed(lab), folder / f"{student}.ipynb")
    done = grade_command(folder, jobs=2)
    assert done.code == 1, done.output
    results = done.results
    assert len(results) == len(UNREADABLE) + 5
    assert {s: r.score for s, r in results.items() if r.status == "graded"} == {
        "amy": lab.max_score,
        "zac": lab.max_score,
    }
    for student in results:
        assert "</html>" in done.feedback(student)
    with (done.out / "scores.csv").open(newline="", encoding="utf-8") as file:
        assert len(list(csv.reader(file))) == len(results) + 1
    assert all(result.lab == LAB for result in results.values())
