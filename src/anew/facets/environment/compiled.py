"""Byte-compiled files without the place and time in them: alike in all environments that have them.

A `.pyc` holds the time of its source in its header (PEP 552) and the path of its source as a
marshalled text. Both are taken out, and put back to the same bytes when a file comes back.
"""

import struct

SUFFIX = ".pyc"
HEADER = 16  # bytes: magic, flags, time of the source, size of the source
BY_TIME = 0  # flags of a file that is valid as long as its source has that time
SHORT = frozenset(b"zZ\xfa\xda")  # marshal's kinds of text with one byte of length
LONG = frozenset(b"aAut\xe1\xc1\xf5\xf4")  # and with four
MOST = 0xFFFF  # places of a path in one file
_WORD = struct.Struct("<I")


def neutral(data: bytes, prefix: bytes) -> tuple[bytes, int] | None:
    """Return what `data` holds beside place and time, and the time; None where that is no gain.

    What is returned gives exactly `data` again, by `revived`.
    """
    if len(data) < HEADER or _WORD.unpack_from(data, 4)[0] != BY_TIME or not prefix:
        return None
    time = _WORD.unpack_from(data, 8)[0]
    body, start = bytearray(), HEADER
    offsets: list[tuple[int, int]] = []
    at = data.find(prefix, HEADER)
    while at >= 0:
        size = _length(data, at)
        count = int.from_bytes(data[at - size : at], "little") - len(prefix)
        if size and count >= 0 and start <= at - size and len(offsets) < MOST:
            body += data[start : at - size]
            body += count.to_bytes(size, "little")
            offsets.append((len(body), size))
            start = at + len(prefix)
        at = data.find(prefix, at + len(prefix))
    body += data[start:]
    places = b"".join(_WORD.pack(offset) + bytes((size,)) for offset, size in offsets)
    kept = data[:8] + data[12:HEADER] + _WORD.pack(len(offsets)) + places + bytes(body)
    return (kept, time) if revived(kept, prefix, time) == data else None


def _length(data: bytes, at: int) -> int:
    """Return how many bytes before `at` are the length of a text that begins there; 0 if none."""
    if at >= 2 and data[at - 2] in SHORT:
        return 1
    if at >= 5 and data[at - 5] in LONG:
        return 4
    return 0


def revived(kept: bytes, prefix: bytes, time: int) -> bytes | None:
    """Return the file again that `neutral` took apart; None where `kept` is not of that form."""
    if len(kept) < HEADER:
        return None
    count = _WORD.unpack_from(kept, 12)[0]
    start = HEADER + 5 * count
    body, result, done = kept[start:], bytearray(kept[:8]), 0
    result += _WORD.pack(time) + kept[8:12]
    for number in range(count):
        offset = _WORD.unpack_from(kept, HEADER + 5 * number)[0]
        size = kept[HEADER + 5 * number + 4]
        length = int.from_bytes(body[offset - size : offset], "little") + len(prefix)
        if length >= 1 << 8 * size:
            return None
        result += body[done : offset - size] + length.to_bytes(size, "little") + prefix
        done = offset
    return bytes(result + body[done:])
