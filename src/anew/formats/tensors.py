"""Safetensors: named arrays after a header of JSON."""

import json
import struct
from collections.abc import Iterator

from anew.formats.arrays import grid
from anew.formats.protocol import Source, Unreadable
from anew.model.reading import Blob, Grid, Leaf, Part, Reading, blob

_TYPES = {
    "BOOL": "|b1", "U8": "|u1", "I8": "|i1", "I16": "<i2", "U16": "<u2", "F16": "<f2",
    "I32": "<i4", "U32": "<u4", "F32": "<f4", "F64": "<f8", "I64": "<i8", "U64": "<u8",
}  # fmt: skip
_LONGEST_HEADER = 64 << 20


def read_tensors(source: Source) -> Reading:
    """Read the arrays, which have to follow each other without a gap.

    Source: the format's own description, github.com/huggingface/safetensors.
    """
    data = source.data
    (length,) = struct.unpack_from("<Q", data)
    if length > min(_LONGEST_HEADER, len(data) - 8):
        raise Unreadable("its header is too long")
    header = json.loads(data[8 : 8 + length])
    if not isinstance(header, dict):
        raise Unreadable("its header is no object")
    metadata = header.pop("__metadata__", {})
    arrays = sorted(header.items(), key=lambda array: array[1]["data_offsets"])
    end = 0
    for _, array in arrays:
        first, last = array["data_offsets"]
        if first != end or last < first:
            raise Unreadable("its arrays do not follow each other")
        end = last
    if 8 + length + end != len(data):
        raise Unreadable("bytes follow its last array")
    parts: list[Part] = list(_parts(dict(sorted(arrays)), data, 8 + length))
    parts.append(Leaf("metadata", json.dumps(metadata, sort_keys=True)))
    return Reading("safetensors", tuple(parts))


def _parts(arrays: dict[str, dict[str, object]], data: bytes, start: int) -> Iterator[Grid | Blob]:
    for name, array in arrays.items():
        kind, shape, offsets = array["dtype"], array["shape"], array["data_offsets"]
        if not (isinstance(shape, list) and isinstance(offsets, list)):
            raise Unreadable("its header is not that of arrays")
        if not all(type(size) is int and size >= 0 for size in shape):
            raise Unreadable("a shape is not made of sizes")
        raw = data[start + offsets[0] : start + offsets[1]]
        if kind == "BF16":
            wide = bytearray(2 * len(raw))  # a bfloat16 is the upper half of a 32-bit float
            wide[2::4], wide[3::4] = raw[0::2], raw[1::2]
            found = grid(name, "<f4", tuple(shape), bytes(wide))
            yield Grid(name, "bf16", found.code, found.shape, found.raw)
        elif kind in _TYPES:
            yield grid(name, _TYPES[str(kind)], tuple(shape), raw)
        else:
            yield blob(f"{name} {kind} {shape}", raw)
