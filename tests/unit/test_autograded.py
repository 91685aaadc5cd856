"""The graded notebook: the instructor's cells, the student's words, nothing that could run."""

from __future__ import annotations

import base64
import copy
import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbconvert import HTMLExporter

from autograder import labs
from autograder.autograded import (
    NOT_HANDED_IN,
    add_verdict,
    merged,
    save,
    sha256_of_handin,
    unanswered,
)
from autograder.completion import Notebook, completed, released, with_cell
from autograder.labs import source_of
from autograder.results import SubmissionResult, TaskResult, TestResult

LAB = labs.find("lab01")
TASK = LAB.code_tasks()[1]
WRITTEN = [task.name for task in LAB.tasks if task.kind == "written"]
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n rest").decode()


def merged_with(notebook: Notebook | bytes) -> Notebook:
    content = notebook if isinstance(notebook, bytes) else json.dumps(notebook).encode()
    return merged(LAB, content)


def cell_named(notebook: Notebook, name: str) -> dict[str, Any]:
    found = [
        c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == name
    ]
    assert len(found) == 1, f"{name}: {len(found)} cells"
    return found[0]


def sources(notebook: Notebook) -> list[str]:
    return [source_of(cell) for cell in notebook["cells"]]


@pytest.fixture
def reference() -> Notebook:
    return completed(LAB)


# Whose cell is it


def test_reference_comes_out_as_it_went_in(reference: Notebook) -> None:
    assert sources(merged_with(reference)) == sources(reference)


def test_metadata_and_order_are_the_instructors_whatever_was_handed_in(reference: Notebook) -> None:
    expected = [cell["metadata"] for cell in released(LAB)["cells"]]
    for cell in reference["cells"]:
        if marks := cell["metadata"].get("nbgrader"):
            marks |= {"points": 1000, "locked": False, "checksum": "", "solution": True}
    reference["cells"].reverse()
    ours = merged_with(reference)
    kept = [cell for cell in ours["cells"] if not cell["id"].startswith("own-")]
    assert [cell["metadata"] for cell in kept] == expected
    assert ours["metadata"] == released(LAB)["metadata"]


def test_copied_cell_is_shown_beside_the_one_that_counts(reference: Notebook) -> None:
    twin = copy.deepcopy(cell_named(reference, TASK))
    twin["source"] = f"def {TASK}():\n    first = True"
    reference["cells"].insert(0, twin)
    ours = merged_with(reference)
    assert "first = True" not in source_of(cell_named(ours, TASK))
    assert sum("first = True" in source for source in sources(ours)) == 1


def test_deleted_cell_is_there_and_says_that_it_was_not_handed_in(reference: Notebook) -> None:
    for name in (TASK, WRITTEN[0], f"test_{TASK}"):
        reference["cells"].remove(cell_named(reference, name))
    ours = merged_with(reference)
    assert cell_named(ours, TASK)["source"] == f"# {NOT_HANDED_IN}"
    assert cell_named(ours, WRITTEN[0])["source"] == NOT_HANDED_IN
    assert cell_named(ours, f"test_{TASK}")["source"] == source_of(
        cell_named(released(LAB), f"test_{TASK}")
    )


def test_solution_is_known_by_its_function_when_all_its_names_are_gone(reference: Notebook) -> None:
    cell = cell_named(reference, TASK)
    cell["metadata"], cell["id"] = {}, "another"
    assert source_of(cell_named(merged_with(reference), TASK)) == source_of(cell)


def test_changed_test_and_locked_cells_are_the_instructors_and_the_change_is_shown(
    reference: Notebook,
) -> None:
    cell_named(reference, f"test_{TASK}")["source"] = "print('all right')"
    cell_named(reference, "setup")["source"] = "import os"
    ours = merged_with(reference)
    for name in ("setup", f"test_{TASK}"):
        assert source_of(cell_named(ours, name)) == source_of(cell_named(released(LAB), name))
    own = [c["source"] for c in ours["cells"] if c["id"].startswith("own-")]
    assert own == ["import os", "print('all right')"]


def test_students_own_cells_stand_where_they_stood(reference: Notebook) -> None:
    ours = merged_with(with_cell(reference, "mine = 1", before=TASK))
    texts = sources(ours)
    assert texts.index("mine = 1") == texts.index(source_of(cell_named(ours, TASK))) - 1


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff", b"{}", b'{"cells": [3]}', b'{"cells": [{"cell_type": "code"}]}', b"[" * 99999],
)
def test_file_that_is_no_notebook_gives_the_instructors_with_nothing_in_it(content: bytes) -> None:
    ours = merged_with(content)
    assert len(ours["cells"]) == len(released(LAB)["cells"])
    assert cell_named(ours, TASK)["source"] == f"# {NOT_HANDED_IN}"
    assert unanswered(LAB, ours) == set(WRITTEN)


@pytest.mark.parametrize(
    "cell",
    [
        {"cell_type": "markdown", "source": 3, "metadata": []},
        {"cell_type": "markdown", "source": [1], "metadata": {}},
        {"cell_type": "sculpture", "source": "x", "metadata": {}},
        {"cell_type": ["code"], "source": "x"},
        {"cell_type": "code", "source": "y = 1", "metadata": {"nbgrader": []}, "outputs": [3, {}]},
        {"cell_type": "code", "source": "\ud800", "outputs": {"data": 1}, "id": {"a": 1}},
        {"cell_type": "markdown", "source": "z", "attachments": {"a": 3, "b": {"image/png": 4}}},
    ],
)
def test_malformed_cell_makes_no_malformed_notebook(
    cell: dict[str, Any], reference: Notebook, tmp_path: Path
) -> None:
    reference["cells"].insert(3, cell)
    save(merged_with(reference), tmp_path / "x.ipynb")
    nbformat.validate(nbformat.read(tmp_path / "x.ipynb", as_version=4))


# What is answered


def test_answer_is_unanswered_only_if_it_is_what_was_handed_out(reference: Notebook) -> None:
    assert unanswered(LAB, merged_with(released(LAB))) == set(WRITTEN)
    assert unanswered(LAB, merged_with(reference)) == set()


# Nothing runs

SCRIPTS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](java&#115;cript:alert(1))",
    "[x][1]\n\n[1]: JavaScript:alert(1)",
    "[x](data:text/html,<script>alert(1)</script>)",
    '```"><script>alert(1)</script>\ny\n```',
    "$$</script><script>alert(1)</script>$$",
    "<svg/onload=alert(1)>",
    "![x](attachment:gone.png)",
    '![x" onerror="alert(1)](x.png "t\\" onload=alert(1)")',
]


@pytest.mark.parametrize("script", SCRIPTS)
def test_markdown_of_the_students_holds_no_script_when_it_is_rendered(
    script: str, reference: Notebook
) -> None:
    cell_named(reference, WRITTEN[0])["source"] = f"before {script}"
    own = {"cell_type": "markdown", "id": "m", "metadata": {}, "source": script}
    reference["cells"].insert(2, own)
    assert active_parts(merged_with(reference)) == []


class ActiveParts(HTMLParser):
    """What of a page could run: scripts and frames, handlers of events, links into scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, ...]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "iframe", "object", "embed", "svg"):
            self.found.append((tag,))
        for name, value in attrs:
            target = (value or "").strip().lower()
            if name.startswith("on") or target.startswith(("javascript:", "data:text")):
                self.found.append((tag, name, target))


def active_parts(notebook: Notebook) -> list[tuple[str, ...]]:
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
    written = [cell | {"source": source_of(cell)} for cell in cells]
    node = nbformat.from_dict(notebook | {"cells": written})
    page = ActiveParts()
    page.feed(HTMLExporter(template_name="basic").from_notebook_node(node)[0])
    return page.found


def test_such_scripts_would_be_found(reference: Notebook) -> None:
    cell_named(reference, WRITTEN[0])["source"] = "\n\n".join(SCRIPTS[:3])
    assert len(active_parts(reference)) == 3


@pytest.mark.parametrize(
    "text",
    [
        "for $a < b$ and $x<y$, **so** `a<b`",
        "an <i>old</i> **habit**<br>",
        "| a | b |\n|:-:|---|\n| 1 | 2 |",
        "1. [source](https://example.org/a?b=c)\n2. see [above](#top)",
        "~~~python\nx < 3\n~~~",
    ],
)
def test_honest_markdown_stays_markdown(text: str, reference: Notebook) -> None:
    cell_named(reference, WRITTEN[0])["source"] = text
    shown = cell_named(merged_with(reference), WRITTEN[0])["source"]
    assert shown.replace("< ", "<") == text.replace("< ", "<")
    assert not shown.startswith("~~~\n")


def test_pictures_and_text_are_kept_and_other_outputs_are_not(reference: Notebook) -> None:
    experiment = next(cell for cell in LAB.cells if cell.kind == "experiment")
    data = {"image/png": PNG, "text/html": "<script>alert(1)</script>", "text/plain": "<Figure>"}
    outputs = [
        {"output_type": "display_data", "metadata": {}, "data": data},
        {"output_type": "stream", "name": "stderr", "text": ["seen", "!"]},
        {"output_type": "display_data", "metadata": {}, "data": {"image/png": '"><script>'}},
        {"output_type": "display_data", "metadata": {}, "data": {"text/html": "<b>"}},
    ]
    for cell in reference["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = outputs
    written = cell_named(reference, WRITTEN[0])
    written["source"] = "![p](attachment:p.png)"
    written["attachments"] = {"p.png": {"image/png": PNG, "text/html": "<script>"}}
    ours = merged_with(reference)
    shown = next(cell for cell in ours["cells"] if cell["id"] == experiment.id)["outputs"]
    assert [output.get("data") or output["text"] for output in shown] == [
        {"image/png": PNG},
        "seen!",
    ]
    assert cell_named(ours, WRITTEN[0])["attachments"] == {"p.png": {"image/png": PNG}}
    for name in (TASK, f"test_{TASK}", "setup"):
        assert cell_named(ours, name)["outputs"] == []


# The verdict


def test_verdict_stands_in_the_test_cells_and_at_the_beginning(
    reference: Notebook, tmp_path: Path
) -> None:
    tests = (
        TestResult("keeps_w[1]", False, message="w changed", hint="copy it", detail="SECRET"),
        TestResult("keeps_w[2]", False, message="w changed", hint="copy it"),
        TestResult("runs", True),
    )
    task = TaskResult.of_tests(TASK, 9, tests)
    errors = ("code cell 3: <b>NameError</b>",)
    result = SubmissionResult.graded("ada", LAB.name, [task], errors=errors, notebook_sha256="ab")
    ours = merged_with(reference)
    add_verdict(ours, result)
    words = cell_named(ours, f"test_{TASK}")["outputs"][0]["text"]
    assert words == ("3 of 9 points, 1 of 3 hidden tests passed\n- keeps w: w changed (copy it)")
    assert ours["cells"][0]["outputs"][0]["text"] == f"3 of 9 automatic points\n{errors[0]}"
    path = tmp_path / "x.ipynb"
    assert sha256_of_handin(path) is None
    save(ours, path)
    assert sha256_of_handin(path) == "ab"
    assert list(tmp_path.iterdir()) == [path]
    nbformat.validate(nbformat.read(path, as_version=4))
