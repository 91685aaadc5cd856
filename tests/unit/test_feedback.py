"""The page a student gets: it says what passed, and nothing in it can run or reach out."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.report.feedback import write_feedback
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
    *("div", "span", "ul", "li", "details", "summary"),
}


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
