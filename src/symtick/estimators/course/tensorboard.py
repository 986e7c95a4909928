"""Event files of TensorBoard, written without it.

A file is a chain of records: a length, its checksum, the bytes, and theirs (TensorFlow's
`TFRecord`). The bytes are an `Event` in the wire format of Protocol Buffers: of its fields, those
that scalars and texts need. The checksums are CRC-32C (RFC 3720, appendix B.4), masked.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cache

_POLYNOMIAL = 0x82F63B78  # CRC-32C, bits reversed
_MASK = 0xA282EAD8
_VARINT, _DOUBLE, _BYTES, _FLOAT = 0, 1, 2, 5  # wire types
_STRING = 7  # tensor elements that are strings


@cache
def _table() -> tuple[int, ...]:
    entries = []
    for entry in range(256):
        for _ in range(8):
            entry = entry >> 1 ^ (_POLYNOMIAL if entry & 1 else 0)
        entries.append(entry)
    return tuple(entries)


def crc32c(data: bytes) -> int:
    """The checksum of Castagnoli's polynomial."""
    table, sum_ = _table(), 0xFFFFFFFF
    for byte in data:
        sum_ = sum_ >> 8 ^ table[(sum_ ^ byte) & 0xFF]
    return sum_ ^ 0xFFFFFFFF


def _masked(data: bytes) -> bytes:
    sum_ = crc32c(data)
    return struct.pack("<I", ((sum_ >> 15 | sum_ << 17) + _MASK) & 0xFFFFFFFF)


def framed(data: bytes) -> bytes:
    """A record."""
    length = struct.pack("<Q", len(data))
    return length + _masked(length) + data + _masked(data)


@dataclass(frozen=True)
class Event:
    """One event: a scalar or a text, or the version that a file begins with.

    Attributes:
        time: seconds since 1970.
        step: the place on TensorBoard's axis.
        tag: name of the value.
        value: of a scalar.
        text: of a text, in Markdown.
        version: of the file's format.
    """

    time: float
    step: int
    tag: str = ""
    value: float | None = None
    text: str | None = None
    version: str = ""

    def encoded(self) -> bytes:
        """As bytes."""
        parts = [_key(1, _DOUBLE) + struct.pack("<d", self.time)]
        parts.append(_key(2, _VARINT) + _varint(self.step))
        if self.version:
            parts.append(_text(3, self.version))
        if self.value is not None:
            number = _key(2, _FLOAT) + struct.pack("<f", self.value)
            parts.append(_field(5, _field(1, _text(1, self.tag) + number)))
        if self.text is not None:
            plugin = _field(9, _field(1, _text(1, "text")))
            shape = _field(2, _field(2, _key(1, _VARINT) + _varint(1)))
            tensor = _key(1, _VARINT) + _varint(_STRING) + shape + _text(8, self.text)
            parts.append(_field(5, _field(1, _text(1, self.tag) + plugin + _field(8, tensor))))
        return b"".join(parts)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _key(number: int, kind: int) -> bytes:
    return _varint(number << 3 | kind)


def _field(number: int, data: bytes) -> bytes:
    return _key(number, _BYTES) + _varint(len(data)) + data


def _text(number: int, text: str) -> bytes:
    return _field(number, text.encode())
