"""The course secret, from which every hidden test's random inputs are drawn.

It is made once, kept beside the course and out of version control. Whoever has it can compute the
hidden inputs; whoever loses it gets other inputs, and results that say so by another hash.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

FILE = Path(".course-secret")
_BYTES = 32


def course_secret(directory: Path = Path()) -> bytes:
    """The secret kept in `directory`; made at the first call."""
    path = directory / FILE
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return bytes.fromhex(path.read_text(encoding="ascii"))
    secret = secrets.token_bytes(_BYTES)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secret.hex() + "\n")
    return secret


def secret_sha256(secret: bytes) -> str:
    """What a result says of the secret it was graded with."""
    return hashlib.sha256(b"dlcourse course secret\0" + secret).hexdigest()
