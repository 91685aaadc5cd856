"""Notebook files that no Jupyter wrote: each is read, or refused in one line; none is graded up."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder import labs, submission
from autograder.completion import completed, released
from autograder.errors import UnreadableSubmission
from autograder.grader import Grader

LAB = labs.find("lab01")
PATIENCE = 5.0  # seconds of CPU; an example takes a few milliseconds
SHORT = settings(
    max_examples=400,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
LONG = settings(SHORT, max_examples=10_000, derandomize=False, database=None)
GRADED = settings(SHORT, max_examples=12)
GRADED_LONG = settings(LONG, max_examples=500)

# Real notebooks, and what is put into them

COMPLETED = completed(LAB)
NOTEBOOKS = [COMPLETED, released(LAB), {**COMPLETED, "cells": COMPLETED["cells"][:12]}]

names = st.sampled_from(
    [cell.name for cell in LAB.cells if cell.name] + ["", "\ud800", "<b>\u2028\x1b[2J", "x" * 300]
)
ids = st.sampled_from([cell.id for cell in LAB.cells] + ["", "\0", "setup\n"])
code = st.one_of(
    st.sampled_from([cell.source for cell in LAB.cells if cell.kind != "text"]),
    st.text(max_size=30),
    st.sampled_from(
        [
            *("(" * 3_000, "-" * 3_000 + "1", "a" + ".b" * 3_000, "x = " + "1" * 5_000),
            *("\ufeffimport é", "@é\ndef f(): pass; x", "import a\\\n; import b", "\x0cimport a\r"),
            *(
                "class é:\x0c\n 'é'; import é\rimport b",
                "\0",
                "\ud800",
                "def f(",
                "%%bash\nls",
                "!ls",
            ),
        ]
    ),
)
numbers = st.integers() | st.floats() | st.sampled_from([10**400, -(10**40), 1e308, 2**63])
atoms = st.none() | st.booleans() | numbers | st.text(max_size=8) | code | names | ids
keys = st.sampled_from(
    ["cells", "cell_type", "source", "metadata", "nbgrader", "grade_id", "id", "nbformat", "tags"]
)
anything = st.recursive(
    atoms,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys | names, inner, max_size=3),
    max_leaves=6,
)
marks = st.fixed_dictionaries(
    {},
    optional={
        "grade_id": names | anything,
        "points": numbers,
        "grade": st.booleans() | anything,
        "solution": st.booleans() | anything,
        "locked": st.booleans() | anything,
        "schema_version": numbers,
    },
)
cells = st.fixed_dictionaries(
    {"cell_type": st.sampled_from(["code", "code", "markdown", "raw", "heading"]), "source": code},
    optional={"id": ids | anything, "metadata": st.builds(lambda m: {"nbgrader": m}, marks)},
)


@st.composite
def trees(draw: st.DrawFn) -> Any:
    """A notebook in which up to six places hold something else, or nothing."""
    root = [copy.deepcopy(draw(st.sampled_from(NOTEBOOKS)))]
    for _ in range(draw(st.integers(0, 6))):
        place, step = _place(draw, root)
        kind = draw(st.sampled_from(["anything", "cell", "gone", "twice", "code"]))
        if kind == "anything":
            place[step] = draw(anything)
        elif kind == "cell":
            place[step] = draw(cells)
        elif kind == "code":
            place[step] = draw(code)
        elif kind == "gone" and place is not root:
            del place[step]
        elif kind == "twice" and isinstance(place, list) and place is not root:
            place.insert(draw(st.integers(0, len(place))), place[step])
    return root[0]


def _place(draw: st.DrawFn, root: list[Any]) -> tuple[Any, Any]:
    """A container somewhere in the tree, and one of its keys."""
    place: Any = root
    step: Any = 0
    for _ in range(draw(st.integers(0, 6))):
        inner = place[step]
        if not isinstance(inner, list | dict) or not inner:
            break
        options = list(inner) if isinstance(inner, dict) else range(len(inner))
        place, step = inner, draw(st.sampled_from(options))
    return place, step


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """A notebook file with some bytes changed, cut out or put in."""
    text = json.dumps(draw(trees()), ensure_ascii=draw(st.booleans()))
    encoding = draw(st.sampled_from(["utf-8"] * 6 + ["utf-8-sig", "utf-16"]))
    content = bytearray(text.encode(encoding, "surrogatepass"))
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2, 5]))):
        start = draw(st.integers(0, len(content)))
        end = start + draw(st.sampled_from([0, 0, 1, 5, 1_000, 10**9]))
        inserted = st.sampled_from([b"", b"[" * 5_000, b'{"cells":' * 2_000, b"9" * 5_000, b"\xff"])
        content[start:end] = draw(inserted | st.binary(max_size=6))
    return bytes(content)


# What is asked of every file


def read_or_refused(content: bytes) -> submission.Submission | None:
    """The submission, or None where the file is refused, in one printable line, and soon."""
    started = time.process_time()  # nothing is waited for, and other processes may be busy
    try:
        read = submission.parse(content, "alice", LAB.name)
    except UnreadableSubmission as error:
        read, words = None, str(error)
        assert words.isprintable()
        assert 0 < len(words) < 200
    steps = [] if read is None else submission.plan(LAB, read)
    assert time.process_time() - started < PATIENCE
    tests = {"".join(cell.source.split()) for cell in LAB.cells if cell.kind == "test"}
    for step in steps:
        assert step.place.isprintable()
        step.source.encode("utf-8")
        assert "".join(step.source.split()) not in tests
    return read


@SHORT
@given(files())
def test_file_is_read_or_refused_in_one_line(content: bytes) -> None:
    read_or_refused(content)


@pytest.mark.slow
@LONG
@given(files())
def test_ten_thousand_files_are_read_or_refused_in_one_line(content: bytes) -> None:
    read_or_refused(content)


@pytest.mark.parametrize(
    "cells",
    [
        [{"cell_type": "code", "source": "a " * 7_500_000}],
        [{"cell_type": "code", "source": "a " * 3_700}] * 2_000,
        [{"cell_type": "code", "id": "exp-hard", "source": "f=1;" * 1_800}] * 2_000,
        [{"cell_type": "code", "id": "exp-hard", "source": "import a;" * 22_000}] * 80,
    ],
    ids=["one cell", "many cells", "many experiments", "many imports"],
)
def test_largest_files_are_planned_soon_and_in_few_steps(cells: list[dict[str, str]]) -> None:
    content = json.dumps({"cells": cells}).encode()
    assert len(content) > submission.MAX_BYTES * 0.8
    read = read_or_refused(content)
    assert read is not None
    assert len(submission.plan(LAB, read)) < submission.MAX_EXPERIMENT / len("import a")


# And the whole grader, on some of them


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    grader = Grader(LAB, b"a secret", "bubblewrap")
    yield grader
    grader.close()


def graded_or_failed(grader: Grader, content: bytes) -> None:
    result = grader.grade_content("alice", content)
    assert 0 <= result.score <= result.max_score == LAB.max_score
    assert result.status == "graded" or (result.score == 0 and len(result.errors) == 1)
    assert all(error.isprintable() for error in result.errors)
    for task in result.tasks:
        assert task.score is None or 0 <= task.score <= task.max_score
    assert type(result).from_json(result.to_json()) == result


@GRADED
@given(files())
def test_file_is_graded_or_failed(grader: Grader, content: bytes) -> None:
    graded_or_failed(grader, content)


@pytest.mark.slow
@GRADED_LONG
@given(files())
def test_five_hundred_files_are_graded_or_failed(grader: Grader, content: bytes) -> None:
    graded_or_failed(grader, content)
