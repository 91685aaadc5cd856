"""Huge pages under a warm process: a fork then copies a small page table, and ends sooner.

A page of 2 MiB that two processes share is split as one of them writes into it, so nothing else
changes. Where the kernel does not know how (before 6.1), the small pages stay.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from pathlib import Path

HUGE = 2 << 20
MADV_COLLAPSE = 25


def join_pages() -> int:
    """Join this process's own memory into huge pages; the number of those that could be joined."""
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    return sum(
        madvise(address, HUGE, MADV_COLLAPSE) == 0
        for start, end in list(_own_memory())
        for address in range(-(-start // HUGE) * HUGE, end - HUGE + 1, HUGE)
    )


def _own_memory() -> Iterator[tuple[int, int]]:
    """Where the writable memory lies that is in no file."""
    for line in Path("/proc/self/maps").read_text(errors="replace").splitlines():
        addresses, permissions, _, _, inode, *name = line.split(maxsplit=5)
        if permissions == "rw-p" and inode == "0" and name in ([], ["[heap]"]):
            start, _, end = addresses.partition("-")
            yield int(start, 16), int(end, 16)
