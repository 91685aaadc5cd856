"""`python -m autograder bundle`: what a student gets is whole, starts, and gives nothing away."""

from __future__ import annotations

import email
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from autograder import labs
from autograder.bundle import write_bundle
from autograder.edition import withheld
from autograder.leaks import find_leaks

Finished = subprocess.CompletedProcess[str]
Command = Callable[..., Finished]
LAB = labs.find("lab00")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory, autograder: Command) -> Path:
    """The bundle of lab 00, as the command writes it."""
    directory = tmp_path_factory.mktemp("bundle")
    done = autograder(labs.ROOT, "bundle", "lab00", "--out", directory / "new" / "lab00.zip")
    assert done.returncode == 0, done.stdout + done.stderr
    return directory / "new" / "lab00.zip"


def wheel_in(bundle: Path) -> zipfile.ZipFile:
    with zipfile.ZipFile(bundle) as outer:
        name = next(name for name in outer.namelist() if name.endswith(".whl"))
        return zipfile.ZipFile(io.BytesIO(outer.read(name)))


def text_in(bundle: Path, ending: str) -> str:
    with zipfile.ZipFile(bundle) as outer:
        return outer.read(next(n for n in outer.namelist() if n.endswith(ending))).decode()


def test_bundle_holds_the_lab_a_wheel_and_a_readme(bundle: Path) -> None:
    with zipfile.ZipFile(bundle) as outer:
        names = [name.removeprefix(f"{LAB.name}/") for name in sorted(outer.namelist())]
        assert outer.read(f"{LAB.name}/{LAB.release.name}") == LAB.release.read_bytes()
    assert names[0] == "README.md"
    assert re.fullmatch(r"dlcourse-[\d.]+\+lab00\.h[0-9a-f]{8}-py3-none-any\.whl", names[1])
    assert names[2:] == [LAB.release.name]


def test_wheel_is_the_student_edition_and_nothing_of_the_grader(bundle: Path) -> None:
    with wheel_in(bundle) as wheel:
        names = wheel.namelist()
        assert {name.partition("/")[0].partition("-")[0] for name in names} == {"dlcourse"}
        assert "dlcourse/py.typed" in names
        source = wheel.read("dlcourse/activations.py").decode()
        metadata = email.message_from_bytes(wheel.read(next(n for n in names if "METADATA" in n)))
        scripts = wheel.read(next(n for n in names if n.endswith("entry_points.txt"))).decode()
    assert 'raise Withheld("lab 00 asks you to write this yourself")' in source
    assert {"torch"} <= set(metadata.get_all("Provides-Extra", []))
    required = {re.split(r"[<>=; ]", line)[0] for line in metadata.get_all("Requires-Dist", [])}
    assert {"numpy", "jupyterlab", "matplotlib", "scikit-learn"} <= required
    assert "dlcourse = dlcourse.cli:main" in scripts
    assert "Start here" in metadata.get_payload()


def test_readme_names_two_commands_a_system_with_the_very_wheel(bundle: Path) -> None:
    readme = text_in(bundle, "README.md")
    with zipfile.ZipFile(bundle) as outer:
        wheel = next(n for n in outer.namelist() if n.endswith(".whl")).partition("/")[2]
    commands = [line.strip() for line in readme.splitlines() if line.startswith("    ")]
    assert len(commands) == 4
    assert [f'"./{wheel}"' in command for command in commands] == [True, False, True, False]
    assert all(command.endswith(f"jupyter lab {LAB.release.name}") for command in commands[1::2])
    assert all(word in readme for word in ("Linux", "macOS", "Windows", "dlcourse doctor"))


def test_nothing_in_it_is_forbidden(bundle: Path) -> None:
    assert find_leaks(bundle.read_bytes(), LAB.name) == []


def test_same_sources_give_the_same_bytes(bundle: Path, tmp_path: Path) -> None:
    names = write_bundle(LAB, tmp_path / "lab00.zip")
    assert (tmp_path / "lab00.zip").read_bytes() == bundle.read_bytes()
    assert len(names) == 3


@pytest.fixture
def course(project: Path) -> Path:
    """The copied project with all that a wheel is made of."""
    for name in ("pyproject.toml", "LICENSE"):
        shutil.copy(labs.ROOT / name, project)
    shutil.copytree(labs.ROOT / "docs" / "guides", project / "docs" / "guides")
    return project


def test_bundle_with_an_answer_in_the_library_is_not_written(
    course: Path, autograder: Command
) -> None:
    with (course / "dlcourse" / "surfaces.py").open("a") as file:
        file.write("\n\ndef _both(c, a, k):\n    return c @ k.T, a.T @ c, c.sum(axis=0)\n")
    done = autograder(course, "bundle", "lab00", "--out", "lab00.zip")
    assert done.returncode == 2
    assert "dlcourse/surfaces.py: " in done.stderr
    assert "linear_backward" in done.stderr
    assert "not written" in done.stderr
    assert not (course / "lab00.zip").exists()


def test_lab_that_is_out_of_step_with_its_source_is_not_handed_out(
    course: Path, autograder: Command
) -> None:
    notebook = course / "labs" / LAB.name / LAB.release.name
    notebook.write_text(notebook.read_text().replace("Backprop", "Back-prop"))
    done = autograder(course, "bundle", "lab00", "--out", "lab00.zip")
    assert done.returncode == 2
    assert "python -m autograder build lab00" in done.stderr
    assert not (course / "lab00.zip").exists()


@pytest.mark.parametrize("arguments", [(), ("lab00", "--all"), ("lab77",)])
def test_wrong_usage_gives_two(
    tmp_path: Path, autograder: Command, arguments: tuple[str, ...]
) -> None:
    done = autograder(labs.ROOT, "bundle", *arguments, "--out", tmp_path / "lab.zip")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


# A clean virtual environment


@pytest.mark.slow
def test_bundle_of_the_course_is_the_bundle_of_each_lab_to_hand_out_one_by_one(
    bundle: Path, tmp_path: Path, autograder: Command
) -> None:
    done = autograder(labs.ROOT, "bundle", "--all", "--out", tmp_path / "course.zip")
    assert done.returncode == 0, done.stdout + done.stderr
    with zipfile.ZipFile(tmp_path / "course.zip") as course:
        inner = {name: course.read(name) for name in course.namelist()}
    assert b"one at a time" in inner.pop("README.md")
    assert list(inner) == [f"{name}.zip" for name in labs.all_labs()]
    assert inner[f"{LAB.name}.zip"] == bundle.read_bytes()
    for name in labs.all_labs():
        assert find_leaks(inner[f"{name}.zip"], name) == []
        path = tmp_path / f"{name}.zip"
        path.write_bytes(inner[path.name])
        with wheel_in(path) as wheel:
            sources = [wheel.read(n).decode() for n in wheel.namelist() if n.endswith(".py")]
        missing = sum(source.count("raise Withheld(") for source in sources)
        assert missing >= len(withheld(name)) >= len(labs.find(name).code_tasks())
        for earlier in (task for task in withheld("") if task not in withheld(name)):
            own = next(s for s in sources if f"\ndef {earlier}(" in s)
            assert (
                "raise Withheld" not in own.partition(f"\ndef {earlier}(")[2].partition("\ndef ")[0]
            )


@pytest.fixture(scope="module")
def desk(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lab 00, unpacked outside of the repository and set up by the first command of its README."""
    directory = tmp_path_factory.mktemp("desk")
    with zipfile.ZipFile(bundle) as outer:
        outer.extractall(directory)
    folder = directory / LAB.name
    say(folder, linux_commands(folder)[0].replace("python3", sys.executable, 1))
    return folder


def linux_commands(folder: Path) -> list[str]:
    lines = (folder / "README.md").read_text().splitlines()
    return [line.strip() for line in lines if line.startswith("    ")][:2]


def clean() -> dict[str, str]:
    left_out = ("PYTHON", "VIRTUAL_ENV", "JUPYTER", "COV_")
    return {name: value for name, value in os.environ.items() if not name.startswith(left_out)}


def say(folder: Path, command: str) -> Finished:
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=clean() | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done


@pytest.mark.slow
def test_jupyterlab_starts_with_the_notebook_by_the_readme(
    desk: Path, jupyter: Callable[..., str]
) -> None:
    address = jupyter(shlex.split(linux_commands(desk)[1]), desk, clean())
    with urllib.request.urlopen(f"{address}/api/contents/{LAB.release.name}") as answer:
        content = json.load(answer)
    assert content["content"]["cells"][0]["source"].startswith("# Lab 00")


@pytest.mark.slow
def test_doctor_finds_the_new_environment_well(desk: Path) -> None:
    done = say(desk, ".venv/bin/dlcourse doctor")
    assert done.returncode == 0, done.stdout
    assert "+lab00.h" in done.stdout
    assert str(labs.ROOT) not in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("name", labs.all_labs())
def test_every_lab_runs_from_its_bundle_up_to_its_stubs(
    desk: Path, tmp_path: Path, name: str
) -> None:
    lab = labs.find(name)
    write_bundle(lab, tmp_path / "lab.zip")
    with zipfile.ZipFile(tmp_path / "lab.zip") as outer:
        outer.extractall(tmp_path)
    python = desk / ".venv" / "bin" / "python"
    # of torch the very build that these tests run on: another is gigabytes
    (tmp_path / "torch.txt").write_text(f"torch=={version('torch').partition('+')[0]}\n")
    install = linux_commands(tmp_path / name)[0].partition(" install ")[2]
    say(tmp_path / name, f"{python} -m pip install --quiet -c {tmp_path}/torch.txt {install}")
    done = say(tmp_path / name, f"{python.with_name('dlcourse')} check {name}.ipynb")
    assert done.returncode == 1
    tasks = len(lab.tasks)
    assert done.stdout.count("not written yet") == tasks
