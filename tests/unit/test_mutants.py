"""Mutants of a small solution, and the list of those that are no mistakes."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from autograder import equivalents, labs
from autograder.audit import Audit, MutantTrial, _stale
from autograder.equivalents import Equivalents
from autograder.errors import UsageError
from autograder.mutants import Mutant, mutants
from autograder.reference import reference_source
from autograder.trials import Verdict

SOLUTION = '''
def center(x: np.ndarray, w, eps=1e-5) -> tuple:
    """Words that no mutant changes: x - 1."""
    ### BEGIN SOLUTION
    w = w - x.mean(axis=0, keepdims=True)
    if len(w) > 3:
        w = np.maximum(w.copy(), 0)
    return w, x[1:] + eps
    ### END SOLUTION
'''


def changes(source: str) -> dict[str, set[str]]:
    """What each operator makes of the changed statement."""
    found: dict[str, set[str]] = {}
    for mutant in mutants("center", source):
        found.setdefault(mutant.operator, set()).add(mutant.change.split("  →  ")[1])
    return found


@pytest.mark.parametrize(
    ("operator", "change"),
    [
        ("arithmetic", "w = w + x.mean(axis=0, keepdims=True)"),
        ("operand", "w = w"),
        ("comparison", "if len(w) >= 3:"),
        ("comparison", "if not len(w) > 3:"),
        ("constant", "if len(w) > 4:"),
        ("constant", "w = w - x.mean(axis=0, keepdims=False)"),
        ("axis", "w = w - x.mean(axis=1, keepdims=True)"),
        ("keyword", "w = w - x.mean(axis=0)"),
        ("keyword", "w = w - x.mean(keepdims=True)"),
        ("dropped statement", "dropped"),
        ("swapped results", "return (x[1:] + eps, w)"),
        ("swapped results", "return w"),
        ("missing copy", "w = np.maximum(w, 0)"),
        ("missing copy", "w -= x.mean(axis=0, keepdims=True)"),
        ("other function", "w = np.minimum(w.copy(), 0)"),
        ("other function", "w = w - x.sum(axis=0, keepdims=True)"),
        ("slice bound", "return (w, x[:] + eps)"),
    ],
)
def test_operator_makes_the_change_that_a_student_might(operator: str, change: str) -> None:
    assert change in changes(SOLUTION)[operator]


def test_swapped_arguments_are_those_whose_order_counts() -> None:
    found = changes("def center(a, b):\n    return max(a, b) + np.arctan2(a, b)\n")
    assert found["swapped arguments"] == {"return max(a, b) + np.arctan2(b, a)"}


def test_every_mutant_is_another_function_that_python_can_read() -> None:
    made = mutants("center", SOLUTION)
    texts = [ast.unparse(ast.parse(mutant.source)) for mutant in made]
    assert len(set(texts)) == len(texts) == len({mutant.id for mutant in made})
    assert all("def center" in text and "Words" not in text for text in texts)


def test_id_is_that_of_the_change_and_not_of_comments_or_layout() -> None:
    spaced = SOLUTION.replace("    ### BEGIN SOLUTION\n", "    # why\n\n").replace("- x", "-  x")
    rewritten = SOLUTION.replace("eps", "tiny")
    ids = {mutant.id for mutant in mutants("center", SOLUTION)}
    assert {mutant.id for mutant in mutants("center", spaced)} == ids
    assert not {mutant.id for mutant in mutants("center", rewritten)} & ids


@pytest.mark.parametrize("name", labs.all_labs())
def test_every_lab_has_mutants_of_every_task_a_hundred_or_more_together(name: str) -> None:
    lab = labs.find(name)
    made = {task: mutants(task, reference_source(lab, task)) for task in lab.code_tasks()}
    assert all(made.values())
    assert sum(map(len, made.values())) >= 100


# Equivalents


@pytest.mark.parametrize("name", labs.all_labs())
def test_every_mutant_that_is_listed_as_no_mistake_is_one_of_the_references(name: str) -> None:
    lab, known = labs.find(name), equivalents.read(name)
    made = [m for task in lab.code_tasks() for m in mutants(task, reference_source(lab, task))]
    assert _stale(known, made, []) == []
    assert set(known.left_out) <= set(lab.code_tasks())


ENTRY = '[[mutant]]\ntask = "relu"\nid = "abc"\nchange = "a  →  b"\nreason = "{}"\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (ENTRY.format(""), "say why"),
        (2 * ENTRY.format("At 0 both are 0."), "twice"),
        (ENTRY.format("At 0.").replace("id =", "number ="), "number"),
        ("[[mutant]\n", "lab42.toml"),
    ],
)
def test_entry_without_reason_or_twice_or_with_another_key_is_refused(
    tmp_path: Path, text: str, words: str
) -> None:
    (tmp_path / "lab42.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=words):
        equivalents.read("lab42_relu", tmp_path)


MUTANT = Mutant("relu", "abc", "constant", "a  →  b", "")


def listed(tmp_path: Path) -> Equivalents:
    (tmp_path / "lab42.toml").write_text(ENTRY.format("At 0 both are 0."), encoding="utf-8")
    return equivalents.read("lab42_relu", tmp_path)


def test_entry_is_stale_when_its_mutant_is_gone_or_changed_or_killed(tmp_path: Path) -> None:
    known = listed(tmp_path)
    killed = MutantTrial(MUTANT, Verdict(killed=("relu_of_zero",)), known.reason(MUTANT))
    changed = Mutant("relu", "abc", "constant", "a  →  c", "")
    assert _stale(known, [MUTANT], []) == []
    assert "no mutant of the reference" in _stale(known, [], [])[0]
    assert "no mutant of the reference" in _stale(known, [changed], [])[0]
    assert "killed by relu_of_zero" in _stale(known, [MUTANT], [killed])[0]


def test_score_leaves_equivalent_mutants_out_and_counts_survivors() -> None:
    trials = (
        MutantTrial(MUTANT, Verdict(killed=("t",))),
        MutantTrial(MUTANT, Verdict(timed_out=True)),
        MutantTrial(MUTANT, Verdict(died=True)),
        MutantTrial(MUTANT, Verdict()),
        MutantTrial(MUTANT, Verdict(), "At 0 both are 0."),
    )
    found = Audit("lab42", ("relu",), (), (), trials, ())
    assert found.score == 3 / 4
    assert found.problems == ["relu abc: a mutant survives: a  →  b"]
