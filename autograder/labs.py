"""The manifest of a lab, read from its source notebook in solutions/: tasks, points, limits.

The instructor's notebook is the one source. What is locked, what is graded and for how many
points, which letters are right: all of it is read from here, never from a submission.
"""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from autograder.errors import UsageError

ROOT = Path(__file__).resolve().parent.parent
SOLUTIONS = ROOT / "solutions"
LABS = ROOT / "labs"
HIDDEN = Path(__file__).resolve().parent / "hidden"

CellKind = Literal["locked", "solution", "test", "experiment", "text", "other"]
TaskKind = Literal["code", "concept", "written"]
_REGION = re.compile(
    r"^[ \t]*#+ ?BEGIN SOLUTION[^\n]*\n(?P<body>.*?)^[ \t]*#+ ?END SOLUTION", re.M | re.S
)
_OPTION = re.compile(r"^[-*] \*\*([a-z])\.\*\*", re.M)


@dataclass(frozen=True)
class Limits:
    """What a submission may use. Seconds of CPU and of wall clock; a lab may set its own."""

    call_cpu: int = 5
    call_wall: int = 15
    cell_cpu: int = 20
    cell_wall: int = 60
    submission_cpu: int = 120
    submission_wall: int = 300
    memory_bytes: int = 2 << 30
    processes: int = 64
    file_bytes: int = 64 << 20


@dataclass(frozen=True)
class LabCell:
    """One cell of the instructor's notebook. `name` is its grade_id ("" if it has none)."""

    id: str
    name: str
    kind: CellKind
    source: str


@dataclass(frozen=True)
class Task:
    """One graded task. `key` holds the right letters of a concept question."""

    name: str
    points: float
    kind: TaskKind
    key: frozenset[str] = frozenset()
    letters: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False)
class Lab:
    """A lab as its source notebook at `path` describes it: one object for each lab that is read.

    `hidden_tests` is its hidden test module, `release` the student's notebook, built from it.
    With `torch`, its sandboxes have torch. With `gpu`, submissions are graded one at a time on a
    device, each in a process of its own that is never forked.
    """

    name: str
    path: Path
    cells: tuple[LabCell, ...]
    tasks: tuple[Task, ...]
    limits: Limits
    hidden_tests: Path
    release: Path
    torch: bool = False
    gpu: bool = False

    @property
    def max_score(self) -> float:
        """The points that are graded automatically."""
        return sum(task.points for task in self.tasks if task.kind != "written")

    def code_tasks(self) -> list[str]:
        """The names of the functions that the student writes."""
        return [task.name for task in self.tasks if task.kind == "code"]

    def imports(self) -> list[str]:
        """The import statements of the cells that every notebook of this lab has."""
        statements: dict[str, None] = {}
        for cell in self.cells:
            if cell.kind in ("locked", "experiment"):
                statements |= dict.fromkeys(_imports(cell.source))
        return list(statements)


def all_labs() -> list[str]:
    """The names of all labs, in order."""
    return sorted(path.parent.name for path in SOLUTIONS.glob("lab*/lab*.ipynb"))


def find(prefix: str) -> Lab:
    """The lab whose name begins with `prefix`; UsageError unless there is exactly one."""
    if (lab := named(prefix)) is not None:
        return lab
    names = [name for name in all_labs() if name.startswith(prefix)]
    if len(names) != 1:
        choices = ", ".join(names or all_labs())
        problem = "no lab is called" if not names else "several labs begin with"
        raise UsageError(f"{problem} {prefix!r}; choose one of: {choices}")
    return read(SOLUTIONS / names[0] / f"{names[0]}.ipynb")


def named(name: str) -> Lab | None:
    """The lab of just this name, if the course has it."""
    path = SOLUTIONS / name / f"{name}.ipynb"
    return read(path) if name and path.is_file() else None


@lru_cache(maxsize=32)
def read(path: Path) -> Lab:
    """Read a lab from its source notebook; UsageError if its cells do not fit together."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells = tuple(_read_cell(cell) for cell in notebook["cells"])
    settings = notebook["metadata"].get("dlcourse", {})
    try:
        tasks = tuple(_read_tasks(notebook["cells"]))
    except UsageError as error:
        raise UsageError(f"{path.name}: {error}") from error
    return Lab(
        name=path.stem,
        path=path,
        cells=cells,
        tasks=tasks,
        limits=dataclasses.replace(Limits(), **settings.get("limits", {})),
        hidden_tests=HIDDEN / f"test_{path.stem}.py",
        release=LABS / path.stem / path.name,
        torch=bool(settings.get("torch", False)),
        gpu=bool(settings.get("gpu", False)),
    )


def is_question(task: str) -> bool:
    """Whether a task is a concept question, which its name says."""
    return task.startswith("q_")


def number_of(lab: str) -> str:
    """``lab04`` of ``lab04_batchnorm``: how its checks, answers and equivalents are filed."""
    return lab.partition("_")[0]


def solution_regions(source: str) -> list[str]:
    """The bodies of the solution regions in a cell's source."""
    return [match["body"] for match in _REGION.finditer(source)]


def source_of(cell: dict[str, Any]) -> str:
    """A cell's source as one string; the format allows a list of lines."""
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def _imports(source: str) -> list[str]:
    """The top-level imports of a cell; none of one with magics, which is not Python."""
    with contextlib.suppress(SyntaxError):
        body = ast.parse(source).body
        return [ast.unparse(node) for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
    return []


def _read_cell(cell: dict[str, Any]) -> LabCell:
    marks = cell["metadata"].get("nbgrader", {})
    kind: CellKind = "other"
    if cell["cell_type"] != "code":
        kind = "text"
    elif "experiment" in cell["metadata"].get("tags", []):
        kind = "experiment"
    elif marks.get("grade") and not marks.get("solution"):
        kind = "test"
    elif marks.get("solution"):
        kind = "solution"
    elif marks.get("locked"):
        kind = "locked"
    return LabCell(cell.get("id", ""), marks.get("grade_id", ""), kind, source_of(cell))


def _read_tasks(cells: list[dict[str, Any]]) -> list[Task]:
    marked = [cell for cell in cells if "nbgrader" in cell["metadata"]]
    by_name = {cell["metadata"]["nbgrader"]["grade_id"]: cell for cell in marked}
    tasks = []
    for cell in marked:
        marks = cell["metadata"]["nbgrader"]
        if not marks.get("grade"):
            continue
        name, points = marks["grade_id"], float(marks["points"])
        if marks.get("solution"):
            tasks.append(Task(name, points, "written"))
            continue
        name = name.removeprefix("test_")
        if name not in by_name:
            raise UsageError(f"the test cell test_{name} has no solution cell {name}")
        if is_question(name):
            key = _answer_key(name, source_of(by_name[name]))
            letters = _letters(name, source_of(cell))
            _check_letters(name, key, letters, by_name)
            tasks.append(Task(name, points, "concept", key, letters))
        else:
            tasks.append(Task(name, points, "code"))
    return tasks


def _check_letters(
    name: str, key: frozenset[str], letters: frozenset[str], cells: dict[str, dict[str, Any]]
) -> None:
    """Raise UsageError unless key, check and text of a question are about the same letters."""
    offered = ", ".join(sorted(letters))
    if not set() < key < letters:
        given = ", ".join(sorted(key)) or "no letter"
        raise UsageError(
            f"{name}: the key is {given}; expected right and wrong letters of {offered}"
        )
    if text := cells.get(f"ask_{name.removeprefix('q_')}"):
        options = frozenset(_OPTION.findall(source_of(text)))
        if options != letters:
            found = ", ".join(sorted(options)) or "none"
            raise UsageError(
                f"{name}: the check offers {offered}, but the text's options are {found};"
                " an option begins as in '- **a.** Yes.'"
            )


def _answer_key(name: str, source: str) -> frozenset[str]:
    """The literal set that the solution region assigns to ``answers[name]``."""
    for region in solution_regions(source):
        for node in ast.parse(region).body:
            if (
                isinstance(node, ast.Assign)
                and isinstance(node.targets[0], ast.Subscript)
                and ast.literal_eval(node.targets[0].slice) == name
            ):
                return frozenset(ast.literal_eval(node.value))
    raise UsageError(f'{name}: the solution region has no answers["{name}"] = {{...}}')


def _letters(name: str, source: str) -> frozenset[str]:
    """The letters on offer, from the test cell's ``check_answer("q_slug", answers, "abcd")``."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and len(node.args) == 3:
            return frozenset(ast.literal_eval(node.args[2]))
    raise UsageError(f"{name}: the test cell does not say which letters there are")
