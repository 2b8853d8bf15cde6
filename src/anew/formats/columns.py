"""Parquet, through PyArrow where it is there: column by column."""
# ruff: noqa: ANN401 (the library is not there to be named)

import struct
from io import BytesIO
from typing import Any

from anew.formats.optional import optional
from anew.formats.protocol import Source, Unreadable, check_size
from anew.model.reading import Grid, Ignored, Leaf, Part, Reading, blob

MAGIC = b"PAR1"
_MOST_CELLS = 4_000_000
_CODES = {
    "int8": "b", "int16": "h", "int32": "i", "int64": "q", "uint8": "B", "uint16": "H",
    "uint32": "I", "uint64": "Q", "float": "f", "double": "d",
}  # fmt: skip


def read_parquet(source: Source) -> Reading:
    """Read a table: its schema with metadata, then each column in the order of the file."""
    parquet = optional("pyarrow.parquet")
    if parquet is None:
        raise Unreadable("PyArrow is not there")
    if not source.data.startswith(MAGIC):
        raise Unreadable("it is no Parquet file")
    arrow = optional("pyarrow")
    try:
        file = parquet.ParquetFile(BytesIO(source.data))
        check_size(file.metadata.num_rows * file.metadata.num_columns, _MOST_CELLS)
        check_size(_expanded(file.metadata), 4 * len(source.data) + (256 << 20))
        table = file.read()
    except arrow.ArrowException as error:  # type: ignore[union-attr]
        raise Unreadable(str(error)) from error
    schema = str(table.schema.to_string(truncate_metadata=False))
    parts: list[Part] = [Leaf("schema", schema), Leaf("rows", table.num_rows)]
    for position, name in enumerate(table.column_names):
        parts += _column(f"column {name}", table.column(position))
    return Reading("Parquet", tuple(parts), (Ignored("writer", str(file.metadata.created_by)),))


def _expanded(metadata: Any) -> int:
    groups = (metadata.row_group(number) for number in range(metadata.num_row_groups))
    return sum(int(group.total_byte_size) for group in groups)


def _column(place: str, column: Any) -> list[Part]:
    kind, values = str(column.type), column.to_pylist()
    code = _CODES.get(kind)
    if code and None not in values:
        raw = struct.pack(f"<{len(values)}{code}", *values)
        return [Grid(place, kind, code, (len(values),), raw)]
    if code:
        return [
            Leaf(f"{place}, row {row}", "null" if value is None else value)
            for row, value in enumerate(values)
        ]
    if kind in ("string", "large_string"):
        return [Leaf(f"{place}, row {row}", repr(value)) for row, value in enumerate(values)]
    return [blob(f"{place} {kind}", repr(values).encode("utf-8", "surrogatepass"))]
