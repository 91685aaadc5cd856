"""A new lab: the files of `autograder/template/`, under the lab's own name."""

from __future__ import annotations

import keyword
import re
from pathlib import Path

from autograder import labs
from autograder.errors import UsageError

TEMPLATE = Path(__file__).parent / "template"
PLACES = {
    "lab.ipynb": "solutions/labNN_topic/labNN_topic.ipynb",
    "library.py": "dlcourse/topic.py",
    "checks.py": "dlcourse/checks/labNN.py",
    "hidden.py": "autograder/hidden/test_labNN_topic.py",
    "answers.py": "autograder/answers/labNN.py",
}
_NAME = re.compile(r"lab(?P<number>[0-9]{2})_(?P<topic>[a-z][a-z0-9_]{0,23})")


def new_lab(name: str, root: Path = labs.ROOT) -> list[Path]:
    """Write a small lab called `name` below `root`, whole but for its contents.

    Returns:
        The files that are new, the notebook first.

    Raises:
        UsageError: the name is none of a lab, or something of that name or number is there.
    """
    number, topic = _parts(name)
    _check_free(number, root)
    texts = {}
    for source, place in PLACES.items():
        path = root / _filled(place, number, topic)
        if path.exists():
            raise UsageError(
                f"{path.relative_to(root)} is there already, and nothing was written;"
                " choose another topic"
            )
        text = (TEMPLATE / source).read_text(encoding="utf-8")
        texts[path] = _filled(text, number, topic)
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(texts)


def _parts(name: str) -> tuple[str, str]:
    """The number and the topic in a lab's name."""
    parts = _NAME.fullmatch(name)
    if parts is None or keyword.iskeyword(parts["topic"]):
        raise UsageError(
            f"{name!r} is no name for a lab: write labNN_topic, two digits and then lower-case"
            " letters, as in lab10_attention"
        )
    return parts["number"], parts["topic"]


def _check_free(number: str, root: Path) -> None:
    """Two labs of one number would share their answers and visible checks."""
    taken = sorted(path.name for path in (root / labs.SOLUTIONS.name).glob("lab*"))
    same = [name for name in taken if name.startswith(f"lab{number}")]
    if same:
        free = next(n for n in range(100) if not any(t.startswith(f"lab{n:02d}") for t in taken))
        raise UsageError(f"lab {number} is there already: {same[0]}; {free:02d} is free")


def _filled(text: str, number: str, topic: str) -> str:
    return text.replace("NN", number).replace("topic", topic)
