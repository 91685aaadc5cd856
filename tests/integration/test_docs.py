"""The documentation builds without a warning, names all of dlcourse, links to what exists, and its
guides show commands that do."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pages import ROOT, Page, pages

from autograder import labs

GUIDES = sorted((ROOT / "docs" / "guides").glob("*.md"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The HTML, built in a copy, since autosummary writes beside its sources."""
    pytest.importorskip("sphinx")
    copy = tmp_path_factory.mktemp("docs")
    made = shutil.ignore_patterns("_build", "generated")
    shutil.copytree(ROOT / "docs", copy / "docs", ignore=made)
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    (copy / "dlcourse").symlink_to(ROOT / "dlcourse")
    (copy / "labs").symlink_to(ROOT / "labs")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "docs", "html"]
    run = subprocess.run(command, cwd=copy, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    return copy / "html"


def test_the_reference_names_every_public_function_class_and_alias(built: Path) -> None:
    pages = "".join(page.read_text("utf-8") for page in built.glob("api/generated/*.html"))
    described = set(re.findall(r'id="(dlcourse[\w.]*)"', pages))
    missing = sorted(set(public_names()) - described)
    assert not missing, f"no docstring, or not found by autodoc: {missing}"


def test_every_guide_is_a_page_of_its_own(built: Path) -> None:
    pages = [*(ROOT / "docs").glob("*.md"), *GUIDES]
    guides = [str(page.relative_to(ROOT / "docs").with_suffix("")) for page in pages]
    assert {"index", "errata", "architecture", "guides/first-course"} <= set(guides)
    for guide in guides:
        assert (built / f"{guide}.html").is_file()


def test_the_pages_load_nothing_from_elsewhere(built: Path) -> None:
    loaded = re.compile(r'<(?:script|img)[^>]+src="(https?:[^"]+)"|<link[^>]+href="(https?:[^"]+)"')
    for page in built.rglob("*.html"):
        assert not loaded.search(page.read_text("utf-8")), page.name


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.path.relative_to(ROOT)))
def test_links_lead_to_files_and_headings_that_exist(page: Page) -> None:
    assert page.broken_links() == []


@pytest.mark.parametrize(
    "link",
    [
        "[a](gone.md)",
        "[a](#gone)",
        "[a](there.md#gone)",
        "![a picture](gone.png)",
        "[a][b]\n\n[b]: gone.md",
        '<img src="gone.png" width="400">',
    ],
)
@pytest.mark.parametrize("suffix", [".md", ".ipynb"])
def test_link_that_leads_nowhere_would_be_found(tmp_path: Path, suffix: str, link: str) -> None:
    (tmp_path / "there.md").write_text("## Here, too\n")
    good = "# Top\n\n[a](there.md), [b](#top), [c](there.md#here-too), `[d](e.md)`, "
    path = tmp_path / f"page{suffix}"
    for text, broken in ((good, 0), (good + link, 1)):
        cell = {"cell_type": "markdown", "source": text.splitlines(keepends=True)}
        path.write_text(text if suffix == ".md" else json.dumps({"cells": [cell]}))
        assert len(Page(path).broken_links()) == broken


def test_errata_names_functions_that_the_library_has() -> None:
    known = {name.rpartition(".")[2] for name in public_names()}
    text = (ROOT / "docs" / "errata.md").read_text("utf-8")
    named = {
        name
        for line in text.splitlines()
        for name in re.findall(r"`(\w+)(?:\([\d.]+\))?`", line.partition(" → `")[2].join("``"))
    }
    assert len(named) > 40
    assert named - known <= {"lr"}


def test_the_readme_counts_each_labs_functions() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    rows = re.findall(r"^\| (\d\d) (\w+) \|[^|]+\| (\d+)[^|]*\|$", text, re.MULTILINE)
    counted = {f"lab{number}_{topic}": int(count) for number, topic, count in rows}
    assert counted == {name: len(labs.find(name).code_tasks()) for name in labs.all_labs()}


def test_each_picture_is_shown_somewhere_and_small() -> None:
    shown = {(page.path.parent / link).resolve() for page in pages() for link in page.links()}
    pictures = [*(ROOT / "docs" / "pictures").iterdir(), *(ROOT / "docs" / "imports").iterdir()]
    assert len(pictures) >= 6
    for picture in pictures:
        assert picture in shown, f"no page shows {picture.name}"
        assert picture.stat().st_size < 300_000


def test_each_data_set_has_the_same_licence_in_the_library_and_on_its_page() -> None:
    source = ast.parse((ROOT / "dlcourse" / "data.py").read_text("utf-8"))
    described = {
        node.name: re.findall(r"Licence: (.+)\.$", ast.get_docstring(node) or "", re.MULTILINE)
        for node in source.body
        if isinstance(node, ast.FunctionDef)
    }
    text = (ROOT / "docs" / "data.md").read_text("utf-8")
    rows = re.findall(
        r"^\| `(\w+)`[^|]*\|[^|]+\| \[?([^]|]+?)(?:\]\(.+\))? \|$", text, re.MULTILINE
    )
    assert dict(rows) == {name: found[0] for name, found in described.items() if found}
    assert len(rows) == 4


def public_names() -> list[str]:
    """The functions, classes, methods and documented aliases of dlcourse, _private ones apart."""
    names = []
    for path in sorted((ROOT / "dlcourse").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        module = ".".join(parts).removesuffix(".__init__")
        names += [f"{module}.{name}" for name in bound(ast.parse(path.read_text("utf-8")).body)]
    return names


def bound(body: list[ast.stmt]) -> list[str]:
    """The public names that a module or a class defines, methods as ``Class.method``."""
    names = []
    for node, after in zip(body, [*body[1:], None], strict=True):
        match node, after:
            case ast.FunctionDef(name=name), _:
                names.append(name)
            case ast.ClassDef(name=name, body=members), _:
                names.append(name)
                names += [f"{name}.{m.name}" for m in members if isinstance(m, ast.FunctionDef)]
            case (
                ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str())),
            ):
                names.append(name)
    return [name for name in names if not re.search(r"(^|\.)_", name)]
