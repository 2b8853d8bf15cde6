"""PNG: its pixels, and every other chunk but those that hold a clock or a tool's name."""

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from anew.formats.protocol import Source, Unreadable, check_size
from anew.model.reading import Grid, Ignored, Leaf, Part, Reading, blob

MAGIC = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
_CLOCKS = {
    b"creation time", b"create-date", b"modify-date", b"date:create", b"date:modify",
    b"date:timestamp", b"date", b"software",
}  # fmt: skip
_MOST_PIXELS = 64 << 20  # bytes of an image after inflating


class Header(NamedTuple):
    """The chunk IHDR."""

    width: int
    height: int
    depth: int
    color: int
    interlaced: int

    @property
    def channels(self) -> int:
        """Numbers of a pixel."""
        return _CHANNELS[self.color]

    @property
    def row(self) -> int:
        """Bytes of a row."""
        return (self.width * self.channels * self.depth + 7) // 8


def read_png(source: Source) -> Reading:
    """Read an image. Interlaced ones are compared as bytes.

    Source: Portable Network Graphics specification, third edition.
    """
    header: Header | None = None
    parts: list[Part] = []
    ignored: list[Ignored] = []
    packed = bytearray()
    for kind, content in _chunks(source.data):
        if kind == b"IHDR":
            header = _header(content)
            parts.append(Leaf("IHDR", str(tuple(header))))
        elif kind == b"IDAT":
            packed += content
        elif kind == b"tIME":
            ignored.append(Ignored("tIME", content.hex()))
        elif kind in _TEXTS and (name := content.partition(b"\0")[0]).lower() in _CLOCKS:
            ignored.append(Ignored(f"{kind.decode()} {name.decode('latin-1')}", content.hex()))
        else:
            parts.append(blob(f"chunk {kind.decode('latin-1')}", content))
    if header is None:
        raise Unreadable("it has no header")
    parts.append(_pixels(header, bytes(packed)))
    return Reading("PNG image", tuple(parts), tuple(ignored))


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at, kind = len(MAGIC), b""
    if not data.startswith(MAGIC):
        raise Unreadable("it is no PNG")
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, at)
        content = data[at + 8 : at + 8 + length]
        (checksum,) = struct.unpack_from(">I", data, at + 8 + length)
        if checksum != zlib.crc32(kind + content):
            raise Unreadable("a checksum is wrong")
        yield kind, content
        at += 12 + length
    if at != len(data):
        raise Unreadable("bytes follow its end")


def _header(content: bytes) -> Header:
    width, height, depth, color, packing, filters, interlaced = struct.unpack(">IIBBBBB", content)
    header = Header(width, height, depth, color, interlaced)
    if depth not in _DEPTHS.get(color, ()) or packing or filters or interlaced:
        raise Unreadable("it is interlaced, or of a kind that is not known")
    if not width or not height:
        raise Unreadable("it has no pixel")
    return header


def _pixels(header: Header, packed: bytes) -> Grid:
    size = (header.row + 1) * header.height
    check_size(size, _MOST_PIXELS)
    engine = zlib.decompressobj()
    filtered = engine.decompress(packed, size + 1)
    if len(filtered) != size or engine.unconsumed_tail or engine.unused_data or not engine.eof:
        raise Unreadable("it has more or fewer pixels than its header says")
    raw = _unfiltered(header, filtered)
    shape = (header.height, header.width, header.channels)
    if header.depth == 16:
        swapped = bytearray(len(raw))
        swapped[0::2], swapped[1::2] = raw[1::2], raw[0::2]
        return Grid("", "16 bit", "H", shape, bytes(swapped), pixels=0xFFFF)
    if header.depth < 8:
        raw = _spread(header, raw)
    return Grid("", f"{header.depth} bit", "B", shape, raw, pixels=(1 << header.depth) - 1)


def _spread(header: Header, raw: bytes) -> bytes:
    """Return samples of less than a byte as one byte each."""
    depth, mask = header.depth, (1 << header.depth) - 1
    shifts = range(8 - depth, -1, -depth)
    table = [bytes(byte >> shift & mask for shift in shifts) for byte in range(256)]
    samples = header.width * header.channels
    rows = (raw[start : start + header.row] for start in range(0, len(raw), header.row))
    return b"".join(b"".join([table[byte] for byte in row])[:samples] for row in rows)


def _unfiltered(header: Header, filtered: bytes) -> bytes:
    step = max(1, header.channels * header.depth // 8)
    rows = []
    above = bytes(header.row)
    for start in range(0, len(filtered), header.row + 1):
        row = bytearray(filtered[start + 1 : start + 1 + header.row])
        _unfilter(filtered[start], row, above, step)
        above = bytes(row)
        rows.append(above)
    return b"".join(rows)


def _unfilter(kind: int, row: bytearray, above: bytes, step: int) -> None:
    if kind == 1:
        for at in range(step, len(row)):
            row[at] = (row[at] + row[at - step]) & 255
    elif kind == 2:
        row[:] = bytes([(here + up) & 255 for here, up in zip(row, above, strict=True)])
    elif kind == 3:
        for at in range(len(row)):
            left = row[at - step] if at >= step else 0
            row[at] = (row[at] + ((left + above[at]) >> 1)) & 255
    elif kind == 4:
        _unfilter_paeth(row, above, step)
    elif kind:
        raise Unreadable("a row has a filter that is not known")


def _unfilter_paeth(row: bytearray, above: bytes, step: int) -> None:
    for at in range(len(row)):
        left = row[at - step] if at >= step else 0
        corner = above[at - step] if at >= step else 0
        up = above[at]
        from_left, from_up = abs(up - corner), abs(left - corner)
        from_corner = abs(left + up - 2 * corner)
        if from_left <= from_up and from_left <= from_corner:
            near = left
        else:
            near = up if from_up <= from_corner else corner
        row[at] = (row[at] + near) & 255
