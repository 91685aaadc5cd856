"""Known mistakes and unusual right solutions: what the hidden tests are measured against.

Each stands as a function in ``labNN.py``, or ``labNN_topic.py`` where a lab has many, under a
decorator that says what it is::

    @mistake("sgd_epoch", says="Each row is used with another row's target.")
    def targets_in_another_order(grad, w, X, d, lr, j, rng): ...

    @variant("sgd_epoch")
    def rows_copied_into_order_first(grad, w, X, d, lr, j, rng): ...

`load` reads these files as text: an answer's source, renamed to its task, replaces the student's
solution cell. A sentence in `says` goes to the student who made that mistake, and holds no code.
"""

from __future__ import annotations

import ast
import builtins
import re
import symtable
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

from autograder.labs import number_of

Function = TypeVar("Function", bound=Callable[..., Any])
Kind = Literal["mistake", "variant"]
FOLDER = Path(__file__).parent


class AnswerError(ValueError):
    """A file of answers cannot be read: the message says where, and what is expected there."""


@dataclass(frozen=True)
class Answer:
    """One way to solve a task, wrong or right.

    Attributes:
        kind: "mistake" for a wrong one, "variant" for a right one.
        task: the task that it solves.
        name: the function's own name, which says what is special about it.
        says: the sentence for a student who made this mistake; empty for a variant.
        source: the text of a solution cell: the imports it needs and the function, undecorated,
            under the task's name.
    """

    kind: Kind
    task: str
    name: str
    says: str
    source: str


def mistake(task: str, *, says: str) -> Callable[[Function], Function]:
    """Marks a wrong solution of `task`; `says` helps the student who wrote it, without code."""
    del task, says
    return lambda function: function


def variant(task: str) -> Callable[[Function], Function]:
    """Marks a right solution of `task`, of another kind than the reference."""
    del task
    return lambda function: function


def load(lab: str, folder: Path = FOLDER) -> list[Answer]:
    """The answers of a lab ("lab01", or a longer name that starts so), in the files' order.

    Args:
        lab: the lab's number or name.
        folder: where its files of answers are.

    Raises:
        AnswerError: where a function has no decorator, or one that is not literal.
    """
    number = number_of(lab)
    paths = sorted([*folder.glob(f"{number}.py"), *folder.glob(f"{number}_*.py")])
    return [answer for path in paths for answer in _read(path)]


def unbound(answer: Answer) -> set[str]:
    """The names that the answer uses and does not bring along, such as a constant of its file.

    In a solution cell it would fail at the first of them, and count as killed by any test.
    """
    cell = symtable.symtable(answer.source, answer.name, "exec")
    symbols = cell.get_symbols()
    own = {name.get_name() for name in symbols if name.is_assigned() or name.is_imported()}
    return _taken(cell) - own - set(dir(builtins))


def _taken(scope: symtable.SymbolTable) -> set[str]:
    """The names that a scope, and those in it, take from the cell around them."""
    names = {name.get_name() for name in scope.get_symbols() if name.is_global()}
    return names.union(*map(_taken, scope.get_children()))


def _read(path: Path) -> list[Answer]:
    text = path.read_text(encoding="utf-8")
    body = ast.parse(text, filename=str(path)).body
    imports = [node for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
    functions = [node for node in body if isinstance(node, ast.FunctionDef)]
    return [_answer(function, imports, text, path.name) for function in functions]


def _answer(
    function: ast.FunctionDef, imports: list[ast.Import | ast.ImportFrom], text: str, file: str
) -> Answer:
    place = f"{file}, line {function.lineno}, {function.name}"
    if len(function.decorator_list) != 1:
        raise AnswerError(f"{place}: expected one decorator, @mistake(...) or @variant(...)")
    kind, task, says = _decoration(function.decorator_list[0], place)
    used = _names(function)
    needed = [line for node in imports for line in _import_lines(node, used)]
    lines = text.splitlines()[function.lineno - 1 : function.end_lineno]
    definition = re.sub(rf"\b{function.name}\b", task, "\n".join(lines))
    source = "\n".join([*needed, "", "", definition, ""] if needed else [definition, ""])
    return Answer(kind, task, function.name, says, source)


def _decoration(decorator: ast.expr, place: str) -> tuple[Kind, str, str]:
    expected = f'{place}: expected @mistake("task", says="…") or @variant("task")'
    if not (isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Name)):
        raise AnswerError(expected)
    kind = decorator.func.id
    try:
        positional = [ast.literal_eval(value) for value in decorator.args]
        keywords = {word.arg: ast.literal_eval(word.value) for word in decorator.keywords}
    except ValueError as error:
        raise AnswerError(f"{expected}, written out as strings") from error
    wanted = {"mistake": {"says"}, "variant": set()}.get(kind)
    if keywords.keys() != wanted or [type(value) for value in positional] != [str]:
        raise AnswerError(expected)
    return cast(Kind, kind), positional[0], str(keywords.get("says", ""))


def _names(function: ast.FunctionDef) -> set[str]:
    """The names that `function` uses anywhere but in its decorator."""
    parts = [part for part in ast.iter_child_nodes(function) if part not in function.decorator_list]
    nodes = [node for part in parts for node in ast.walk(part)]
    return {node.id for node in nodes if isinstance(node, ast.Name)}


def _import_lines(node: ast.Import | ast.ImportFrom, used: set[str]) -> list[str]:
    """One line for each name that `node` imports and the answer uses."""
    origin = f"from {node.module} " if isinstance(node, ast.ImportFrom) else ""
    lines = []
    for alias in node.names:
        bound = alias.asname or alias.name.partition(".")[0]
        renamed = f" as {alias.asname}" if alias.asname else ""
        if bound in used:
            lines.append(f"{origin}import {alias.name}{renamed}")
    return lines
