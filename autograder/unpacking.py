"""Every byte of a file as text: archives, notebooks and encoded strings are opened, however deep.

What cannot be read as text is said so, and never passed over.
"""

from __future__ import annotations

import base64
import binascii
import bz2
import gzip
import io
import json
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

MAX_DEPTH = 8
MAX_BYTES = 256 << 20
_HEADER = 1024
_PACKERS: dict[bytes, Callable[[bytes], bytes]] = {
    b"\x1f\x8b": gzip.decompress,
    b"BZh": bz2.decompress,
    b"\xfd7zXZ\x00": lzma.decompress,
}
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{24,}(?:\s+[A-Za-z0-9+/_-]{24,})*[A-Za-z0-9+/_-]*={0,2}")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){24,}")
_BINARY = re.compile(r"[\x00-\x08\x0e-\x1f]")
_LOCAL_HEADER, _DATA_DESCRIPTOR = 30, 0x08
_END_RECORD, _END_LENGTH = b"PK\x05\x06", 22


@dataclass(frozen=True)
class Piece:
    """A piece of text and where it was found.

    Attributes:
        where: the file, with ``!`` before what lies inside of it.
        text: the text; for an unreadable piece, why it cannot be read.
        kind: "python" for source, "text" for any other text, "raw" for a text that comes again
            in smaller pieces, "unreadable" for bytes that are none.
    """

    where: str
    text: str
    kind: Literal["python", "text", "raw", "unreadable"]


def pieces(where: str, data: bytes, depth: int = 0) -> Iterator[Piece]:
    """All text in a file with this name and content."""
    if depth > MAX_DEPTH or len(data) > MAX_BYTES:
        yield Piece(where, "it is packed too deep, or too large", "unreadable")
        return
    try:
        if zipfile.is_zipfile(io.BytesIO(data)):
            yield from _zip_pieces(where, data, depth)
            return
        if tarfile.is_tarfile(io.BytesIO(data)):
            yield from _tar_pieces(where, data, depth)
            return
        for start, unpack in _PACKERS.items():
            if data.startswith(start):
                yield Piece(f"{where}!header", data[:_HEADER].decode("latin-1"), "text")
                yield from pieces(f"{where}!", unpack(data), depth + 1)
                return
        text = data.decode("utf-8-sig")
    except (OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, tarfile.TarError):
        yield Piece(where, "it is not text, nor an archive of texts", "unreadable")
        return
    if _BINARY.search(text):
        yield Piece(where, "it is not text", "unreadable")
        return
    yield from _text_pieces(where, text, depth)


def _text_pieces(where: str, text: str, depth: int) -> Iterator[Piece]:
    for inner in _encoded(text):
        yield from pieces(f"{where}!encoded", inner, depth + 1)
    try:
        value = json.loads(text, object_pairs_hook=_Pairs)
    except ValueError:
        yield Piece(where, text, "python" if where.endswith((".py", ".pyi")) else "text")
        return
    except RecursionError:
        yield Piece(where, "its JSON is nested too deep", "unreadable")
        return
    yield Piece(where, text, "raw")
    yield from _json_pieces(where, value, depth)


class _Pairs(list[tuple[str, Any]]):
    """A JSON object with all its entries, also those whose key comes twice."""


def _json_pieces(where: str, value: object, depth: int) -> Iterator[Piece]:
    """The strings of a JSON value; lists of strings also joined; code cells as Python."""
    if isinstance(value, str):
        yield Piece(where, value, "text")
        for inner in _encoded(value):
            yield from pieces(f"{where}!encoded", inner, depth + 1)
    elif isinstance(value, _Pairs):
        named = dict(value)
        is_code = named.get("cell_type") == "code"
        place = f"{where}!cell {named['id']}" if "cell_type" in named and "id" in named else where
        for key, entry in value:
            yield Piece(place, key, "text")
            if key == "source" and is_code and isinstance(entry, str | list):
                yield Piece(place, "".join(map(str, entry)), "python")
            else:
                yield from _json_pieces(place, entry, depth)
    elif isinstance(value, list):
        strings = [entry for entry in value if isinstance(entry, str)]
        if len(strings) > 1:
            separator = "" if any(s.endswith("\n") for s in strings) else "\n"
            yield Piece(where, separator.join(strings), "text")
        for entry in value:
            yield from _json_pieces(where, entry, depth)


def _zip_pieces(where: str, data: bytes, depth: int) -> Iterator[Piece]:
    """The members of a zip, its comments, and what lies between the members."""
    end = 0
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        yield Piece(f"{where}!comment", archive.comment.decode("latin-1"), "text")
        for info in sorted(archive.infolist(), key=lambda info: info.header_offset):
            member = f"{where}!{info.filename}"
            notes = (info.comment + b"\n" + info.extra).decode("latin-1")
            yield Piece(f"{member}!notes", f"{info.filename}\n{notes}", "text")
            yield from pieces(member, archive.read(info), depth + 1)
            if info.header_offset > end:
                yield from pieces(f"{where}!gap", data[end : info.header_offset], depth + 1)
            end = _member_end(data, info)
        last = data.rindex(_END_RECORD) + _END_LENGTH + len(archive.comment)
        for rest in (data[end : archive.start_dir], data[last:]):
            if rest:
                yield from pieces(f"{where}!gap", rest, depth + 1)


def _member_end(data: bytes, info: zipfile.ZipInfo) -> int:
    """Where a member's bytes end: its local header, name, extra field and content."""
    lengths = data[info.header_offset + 26 : info.header_offset + _LOCAL_HEADER]
    name, extra = int.from_bytes(lengths[:2], "little"), int.from_bytes(lengths[2:], "little")
    end = info.header_offset + _LOCAL_HEADER + name + extra + info.compress_size
    if info.flag_bits & _DATA_DESCRIPTOR:
        end += 16 if data[end : end + 4] == b"PK\x07\x08" else 12
    return end


def _tar_pieces(where: str, data: bytes, depth: int) -> Iterator[Piece]:
    yield Piece(where, data.decode("latin-1"), "text")
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive.getmembers():
            content = archive.extractfile(member) if member.isfile() else None
            if content is not None:
                yield from pieces(f"{where}!{member.name}", content.read(), depth + 1)


def _encoded(text: str) -> Iterator[bytes]:
    """What stands in `text` in base64 or hexadecimal digits and is itself text or packed."""
    for match in _BASE64.finditer(text):
        digits = re.sub(r"\s|=", "", match[0]).replace("-", "+").replace("_", "/")
        with_padding = digits + "=" * (-len(digits) % 4)
        try:
            yield from _worth_reading(base64.b64decode(with_padding))
        except binascii.Error:
            continue
    for match in _HEX.finditer(text):
        yield from _worth_reading(bytes.fromhex(match[0]))


def _worth_reading(data: bytes) -> Iterator[bytes]:
    """The bytes, unpacked if zlib packed them, unless they are noise such as a checksum."""
    try:
        yield zlib.decompress(data)
        return
    except zlib.error:
        pass
    if data.startswith((*_PACKERS, b"PK\x03\x04")):
        yield data
        return
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return
    if not _BINARY.search(text):
        yield data
