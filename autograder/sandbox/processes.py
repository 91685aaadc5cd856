"""What /proc says of the processes below one: who they are, and how much memory they took."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def descendants(ancestor: int) -> list[int]:
    """All living processes below `ancestor`, by the parents that /proc names."""
    parents: dict[int, int] = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        with contextlib.suppress(OSError, IndexError, ValueError):
            stat = Path(f"/proc/{entry}/stat").read_text(errors="replace")
            state, parent = stat.rpartition(")")[2].split()[:2]
            if state != "Z":
                parents[int(entry)] = int(parent)
    below = {ancestor}
    while True:
        more = {pid for pid, parent in parents.items() if parent in below} - below
        if not more:
            return sorted(below - {ancestor})
        below |= more


def own_bytes(pid: int) -> int:
    """The resident memory of a process that no file backs; pages shared by a fork count too."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path(f"/proc/{pid}/status").read_text(errors="replace").splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) << 10
    return 0
