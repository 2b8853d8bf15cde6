"""Gzip: what is inside, without the time and name in its header."""

import struct
import zlib
from dataclasses import replace
from typing import NamedTuple

from anew.formats.members import read_member
from anew.formats.protocol import MOST_EXPANDED, Source, Unreadable, check_size
from anew.model.reading import Ignored, Leaf, Reading

MAGIC = b"\x1f\x8b\x08"
_CHECKSUM, _EXTRA, _NAME, _COMMENT = 2, 4, 8, 16


class Member(NamedTuple):
    """One compressed member: where its data begins, and what its header says."""

    start: int
    time: int
    system: int
    name: bytes
    other: bytes


def read_gzip(source: Source) -> Reading:
    """Read every member; what follows the last one makes it unreadable.

    Source: RFC 1952.
    """
    at, expanded = 0, bytearray()
    ignored: list[Ignored] = []
    parts: list[Leaf] = []
    while at < len(source.data):
        member = _header(source.data, at)
        engine = zlib.decompressobj(wbits=-15)
        room = MOST_EXPANDED - len(expanded) + 1
        content = engine.decompress(source.data[member.start :], room)
        check_size(len(expanded) + len(content), MOST_EXPANDED)
        if not engine.eof or len(engine.unused_data) < 8:
            raise Unreadable("it is cut short")
        end = len(source.data) - len(engine.unused_data)
        if struct.unpack_from("<II", source.data, end) != (
            zlib.crc32(content),
            len(content) & 0xFFFF_FFFF,
        ):
            raise Unreadable("its checksum is wrong")
        expanded += content
        at = end + 8
        ignored.append(Ignored("time in the gzip header", str(member.time)))
        ignored.append(Ignored("name in the gzip header", repr(member.name)))
        parts.append(Leaf("gzip header", f"system {member.system}, {member.other!r}"))
    found = read_member(source, _inside(source), bytes(expanded))
    return Reading("gzip", (*parts, *found.parts), (*ignored, *found.ignored))


def _inside(source: Source) -> str:
    """Return a name for the content with its suffix only: the rest may hold a time."""
    if source.suffix == ".tgz":
        return "content.tar"
    if source.suffix != ".gz":
        return "content"
    return "content" + replace(source, name=source.name[:-3]).suffix


def _header(data: bytes, at: int) -> Member:
    magic, flags, time, _, system = struct.unpack_from("<3sBIBB", data, at)
    if magic != MAGIC or flags & 0xE0:
        raise Unreadable("it is no gzip member")
    start, other, name = at + 10, b"", b""
    if flags & _EXTRA:
        (length,) = struct.unpack_from("<H", data, start)
        other += data[start : start + 2 + length]
        start += 2 + length
    if flags & _NAME:
        end = data.index(b"\0", start)
        name, start = data[start:end], end + 1
    if flags & _COMMENT:
        end = data.index(b"\0", start)
        other += data[start : end + 1]
        start = end + 1
    if flags & _CHECKSUM:
        start += 2
    return Member(start, time, system, name, other)
