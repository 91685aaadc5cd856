"""Values over the wire that nobody encoded: each is refused, and costs nothing."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wire_values import values

from autograder.sandbox.wire import (
    DTYPES,
    MAX_DEPTH,
    MAX_NODES,
    Codec,
    Incoming,
    Outgoing,
    WireError,
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


def decode(tree: Any, binary: bytes = b"") -> Any:
    return Codec().decode(tree, None, Incoming(binary))


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
