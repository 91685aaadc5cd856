"""The zip for Gradescope, tried in directories laid out as Gradescope's are."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from autograder import labs
from autograder.answers import load
from autograder.collect import Handin
from autograder.completion import Notebook, completed, save, with_cell
from autograder.edition import withheld
from autograder.errors import UnreadableSubmission
from autograder.gradescope.grade import find_notebook
from autograder.results import ResultsFile
from autograder.run import Run, grade_all

Command = Callable[..., subprocess.CompletedProcess[str]]
LAB = labs.find("lab01")
SCHEMAS = Path(__file__).parents[1] / "schemas"
MISTAKE = next(
    answer for answer in load("lab01") if answer.kind == "mistake" and answer.task == "sgd_epoch"
)


@dataclass(frozen=True)
class Container:
    """What Gradescope makes of the zip: source/, submission/, results/ and run_autograder."""

    root: Path

    @classmethod
    def build(cls, archive: Path, root: Path) -> Container:
        for name in ("source", "submission", "results"):
            (root / name).mkdir(parents=True)
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(root / "source")
        (root / "run_autograder").write_bytes((root / "source/run_autograder").read_bytes())
        (root / "run_autograder").chmod(0o755)
        return cls(root)

    def hand_in(self, notebook: Notebook | str, name: str = f"{LAB.name}.ipynb") -> None:
        if isinstance(notebook, str):
            (self.root / "submission" / name).write_text(notebook, encoding="utf-8")
        else:
            save(notebook, self.root / "submission" / name)

    def run(self) -> subprocess.CompletedProcess[str]:
        where = {"AUTOGRADER_ROOT": str(self.root), "AUTOGRADER_PYTHON": sys.executable}
        return subprocess.run(
            [str(self.root / "run_autograder")],
            cwd=self.root,
            env=os.environ | where,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def results(self) -> dict[str, Any]:
        finished = self.run()
        assert finished.returncode == 0, finished.stderr
        record: dict[str, Any] = json.loads((self.root / "results/results.json").read_bytes())
        jsonschema.validate(record, schema("gradescope_results"))
        return record


def schema(name: str) -> Any:
    return json.loads((SCHEMAS / f"{name}.json").read_bytes())


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory, autograder: Command) -> Path:
    course = tmp_path_factory.mktemp("course")
    finished = autograder(course, "package", "gradescope", "lab01", "--out", "lab01.zip")
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.strip() == "lab01.zip"
    return course / "lab01.zip"


@pytest.fixture
def container(archive: Path, tmp_path: Path) -> Container:
    return Container.build(archive, tmp_path / "autograder")


# What the zip holds


def test_both_scripts_stand_in_the_root_of_the_zip_and_can_be_executed(archive: Path) -> None:
    with zipfile.ZipFile(archive) as packed:
        for name in ("setup.sh", "run_autograder"):
            assert packed.read(name).startswith(b"#!/usr/bin/env bash\n")
            assert packed.getinfo(name).external_attr >> 16 & 0o111 == 0o111
            subprocess.run(["bash", "-n"], input=packed.read(name), check=True)
        assert LAB.name.encode() in packed.read("run_autograder")


def test_zip_holds_the_hidden_tests_and_the_solution_of_this_lab_alone(archive: Path) -> None:
    with zipfile.ZipFile(archive) as packed:
        names = packed.namelist()
        assert [name for name in names if "/hidden/" in name] == [
            f"autograder/hidden/test_{LAB.name}.py"
        ]
        answers = [name for name in names if re.search(r"/answers/lab", name)]
        assert answers
        assert all("/answers/lab01" in name for name in answers)
        others = {name for name in names if name.startswith("solutions/")}
        own = f"solutions/{LAB.name}/{LAB.name}.ipynb"
        assert packed.read(own) == LAB.path.read_bytes()
        for name in others - {own}:
            assert not any(cell["source"] for cell in json.loads(packed.read(name))["cells"])


def test_same_sources_make_the_same_zip(archive: Path, autograder: Command) -> None:
    finished = autograder(archive.parent, "package", "gradescope", "lab01", "--out", "again.zip")
    assert finished.returncode == 0, finished.stderr
    assert (archive.parent / "again.zip").read_bytes() == archive.read_bytes()


def test_secret_in_the_zip_is_the_course_secret(archive: Path) -> None:
    with zipfile.ZipFile(archive) as packed:
        assert packed.read(".course-secret") == (archive.parent / ".course-secret").read_bytes()


def test_later_labs_are_withheld_there_as_here(container: Container) -> None:
    code = (
        "import json; from autograder.edition import withheld;"
        f" print(json.dumps(withheld({LAB.name!r})))"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code],
        cwd=container.root / "source",
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(finished.stdout) == withheld(LAB.name)


# Grading there


def test_right_notebook_reaches_full_marks(container: Container) -> None:
    container.hand_in(completed(LAB))
    record = container.results()
    assert record["score"] == LAB.max_score
    assert {case["status"] for case in record["tests"]} == {"passed"}
    assert [case["name"] for case in record["tests"]] == [
        task.name for task in LAB.tasks if task.kind != "written"
    ]


def test_wrong_notebook_has_the_score_and_the_words_that_grade_gives(
    container: Container, archive: Path, tmp_path: Path
) -> None:
    container.hand_in(completed(LAB, {"sgd_epoch": MISTAKE.source}), name="my homework.ipynb")
    record = container.results()
    secret = bytes.fromhex((archive.parent / ".course-secret").read_text())
    results = ResultsFile(tmp_path / "results.jsonl")
    handin = Handin("wrong", container.root / "submission" / "my homework.ipynb")
    (here,) = grade_all(
        Run(LAB, secret, "bubblewrap", jobs=1), [handin], results, lambda result: None
    )
    assert 0 < record["score"] == here.score < LAB.max_score
    (lost,) = [case for case in record["tests"] if case["status"] == "failed"]
    (task,) = [task for task in here.tasks if task.name == "sgd_epoch"]
    assert (lost["name"], lost["score"]) == ("sgd_epoch", task.score)
    failed = [test for test in task.tests if not test.passed]
    assert set(lost["output"].splitlines()) == {
        words for test in failed for words in (test.message, test.hint) if words
    }


def test_notebook_reaches_neither_hidden_tests_nor_secret_nor_verdict(
    container: Container,
) -> None:
    root = str(container.root)
    spy = f"""
import os
import sys

reached = []


def attempt(name, action):
    try:
        action()
    except OSError:
        return
    reached.append(name)


root = {root!r}
attempt("hidden", lambda: open(f"{{root}}/source/autograder/hidden/test_{LAB.name}.py").read())
attempt("reference", lambda: open(f"{{root}}/source/solutions/{LAB.name}/{LAB.name}.ipynb").read())
attempt("secret", lambda: open(f"{{root}}/source/.course-secret").read())
attempt("listing", lambda: os.listdir(f"{{root}}/source"))
attempt("verdict", lambda: open(f"{{root}}/results/results.json", "w").write("{{}}"))
attempt("script", lambda: open(f"{{root}}/run_autograder", "a").write("exit 0"))
attempt("scratch", lambda: open(os.environ["HOME"] + "/mine", "w").write("mine"))
raise type("_".join(["Reached", *reached]), (Exception,), {{}})
"""
    container.hand_in(with_cell(completed(LAB), spy, before="gradient_descent"))
    record = container.results()
    assert "failed with Reached_scratch:" in record["output"]
    assert record["score"] == LAB.max_score
    for name in ("source", "results"):
        assert stat.S_IMODE((container.root / name).stat().st_mode) == 0o700


def test_file_that_is_no_notebook_gets_a_reason_and_no_points(container: Container) -> None:
    container.hand_in('{"cells": [')
    record = container.results()
    assert (record["score"], record["tests"]) == (0, [])
    assert "not a notebook" in record["output"]


def test_without_a_lab_in_the_source_nothing_is_written(container: Container) -> None:
    container.hand_in(completed(LAB))
    (container.root / "source" / "solutions" / LAB.name / f"{LAB.name}.ipynb").unlink()
    finished = container.run()
    assert finished.returncode != 0
    assert "nothing is graded: no lab is called" in finished.stderr
    assert not (container.root / "results" / "results.json").exists()


# Which file is meant


def test_notebook_of_the_labs_name_is_meant_wherever_it_lies(tmp_path: Path) -> None:
    meant = tmp_path / "repository" / f"{LAB.name}.ipynb"
    for path in (
        *(meant, tmp_path / "scratch.ipynb", tmp_path / "__MACOSX" / meant.name),
        tmp_path / ".ipynb_checkpoints" / meant.name,
    ):
        save(completed(LAB), path)
    assert find_notebook(tmp_path, LAB) == meant


@pytest.mark.parametrize("names", [[], ["one.ipynb", "two.ipynb"]], ids=["none", "two"])
def test_no_notebook_or_several_end_with_what_to_hand_in(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        save(completed(LAB), tmp_path / name)
    with pytest.raises(UnreadableSubmission, match=f"hand in one file, {LAB.name}.ipynb"):
        find_notebook(tmp_path, LAB)


# What the container needs


def test_requirements_are_all_that_grading_imports(container: Container) -> None:
    container.hand_in(completed(LAB))
    code = f"""
import json, runpy, sys
before = set(sys.modules)
sys.argv = ["", {LAB.name!r}, {str(container.root)!r}]
runpy.run_module("autograder.gradescope.grade", run_name="__main__")
found = {{name for name, module in sys.modules.items() if module}} - before
print(json.dumps(sorted({{name.partition(".")[0] for name in found}})))
"""
    finished = subprocess.run(
        [sys.executable, "-c", code],
        cwd=container.root / "source",
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    imported = set(json.loads(finished.stdout.splitlines()[-1]))
    owners = packages_distributions()
    used = {canonicalize_name(name) for top in imported for name in owners.get(top, [])}
    listed = (container.root / "source" / "requirements.txt").read_text().splitlines()
    names = {canonicalize_name(line.partition("==")[0]) for line in listed}
    assert used - {"dlcourse"} <= closure(names)
    constraints = (labs.ROOT / "constraints.txt").read_text().splitlines()
    assert set(listed) <= set(constraints)


def closure(names: set[str]) -> set[str]:
    """The distributions `names` and all that they require."""
    known: set[str] = set()
    waiting = list(names)
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in known:
            continue
        try:
            texts = requires(name) or []
        except PackageNotFoundError:
            continue
        known.add(name)
        wanted = map(Requirement, texts)
        waiting += [r.name for r in wanted if r.marker is None or r.marker.evaluate({"extra": ""})]
    return known


def test_setup_installs_what_is_listed_and_closes_the_source(
    container: Container, tmp_path: Path
) -> None:
    said = tmp_path / "said"
    tools = tmp_path / "tools"
    tools.mkdir()
    scripts = {
        "apt-get": 'echo "apt-get $*" >> "$SAID"; case "$*" in *3.12*) exit 1;; esac',
        "python3.11": f'echo "python $*" >> "$SAID"; exec {sys.executable} -m venv --without-pip'
        ' "$3"',
        "chmod": 'exec /bin/chmod "$@"',
    }
    for name, body in scripts.items():
        (tools / name).write_text(f"#!/bin/sh\n{body}\n")
        (tools / name).chmod(0o755)
    environment = {"AUTOGRADER_ROOT": str(container.root), "SAID": str(said)}
    finished = subprocess.run(
        ["bash", str(container.root / "source" / "setup.sh")],
        env=environment | {"PATH": f"{tools}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "No module named pip" in finished.stderr  # it gets as far as the installation
    lines = said.read_text().splitlines()
    assert lines[0] == "apt-get update -qq"
    assert lines[2].startswith("apt-get install -y -qq python3.11 python3.11-venv util-linux")
    assert lines[3] == f"python -m venv {container.root}/venv"
    assert stat.S_IMODE((container.root / "source").stat().st_mode) == 0o700
