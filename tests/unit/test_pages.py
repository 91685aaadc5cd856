"""Huge pages under a process: its memory stays what it was, and a fork of it goes its own way."""

from __future__ import annotations

import subprocess
import sys

import pytest

from autograder import labs

SCRIPT = """
import os
from pathlib import Path
from autograder.sandbox.pages import join_pages

kept = [bytearray(os.urandom(1 << 12)) for _ in range(4000)]
before = [bytes(entry) for entry in kept]
joined = join_pages()
lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
huge = [line for line in lines if line.startswith("AnonHugePages")]
assert all(bytes(entry) == copy for entry, copy in zip(kept, before))
child = os.fork()
if child == 0:
    for entry in kept:
        entry[:] = bytes(len(entry))
    os._exit(0 if not any(map(any, kept)) else 1)
assert os.waitpid(child, 0)[1] == 0
assert all(bytes(entry) == copy for entry, copy in zip(kept, before))
print(joined, int(huge[0].split()[1]))
"""


def joined_and_huge() -> tuple[int, int]:
    finished = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=labs.ROOT, capture_output=True, text=True, check=True
    )
    joined, huge = finished.stdout.split()
    return int(joined), int(huge)


def test_joining_pages_changes_no_byte_here_or_in_a_fork() -> None:
    joined_and_huge()


def test_memory_lies_in_huge_pages_where_the_kernel_can() -> None:
    joined, huge = joined_and_huge()
    if not joined:
        pytest.skip("this kernel joins no pages")
    assert huge >= 2048 * joined * 0.5
