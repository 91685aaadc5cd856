"""The visible checks against the known answers: they accept every right one."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import pytest

from autograder import labs
from autograder.answers import Answer, load
from dlcourse.testing import CheckError

VARIANTS = [
    pytest.param(lab, answer, id=f"{lab[:5]}-{answer.task}-{answer.name}")
    for lab in labs.all_labs()
    for answer in load(lab)
    if answer.kind == "variant"
]
# These lose no points, since their values are right wherever the contract says what is right.
# The task texts ask for more, and the visible checks say so: that nothing overflow on the way,
# that a system be solved and not inverted, that equal slopes make no step.
STRICTER = {
    ("sigmoid", "plain_with_a_warning"),
    ("newton_step", "by_an_explicit_inverse"),
    ("newton_step", "by_eigenvectors"),
    ("quickprop_step", "divided_by_estimated_curvature"),
    ("quickprop_step", "ratio_of_slopes"),
}


def check_of(lab: str, task: str) -> Callable[[object], None]:
    check: Callable[[object], None] = getattr(
        importlib.import_module(f"dlcourse.checks.{lab[:5]}"), task
    )
    return check


def function_of(answer: Answer) -> Any:
    names: dict[str, Any] = {}
    exec(compile(answer.source, answer.name, "exec", dont_inherit=True), names)
    return names[answer.task]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("lab", "answer"), VARIANTS)
def test_a_right_answer_passes_the_visible_checks(lab: str, answer: Answer) -> None:
    if (answer.task, answer.name) in STRICTER:
        with pytest.raises(CheckError):
            check_of(lab, answer.task)(function_of(answer))
    else:
        check_of(lab, answer.task)(function_of(answer))


@pytest.mark.parametrize("lab", labs.all_labs())
def test_every_task_has_a_visible_check_and_both_kinds_of_answers(lab: str) -> None:
    answers = load(lab)
    for task in labs.find(lab).code_tasks():
        assert callable(check_of(lab, task))
        mistakes = [a for a in answers if a.task == task and a.kind == "mistake"]
        variants = [a for a in answers if a.task == task and a.kind == "variant"]
        assert len(mistakes) >= 5
        assert all(mistake.says for mistake in mistakes)
        assert len(variants) >= 3
