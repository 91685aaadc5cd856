"""The wire between grader and student: frames of JSON and raw array bytes, nothing executable.

A frame is two lengths (of the JSON part and of the binary part), checked against a cap before
anything is read, then the two parts. Values are None, bool, int, float, str, lists, tuples,
dicts, sets, NumPy arrays and scalars, random generators, and functions. Those stay where they are
and are called back over the wire, but for some of the grader's own that cross as their source. Any
other object of the student's stays in the student's process and is a `Handle` on the other side.

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
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

HEADER = struct.Struct(">II")
PATIENCE = 0.25
READ_AHEAD = 1 << 16
MOST_AT_ONCE = 1 << 20
MAX_TEXT = 8 << 20
MAX_BINARY = 64 << 20
MAX_DEPTH = 32
MAX_NODES = 1_000_000
MAX_KEYS = 10_000  # of sets and dicts in a message: keys with one hash take quadratic time
MAX_FUNCTIONS = 10_000
MAX_DIMENSIONS = 16
MAX_COUNT = 2**40
DTYPES = {
    name: np.dtype(name)
    for name in (
        *("|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8"),
        *("<f2", "<f4", "<f8", "<c8", "<c16"),
    )
}
DTYPE_NAMES = {dtype: name for name, dtype in DTYPES.items()}
PLAIN = {type(None), bool, float, str}


class WireError(Exception):
    """What came over the wire is no frame, or no value."""


class Closed(Exception):
    """The other side is gone."""


class MemoryUsedUp(Exception):
    """The other side's processes take more memory than they may."""


class TimedOut(Exception):
    """The other side did not answer before the deadline."""


@dataclass(frozen=True)
class Handle:
    """An object that stays on the other side; here is only its type's name."""

    number: int
    type_name: str


@dataclass(frozen=True)
class RemoteFunction:
    """A function of the other side; calling it calls over the wire."""

    peer: Any = field(repr=False, compare=False)
    number: int = 0

    def __call__(self, *args: object, **kwargs: object) -> Any:
        """Call the function on the other side."""
        return self.peer.call_function(self.number, args, kwargs)


@dataclass(frozen=True)
class SourceFunction:
    """A function of the grader's that crosses as its source, and runs where it is called.

    Nothing that it does is seen from the other side; nor does it hold anything worth hiding.
    """

    name: str
    source: str
    function: Callable[..., Any] = field(repr=False, compare=False)

    @classmethod
    def of(cls, name: str, source: str) -> SourceFunction:
        """The function that `source` defines under `name`; it knows ``np`` and ``math``."""
        names: dict[str, Any] = {"np": np, "math": math}
        exec(compile(source, f"<{name}>", "exec"), names)
        return cls(name, source, names[name])

    def __call__(self, *args: object, **kwargs: object) -> Any:
        """Call the function here."""
        return self.function(*args, **kwargs)


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


@dataclass
class Outgoing:
    """A message under construction: its binary parts, and what may come back changed."""

    buffers: list[bytes] = field(default_factory=list)
    arrays: list[np.ndarray] = field(default_factory=list)
    generators: list[np.random.Generator] = field(default_factory=list)
    size: int = 0


@dataclass
class Incoming:
    """A message being read: arrays and generators in order, to notice changes afterwards."""

    binary: bytes
    position: int = 0
    arrays: list[np.ndarray] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)
    generators: list[np.random.Generator] = field(default_factory=list)
    nodes: int = 0
    keys: int = 0

    def changed(self) -> list[tuple[int, np.ndarray]]:
        """The arrays whose contents are no longer what came, by number."""
        return [
            (number, array)
            for number, (array, (start, end)) in enumerate(
                zip(self.arrays, self.spans, strict=True)
            )
            if array.nbytes == end - start and array.tobytes() != self.binary[start:end]
        ]


_to_json = json.JSONEncoder(separators=(",", ":")).encode
_from_json = json.JSONDecoder().decode
_CONTAINERS = {"l": "_decode_list", "t": "_decode_tuple", "s": "_decode_set", "d": "_decode_dict"}


class Codec:
    """Values to JSON and back. Functions and handles are kept in tables, by number.

    Only one that `takes_source` reads functions as source: the student's end, never the grader's.
    """

    def __init__(self, *, takes_source: bool = False) -> None:
        self._takes_source = takes_source
        self.functions: dict[int, Callable[..., Any]] = {}
        self.objects: dict[int, object] = {}
        self._numbers = 0

    def encode(self, value: object, out: Outgoing, depth: int = 0) -> Any:
        """`value` as JSON; array bytes go to `out`."""
        kind = type(value)
        if kind in PLAIN:
            return value
        if isinstance(value, np.ndarray):
            return self._encode_array(value, out)
        if isinstance(value, np.generic):
            return self._encode_scalar(value, out)
        if kind is int:
            return value if abs(value) < 2**64 else self._handle(value)  # type: ignore[arg-type]
        if depth >= MAX_DEPTH:
            raise WireError("a value nested too deeply")
        if isinstance(value, list | tuple | set | frozenset | dict):
            return self._encode_container(value, out, depth)
        if isinstance(value, np.random.Generator):
            return self._encode_generator(value, out)
        if isinstance(value, Handle):
            return {"h": [value.number, value.type_name]}
        if isinstance(value, SourceFunction):
            return {"x": [value.name, value.source]}
        if callable(value) and not isinstance(value, type):
            return {"f": self._register(self.functions, value)}
        return self._handle(value)

    def decode(self, tree: Any, peer: Any, incoming: Incoming, depth: int = 0) -> Any:
        """The inverse of `encode`; raises WireError for anything it would not have made."""
        incoming.nodes += 1
        if depth > MAX_DEPTH or incoming.nodes > MAX_NODES:
            raise WireError("a value too deep or too long")
        kind = type(tree)
        if kind is dict and len(tree) == 1:
            ((tag, content),) = tree.items()
            return self._decode_tagged(tag, content, peer, incoming, depth)
        if kind is str:
            return tree if tree.isascii() else tree.encode("utf-8", "replace").decode("utf-8")
        if kind in PLAIN:
            return tree
        if kind is int:
            if abs(tree) >= 2**64:
                raise WireError("an integer of more than 64 bits")
            return tree
        raise WireError("not a value")

    def _decode_tagged(
        self, tag: str, content: Any, peer: Any, incoming: Incoming, depth: int
    ) -> Any:
        if tag in ("a", "n"):
            return self._decode_array(content, incoming, scalar=tag == "n")
        if tag in _CONTAINERS:
            if type(content) is not list:
                raise WireError("not a value")
            if tag in ("s", "d"):
                incoming.keys += len(content)
            if incoming.keys > MAX_KEYS:
                raise WireError("a set or dict of too many keys")
            decode: Callable[..., Any] = getattr(self, _CONTAINERS[tag])
            return decode(content, peer, incoming, depth + 1)
        if tag == "r":
            return _item(incoming.arrays, content)
        if tag == "g":
            return _decode_generator(content, incoming)
        if tag == "f" and _is_count(content):
            return RemoteFunction(peer, content)
        if tag == "x" and self._takes_source:
            return _function_of(*content)
        if tag == "h" and isinstance(content, list) and len(content) == 2:
            return self._decode_handle(content)
        raise WireError("not a value")

    def _encode_container(self, value: Any, out: Outgoing, depth: int) -> Any:
        if isinstance(value, dict):
            pairs = [
                [self.encode(key, out, depth + 1), self.encode(item, out, depth + 1)]
                for key, item in dict.items(value)
            ]
            return {"d": pairs}
        tag = "l" if isinstance(value, list) else "t" if isinstance(value, tuple) else "s"
        return {tag: [self.encode(item, out, depth + 1) for item in value]}

    def _encode_array(self, value: np.ndarray, out: Outgoing) -> Any:
        for number, array in enumerate(out.arrays):
            if array is value:
                return {"r": number}
        if type(value) is not np.ndarray:
            return self._handle(value)
        name = DTYPE_NAMES.get(value.dtype)
        if name is None:  # another byte order, or nothing that crosses
            name = value.dtype.newbyteorder("<").str
            if name not in DTYPES:
                return self._handle(value)
        description = self._add(value.astype(DTYPES[name], copy=False), name, out)
        out.arrays.append(value)
        return {"a": description}

    def _encode_scalar(self, value: np.generic, out: Outgoing) -> Any:
        plain = np.asarray(value)
        name = DTYPE_NAMES.get(plain.dtype)
        return self._handle(value) if name is None else {"n": self._add(plain, name, out)}

    def _add(self, array: np.ndarray, name: str, out: Outgoing) -> list[Any]:
        out.size += array.nbytes
        if out.size > MAX_BINARY:
            raise WireError("the arrays are too large to send")
        out.buffers.append(array.tobytes())
        return [name, list(array.shape), array.nbytes]

    def _encode_generator(self, value: np.random.Generator, out: Outgoing) -> Any:
        for number, generator in enumerate(out.generators):
            if generator is value:
                return {"g": number}
        state = generator_state(value)
        if state is None:
            return self._handle(value)
        out.generators.append(value)
        return {"g": state}

    def _decode_array(self, content: Any, incoming: Incoming, *, scalar: bool) -> Any:
        if type(content) is not list or len(content) != 3:
            raise WireError("not an array")
        name, shape, length = content
        dtype = DTYPES.get(name) if type(name) is str else None
        if dtype is None:
            raise WireError("not an array of a known dtype")
        if type(shape) is not list or len(shape) > MAX_DIMENSIONS:
            raise WireError("not a shape")
        size = dtype.itemsize
        for entry in shape:
            if type(entry) is not int or not 0 <= entry < MAX_COUNT:
                raise WireError("not a shape")
            size *= entry
        if type(length) is not int or size != length:
            raise WireError("an array whose length belies its shape")
        start = incoming.position
        incoming.position += length
        if incoming.position > len(incoming.binary):
            raise WireError("an array longer than its message")
        try:
            array = np.ndarray(shape, dtype, incoming.binary, start).copy()
        except ValueError as error:
            raise WireError("not a shape") from error
        if scalar:
            if shape:
                raise WireError("not a scalar")
            return array[()]
        incoming.arrays.append(array)
        incoming.spans.append((start, incoming.position))
        return array

    def _decode_list(self, content: list[Any], peer: Any, incoming: Incoming, depth: int) -> Any:
        return [self.decode(item, peer, incoming, depth) for item in content]

    def _decode_tuple(self, content: list[Any], peer: Any, incoming: Incoming, depth: int) -> Any:
        return tuple([self.decode(item, peer, incoming, depth) for item in content])

    def _decode_set(self, content: list[Any], peer: Any, incoming: Incoming, depth: int) -> Any:
        return {_hashable(item) for item in self._decode_list(content, peer, incoming, depth)}

    def _decode_dict(self, content: list[Any], peer: Any, incoming: Incoming, depth: int) -> Any:
        if not all(isinstance(pair, list) and len(pair) == 2 for pair in content):
            raise WireError("not a dict")
        pairs = (self._decode_list(pair, peer, incoming, depth) for pair in content)
        return {_hashable(key): value for key, value in pairs}

    def _decode_handle(self, content: list[Any]) -> Any:
        number, type_name = content
        if not _is_count(number) or not isinstance(type_name, str):
            raise WireError("not a handle")
        if number in self.objects:
            return self.objects[number]
        return Handle(number, "".join(c for c in type_name[:80] if c.isprintable()))

    def _handle(self, value: object) -> Any:
        return {"h": [self._register(self.objects, value), type(value).__name__]}

    def _register(self, table: dict[int, Any], value: Any) -> int:
        if len(table) >= MAX_FUNCTIONS:
            raise WireError("too many functions or objects handed over")
        self._numbers += 1
        table[self._numbers] = value
        return self._numbers


def generator_state(generator: np.random.Generator) -> list[str] | None:
    """The state of a PCG64 generator as four hexadecimal numbers; None for another kind."""
    state: dict[str, Any] = generator.bit_generator.state  # type: ignore[assignment]
    if state["bit_generator"] != "PCG64":
        return None
    inner = state["state"]
    numbers = (inner["state"], inner["inc"], state["has_uint32"], state["uinteger"])
    return [f"{int(number):x}" for number in numbers]


def set_generator_state(generator: np.random.Generator, content: Any) -> None:
    """Put a state that `generator_state` made into a PCG64 generator."""
    if not isinstance(content, list) or len(content) != 4:
        raise WireError("not a generator")
    if not all(isinstance(text, str) and 0 < len(text) <= 32 for text in content):
        raise WireError("not a generator")
    try:
        state, increment, has_uint32, uinteger = (int(text, 16) for text in content)
        if increment % 2 == 0:  # of short period, down to zeros for ever, on which a draw hangs
            raise WireError("not a generator")
        generator.bit_generator.state = {
            "bit_generator": "PCG64",
            "state": {"state": state, "inc": increment},
            "has_uint32": has_uint32,
            "uinteger": uinteger,
        }
    except (ValueError, OverflowError, TypeError) as error:
        raise WireError("not a generator") from error


@lru_cache(maxsize=64)
def _function_of(name: str, source: str) -> Callable[..., Any]:
    return SourceFunction.of(name, source).function


def _decode_generator(content: Any, incoming: Incoming) -> np.random.Generator:
    if _is_count(content):
        generator: np.random.Generator = _item(incoming.generators, content)
        return generator
    generator = np.random.Generator(np.random.PCG64(0))
    set_generator_state(generator, content)
    incoming.generators.append(generator)
    return generator


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < MAX_COUNT


def _item(items: list[Any], number: Any) -> Any:
    if not _is_count(number) or number >= len(items):
        raise WireError("a reference to nothing")
    return items[number]


def _hashable(value: Any) -> Any:
    parts = value if isinstance(value, tuple) else (value,)
    kinds = bool | int | float | str | np.generic
    if not all(part is None or isinstance(part, kinds) for part in parts):
        raise WireError("not a key")
    return value
