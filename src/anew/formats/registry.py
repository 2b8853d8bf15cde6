"""Which reader takes a file apart: by its first bytes, else by the end of its name."""

import csv
import struct
import tarfile
import zipfile
import zlib

from anew.formats import arrays, columns, documents, events, gzips, hierarchies, png, sqlites, zips
from anew.formats.arrays import read_npy
from anew.formats.columns import read_parquet
from anew.formats.documents import read_pdf
from anew.formats.gzips import read_gzip
from anew.formats.hierarchies import read_hdf5
from anew.formats.json_numbers import read_json, read_json_lines
from anew.formats.notebooks import read_notebook
from anew.formats.pictures import read_picture
from anew.formats.png import read_png
from anew.formats.protocol import MOST_DEPTH, Reader, Source, TooLarge, Unreadable
from anew.formats.svg import read_svg
from anew.formats.tables import read_table
from anew.formats.tars import read_tar
from anew.formats.tensors import read_tensors
from anew.formats.text import read_text
from anew.formats.zips import read_zip
from anew.model.reading import Reading, Unread

MOST = 256 << 20  # bytes of a file that is read whole
BY_MAGIC: tuple[tuple[bytes, Reader], ...] = (
    (png.MAGIC, read_png),
    (arrays.MAGIC, read_npy),
    (zips.MAGIC, read_zip),
    (gzips.MAGIC, read_gzip),
    (documents.MAGIC, read_pdf),
    (columns.MAGIC, read_parquet),
    (hierarchies.MAGIC, read_hdf5),
    (sqlites.MAGIC, sqlites.read_sqlite),
    (b"\xff\xd8\xff", read_picture),
    (b"GIF8", read_picture),
    (b"II*\0", read_picture),
    (b"MM\0*", read_picture),
    (b"BM", read_picture),
    (b"RIFF", read_picture),
)
BY_SUFFIX: dict[str, Reader] = {
    ".json": read_json,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".ipynb": read_notebook,
    ".csv": read_table,
    ".tsv": read_table,
    ".svg": read_svg,
    ".tar": read_tar,
    ".safetensors": read_tensors,
}
# Compared as bytes whatever they look like: to unpickle is to run foreign code.
OPAQUE = frozenset({".pkl", ".pickle", ".joblib", ".bin", ".onnx",
                    ".h5ad", ".so", ".o", ".pyc", ".mp4", ".wav", ".mp3", ".avi"})  # fmt: skip
# What foreign bytes make a reader raise; none of it may reach who asks for a verdict.
_FAULTS = (
    ArithmeticError, AttributeError, BufferError, EOFError, LookupError, MemoryError, OSError,
    RuntimeError, SyntaxError, TypeError, ValueError, csv.Error, struct.error, tarfile.TarError,
    zipfile.BadZipFile, zlib.error, Unreadable,
)  # fmt: skip


def read(name: str, data: bytes) -> Reading | Unread | None:
    """Return what the file `name` holds; None where only its bytes can be compared."""
    return _read(Source(name, data, _read))


def may_have_reader(name: str) -> bool:
    """Say whether a file of that name could be compared as more than its bytes."""
    return Source(name, b"", _read).suffix not in OPAQUE


def _read(source: Source) -> Reading | Unread | None:
    reader = None if source.depth > MOST_DEPTH else _reader(source)
    if reader is None:
        return None
    try:
        return reader(source)
    except TooLarge as error:
        return Unread(str(error))
    except _FAULTS:
        return None


def _reader(source: Source) -> Reader | None:
    if source.suffix in OPAQUE:
        return None
    if events.is_event_file(source.data):
        return events.read_events
    for magic, reader in BY_MAGIC:
        if source.data.startswith(magic):
            return reader
    return BY_SUFFIX.get(source.suffix, read_text)
