"""Frames on a socket: capped before they are read, read until a deadline, and never past an end."""

from __future__ import annotations

import socket
import time
import tracemalloc
from collections.abc import Iterator
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.sandbox.wire import (
    HEADER,
    MAX_BINARY,
    MAX_TEXT,
    Channel,
    Closed,
    TimedOut,
    WireError,
)


@pytest.fixture
def ends() -> Iterator[tuple[Channel, socket.socket]]:
    """A channel that reads, and the bare socket of a hostile other side."""
    mine, theirs = socket.socketpair()
    with mine, theirs:
        channel = Channel(mine)
        channel.deadline = time.monotonic() + 5
        yield channel, theirs


def frame(text: bytes, binary: bytes = b"") -> bytes:
    return HEADER.pack(len(text), len(binary)) + text + binary


def test_message_past_the_limit_is_not_sent(ends: tuple[Channel, socket.socket]) -> None:
    channel, theirs = ends
    with pytest.raises(WireError, match="too large to send"):
        channel.send({"v": "x" * MAX_TEXT})
    theirs.setblocking(False)
    with pytest.raises(BlockingIOError):
        theirs.recv(1)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_frame_or_one_of_three_errors(content: bytes) -> None:
    mine, theirs = socket.socketpair()
    with mine, theirs:
        theirs.sendall(content)
        theirs.shutdown(socket.SHUT_WR)
        try:
            message, _ = Channel(mine).receive()
        except (WireError, Closed, TimedOut):
            return
        assert isinstance(message, dict)


@given(st.binary(max_size=60))
def test_any_text_in_a_sound_frame_is_a_message_or_a_wire_error(text: bytes) -> None:
    mine, theirs = socket.socketpair()
    with mine, theirs:
        theirs.sendall(frame(text))
        try:
            message, _ = Channel(mine).receive()
        except WireError:
            return
        assert isinstance(message, dict)


@pytest.mark.parametrize(
    ("text_length", "binary_length"),
    [(MAX_TEXT + 1, 0), (0, MAX_BINARY + 1), (2**32 - 1, 2**32 - 1)],
)
def test_frame_that_claims_too_much_is_refused_before_anything_is_read_or_allocated(
    ends: tuple[Channel, socket.socket], text_length: int, binary_length: int
) -> None:
    channel, theirs = ends
    channel = Channel(channel.connection, buffered=False)
    theirs.sendall(HEADER.pack(text_length, binary_length) + b"rest")
    tracemalloc.start()
    try:
        with pytest.raises(WireError, match="too large"):
            channel.receive()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1 << 20
    assert channel.connection.recv(4) == b"rest"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"op"',
        b"\xff\xfe\xfd",
        b'{"op": "return"} {}',
        b'{"v":' + b"[" * 1_000_000,
        b'{"v":' * 100_000,
        b'{"v":' + b"9" * 100_000 + b"}",
        b'{"v":\0}',
    ],
    ids=lambda text: repr(text[:20]),
)
def test_text_that_is_no_message_is_refused(
    ends: tuple[Channel, socket.socket], text: bytes
) -> None:
    channel, theirs = ends
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
    with pytest.raises(WireError):
        receive_while_sending(channel, theirs, frame(text))


def receive_while_sending(channel: Channel, theirs: socket.socket, content: bytes) -> None:
    sender = Thread(target=theirs.sendall, args=(content,))
    sender.start()
    try:
        channel.receive()
    finally:
        sender.join()


# Deadlines and ends


def test_silence_until_the_deadline_is_a_time_out(ends: tuple[Channel, socket.socket]) -> None:
    channel, _ = ends
    channel.deadline = time.monotonic() + 0.05
    with pytest.raises(TimedOut):
        channel.receive()
    with pytest.raises(TimedOut):  # also when there is no time left to begin with
        channel.receive()


def test_a_byte_now_and_then_does_not_put_the_deadline_off(
    ends: tuple[Channel, socket.socket],
) -> None:
    channel, theirs = ends
    theirs.sendall(HEADER.pack(100, 0))
    channel.deadline = time.monotonic() + 0.2
    started = time.monotonic()

    def drip() -> None:
        for _ in range(20):
            time.sleep(0.03)
            theirs.send(b"x")

    sender = Thread(target=drip)
    sender.start()
    with pytest.raises(TimedOut):
        channel.receive()
    assert time.monotonic() - started < 0.5
    sender.join()


def test_other_side_that_reads_nothing_is_a_time_out(ends: tuple[Channel, socket.socket]) -> None:
    channel, _ = ends
    channel.deadline = time.monotonic() + 0.1
    with pytest.raises(TimedOut):
        channel.send({"op": "call"}, [bytes(8 << 20)])


@pytest.mark.parametrize("content", [b"", b"\0\0", HEADER.pack(10, 0) + b'{"op"'])
def test_end_in_the_middle_is_an_end(ends: tuple[Channel, socket.socket], content: bytes) -> None:
    channel, theirs = ends
    theirs.sendall(content)
    theirs.close()
    with pytest.raises(Closed):
        channel.receive()


def test_sending_to_an_end_that_is_gone_is_an_end(ends: tuple[Channel, socket.socket]) -> None:
    channel, theirs = ends
    theirs.close()
    with pytest.raises(Closed):
        channel.send({"op": "call"})
