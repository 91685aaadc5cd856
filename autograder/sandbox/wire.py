"""The wire between grader and student: frames of JSON and raw bytes, nothing executable.

A frame is two lengths (of the JSON part and of the binary part), checked against a cap before
anything is read, then the two parts. What they hold is the concern of `values`.

Both sides run this module; the student's side is hostile. Everything that is read is checked, and
what does not fit raises `WireError`.
"""

from __future__ import annotations

import json
import math
import socket
import struct
import time
from collections.abc import Callable
from typing import Any

HEADER = struct.Struct(">II")
PATIENCE = 0.25
READ_AHEAD = 1 << 16
MOST_AT_ONCE = 1 << 20
MAX_TEXT = 8 << 20
MAX_BINARY = 64 << 20

_to_json = json.JSONEncoder(separators=(",", ":")).encode
_from_json = json.JSONDecoder().decode


class WireError(Exception):
    """What came over the wire is no frame, or no value."""


class Closed(Exception):
    """The other side is gone."""


class MemoryUsedUp(Exception):
    """The other side's processes take more memory than they may."""


class TimedOut(Exception):
    """The other side did not answer before the deadline."""


class Channel:
    """Frames over a stream socket.

    A wait looks up every `patience` seconds: it ends at the `deadline` with TimedOut, and until
    then it calls `watch`, which may raise MemoryUsedUp. With None it waits for ever.

    A `buffered` channel reads on past a frame, which saves system calls. It must not be where
    descriptors travel between frames, since they would be lost.
    """

    def __init__(
        self,
        connection: socket.socket,
        watch: Callable[[], None] | None = None,
        *,
        patience: float | None = PATIENCE,
        buffered: bool = True,
    ) -> None:
        self.connection = connection
        self.deadline = math.inf
        self._watch = watch
        self._next_watch = time.monotonic() + PATIENCE
        self._buffer = bytearray()
        self._ahead = READ_AHEAD if buffered else 0
        connection.setblocking(True)
        if patience is not None:
            seconds = struct.pack("@ll", int(patience), int(patience % 1 * 1e6))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, seconds)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, seconds)

    def send(self, message: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        """Send one frame; the message is JSON, the buffers follow it as they are."""
        text = _to_json(message).encode("ascii")
        binary = b"".join(buffers or [])
        if len(text) > MAX_TEXT or len(binary) > MAX_BINARY:
            raise WireError(f"a message of {len(text) + len(binary)} bytes is too large to send")
        view = memoryview(HEADER.pack(len(text), len(binary)) + text + binary)
        while view:
            try:
                view = view[self.connection.send(view) :]
            except BlockingIOError:
                self._look_up()
            except OSError as error:
                raise Closed from error

    def receive(self) -> tuple[dict[str, Any], bytes]:
        """Read one frame: its message and its binary part."""
        self._fill(HEADER.size)
        text_length, binary_length = HEADER.unpack_from(self._buffer)
        if text_length > MAX_TEXT or binary_length > MAX_BINARY:
            raise WireError(f"a message of {text_length + binary_length} bytes is too large")
        start = HEADER.size + text_length
        end = start + binary_length
        self._fill(end)
        try:
            message = _from_json(self._buffer[HEADER.size : start].decode("ascii"))
        except (ValueError, RecursionError) as error:
            raise WireError("not a message") from error
        binary = bytes(memoryview(self._buffer)[start:end])
        del self._buffer[:end]
        if type(message) is not dict:
            raise WireError("not a message")
        return message, binary

    def close(self) -> None:
        """Close the connection; the other side reads its end."""
        self.connection.close()

    def _fill(self, length: int) -> None:
        """Read until the buffer holds at least so many bytes."""
        while (missing := length - len(self._buffer)) > 0:
            self._look_up()  # also at one who always has something to say
            try:
                data = self.connection.recv(min(max(missing, self._ahead), MOST_AT_ONCE))
            except BlockingIOError:
                continue
            except OSError as error:
                raise Closed from error
            if not data:
                raise Closed
            self._buffer += data

    def _look_up(self) -> None:
        now = time.monotonic()
        if now >= self.deadline:
            raise TimedOut
        if self._watch is not None and now >= self._next_watch:
            self._next_watch = now + PATIENCE
            self._watch()
