"""A hostile file in, a typed Submission out; and which of its cells run, in which order.

Long, since reading a notebook and planning its cells are tested on the same small lab.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.errors import UnreadableSubmission
from autograder.labs import Lab
from autograder.labs import read as read_lab
from autograder.submission import (
    MAX_BYTES,
    MAX_CELLS,
    Submission,
    definitions,
    plan,
    read,
)

SETUP = "import numpy as np\nSCALE = 2"
STUB = "def double(x):\n    ### BEGIN SOLUTION\n    return SCALE * x\n    ### END SOLUTION"
TEST = "check_double(double)"
EXPERIMENT = "import matplotlib.pyplot as plt\nplt.plot(double(3))"


def code(source: Any, cell_id: str = "", **metadata: Any) -> dict[str, Any]:
    cell = {"cell_type": "code", "metadata": metadata, "source": source, "outputs": []}
    return cell | ({"id": cell_id} if cell_id else {})


def marked(source: str, grade_id: str, cell_id: str, **marks: Any) -> dict[str, Any]:
    usual = {"grade": False, "solution": False, "locked": True, "schema_version": 3}
    return code(source, cell_id, nbgrader=usual | {"grade_id": grade_id} | marks)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    cells = [
        marked(SETUP, "setup", "c-setup"),
        marked(STUB, "double", "c-double", solution=True, locked=False),
        marked(TEST, "test_double", "c-test", grade=True, points=3),
        code(EXPERIMENT, "c-look", tags=["experiment"]),
        marked("LIMIT = 5", "limit", "c-limit"),
    ]
    path = tmp_path_factory.mktemp("source") / "lab77_doubling.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}))
    return read_lab(path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "alice.ipynb"


def submitted(path: Path, *cells: Any) -> Submission:
    path.write_text(json.dumps({"cells": list(cells), "metadata": {}, "nbformat": 4}))
    return read(path, "alice", "lab77_doubling")


def run_order(lab: Lab, submission: Submission) -> list[str]:
    return [step.source for step in plan(lab, submission)]


# Reading


def test_notebook_becomes_its_code_cells_and_the_hash_of_its_bytes(path: Path) -> None:
    submission = submitted(
        path,
        {"cell_type": "markdown", "metadata": {}, "source": "# Title"},
        marked("def f(): pass", "f", "c1"),
        code(["a = 1\n", "b = 2"]),
        {"cell_type": "raw", "metadata": {}, "source": "raw"},
    )
    assert [cell.source for cell in submission.cells] == ["def f(): pass", "a = 1\nb = 2"]
    assert (submission.cells[0].id, submission.cells[0].grade_id) == ("c1", "f")
    assert (submission.student, submission.lab) == ("alice", "lab77_doubling")
    assert submission.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_byte_order_mark_is_no_fault(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps({"cells": [code("a = 1")]}).encode())
    assert read(path, "alice", "lab").cells[0].source == "a = 1"


def test_notebook_without_cells_is_read(path: Path) -> None:
    assert submitted(path).cells == ()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a notebook"),
        (b"def f(): pass", "not a notebook"),
        (b'{"cells": [{"cell_type": "code", "source": ["def', "Unterminated string"),
        (b"\xff\xfe\x00\x01", "not UTF-8"),
        ('{"cells": []}'.encode("utf-16"), "not UTF-8"),
        (b"PK\x03\x04zip", "not a notebook"),
        (b"[" * 1_000_000, "not a notebook"),
        (b'{"cells":' * 100_000, "not a notebook"),
        (b'{"cells": ' + b"9" * 100_000 + b"}", "not a notebook"),
        (b"null", "no list of cells"),
        (b"[]", "no list of cells"),
        (b"3", "no list of cells"),
        (b'"cells"', "no list of cells"),
        (b"{}", "no list of cells"),
        (b'{"cells": null}', "no list of cells"),
        (b'{"cells": {"0": {}}}', "no list of cells"),
        (b'{"nbformat": 3, "worksheets": [{"cells": []}]}', "old format 3"),
        (b'{"nbformat": [3], "worksheets": []}', "no list of cells"),
        (b'{"cells": [null]}', "cell 1 of the notebook is not a cell"),
        (b'{"cells": [{}, ["code"]]}', "cell 2 of the notebook is not a cell"),
        (b'{"cells": [{"cell_type": "code", "source": 3}]}', "cell 1 of the notebook has no"),
        (b'{"cells": [{"cell_type": "code", "source": null}]}', "cell 1 of the notebook has no"),
        (b'{"cells": [{"cell_type": "code", "source": [1]}]}', "cell 1 of the notebook has no"),
        (b'{"cells": [{"cell_type": "code", "source": [["a"]]}]}', "cell 1 of the notebook"),
    ],
    ids=lambda value: repr(value[:24]),
)
def test_file_that_is_no_notebook_is_refused_in_words(
    path: Path, content: bytes, words: str
) -> None:
    path.write_bytes(content)
    with pytest.raises(UnreadableSubmission, match=words) as raised:
        read(path, "alice", "lab")
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 200


def test_too_many_cells_are_refused(path: Path) -> None:
    with pytest.raises(UnreadableSubmission, match="more than 2000 cells"):
        submitted(path, *[code("")] * (MAX_CELLS + 1))


def test_file_past_the_limit_is_refused_without_reading_it(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(100 << 30)  # 100 GiB, none of it on the disk
    with pytest.raises(UnreadableSubmission, match="larger than 16 MiB"):
        read(path, "alice", "lab")


def test_file_of_exactly_the_limit_is_read(path: Path) -> None:
    head, tail = b'{"cells": [], "x": "', b'"}'
    path.write_bytes(head + b"x" * (MAX_BYTES - len(head) - len(tail)) + tail)
    assert read(path, "alice", "lab").cells == ()


def test_symlink_is_not_followed(tmp_path: Path, path: Path) -> None:
    real = tmp_path / "real.ipynb"
    real.write_text('{"cells": []}')
    path.symlink_to(real)
    with pytest.raises(UnreadableSubmission, match="cannot be opened"):
        read(path, "alice", "lab")


def test_pipe_is_refused_and_not_waited_for(path: Path) -> None:
    os.mkfifo(path)
    started = time.monotonic()
    with pytest.raises(UnreadableSubmission, match="not a regular file"):
        read(path, "alice", "lab")
    assert time.monotonic() - started < 1


def test_directory_device_and_nothing_are_refused(tmp_path: Path) -> None:
    for odd in (tmp_path, Path("/dev/zero")):
        with pytest.raises(UnreadableSubmission, match="not a regular file"):
            read(odd, "alice", "lab")
    with pytest.raises(UnreadableSubmission, match="cannot be opened"):
        read(tmp_path / "nothing.ipynb", "alice", "lab")


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        3,
        [],
        {"nbgrader": None},
        {"nbgrader": []},
        {"nbgrader": {"grade_id": 3}},
        {"nbgrader": {"grade_id": ["a"]}},
    ],
    ids=repr,
)
def test_strange_metadata_cost_nothing(path: Path, metadata: Any) -> None:
    cell = code("a = 1") | {"metadata": metadata, "id": 7}
    submission = submitted(path, cell)
    assert (submission.cells[0].grade_id, submission.cells[0].id) == ("", "")


def test_cell_without_metadata_or_source_is_an_empty_cell(path: Path) -> None:
    submission = submitted(path, {"cell_type": "code"})
    assert submission.cells[0].source == ""


def test_names_are_cut_and_text_is_valid(path: Path) -> None:
    submission = submitted(path, marked("s = '\ud800'", "g\udfff" * 100, "i" * 100))
    cell = submission.cells[0]
    assert len(cell.id) <= 64
    assert len(cell.grade_id) <= 64
    (cell.source + cell.grade_id).encode("utf-8")


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(["cells", "cell_type", "source", "metadata", "nbgrader", "id"]),
            st.one_of(inner, st.just("code")),
            max_size=5,
        ),
    ),
    max_leaves=20,
)


@given(json_values)
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_json_is_a_submission_with_a_plan_or_is_refused(
    lab: Lab, path: Path, content: Any
) -> None:
    path.write_text(json.dumps({"cells": content} if isinstance(content, list) else content))
    try:
        submission = read(path, "alice", lab.name)
    except UnreadableSubmission:
        return
    assert all(isinstance(step.source, str) for step in plan(lab, submission))


@given(st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_a_submission_or_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    try:
        read(path, "alice", "lab")
    except UnreadableSubmission:
        return


# The plan


ANSWER = "def double(x):\n    return SCALE * x"


def test_cells_run_in_the_notebooks_order_but_for_tests_and_experiments(
    lab: Lab, path: Path
) -> None:
    submission = submitted(
        path,
        marked(SETUP, "setup", "c-setup"),
        marked(ANSWER, "double", "c-double"),
        marked(TEST, "test_double", "c-test"),
        code(EXPERIMENT, "c-look"),
        marked("LIMIT = 5", "limit", "c-limit"),
    )
    assert run_order(lab, submission) == [
        SETUP,
        ANSWER,
        "import matplotlib.pyplot as plt",
        "LIMIT = 5",
    ]


def test_locked_cells_that_are_gone_run_first(lab: Lab, path: Path) -> None:
    submission = submitted(path, marked(ANSWER, "double", "c-double"))
    assert run_order(lab, submission) == [SETUP, "LIMIT = 5", ANSWER]


def test_changed_locked_cell_runs_after_the_instructors(lab: Lab, path: Path) -> None:
    changed = SETUP.replace("2", "3")
    submission = submitted(path, marked(changed, "setup", "c-setup"), code(ANSWER))
    assert run_order(lab, submission) == [SETUP, "LIMIT = 5", changed, ANSWER]


def test_white_space_at_the_end_of_a_line_does_not_make_a_locked_cell_changed(
    lab: Lab, path: Path
) -> None:
    again = SETUP.replace("\n", "  \n") + "\n\n"
    submission = submitted(path, code(again), code("LIMIT = 5"), code(ANSWER))
    assert run_order(lab, submission) == [again, "LIMIT = 5", ANSWER]


def test_cells_that_the_student_added_run_where_they_stand(lab: Lab, path: Path) -> None:
    submission = submitted(
        path, code(SETUP), code("LIMIT = 5"), code("a = 1"), code(ANSWER), code("b = 2")
    )
    assert run_order(lab, submission) == [SETUP, "LIMIT = 5", "a = 1", ANSWER, "b = 2"]


def test_visible_test_never_runs_wherever_it_stands_and_whatever_its_name(
    lab: Lab, path: Path
) -> None:
    submission = submitted(path, code(TEST), marked(TEST, "double", "c-double"), code(ANSWER))
    assert TEST not in run_order(lab, submission)


def test_answer_in_the_metadata_of_a_test_runs_since_it_is_the_students(
    lab: Lab, path: Path
) -> None:
    submission = submitted(
        path, marked(ANSWER, "test_double", "c-test", grade=True, locked=True, points=99)
    )
    assert ANSWER in run_order(lab, submission)


def test_code_in_the_metadata_of_a_locked_cell_does_not_take_its_place(
    lab: Lab, path: Path
) -> None:
    submission = submitted(path, marked("SCALE = 7", "setup", "c-setup"), code(ANSWER))
    assert run_order(lab, submission)[0] == SETUP


def test_doubled_cells_both_run(lab: Lab, path: Path) -> None:
    cell = marked(ANSWER, "double", "c-double")
    submission = submitted(path, code(SETUP), code("LIMIT = 5"), cell, cell)
    assert run_order(lab, submission).count(ANSWER) == 2


def test_empty_cells_do_not_run(lab: Lab, path: Path) -> None:
    submission = submitted(path, code(" \n\t"), code(""), code(ANSWER))
    assert run_order(lab, submission) == [SETUP, "LIMIT = 5", ANSWER]


def test_experiment_is_known_by_its_id_also_when_it_was_changed(lab: Lab, path: Path) -> None:
    own = "from math import pi\nfor _ in range(10**9): pass\ndef area(r):\n    return pi * r * r\n"
    submission = submitted(path, code(own, "c-look"))
    assert run_order(lab, submission)[2:] == [
        "from math import pi",
        "def area(r):\n    return pi * r * r",
    ]


def test_experiment_is_known_by_its_source_also_under_another_id(lab: Lab, path: Path) -> None:
    submission = submitted(path, code(EXPERIMENT, "other"), code(EXPERIMENT))
    assert run_order(lab, submission)[2:] == ["import matplotlib.pyplot as plt"] * 2


def test_only_what_is_left_of_an_experiment_may_fail_quietly(lab: Lab, path: Path) -> None:
    submission = submitted(path, code(EXPERIMENT, "c-look"), code(ANSWER))
    quiet = [step.source for step in plan(lab, submission) if step.quiet]
    assert quiet == ["import matplotlib.pyplot as plt"]


def test_students_own_tag_makes_no_experiment(lab: Lab, path: Path) -> None:
    submission = submitted(path, code("x = double(2)", "own", tags=["experiment"]))
    assert "x = double(2)" in run_order(lab, submission)


def test_cell_without_an_id_is_no_experiment_without_an_id(tmp_path: Path, path: Path) -> None:
    source = tmp_path / "lab78_nameless.ipynb"
    cells = [code(EXPERIMENT, tags=["experiment"])]
    source.write_text(json.dumps({"cells": cells, "metadata": {}}))
    assert run_order(read_lab(source), submitted(path, code("a = 1"))) == ["a = 1"]


def test_steps_name_their_cell_for_the_student(lab: Lab, path: Path) -> None:
    submission = submitted(path, code("a = 1"), marked(ANSWER, "double", "c-double"))
    assert [step.place for step in plan(lab, submission)] == [
        "the locked cell setup",
        "the locked cell limit",
        "code cell 1",
        "code cell 2 (double)",
    ]


def test_place_of_a_step_is_printable_whatever_the_cell_is_called(lab: Lab, path: Path) -> None:
    submission = submitted(path, marked("a = 1", "\x1b[2J\u2028\u202e", "c"))
    assert all(step.place.isprintable() for step in plan(lab, submission))


# Definitions of an experiment


def test_definitions_are_imports_functions_and_classes_each_by_itself() -> None:
    source = (
        "import numpy as np, math\n"
        "x = 1\n"
        "@cache\n@other(\n    1)\ndef f():\n    # why\n    return x\n"
        "for i in range(3):\n    def inner(): pass\n"
        "class Point:\n    x = 0\n"
        "async def g(): pass\n"
        "from math import (\n    pi,\n)\n"
        "print(f())\n"
    )
    assert list(definitions(source)) == [
        "import numpy as np, math",
        "@cache\n@other(\n    1)\ndef f():\n    # why\n    return x",
        "class Point:\n    x = 0",
        "async def g(): pass",
        "from math import (\n    pi,\n)",
    ]


def test_what_shares_a_line_with_an_import_does_not_run() -> None:
    assert list(definitions("import math; draw(); import os; x = 'é'; import re")) == [
        "import math",
        "import os",
        "import re",
    ]


def test_odd_line_ends_within_text_do_not_shift_what_follows() -> None:
    source = "title = 'a\u2028b\x0cc\x1cd'\ndef f():\n    return 1\n"
    assert definitions(source) == ("def f():\n    return 1",)


def test_cell_that_is_no_python_has_no_definitions() -> None:
    for source in ("def f(:", "%matplotlib inline\nimport os", "a\0b", "(" * 100_000):
        assert definitions(source) == ()


def test_monstrous_experiment_costs_the_grader_neither_its_life_nor_much_time() -> None:
    script = (
        "from autograder.submission import definitions\n"
        "for source in ('-' * 90_000 + '1', 'a' + '.b' * 90_000, 'x' + '[0]' * 90_000,\n"
        "               'not ' * 90_000 + 'x', '(' * 150 + ')' * 150, 'f(' * 90_000,\n"
        "               'lambda:' * 90_000 + '1', '1' + '+1' * 90_000, '9' * 200_000,\n"
        "               'import a\\n' * 1_700_000, 'a\\n' * 8_000_000, 'a;' * 5_000_000,\n"
        "               'import a\\n' * 22_000, 'a\\n' * 100_000, 'a;' * 100_000):\n"
        "    definitions(source)\n"
    )
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_AS, (2 << 30,) * 2)\n{script}"
    finished = subprocess.run(
        [sys.executable, "-c", limited], capture_output=True, text=True, timeout=60, check=False
    )
    assert finished.returncode == 0, finished.stderr[-500:]
