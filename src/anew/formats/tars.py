"""Tar: member by member, without their times."""

import tarfile
from collections.abc import Mapping
from io import BytesIO

from anew.formats.members import read_member
from anew.formats.protocol import MOST_EXPANDED, Source, Unreadable, check_size
from anew.model.reading import Ignored, Leaf, Part, Reading

_BLOCK = 512
_CLOCKS = {"mtime", "atime", "ctime"}
_MOST_MEMBERS = 100_000


def read_tar(source: Source) -> Reading:
    """Read every member; bytes after the last one make it unreadable."""
    parts: list[Part] = []
    ignored: list[Ignored] = []
    total = end = 0
    with tarfile.open(fileobj=BytesIO(source.data), mode="r:") as archive:
        for count, member in enumerate(archive):
            if count == _MOST_MEMBERS:
                raise Unreadable("it has too many members")
            content = b""
            if member.isreg():
                if member.sparse is not None or member.offset_data < end:
                    raise Unreadable("it has members with holes")
                content = source.data[member.offset_data : member.offset_data + member.size]
                if len(content) != member.size:
                    raise Unreadable("it is cut short")
            end = member.offset_data + -(-len(content) // _BLOCK) * _BLOCK
            if source.data[member.offset_data + len(content) : end].strip(b"\0"):
                raise Unreadable("it holds bytes that belong to no member")
            total += len(content)
            check_size(total, MOST_EXPANDED)
            parts.append(Leaf(f"{member.name}: attributes", _attributes(member)))
            ignored.append(Ignored("times in the tar file", f"{member.name} {_times(member)}"))
            if member.isreg():
                found = read_member(source, member.name, content)
                parts += found.parts
                ignored += found.ignored
        parts.append(Leaf("headers of the archive", repr(_without_clocks(archive.pax_headers))))
    if not parts[:-1] or source.data[end:].strip(b"\0"):
        raise Unreadable("it holds bytes that belong to no member")
    return Reading("tar", tuple(parts), tuple(ignored))


def _attributes(member: tarfile.TarInfo) -> str:
    return repr(
        (
            member.type,
            oct(member.mode),
            (member.uid, member.gid, member.uname, member.gname),
            member.linkname,
            (member.devmajor, member.devminor),
            _without_clocks(member.pax_headers),
        )
    )


def _without_clocks(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    return sorted((name, value) for name, value in headers.items() if name not in _CLOCKS)


def _times(member: tarfile.TarInfo) -> str:
    clocks = {name: member.pax_headers[name] for name in _CLOCKS & member.pax_headers.keys()}
    return f"{member.mtime} {sorted(clocks.items())}"
