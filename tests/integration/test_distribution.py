"""The wheel and the sdist of `dlcourse`: whole, nothing of the grader in them, and they install."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

import dlcourse
from autograder import labs

VERSION = dlcourse.__version__
NOT_FOR_STUDENTS = re.compile(
    r"autograder|solutions|hidden|answers|labs/|tests/|\.ipynb|secret|gradebook"
)


def run(*command: object, cwd: Path) -> str:
    """What a command prints, away from this project's settings."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=own | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both, as `python -m hatchling build` makes them."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "--directory", folder, cwd=labs.ROOT)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    return built / f"dlcourse-{VERSION}-py3-none-any.whl"


@pytest.fixture(scope="module")
def sdist(built: Path) -> Path:
    return built / f"dlcourse-{VERSION}.tar.gz"


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as opened:
        return set(opened.namelist())


def sources() -> set[str]:
    """The library's files, as they lie here."""
    paths = [path for path in (labs.ROOT / "dlcourse").rglob("*") if path.is_file()]
    named = {str(path.relative_to(labs.ROOT)) for path in paths}
    return {name for name in named if "__pycache__" not in name}


def test_wheel_has_the_library_whole_and_nothing_else(wheel: Path) -> None:
    names = names_in(wheel)
    own = {name for name in names if name.startswith(f"dlcourse-{VERSION}.dist-info/")}
    assert names - own == sources()
    assert any(name.endswith("licenses/LICENSE") for name in own)


def test_sdist_has_the_library_and_four_pages_and_nothing_else(sdist: Path) -> None:
    with tarfile.open(sdist) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    pages = {"README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml"}
    assert names == sources() | pages | {"PKG-INFO", ".gitignore"}


def test_neither_has_anything_of_the_grader(wheel: Path, sdist: Path) -> None:
    with tarfile.open(sdist) as opened:
        names = names_in(wheel) | set(opened.getnames())
    assert [name for name in names if NOT_FOR_STUDENTS.search(name)] == []


def test_sdist_builds_the_same_wheel(wheel: Path, sdist: Path, tmp_path: Path) -> None:
    with tarfile.open(sdist) as opened:
        opened.extractall(tmp_path, filter="data")
    source = tmp_path / f"dlcourse-{VERSION}"
    build = ("-m", "hatchling", "build", "--target", "wheel", "--directory", tmp_path / "again")
    run(sys.executable, *build, cwd=source)
    assert (tmp_path / "again" / wheel.name).read_bytes() == wheel.read_bytes()


def test_changelog_begins_with_the_version_that_is_built() -> None:
    text = (labs.ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.findall(r"^## (\d+\.\d+\.\d+) - \d{4}-\d\d-\d\d$", text, re.MULTILINE)
    assert released[0] == VERSION
    sections = re.findall(r"^### (\w+)$", text, re.MULTILINE)
    known = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert set(sections) <= known


@pytest.mark.slow
def test_wheel_installs_into_a_clean_environment_and_the_doctor_is_content(
    wheel: Path, tmp_path: Path
) -> None:
    venv.create(tmp_path / "env", with_pip=True)
    tools = tmp_path / "env" / "bin"
    run(tools / "python", "-m", "pip", "install", "--quiet", wheel, cwd=tmp_path)
    where = run(tools / "python", "-c", "import dlcourse; print(dlcourse.__file__)", cwd=tmp_path)
    assert where.startswith(str(tmp_path / "env"))
    assert run(tools / "dlcourse", "--version", cwd=tmp_path) == f"dlcourse {VERSION}\n"
    said = run(tools / "dlcourse", "doctor", cwd=tmp_path)
    assert said.endswith("all is well\n")
    code = "from importlib.util import find_spec; print(find_spec('autograder'))"
    assert run(tools / "python", "-c", code, cwd=tmp_path) == "None\n"
