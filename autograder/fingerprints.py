"""Normal forms of Python statements: alike for code that differs in names and layout alone.

Names become numbers in the order in which they appear, 1.0 becomes 1, and ``x += y`` becomes
``x = x + y``; comments, annotations, docstrings and layout play no part. Attributes, keywords,
constants and builtins stay, since nobody who copies code renames them.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

_BUILTINS = frozenset(dir(builtins))
_BLOCKS = ("body", "orelse", "finalbody", "handlers")
_LEFT_OUT = frozenset({*_BLOCKS, "ctx", "kind", "type_comment", "annotation", "returns"})
_TELLING = (
    *(ast.BinOp, ast.Compare, ast.BoolOp, ast.UnaryOp, ast.IfExp, ast.Call, ast.Lambda),
    *(ast.Attribute, ast.Subscript, ast.Constant, ast.keyword, ast.comprehension),
)
_LONGEST_RUN = 3


@dataclass(frozen=True)
class Form:
    """The normal form of one statement or a run of them.

    Attributes:
        text: equal for equal code, whatever its names and layout.
        weight: how many operations, calls, attributes, constants … it has: its power to tell.
        line: where it begins in its source.
        named: the same with the names as they are; empty for runs and functions.
    """

    text: str
    weight: int
    line: int
    named: str = ""


@dataclass(frozen=True)
class _Name:
    """A name that may be any other."""

    id: str


_Token = str | _Name


def statement_forms(tree: ast.AST) -> Iterator[Form]:
    """The forms of every statement in `tree`, alone and in runs of up to three in one block.

    A statement alone stands for what it computes, so that ``return a + b`` and ``c = a + b`` are
    alike; a compound one for its head.
    """
    for node in ast.walk(tree):
        for field in _BLOCKS:
            block = getattr(node, field, None)
            if isinstance(block, list):
                yield from run_forms([s for s in block if isinstance(s, ast.stmt)])


def run_forms(block: Sequence[ast.stmt]) -> Iterator[Form]:
    """The forms of the statements of one block, alone and in runs; not of blocks within them."""
    said = [statement for statement in block if not _is_silent(statement)]
    tokens = [list(_tokens(_head(statement))) for statement in said]
    weights = [_weight(_head(statement)) for statement in said]
    for i, statement in enumerate(said):
        value = _value(statement)
        if value is not None:
            written = list(_tokens(value))
            named = " ".join(token.id if isinstance(token, _Name) else token for token in written)
            yield Form(_numbered(written), _weight(value), statement.lineno, named)
        for length in range(2, min(_LONGEST_RUN, len(said) - i) + 1):
            run = [token for part in tokens[i : i + length] for token in [*part, ";"]]
            weight = sum(weights[i : i + length])
            yield Form(_numbered(run), weight, statement.lineno)


def function_form(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> Form:
    """The form of a whole function: its parameters in order and all of its body."""
    body: list[ast.stmt]
    body = [ast.Return(node.body)] if isinstance(node, ast.Lambda) else node.body
    run: list[_Token] = [_Name(parameter) for parameter in parameters(node)]
    weight = 0
    for statement in _flat(body):
        run += [";", *_tokens(_head(statement))]
        weight += _weight(_head(statement))
    return Form(_numbered(run), weight, node.lineno)


def parameters(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> list[str]:
    """The names of a function's parameters, in order."""
    given = node.args
    return [argument.arg for argument in [*given.posonlyargs, *given.args, *given.kwonlyargs]]


def is_docstring(statement: ast.stmt) -> bool:
    """Whether a statement is a constant alone: a docstring, or an ellipsis."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _flat(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """All statements of a body, those of inner blocks after their head."""
    for statement in body:
        if _is_silent(statement):
            continue
        yield statement
        for field in _BLOCKS:
            for inner in getattr(statement, field, []):
                yield from _flat(inner.body if isinstance(inner, ast.ExceptHandler) else [inner])


def _is_silent(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Pass | ast.Import | ast.ImportFrom) or is_docstring(statement)


def _head(statement: ast.stmt) -> ast.stmt:
    """`statement` in the plainest of the ways in which it can be written."""
    if isinstance(statement, ast.AugAssign):
        value = ast.BinOp(statement.target, statement.op, statement.value)
        return ast.Assign([statement.target], value)
    if isinstance(statement, ast.AnnAssign) and statement.value is not None:
        return ast.Assign([statement.target], statement.value)
    return statement


def _value(statement: ast.stmt) -> ast.AST | None:
    """What a statement computes; None for one that only declares."""
    plain = _head(statement)
    if isinstance(plain, ast.Assign | ast.Return | ast.Expr):
        return plain.value
    if isinstance(plain, ast.If | ast.While | ast.Assert):
        return plain.test
    return plain.iter if isinstance(plain, ast.For | ast.AsyncFor) else None


def _weight(node: ast.AST) -> int:
    return sum(isinstance(inner, _TELLING) for inner in _walk_head(node))


def _walk_head(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for field, value in ast.iter_fields(node):
        if field in _LEFT_OUT and isinstance(node, ast.stmt | ast.arg):
            continue
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, ast.AST):
                yield from _walk_head(inner)


def _tokens(node: ast.AST) -> Iterator[_Token]:
    """The syntax tree written out, without the blocks of a compound statement."""
    if isinstance(node, ast.Name):
        yield node.id if node.id in _BUILTINS else _Name(node.id)
        return
    if isinstance(node, ast.Constant):
        yield _constant(node.value)
        return
    yield type(node).__name__
    own_name = isinstance(node, ast.arg | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    for field, value in ast.iter_fields(node):
        if field in _LEFT_OUT and not isinstance(node, ast.Lambda | ast.IfExp):
            continue
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, ast.AST):
                yield from _tokens(inner)
            elif own_name and isinstance(inner, str):
                yield _Name(inner)
            else:
                yield "-" if inner is None else f"{field}={inner}"
        yield ","


def _constant(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return repr(int(value))
    return repr(value)


def _numbered(tokens: Iterable[_Token]) -> str:
    numbers: dict[str, str] = {}
    words = [
        numbers.setdefault(token.id, f"v{len(numbers)}") if isinstance(token, _Name) else token
        for token in tokens
    ]
    return " ".join(words)
