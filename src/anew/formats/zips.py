"""ZIP, and what is one: NPZ, XLSX, DOCX, PyTorch's files. Member by member, without their times."""

import re
import struct
import zipfile
from io import BytesIO

from anew.formats.clocks import cut
from anew.formats.members import read_member
from anew.formats.protocol import MOST_EXPANDED, Source, Unreadable, check_size
from anew.model.reading import Ignored, Leaf, Part, Reading

MAGIC = b"PK\x03\x04"
_MOST_MEMBERS = 100_000
_END, _END_64 = 22, 76  # bytes of the end of the directory, and of what ZIP64 puts before it
_DESCRIPTORS = {12, 16, 20, 24}  # bytes that may follow a member's data
_TIMES = {0x0001, 0x000A, 0x5455}  # extra fields: sizes of ZIP64, times of NTFS and of Unix
_CLOCKS = {
    "docProps/core.xml": re.compile(
        rb"(?<=>)[^<>]*(?=</(?:dcterms:created|dcterms:modified|cp:lastPrinted)>)"
    ),
    "meta.xml": re.compile(rb"(?<=>)[^<>]*(?=</(?:meta:creation-date|dc:date|meta:print-date)>)"),
}


def read_zip(source: Source) -> Reading:
    """Read every member; bytes that belong to none make it unreadable.

    Source: APPNOTE.TXT 6.3.10 of PKWARE.
    """
    parts: list[Part] = []
    ignored: list[Ignored] = []
    with zipfile.ZipFile(BytesIO(source.data)) as archive:
        members = archive.infolist()
        if len(members) > _MOST_MEMBERS:
            raise Unreadable("it has too many members")
        _check_whole(source.data, members, archive.start_dir, len(archive.comment))
        parts.append(Leaf("comment", repr(archive.comment)))
        total = 0
        for member in members:
            if member.flag_bits & 1:
                raise Unreadable("it is encrypted")
            with archive.open(member) as stream:
                content = stream.read(MOST_EXPANDED - total + 1)
            total += len(content)
            check_size(total, MOST_EXPANDED)
            parts.append(Leaf(f"{member.filename}: attributes", _attributes(source.data, member)))
            ignored.append(
                Ignored("times in the ZIP file", f"{member.filename} {_times(source.data, member)}")
            )
            if clocks := _CLOCKS.get(member.filename):
                name = f"times in {member.filename}"
                content, cut_out = cut(content, [(name, clocks)], b"")
                ignored += cut_out
            found = read_member(source, member.filename, content)
            parts += found.parts
            ignored += found.ignored
    return Reading("NPZ arrays" if source.suffix == ".npz" else "ZIP", tuple(parts), tuple(ignored))


def _check_whole(data: bytes, members: list[zipfile.ZipInfo], directory: int, comment: int) -> None:
    """Refuse bytes before, between and after the members: nobody would see them differ."""
    at, gaps = 0, {0}
    for member in sorted(members, key=lambda member: member.header_offset):
        _check_header(data, member)
        if member.header_offset - at not in gaps:
            raise Unreadable("it holds bytes that belong to no member")
        at = _start(data, member) + member.compress_size
        gaps = _DESCRIPTORS if member.flag_bits & 8 else {0}
    end = len(data) - _END - comment
    (size,) = struct.unpack_from("<I", data, end + 12)
    between = end - directory - (size if size != 0xFFFF_FFFF else end - directory)
    if (
        directory - at not in gaps
        or data[end : end + 4] != b"PK\5\6"
        or between not in (0, _END_64)
    ):
        raise Unreadable("it holds bytes that belong to no member")


def _check_header(data: bytes, member: zipfile.ZipInfo) -> None:
    """Refuse a member whose own header says something else than the directory."""
    flags, method, _, _, checksum, packed, size = struct.unpack_from(
        "<HHHHIII", data, member.header_offset + 6
    )
    later = bool(flags & 8)  # checksum and sizes follow the data
    known = {(member.CRC, member.compress_size, member.file_size)}
    known |= {(0, 0, 0), (0, 0xFFFF_FFFF, 0xFFFF_FFFF)} if later else set()
    known |= {(member.CRC, 0xFFFF_FFFF, 0xFFFF_FFFF)}  # of ZIP64
    if (flags, method) != (member.flag_bits, member.compress_type) or (
        checksum,
        packed,
        size,
    ) not in known:
        raise Unreadable("a member's header contradicts the directory")


def _start(data: bytes, member: zipfile.ZipInfo) -> int:
    name, extra = struct.unpack_from("<HH", data, member.header_offset + 26)
    return member.header_offset + 30 + int(name) + int(extra)


def _attributes(data: bytes, member: zipfile.ZipInfo) -> str:
    start = _start(data, member)
    (length,) = struct.unpack_from("<H", data, member.header_offset + 28)
    extras = [_extras(member.extra), _extras(data[start - length : start])]
    versions = data[member.header_offset + 4], member.create_version, member.extract_version
    attributes = member.create_system, member.internal_attr, member.external_attr
    return f"{versions} {attributes} {member.comment!r} {extras}"


def _extras(extra: bytes) -> list[str]:
    """Return the extra fields that hold no time and no size."""
    fields, at = [], 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind not in _TIMES:
            fields.append(f"{kind:04x} {extra[at + 4 : at + 4 + length].hex()}")
        at += 4 + length
    return [*fields, extra[at:].hex()]


def _times(data: bytes, member: zipfile.ZipInfo) -> str:
    own = data[member.header_offset + 10 : member.header_offset + 14]
    return f"{member.date_time} {own.hex()} {member.extra.hex()}"
