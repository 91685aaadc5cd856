"""Who may import whom: the rules of the house, and the drawings that `make imports` makes."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from autograder import labs

DRAWN = labs.ROOT / "docs" / "imports"
HEAVY = {"torch", "matplotlib", "scipy", "sklearn", "IPython", "pandas"}
IN_THE_BOX = ("autograder.sandbox.worker", "autograder.sandbox.wire")


@pytest.fixture(scope="module")
def drawn() -> ModuleType:
    """The script that draws, as a module."""
    spec = importlib.util.spec_from_file_location("imports", labs.ROOT / "docs" / "imports.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("room", ["dlcourse", "autograder"])
def test_drawing_is_what_the_command_makes_now(
    drawn: ModuleType, room: str, tmp_path: Path
) -> None:
    drawn.main(tmp_path)
    now = (tmp_path / f"{room}.svg").read_text(encoding="utf-8")
    assert now == (DRAWN / f"{room}.svg").read_text(encoding="utf-8"), "say: make imports"


@pytest.mark.parametrize("room", ["dlcourse", "autograder"])
def test_every_import_at_the_top_of_a_module_leads_up_in_the_drawing(
    drawn: ModuleType, room: str
) -> None:
    boxes = drawn.graph(room)
    places = drawn.place(boxes)
    up = {
        (name, target): places[target][1] < places[name][1]
        for name, imported in boxes.items()
        for target, top in imported.items()
        if top
    }
    assert len(up) > 40
    assert all(up.values())


def test_imports_in_a_circle_are_refused_by_name(drawn: ModuleType) -> None:
    with pytest.raises(ValueError, match=r"import each other: \['a', 'b'\]"):
        drawn.levels({"a": {"b": True}, "b": {"a": True}, "c": {}})


def test_library_imports_nothing_of_the_grader(drawn: ModuleType) -> None:
    reaching = [
        (module, name)
        for module in drawn.modules()
        if module.startswith("dlcourse")
        for name, _ in drawn.imports(module)
        if name.partition(".")[0] == "autograder"
    ]
    assert reaching == []


def test_what_runs_in_the_box_imports_the_standard_library_and_numpy_alone(
    drawn: ModuleType,
) -> None:
    waiting, seen, foreign = list(IN_THE_BOX), set(IN_THE_BOX), set()
    while waiting:
        for name, top in drawn.imports(waiting.pop()):
            root = name.partition(".")[0]
            if not top or root == "numpy" or root in sys.stdlib_module_names:
                continue
            if name.startswith("autograder.sandbox") and name not in seen:
                waiting.append(name)
                seen.add(name)
            elif name not in seen:
                foreign.add(name)
    assert foreign == set()
    assert len(seen) >= 5


def test_importing_the_library_imports_nothing_heavy() -> None:
    code = "import dlcourse, json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=labs.ROOT
    )
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert "dlcourse" in loaded
    assert loaded & HEAVY == set()
