"""Hostile frames on the trusted side: each ends in a value or in one error of ours, and soon."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from autograder.probes import Recorder
from autograder.sandbox.calls import RemoteError
from autograder.sandbox.student import TrustedPeer
from autograder.sandbox.values import DTYPES, Codec, Incoming, Outgoing, RemoteFunction
from autograder.sandbox.wire import (
    HEADER,
    MAX_BINARY,
    MAX_TEXT,
    Channel,
    Closed,
    TimedOut,
    WireError,
)

OURS = (WireError, Closed, TimedOut, RemoteError)
PATIENCE = 5.0  # seconds; an example takes a few milliseconds
SHORT = settings(
    max_examples=1_000,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
LONG = settings(  # two or three frames each
    SHORT, max_examples=50_000, derandomize=False, database=None
)

# Frames: trees that are nearly values, in messages that are nearly calls and answers

TAGS = [*"ltsdanrgfhx"]
odd_integers = st.sampled_from([-1, 0, 1, 2**31, 2**40, 2**63, 2**64, -(2**64), 10**30])
counts = st.integers(0, 3) | odd_integers
texts = st.text(max_size=6) | st.sampled_from(["", "\ud800", "\0", "\u2028", "0x1", "-1", "f" * 32])
atoms = st.none() | st.booleans() | counts | st.floats() | texts
shapes = st.lists(counts, max_size=3)
descriptions = st.tuples(
    st.sampled_from(sorted(DTYPES)) | st.sampled_from(["|O", "<U1", "<M8[s]", ">f8"]),
    shapes,
    st.integers(0, 64) | counts,
).map(list)
states = st.lists(st.text("0123456789abcdef", max_size=33) | texts, min_size=3, max_size=5)


def tagged(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    pairs = st.lists(st.lists(inner, min_size=1, max_size=3), max_size=3)
    contents = st.lists(inner, max_size=3) | pairs | inner
    handles = st.tuples(counts, texts).map(list)
    return st.one_of(
        st.fixed_dictionaries({}, optional={"a": descriptions, "n": descriptions}),
        st.dictionaries(st.sampled_from(TAGS), contents, max_size=2),
        st.builds(lambda content: {"h": content}, handles),
        st.builds(lambda content: {"g": content}, states | counts),
        st.builds(lambda tag, content: {tag: content}, st.sampled_from([*"lts"]), contents),
        st.builds(lambda content: {"d": content}, pairs),
        st.builds(lambda tag, content: {tag: content}, st.sampled_from(["r", "f"]), counts),
    )


trees = st.recursive(atoms, tagged, max_leaves=8)
arguments = st.lists(trees, max_size=5).map(lambda items: {"t": items})
keywords = st.lists(st.tuples(texts, trees).map(list), max_size=2).map(lambda pairs: {"d": pairs})
fitting = st.sampled_from(
    [{"a": ["<f8", [2, 3], 48]}, {"a": ["<i8", [3], 24]}, {"a": ["<f8", [2], 16]}]
)
changes = st.lists(st.tuples(counts | trees, fitting | trees).map(list), max_size=3)
calls = st.fixed_dictionaries(
    {"op": st.just("call")},
    optional={"f": counts | texts, "a": arguments | trees, "k": keywords | trees},
)
answers = st.fixed_dictionaries(
    {"op": st.sampled_from(["return", "raise"])},
    optional={"v": trees, "c": changes | trees, "g": changes | trees, "type": texts, "text": texts},
)
messages = st.one_of(calls, answers, st.dictionaries(texts, trees, max_size=3), trees)
binaries = st.just(bytes(64)) | st.binary(max_size=64)


def frame(message: Any, binary: bytes = b"") -> bytes:
    text = json.dumps(message).encode("ascii")
    return HEADER.pack(len(text), len(binary)) + text + binary


# Valid ones, as a grader and an honest worker send them

VALUES = (
    *(None, True, -7, 2.5, "text", [1, (2, {3})], {"a": {"b": [np.float32(1)]}}),
    *(np.arange(6.0).reshape(2, 3), np.zeros(0, np.int8), np.random.default_rng(3), len),
)


def valid_frames() -> list[bytes]:
    found = []
    for value in VALUES:
        out = Outgoing()
        tree = Codec().encode(value, out)
        binary = b"".join(out.buffers)
        call = {"op": "call", "f": 1, "a": {"t": [tree]}, "k": {"d": [["y", 1]]}}
        answer = {"op": "return", "v": tree, "c": [[0, tree]], "g": []}
        raised = {"op": "raise", "type": "ValueError", "text": "no", "v": None, "c": [], "g": []}
        found += [frame(call, binary), frame(answer, binary), frame(raised)]
    return found


VALID = valid_frames()


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A valid frame with bytes changed, cut out or put in, the lengths in its header too."""
    content = bytearray(draw(st.sampled_from(VALID)))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(content)))
        kind = draw(st.sampled_from(["set", "cut", "insert", "length"]))
        if kind == "set" and place < len(content):
            content[place] = draw(st.integers(0, 255))
        elif kind == "cut":
            del content[place : place + draw(st.integers(1, 20))]
        elif kind == "insert":
            content[place:place] = draw(st.binary(max_size=8) | st.sampled_from([b"[" * 2_000]))
        elif kind == "length":
            size = st.integers(0, 300) | st.sampled_from([MAX_TEXT, MAX_BINARY, 2**32 - 1])
            content[: HEADER.size] = HEADER.pack(draw(size), draw(size))
    return bytes(content)


frames = st.one_of(st.builds(frame, messages, binaries), mutated(), st.binary(max_size=40))
scripts = st.lists(frames, min_size=2, max_size=3).map(b"".join)


# What the trusted side does with them


@contextmanager
def trusted(script: bytes) -> Iterator[tuple[TrustedPeer, socket.socket]]:
    """A peer of the grader's to which the other side has sent `script` and then closed."""
    mine, theirs = socket.socketpair()
    with mine, theirs:
        theirs.sendall(script)
        theirs.shutdown(socket.SHUT_WR)
        peer = TrustedPeer(Channel(mine))
        peer.channel.deadline = time.monotonic() + PATIENCE
        yield peer, theirs


def one_of_ours(action: Callable[[], Any]) -> None:
    """Run `action`: it ends soon, in a value or in an error of ours with printable words."""
    started = time.monotonic()
    try:
        action()
        words = ""
    except OURS as error:
        words = str(error)
    assert words.isprintable()
    assert time.monotonic() - started < PATIENCE


def sent(socket_end: socket.socket) -> None:
    """What the grader sent is whole frames, whatever it was answering."""
    socket_end.setblocking(False)
    received = bytearray()
    try:
        while part := socket_end.recv(1 << 16):
            received += part
    except BlockingIOError:
        pass
    while received:
        text, binary = HEADER.unpack(received[: HEADER.size])
        message = json.loads(received[HEADER.size : HEADER.size + text])
        assert message["op"] in ("call", "return", "raise")
        end = HEADER.size + text + binary
        assert len(received) >= end
        del received[:end]


def receive_all(script: bytes) -> None:
    """Read frame after frame, and of each every part that could be a value."""
    with trusted(script) as (peer, _):
        for _ in range(5):
            message, binary = peer.channel.receive()
            for tree in message.values():
                incoming = Incoming(binary)
                one_of_ours(partial(peer.codec.decode, tree, peer, incoming))


def call_and_be_answered(script: bytes) -> None:
    """Call a student's function as a hidden test does: the frames are its calls and its answer."""
    with trusted(script) as (peer, theirs):
        gradient = Recorder(lambda w, X: X @ w, w=(3,), X=(None, 3))
        frozen = np.ones(2)
        frozen.flags.writeable = False
        arrays = [np.arange(6.0).reshape(2, 3), np.zeros(3, np.int64), frozen]
        shapes = [array.shape for array in arrays]
        generator = np.random.default_rng(0)

        def call() -> Any:
            def back(*args: object, **kwargs: object) -> object:
                functions = [arg for arg in args if isinstance(arg, RemoteFunction)]
                return functions[0](args, **kwargs) if functions else args

            return peer.call_function("f", (gradient, back, *arrays, generator), {"key": arrays[0]})

        try:
            one_of_ours(call)
        finally:
            assert [array.shape for array in arrays] == shapes
            assert frozen.tolist() == [1, 1]
            assert 0 <= generator.random() < 1
        sent(theirs)


def serve_and_answer(script: bytes) -> None:
    """Serve calls as the grader does, of functions that were handed over."""
    with trusted(script) as (peer, theirs):
        out = Outgoing()
        recorder = Recorder(lambda x, y: x, x=None, y=None)
        for function in (recorder, lambda *args, **kwargs: args, np.random.default_rng(1).normal):
            peer.codec.encode(function, out)
        for _ in range(5):
            peer.serve_call(*peer.channel.receive())
        sent(theirs)


def read_answer(script: bytes) -> None:
    """Read answers to a message in which arrays and a generator were sent."""
    with trusted(script) as (peer, _):
        for _ in range(5):
            out = Outgoing(
                arrays=[np.arange(6.0).reshape(2, 3), np.array(1.5)],
                generators=[np.random.default_rng(0)],
            )
            message, binary = peer.channel.receive()
            one_of_ours(partial(peer.read_answer, message, Incoming(binary), out))


def every_route(script: bytes) -> None:
    for route in (receive_all, call_and_be_answered, serve_and_answer, read_answer):
        one_of_ours(partial(route, script))


CHANGED = [[2, {"a": ["<f8", [2], 16]}]]  # the third array, which nobody may write to


@SHORT
@given(scripts)
@example(frame({"op": "return", "v": None, "c": CHANGED, "g": []}, bytes(16)))
def test_hostile_frames_end_in_a_value_or_an_error_of_ours(script: bytes) -> None:
    every_route(script)


@pytest.mark.slow
@LONG
@given(scripts)
def test_hundred_thousand_hostile_frames_end_in_values_or_errors_of_ours(script: bytes) -> None:
    every_route(script)


# Keys that are made to have the same hash: each new one is compared with all before it


def pairs_of_one_hash(count: int) -> list[tuple[int, int]]:
    """Tuples (a, b) with one hash: the last step of hashing a tuple is undone for each a."""
    prime_1, prime_2, prime_5 = 11400714785074694791, 14029467366897019727, 2870177450012600261
    word = 2**64
    undo_1, undo_2 = pow(prime_1, -1, word), pow(prime_2, -1, word)
    end = (12345 - (2 ^ prime_5 ^ 3527539)) * undo_1 % word
    before_last = (end >> 31 | end << 33) % word
    found: list[tuple[int, int]] = []
    a = 0
    while len(found) < count:
        a += 1
        acc = (prime_5 + a * prime_2) % word
        acc = (acc << 31 | acc >> 33) % word * prime_1 % word
        b = (before_last - acc) * undo_2 % word
        if b < 2**61 - 1:  # an integer of this size is its own hash
            found.append((a, b))
    return found


@pytest.mark.parametrize("tag", ["s", "d"])
def test_keys_of_one_hash_cannot_hold_up_the_grader(tag: str) -> None:
    keys = [{"t": list(pair)} for pair in pairs_of_one_hash(60_000)]
    tree = {tag: keys if tag == "s" else [[key, 0] for key in keys]}
    with trusted(b"") as (peer, _):
        one_of_ours(partial(peer.codec.decode, tree, peer, Incoming(b"")))
        parts = [{tag: tree[tag][start : start + 500]} for start in range(0, len(keys), 500)]
        one_of_ours(partial(peer.codec.decode, {"l": parts}, peer, Incoming(b"")))


def test_pairs_of_one_hash_do_have_one_hash() -> None:
    assert len({hash(pair) for pair in pairs_of_one_hash(100)}) == 1
