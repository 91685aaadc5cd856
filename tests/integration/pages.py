"""The pages that a reader has: Markdown files, and the Markdown in notebooks."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from autograder import labs

ROOT = labs.ROOT
MADE = {"demo-out", "submitted", "results", "_build", "generated", "node_modules"}
FENCED = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"^```.*?^```|`[^`\n]+`", re.MULTILINE | re.DOTALL)
LINK = re.compile(
    r"\]\(<?([^)\s>]+)[^)]*\)"  # [text](target), ![text](target "title")
    r"|^\[[^\]]+\]: <?([^\s>]+)"  # [name]: target
    r"|<(?:a|img)\b[^>]*?(?:href|src)=\"([^\"]+)\"",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Page:
    """A Markdown file, or a notebook of which only the Markdown is read."""

    path: Path

    @cached_property
    def text(self) -> str:
        """The Markdown."""
        text = self.path.read_text(encoding="utf-8")
        if self.path.suffix != ".ipynb":
            return text
        cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "markdown"]
        return "\n\n".join(labs.source_of(cell) for cell in cells)

    @cached_property
    def anchors(self) -> set[str]:
        """The anchors of the headings, as GitHub and Sphinx make them."""
        headings = re.findall(r"^#+ (.+)$", re.sub(FENCED, "", self.text), re.MULTILINE)
        return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}

    def links(self) -> list[str]:
        """The targets of all links and pictures, but for what stands in code."""
        return ["".join(found) for found in LINK.findall(CODE.sub("", self.text))]

    def blocks(self, *languages: str) -> list[str]:
        """The fenced blocks of these languages; "" is one that names none."""
        return [block for language, block in FENCED.findall(self.text) if language in languages]

    def broken_links(self) -> list[str]:
        """The links to a file that does not exist, or to a heading that it does not have."""
        return [link for link in self.links() if not self._leads_somewhere(link)]

    def _leads_somewhere(self, link: str) -> bool:
        if re.match(r"[a-z]+:", link):
            return True
        path, _, anchor = link.partition("#")
        target = (self.path.parent / path).resolve() if path else self.path
        return target.exists() and (not anchor or anchor in Page(target).anchors)


def pages() -> list[Page]:
    """All of them; neither hidden directories nor what a command made."""
    found = [
        path
        for path in sorted([*ROOT.rglob("*.md"), *ROOT.rglob("*.ipynb")])
        if not any(p.startswith(".") or p in MADE for p in path.relative_to(ROOT).parts)
    ]
    return [Page(path) for path in found]
