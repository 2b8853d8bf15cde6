"""TensorBoard's event files: what was logged at which step, without the time of each event."""

import json
import struct
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from anew.formats.protocol import Source, TooLarge, Unreadable
from anew.model.reading import Blob, Ignored, Leaf, Reading, blob

# An event file starts with the event that names its version: a record's length and its checksum,
# wall_time, then file_version (field 3, 13 bytes).
VERSION = b"\x1a\rbrain.Event:"
VERSION_AT = 8 + 4 + 9
MOST = 32 << 20  # bytes: its checksums are computed in Python
WALL_TIME, STEP, SUMMARY = 1, 2, 5  # of Event, in tensorflow/core/util/event.proto
VALUE, TAG, SIMPLE = 1, 1, 2  # of Summary and its Value, in summary.proto
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # wire types of protocol buffers
_MASK_DELTA = 0xA282EAD8  # added to a rotated checksum: tensorflow/core/lib/hash/crc32c.h


class Field(NamedTuple):
    """One field of a message: its number, its wire type, and its bytes with and without a head."""

    number: int
    kind: int
    value: int | bytes
    raw: bytes


def is_event_file(data: bytes) -> bool:
    """Say whether these bytes begin as TensorBoard's files do."""
    return data.startswith(VERSION, VERSION_AT)


def read_events(source: Source) -> Reading:
    """Read every event: scalars are numbers, all else is compared as bytes.

    Source: TFRecord as tensorflow/core/lib/io/record_writer.cc writes it, of Event messages.
    """
    if len(source.data) > MOST:
        raise TooLarge(f"more than {MOST:,} bytes of events")
    parts: list[Leaf | Blob] = []
    ignored: list[Ignored] = []
    for number, data in enumerate(_records(source.data)):
        _read_event(number, data, parts, ignored)
    return Reading("events", parts, tuple(ignored))


def _records(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        length, check = struct.unpack_from("<QI", data, at)
        content = data[at + 12 : at + 12 + length]
        (checked,) = struct.unpack_from("<I", data, at + 12 + length)
        if check != masked_crc32c(data[at : at + 8]) or checked != masked_crc32c(content):
            raise Unreadable("a checksum is wrong")
        yield content
        at += 16 + length


def _read_event(number: int, data: bytes, parts: list[Leaf | Blob], ignored: list[Ignored]) -> None:
    step = 0
    place = f"event {number}"
    for field in _fields(data):
        if (field.number, field.kind) == (WALL_TIME, FIXED64):
            ignored.append(Ignored("times of events", field.raw.hex()))
        elif field.number == STEP and isinstance(field.value, int):
            step = field.value
            parts.append(Leaf(f"{place}, step", step))
        elif (field.number, field.kind) == (SUMMARY, BYTES) and isinstance(field.value, bytes):
            for value in _fields(field.value):
                _read_value(f"{place}, step {step}", value, parts)
        else:
            parts.append(blob(f"{place}, field {field.number}", field.raw))


def _read_value(place: str, value: Field, parts: list[Leaf | Blob]) -> None:
    if (value.number, value.kind) != (VALUE, BYTES) or not isinstance(value.value, bytes):
        parts.append(blob(place, value.raw))
        return
    tag = ""
    for field in _fields(value.value):
        if field.number == TAG and isinstance(field.value, bytes):
            tag = json.dumps(field.value.decode("utf-8", "surrogateescape"))
            parts.append(Leaf(f"{place}, tag", tag))
        elif (field.number, field.kind) == (SIMPLE, FIXED32) and isinstance(field.value, bytes):
            parts.append(Leaf(f"{place}, {tag}", struct.unpack("<f", field.value)[0]))
        else:
            parts.append(blob(f"{place}, {tag}, field {field.number}", field.raw))


def _fields(data: bytes) -> Iterator[Field]:
    """Yield the fields of a message in their order. Source: protobuf.dev, Encoding."""
    at = 0
    while at < len(data):
        start = at
        head, at = _varint(data, at)
        kind = head & 7
        value: int | bytes
        if kind == VARINT:
            value, at = _varint(data, at)
        else:
            size = {FIXED64: 8, FIXED32: 4}.get(kind, 0)
            if kind == BYTES:
                size, at = _varint(data, at)
            elif not size:
                raise Unreadable(f"wire type {kind}")
            value, at = data[at : at + size], at + size
        if at > len(data):
            raise Unreadable("it is cut short")
        yield Field(head >> 3, kind, value, data[start:at])


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value, at
    raise Unreadable("a number does not end")


@cache
def _table() -> tuple[int, ...]:
    table = []
    for number in range(256):
        for _ in range(8):
            number = number >> 1 ^ (0x82F63B78 if number & 1 else 0)  # noqa: PLW2901
        table.append(number)
    return tuple(table)


def masked_crc32c(data: bytes) -> int:
    """Return the checksum of a record (CRC-32C, RFC 3720, B.4), masked as TensorFlow masks it.

    >>> hex(masked_crc32c(b"123456789"))
    '0xc78ab0e5'
    """
    value, table = 0xFFFF_FFFF, _table()
    for byte in data:
        value = value >> 8 ^ table[(value ^ byte) & 0xFF]
    value ^= 0xFFFF_FFFF
    return ((value >> 15 | value << 17) + _MASK_DELTA) & 0xFFFF_FFFF
