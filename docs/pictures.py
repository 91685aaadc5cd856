"""Make the README's pictures from real things: `make pictures` writes docs/pictures/.

A check in JupyterLab, in Chromium; an optimizer race by `dlcourse.plots`; a feedback page and the
class report of the sample class, graded in the sandbox.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageSequence
from playwright.sync_api import Browser, sync_playwright

from autograder import labs
from autograder.completion import Notebook, completed, save
from dlcourse.optim import transform
from dlcourse.plots.races import race
from dlcourse.surfaces import Beale

PICTURES = labs.ROOT / "docs" / "pictures"
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
STUDENT = "two_mistakes"  # of the sample class
LAB, TASK = "lab03", "adam_step"
WRONG = '''
def adam_step(w, grad, m, v, k, lr=1e-3, delta=0.9, gamma=0.999, eps=1e-8):
    """Step number k of Adam, from 1: the new w, and both running means, uncorrected."""
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * grad**2
    m_hat = m / (1 - delta**k)
    return w - lr * m_hat / (np.sqrt(v) + eps), m, v
'''
SETTINGS = {
    "apputils-extension/notification": {"doNotDisturbMode": True, "fetchNews": "false"},
    "notebook-extension/tracker": {"windowingMode": "none"},
}
COLORS = 64
RATES = {"momentum": 0.001, "Nesterov": 0.003, "AdaGrad": 1.0, "RMSprop": 0.1, "Adam": 0.3}
WAYS = {
    "momentum": transform.momentum,
    "Nesterov": transform.nesterov,
    "AdaGrad": transform.adagrad,
    "RMSprop": transform.rmsprop,
    "Adam": transform.adam,
}


def one_task() -> Notebook:
    """The task alone, with a wrong answer."""
    lab = labs.find(LAB)
    notebook = completed(lab, {TASK: WRONG.strip()})
    about = TASK.replace("_", "-")
    kept = ("setup", f"about-{about}", about, f"test-{about}")
    notebook["cells"] = [cell for cell in notebook["cells"] if cell["id"] in kept]
    notebook["cells"][0]["metadata"]["jupyter"] = {"source_hidden": True}
    return notebook


def check_in_a_cell(browser: Browser, desk: Path) -> None:
    """JupyterLab after all cells of `one_task` have run."""
    name = labs.find(LAB).name
    save(one_task(), desk / f"{name}.ipynb")
    page = browser.new_page(viewport={"width": 1000, "height": 785})
    with jupyterlab(desk) as address:
        page.goto(f"{address}/doc/tree/{name}.ipynb")
        page.wait_for_selector(".jp-CodeCell")
        page.get_by_text("| Idle").wait_for()
        page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
        page.get_by_text("✗").first.wait_for(state="attached", timeout=60_000)
        page.wait_for_timeout(1000)
        page.locator(".jp-CodeCell").last.scroll_into_view_if_needed()
        page.wait_for_timeout(1000)
        page.screenshot(path=PICTURES / "check.png")
    page.close()


@contextlib.contextmanager
def jupyterlab(desk: Path) -> Iterator[str]:
    """The address of a JupyterLab that serves `desk`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--no-browser", "--allow-root", f"--port={port}", "--IdentityProvider.token="]
    options.append("--LabApp.expose_app_in_browser=True")
    for name, settings in SETTINGS.items():
        path = desk / "config" / "lab" / "user-settings" / "@jupyterlab" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".jupyterlab-settings").write_text(json.dumps(settings))
    own = {"HOME": str(desk), "JUPYTER_CONFIG_DIR": str(desk / "config")}
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *options],
        cwd=desk,
        env=os.environ | own,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{address}/api/status")
        yield address
    finally:
        server.terminate()
        server.wait(30)


def wait_for(address: str, seconds: float = 60.0) -> None:
    """Return once a server answers there."""
    end = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(address).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.3)


def optimizer_race() -> None:
    """Five ways down Beale's function."""
    surface = Beale()
    paths = {name: walk(way(RATES[name]), surface) for name, way in WAYS.items()}
    film = race(paths, surface, frames=25, seconds=5.0)
    film.save(PICTURES / "race.gif", writer="pillow", dpi=130)


def walk(optimizer: transform.Optimizer, surface: Beale, steps: int = 150) -> np.ndarray:
    """Where an optimizer goes from the surface's start."""
    w = np.array(surface.start, dtype=float)
    state, path = optimizer.init([w]), [w]
    for _ in range(steps):
        (w,), state = optimizer.step([w], [surface.gradient(w)], state)
        path.append(w)
    return np.array(path)


def graded_class(desk: Path) -> Path:
    """The results of the sample class."""
    for command in (
        ["autograder.sample_class", "submitted"],
        ["autograder", "grade", "lab01", "submitted", "--out", "results"],
        ["autograder", "report", "results"],
    ):
        done = subprocess.run([sys.executable, "-m", *command], cwd=desk, check=False)
        assert done.returncode in (0, 1)  # 1: one of the class hands in a broken file
    return desk / "results"


def page_of(browser: Browser, path: Path, name: str, height: int) -> None:
    """The top of a page."""
    page = browser.new_page(viewport={"width": 880, "height": height})
    page.goto(path.as_uri())
    page.screenshot(path=PICTURES / f"{name}.png")
    page.close()


def shrink() -> None:
    """Few colours, the same in all pictures of a film: a fraction of the size, and hardly seen."""
    for path in sorted(PICTURES.iterdir()):
        with Image.open(path) as full:
            pictures = [each.convert("RGB") for each in ImageSequence.Iterator(full)]
            pause = full.info.get("duration", 0)
        last = pictures[-1].quantize(COLORS, dither=Image.Dither.NONE)
        first, *rest = [each.quantize(palette=last, dither=Image.Dither.NONE) for each in pictures]
        first.save(path, append_images=rest, save_all=bool(rest), duration=pause, loop=0)


def main() -> None:
    """Make all four."""
    PICTURES.mkdir(exist_ok=True)
    optimizer_race()
    with tempfile.TemporaryDirectory() as directory, sync_playwright() as driver:
        desk = Path(directory)
        browser: Any = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        check_in_a_cell(browser, desk)
        results = graded_class(desk)
        lab = labs.find("lab01").name
        page_of(browser, results / "feedback" / STUDENT / f"{lab}.html", "feedback", 760)
        page_of(browser, results / "report.html", "report", 760)
        browser.close()
    shrink()
    for path in sorted(PICTURES.iterdir()):
        print(f"{path.relative_to(labs.ROOT)}: {path.stat().st_size // 1024} KB")


if __name__ == "__main__":
    main()
