"""Unusually similar pairs: places to look, not verdicts.

Winnowing (Schleimer, Wilkerson and Aiken, "Winnowing: local algorithms for document
fingerprinting", SIGMOD 2003) over the tokens of the students' own cells, names replaced, so that
renaming, comments and layout change nothing. Fingerprints of the released notebook do not count;
the others weigh the more the fewer have them (tf-idf), since right answers to a small question look
alike. A pair is unusual if its cosine lies far above those of the class's other pairs.
"""

from __future__ import annotations

import hashlib
import io
import keyword
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from autograder.report.handins import ShownCell

NGRAM = 12
WINDOW = 4
LEAST_ABOVE_MEDIAN = 0.25
DEVIATIONS = 5.0
_LAYOUT = {
    *(tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT),
    *(tokenize.ENCODING, tokenize.ENDMARKER),
}
Fingerprints = Mapping[int, tuple[str, ...]]


@dataclass(frozen=True)
class Pair:
    """Two students, how alike they are (0 to 1), and on which tasks, most alike first."""

    first: str
    second: str
    likeness: float
    tasks: tuple[str, ...]


def similar_pairs(
    class_cells: Mapping[str, Iterable[ShownCell]], released: Iterable[ShownCell]
) -> list[Pair]:
    """The pairs of one lab's students that stand out, most alike first.

    Their likeness is `DEVIATIONS` median absolute deviations above the median of the class's pairs,
    and `LEAST_ABOVE_MEDIAN` at least. Where everybody wrote the same, no pair stands out.
    """
    known = fingerprints(released)
    prints: dict[str, Fingerprints] = {}
    for student, cells in sorted(class_cells.items()):
        found = fingerprints(cell for cell in cells if not cell.handed_out)
        own = {value: tasks for value, tasks in found.items() if value not in known}
        if own:
            prints[student] = own
    if len(prints) < 2:
        return []
    likeness = _likeness(prints)
    upper = np.triu_indices(len(prints), k=1)
    values = likeness[upper]
    middle = np.median(values)
    spread = 1.4826 * np.median(np.abs(values - middle))  # a standard deviation, were they normal
    unusual = values >= middle + max(LEAST_ABOVE_MEDIAN, DEVIATIONS * spread)
    students = list(prints)
    pairs = [
        Pair(
            students[i],
            students[j],
            min(1.0, float(likeness[i, j])),
            _tasks_in_common(prints[students[i]], prints[students[j]]),
        )
        for i, j in np.stack(upper, axis=1)[unusual]
    ]
    return sorted(pairs, key=lambda pair: (-pair.likeness, pair.first, pair.second))


def fingerprints(cells: Iterable[ShownCell]) -> dict[int, tuple[str, ...]]:
    """The fingerprints of code cells, each with the tasks that its cell answers."""
    found: dict[int, tuple[str, ...]] = {}
    for cell in cells:
        if cell.is_code:
            for value in winnow(list(tokens(cell.source))):
                found.setdefault(value, cell.tasks)
    return found


def tokens(source: str) -> Iterator[str]:
    """What counts of a cell: keywords, operators, numbers, attributes; names and texts as such.

    >>> " ".join(tokens("w = np.exp(x)  # a comment"))
    'N = N . exp ( N )'
    """
    previous = ""
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type in _LAYOUT:
                continue
            text = token.string
            if token.type == tokenize.STRING:
                text = "S"
            elif token.type == tokenize.NAME and not keyword.iskeyword(text) and previous != ".":
                text = "N"
            previous = text
            yield text
    except (tokenize.TokenError, SyntaxError, ValueError):
        return  # no Python, or no more of it: what came before counts


def winnow(texts: list[str]) -> set[int]:
    """The least hash of every `WINDOW` hashes of `NGRAM` tokens in a row."""
    hashes = [_hash(texts[i : i + NGRAM]) for i in range(len(texts) - NGRAM + 1)]
    if len(hashes) <= WINDOW:
        return {min(hashes)} if hashes else set()
    return {min(hashes[i : i + WINDOW]) for i in range(len(hashes) - WINDOW + 1)}


def _hash(texts: list[str]) -> int:
    digest = hashlib.blake2b("\0".join(texts).encode("utf-8", "replace"), digest_size=8)
    return int.from_bytes(digest.digest(), "big")


def _likeness(prints: Mapping[str, Fingerprints]) -> np.ndarray:
    """The cosines (students, students) of the weighted fingerprints."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    weighted = TfidfVectorizer(analyzer=list, binary=True).fit_transform(prints.values())
    cosines: np.ndarray = (weighted @ weighted.T).toarray()
    return cosines


def _tasks_in_common(first: Fingerprints, second: Fingerprints) -> tuple[str, ...]:
    both = Counter(task for value in first.keys() & second.keys() for task in first[value])
    return tuple(task for task, _ in both.most_common())
