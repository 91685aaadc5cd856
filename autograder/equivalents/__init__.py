"""Mutants that are no mistakes, with the reason: ``labNN.toml``, written by hand.

An entry is tied to the text of the whole changed solution, so that a reference that is rewritten
makes its entries stale, which the audit reports as errors::

    [left_out]
    train_recipe = "It trains a network: minutes a mutant."

    [[mutant]]
    task = "relu_backward"
    id = "8c5a8d2154"
    change = "return np.where(z > 0, dy, 0)  →  return np.where(z >= 0, dy, 0)"
    reason = "At the kink both derivatives are right, and no test asks there."
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from autograder.errors import UsageError
from autograder.labs import number_of
from autograder.mutants import Mutant

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Equivalent:
    """A mutant that does what the reference does, as far as the task says what is right."""

    task: str
    id: str
    change: str
    reason: str


@dataclass(frozen=True)
class Equivalents:
    """The entries of one lab; `left_out` are tasks that are not measured, with the reason."""

    path: Path
    entries: tuple[Equivalent, ...] = ()
    left_out: dict[str, str] = field(default_factory=dict)

    def reason(self, mutant: Mutant) -> str:
        """Why a mutant is no mistake; empty if nobody says so."""
        key = (mutant.task, mutant.id)
        return next((e.reason for e in self.entries if (e.task, e.id) == key), "")


def read(lab: str, folder: Path = FOLDER) -> Equivalents:
    """The entries of a lab; none if it has no file.

    Raises:
        UsageError: if an entry lacks something, or stands there twice.
    """
    path = folder / f"{number_of(lab)}.toml"
    if not path.exists():
        return Equivalents(path)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        entries = tuple(Equivalent(**entry) for entry in content.get("mutant", []))
    except (tomllib.TOMLDecodeError, TypeError) as error:
        raise UsageError(f"{path.name}: {error}") from error
    for entry in entries:
        if not entry.reason.strip():
            raise UsageError(f"{path.name}: {entry.task} {entry.id}: say why, in `reason`")
    if len({(entry.task, entry.id) for entry in entries}) != len(entries):
        raise UsageError(f"{path.name}: an entry stands there twice")
    return Equivalents(path, entries, content.get("left_out", {}))
