"""Every command that the pages show can be typed so, and every option has its words in --help."""

from __future__ import annotations

import argparse
import importlib.util
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest
import yaml
from nbgrader.apps.nbgraderapp import NbGraderApp
from pages import ROOT, Page, pages

from autograder.cli import cli
from dlcourse.cli import parser

WORKFLOW = ROOT / "docs" / "guides" / "github-classroom.yml"
PROGRAMS = "python3|python|pytest|dask|make|nbgrader|jupyter|dlcourse"
SHOWN = re.compile(rf"(?:\.venv/bin/)?((?:{PROGRAMS}) [^\n]+)")
INLINE = re.compile(rf"`(?:\.venv/bin/)?((?:{PROGRAMS}) [^`\n]+)`")
WRITTEN = "lab10"  # the lab that the guides write


def commands_of(page: Page) -> list[str]:
    """The lines of blocks that begin with a program, and those that stand in a text."""
    indented = re.findall(r"^    (?=\S)(.+)$", page.text, re.MULTILINE)
    lines = [
        line
        for block in [*page.blocks("", "bash", "console"), *indented]
        for line in block.replace("\\\n", " ").splitlines()
    ]
    shown = [match[1] for line in lines if (match := SHOWN.match(line))]
    return [*shown, *INLINE.findall(page.text)]


def commands() -> list[str]:
    """Every command of every page and of the workflow file, once."""
    shown = [command for page in pages() for command in commands_of(page)]
    steps = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"]["grade"]["steps"]
    for step in steps:
        lines = step.get("run", "").replace("\\\n", " ").splitlines()
        ours = [line.strip() for line in lines if "python -m autograder" in line]
        shown += [line.partition(" || ")[0] for line in ours]
    return list(dict.fromkeys(shown))


def check(line: str) -> None:
    """Fail if the command could not be typed so; nothing of ours is run."""
    program, *words = shlex.split(line, comments=True)
    options = [word.partition("=")[0] for word in words if word.startswith("--")]
    if words[:2] == ["-m", "autograder"]:
        check_autograder(words[2:])
    elif program == "dlcourse":
        check_dlcourse(words)
    elif program == "make":
        assert set(words) - targets() == {word for word in words if "=" in word}
    elif program == "nbgrader":
        app = NbGraderApp.subcommands[words[0]][0]
        known = {f"--{name}" for name in [*app.flags, *app.aliases]}
        assert not [option for option in options if option not in known and "." not in option]
    elif program == "pytest":
        check_options(options, sys.executable, "-m", "pytest", "-p", "autograder.grading")
        assert WRITTEN in line or (ROOT / words[0]).exists()
    elif program == "dask":
        check_options(options, sys.executable, "-m", "dask", words[0])
    elif program == "jupyter":
        assert shutil.which(f"jupyter-{words[0]}", path=str(Path(sys.executable).parent))
    else:
        check_python(words, options)


def check_autograder(words: list[str]) -> None:
    """Parse the words as the command would."""
    group: click.Command = cli
    while isinstance(group, click.Group):
        name, *words = words
        assert name in group.commands, f"there is no command {name}"
        group = group.commands[name]
    group.make_context(group.name, words)


def check_dlcourse(words: list[str]) -> None:
    """Parse the words as the command would; the name of a command alone is a mention of it."""
    if words[1:] or words[0] not in student_commands():
        try:
            parser().parse_args(words)
        except SystemExit as error:
            raise AssertionError(f"dlcourse {shlex.join(words)} is wrong usage") from error


def check_python(words: list[str], options: list[str]) -> None:
    """A script or a module that exists; of ours, with options that it has."""
    if words[0] == "-m":
        assert importlib.util.find_spec(words[1])
    else:
        assert (ROOT / words[0]).exists()
    if options:
        check_options(options, sys.executable, *words[: 2 if words[0] == "-m" else 1])


def check_options(options: list[str], *command: str) -> None:
    assert not [option for option in options if option not in help_of(*command)]


@cache
def help_of(*command: str) -> str:
    done = subprocess.run(
        [*command, "--help"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@cache
def targets() -> set[str]:
    """What `make` can be asked for."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z-]+):", text, re.MULTILINE))


def student_commands() -> dict[str, argparse.ArgumentParser]:
    """The commands of ``dlcourse``, by name."""
    (commands,) = [a for a in parser()._actions if isinstance(a, argparse._SubParsersAction)]
    return dict(commands.choices)


def instructor_commands(
    group: click.Group = cli, before: str = ""
) -> Iterator[tuple[str, click.Command]]:
    """The commands of ``python -m autograder``, with their names."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from instructor_commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the commands are typed: hand-ins and results are there."""
    monkeypatch.chdir(tmp_path)
    for name in ("submitted", "results"):
        (tmp_path / name).mkdir()


@pytest.mark.parametrize("line", commands())
def test_command_that_a_page_shows_can_be_typed(line: str) -> None:
    check(line)


@pytest.mark.parametrize(
    "line",
    [
        "python -m autograder grade lab01",
        "python -m autograder export word results",
        "python -m autograder grade a b --out c --fast",
        "python -m autograder mend lab01",
        "python -m autograder_x",
        "python benchmarks/library.py --fast",
        "dlcourse mend",
        "dlcourse check --fast lab.ipynb",
        "make coffee",
        "nbgrader autograde lab01 --fast",
        "nbgrader mend",
        "pytest tests/gone.py",
        "jupyter coffee",
    ],
)
def test_command_with_something_wrong_would_be_found(line: str) -> None:
    with pytest.raises((click.UsageError, AssertionError, KeyError)):
        check(line)


def test_pages_of_all_kinds_show_commands() -> None:
    showing = {page.path.name for page in pages() if commands_of(page)}
    assert {"README.md", "CONTRIBUTING.md", "student.md", "first-course.md"} <= showing
    assert len(commands()) > 50


@pytest.mark.parametrize(("name", "command"), list(instructor_commands()))
def test_help_of_the_instructors_command_has_words_for_each_option_and_an_example(
    name: str, command: click.Command
) -> None:
    options = [each for each in command.params if isinstance(each, click.Option)]
    assert [option.opts for option in options if not option.help] == []
    example = " ".join((command.help or "").partition("Example: ")[2].split())
    assert example.startswith(f"python -m autograder {name}")
    check(example)


@pytest.mark.parametrize(("name", "command"), list(student_commands().items()))
def test_help_of_the_students_command_has_words_for_each_option_and_an_example(
    name: str, command: argparse.ArgumentParser
) -> None:
    assert command.description
    assert all(action.help for action in command._actions)
    example = (command.epilog or "").removeprefix("Example: ")
    assert example.startswith(f"dlcourse {name}")
    check(example)


def test_make_help_names_every_target() -> None:
    shown = subprocess.run(
        ["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert set(re.findall(r"^  make ([a-z-]+) ", shown, re.MULTILINE)) == targets()
