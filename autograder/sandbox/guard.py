"""Runs INSIDE the sandbox: what the kernel refuses to student code, besides the box itself.

seccomp refuses system calls that no notebook needs and that widen what a process can reach;
Landlock confines files to a list. Both are kept by all that the process starts, and neither can be
undone. Where the kernel lacks one, `install` says so, and the trusted side decides.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from pathlib import Path

PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
ALLOW = 0x7FFF0000
REFUSE = 0x00050000
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER_AT, ARCHITECTURE_AT, FIRST_ARGUMENT_AT = 0, 4, 16
NEW_NAMESPACES = 0x7E020080
X32_CALLS = 0x40000000

# name: (x86_64, aarch64)
REFUSED = {
    "socket": (41, 198),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "personality": (135, 92),
}
CLONE = (56, 220)
CLONE3 = (435, 435)
ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}

LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446
READ = 0b1101  # execute, read file, read directory
FILE_RIGHTS = 0xC007  # those that a rule on a file, not a directory, may name
WRITES = {1: 0x1FFF, 2: 0x3FFF, 3: 0x7FFF, 4: 0x7FFF, 5: 0xFFFF}


def install(readable: list[str], writable: list[str]) -> list[str]:
    """Confine this process, for good; the layers that the kernel has, as words."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    layers = []
    if _landlock(libc, readable, writable):
        layers.append("landlock")
    if _seccomp(libc):
        layers.append("seccomp")
    return layers


def filter_program(machine: str) -> bytes | None:
    """The seccomp filter for `machine`, or None for one whose system calls are not listed."""
    if machine not in ARCHITECTURES:
        return None
    column, architecture = ARCHITECTURES[machine]
    refuse = (RETURN, 0, 0, REFUSE | errno.EPERM)
    program = [
        (LOAD, 0, 0, ARCHITECTURE_AT),
        (EQUAL, 1, 0, architecture),
        refuse,
        (LOAD, 0, 0, NUMBER_AT),
    ]
    if machine == "x86_64":
        program += [(AT_LEAST, 0, 1, X32_CALLS), refuse]
    for numbers in REFUSED.values():
        program += [(EQUAL, 0, 1, numbers[column]), refuse]
    # glibc falls back from clone3, whose flags a filter cannot see, to clone
    program += [(EQUAL, 0, 1, CLONE3[column]), (RETURN, 0, 0, REFUSE | errno.ENOSYS)]
    program += [
        (EQUAL, 0, 3, CLONE[column]),
        (LOAD, 0, 0, FIRST_ARGUMENT_AT),
        (ANY_BIT, 0, 1, NEW_NAMESPACES),
        refuse,
        (RETURN, 0, 0, ALLOW),
    ]
    return b"".join(struct.pack("HBBI", *instruction) for instruction in program)


def _seccomp(libc: ctypes.CDLL) -> bool:
    program = filter_program(platform.machine())
    if program is None:
        return False
    buffer = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(buffer))
    result: int = libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, header, 0, 0)
    return result == 0


def _landlock(libc: ctypes.CDLL, readable: list[str], writable: list[str]) -> bool:
    version: int = libc.syscall(LANDLOCK_CREATE, None, 0, 1)
    if version < 1:
        return False
    handled = WRITES[min(version, 5)]
    ruleset: int = libc.syscall(LANDLOCK_CREATE, struct.pack("Q", handled), 8, 0)
    if ruleset < 0:
        return False
    try:
        for paths, access in ((readable, READ), (writable, handled)):
            for path in paths:
                if not _allow(libc, ruleset, path, access & handled):
                    return False
        result: int = libc.syscall(LANDLOCK_RESTRICT, ruleset, 0)
        return result == 0
    finally:
        os.close(ruleset)


def _allow(libc: ctypes.CDLL, ruleset: int, path: str, access: int) -> bool:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return True
    try:
        if not Path(path).is_dir():
            access &= FILE_RIGHTS
        rule = struct.pack("=Qi", access, descriptor)
        result: int = libc.syscall(LANDLOCK_ADD, ruleset, 1, rule, 0)
        return result == 0
    finally:
        os.close(descriptor)
