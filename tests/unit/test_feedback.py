"""The page a student gets: it says what passed, and nothing in it can run or reach out."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder import labs
from autograder.completion import Notebook, completed, released
from autograder.report.feedback import write_feedback
from autograder.report.marks import Marks
from autograder.results import SubmissionResult, TaskResult, TestResult

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "'><a href='javascript:alert(1)'>x</a>",
    "</style><style>*{display:none}</style>",
    "</title><script>alert(1)</script>",
    "<!--",
    "]]>",
    "<meta http-equiv=refresh content=0;url=//evil>",
    "{{ result.key }}{% raw %}",
    "&lt;b&gt;",
]
TAGS = {
    *("html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "strong", "small"),
    *("div", "span", "ul", "li", "details", "summary", "header", "progress", "pre", "b"),
}


LAB = labs.find("lab01")


class Page(HTMLParser):
    """The tags, attributes and words of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.words += data


def result_with(words: str) -> SubmissionResult:
    """A result with these words wherever there can be words."""
    test = TestResult(words, False, message=words, hint=words, detail="SECRET DETAIL")
    tasks = [
        TaskResult(words, 0.0, 6, status, (test,))
        for status in ("failed", "partial", "missing", "passed")
    ]
    tasks.append(TaskResult.manual(words, 5))
    return SubmissionResult.graded("alice", words.replace("/", ""), tasks, errors=(words,))


def written(result: SubmissionResult, directory: Path) -> str:
    return write_feedback(result, directory).read_text(encoding="utf-8")


def real_result(**statuses: str) -> SubmissionResult:
    """A result of lab 01 in which every task is right, but for those with another status."""
    tasks = []
    for task in LAB.tasks:
        if task.kind == "written":
            tasks.append(TaskResult.manual(task.name, task.points))
            continue
        passed = statuses.get(task.name, "passed") == "passed"
        test = TestResult("holds", passed, message="" if passed else "w: the value is wrong")
        tasks.append(TaskResult.of_tests(task.name, task.points, [test]))
    return SubmissionResult.graded("alice", LAB.name, tasks)


def page_of(
    notebook: Notebook | bytes, directory: Path, result: SubmissionResult | None = None
) -> Page:
    """The page of a student who handed in `notebook`."""
    content = notebook if isinstance(notebook, bytes) else json.dumps(notebook).encode()
    path = write_feedback(result or real_result(), directory, content)
    return Page(path.read_text(encoding="utf-8"))


def words_of(page: Page) -> str:
    return " ".join(page.words.split())


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_are_words_and_nothing_else(tmp_path: Path, words: str) -> None:
    html = written(result_with(words), tmp_path)
    page, harmless = Page(html), Page(written(result_with("harmless"), tmp_path))
    assert page.tags == harmless.tags
    assert set(page.tags) <= TAGS
    assert [name for name, _ in page.attributes] == [name for name, _ in harmless.attributes]
    assert words in page.words


@pytest.mark.parametrize("words", HOSTILE)
def test_reason_for_a_failed_submission_is_escaped(tmp_path: Path, words: str) -> None:
    failed = SubmissionResult.failed("alice", "lab01", 90, words)
    page = Page(written(failed, tmp_path))
    assert f"could not be graded: {words}" in page.words
    assert set(page.tags) <= TAGS


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_words_leave_the_page_as_it_is(tmp_path: Path, words: str) -> None:
    failed = SubmissionResult.failed("alice", "lab01", 90, words)
    plain = SubmissionResult.failed("alice", "lab01", 90, "plain")
    assert Page(written(failed, tmp_path)).tags == Page(written(plain, tmp_path)).tags


def test_policy_forbids_everything_but_the_pages_own_style(tmp_path: Path) -> None:
    html = written(result_with("words"), tmp_path)
    policies = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    assert len(policies) == 1
    rules = dict(rule.strip().split(" ", 1) for rule in policies[0].split(";") if rule.strip())
    assert rules["default-src"] == "'none'"
    assert rules["style-src"] == "'unsafe-inline'"
    assert rules["base-uri"] == rules["form-action"] == "'none'"
    assert not {"script-src", "img-src", "connect-src", "frame-src"} & set(rules)
    assert html.index("Content-Security-Policy") < html.index("<title>")


def test_page_refers_to_nothing_outside(tmp_path: Path) -> None:
    page = Page(written(result_with("words"), tmp_path))
    assert not {name for name, _ in page.attributes} & {"src", "href", "action", "style", "onclick"}


def test_page_keeps_the_instructors_detail_and_the_key_to_itself(tmp_path: Path) -> None:
    assert "SECRET DETAIL" not in written(result_with("words"), tmp_path)


def test_page_says_score_tasks_messages_and_hints(tmp_path: Path) -> None:
    tests = [
        TestResult("moves_down[3-True]", True),
        TestResult("keeps_w", False, message="w: changes its argument", hint="work on a copy"),
    ]
    tasks = [TaskResult.of_tests("sgd_epoch", 9, tests), TaskResult.manual("w_essay", 5)]
    page = Page(written(SubmissionResult.graded("alice", "lab01", tasks), tmp_path))
    text = " ".join(page.words.split())
    assert "4.5 of 9 points" in text
    assert re.search(r"sgd_epoch ?4\.5 of 9", text)
    for words in ("moves down", "keeps w", "w: changes its argument", "work on a copy"):
        assert words in text
    assert "marked by hand, of 5" in text


def test_page_lies_under_the_students_id(tmp_path: Path) -> None:
    path = write_feedback(SubmissionResult.failed("al.ice@x", "lab01", 90, "no"), tmp_path)
    assert path == tmp_path / "al.ice@x" / "lab01.html"


# Hidden tests


def test_cases_of_one_test_are_one_line_without_their_hidden_inputs(tmp_path: Path) -> None:
    cases = [
        TestResult("labels_are_right[987-6]", False, message="labels: 3 of 7 entries are wrong"),
        TestResult("labels_are_right[654-3]", False, message="labels: 2 of 9 entries are wrong"),
        TestResult("labels_are_right[321-1]", True),
    ]
    task = TaskResult.of_tests("kmeans_assign", 6, cases)
    page = Page(written(SubmissionResult.graded("alice", "lab01", [task]), tmp_path))
    assert "labels are right (2 of 3 cases fail) labels: 3 of 7 entries are wrong" in words_of(page)
    assert page.words.count("labels are right") == 1
    assert "2 of 9" not in page.words
    assert not re.search("987|654|321", page.words)


def test_hint_of_a_task_is_said_once(tmp_path: Path) -> None:
    tests = [TestResult(name, False, message="wrong", hint="mend minibatches") for name in "abc"]
    task = TaskResult.of_tests("minibatch_epoch", 6, tests)
    html = written(SubmissionResult.graded("alice", "lab01", [task]), tmp_path)
    assert html.count("mend minibatches") == 1


# The notebook as it was handed in


def test_solution_cells_stand_open_with_their_verdict(tmp_path: Path) -> None:
    mine = "def sgd_epoch(grad, w, X, d, lr, j, rng):\n    return w < 3 & True"
    page = page_of(completed(LAB, {"sgd_epoch": mine}), tmp_path, real_result(sgd_epoch="failed"))
    assert "✗ sgd_epoch 0 of 9 def sgd_epoch(grad, w, X, d, lr, j, rng): return w < 3 & True" in (
        words_of(page)
    )
    assert re.search(r"✓ minibatches 6 of 6 def minibatches\(", words_of(page))
    assert page.tags.count("pre") > len(LAB.code_tasks())


def test_function_written_in_another_cell_has_the_verdict_there(tmp_path: Path) -> None:
    notebook = released(LAB)
    notebook["cells"].append(
        {"cell_type": "code", "metadata": {}, "source": "def sgd_epoch(*a):\n    return 1"}
    )
    page = page_of(notebook, tmp_path)
    assert "✓ sgd_epoch 9 of 9 def sgd_epoch(*a): return 1" in words_of(page)


def test_what_was_handed_out_is_folded_under_its_heading(tmp_path: Path) -> None:
    html = write_feedback(real_result(), tmp_path, json.dumps(completed(LAB)).encode()).read_text(
        encoding="utf-8"
    )
    folded = re.findall(r'<details class="handed"><summary>(.*?) <small>', html)
    assert any("Task · sgd_epoch(grad, w, X, d, lr, j, rng)" in title for title in folded)
    before, _, inside = html.partition('<details class="handed">')
    assert "import numpy as np" not in before
    assert "import numpy as np" in inside


def test_written_answer_is_shown_as_it_was_typed(tmp_path: Path) -> None:
    answer = "Small batches are *noisy*:\n\n- $1/B$\n- <b onclick=alert(1)>cheap</b>"
    page = page_of(completed(LAB, {"w_batch_size": answer}), tmp_path)
    assert answer in page.words
    assert "onclick" not in {name for name, _ in page.attributes}


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_cells_are_words_and_nothing_else(tmp_path: Path, words: str) -> None:
    def hostile(text: str) -> Notebook:
        kinds = ("code", "markdown", "raw", text)
        metadata = {"nbgrader": {"grade_id": text}, text: text}
        cells = [{"cell_type": k, "id": text, "metadata": metadata, "source": text} for k in kinds]
        return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}

    page, harmless = page_of(hostile(words), tmp_path), page_of(hostile("harmless"), tmp_path)
    assert page.tags == harmless.tags
    assert set(page.tags) <= TAGS
    assert page.attributes == harmless.attributes
    assert page.words.count(words) == 4


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[" * 100_000,
        b"[]",
        b'{"cells": 3}',
        b'{"cells": [3, null, {}, {"source": 3}, {"source": [[]]}, {"metadata": []}]}',
        b'{"cells": [{"cell_type": [], "metadata": {"nbgrader": 3}, "source": null}]}',
        b'{"cells": [{"cell_type": "code", "metadata": {"nbgrader": {"grade_id": []}}}]}',
    ],
)
def test_bytes_that_are_no_notebook_leave_the_rest_of_the_page(
    tmp_path: Path, content: bytes
) -> None:
    assert "90 of 90 points" in words_of(page_of(content, tmp_path))


def test_text_that_no_encoding_has_is_written_all_the_same(tmp_path: Path) -> None:
    page = page_of(b'{"cells": [{"cell_type": "code", "source": "x = \'\\ud800\'"}]}', tmp_path)
    assert "x = '?'" in page.words


def test_endless_cells_are_cut_and_the_page_says_so(tmp_path: Path) -> None:
    cells = [{"cell_type": "code", "metadata": {}, "source": "y = 1\n" * 50_000}] * 40
    page = page_of({"cells": cells, "metadata": {}, "nbformat": 4}, tmp_path)
    assert len(page.words) < 500_000
    assert "the rest of this cell is too long to be shown here" in page.words


# What a person added


def test_manual_scores_and_comments_stand_on_the_page(tmp_path: Path) -> None:
    marks = Marks(
        "Ada <i>Lovelace</i>",
        scores={"w_batch_size": 4.0, "sgd_epoch": 7.5},
        comments={"w_batch_size": "Clear.\nOne <b>number</b> more.", "minibatches": "Neat!"},
        extra=1.0,
        penalty=2.0,
    )
    result = real_result(sgd_epoch="failed")
    page = Page(write_feedback(result, tmp_path, marks=marks).read_text(encoding="utf-8"))
    text = words_of(page)
    assert "Feedback for Ada <i>Lovelace</i> (alice)" in text
    assert "91.5 of 95 points" in text  # 81 + 4 + 7.5 + 1 - 2
    assert "Automatically graded: 81 of 90 points. Extra credit: 1." in text
    assert "Taken off for handing in late: 2." in text
    assert "w_batch_size 4 of 5, marked by hand" in text
    assert "sgd_epoch 7.5 of 9, corrected by hand from 0" in text
    assert "w_hard_rows to be marked by hand, of 5" in text
    assert "Comment from your instructor Clear. One <b>number</b> more." in text
    assert "Neat!" in text
    assert set(page.tags) <= TAGS - {"i"}


def test_manual_score_of_a_notebook_that_could_not_be_graded_counts(tmp_path: Path) -> None:
    failed = SubmissionResult.failed("alice", LAB.name, 90, "the file is torn")
    path = write_feedback(failed, tmp_path, marks=Marks(scores={"w_batch_size": 3.0}))
    assert "3 of 95 points" in words_of(Page(path.read_text(encoding="utf-8")))
