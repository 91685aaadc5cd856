"""The other side of a call lies about what it was given, and gets an error and nothing else."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from autograder.sandbox.calls import Peer
from autograder.sandbox.wire import (
    Channel,
    Closed,
    Outgoing,
    TimedOut,
    WireError,
)


@pytest.fixture
def liar() -> Iterator[tuple[Peer, Callable[..., None]]]:
    """A peer, and a function that puts the answer of its next call on the wire beforehand."""
    mine, theirs = socket.socketpair()
    with mine, theirs:
        peer = Peer(Channel(mine))
        peer.channel.deadline = time.monotonic() + 5
        yield peer, Channel(theirs).send


def call(peer: Peer, name: str, *args: object) -> Any:
    return peer.call_function(name, args, {})


SOUND: dict[str, Any] = {"op": "return", "v": None, "c": [], "g": []}


@pytest.mark.parametrize(
    "lie",
    [
        {"op": "done"},
        {"op": None},
        {"op": ["return"]},
        {"v": []},
        {"c": None},
        {"c": {}},
        {"c": [1]},
        {"c": [[0]]},
        {"c": [[0, None]]},
        {"c": [[0, 1.0]]},
        {"c": [[0, {"r": 0}]]},
        {"c": [[1, {"a": ["<f8", [2], 16]}]]},
        {"c": [[-1, {"a": ["<f8", [2], 16]}]]},
        {"c": [[True, {"a": ["<f8", [2], 16]}]]},
        {"c": [["0", {"a": ["<f8", [2], 16]}]]},
        {"c": [[0, {"a": ["<f8", [1, 2], 16]}]]},
        {"c": [[0, {"a": ["<i8", [2], 16]}]]},
        {"c": [[0, {"a": ["<f4", [4], 16]}]]},
        {"c": [[0, {"n": ["<f8", [], 8]}]]},
        {"c": [[0, {"h": [1, "ndarray"]}]]},
        {"c": [[0, None]] * 10_001},
        {"g": None},
        {"g": [[0, None]]},
        {"g": [[1, ["0", "1", "0", "0"]]]},
        {"g": [[0, ["zz", "1", "0", "0"]]]},
        {"op": "raise"},
        {"op": "raise", "type": None, "text": "x"},
        {"op": "raise", "type": "ValueError", "text": 3},
    ],
    ids=lambda lie: repr(lie)[:60],
)
def test_answer_that_lies_is_a_wire_error(
    liar: tuple[Peer, Callable[..., None]], lie: dict[str, Any]
) -> None:
    peer, send = liar
    send(SOUND | lie, [b"\1" * 16])
    w, rng = np.zeros(2), np.random.default_rng(1)
    with pytest.raises(WireError):
        call(peer, "f", w, rng)
    np.testing.assert_array_equal(w, [0, 0])


@pytest.mark.parametrize(
    "lie",
    [
        {"a": None},
        {"a": {"l": []}},
        {"k": None},
        {"k": {"l": []}},
        {"k": {"d": [[1, 2]]}},
        {"a": {"t": [{"r": 0}]}},
    ],
    ids=repr,
)
def test_call_that_lies_is_a_wire_error(
    liar: tuple[Peer, Callable[..., None]], lie: dict[str, Any]
) -> None:
    peer, send = liar
    called: list[object] = []
    send({"op": "call", "f": 1, "a": {"t": []}, "k": {"d": []}} | lie)
    with pytest.raises(WireError):
        call(peer, "f", lambda *args, **kwargs: called.append(args))
    assert called == []


def test_answer_nobody_asked_for_is_taken_for_no_more_than_a_value(
    liar: tuple[Peer, Callable[..., None]],
) -> None:
    peer, send = liar
    send(SOUND | {"v": "passed"})
    assert call(peer, "f") == "passed"


def test_changes_to_what_was_not_sent_change_nothing(
    liar: tuple[Peer, Callable[..., None]],
) -> None:
    peer, send = liar
    secret = np.zeros(2)
    peer.codec.encode(secret, Outgoing())
    send(SOUND | {"c": [[0, {"a": ["<f8", [2], 16]}]]}, [b"\1" * 16])
    with pytest.raises(WireError, match="nothing that was sent"):
        call(peer, "f")
    np.testing.assert_array_equal(secret, [0, 0])


def test_silence_is_a_time_out_and_an_end_is_an_end(
    liar: tuple[Peer, Callable[..., None]],
) -> None:
    peer, _ = liar
    peer.channel.deadline = time.monotonic() + 0.05
    with pytest.raises(TimedOut):
        call(peer, "f")
    peer.channel.deadline = time.monotonic() + 5
    peer.channel.connection.shutdown(socket.SHUT_RD)
    with pytest.raises(Closed):
        call(peer, "f")
