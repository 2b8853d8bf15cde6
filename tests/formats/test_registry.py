"""Files taken apart: near misses diverge, stored clocks alone are named, nothing raises."""

import gzip
import io
import json
import struct
import tarfile
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anew.formats.registry import may_have_reader, read
from anew.judge.finding import Finding
from anew.judge.masks import Masks, Place
from anew.judge.readings import Means, compare_readings
from anew.model.reading import Reading
from anew.model.tolerance import Absolute, Exact, Tolerance
from anew.model.verdict import Answer

EXACT = Exact()
MASKS = Masks((Place("project", "/home/u/proj", "/rooms/r1"),))


def compare(
    name: str,
    left: bytes,
    right: bytes,
    tolerance: Tolerance = EXACT,
    pixels: Tolerance = EXACT,
) -> Finding | None:
    """Return what the readings of two files are to each other; None where one has none."""
    means = Means(tolerance, pixels, MASKS)
    answers = []
    for one, other in ((right, left), (left, right)):
        here, there = read(name, one), read(name, other)
        if not isinstance(here, Reading) or not isinstance(there, Reading):
            return None
        answers.append(compare_readings(here, there, means))
    assert answers[1].answer is not Answer.IDENTICAL
    assert answers[1].difference
    return answers[1]


def answer(name: str, left: bytes, right: bytes, tolerance: Tolerance = EXACT) -> Answer | None:
    found = compare(name, left, right, tolerance)
    return found.answer if found else None


def npy(
    values: list[float], descr: str = "<f8", shape: str | None = None, order: str = "False"
) -> bytes:
    code = {"<f8": "<d", "<f4": "<f", ">f8": ">d", "|u1": "<B", "<i8": "<q"}[descr]
    header = f"{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape or f'({len(values)},)'}, }}"
    header = header.ljust(117) + "\n"
    data = b"".join(struct.pack(code, value) for value in values)
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + data


def zipped(
    members: dict[str, bytes], year: int = 2024, packing: int = zipfile.ZIP_DEFLATED
) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name, (year, 1, 1, 0, 0, 0))
            archive.writestr(info, data, packing)
    return stream.getvalue()


def tarred(members: dict[str, bytes], time: int = 0, mode: int = 0o644) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime, info.mode = len(data), time, mode
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(
    pixels: bytes,
    width: int,
    *chunks: bytes,
    level: int = 6,
    kind: int = 0,
    color: int = 0,
    depth: int = 8,
) -> bytes:
    channels = {0: 1, 2: 3, 6: 4, 3: 1}[color] * (2 if depth == 16 else 1)
    row = width * channels
    rows = [pixels[start : start + row] for start in range(0, len(pixels), row)]
    lines = []
    above = bytes(row)
    for line in rows:
        lines.append(bytes([kind]) + filtered(kind, line, above, channels))
        above = line
    header = struct.pack(">IIBBBBB", width, len(rows), depth, color, 0, 0, 0)
    data = zlib.compress(b"".join(lines), level)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + b"".join(chunks)
        + chunk(b"IDAT", data)
        + chunk(b"IEND", b"")
    )


def filtered(kind: int, line: bytes, above: bytes, step: int) -> bytes:
    out = bytearray()
    for at, value in enumerate(line):
        left = line[at - step] if at >= step else 0
        up = above[at]
        corner = above[at - step] if at >= step else 0
        near = min((left, up, corner), key=lambda one: abs(left + up - corner - one))
        guess = [0, left, up, (left + up) // 2, near][kind]
        out.append((value - guess) & 255)
    return bytes(out)


DIFFERENT = [
    ("a.json", b'{"a": 1}', b'{"a": 2}'),
    ("a.json", b'{"a": 1}', b'{"a": "1"}'),
    ("a.json", b'{"a": 1}', b'{"a": true}'),
    ("a.json", b'{"a": 1}', b'{"b": 1}'),
    ("a.json", b'{"a": 1}', b'{"a": 1, "b": 1}'),
    ("a.json", b"[1, 2]", b"[2, 1]"),
    ("a.json", b"[1, 2]", b"[1, 2, 3]"),
    ("a.json", b"[]", b"{}"),
    ("a.json", b"[[]]", b"[]"),
    ("a.json", b"[null]", b'["null"]'),
    ("a.json", b"[0.0]", b"[-0.0]"),
    ("a.json", b"[9007199254740993]", b"[9007199254740992]"),
    ("a.json", b"[0.1234567890123456789012]", b"[0.1234567890123456789013]"),
    ("a.json", b"[1e999]", b"[1e998]"),
    ("a.json", b"[1e-999]", b"[0.0]"),
    ("a.json", b'{"a": {"b": 1}}', b'{"a/b": 1}'),
    ("a.json", b"[NaN]", b"[null]"),
    ("a.json", b'{"at": "2024-01-01"}', b'{"at": "2024-01-02"}'),
    ("a.json", b'{"took": "12.3s"}', b'{"took": "12.4s"}'),
    ("a.jsonl", b"1\n2\n", b"2\n1\n"),
    ("a.jsonl", b"1\n2\n", b"1\n"),
    ("a.jsonl", b"1\n2\n", b"1\n\n2\n"),
    ("a.csv", b"a,b\n1,2\n", b"a,b\n1,3\n"),
    ("a.csv", b"a,b\n1,2\n", b"b,a\n2,1\n"),
    ("a.csv", b"a,b\n1,2\n", b"b,a\n1,2\n"),
    ("a.csv", b"a,b\n1,2\n3,4\n", b"a,b\n3,4\n1,2\n"),
    ("a.csv", b"a,b\n1,2\n", b"a,b\n1,2"),
    ("a.csv", b"a,b\n1,2\n", b"a,b\r\n1,2\r\n"),
    ("a.csv", b"a,b\n1,2\n", b"a,b\n1,2\n\n"),
    ("a.csv", b"a,b\n1,2\n", b"a,b\n1,2,\n"),
    ("a.csv", b"a,b\n1,2\n", b'a,b\n"1",2\n'),
    ("a.csv", b"a,b\n1,x\n", b"a,b\n1, x\n"),
    ("a.csv", b"day\n2024-01-01\n", b"day\n2024-01-02\n"),
    ("a.csv", b"a\n1\n", b"\xef\xbb\xbfa\n1\n"),
    ("a.csv", b"a,b\nnan,2\n", b"a,b\n,2\n"),
    ("a.tsv", b"a\tb\n1\t2\n", b"a\tb\n1\t3\n"),
    ("a.txt", b"12:34:56\n", b"12:34:57\n"),
    ("a.txt", b"a\n", b"a"),
    ("a.txt", b"a\n", b"a\r\n"),
    ("a.log", b"12:34:56 loss 0.5\n", b"12:34:56 loss 0.6\n"),
    ("a.npy", npy([1.0, 2.0]), npy([1.0, 2.5])),
    ("a.npy", npy([1.0, 2.0]), npy([1.0, 2.0], "<f4")),
    ("a.npy", npy([1.0, 2.0], shape="(2, 1)"), npy([1.0, 2.0], shape="(1, 2)")),
    ("a.npy", npy([1.0] * 4, shape="(2, 2)"), npy([1.0] * 4, shape="(2, 2)", order="True")),
    ("a.npz", zipped({"a.npy": npy([1.0])}), zipped({"a.npy": npy([2.0])})),
    ("a.npz", zipped({"a.npy": npy([1.0])}), zipped({"b.npy": npy([1.0])})),
    ("a.zip", zipped({"a": b"1", "b": b"2"}), zipped({"b": b"2", "a": b"1"})),
    ("a.zip", zipped({"a": b"\0"}), zipped({"a": b"\1"})),
    ("a.zip", zipped({"a": b"\0"}), zipped({"a": b"\0", "b": b""})),
    ("a.pt", zipped({"x/data/0": b"\0\0"}), zipped({"x/data/0": b"\0\1"})),
    ("a.tar", tarred({"a": b"1"}), tarred({"a": b"2"})),
    ("a.tar", tarred({"a": b"1"}), tarred({"a": b"1"}, mode=0o755)),
    ("a.tar", tarred({"a": b"1"}), tarred({"b": b"1"})),
    ("a.csv.gz", gzip.compress(b"a\n1\n"), gzip.compress(b"a\n2\n")),
    ("a.gz", gzip.compress(b"\0"), gzip.compress(b"\0\0")),
    ("a.png", png(bytes(16), 4), png(bytes(15) + b"\1", 4)),
    ("a.png", png(bytes(16), 4), png(bytes(16), 8)),
    ("a.png", png(bytes(16), 4), png(bytes(16), 4, chunk(b"gAMA", bytes(4)))),
    ("a.png", png(bytes(16), 4, chunk(b"tEXt", b"Title\0a")), png(bytes(16), 4, chunk(b"tEXt", b"Title\0b"))),
    ("a.pdf", b"%PDF-1.4 /CreationDate (D:2024) x", b"%PDF-1.4 /CreationDate (D:2025) y"),
    ("a.svg", b"<svg><dc:date>1</dc:date><path d='1'/></svg>", b"<svg><dc:date>2</dc:date><path d='2'/></svg>"),
    ("noext", b"loss 0.5\n", b"loss 0.6\n"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "left", "right"), DIFFERENT)
def test_near_misses_diverge(name: str, left: bytes, right: bytes) -> None:
    assert answer(name, left, right) is Answer.DIVERGED
    assert answer(name, right, left) is Answer.DIVERGED


@pytest.mark.parametrize(
    ("name", "left", "right", "by"),
    [
        ("a.gz", gzip.compress(b"\0", mtime=1), gzip.compress(b"\0", mtime=2), "time in the gzip header"),
        ("a.npz", zipped({"a.npy": npy([1.0])}, 2024), zipped({"a.npy": npy([1.0])}, 2025), "times in the ZIP file"),
        ("a.tar", tarred({"a": b"1"}, 1), tarred({"a": b"1"}, 2), "times in the tar file"),
        ("a.tar.gz", gzip.compress(tarred({"a": b"1"}, 1), mtime=1), gzip.compress(tarred({"a": b"1"}, 2), mtime=1), "times in the tar file"),
        ("a.png", png(bytes(16), 4, chunk(b"tIME", b"1")), png(bytes(16), 4, chunk(b"tIME", b"2")), "tIME"),
        ("a.png", png(bytes(16), 4, chunk(b"tEXt", b"Software\0a")), png(bytes(16), 4), "tEXt Software"),
        ("a.pdf", b"%PDF-1.4 /CreationDate (D:2024) x", b"%PDF-1.4 /CreationDate (D:20\\)25) x", "/CreationDate"),
        ("a.pdf", b"%PDF-1.4 /ID [<aa><bb>] x", b"%PDF-1.4 /ID [<ab><bc>] x", "/ID"),
        ("a.svg", b"<svg><dc:date>1</dc:date></svg>", b"<svg><dc:date>2</dc:date></svg>", "<dc:date>"),
        ("a.svg",
         b'<svg><!-- matplotlib --><g id="p0123456789"/><g clip-path="url(#p0123456789)"/></svg>',
         b'<svg><!-- matplotlib --><g id="pabcdef6789"/><g clip-path="url(#pabcdef6789)"/></svg>', "random names"),
        ("a.docx",
         zipped({"docProps/core.xml": b"<x><dcterms:created>1</dcterms:created></x>"}),
         zipped({"docProps/core.xml": b"<x><dcterms:created>2</dcterms:created></x>"}), "times in docProps/core.xml"),
        ("a.log", b"12:34:56 x\n", b"12:34:57 x\n", "time"),
        ("a.json", b'{"a": "/home/u/proj/x"}', b'{"a": "/rooms/r1/x"}', "path of the project"),
    ],
)  # fmt: skip
def test_stored_clock_alone_is_equivalent_and_named(
    name: str, left: bytes, right: bytes, by: str
) -> None:
    found = compare(name, left, right)

    assert found is not None
    assert found.answer is Answer.EQUIVALENT
    assert "equal without: " in found.difference
    assert by in found.difference


@pytest.mark.parametrize(
    ("name", "left", "right"),
    [
        ("a.json", b'{"a": 1, "b": 2}', b'{"b":2,"a":1}\n'),
        ("a.npz", zipped({"a.npy": npy([1.0])}), zipped({"a.npy": npy([1.0])}, packing=zipfile.ZIP_STORED)),
        ("a.png", png(bytes(range(16)), 4, level=0), png(bytes(range(16)), 4, level=9, kind=4)),
    ],
)  # fmt: skip
def test_same_content_in_other_bytes_is_equivalent(name: str, left: bytes, right: bytes) -> None:
    assert answer(name, left, right) is Answer.EQUIVALENT


@pytest.mark.parametrize(
    ("name", "left", "right"),
    [
        ("a.json", b'{"a": [1, 0.5]}', b'{"a": [1, 0.55]}'),
        ("a.jsonl", b"0.5\n", b"0.55\n"),
        ("a.csv", b"a,b\n1,0.5\n", b"a,b\n1,0.55\n"),
        ("a.npy", npy([0.5]), npy([0.55])),
        ("a.npz", zipped({"a.npy": npy([0.5])}), zipped({"a.npy": npy([0.55])})),
        ("a.csv.gz", gzip.compress(b"a\n0.5\n"), gzip.compress(b"a\n0.55\n")),
        ("a.txt", b"loss 0.5\n", b"loss 0.55\n"),
    ],
)
def test_numbers_are_judged_on_both_sides_of_a_tolerance(
    name: str, left: bytes, right: bytes
) -> None:
    assert answer(name, left, right) is Answer.DIVERGED
    assert answer(name, left, right, Absolute(0.06)) is Answer.EQUIVALENT
    assert answer(name, left, right, Absolute(0.04)) is Answer.DIVERGED


def test_pixels_are_exact_unless_a_tolerance_names_the_file() -> None:
    left, right = png(bytes(16), 4), png(bytes(5) + b"\1" + bytes(10), 4)

    found = compare("a.png", left, right, Absolute(5))
    assert found == Finding(
        Answer.DIVERGED, "1 of 16 pixels differ, largest 1/255, in box (1,1)-(1,1)"
    )
    named = compare("a.png", left, right, Absolute(5), Absolute(5))
    assert named is not None
    assert named.answer is Answer.EQUIVALENT


@pytest.mark.parametrize("kind", range(5))
@pytest.mark.parametrize(("color", "depth"), [(0, 8), (2, 8), (6, 8), (2, 16)])
def test_every_filter_of_png_gives_the_same_pixels(kind: int, color: int, depth: int) -> None:
    pixels = bytes(i * 37 % 251 for i in range(96))
    plain = read("a.png", png(pixels, 2, color=color, depth=depth))
    other = read("a.png", png(pixels, 2, color=color, depth=depth, kind=kind))

    assert isinstance(plain, Reading)
    assert isinstance(other, Reading)
    assert list(plain.parts) == list(other.parts)


UNREADABLE = [
    ("a.json", b""), ("a.json", b"{"), ("a.json", b"\xff"), ("a.json", b'{"a": 1, "a": 2}'),
    ("a.json", b"[" * 100_000), ("a.json", b"[" + b"9" * 5000 + b"]"), ("a.json", b'\xef\xbb\xbf{"a": 1}'),
    ("a.jsonl", b"{}\n{"), ("a.csv", b'a,"b\n'), ("a.csv", b"a\0b"), ("a.csv", b""),
    ("a.npy", npy([1.0])[:-1]), ("a.npy", npy([1.0]) + b"x"), ("a.npy", b"\x93NUMPY\x01\0\xff\xff{"),
    ("a.npy", npy([1.0]).replace(b"<f8", b"|O8")), ("a.npy", npy([1.0]).replace(b"(1,)", b"(-1,)"[:4])),
    ("a.zip", zipped({"a": b"1"}) + b"x"), ("a.zip", zipped({"a": b"1"})[:-1]),
    ("a.zip", zipped({"a": b"1"}).replace(b"PK\5\6", b"PK\5\7")),
    ("a.gz", gzip.compress(b"a") + b"x"), ("a.gz", gzip.compress(b"a")[:-1]),
    ("a.tar", tarred({"a": b"1"}) + b"x"), ("a.tar", b"x" * 1024),
    ("a.png", png(bytes(16), 4) + b"x"), ("a.png", png(bytes(16), 4)[:-1]),
    ("a.png", png(bytes(16), 4).replace(b"IDAT", b"IDAU")),
    ("a.jpg", b"\xff\xd8\xff\xe0"), ("a.parquet", b"PAR1xxxxPAR1"), ("a.bin", b"text"), ("a.pkl", b"text"),
    ("a.txt", b"a\0b"), ("a.txt", b"\xff\xfe"), ("a.safetensors", b"\xff" * 16), ("a.h5", b"\x89HDF\r\n\x1a\n"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "data"), UNREADABLE)
def test_what_cannot_be_read_surely_is_not_read(name: str, data: bytes) -> None:
    assert read(name, data) is None


def test_bytes_before_the_first_member_are_not_overlooked() -> None:
    assert read("a.zip", zipped({"a": b"1"})) is not None
    assert not isinstance(read("a.zip", b"PK\3\4" + zipped({"a": b"1"})), Reading)


def test_archive_that_expands_too_far_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("gzips", "zips"):
        monkeypatch.setattr(f"anew.formats.{module}.MOST_EXPANDED", 1000)

    assert not isinstance(read("a.gz", gzip.compress(bytes(100_000))), Reading | None)
    assert not isinstance(read("a.zip", zipped({"a": bytes(100_000)})), Reading | None)


def test_files_within_files_end_somewhere() -> None:
    data = b"a\n1\n"
    for _ in range(30):
        data = gzip.compress(data)

    assert isinstance(read("a.gz", data), Reading)


def test_pictures_say_how_many_pixels_differ() -> None:
    image = pytest.importorskip("PIL.Image")
    sides = []
    for value in (0, 9):
        stream, picture = io.BytesIO(), image.new("RGB", (32, 32))
        picture.paste((value, 0, 0), (0, 0, 8, 8))
        picture.save(stream, "GIF")
        sides.append(stream.getvalue())

    found = compare("a.gif", *sides)
    assert found is not None
    assert found.answer is Answer.DIVERGED
    assert "of 1,024 pixels differ" in found.difference


def test_parquet_is_compared_column_by_column() -> None:
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")

    def table(value: float, name: str = "x", packing: str = "snappy") -> bytes:
        stream = io.BytesIO()
        columns = {"loss": [0.5, value], "name": ["a", name], "count": [1, None]}
        parquet.write_table(arrow.table(columns), stream, compression=packing)
        return stream.getvalue()

    assert answer("a.parquet", table(1.0), table(1.25)) is Answer.DIVERGED
    assert answer("a.parquet", table(1.0), table(1.25), Absolute(0.25)) is Answer.EQUIVALENT
    assert answer("a.parquet", table(1.0), table(1.0, "y"), Absolute(0.25)) is Answer.DIVERGED
    assert answer("a.parquet", table(1.0), table(1.0, packing="gzip")) is Answer.EQUIVALENT


def test_safetensors_are_compared_array_by_array() -> None:
    def tensors(value: float, kind: str = "F32") -> bytes:
        header = json.dumps({"w": {"dtype": kind, "shape": [2], "data_offsets": [0, 8]}}).encode()
        return struct.pack("<Q", len(header)) + header + struct.pack("<2f", 1.0, value)

    assert answer("a.safetensors", tensors(1.0), tensors(1.5)) is Answer.DIVERGED
    assert answer("a.safetensors", tensors(1.0), tensors(1.5), Absolute(0.5)) is Answer.EQUIVALENT
    assert answer("a.safetensors", tensors(1.0), tensors(1.0, "I32")) is Answer.DIVERGED


def test_pickles_have_no_reader() -> None:
    assert not may_have_reader("model.pkl")
    assert may_have_reader("metrics.json")


SAMPLES = {name: data for name, data, _ in DIFFERENT} | {
    "b.svg": b"<svg/>", "b.safetensors": struct.pack("<Q", 2) + b"{}",
}  # fmt: skip


@given(st.sampled_from(sorted(SAMPLES)), st.data())
def test_damaged_file_never_raises_and_never_reads_as_the_same(
    name: str, data: st.DataObject
) -> None:
    left = SAMPLES[name]
    position = data.draw(st.integers(0, len(left) - 1))
    right = left[:position] + bytes([data.draw(st.integers(0, 255))]) + left[position + 1 :]
    if data.draw(st.booleans()):
        right = right[:position]

    if left != right:
        compare(name, left, right)


@given(st.sampled_from(sorted(SAMPLES)), st.binary(max_size=200))
def test_any_bytes_can_be_given_to_a_reader(name: str, data: bytes) -> None:
    found = read(name, data)
    if isinstance(found, Reading):
        list(found.parts)


def test_hdf5_is_compared_dataset_by_dataset() -> None:
    h5py = pytest.importorskip("h5py")

    def tree(value: float, unit: str = "m") -> bytes:
        stream = io.BytesIO()
        with h5py.File(stream, "w") as file:
            dataset = file.create_dataset("g/x", data=[0.5, value])
            dataset.attrs["unit"] = unit
        return stream.getvalue()

    assert answer("a.h5", tree(1.0), tree(1.25)) is Answer.DIVERGED
    assert answer("a.h5", tree(1.0), tree(1.25), Absolute(0.25)) is Answer.EQUIVALENT
    assert answer("a.h5", tree(1.0), tree(1.0, "s"), Absolute(0.25)) is Answer.DIVERGED


def notebook(duration: float, output: str) -> bytes:
    cell = {"metadata": {"papermill": {"duration": duration, "status": "completed"},
                         "execution": {"iopub.execute_input": f"2024-05-01T00:00:{duration}Z"}},
            "outputs": [{"text": output}]}  # fmt: skip
    return json.dumps(
        {"cells": [cell], "metadata": {"papermill": {"end_time": str(duration)}}}
    ).encode()


def test_times_of_cells_are_ignored_and_their_outputs_are_not() -> None:
    assert answer("a.ipynb", notebook(1.5, "x"), notebook(2.5, "x")) is Answer.EQUIVALENT
    assert answer("a.ipynb", notebook(1.5, "x"), notebook(1.5, "y")) is Answer.DIVERGED
    assert answer("a.json", notebook(1.5, "x"), notebook(2.5, "x")) is Answer.DIVERGED
