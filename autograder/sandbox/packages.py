"""Which installed packages are let into the sandbox: named distributions and what they require."""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

NAMES = ("numpy", "matplotlib", "ipython", "tqdm", "array-api-compat")
WITH_TORCH = (*NAMES, "torch")


@lru_cache(maxsize=4)
def package_paths(*, torch: bool = False) -> tuple[Path, ...]:
    """The files and directories in site-packages that these distributions consist of."""
    distributions: dict[str, Distribution] = {}
    waiting = list(WITH_TORCH if torch else NAMES)
    while waiting:
        name = waiting.pop()
        if name in distributions:
            continue
        try:
            distributions[name] = found = distribution(name)
        except PackageNotFoundError:
            continue
        for text in found.requires or []:
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name)
    return tuple(sorted(path for found in distributions.values() for path in _top_level(found)))


def _top_level(found: Distribution) -> set[Path]:
    tops = {file.parts[0] for file in found.files or [] if file.parts[0] not in ("..", "/")}
    paths = {Path(str(found.locate_file(top))) for top in tops - {"__pycache__"}}
    return {path for path in paths if path.exists()}
