"""The documentation builds without a warning, names all of dlcourse, links to what exists, and its
guides show commands that do."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```|`[^`\n]+`", re.MULTILINE | re.DOTALL)
GUIDES = sorted((ROOT / "docs" / "guides").glob("*.md"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The HTML, built in a copy, since autosummary writes beside its sources."""
    pytest.importorskip("sphinx")
    copy = tmp_path_factory.mktemp("docs")
    made = shutil.ignore_patterns("_build", "generated")
    shutil.copytree(ROOT / "docs", copy / "docs", ignore=made)
    for name in ("README.md", "CONTRIBUTING.md", "LICENSE"):
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


def test_relative_links_lead_to_files_that_exist() -> None:
    broken = []
    for page in markdown_files():
        for link in LINK.findall(CODE.sub("", page.read_text("utf-8"))):
            path = link.split("#")[0]
            if path and not re.match(r"[a-z]+:", path) and not (page.parent / path).exists():
                broken.append(f"{page.relative_to(ROOT)}: {link}")
    assert not broken


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


def markdown_files() -> list[Path]:
    """The repository's pages: neither hidden directories nor what `make` made."""
    made = {"demo-out", "_build", "generated", "node_modules"}
    return [
        page
        for page in ROOT.rglob("*.md")
        if not any(p.startswith(".") or p in made for p in page.relative_to(ROOT).parts)
    ]
