"""The manifest of a lab, read from its source notebook."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from autograder import labs
from autograder.errors import UsageError
from autograder.grading import HiddenTests
from autograder.labs import Lab, Limits, all_labs, find, read, solution_regions

REGION = "### BEGIN SOLUTION\n{}\n### END SOLUTION"


def cell(
    source: str, grade_id: str = "", kind: str = "code", tags: tuple[str, ...] = (), **marks: Any
) -> dict[str, Any]:
    metadata: dict[str, Any] = {"tags": list(tags)} if tags else {}
    if grade_id:
        usual = {"grade": False, "solution": False, "locked": False}
        metadata["nbgrader"] = usual | {"grade_id": grade_id} | marks
    return {"cell_type": kind, "metadata": metadata, "source": source}


def lab_of(directory: Path, *cells: dict[str, Any], **settings: Any) -> Lab:
    path = directory / "lab77_topic.ipynb"
    metadata = {"dlcourse": settings} if settings else {}
    path.write_text(json.dumps({"cells": list(cells), "metadata": metadata}))
    return read(path)


def question(key: str, options: str = '"abcd"') -> list[dict[str, Any]]:
    return [
        cell(REGION.format(key), "q_order", solution=True),
        cell(f'check_answer("q_order", answers, {options})', "test_q_order", grade=True, points=2),
    ]


# The labs that there are


@pytest.mark.parametrize("name", all_labs())
def test_lab_is_named_alike_everywhere_and_has_a_hundred_points(name: str) -> None:
    lab = find(name)
    assert lab.name == name == lab.path.stem == lab.path.parent.name
    assert lab.hidden_tests.exists()
    assert lab.release.exists()
    points = {
        kind: sum(task.points for task in lab.tasks if task.kind == kind)
        for kind in ("code", "concept", "written")
    }
    assert points == {"code": 75, "concept": 15, "written": 10}
    assert lab.max_score == 90


@pytest.mark.parametrize("name", all_labs())
def test_question_has_right_and_wrong_letters(name: str) -> None:
    for task in find(name).tasks:
        if task.kind == "concept":
            assert task.key < task.letters
            assert task.key


@pytest.mark.parametrize("name", all_labs())
def test_not_all_questions_of_a_lab_have_the_same_number_of_right_letters(name: str) -> None:
    keys = [task.key for task in find(name).tasks if task.kind == "concept"]
    assert len({len(key) for key in keys}) > 1, "all have as many, which helps who guesses"


@pytest.mark.parametrize("name", all_labs())
def test_no_letter_is_right_in_all_or_in_none_of_the_questions_that_have_it(name: str) -> None:
    questions = [task for task in find(name).tasks if task.kind == "concept"]
    for letter in set().union(*(task.letters for task in questions)):
        right = [letter in task.key for task in questions if letter in task.letters]
        assert len(right) == 1 or len(set(right)) == 2, f"{letter} is right in all or in none"


@pytest.mark.parametrize("name", all_labs())
def test_names_and_cell_ids_are_unique(name: str) -> None:
    lab = find(name)
    for names in ([c.name for c in lab.cells if c.name], [c.id for c in lab.cells]):
        assert len(names) == len(set(names))
    assert all(cell.id for cell in lab.cells)


@pytest.mark.parametrize("name", all_labs())
def test_every_code_task_has_hidden_tests_and_nothing_else_has(name: str) -> None:
    lab = find(name)
    hidden = HiddenTests(lab.hidden_tests, b"a secret")
    assert hidden.tasks() == set(lab.code_tasks())
    hidden.close()


# Finding


def test_lab_is_found_by_a_prefix_that_only_it_has() -> None:
    assert find("lab01") is find("lab01_sgd_vs_batch")


@pytest.mark.parametrize("prefix", ["lab99", "sgd", "LAB01", "lab01_sgd_vs_batch_x"])
def test_name_of_no_lab_is_an_error_that_lists_the_labs(prefix: str) -> None:
    with pytest.raises(UsageError, match="no lab is called") as raised:
        find(prefix)
    assert "lab01_sgd_vs_batch" in str(raised.value)


def test_prefix_of_several_labs_is_an_error_and_a_whole_name_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("lab01_a", "lab01_ab", "lab02_c"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.ipynb").write_text('{"cells": [], "metadata": {}}')
    monkeypatch.setattr(labs, "SOLUTIONS", tmp_path)
    assert all_labs() == ["lab01_a", "lab01_ab", "lab02_c"]
    assert find("lab01_a").name == "lab01_a"
    assert find("lab02").name == "lab02_c"
    with pytest.raises(UsageError, match="several labs begin with 'lab01'"):
        find("lab01")


# Reading


def test_kinds_of_cells_are_told_by_the_instructors_marks(tmp_path: Path) -> None:
    lab = lab_of(
        tmp_path,
        cell("# title", kind="markdown"),
        cell("import numpy", "setup", locked=True),
        cell("def f(): ...", "f", solution=True),
        cell("check(f)", "test_f", grade=True, locked=True, points=5),
        cell("plot()", tags=("experiment",)),
        cell("x = 1"),
    )
    kinds = [entry.kind for entry in lab.cells]
    assert kinds == ["text", "locked", "solution", "test", "experiment", "other"]


def test_tasks_have_points_kinds_keys_and_letters(tmp_path: Path) -> None:
    lab = lab_of(
        tmp_path,
        cell("def f(): ...", "f", solution=True),
        cell("check(f)", "test_f", grade=True, points=5),
        *question('answers["q_order"] = {"a", "c"}'),
        cell("why?", "w_why", kind="markdown", grade=True, solution=True, points=3),
    )
    assert [(task.name, task.points, task.kind) for task in lab.tasks] == [
        ("f", 5, "code"),
        ("q_order", 2, "concept"),
        ("w_why", 3, "written"),
    ]
    assert lab.tasks[1].key == {"a", "c"}
    assert lab.tasks[1].letters == {"a", "b", "c", "d"}
    assert lab.max_score == 7
    assert lab.code_tasks() == ["f"]


def test_test_cell_without_its_solution_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="test_f has no solution cell f"):
        lab_of(tmp_path, cell("check(f)", "test_f", grade=True, points=5))


def test_question_without_a_key_or_letters_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no answers"):
        lab_of(tmp_path, *question('answers["q_other"] = {"a"}'))


def test_question_whose_test_names_no_letters_is_an_error(tmp_path: Path) -> None:
    key, test = question('answers["q_order"] = {"a"}')
    with pytest.raises(UsageError, match="which letters"):
        lab_of(tmp_path, key, test | {"source": "pass"})


@pytest.mark.parametrize("key", ['{"a", "b", "c", "d"}', "set()", '{"z"}', '{"a", "z"}'])
def test_question_without_right_and_wrong_letters_is_an_error(tmp_path: Path, key: str) -> None:
    with pytest.raises(UsageError, match="right and wrong letters"):
        lab_of(tmp_path, *question(f'answers["q_order"] = {key}'))


OPTIONS = "**Which?**\n\n- **a.** One.\n- **b.** Two, *not* three.\n"


def test_question_whose_text_and_check_have_other_options_is_an_error(tmp_path: Path) -> None:
    asked = cell(OPTIONS, "ask_order", kind="markdown", locked=True)
    with pytest.raises(UsageError, match=r"lab77.*q_order: .* offers a, b, c, but .* are a, b;"):
        lab_of(tmp_path, asked, *question('answers["q_order"] = {"a"}', '"abc"'))
    asked["source"] += "- **c.** Three.\n"
    (task,) = lab_of(tmp_path, asked, *question('answers["q_order"] = {"a"}', '"abc"')).tasks
    assert task.letters == {"a", "b", "c"}


def test_key_is_read_and_never_run(tmp_path: Path) -> None:
    with pytest.raises((UsageError, ValueError)):
        lab_of(tmp_path, *question('answers["q_order"] = set(open("/etc/passwd"))'))


def test_lab_sets_its_own_limits_and_keeps_the_other_ones(tmp_path: Path) -> None:
    lab = lab_of(tmp_path, limits={"call_wall": 30}, torch=True)
    assert lab.limits == Limits(call_wall=30)
    assert lab.torch


def test_limit_that_there_is_not_is_an_error(tmp_path: Path) -> None:
    with pytest.raises((UsageError, TypeError), match="call_wal"):
        lab_of(tmp_path, limits={"call_wal": 30})


def test_bodies_of_solution_regions_are_found_in_order() -> None:
    source = (
        "def f():\n    ### BEGIN SOLUTION\n    a = 1\n    ### END SOLUTION\n"
        "#BEGIN SOLUTION here\nb = 2\n# END SOLUTION"
    )
    assert solution_regions(source) == ["    a = 1\n", "b = 2\n"]
    assert solution_regions("x = 'BEGIN SOLUTION'") == []
