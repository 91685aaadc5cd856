"""Values over the wire: what is sent arrives, and what cannot be sent is refused."""

from __future__ import annotations

import math
import socket
import struct
from collections import namedtuple
from types import FunctionType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from wire_values import arrays, values

from autograder.sandbox.wire import (
    MAX_BINARY,
    MAX_FUNCTIONS,
    Channel,
    Codec,
    Handle,
    Incoming,
    Outgoing,
    RemoteFunction,
    SourceFunction,
    WireError,
    generator_state,
    set_generator_state,
)


def over_the_wire(value: object, codec: Codec | None = None) -> Any:
    """`value` as it arrives at the other end of a socket."""
    mine, theirs = socket.socketpair()
    with mine, theirs:
        out = Outgoing()
        tree = (codec or Codec()).encode(value, out)
        Channel(mine).send({"v": tree}, out.buffers)
        message, binary = Channel(theirs).receive()
    return Codec().decode(message["v"], None, Incoming(binary))


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
