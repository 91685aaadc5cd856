"""A real Chromium, and real Jupyter servers for it to look at."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
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
def serve(tmp_path: Path) -> Iterator[Serve]:
    """``serve("jupyterlab", root, *options, **environment)``: the address of a server in `root`.

    It has a home of its own, and no setting of whoever runs this.
    """
    servers: list[subprocess.Popen[bytes]] = []

    def start(program: str, root: Path, *options: str, **environment: str) -> str:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        own = {"PATH": path, "HOME": str(tmp_path), "JUPYTER_CONFIG_DIR": str(tmp_path / "jupyter")}
        log = tmp_path / f"server{len(servers)}.log"
        with log.open("wb") as file:
            servers.append(
                subprocess.Popen(
                    [
                        *(sys.executable, "-m", program, "--no-browser", "--allow-root"),
                        *(f"--port={port}", f"--ServerApp.root_dir={root}"),
                        *("--IdentityProvider.token=", "--ServerApp.port_retries=0", *options),
                    ],
                    cwd=root,
                    env=os.environ | own | {"OMP_NUM_THREADS": "1"} | environment,
                    stdout=file,
                    stderr=file,
                )
            )
        address = f"http://127.0.0.1:{port}"
        _wait_for(f"{address}/api/status", log)
        return address

    yield start
    for server in servers:
        server.terminate()
        server.wait(timeout=60)


def _wait_for(address: str, log: Path) -> None:
    until = time.monotonic() + 120
    while True:
        try:
            urllib.request.urlopen(address, timeout=10).close()
            return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            if time.monotonic() > until:
                raise AssertionError(log.read_text()) from None
            time.sleep(0.2)
