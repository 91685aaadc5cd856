"""The class report's figures, and its page: what it says, and that nothing in it can run."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from autograder.errors import UsageError
from autograder.report import figures, summary
from autograder.report.class_report import write_report
from autograder.results import ResultsFile, SubmissionResult, TaskResult, TestResult

HOSTILE = "<script>alert(name)</script><img src=x onerror=alert(name)> & $\\frac{a}{b}$"


class Page(HTMLParser):
    """The tags, attributes and words of a page; words of its style are none."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        if self.tags[-1:] != ["style"]:
            self.text += data

    @property
    def words(self) -> str:
        return " ".join(self.text.split())


def wrong(message: str, name: str = "holds", hint: str = "") -> TestResult:
    return TestResult(name, False, message=message, hint=hint)


def result(
    student: str, *tests: TestResult, lab: str = "lab77", **rest: object
) -> SubmissionResult:
    """A submission whose task `fit` had these tests, and whose concept question is right."""
    tasks = [
        TaskResult.of_tests("fit", 8, tests or [TestResult("holds", True)]),
        TaskResult.of_tests("q_why", 2, [TestResult("letters", True)]),
        TaskResult.manual("w_essay", 5),
    ]
    return SubmissionResult.graded(student, lab, tasks, **rest)


def page_of(results: list[SubmissionResult], directory: Path) -> Page:
    file = ResultsFile(directory / "results.jsonl")
    for entry in results:
        file.append(entry)
    return Page(write_report(directory).read_text(encoding="utf-8"))


# Figures


def test_failed_submissions_are_not_among_the_scores() -> None:
    results = [
        result("a"),
        result("b", wrong("no")),
        SubmissionResult.failed("c", "lab77", 10, "!"),
    ]
    scores = summary.scores(results)
    assert (scores.values, scores.max_score) == ((2.0, 10.0), 10.0)
    assert scores.figures == {"mean": 6, "median": 6, "lower quartile": 4, "upper quartile": 8}


def test_tasks_are_counted_by_outcome_and_by_mean_share_of_points() -> None:
    right, blank = TestResult("a", True), TestResult("b", False, missing=True)
    results = [
        result("a", right),
        result("b", right, wrong("no")),
        result("c", wrong("no")),
        result("d", blank),
    ]
    fit, question = summary.tasks(results)
    assert fit.outcomes == {"passed": 1, "partial": 1, "failed": 1, "missing": 1}
    assert fit.mean_share == pytest.approx((1 + 0.5) / 4)
    assert (question.name, question.mean_share, question.total) == ("q_why", 1.0, 4)


def test_failures_that_differ_in_numbers_alone_are_one_and_count_students() -> None:
    results = [
        result("a", wrong("w: 3 of 6 entries are wrong"), wrong("w: 1 of 6 entries are wrong")),
        result("b", wrong("w: 2 of 40 entries are wrong")),
        result("c", wrong("w: expected an array, got None"), TestResult("x", False, missing=True)),
    ]
    first, second = summary.commonest_failures(results)
    assert (first.task, first.students, first.property) == ("fit", 2, "holds")
    assert re.fullmatch(r"w: \d+ of \d+ entries are wrong", first.message)
    assert (second.students, second.message) == (1, "w: expected an array, got None")


def test_failures_with_the_same_hint_are_one_whatever_the_messages() -> None:
    hint = "Each row is used with another row's target."
    results = [result("a", wrong("one", hint=hint)), result("b", wrong("other", hint=hint))]
    (failure,) = summary.commonest_failures(results)
    assert (failure.students, failure.hint) == (2, hint)


def test_leaderboard_is_by_accuracy_and_equals_share_a_rank() -> None:
    def measured(student: str, accuracy: float) -> SubmissionResult:
        return result(student, TestResult("fits", True, measures={"accuracy": accuracy}))

    board = [measured("a", 0.91), measured("b", 0.97), measured("c", 0.97), result("none")]
    ranked = [(rank, entry.student) for rank, entry in summary.leaderboard(board)]
    assert ranked == [(1, "b"), (1, "c"), (3, "a")]


@pytest.mark.parametrize("values", [(5.0,), (0.0,) * 4, (10.0,) * 4, (0.0, 2.5, 10.0)])
def test_histogram_is_one_svg_that_takes_its_ink_from_the_page(values: tuple[float, ...]) -> None:
    svg = figures.score_histogram(summary.Scores(values, 10.0), "lab77")
    page = Page(svg)
    assert page.tags.count("svg") == 1
    assert svg.startswith("<svg")
    assert "currentColor" in svg
    assert "median" in page.words
    assert "points of 10, automatically graded" in page.words
    assert not {"script", "image", "a", "foreignobject"} & set(page.tags)


def test_bars_name_every_task_and_its_share() -> None:
    tasks = summary.tasks([result("a"), result("b", wrong("no"))])
    words = Page(figures.task_bars(tasks, "lab77")).words
    assert re.search(r"fit 50% q_why 100%", words)


def test_plots_of_one_page_have_ids_of_their_own() -> None:
    scores = summary.Scores((5.0,), 10.0)
    plots = [figures.score_histogram(scores, name) for name in ("lab01", "lab02")]
    one, other = (
        {value for name, value in Page(svg).attributes if name == "id" and len(value) > 10}
        for svg in plots
    )
    assert one
    assert not one & other


# The page


def test_page_says_how_the_class_did(tmp_path: Path) -> None:
    results = [
        result("alice", seconds=0.4),
        result("bob", wrong("w: 3 of 6 entries are wrong", "moves_down[3-7]"), seconds=9.5),
        result("carol", errors=("code cell 3 raised NameError",), isolation="unsafe"),
        SubmissionResult.failed("dave", "lab77", 10, "the file is not a notebook"),
    ]
    words = page_of(results, tmp_path).words
    for expected in (
        "4 students",
        "4 submissions 1 could not be graded",
        "10 median",
        "1 fit moves down w: 3 of 6 entries are wrong",
        "dave the file is not a notebook",
        "carol code cell 3 raised NameError",
        "Graded without isolation, so that these scores can be forged: carol",
        "bob 9.5 2",
        "There are not two notebooks of this lab beside the results",
    ):
        assert expected in words
    assert words.index("bob 9.5") < words.index("alice 0.4")


def test_each_lab_has_its_section(tmp_path: Path) -> None:
    page = page_of([result("a", lab="lab77"), result("a", lab="lab78")], tmp_path)
    assert page.tags.count("section") == 2
    assert "1 student" in page.words


def test_leaderboard_stands_only_where_there_is_an_accuracy(tmp_path: Path) -> None:
    fits = TestResult("fits", True, measures={"accuracy": 0.9625})
    results = [result("alice", fits, lab="lab79"), result("bob", lab="lab78")]
    words = page_of(results, tmp_path).words
    assert words.count("Leaderboard") == 1
    assert "1 alice 96.25 % 10" in words


def test_hostile_words_are_words_and_nothing_else(tmp_path: Path) -> None:
    def hostile(words: str, directory: Path) -> Page:
        directory.mkdir()
        tests = wrong(words, words), wrong(words, hint=words)
        tasks = [TaskResult.of_tests(words, 5, tests), TaskResult.of_tests(f"q_{words}", 5, tests)]
        graded = SubmissionResult.graded("a", words, tasks, errors=(words,), isolation="unsafe")
        failed = SubmissionResult.failed("b", words, 10, words)
        return page_of([graded, failed], directory)

    page, harmless = hostile(HOSTILE, tmp_path / "one"), hostile("harmless", tmp_path / "other")
    assert page.tags == harmless.tags
    assert [name for name, _ in page.attributes] == [name for name, _ in harmless.attributes]
    assert not {"script", "img", "a", "iframe", "object", "form"} & set(page.tags)
    assert page.text.count(HOSTILE) >= 8


def test_page_runs_nothing_and_refers_to_nothing_outside(tmp_path: Path) -> None:
    page = page_of([result("alice"), result("bob", wrong("no"))], tmp_path)
    (policy,) = (value for name, value in page.attributes if value.startswith("default-src"))
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline';")
    assert not {"src", "href", "action"} & {name for name, _ in page.attributes}
    links = [value for name, value in page.attributes if name.endswith("href")]
    assert all(link.startswith("#") for link in links)


def test_report_of_nothing_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no results here; grade a lab with --out"):
        write_report(tmp_path)
