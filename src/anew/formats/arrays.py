"""NPY: one array, read without NumPy and never unpickled."""

import ast
import re
import struct
from math import prod

from anew.formats.protocol import Source, Unreadable
from anew.model.reading import Grid, Leaf, Reading, blob

MAGIC = b"\x93NUMPY"
_LONGEST_HEADER = 1 << 16
_KIND = re.compile(r"([<>|=])([biufc])(\d{1,2})")
CODES = {
    "b1": "B", "i1": "b", "u1": "B", "i2": "h", "u2": "H", "i4": "i", "u4": "I", "i8": "q",
    "u8": "Q", "f2": "e", "f4": "f", "f8": "d", "c8": "f", "c16": "d",
}  # fmt: skip


def read_npy(source: Source) -> Reading:
    """Read an array of numbers; an array of anything else by the bytes of its data.

    Source: NumPy Enhancement Proposal 1, versions 1.0 to 3.0 of the format.
    """
    data = source.data
    if not data.startswith(MAGIC) or len(data) < 12:
        raise Unreadable("it is no NPY file")
    major = data[6]
    if major not in (1, 2, 3):
        raise Unreadable(f"version {major} is not known")
    form = "<H" if major == 1 else "<I"
    (length,) = struct.unpack_from(form, data, 8)
    start = 8 + struct.calcsize(form)
    if length > _LONGEST_HEADER or start + length > len(data):
        raise Unreadable("its header is too long")
    header = ast.literal_eval(data[start : start + length].decode("utf-8").strip())
    if not isinstance(header, dict) or header.keys() != {"descr", "fortran_order", "shape"}:
        raise Unreadable("its header is not that of an array")
    descr, shape, by_columns = header["descr"], header["shape"], header["fortran_order"]
    sizes = isinstance(shape, tuple) and all(type(size) is int and size >= 0 for size in shape)
    if not sizes or not isinstance(by_columns, bool):
        raise Unreadable("its header is not that of an array")
    raw = data[start + length :]
    if "O" in str(descr):
        raise Unreadable("it holds pickled objects")
    found = _KIND.fullmatch(descr) if isinstance(descr, str) else None
    if not found or found[2] + found[3] not in CODES:
        said = Leaf("type and shape", f"{descr} {shape} {by_columns}")
        return Reading("NPY array", (said, blob("data", raw)))
    return Reading("NPY array", (grid("", descr, shape, raw, by_columns=by_columns),))


def grid(
    place: str, descr: str, shape: tuple[int, ...], raw: bytes, *, by_columns: bool = False
) -> Grid:
    """Return the array of a type such as `<f4`; of complex numbers, each part a number.

    Raises:
        Unreadable: its bytes are not as many as its shape needs.
    """
    kind, width = descr[1:], int(descr[2:])
    if len(raw) != prod(shape) * width:
        raise Unreadable("its size is not that of its shape")
    code = CODES[kind]
    if kind[0] == "c":
        width //= 2
        shape = (2, *shape) if by_columns else (*shape, 2)
    if descr[0] == ">":
        raw = _swapped(raw, width)
    return Grid(place, kind, code, shape, raw, by_columns)


def _swapped(raw: bytes, width: int) -> bytes:
    swapped = bytearray(len(raw))
    for byte in range(width):
        swapped[byte::width] = raw[width - 1 - byte :: width]
    return bytes(swapped)
