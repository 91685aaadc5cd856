"""A real Chromium, and real Jupyter servers for it to look at."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Serve = Callable[..., str]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A real Chromium, without a head."""
    playwright = pytest.importorskip("playwright.sync_api", reason="say: pip install playwright")
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("there is no Chromium here; say: apt-get install chromium")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def serve(tmp_path: Path, jupyter: Callable[..., str]) -> Serve:
    """``serve("jupyterlab", root, *options, **environment)``: the address of a server in `root`.

    It has a home of its own, and no setting of whoever runs this.
    """

    def start(program: str, root: Path, *options: str, **environment: str) -> str:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        own = {"PATH": path, "HOME": str(tmp_path), "JUPYTER_CONFIG_DIR": str(tmp_path / "jupyter")}
        command = [sys.executable, "-m", program, f"--ServerApp.root_dir={root}", *options]
        return jupyter(command, root, os.environ | own | {"OMP_NUM_THREADS": "1"} | environment)

    return start
