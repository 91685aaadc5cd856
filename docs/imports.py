"""Draw who imports whom, from the sources: `make imports` writes docs/imports/*.svg.

A module stands below all that it imports at its top. A line leads up to each of them, but for
those that it reaches through another as well; a dashed one is an import inside a function.
"""

from __future__ import annotations

import ast
import math
import re
import sys
from collections.abc import Iterator
from functools import cache
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("dlcourse", "autograder")
MANY = re.compile(r"(dlcourse\.checks|autograder\.(?:hidden|answers))\.(?:test_)?lab\d\d.*")
COLORS = ("#dbeafe", "#dcfce7", "#fef9c3", "#fae8ff", "#ffedd5", "#e2e8f0", "#fee2e2", "#ccfbf1")
WIDTH, HEIGHT, GAP, ROW, MARGIN = 1200, 20, 12, 66, 16


@cache
def modules() -> dict[str, Path]:
    """Every module of the rooms, by its dotted name; the template of a lab is none."""
    paths = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
    dotted = {".".join(p.relative_to(ROOT).with_suffix("").parts): p for p in paths}
    return {k.removesuffix(".__init__"): p for k, p in dotted.items() if ".template" not in k}


def imports(module: str) -> Iterator[tuple[str, bool]]:
    """What a module imports, ours and others', and whether at its top."""
    body = ast.parse(modules()[module].read_text(encoding="utf-8"))
    for node in ast.walk(body):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            ours = name if name in modules() else name.rpartition(".")[0]
            yield (ours if ours in modules() else name), node in body.body


def graph(room: str) -> dict[str, dict[str, bool]]:
    """The boxes of a room's drawing and what they import: at the top (True) or inside (False)."""
    boxes: dict[str, dict[str, bool]] = {}
    for module in modules():
        if module.startswith(room):
            imported = boxes.setdefault(box(module, room), {})
            for name, top in imports(module):
                target = box(name, room)
                if name in modules() and target != box(module, room):
                    imported[target] = imported.get(target, False) or top
    for imported in list(boxes.values()):
        for name in imported:
            boxes.setdefault(name, {})
    named = {name for imported in boxes.values() for name in imported}
    return {name: found for name, found in boxes.items() if found or name in named}


def box(module: str, room: str) -> str:
    """The box in which a module is drawn: its own, one for all labs, one for the other room."""
    if not module.startswith(room):
        return module.partition(".")[0]
    return MANY.sub(r"\1.lab…", module)


def levels(boxes: dict[str, dict[str, bool]]) -> list[list[str]]:
    """The rows from the top: what imports nothing, then what imports only that, and so on."""
    rows: list[list[str]] = []
    placed: set[str] = set()
    while len(placed) < len(boxes):
        row = [
            name
            for name, imported in sorted(boxes.items())
            if name not in placed and all(i in placed for i, top in imported.items() if top)
        ]
        if not row:
            raise ValueError(f"these import each other: {sorted(boxes.keys() - placed)}")
        rows.append(row)
        placed |= set(row)
    return rows


def direct(boxes: dict[str, dict[str, bool]], name: str) -> list[tuple[str, bool]]:
    """What a box imports, without what it reaches through another import as well."""
    imported = boxes[name]
    further = {far for near in imported for far in reached(boxes, near)}
    return [(n, top) for n, top in sorted(imported.items()) if n not in further or not top]


def reached(boxes: dict[str, dict[str, bool]], name: str) -> set[str]:
    """What is imported at the top by `name`, by what that imports, and so on."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        new = {n for n, top in boxes[waiting.pop()].items() if top} - found
        found |= new
        waiting += new
    return found


def place(boxes: dict[str, dict[str, bool]]) -> dict[str, tuple[float, float, float]]:
    """Left edge, top and width of each box; within a row near what it imports."""
    places: dict[str, tuple[float, float, float]] = {}
    rows = [part for level in levels(boxes) for part in wrapped(level)]
    for number, row in enumerate(rows):
        row.sort(key=lambda n: (middle([places[i] for i in boxes[n] if i in places]), n))
        gap = (WIDTH - sum(map(width, row))) / (len(row) + 1)
        x = gap
        for name in row:
            places[name] = (x, MARGIN + number * ROW, width(name))
            x += width(name) + gap
    return places


def wrapped(row: list[str]) -> list[list[str]]:
    """A row in as many as it needs, of one length."""
    count = math.ceil(sum(width(name) + GAP for name in row) / WIDTH)
    size = math.ceil(len(row) / count)
    return [row[start : start + size] for start in range(0, len(row), size)]


def width(name: str) -> float:
    """The width of a box that holds its name."""
    return 6.6 * len(label(name)) + 14


def middle(places: list[tuple[float, float, float]]) -> float:
    """The mean of the middles of some boxes."""
    return sum(x + w / 2 for x, _, w in places) / len(places) if places else WIDTH / 2


def label(name: str) -> str:
    """A box's name without that of its room."""
    return name.partition(".")[2] or name


def drawing(room: str) -> str:
    """The SVG of a room."""
    boxes = graph(room)
    places = place(boxes)
    folders = sorted({name.rpartition(".")[0] for name in boxes})
    height = max(y for _, y, _ in places.values()) + HEIGHT + MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}"'
        ' font-family="sans-serif" font-size="12">',
        f"<title>What the modules of {room} import</title>",
        f'<rect width="{WIDTH}" height="{height:.0f}" fill="white"/>',
    ]
    for name in sorted(boxes):
        x, y, w = places[name]
        for target, top in direct(boxes, name):
            tx, ty, tw = places[target]
            ends = f"M{x + w / 2:.0f} {y:.0f}C{x + w / 2:.0f} {y - 34:.0f}"
            ends += f" {tx + tw / 2:.0f} {ty + HEIGHT + 34:.0f} {tx + tw / 2:.0f} {ty + HEIGHT:.0f}"
            dash = "" if top else ' stroke-dasharray="4 4"'
            parts.append(f'<path d="{ends}" fill="none" stroke="#94a3b8"{dash}/>')
    for name, (x, y, w) in sorted(places.items()):
        color = COLORS[folders.index(name.rpartition(".")[0]) % len(COLORS)]
        parts.append(
            f'<rect x="{x:.0f}" y="{y:.0f}" width="{w:.0f}" height="{HEIGHT}" rx="4"'
            f' fill="{color}" stroke="#64748b"/><text x="{x + w / 2:.0f}" y="{y + 14:.0f}"'
            f' text-anchor="middle">{escape(label(name))}</text>'
        )
    return "\n".join([*parts, "</svg>", ""])


def main(folder: Path) -> None:
    """Write a drawing for each room into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for room in ROOMS:
        (folder / f"{room}.svg").write_text(drawing(room), encoding="utf-8")
        print(folder / f"{room}.svg")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else ROOT / "docs" / "imports")
