"""Unusually similar pairs: copies are found, however disguised, and honest classes have none."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from itertools import combinations

import pytest

from autograder.report.handins import ShownCell
from autograder.report.similarity import similar_pairs, tokens, winnow

FUNCTIONS = ("descend", "sgd_epoch", "minibatches", "smoothed", "assign", "centres")
STUB = "def {name}(w, X, d, rate):\n    # YOUR CODE HERE\n    raise NotImplementedError()\n"
RELEASED = [ShownCell(True, STUB.format(name=name), (name,)) for name in FUNCTIONS] + [
    ShownCell(
        True, "import numpy as np\n\n\ndef loss(w, X, d):\n    return ((X @ w - d) ** 2).sum()"
    )
]
EXPRESSIONS = ("w + rate", "X.mean(axis=0)", "np.sqrt(d)", "w[0] - 1", "len(X) * 2", "d.copy()")
STATEMENTS = (
    "{a} = {e} * {f}",
    "{a} = [{e} for row in X if row is not None]",
    "for i, row in enumerate({e}):\n        {a} = row + {f}",
    "while {a} is None:\n        {a} = {e}",
    "if {e} > {f}:\n        {a} = ({e}, {f})",
    "{a} = (lambda z: z / {f})({e})",
    "{a} = np.where({e} > 0, {e}, -({f}))",
)


def own_style(seed: int, lines: int = 7) -> list[ShownCell]:
    """The cells of a student who writes everything in a way of their own."""
    chance = random.Random(seed)
    cells = []
    for name in FUNCTIONS:
        body = [
            chance.choice(STATEMENTS).format(
                a=chance.choice("abcuv"), e=chance.choice(EXPRESSIONS), f=chance.choice(EXPRESSIONS)
            )
            for _ in range(lines)
        ]
        source = f"def {name}(w, X, d, rate):\n    " + "\n    ".join(body) + "\n    return a\n"
        cells.append(ShownCell(True, source, (name,)))
    return cells


def disguised(cell: ShownCell) -> ShownCell:
    """The cell with other names, layout and comments."""
    source = re.sub(r"\b([abcuv])\b", r"my_\1_value", cell.source)
    source = source.replace("row", "sample").replace("\n", "  # my own idea\n\n")
    return replace(cell, source=f'"""Entirely mine."""\n{source}')


def class_of(students: int) -> dict[str, list[ShownCell]]:
    return {f"student{seed:03d}": own_style(seed) for seed in range(students)}


def found(cells: dict[str, list[ShownCell]]) -> list[tuple[str, str]]:
    return [(pair.first, pair.second) for pair in similar_pairs(cells, RELEASED)]


@pytest.mark.parametrize("students", [5, 12, 60])
def test_disguised_copy_is_the_only_pair(students: int) -> None:
    cells = class_of(students)
    cells["copycat"] = [disguised(cell) for cell in cells["student003"]]
    pairs = similar_pairs(cells, RELEASED)
    assert [(pair.first, pair.second) for pair in pairs] == [("copycat", "student003")]
    assert pairs[0].likeness > 0.95
    assert set(pairs[0].tasks) == set(FUNCTIONS)


def test_copy_of_half_the_tasks_names_those_tasks_first() -> None:
    cells = class_of(40)
    cells["half"] = [*map(disguised, cells["student007"][:3]), *own_style(999)[3:]]
    pairs = similar_pairs(cells, RELEASED)
    assert [(pair.first, pair.second) for pair in pairs] == [("half", "student007")]
    assert 0.3 < pairs[0].likeness < 0.8
    assert set(pairs[0].tasks[:3]) == set(FUNCTIONS[:3])


def test_group_that_shares_one_source_is_found_pair_by_pair() -> None:
    cells = class_of(40)
    group = ["student000", "ring1", "ring2", "ring3"]
    cells |= {name: [disguised(cell) for cell in cells[group[0]]] for name in group[1:]}
    assert sorted(found(cells)) == sorted(combinations(sorted(group), 2))


@pytest.mark.parametrize("students", [2, 10, 60])
def test_class_in_which_nobody_copied_has_no_pair(students: int) -> None:
    assert found(class_of(students)) == []


def test_class_in_which_everybody_has_the_same_has_no_pair() -> None:
    assert found({name: own_style(1) for name in "abcdefgh"}) == []


def test_blank_notebooks_are_not_compared() -> None:
    cells = class_of(10) | {"blank1": RELEASED, "blank2": RELEASED, "empty": []}
    assert found(cells) == []


def test_what_was_handed_out_does_not_count() -> None:
    given = own_style(500)[0]
    folded = {name: [*own, replace(given, handed_out=True)] for name, own in class_of(10).items()}
    edited = {name: [*own, given] for name, own in class_of(10).items()}
    alone = similar_pairs(class_of(10), [])
    assert similar_pairs(folded, []) == similar_pairs(edited, [given]) == alone == []
    two_have_it = class_of(10) | {"a": own_style(20, lines=1), "b": own_style(21, lines=1)}
    for name in "ab":
        two_have_it[name].append(replace(given, source=given.source * 3))
    assert found(two_have_it) == [("a", "b")]
    assert similar_pairs(two_have_it, [replace(given, source=given.source * 3)]) == []


def test_pairs_do_not_depend_on_the_order_of_the_class() -> None:
    cells = class_of(20)
    cells["copycat"] = [disguised(cell) for cell in cells["student003"]]
    backwards = dict(reversed(cells.items()))
    assert similar_pairs(cells, RELEASED) == similar_pairs(backwards, RELEASED)


def test_names_comments_layout_and_texts_are_not_looked_at() -> None:
    one = 'def f(a, b):\n    """One."""\n    return np.exp(a + b)  # sum\n'
    other = "def g(x,y):\n  'Other words'\n\n  return np.exp( x+y )\n"
    assert list(tokens(one)) == list(tokens(other))
    assert list(tokens("np.exp(a)")) != list(tokens("np.log(a)"))
    assert list(tokens("a + 1")) != list(tokens("a + 2"))


@pytest.mark.parametrize(
    "source", ["%timeit f(x)", "!ls", "def f(:\n  '''", "a = $", "\x00", "  x\n y"]
)
def test_cell_that_is_no_python_counts_as_far_as_it_can_be_read(source: str) -> None:
    assert len(list(tokens(source))) < 10


def test_match_as_long_as_window_and_ngram_is_always_found() -> None:
    chance = random.Random(5)
    for _ in range(30):
        shared = [chance.choice("abcdefgh") for _ in range(15)]
        one = [chance.choice("stuv") for _ in range(chance.randrange(30))] + shared
        other = shared + [chance.choice("wxyz") for _ in range(chance.randrange(30))]
        assert winnow(one) & winnow(other)
