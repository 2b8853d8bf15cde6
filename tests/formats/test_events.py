"""TensorBoard's event files: clocks alone are ignored, and every other byte counts."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anew.formats.events import masked_crc32c
from anew.formats.registry import read
from anew.judge.masks import Masks
from anew.judge.readings import Means, compare_readings
from anew.model.reading import Reading
from anew.model.tolerance import Absolute, Exact, Tolerance
from anew.model.verdict import Answer

NAME = "runs/a/events.out.tfevents.1700000000.host.12.0"


def record(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    return (
        length
        + struct.pack("<I", masked_crc32c(length))
        + data
        + struct.pack("<I", masked_crc32c(data))
    )


def text(number: int, value: bytes) -> bytes:
    return bytes([number << 3 | 2, len(value)]) + value


def scalar(time: float, step: int, tag: str, value: float) -> bytes:
    summary = text(1, text(1, tag.encode()) + bytes([2 << 3 | 5]) + struct.pack("<f", value))
    return record(b"\x09" + struct.pack("<d", time) + bytes([2 << 3, step]) + text(5, summary))


def file(time: float, *events: bytes) -> bytes:
    return record(b"\x09" + struct.pack("<d", time) + text(3, b"brain.Event:2")) + b"".join(events)


def judged(left: bytes, right: bytes, tolerance: Tolerance) -> Answer | None:
    here, there = read(NAME, left), read(NAME, right)
    if not isinstance(here, Reading) or not isinstance(there, Reading):
        return None
    return compare_readings(here, there, Means(tolerance, Exact(), Masks())).answer


BASE = file(1.5, scalar(2.5, 1, "loss", 0.5), scalar(3.5, 2, "loss", 0.25))


def test_other_times_are_equivalent() -> None:
    later = file(9.5, scalar(9.75, 1, "loss", 0.5), scalar(10.5, 2, "loss", 0.25))
    assert judged(BASE, later, Exact()) is Answer.EQUIVALENT


@pytest.mark.parametrize(
    "other",
    [
        file(9.5, scalar(9.75, 1, "loss", 0.5), scalar(10.5, 2, "loss", 0.26)),
        file(9.5, scalar(9.75, 1, "loss", 0.5), scalar(10.5, 3, "loss", 0.25)),
        file(9.5, scalar(9.75, 1, "lass", 0.5), scalar(10.5, 2, "loss", 0.25)),
        file(9.5, scalar(9.75, 1, "loss", 0.5)),
        file(9.5, scalar(10.5, 2, "loss", 0.25), scalar(9.75, 1, "loss", 0.5)),
        file(
            9.5,
            scalar(9.75, 1, "loss", 0.5),
            scalar(10.5, 2, "loss", 0.25),
            record(text(4, b"graph")),
        ),
    ],
    ids=["value", "step", "tag", "fewer", "order", "more"],
)
def test_anything_else_diverges(other: bytes) -> None:
    assert judged(BASE, other, Exact()) is Answer.DIVERGED


def test_scalars_are_numbers() -> None:
    near = file(1.5, scalar(2.5, 1, "loss", 0.5), scalar(3.5, 2, "loss", 0.2501))
    assert judged(BASE, near, Absolute(0.001)) is Answer.EQUIVALENT


@given(st.integers(0, len(BASE) - 1), st.integers(1, 255))
def test_a_damaged_file_is_no_event_file(at: int, by: int) -> None:
    damaged = bytearray(BASE)
    damaged[at] ^= by
    assert judged(BASE, bytes(damaged), Exact()) in (None, Answer.DIVERGED)


@given(st.binary(max_size=60))
def test_nothing_raises(rest: bytes) -> None:
    read(NAME, BASE + rest)
    read(NAME, BASE + record(rest))


def test_a_tag_that_is_no_text_counts_byte_for_byte() -> None:
    def tagged(tag: bytes) -> bytes:
        summary = text(1, text(1, tag) + bytes([2 << 3 | 5]) + struct.pack("<f", 1.0))
        return file(1.5, record(text(5, summary)))

    assert judged(tagged(b"\xff"), tagged(rb"\xff"), Exact()) is Answer.DIVERGED
