"""Values over the wire: what is sent arrives, and what is malformed is refused and nothing else."""

from __future__ import annotations

import json
import math
import socket
import struct
import time
import tracemalloc
from collections import namedtuple
from collections.abc import Iterator
from threading import Thread
from types import FunctionType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from autograder.sandbox.wire import (
    DTYPES,
    HEADER,
    MAX_BINARY,
    MAX_DEPTH,
    MAX_FUNCTIONS,
    MAX_NODES,
    MAX_TEXT,
    Channel,
    Closed,
    Codec,
    Handle,
    Incoming,
    Outgoing,
    RemoteFunction,
    SourceFunction,
    TimedOut,
    WireError,
    generator_state,
    set_generator_state,
)

dtypes = st.sampled_from(sorted(DTYPES)).map(np.dtype)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
numbers = st.integers(-(2**64) + 1, 2**64 - 1)
arrays = npst.arrays(dtypes, npst.array_shapes(min_dims=0, min_side=0, max_side=3))
scalars = npst.arrays(dtypes, ()).map(lambda array: array[()])
labels = st.integers(0, 9).map(np.int64)
keys = st.one_of(st.none(), st.booleans(), numbers, st.floats(allow_nan=False), words, labels)
generators = st.integers(0, 2**32).map(np.random.default_rng)
leaves = st.one_of(
    *(st.none(), st.booleans(), numbers, st.floats(), words),
    *(arrays, scalars, generators),
)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.sets(keys, max_size=4),
        st.dictionaries(st.one_of(keys, st.tuples(keys, keys)), inner, max_size=4),
    ),
    max_leaves=12,
)
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.one_of(st.sampled_from([*"ltsdanrgfhx"]), st.text(max_size=2)), inner, max_size=2
        ),
        st.tuples(st.sampled_from(sorted(DTYPES)), st.lists(inner, max_size=3), inner).map(
            lambda parts: {"a": list(parts)}
        ),
    ),
    max_leaves=12,
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


def over_the_wire(value: object, codec: Codec | None = None) -> Any:
    """`value` as it arrives at the other end of a socket."""
    mine, theirs = socket.socketpair()
    with mine, theirs:
        out = Outgoing()
        tree = (codec or Codec()).encode(value, out)
        Channel(mine).send({"v": tree}, out.buffers)
        message, binary = Channel(theirs).receive()
    return Codec().decode(message["v"], None, Incoming(binary))


def decode(tree: Any, binary: bytes = b"") -> Any:
    return Codec().decode(tree, None, Incoming(binary))


def same(one: Any, other: Any) -> bool:
    """Whether two values are alike to the last bit, in type too."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray | np.generic):
        alike = one.dtype == other.dtype and one.shape == other.shape
        return alike and one.tobytes() == other.tobytes()
    if isinstance(one, np.random.Generator):
        return bool(one.bit_generator.state == other.bit_generator.state)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return same(list(one.items()), list(other.items()))
    if isinstance(one, float):
        return struct.pack("d", one) == struct.pack("d", other) or math.isnan(one + other)
    return bool(one == other)


# What is sent arrives


@given(values)
def test_every_kind_of_value_arrives_as_it_was_sent(value: object) -> None:
    assert same(over_the_wire(value), value)


@given(arrays)
def test_array_arrives_writable_and_apart_from_the_message(array: np.ndarray) -> None:
    arrived = over_the_wire(array)
    assert arrived.flags.writeable
    assert arrived.flags.aligned


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -0.0, 5e-324, 2**64 - 1])
def test_numbers_at_the_edge_arrive(value: float) -> None:
    assert same(over_the_wire(value), value)


def test_frozen_sets_and_named_tuples_arrive_as_plain_ones() -> None:
    sums = namedtuple("Sums", "total count")
    members, pair = over_the_wire((frozenset({1, 2}), sums(4.0, 2)))
    assert members == {1, 2}
    assert type(members) is set
    assert pair == (4.0, 2)
    assert type(pair) is tuple


def test_numpy_numbers_arrive_as_keys_and_members() -> None:
    labels = np.array([2, 0, 2])
    assert over_the_wire({int(k): 1 for k in labels}) == {2: 1, 0: 1}
    assert over_the_wire(set(labels)) == {0, 2}
    assert over_the_wire(dict.fromkeys(labels, 1)) == {2: 1, 0: 1}


def test_views_transposed_and_big_endian_arrays_arrive_by_value() -> None:
    table = np.arange(12.0).reshape(3, 4)
    for array in (
        table.T,
        table[::2, ::-1],
        table.astype(">f8"),
        np.broadcast_to(table[0], (5, 4)),
    ):
        arrived = over_the_wire(array)
        assert arrived.dtype == np.dtype("<f8")
        np.testing.assert_array_equal(arrived, array)


def test_arrays_that_are_one_object_arrive_as_one_object() -> None:
    array = np.zeros(3)
    first, second, other = over_the_wire((array, [array], array.copy()))
    assert first is second[0]
    assert first is not other


def test_one_generator_given_twice_arrives_as_one_generator() -> None:
    rng = np.random.default_rng(3)
    first, second = over_the_wire((rng, rng))
    assert first is second


def test_generator_arrives_in_the_very_state_it_was_sent_in() -> None:
    rng = np.random.default_rng(7)
    rng.random(5)
    rng.integers(10, dtype=np.uint32)  # leaves half a draw in the generator
    arrived = over_the_wire(rng)
    assert arrived.integers(10, dtype=np.uint32) == rng.integers(10, dtype=np.uint32)
    np.testing.assert_array_equal(arrived.normal(size=9), rng.normal(size=9))


def test_text_with_half_a_surrogate_pair_arrives_as_valid_text() -> None:
    over_the_wire("a\ud800b").encode("utf-8")


def test_objects_stay_where_they_are_and_come_back_as_themselves() -> None:
    class Own:
        pass

    own, mine, theirs = Own(), Codec(), Codec()
    handle = theirs.decode(mine.encode(own, Outgoing()), None, Incoming(b""))
    assert handle == Handle(1, "Own")
    assert mine.decode(theirs.encode(handle, Outgoing()), None, Incoming(b"")) is own


@pytest.mark.parametrize(
    "value",
    [
        2**64,
        -(10**5000),
        1j,
        b"bytes",
        np.array(["text"]),
        np.array([None]),
        np.ma.masked_array([1.0], [True]),
        np.random.Generator(np.random.MT19937(1)),
        np.longdouble(1),
        np.datetime64("2026-01-01"),
        int,
    ],
    ids=lambda value: type(value).__name__,
)
def test_whatever_else_becomes_a_handle(value: object) -> None:
    assert isinstance(over_the_wire(value), Handle)


def test_functions_are_numbers_on_the_wire() -> None:
    codec = Codec()
    tree = codec.encode(math.sin, Outgoing())
    assert codec.functions[tree["f"]] is math.sin
    peer = object()
    assert Codec().decode(tree, peer, Incoming(b"")) == RemoteFunction(peer, tree["f"])


# What cannot be sent


def test_function_that_crosses_as_its_source_arrives_as_an_ordinary_one() -> None:
    sent = SourceFunction.of("half", "def half(x):\n    return np.floor(math.fabs(x) / 2)\n")
    tree = Codec().encode(sent, Outgoing())
    arrived = Codec(takes_source=True).decode(tree, None, Incoming(b""))
    assert type(arrived) is FunctionType
    assert arrived(-5) == sent(-5) == 2


def test_grader_never_runs_what_comes_as_source() -> None:
    source = "raise SystemExit('run')\n"
    for tree in ({"x": ["f", source]}, {"t": [{"x": ["f", source]}]}):
        with pytest.raises(WireError):
            Codec().decode(tree, None, Incoming(b""))


def test_value_that_holds_itself_is_refused() -> None:
    loop: list[object] = []
    loop.append(loop)
    with pytest.raises(WireError, match="deeply"):
        Codec().encode(loop, Outgoing())


def test_arrays_past_the_limit_are_refused_before_the_one_too_many_is_copied() -> None:
    out, codec = Outgoing(), Codec()
    codec.encode(np.zeros(MAX_BINARY - 8, np.uint8), out)
    with pytest.raises(WireError, match="too large"):
        codec.encode(np.broadcast_to(np.zeros(1), (2**40,))[: 2**20], out)
    assert len(out.buffers) == 1


def test_too_many_objects_are_refused() -> None:
    codec = Codec()
    with pytest.raises(WireError, match="too many"):
        codec.encode([object() for _ in range(MAX_FUNCTIONS + 1)], Outgoing())


def test_message_past_the_limit_is_not_sent(ends: tuple[Channel, socket.socket]) -> None:
    channel, theirs = ends
    with pytest.raises(WireError, match="too large to send"):
        channel.send({"v": "x" * MAX_TEXT})
    theirs.setblocking(False)
    with pytest.raises(BlockingIOError):
        theirs.recv(1)


# What is malformed


@given(json_values, st.binary(max_size=40))
@settings(max_examples=400)
def test_any_tree_is_a_value_or_a_wire_error(tree: Any, binary: bytes) -> None:
    try:
        decode(tree, binary)
    except WireError:
        return


@given(values, st.data())
def test_a_value_with_one_part_replaced_is_a_value_or_a_wire_error(
    value: object, data: st.DataObject
) -> None:
    out = Outgoing()
    tree = json.loads(json.dumps(Codec().encode([value], out)))
    place = tree
    while isinstance(place, dict | list) and place:
        choices = list(place) if isinstance(place, dict) else list(range(len(place)))
        step = data.draw(st.sampled_from(choices))
        if data.draw(st.booleans()) or not isinstance(place[step], dict | list):
            place[step] = data.draw(json_values)
            break
        place = place[step]
    try:
        decode(tree, b"".join(out.buffers))
    except WireError:
        return


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
    "tree",
    [
        [],
        {},
        {"l": [], "t": []},
        {"x": []},
        {"l": None},
        {"l": {}},
        {"t": "ab"},
        {"d": [[1]]},
        {"d": [[1, 2, 3]]},
        {"d": ["ab"]},
        {"d": [[{"l": []}, 1]]},
        {"d": [[{"a": ["<f8", [0], 0]}, 1]]},
        {"s": [{"l": []}]},
        {"s": [{"d": []}]},
        {"s": [{"t": [{"l": []}]}]},
        {"f": -1},
        {"f": True},
        {"f": 1.0},
        {"f": "1"},
        {"f": 2**40},
        {"h": 1},
        {"h": [1]},
        {"h": [1, 2]},
        {"h": [-1, "x"]},
        {"h": ["x", 1]},
        {"r": 0},
        {"r": -1},
        {"r": None},
        {"r": [0]},
        {"g": 0},
        {"g": True},
        {"g": None},
        {"g": []},
        {"g": ["0"] * 3},
        {"g": ["0"] * 5},
        {"g": [0, 0, 0, 0]},
        {"g": ["", "", "", ""]},
        {"g": ["zz", "0", "0", "0"]},
        {"g": ["-1", "1", "0", "0"]},
        {"g": ["1", "1", "f" * 32, "0"]},
        {"g": ["1", "1", "0", "f" * 32]},
        {"g": ["f" * 33, "1", "0", "0"]},
        2**64,
        -(2**64),
    ],
    ids=repr,
)
def test_malformed_tree_is_refused(tree: Any) -> None:
    with pytest.raises(WireError):
        decode(tree, b"\0" * 64)


@pytest.mark.parametrize(
    "description",
    [
        None,
        [],
        ["<f8", [2]],
        ["<f8", [2], 16, 0],
        ["|O", [1], 8],
        ["object", [1], 8],
        ["<U4", [1], 16],
        ["|V8", [1], 8],
        ["<M8[s]", [1], 8],
        [">f8", [1], 8],
        [["<f8"], [1], 8],
        [{"a": 1}, [1], 8],
        ["<f8", None, 8],
        ["<f8", 1, 8],
        ["<f8", ["1"], 8],
        ["<f8", [1.0], 8],
        ["<f8", [True], 8],
        ["<f8", [-1], -8],
        ["<f8", [-1, -1], 8],
        ["<f8", [1], "8"],
        ["<f8", [1], 8.0],
        ["<f8", [1], 9],
        ["<f8", [2], 8],
        ["<f8", [1], 16],
        ["<f8", [9], 72],
        ["<f8", [2**36], 2**39],
        ["<f8", [2**61], 0],
        ["<f8", [1] * 17, 8],
        ["<f8", [0, 2**39, 2**39, 2**39], 0],
    ],
    ids=repr,
)
@pytest.mark.parametrize("tag", ["a", "n"])
def test_lying_or_unknown_array_is_refused(tag: str, description: Any) -> None:
    with pytest.raises(WireError):
        decode({tag: description}, b"\0" * 64)


@pytest.mark.parametrize(("shape", "length"), [([1], 9), ([2], 8), ([1], 16), ([2**61], 0)])
def test_length_that_belies_the_shape_is_found_before_the_bytes_are_looked_at(
    shape: list[int], length: int
) -> None:
    incoming = Incoming(b"\0" * 64)
    with pytest.raises(WireError, match=r"belies its shape|not a shape"):
        Codec().decode({"a": ["<f8", shape, length]}, None, incoming)
    assert incoming.position == 0


def test_scalar_with_dimensions_is_refused() -> None:
    with pytest.raises(WireError, match="scalar"):
        decode({"n": ["<f8", [1], 8]}, b"\0" * 8)


def test_two_arrays_cannot_share_the_bytes_of_one() -> None:
    one = {"a": ["<f8", [1], 8]}
    with pytest.raises(WireError, match="longer than its message"):
        decode({"l": [one, one]}, b"\0" * 8)


def test_array_that_claims_half_a_terabyte_is_refused_without_allocating() -> None:
    tracemalloc.start()
    try:
        with pytest.raises(WireError):
            decode({"a": ["<f8", [2**36], 2**39]}, b"\0" * 64)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1 << 20


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


def test_value_nested_too_deeply_is_refused() -> None:
    tree: Any = None
    for _ in range(MAX_DEPTH + 1):
        tree = {"l": [tree]}
    with pytest.raises(WireError, match="too deep"):
        decode(tree)


def test_value_of_too_many_parts_is_refused() -> None:
    with pytest.raises(WireError, match="too long"):
        decode({"l": [None] * MAX_NODES})


def test_type_name_of_a_handle_is_short_and_printable() -> None:
    name = decode({"h": [1, "\x1b[2J\u202e" + "x" * 10_000]}).type_name
    assert len(name) <= 80
    assert name.isprintable()


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


# Generator states


def test_state_of_a_generator_can_be_put_into_another() -> None:
    one, other = np.random.default_rng(1), np.random.default_rng(2)
    one.random(3)
    set_generator_state(other, generator_state(one))
    np.testing.assert_array_equal(one.random(9), other.random(9))


def test_generator_of_another_kind_has_no_state_here() -> None:
    assert generator_state(np.random.Generator(np.random.SFC64(1))) is None


def test_refused_state_leaves_the_generator_as_it_was() -> None:
    rng = np.random.default_rng(1)
    before = rng.bit_generator.state
    with pytest.raises(WireError):
        set_generator_state(rng, ["1", "1", "f" * 32, "0"])
    assert rng.bit_generator.state == before
