"""The audit as a command: every lab's hidden tests kill what they should and reject nothing right.

The quick audits try one mutant in five, the full ones all of them, the visible checks and hints.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Command

from autograder import labs

LABS = labs.all_labs()


def audited(autograder: Command, directory: Path, lab: str, *options: str) -> dict[str, Any]:
    """What the command writes for CI; it has to end without a complaint."""
    file = directory / "audit.json"
    done = autograder(labs.ROOT, "audit", lab, "--json", file, "--jobs", 2, *options)
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    assert found["problems"] == []
    assert (done.returncode, done.stderr) == (0, "")
    return found


def check(found: dict[str, Any]) -> None:
    mistakes, variants = found["mistakes"], found["variants"]
    assert mistakes["killed"] == mistakes["total"] > 0
    assert variants["rejected"] == []
    assert variants["total"] > 0
    assert found["mutants"]["score"] >= 0.97


@pytest.mark.parametrize("lab", LABS)
def test_quick_audit_of_a_lab_finds_nothing_to_mend(
    autograder: Command, tmp_path: Path, lab: str
) -> None:
    check(audited(autograder, tmp_path, lab, "--quick"))


@pytest.mark.slow
@pytest.mark.parametrize("lab", LABS)
def test_audit_of_a_lab_finds_nothing_to_mend_and_tries_all_mutants(
    autograder: Command, tmp_path: Path, lab: str
) -> None:
    found = audited(autograder, tmp_path, lab)
    check(found)
    assert found["mistakes"]["named"] >= 0.9 * found["mistakes"]["total"]
    assert found["mistakes"]["visible"] > 0
    # two cores make a thousand in a minute, on a machine with nothing else to do
    assert found["mutants"]["total"] / found["seconds"] > 1


def spoil(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(before) >= 1
    path.write_text(text.replace(before, after), encoding="utf-8")


def test_weaker_tests_and_wrong_variants_and_stale_entries_are_reported(
    autograder: Command, project: Path, tmp_path: Path
) -> None:
    hidden = project / "autograder" / "hidden" / "test_lab01_sgd_vs_batch.py"
    text = hidden.read_text(encoding="utf-8")
    parts = text.split('@pytest.mark.task("inverse_decay"')
    weaker = [
        parts[0],
        *(part.replace("check_close(", "(lambda *a, **k: 0)(") for part in parts[1:]),
    ]
    hidden.write_text('@pytest.mark.task("inverse_decay"'.join(weaker), encoding="utf-8")
    answers = project / "autograder" / "answers" / "lab01_schedules.py"
    spoil(answers, '@variant("satisfies_robbins_monro")\n', VARIANT)
    equivalents = project / "autograder" / "equivalents" / "lab01.toml"
    spoil(equivalents, 'task = "kmeans_assign"\nid = "', 'task = "kmeans_assign"\nid = "0')
    page = tmp_path / "audit.html"
    done = autograder(project, "audit", "lab01", "--html", page)
    assert done.returncode == 1
    for words in (
        "inverse_decay",
        "a known mistake passes every hidden test",
        "a mutant survives",
        "satisfies_robbins_monro always: a right variant is rejected by",
        "lab01.toml: kmeans_assign 0",
    ):
        assert words in done.stderr
    assert "a known mistake passes every hidden test" in page.read_text(encoding="utf-8")


def test_answer_to_a_task_that_the_lab_does_not_have_is_an_error(
    autograder: Command, project: Path
) -> None:
    answers = project / "autograder" / "answers" / "lab01_schedules.py"
    spoil(answers, '@variant("satisfies_robbins_monro")\n', VARIANT.replace("monro", "munro"))
    done = autograder(project, "audit", "lab01", "--quick")
    assert done.returncode == 2
    words = "the variant always is an answer to 'satisfies_robbins_munro', no task of lab01"
    assert words in " ".join(done.stderr.split())


def test_answer_that_rests_on_its_file_is_an_error(autograder: Command, project: Path) -> None:
    """Cut out of the file it would fail at the name, and count as killed by any test."""
    answers = project / "autograder" / "answers" / "lab01_schedules.py"
    resting = VARIANT.replace("return True", "return ALWAYS")
    spoil(answers, '@variant("satisfies_robbins_monro")\n', f"ALWAYS = True\n\n\n{resting}")
    done = autograder(project, "audit", "lab01", "--quick")
    assert done.returncode == 2
    assert "the variant always uses ALWAYS: an answer stands alone" in " ".join(done.stderr.split())


VARIANT = """@variant("satisfies_robbins_monro")
def always(p: float) -> bool:
    return True


@variant("satisfies_robbins_monro")
"""


def test_page_shows_every_mistake_with_its_sentence_and_runs_no_script(
    autograder: Command, tmp_path: Path
) -> None:
    page = tmp_path / "audit.html"
    assert autograder(labs.ROOT, "audit", "lab02", "--quick", "--html", page).returncode == 0
    text = page.read_text(encoding="utf-8")
    assert "default-src &#39;none&#39;" in text or "default-src 'none'" in text
    assert "<script" not in text
    assert text.count('class="answer"') == 118
    assert "right variants pass" in text
