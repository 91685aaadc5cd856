"""Mutants: a reference solution changed in one place, in the ways that students get things wrong.

Each operator takes a node of the syntax tree and gives what may stand in its place. mutmut and
Cosmic Ray change files and run a command for each, at a second a mutant; here a mutant is the
source of a solution cell, as a known mistake is, and takes as long as a call of the tests.
"""

from __future__ import annotations

import ast
import copy
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Replacement = ast.AST | None  # None: the statement is dropped
Operator = Callable[[ast.AST], Iterator[Replacement]]


@dataclass(frozen=True)
class Mutant:
    """A changed reference.

    Attributes:
        task: the task whose solution it is.
        id: a hash of the whole changed cell, so that it means this change to this reference alone.
        operator: the kind of change.
        change: the changed statement, before and after.
        source: the solution cell.
    """

    task: str
    id: str
    operator: str
    change: str
    source: str


def mutants(task: str, source: str) -> list[Mutant]:
    """All mutants of a solution cell, each once, in the order of the source."""
    tree = _without_words(ast.parse(source))
    seen = {ast.unparse(tree)}
    found = []
    for place, node in enumerate(ast.walk(tree)):
        for operator in OPERATORS:
            for replacement in operator(node):
                changed = copy.deepcopy(tree)
                before, after = _replace(changed, place, replacement)
                text = ast.unparse(changed)
                if text not in seen:
                    seen.add(text)
                    digest = hashlib.sha256(text.encode()).hexdigest()[:10]
                    name = operator.__name__.replace("_", " ")
                    found.append(Mutant(task, digest, name, f"{before}  →  {after}", text + "\n"))
    return found


def arithmetic(node: ast.AST) -> Iterator[Replacement]:
    """Another operation of the same rank; a sign that is lost; operands exchanged."""
    if isinstance(node, ast.BinOp | ast.AugAssign):
        for other in _ARITHMETIC.get(type(node.op), ()):
            yield _with(node, op=other())
    if isinstance(node, ast.BinOp) and isinstance(
        node.op, ast.Sub | ast.Div | ast.MatMult | ast.Pow
    ):
        yield _with(node, left=node.right, right=node.left)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not | ast.Invert):
        yield node.operand


def operand(node: ast.AST) -> Iterator[Replacement]:
    """A term or factor that is left out."""
    if isinstance(node, ast.BinOp):
        yield node.left
        if isinstance(node.op, ast.Add | ast.Mult):
            yield node.right


def comparison(node: ast.AST) -> Iterator[Replacement]:
    """A bound that is taken in or out, a comparison turned round, a condition negated."""
    if isinstance(node, ast.Compare):
        for place, op in enumerate(node.ops):
            for other in _COMPARISONS.get(type(op), ()):
                yield _with(node, ops=[*node.ops[:place], other(), *node.ops[place + 1 :]])
    if isinstance(node, ast.BoolOp):
        yield _with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
        yield from node.values
    if isinstance(node, ast.If | ast.While | ast.IfExp):
        yield _with(node, test=ast.UnaryOp(ast.Not(), node.test))


def constant(node: ast.AST) -> Iterator[Replacement]:
    """A number that is off by one or by a factor of two; True for False."""
    if not isinstance(node, ast.Constant):
        return
    if isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node.value, int):
        yield ast.Constant(node.value + 1)
        if node.value > 0:
            yield ast.Constant(node.value - 1)
    elif isinstance(node.value, float):
        yield ast.Constant(2 * node.value)
        yield ast.Constant(node.value / 2 if node.value else 1.0)


def axis(node: ast.AST) -> Iterator[Replacement]:
    """Another axis, or none."""
    if isinstance(node, ast.keyword) and node.arg in ("axis", "axes"):
        yield from (_with(node, value=ast.Constant(value)) for value in (0, 1, None))


def keyword(node: ast.AST) -> Iterator[Replacement]:
    """A keyword argument that is left out: keepdims, axis, dtype and others."""
    if isinstance(node, ast.Call):
        for place in range(len(node.keywords)):
            yield _with(node, keywords=[*node.keywords[:place], *node.keywords[place + 1 :]])


def dropped_statement(node: ast.AST) -> Iterator[Replacement]:
    """A statement that is left out; a loop that ends at once, or goes on."""
    if isinstance(node, ast.Assign | ast.AugAssign | ast.Expr | ast.For | ast.While | ast.If):
        yield None
    if isinstance(node, ast.Break):
        yield ast.Continue()
    if isinstance(node, ast.Continue):
        yield ast.Break()
        yield None


def swapped_arguments(node: ast.AST) -> Iterator[Replacement]:
    """Two neighbouring arguments exchanged, where their order counts; the branches of a choice."""
    if isinstance(node, ast.Call) and _called(node) not in _COMMUTATIVE:
        for args in _exchanged(node.args):
            yield _with(node, args=args)
    if isinstance(node, ast.IfExp):
        yield _with(node, body=node.orelse, orelse=node.body)


def swapped_results(node: ast.AST) -> Iterator[Replacement]:
    """Two neighbouring values of a result exchanged; one value for another; one left out."""
    if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
        for elements in _exchanged(node.value.elts):
            yield _with(node, value=ast.Tuple(elements, ast.Load()))
        yield from (_with(node, value=element) for element in node.value.elts)
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
        for elements in _exchanged(node.targets[0].elts):
            yield _with(node, targets=[ast.Tuple(elements, ast.Store())])


def missing_copy(node: ast.AST) -> Iterator[Replacement]:
    """The caller's own array, where a new one is wanted."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr in ("copy", "astype"):
            first = [node.func.value] if not _is_numpy(node.func.value) else node.args[:1]
            yield from first
        if _is_numpy_call(node) and node.func.attr == "array" and _is_named(node.args[0]):
            yield _with(node, func=_with(node.func, attr="asarray"))
    if (
        isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.BinOp)
        and isinstance(node.value.left, ast.Name)
        and node.value.left.id == node.targets[0].id
    ):
        yield ast.AugAssign(node.targets[0], node.value.op, node.value.right)


def other_function(node: ast.AST) -> Iterator[Replacement]:
    """A function that is taken for its neighbour, or left out."""
    if not isinstance(node, ast.Call):
        return
    for other in _FUNCTIONS.get(_called(node), ()):
        if isinstance(node.func, ast.Attribute):
            yield _with(node, func=_with(node.func, attr=other))
        else:
            yield _with(node, func=ast.Name(other, ast.Load()))
    if len(node.args) == 1 and not node.keywords and _is_numpy_call(node):
        yield node.args[0]


def slice_bound(node: ast.AST) -> Iterator[Replacement]:
    """A slice without one of its bounds, or without its step."""
    if isinstance(node, ast.Slice):
        for part in ("lower", "upper", "step"):
            if getattr(node, part) is not None:
                yield _with(node, **{part: None})


OPERATORS: tuple[Operator, ...] = (
    *(arithmetic, operand, comparison, constant, axis, keyword, dropped_statement),
    *(swapped_arguments, swapped_results, missing_copy, other_function, slice_bound),
)
_ARITHMETIC: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Div,),
    ast.Mod: (ast.FloorDiv,),
    ast.Pow: (ast.Mult,),
    ast.MatMult: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
}
_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_FUNCTIONS = {
    "max": ("min",),
    "min": ("max",),
    "maximum": ("minimum",),
    "minimum": ("maximum",),
    "argmax": ("argmin",),
    "argmin": ("argmax",),
    "sum": ("mean",),
    "mean": ("sum",),
    "var": ("std",),
    "std": ("var",),
    "floor": ("ceil",),
    "ceil": ("floor",),
    "zeros": ("ones",),
    "ones": ("zeros",),
    "zeros_like": ("ones_like",),
    "ones_like": ("zeros_like",),
    "any": ("all",),
    "all": ("any",),
    "sin": ("cos",),
    "cos": ("sin",),
    "exp": ("expm1",),
    "log": ("log1p",),
    "expm1": ("exp",),
    "log1p": ("log",),
    "normal": ("uniform",),
    "concatenate": ("stack",),
    "stack": ("concatenate",),
}


_COMMUTATIVE = {"max", "min", "maximum", "minimum", "hypot", "logaddexp"}


def _replace(tree: ast.Module, place: int, new: Replacement) -> tuple[str, str]:
    """Put `new` at the node number `place`; the statement around it, before and after."""
    chains = dict(_chains(tree))
    node = list(ast.walk(tree))[place]
    chain = [*chains[id(node)], node]
    statement = next(part for part in reversed(chain) if isinstance(part, ast.stmt))
    before = _head(statement)
    _put(chain[-2], node, new)
    if new is None:
        return before, "dropped"
    return before, _head(new if statement is node else statement)


def _chains(
    node: ast.AST, above: tuple[ast.AST, ...] = ()
) -> Iterator[tuple[int, tuple[ast.AST, ...]]]:
    """For each node the nodes that it lies in, from the outermost on."""
    yield id(node), above
    for child in ast.iter_child_nodes(node):
        yield from _chains(child, (*above, node))


def _put(parent: ast.AST, old: ast.AST, new: Replacement) -> None:
    for field, value in ast.iter_fields(parent):
        if value is old:
            setattr(parent, field, new)
        elif isinstance(value, list) and any(part is old for part in value):
            place = next(number for number, part in enumerate(value) if part is old)
            value[place : place + 1] = [] if new is None else [new]
            if not value and field == "body":
                value.append(ast.Pass())


def _head(node: ast.AST) -> str:
    """The first line of a statement: enough to find it by."""
    return ast.unparse(node).splitlines()[0].strip()


def _without_words(tree: ast.Module) -> ast.Module:
    """The tree without docstrings and annotations, which no mutant is to change."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            if ast.get_docstring(node) is not None:
                node.body = node.body[1:]
            node.returns = None
            for argument in [*node.args.args, *node.args.kwonlyargs]:
                argument.annotation = None
    return tree


def _with(node: ast.AST, **changes: object) -> ast.AST:
    """A copy of `node` with some of its fields changed."""
    changed = copy.copy(node)
    for name, value in changes.items():
        setattr(changed, name, value)
    return changed


def _exchanged(nodes: list[ast.expr]) -> Iterator[list[ast.expr]]:
    """The nodes with two neighbours exchanged, for each pair of them."""
    for place in range(len(nodes) - 1):
        pair = nodes[place : place + 2]
        if not any(isinstance(node, ast.Starred) for node in pair):
            yield [*nodes[:place], *reversed(pair), *nodes[place + 2 :]]


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _is_named(node: ast.AST) -> bool:
    """Whether an expression names what is there already, and makes nothing new."""
    return isinstance(node, ast.Name | ast.Attribute | ast.Subscript)


def _called(node: ast.Call) -> str:
    """The name of the function or method that is called."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else _name(node.func)


def _is_numpy(node: ast.AST) -> bool:
    return _name(node) in ("np", "xp")


def _is_numpy_call(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Attribute) and _is_numpy(node.func.value)
