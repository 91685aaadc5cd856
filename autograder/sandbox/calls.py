"""Calls over the wire, in both directions, with what a call changes sent back.

A call carries its arguments; its answer carries the value or the exception, and the new contents of
array arguments that the function changed and the new state of generators that it drew from. So a
function of the other side behaves as one of this side would.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autograder.sandbox.wire import (
    Channel,
    Codec,
    Incoming,
    Outgoing,
    WireError,
    generator_state,
    set_generator_state,
)

MAX_NESTING = 40
MAX_WORDS = 300


class RemoteError(Exception):
    """The function of the other side raised: its exception's type and words."""

    def __init__(self, type_name: str, text: str) -> None:
        super().__init__(f"{type_name}: {text}" if text else type_name)
        self.type_name = type_name
        self.text = text


class Peer:
    """One end of a channel: calls the other side's functions, and serves calls of its own."""

    takes_source = False  # whether it runs functions that come as source

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.codec = Codec(takes_source=self.takes_source)
        self._nesting = 0

    def call_function(
        self, target: int | str, args: Sequence[object], kwargs: Mapping[str, object]
    ) -> Any:
        """Call a function of the other side, by number or name, and serve its calls meanwhile."""
        out = Outgoing()
        message = {
            "op": "call",
            "f": target,
            "a": self.codec.encode(tuple(args), out),
            "k": self.codec.encode(dict(kwargs), out),
        }
        self.channel.send(message, out.buffers)
        while True:
            message, binary = self.channel.receive()
            if message.get("op") == "call":
                self.serve_call(message, binary)
            else:
                return self.read_answer(message, Incoming(binary), out)

    def serve_call(self, message: dict[str, Any], binary: bytes) -> None:
        """Answer a call that came from the other side."""
        incoming = Incoming(binary)
        args = self.codec.decode(message.get("a"), self, incoming)
        kwargs = self.codec.decode(message.get("k"), self, incoming)
        if not isinstance(args, tuple) or not isinstance(kwargs, dict):
            raise WireError("a call without arguments")
        if not all(isinstance(name, str) for name in kwargs):
            raise WireError("a keyword that is no name")
        self._nesting += 1
        out = Outgoing()
        try:
            if self._nesting > MAX_NESTING:
                raise WireError("calls nested too deeply")
            value = self.lookup(message.get("f"))(*args, **kwargs)
            answer = {"op": "return", "v": self.codec.encode(value, out)}
        except Exception as error:
            out = Outgoing()
            type_name, text = self.words(error)
            answer = {"op": "raise", "type": type_name, "text": text[:MAX_WORDS]}
        finally:
            self._nesting -= 1
        if changed := incoming.changed():
            answer["c"] = [[number, self.codec.encode(array, out)] for number, array in changed]
        if incoming.generators:
            states = map(generator_state, incoming.generators)
            answer["g"] = [[number, state] for number, state in enumerate(states)]
        self.channel.send(answer, out.buffers)

    def lookup(self, target: Any) -> Callable[..., Any]:
        """The function that a call from the other side means."""
        if type(target) is int and target in self.codec.functions:
            return self.codec.functions[target]
        raise WireError("a call of a function that was never handed over")

    def words(self, error: Exception) -> tuple[str, str]:
        """The type name and the words with which an exception crosses the wire."""
        return type(error).__name__, str(error)

    def read_answer(self, message: dict[str, Any], incoming: Incoming, out: Outgoing) -> Any:
        """The value of an answer to the message `out`; raises RemoteError if it is an exception."""
        op = message.get("op")
        if op not in ("return", "raise"):
            raise WireError("neither a call nor an answer")
        value = self.codec.decode(message.get("v"), self, incoming)
        changes = [
            (_sent(out.arrays, number), self.codec.decode(tree, self, incoming))
            for number, tree in _pairs(message.get("c", []))
        ]
        for array, content in changes:
            if type(content) is not np.ndarray or content.shape != array.shape:
                raise WireError("a changed argument of another shape")
            if content.dtype != array.dtype:
                raise WireError("a changed argument of another dtype")
            if not array.flags.writeable:
                raise WireError("a changed argument that is read-only")
            array[...] = content
        for number, state in _pairs(message.get("g", [])):
            set_generator_state(_sent(out.generators, number), state)
        if op == "return":
            return value
        type_name, text = message.get("type"), message.get("text")
        if not isinstance(type_name, str) or not isinstance(text, str):
            raise WireError("an exception without words")
        raise RemoteError(_printable(type_name, 80), _printable(text, MAX_WORDS))


def _pairs(content: Any) -> list[tuple[Any, Any]]:
    if not isinstance(content, list) or len(content) > 10_000:
        raise WireError("not a list of changes")
    if not all(isinstance(pair, list) and len(pair) == 2 for pair in content):
        raise WireError("not a list of changes")
    return [(pair[0], pair[1]) for pair in content]


def _sent(items: list[Any], number: Any) -> Any:
    if type(number) is not int or not 0 <= number < len(items):
        raise WireError("a change to nothing that was sent")
    return items[number]


def _printable(text: str, length: int) -> str:
    return "".join(c if c.isprintable() else " " for c in text[:length])
