"""The leak check finds what is planted, whatever it is disguised as, and nothing else."""

from __future__ import annotations

import ast
import base64
import builtins
import bz2
import gzip
import io
import json
import py_compile
import re
import tarfile
import tempfile
import textwrap
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder import labs
from autograder.answers import load
from autograder.completion import completed, released
from autograder.edition import LIBRARY, write_student_edition
from autograder.leaks import find_leaks

LAB = labs.find("lab01")
TASK = "minibatch_epoch"
QUESTION = next(task for task in LAB.tasks if task.kind == "concept")
LETTERS = sorted(QUESTION.key)


def solution(task: str = TASK) -> str:
    """The reference solution of a task: a function."""
    return next(
        labs.source_of(cell)
        for cell in completed(LAB)["cells"]
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == task
    )


def telling_line() -> str:
    """The line of a solution that nobody else would write."""
    return next(line.strip() for line in solution().splitlines() if "X[rows]" in line)


def renamed(source: str) -> str:
    """A function with another name, and so for all names in it; without its docstring."""
    function = ast.parse(source).body[-1]
    assert isinstance(function, ast.FunctionDef)
    function.name = "whatever"
    if ast.get_docstring(function):
        del function.body[0]
    names: dict[str, str] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            node.arg = names.setdefault(node.arg, f"name{len(names)}")
        elif isinstance(node, ast.Name) and not hasattr(builtins, node.id):
            node.id = names.setdefault(node.id, f"name{len(names)}")
    return ast.unparse(function)


def zipped(members: dict[str, str | bytes], comment: str = "") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.comment = comment.encode()
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def notebook(source: str = "", **changes: Any) -> str:
    """The beginning of the released notebook, with a cell of this source and these keys."""
    lab = released(LAB)
    cell: dict[str, Any] = {"cell_type": "code", "id": "new", "metadata": {}, "source": source}
    lab["cells"] = [*lab["cells"][:3], cell | {"outputs": [], "execution_count": None} | changes]
    return json.dumps(lab)


def compiled() -> bytes:
    """The library's module of gradient descent, as Python compiles it."""
    with tempfile.TemporaryDirectory() as directory:
        target = Path(directory) / "gradient.pyc"
        py_compile.compile(str(LIBRARY / "optim" / "gradient.py"), cfile=str(target))
        return target.read_bytes()


def found(data: bytes | str, name: str) -> list[str]:
    content = data if isinstance(data, bytes) else data.encode()
    return [str(leak) for leak in find_leaks(content, LAB.name, name)]


def model_answer() -> str:
    texts = [cell for cell in LAB.cells if cell.kind == "text"]
    return next(region for cell in texts for region in labs.solution_regions(cell.source))


def a_hidden_test() -> str:
    tree = ast.parse(LAB.hidden_tests.read_text())
    tests = [node for node in tree.body if getattr(node, "name", "").startswith("test_sgd")]
    return ast.unparse(tests[0])


def withheld_comment() -> str:
    """A withheld body of the library, every line of it a comment."""
    source = (LIBRARY / "optim" / "gradient.py").read_text()
    node = next(n for n in ast.parse(source).body if getattr(n, "name", "") == TASK)
    assert isinstance(node, ast.FunctionDef)
    body = "\n".join(map(ast.unparse, node.body[1:]))
    return textwrap.indent(body, "# ")


def in_tar(text: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        member = tarfile.TarInfo("notes.txt")
        member.size = len(text.encode())
        archive.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()


LINE = telling_line()
BASE64 = base64.b64encode(LINE.encode()).decode()
PLANTED: dict[str, Callable[[], tuple[str, str | bytes]]] = {
    "a solution with every name changed": lambda: ("lab.ipynb", notebook(renamed(solution()))),
    "a line with its names changed": lambda: (
        "data.py",
        re.sub(r"\bw\b", "theta", LINE).replace("grad", "slope").replace("rows", "chosen"),
    ),
    "a line laid out anew": lambda: (
        "data.py",
        f"value = ({LINE.partition('=')[2]}\n)".replace("(", "(\n    ").replace("*", "  *"),
    ),
    "a line with += in place of =": lambda: ("data.py", "w -= lr(j) * grad(w, X[rows], d[rows])"),
    "an answer in a cell's metadata": lambda: ("lab.ipynb", notebook(metadata={"old": LINE})),
    "an answer in the notebook's outputs": lambda: (
        "lab.ipynb",
        notebook(outputs=[{"output_type": "stream", "text": ["so:\n", LINE]}]),
    ),
    "an answer under a key that comes twice": lambda: (
        "lab.ipynb",
        notebook(metadata={"first": 1}).replace('"first": 1', f'"a": {json.dumps(LINE)}, "a": ""'),
    ),
    "a line of a docstring": lambda: ("data.py", f'def f():\n    """As in:\n\n    {LINE}\n    """'),
    "a doctest": lambda: ("data.py", f'"""\n>>> {LINE}\n"""'),
    "a line in Markdown, in backticks": lambda: ("README.md", f"Try `{LINE}` here."),
    "a withheld body in comments": lambda: ("data.py", withheld_comment()),
    "an own way under the task's name": lambda: (
        "data.py",
        f"def {TASK}(grad, w, X, d, batch_size, lr, j, rng):\n    return solve(w, X, d, j)",
    ),
    "a slight function under another name": lambda: (
        "data.py",
        "def rate(k, first, how_fast):\n    return first / (1 + how_fast * k)",
    ),
    "a slight line": lambda: ("notes.txt", "Here it is:\n    return lr0 / (1 + decay * j)\n"),
    "a compiled module": lambda: ("gradient.pyc", compiled()),
    "a compiled module under another name": lambda: ("notes.txt", compiled()),
    "a zip in a zip": lambda: ("more.dat", zipped({"a.zip": zipped({"b.txt": LINE})})),
    "a comment on a zip": lambda: ("more.zip", zipped({"b.txt": "nothing"}, comment=LINE)),
    "bytes before a zip": lambda: ("more.zip", LINE.encode() + zipped({"b": "x"})),
    "bytes after a zip": lambda: ("more.zip", zipped({"b": "x"}) + LINE.encode()),
    "a packed tar": lambda: ("more.tar.gz", in_tar(LINE)),
    "gzip": lambda: ("more.gz", gzip.compress(LINE.encode())),
    "bzip2": lambda: ("more", bz2.compress(LINE.encode())),
    "base64": lambda: ("lab.ipynb", notebook(metadata={"image": BASE64})),
    "base64 of packed bytes": lambda: (
        "data.py",
        f"DATA = {base64.b64encode(zlib.compress(solution().encode())).decode()!r}",
    ),
    "hexadecimal digits": lambda: ("data.py", f"DATA = {LINE.encode().hex()!r}"),
    "an answer key as a dict": lambda: ("data.py", f"KEY = {({QUESTION.name: set(LETTERS)})!r}"),
    "an answer key as JSON in metadata": lambda: (
        "lab.ipynb",
        notebook(metadata={"key": {QUESTION.name: LETTERS}}),
    ),
    "an answer key as words": lambda: ("README.md", f"{QUESTION.name}: {''.join(LETTERS)}"),
    "a hidden test": lambda: ("data.py", a_hidden_test()),
    "a model answer": lambda: ("README.md", f"Remember: {model_answer().splitlines()[0]}"),
    "a known mistake": lambda: (
        "data.py",
        renamed(next(a.source for a in load("lab01") if a.task == TASK and a.kind == "mistake")),
    ),
    "bytes that are no text": lambda: ("picture.bin", bytes(range(256))),
}  # fmt: skip


@pytest.mark.parametrize("disguise", PLANTED)
def test_what_is_planted_is_found(disguise: str) -> None:
    name, content = PLANTED[disguise]()
    bundle = zipped({"lab/README.md": "Two commands.", f"lab/{name}": content})
    leaks = found(bundle, "bundle.zip")
    assert leaks
    assert all(leak.startswith(f"bundle.zip!lab/{name}") for leak in leaks)


def test_course_secret_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = bytes(range(100, 132))
    (tmp_path / ".course-secret").write_text(secret.hex() + "\n")
    monkeypatch.chdir(tmp_path)
    for written in (secret.hex(), base64.b64encode(secret).decode()):
        assert found(f"# {written}", "data.py") == ["data.py: the course secret: …"]


def test_every_solution_is_found_with_all_its_names_changed() -> None:
    missed = [task for task in LAB.code_tasks() if not found(renamed(solution(task)), "data.py")]
    assert missed == []


def test_a_leak_says_where_it_is_what_it_is_and_which_line() -> None:
    source = f"import numpy as np\n\n{LINE}\n"
    (leak,) = find_leaks(source.encode(), LAB.name, "data.py")
    assert leak.where == "data.py"
    assert TASK in leak.what
    assert leak.excerpt == LINE


def test_released_notebook_and_student_edition_are_clean(tmp_path: Path) -> None:
    write_student_edition(LAB.name, tmp_path)
    files: dict[str, str | bytes] = {
        str(path.relative_to(tmp_path)): path.read_bytes() for path in tmp_path.rglob("*.py")
    }
    assert found(zipped(files | {"lab.ipynb": LAB.release.read_bytes()}), "bundle.zip") == []


def test_message_of_a_hidden_test_alone_gives_nothing_away() -> None:
    tree = ast.parse(LAB.hidden_tests.read_text())
    messages = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value
    ]
    assert messages
    assert found("\n\n".join(messages), "words.txt") == []


def test_what_an_earlier_lab_asked_for_is_no_leak_in_a_later_one() -> None:
    source = solution()
    assert find_leaks(source.encode(), LAB.name, "data.py")
    assert find_leaks(source.encode(), "lab02_momentum", "data.py") == []


def test_a_question_with_other_letters_or_its_check_is_no_leak() -> None:
    wrong = sorted(QUESTION.letters - QUESTION.key)
    fine = f"""answers[{QUESTION.name!r}] = {set(wrong)!r}
check_answer({QUESTION.name!r}, answers, {"".join(sorted(QUESTION.letters))!r})
"""
    assert found(fine, "data.py") == []
