"""What is wrong with a set-up, and what to do: Python, packages, folder, kernel, GPU."""

from __future__ import annotations

import importlib
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import dlcourse
from dlcourse.notebook import KERNEL, KERNEL_SECONDS, QUIET

LEAST_PYTHON = (3, 11)
_IMPORTED = ("numpy", "matplotlib.pyplot", "ipywidgets", "jupyterlab", "sklearn", "tqdm")
_PROBE = "import sys, dlcourse; print(sys.prefix); print(dlcourse.__file__)"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        fine: True, False, or None for what is neither: something to know.
        what: what was found.
        remedy: what to do about it; empty where there is nothing to do.
    """

    fine: bool | None
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        mark = {True: "✓", False: "✗", None: "·"}[self.fine]
        return f"{mark} {self.what}" + (f"\n    → {self.remedy}" if self.remedy else "")


def examine(folder: Path) -> Iterator[Finding]:
    """Look at everything that a lab in `folder` needs, the quick things first."""
    yield _python()
    yield from _packages()
    yield from _imports()
    yield from _folder(folder)
    yield _kernel(folder)
    yield _device()


def _python() -> Finding:
    needed = ".".join(map(str, LEAST_PYTHON))
    what = f"Python {platform.python_version()}, {sys.executable}"
    if sys.version_info < LEAST_PYTHON:
        return Finding(False, f"{what} is too old", f"install Python {needed} or newer")
    if sys.maxsize < 2**32:
        remedy = "install a 64-bit Python: the packages are not made for this one"
        return Finding(False, f"{what} works with 32 bits", remedy)
    if sys.prefix == sys.base_prefix and "CONDA_PREFIX" not in os.environ:
        remedy = "if packages get in each other's way, follow the README that came with the lab"
        return Finding(None, f"{what}, not in a virtual environment", remedy)
    return Finding(True, what)


def _packages() -> Iterator[Finding]:
    """Whether what dlcourse requires is installed, and new enough."""
    try:
        ours = distribution("dlcourse")
        from packaging.requirements import Requirement
    except PackageNotFoundError:
        remedy = f'{_pip()} install "./dlcourse-….whl", the file that came with the lab'
        yield Finding(False, f"dlcourse is not installed; this is {_home()}", remedy)
        return
    except ImportError:
        yield Finding(False, "packaging is not installed", f"{_pip()} install packaging")
        return
    wrong = []
    for text in ours.requires or []:
        needed = Requirement(text)
        if needed.marker is not None and not needed.marker.evaluate({"extra": ""}):
            continue
        version = _version(needed.name)
        wanted = f"{needed.name}{needed.specifier}"
        if version is None:
            wrong.append(Finding(False, f"{needed.name} is not installed", _install(wanted)))
        elif version not in needed.specifier:
            what = f"{needed.name} {version} does not do, {needed.specifier} is needed"
            wrong.append(Finding(False, what, _install(wanted)))
    yield from wrong
    if not wrong:
        yield Finding(True, f"dlcourse {dlcourse.__version__} and what it requires, {_home()}")


def _imports() -> Iterator[Finding]:
    """Whether the packages load, which a damaged one does not."""
    for name in _IMPORTED:
        package = {"sklearn": "scikit-learn"}.get(name, name.partition(".")[0])
        try:
            importlib.import_module(name)
        except Exception as error:
            what = f"{package} does not load: {type(error).__name__}: {error}"
            remedy = f"{_pip()} install --force-reinstall {package}"
            yield Finding(False, what, remedy)


def _folder(folder: Path) -> Iterator[Finding]:
    """Whether files can be saved here, and none stands in a module's way."""
    if not os.access(folder, os.W_OK):
        yield Finding(
            False,
            f"nothing can be saved in {folder}",
            "unpack the zip, and work in a folder of your own",
        )
    needed = {name.partition(".")[0] for name in (*_IMPORTED, "torch", "scipy", "dlcourse.cli")}
    for path in sorted(folder.glob("*.py")):
        if path.stem in needed or path.stem in sys.stdlib_module_names:
            what = f"{path.name} in this folder stands in the way of the module {path.stem}"
            yield Finding(False, what, f"give {path.name} another name")


def _kernel(folder: Path) -> Finding:
    """Start a kernel, as Jupyter would, and see whether it is this Python with this dlcourse."""
    remedy = f"{_pip()} install --force-reinstall ipykernel"
    try:
        prefix, home = _ask_kernel(folder)
    except Exception as error:
        what = f"the Python kernel does not start: {type(error).__name__}: {error}"
        return Finding(False, what, remedy)
    if not home:
        what = "a kernel starts, and has no dlcourse"
        return Finding(False, what, "start Jupyter from this environment")
    if Path(prefix).resolve() != Path(sys.prefix).resolve():
        what = f"the kernel python3 is another Python: {prefix}"
        return Finding(False, what, f"{sys.executable} -m ipykernel install --sys-prefix")
    return Finding(True, "a kernel starts, and has this dlcourse")


def _ask_kernel(folder: Path) -> tuple[str, str]:
    """The kernel's sys.prefix, and where its dlcourse is; empty where it has none."""
    from jupyter_client.manager import start_new_kernel

    said: list[str] = []

    def hear(message: dict[str, dict[str, str]]) -> None:
        said.append(message["content"].get("text", ""))

    manager, client = start_new_kernel(
        startup_timeout=KERNEL_SECONDS,
        kernel_name=KERNEL,
        cwd=str(folder),
        extra_arguments=[QUIET],
    )
    try:
        client.execute_interactive(_PROBE, output_hook=hear, timeout=KERNEL_SECONDS)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    prefix, _, home = "".join(said).strip().partition("\n")
    return prefix, home


def _device() -> Finding:
    """Where the larger exercises run."""
    try:
        import torch
    except ModuleNotFoundError:
        what = "PyTorch is not installed; lab 09 and the exercises on the device need it"
        return Finding(None, what, _install("torch>=2.4", "safetensors>=0.4"))
    except Exception as error:
        what = f"PyTorch does not load: {type(error).__name__}: {error}"
        return Finding(False, what, f"{_pip()} install --force-reinstall torch")
    if torch.cuda.is_available():
        return Finding(True, f"PyTorch {torch.__version__} on {torch.cuda.get_device_name()}")
    if shutil.which("nvidia-smi"):
        what = f"there is an NVIDIA card, which PyTorch {torch.__version__} cannot use"
        remedy = "take the command for your CUDA from https://pytorch.org/get-started/locally/"
        return Finding(None, what, remedy)
    what = f"PyTorch {torch.__version__}, no CUDA device: the exercises run on the CPU, smaller"
    return Finding(None, what)


def _version(name: str) -> str | None:
    try:
        found: Distribution = distribution(name)
    except PackageNotFoundError:
        return None
    return found.version


def _home() -> Path:
    return Path(dlcourse.__file__).parent


def _pip() -> str:
    python = f'"{sys.executable}"' if " " in sys.executable else sys.executable
    return f"{python} -m pip"


def _install(*requirements: str) -> str:
    return f"{_pip()} install " + " ".join(f'"{needed}"' for needed in requirements)
