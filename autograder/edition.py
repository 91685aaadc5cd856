"""The student edition of dlcourse: what a lab asks for is withheld, by syntax tree.

Every function that the lab or a later one names as a task keeps its signature and docstring and
has its body replaced. Private functions that only withheld ones used go as well.
"""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import dlcourse
from autograder import labs

LIBRARY = Path(dlcourse.__file__).parent
_CHECKS = "checks"


def withheld(lab: str) -> dict[str, str]:
    """The functions that `lab` and later labs ask for, each with the lab's number."""
    names: dict[str, str] = {}
    for name in labs.all_labs():
        if name >= lab:
            for task in labs.find(name).code_tasks():
                names.setdefault(task, name[3:5])
    return names


def write_student_edition(lab: str, directory: Path) -> None:
    """Write the student edition for `lab` as ``directory/dlcourse``."""
    names = withheld(lab)
    ignore = shutil.ignore_patterns("__pycache__", "*.pyc")
    shutil.copytree(LIBRARY, directory / "dlcourse", ignore=ignore)
    for path in sorted((directory / "dlcourse").rglob("*.py")):
        if _CHECKS not in path.relative_to(directory).parts:
            source = path.read_text(encoding="utf-8")
            path.write_text(withhold(source, names), encoding="utf-8")


def withhold(source: str, names: dict[str, str]) -> str:
    """`source` without the bodies of the top-level functions in `names`."""
    tree = ast.parse(source)
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    hidden = {name for name in functions if name in names}
    if not hidden:
        return source
    hidden |= _private_helpers(tree, functions, hidden)
    lines = source.splitlines(keepends=True)
    for node in sorted((functions[name] for name in hidden), key=lambda node: -node.lineno):
        if node.name in names:
            _replace_body(lines, node, names[node.name])
        else:
            start = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            del lines[_above_comments(lines, start) - 1 : node.end_lineno]
    return "".join(lines)


def _replace_body(lines: list[str], node: ast.FunctionDef, number: str) -> None:
    words = f"lab {number} asks you to write this yourself"
    body = f'    from dlcourse import Withheld\n\n    raise Withheld("{words}")\n'
    first = node.body[0]
    if ast.get_docstring(node) is not None:
        line, column = first.end_lineno or 0, first.end_col_offset or 0
    else:
        decorators = getattr(first, "decorator_list", [])
        line, column = min((n.lineno, n.col_offset) for n in [first, *decorators])
    head = lines[line - 1].encode()[:column].decode().rstrip(" @")
    if not head:
        line = _above_comments(lines, line)
    lines[line - 1 : node.end_lineno] = [f"{head}\n" if head else "", body]


def _above_comments(lines: list[str], line: int) -> int:
    """The first of the comment lines that stand right above line number `line`, or it itself."""
    while line > 1 and lines[line - 2].lstrip().startswith("#"):
        line -= 1
    return line


def _private_helpers(
    tree: ast.Module, functions: dict[str, ast.FunctionDef], hidden: set[str]
) -> set[str]:
    """The private functions that are used by hidden functions and by nothing else."""
    uses = {node: _names(node) for node in tree.body}
    private = {name for name in functions if name.startswith("_")}
    helpers: set[str] = set()
    while True:
        gone = {functions[name] for name in hidden | helpers}
        by_hidden = set().union(*(uses[node] for node in gone))
        elsewhere = set().union(*(names for node, names in uses.items() if node not in gone))
        found = (private & by_hidden) - elsewhere - helpers
        if not found:
            return helpers
        helpers |= found


def _names(node: ast.AST) -> set[str]:
    """The names that `node` reads; a function's own name within itself does not count."""
    names = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
    return names - ({node.name} if isinstance(node, ast.FunctionDef) else set())
