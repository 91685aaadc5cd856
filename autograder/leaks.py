"""Does a file for students hold anything that they are to find out themselves?

Forbidden are solutions, withheld bodies, hidden tests, mistakes, right variants, model answers,
answer keys and the course secret. Code is compared by its normal form (`fingerprints`), wherever it
stands: in source, a comment, a docstring, a notebook's metadata, an archive, base64.

What is too slight to tell (``x @ W + b`` is everybody's) counts only as the whole body of a
function, in a run of statements, or under the name of a task.
"""

from __future__ import annotations

import ast
import io
import re
import textwrap
import tokenize
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from autograder.fingerprints import (
    function_form,
    is_docstring,
    parameters,
    run_forms,
    statement_forms,
)
from autograder.forbidden import Forbidden, course_secrets, forbidden_in, runs_of_words
from autograder.unpacking import Piece, pieces

MAX_LINES = 15
_MARKS = re.compile(r"^\s*(?:>>> ?|\.\.\. |[#>|*-]+ |\d+\. )*")
_BACKTICKS = re.compile(r"`+([^`\n]+)`+")
_LOOKS_LIKE_CODE = re.compile(r"[=+*/@(\[.<-]")
_WRAPPERS = frozenset({"set", "frozenset", "list", "tuple", "sorted", "answers", "and"})
_FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Leak:
    """Something forbidden: where it stands, what it is, and the line that shows it."""

    where: str
    what: str
    excerpt: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}: {self.excerpt}"


def find_leaks(data: bytes, lab: str, name: str = "bundle.zip") -> list[Leak]:
    """All that a file of this content holds and a student of `lab` must not see.

    Args:
        data: the file's content: an archive, a notebook, source, or text.
        lab: the full name of a lab. What it or a later lab asks for is forbidden; the library's
            functions that earlier ones asked for are not.
        name: what to call the file in a `Leak`.
    """
    forbidden, secrets = forbidden_in(lab), course_secrets()
    found: dict[Leak, None] = {}
    for piece in pieces(name, data):
        if any(secret in piece.text for secret in secrets):
            found[Leak(piece.where, "the course secret", "…")] = None
        found |= dict.fromkeys(_leaks_in(piece, forbidden))
    return list(found)


def _leaks_in(piece: Piece, forbidden: Forbidden) -> Iterator[Leak]:
    if piece.kind == "unreadable":
        yield Leak(piece.where, "unreadable", piece.text)
        return
    yield from _keys(piece, forbidden)
    if piece.kind == "raw":
        return
    yield from _phrases(piece, forbidden)
    tree = _parsed(piece.text)
    if tree is None:
        yield from _code_in_text(piece.where, piece.text, forbidden)
        return
    yield from _code(piece.where, tree, piece.text, forbidden)
    for text in _texts_of(tree, piece.text):
        yield from _code_in_text(piece.where, text, forbidden)


def _keys(piece: Piece, forbidden: Forbidden) -> Iterator[Leak]:
    """A question's name, followed by its right letters and no other."""
    for match in re.finditer(r"\bq_\w+", piece.text):
        if match[0] not in forbidden.keys:
            continue
        letters: set[str] = set()
        for word in re.findall(r"[A-Za-z]+", piece.text[match.end() : match.end() + 80]):
            if word in _WRAPPERS:
                continue
            if not set(word) <= set("abcdefgh"):
                break
            letters |= set(word)
        if letters == forbidden.keys[match[0]]:
            yield Leak(piece.where, "an answer key", match[0])


def _phrases(piece: Piece, forbidden: Forbidden) -> Iterator[Leak]:
    for run in runs_of_words(piece.text):
        if run in forbidden.phrases:
            yield Leak(piece.where, forbidden.phrases[run], " ".join(run))


def _code(where: str, tree: ast.AST, source: str, forbidden: Forbidden) -> Iterator[Leak]:
    """Forbidden statements and functions in a syntax tree."""
    lines = source.splitlines()
    for form in statement_forms(tree):
        origin = forbidden.origin(form)
        if origin:
            yield Leak(where, origin, _line(lines, form.line))
    for node in ast.walk(tree):
        if isinstance(node, _FunctionNode | ast.Lambda):
            form = function_form(node)
            if form.text in forbidden.functions:
                yield Leak(where, forbidden.functions[form.text], _line(lines, form.line))
        if isinstance(node, _FunctionNode) and _answers_a_task(node, forbidden):
            yield Leak(where, f"a body for the task {node.name}", _line(lines, node.lineno))


def _answers_a_task(node: _FunctionNode, forbidden: Forbidden) -> bool:
    """Whether a task's function has a body here; its visible check has the one parameter."""
    if node.name not in forbidden.tasks or parameters(node) == ["function"]:
        return False
    return not all(
        isinstance(part, ast.Raise | ast.Pass | ast.ImportFrom) or is_docstring(part)
        for part in node.body
    )


def _code_in_text(where: str, text: str, forbidden: Forbidden) -> Iterator[Leak]:
    """Forbidden code in prose: the whole of it, a line, lines that follow each other."""
    whole = _parsed(textwrap.dedent(text)) if "\n" in text else None
    if whole is not None:
        yield from _code(where, whole, textwrap.dedent(text), forbidden)
    lines = [_MARKS.sub("", line) for line in text.splitlines()]
    lines += ["", *(span for line in lines for span in _BACKTICKS.findall(line))]
    for block in _statements(lines):
        for form in run_forms(block):
            origin = forbidden.origin(form)
            if origin:
                yield Leak(where, origin, _line(lines, form.line))
        for statement in block:
            yield from _functions_in_line(where, statement, forbidden)


def _functions_in_line(where: str, statement: ast.stmt, forbidden: Forbidden) -> Iterator[Leak]:
    for node in ast.walk(statement):
        if isinstance(node, _FunctionNode | ast.Lambda):
            origin = forbidden.functions.get(function_form(node).text)
            if origin is not None:
                yield Leak(where, origin, ast.unparse(node)[:100])


def _statements(lines: list[str]) -> Iterator[list[ast.stmt]]:
    """The statements that the lines hold, in blocks of neighbours; a bracket joins its lines."""
    block: list[ast.stmt] = []
    i = 0
    while i < len(lines):
        taken, statement = _statement_at(lines, i)
        if statement is not None:
            for node in ast.walk(statement):
                if isinstance(node, ast.stmt):
                    node.lineno = i + 1
            block.append(statement)
        elif block and lines[i].strip() not in ("else:", "try:", "finally:"):
            yield block
            block = []
        i += taken
    if block:
        yield block


def _statement_at(lines: list[str], i: int) -> tuple[int, ast.stmt | None]:
    """How many lines the statement beginning at `i` takes, and the statement if there is one."""
    first = lines[i].strip()
    if not _LOOKS_LIKE_CODE.search(first) or not first.isprintable():
        return 1, None
    text = ""
    for taken, line in enumerate(lines[i : i + MAX_LINES], start=1):
        text += line.strip() + "\n"
        body = _parsed(text.strip() + " pass" if text.rstrip().endswith(":") else text)
        if body is not None and body.body:
            return taken, body.body[0]
        if sum(map(text.count, "([{")) <= sum(map(text.count, ")]}")):
            break
    return 1, None


def _texts_of(tree: ast.AST, source: str) -> Iterator[str]:
    """The strings and comments of a source; comments that follow each other as one text."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
            value = node.value
            yield value if isinstance(value, str) else value.decode("latin-1")
    comments: list[str] = []
    last = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            if token.start[0] > last + 1:
                comments.append("")
            comments.append(token.string.lstrip("#:! "))
            last = token.start[0]
    yield "\n".join(comments)


def _parsed(source: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of strange escapes in what is not code
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _line(lines: list[str], number: int) -> str:
    return lines[number - 1].strip()[:100] if number <= len(lines) else ""
