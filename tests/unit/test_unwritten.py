"""A cell that stops at what is not written yet says so in a line; real kernels."""

from __future__ import annotations

from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

SETUP = """\
import matplotlib.pyplot as plt
from dlcourse.checks import lab01 as check
from dlcourse.plots.style import look"""
STUB = "def sgd_epoch(grad):\n    # YOUR CODE HERE\n    raise NotImplementedError()"
DRAW = "with look():\n    fig, ax = plt.subplots()\n"


@pytest.fixture(scope="module")
def outputs() -> dict[str, list[Any]]:
    """What each of the cells below says, run one after the other in one kernel."""
    sources = [
        SETUP,
        STUB,
        "x = 1\nsgd_epoch(x)",
        DRAW + "sgd_epoch(ax)",
        DRAW + "ax.plot([1, 2]);",
        "# YOUR CODE HERE\nraise NotImplementedError()",
        "from dlcourse import Withheld\n\n\ndef relu(x):\n    raise Withheld('lab 00 asks')\n",
        "relu(1)",
        "1 / 0",
        "raise NotImplementedError('I mean it')",
        "class Half:\n    def step(self):\n        raise NotImplementedError()\n\n\nHalf().step()",
        "a = 3\ncheck.minibatches(minibatches)",
        "import abc\nabc.nothing",
    ]
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    NotebookClient(nbformat.v4.new_notebook(cells=cells), allow_errors=True).execute()
    return {cell.source: cell.outputs for cell in cells}


def said(outputs: list[Any]) -> str:
    (output,) = outputs
    return "\n".join(output.traceback)


def test_a_function_that_is_not_written_is_named_in_one_line(outputs):
    words = "sgd_epoch is not written yet. Write it, run its cell, and then this one again."
    assert said(outputs["x = 1\nsgd_epoch(x)"]) == words


def test_nothing_half_drawn_is_shown_then_or_later(outputs):
    assert said(outputs[DRAW + "sgd_epoch(ax)"]).startswith("sgd_epoch is not written yet")
    shown = outputs[DRAW + "ax.plot([1, 2]);"]
    assert [output.output_type for output in shown] == ["display_data"]
    assert "image/png" in shown[0].data


def test_a_question_without_an_answer_says_where_to_write_it(outputs):
    words = said(outputs["# YOUR CODE HERE\nraise NotImplementedError()"])
    assert words == "This cell has no answer yet: write yours in place of the line with raise."


def test_what_the_student_edition_withholds_is_told_as_such(outputs):
    assert said(outputs["relu(1)"]) == (
        "relu of dlcourse is not here for you: lab 00 asks. Call your own."
    )


def test_a_name_that_no_cell_has_set_yet_is_told_with_its_line_and_what_to_run(outputs):
    words = said(outputs["a = 3\ncheck.minibatches(minibatches)"])
    assert words.startswith("line 2: check.minibatches(minibatches)\nminibatches is not defined")
    assert "Run All Above Selected Cell" in words


@pytest.mark.parametrize(
    ("source", "last"),
    [
        ("1 / 0", "division by zero"),
        ("raise NotImplementedError('I mean it')", "I mean it"),
        ("import abc\nabc.nothing", "has no attribute 'nothing'"),
    ],
)
def test_any_other_exception_keeps_its_traceback(outputs, source, last):
    words = said(outputs[source])
    assert "Traceback" in words
    assert words.endswith(last)


def test_a_method_is_named_too(outputs):
    source = next(source for source in outputs if "Half" in source)
    assert said(outputs[source]).startswith("step is not written yet.")


def test_every_front_end_still_learns_what_was_raised(outputs):
    (output,) = outputs["x = 1\nsgd_epoch(x)"]
    assert (output.output_type, output.ename) == ("error", "NotImplementedError")
