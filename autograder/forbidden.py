"""What students of a lab must not get to see, gathered from where it stands.

Answer keys, model answers, hidden tests and the course secret are forbidden for ever. What a lab
asks for, be it in its solutions, in the mistakes and variants or in the library, is forbidden
until a later lab is handed out, whose edition of the library has it.
"""

from __future__ import annotations

import ast
import base64
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from autograder import labs
from autograder.answers import FOLDER as ANSWERS
from autograder.edition import LIBRARY, withheld, withhold
from autograder.fingerprints import Form, function_form, statement_forms
from autograder.secret import FILE as SECRET_FILE

LEAST_WEIGHT = 5
LEAST_WEIGHT_NAMED = 3
LEAST_WEIGHT_IN_TESTS = 8
LEAST_WEIGHT_OF_FUNCTION = 2
WORDS = 10

IDIOMS = """
layers = np.arange(1, len(values) + 1)
order = np.random.default_rng(1).permutation(len(X))
pixels = images.reshape(len(images), -1)
pixels = pixels - pixels.mean(axis=0)
mean, var = z.mean(axis=0), z.var(axis=0)
norms = np.linalg.norm(W, axis=0)
mean = images.mean(axis=(1, 2, 3), keepdims=True)
classes = int(data["y_train"].max()) + 1
flat = np.concatenate([part.ravel() for part in parts])
total = np.sum(weights * bumps, axis=-1)
exact = xp.astype(array, xp.float64, copy=True)
y = np.tanh(z) if nonlinearity == "tanh" else np.maximum(z, 0.0)
arrays = rng.normal(size=(N, M)), rng.normal(size=(N, D)), rng.normal(size=(D, M))
for layer, kept in zip(net[::-1], tape[::-1], strict=True):
    pass
if not np.isfinite(losses[-1]):
    pass
if not isinstance(cache, dict) or "inputs" not in cache:
    pass
inputs = cache["inputs"]
if not isinstance(inputs, list | tuple):
    pass
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
slope[index] = (above - below) / (2 * h)
indices = np.ndindex(*x.shape)
on = masks.sum(axis=1)
moved = y.copy()
moved[index] += step
optimizer.zero_grad()
loss.backward()
optimizer.step()
"""
"""Statements that are heavy enough to tell and yet everybody's: they stand in a hidden test or an
answer as well as in what students get, and give nothing away. Whoever adds one has looked."""


@dataclass
class Forbidden:
    """What must not be found, each with words for what it is.

    Attributes:
        forms: normal forms of statements and of runs of them; for slight statements with the very
            names that they have.
        functions: normal forms of whole functions.
        tasks: the functions that students are still to write.
        keys: the right letters of every question.
        phrases: runs of `WORDS` words from model answers.
    """

    forms: dict[str, str] = field(default_factory=dict)
    functions: dict[str, str] = field(default_factory=dict)
    tasks: frozenset[str] = frozenset()
    keys: dict[str, frozenset[str]] = field(default_factory=dict)
    phrases: dict[tuple[str, ...], str] = field(default_factory=dict)

    def add_code(
        self, tree: ast.AST, origin: str, least: int = LEAST_WEIGHT, least_named: int = LEAST_WEIGHT
    ) -> None:
        """Forbid the functions in `tree` and its statements from this weight on.

        From `least_named` to `least`, a statement is forbidden with its very names only.
        """
        for form in statement_forms(tree):
            if form.weight >= least:
                self.forms.setdefault(form.text, origin)
            elif form.named and form.weight >= least_named:
                self.forms.setdefault(form.named, origin)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                form = function_form(node)
                if form.weight >= LEAST_WEIGHT_OF_FUNCTION:
                    self.functions.setdefault(form.text, origin)

    def add_words(self, text: str, origin: str) -> None:
        """Forbid every run of `WORDS` words of `text`."""
        for run in runs_of_words(text):
            self.phrases.setdefault(run, origin)

    def origin(self, form: Form) -> str:
        """What a statement is that is forbidden; empty if it is not."""
        return self.forms.get(form.text) or self.forms.get(form.named) or ""

    def allow(self, public: Forbidden) -> None:
        """Forbid no longer what `public` has."""
        for form in public.forms:
            self.forms.pop(form, None)
        for form in public.functions:
            self.functions.pop(form, None)


def runs_of_words(text: str) -> Iterator[tuple[str, ...]]:
    """Every run of `WORDS` words in `text`, without case and punctuation."""
    words = re.findall(r"\w+", text.casefold())
    for i in range(len(words) - WORDS + 1):
        yield tuple(words[i : i + WORDS])


@functools.lru_cache(maxsize=2)
def forbidden_in(lab: str) -> Forbidden:
    """What must not be found in what students of `lab` (a full name) get."""
    found, public = Forbidden(tasks=frozenset(withheld(lab))), Forbidden()
    public.add_code(ast.parse(IDIOMS), "idiom", LEAST_WEIGHT, 0)
    for name in labs.all_labs():
        _add_words(found, labs.find(name))
        _add_solutions(found if name >= lab else public, labs.find(name))
    for path in sorted(labs.HIDDEN.glob("test_lab*.py")):
        found.add_code(_tree(path), f"hidden test {path.stem}", *[LEAST_WEIGHT_IN_TESTS] * 2)
    for path in sorted(ANSWERS.glob("lab*.py")):
        known = found if labs.number_of(path.stem) >= labs.number_of(lab) else public
        known.add_code(_tree(path), f"answer in {path.name}")
    earlier = {task: "" for task in withheld("") if task not in found.tasks}
    for path in sorted(LIBRARY.rglob("*.py")):
        if "checks" not in path.relative_to(LIBRARY).parts:
            _add_bodies(found, path, withheld(lab))
            _add_bodies(public, path, earlier)
    found.allow(public)
    return found


def _add_words(found: Forbidden, lab: labs.Lab) -> None:
    """Forbid the keys and the model answers of `lab`."""
    found.keys |= {task.name: task.key for task in lab.tasks if task.kind == "concept"}
    for cell in lab.cells:
        if cell.kind == "text":
            for region in labs.solution_regions(cell.source):
                found.add_words(region, f"model answer {cell.name}")


def _add_solutions(known: Forbidden, lab: labs.Lab) -> None:
    for cell in lab.cells:
        if cell.kind == "solution" and not labs.is_question(cell.name):
            origin = f"solution of {cell.name}"
            known.add_code(ast.parse(cell.source), origin, LEAST_WEIGHT, LEAST_WEIGHT_NAMED)


def _add_bodies(found: Forbidden, path: Path, names: dict[str, str]) -> None:
    """Forbid the functions that go or lose their bodies when `names` are withheld."""
    source = path.read_text(encoding="utf-8")
    after = {name: ast.dump(node) for name, node in _functions(withhold(source, names)).items()}
    for name, node in _functions(source).items():
        if after.get(name) != ast.dump(node):
            module, origin = ast.Module([node], []), f"body of {name} in {path.name}"
            found.add_code(module, origin, LEAST_WEIGHT, LEAST_WEIGHT_NAMED)


def _functions(source: str) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def course_secrets() -> list[str]:
    """The course secrets at hand, each in hexadecimal digits and in base64."""
    found: list[str] = []
    for path in {SECRET_FILE.resolve(), labs.ROOT / SECRET_FILE}:
        if path.exists():
            digits = path.read_text(encoding="ascii").strip()
            found += [digits, base64.b64encode(bytes.fromhex(digits)).decode().rstrip("=")]
    return found
