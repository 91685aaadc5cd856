"""formgrader in Chromium: its button grades in the sandbox, and no page runs a student's script."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook

from autograder.completion import Notebook, completed, save
from autograder.gradebook import dump
from autograder.labs import Lab

URL = "sqlite:///gradebook.db"
PATIENCE = 120_000  # milliseconds

HOSTILE = """I think so.

<script>document.title = "taken over"</script>
<img src="nowhere" onerror='document.title = "taken over"'>
<svg onload='document.title = "taken over"'></svg>
[look](javascript:document.title=1)

For $a<b$ it is **clear**.
"""


@dataclass(frozen=True)
class Desk:
    """A Jupyter server in a course, and a browser that looks at it."""

    root: Path
    address: str
    page: Any

    @property
    def url(self) -> str:
        return f"sqlite:///{self.root / 'gradebook.db'}"

    def list_submissions(self, lab: Lab) -> None:
        self.page.goto(f"{self.address}/formgrader/manage_submissions/{lab.name}")
        self.page.wait_for_selector("#main-table .autograde a")
        sizes = self.page.locator("select[name$=_length]")
        if sizes.count():
            sizes.first.select_option("-1")

    def click_autograde(self, student: str) -> str:
        """Click on the student's lightning; what the window then says."""
        row = self.page.locator("#main-table tr", has=self.page.get_by_text(student, exact=True))
        row.locator(".autograde a").click()
        window = self.page.locator(".modal.in")
        window.wait_for(timeout=PATIENCE)
        words = window.inner_text()
        window.get_by_role("button", name="Close").last.click()
        self.page.locator(".modal-backdrop").wait_for(state="detached")
        return words

    def open_marking(self, lab: Lab, student: str) -> None:
        with Gradebook(self.url) as gradebook:
            notebook = gradebook.find_submission_notebook(lab.name, lab.name, student).id
        self.page.goto(f"{self.address}/formgrader/submissions/{notebook}/")
        self.page.wait_for_selector(".score")
        self.page.wait_for_load_state("networkidle")


@pytest.fixture
def desk_of(browser: Any, serve: Callable[..., str]) -> Callable[[Path], Desk]:
    """``desk_of(root)`` starts a server in the course `root`."""

    def start(root: Path) -> Desk:
        address = serve("jupyter_server", root)
        page = browser.new_page(viewport={"width": 1200, "height": 1000})
        page.set_default_timeout(PATIENCE)
        return Desk(root, address, page)

    return start


def hostile(lab: Lab) -> Notebook:
    """The right solution, with script in every place that a page shows."""
    notebook = completed(lab)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown" and cell["metadata"].get("nbgrader", {}).get("solution"):
            cell["source"] = HOSTILE
    html = {"text/html": HOSTILE, "image/svg+xml": HOSTILE, "application/javascript": "alert(1)"}
    cells = [
        {"cell_type": "markdown", "id": '"><script>', "metadata": {}, "source": HOSTILE},
        {
            "cell_type": "code",
            "id": "x",
            "metadata": {},
            "source": "# </pre><script>document.title = 'taken over'</script>",
            "execution_count": 1,
            "outputs": [
                {"output_type": "display_data", "metadata": {}, "data": html},
                {"output_type": "stream", "name": "stdout", "text": HOSTILE},
            ],
        },
    ]
    return notebook | {"cells": [*notebook["cells"], *cells]}


@pytest.mark.slow
def test_button_grades_in_the_sandbox_and_marking_by_hand_stays(
    write_course, nbgrader, two_labs: list[Lab], desk_of, tmp_path: Path
) -> None:
    lab = two_labs[1]
    root = write_course(tmp_path / "course", small=True)
    save(hostile(lab), root / "submitted" / "hostile" / lab.name / f"{lab.name}.ipynb")
    for student in ("blank", "copied_cells", "deleted_cells", "renamed_cells", "all_right"):
        shutil.rmtree(root / "submitted" / student)
    assert nbgrader(root, "generate_assignment", lab.name).returncode == 0
    desk = desk_of(root)
    page = desk.page
    desk.list_submissions(lab)
    for student in ("hostile", "mistaken", "broken_file"):
        assert "Successfully autograded" in desk.click_autograde(student)
    page.screenshot(path=tmp_path / "list.png", full_page=True)
    rows = {row.split("\t")[1]: row for row in page.locator("#main-table tr").all_inner_texts()}
    total = sum(task.points for task in lab.tasks)
    assert f"{lab.max_score:g} / {total:g}" in rows["hostile"]
    assert f"0 / {total:g}" in rows["broken_file"]
    assert all("needs manual grading" in row for row in rows.values())

    desk.open_marking(lab, "hostile")
    page.screenshot(path=tmp_path / "hostile.png", full_page=True)
    assert page.title() != "taken over"
    assert page.locator("a[href^='javascript']").count() == 0
    assert "it is **clear**" in page.locator("#notebook-container").first.inner_text()

    task = next(task for task in lab.tasks if task.kind == "written")
    field = page.locator(f"#{task.name}")
    field.fill("3.5")
    field.dispatch_event("change")
    page.locator(f"#{task.name}-comment").fill("well argued")
    page.locator(f"#{task.name}-comment").dispatch_event("change")
    page.wait_for_load_state("networkidle")
    desk.open_marking(lab, "mistaken")
    page.screenshot(path=tmp_path / "marking.png", full_page=True)
    code = lab.code_tasks()[0]
    assert "hidden tests passed" in page.locator("#notebook-container").first.inner_text()
    assert "hidden tests passed" in str(
        page.locator(f"#{code}-comment").get_attribute("placeholder")
    )

    desk.list_submissions(lab)
    assert "Successfully autograded" in desk.click_autograde("hostile")
    with Gradebook(desk.url) as gradebook:
        grade = gradebook.find_grade(task.name, lab.name, lab.name, "hostile")
        comment = gradebook.find_comment(task.name, lab.name, lab.name, "hostile")
        assert (grade.score, comment.comment) == (3.5, "well argued")
    results = (root / "results" / "results.jsonl").read_text().splitlines()
    assert [json.loads(line)["isolation"] for line in results] == ["bubblewrap"] * 4
    assert not [p for p in Path("/proc").glob("[0-9]*/cmdline") if _is_student_code(p, root)]


def _is_student_code(path: Path, root: Path) -> bool:
    """Whether a process of a kernel was started in the course: nothing is run in the server."""
    try:
        return b"ipykernel" in path.read_bytes() and (path.parent / "cwd").resolve() == root
    except OSError:
        return False


@pytest.mark.slow
def test_class_of_two_labs_has_equal_scores_by_command_and_by_button(
    write_course, nbgrader, autograder_command, two_labs: list[Lab], desk_of, tmp_path: Path
) -> None:
    one, other = write_course(tmp_path / "one"), write_course(tmp_path / "other")
    for lab in two_labs:
        done = autograder_command(
            *(one, "grade", lab.name, "submitted", "--out", "results"),
            *("--jobs", "2", "--gradebook", URL),
        )
        assert done.returncode == 1, done.stderr
    shutil.copy(one / ".course-secret", other)
    for lab in two_labs:
        assert nbgrader(other, "generate_assignment", lab.name).returncode == 0
    desk = desk_of(other)
    for lab in two_labs:
        desk.list_submissions(lab)
        for student in sorted(path.parent.name for path in other.glob(f"submitted/*/{lab.name}")):
            assert "Successfully autograded" in desk.click_autograde(student)
        desk.page.screenshot(path=tmp_path / f"{lab.name}.png", full_page=True)
    scores = [dump(f"sqlite:///{root / 'gradebook.db'}") for root in (one, other)]
    assert scores[0] == scores[1]
    assert len(list(other.glob("autograded/*/*/*.ipynb"))) == 23


@pytest.fixture
def autograder_command() -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "autograder", *arguments],
            cwd=directory,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=500,
        )

    return run
