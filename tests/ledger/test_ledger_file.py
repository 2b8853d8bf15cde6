"""The ledger in a folder."""

import errno
import os
import random
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from ledger_conformance import LedgerConformance

from anew.ledger import file as ledger_file
from anew.ledger.file import REPAIRED, FileLedger, writer_name
from anew.model.digest import digest_bytes
from anew.model.errors import BrokenLedger

Now = Callable[[], str]

WRITER = """
import sys
from pathlib import Path
from anew.ledger.file import FileLedger
ledger = FileLedger(Path(sys.argv[1]), "here", lambda: "2026")
for number in range(int(sys.argv[3])):
    ledger.append("noted", f"{sys.argv[2]}-{number}", text="x" * 3000)
    print(number, flush=True)
"""


@pytest.fixture
def ledger(tmp_path: Path, now: Now) -> FileLedger:
    return FileLedger(tmp_path, "here", now)


class TestFileLedger(LedgerConformance):
    """With the fixture of this module."""


def segment(tmp_path: Path, writer: str = "here") -> Path:
    return tmp_path / "ledger" / f"{writer}.jsonl"


def start(tmp_path: Path, name: str, count: int) -> "subprocess.Popen[str]":
    arguments = [sys.executable, "-c", WRITER, str(tmp_path), name, str(count)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)


def test_a_line_names_the_digest_of_the_line_before(ledger: FileLedger, tmp_path: Path) -> None:
    ledger.append("noted", "first")
    second = ledger.append("noted", "second")
    lines = segment(tmp_path).read_bytes().splitlines(keepends=True)
    assert second.previous == digest_bytes(lines[0])


def test_a_ledger_is_private(ledger: FileLedger, tmp_path: Path) -> None:
    ledger.append("noted", "x")
    assert stat.S_IMODE((tmp_path / "ledger").stat().st_mode) == 0o700
    assert stat.S_IMODE(segment(tmp_path).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "torn", [b"{", b'{"kind":"noted","subject":"cut', b"\0" * 4096, b"\0" * 3000 + b"}\n"]
)
@pytest.mark.parametrize("before", [0, 3])
def test_a_torn_line_is_cut_off_and_told(
    tmp_path: Path, now: Now, torn: bytes, before: int
) -> None:
    ledger = FileLedger(tmp_path, "here", now)
    (tmp_path / "ledger").mkdir()
    segment(tmp_path).touch()
    written = [ledger.append("noted", f"{number}") for number in range(before)]
    with segment(tmp_path).open("ab") as file:
        file.write(torn)
    assert list(ledger.entries()) == written
    later = FileLedger(tmp_path, "here", now)
    new = later.append("noted", "new")
    *old, repaired, last = later.entries()
    assert (old, last) == (written, new)
    assert repaired.kind == REPAIRED
    assert f"{len(torn)} bytes" in repaired.text
    assert digest_bytes(torn) in repaired.text
    later.check()


def test_more_than_a_torn_line_is_damage_and_stays(ledger: FileLedger, tmp_path: Path) -> None:
    for name in "abc":
        ledger.append("noted", name)
    lines = segment(tmp_path).read_bytes().splitlines(keepends=True)
    spoiled = lines[0] + b"?" + lines[1][1:] + b"?" + lines[2][1:]
    segment(tmp_path).write_bytes(spoiled)
    with pytest.raises(BrokenLedger, match="damaged"):
        FileLedger(tmp_path, "here", lambda: "").append("noted", "d")
    assert segment(tmp_path).read_bytes() == spoiled


@pytest.mark.parametrize("change", ["edit", "remove", "swap", "garbage"])
def test_a_changed_history_is_told_by_segment_and_line(
    ledger: FileLedger, tmp_path: Path, change: str
) -> None:
    for name in "abcdef":
        ledger.append("noted", name)
    lines = segment(tmp_path).read_bytes().splitlines(keepends=True)
    match change:
        case "edit":
            lines[1] = lines[1].replace(b'"b"', b'"B"')
        case "remove":
            del lines[2]
        case "swap":
            lines[2], lines[3] = lines[3], lines[2]
        case _:
            lines[2] = b"garbage\n"
    segment(tmp_path).write_bytes(b"".join(lines))
    with pytest.raises(BrokenLedger, match=r"line 3 of `here\.jsonl`"):
        ledger.check()


def test_a_ledger_can_be_read_on_from_where_one_was(ledger: FileLedger, tmp_path: Path) -> None:
    other = FileLedger(tmp_path, "there", lambda: "2026-01-01T00:00:00.000001Z")
    first = ledger.append("noted", "a")
    lines = list(ledger.lines())
    positions = {line.segment: line.end for line in lines}
    assert [line.entry for line in lines] == [first]
    new = [ledger.append("noted", "b"), other.append("noted", "c")]
    later = list(ledger.lines(positions))
    assert {line.entry for line in later} == set(new)
    positions |= {line.segment: line.end for line in later}
    assert list(ledger.lines(positions)) == []
    assert {name: at.offset for name, at in positions.items()} == ledger.positions()


def test_a_segment_that_is_another_now_is_told(ledger: FileLedger, tmp_path: Path) -> None:
    for name in "abc":
        ledger.append("noted", name)
    positions = {line.segment: line.end for line in ledger.lines()}
    whole = segment(tmp_path).read_bytes()
    segment(tmp_path).write_bytes(whole[:-10])
    with pytest.raises(BrokenLedger):
        list(ledger.lines(positions))
    segment(tmp_path).write_bytes(whole + whole.splitlines(keepends=True)[1])
    with pytest.raises(BrokenLedger, match="line 1"):
        list(ledger.lines(positions))
    segment(tmp_path).unlink()
    with pytest.raises(BrokenLedger, match="gone"):
        list(ledger.lines(positions))


def test_segments_are_merged_by_time_and_keep_their_order(tmp_path: Path) -> None:
    here_times, there_times = iter(["1", "5", "3", "7"]), iter(["2", "4", "6"])
    here = FileLedger(tmp_path, "here", lambda: next(here_times))
    there = FileLedger(tmp_path, "there", lambda: next(there_times))
    for _ in range(4):
        here.append("noted", "h")
    for _ in range(3):
        there.append("noted", "t")
    times = [entry.written_at for entry in here.entries()]
    assert times == ["1", "2", "4", "5", "3", "6", "7"]


def test_the_head_moves_with_any_segment(ledger: FileLedger, tmp_path: Path) -> None:
    ledger.append("noted", "a")
    before = ledger.head()
    FileLedger(tmp_path, "there", lambda: "").append("noted", "b")
    assert ledger.head() != before


def test_an_append_that_fails_leaves_the_ledger_as_it_was(
    ledger: FileLedger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.append("noted", "a")
    before = segment(tmp_path).read_bytes()

    def full(file: int, data: bytes) -> None:
        os.write(file, data[:5])
        raise OSError(errno.ENOSPC, "no space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(ledger_file, "write_all", full)
        with pytest.raises(OSError, match="no space"):
            ledger.append("noted", "b")
    assert segment(tmp_path).read_bytes() == before
    ledger.append("noted", "c")
    assert [entry.subject for entry in ledger.entries()] == ["a", "c"]


def test_fifty_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    writers = [start(tmp_path, f"w{number}", 4) for number in range(50)]
    for writer in writers:
        writer.communicate()
        assert writer.returncode == 0
    ledger = FileLedger(tmp_path, "here", lambda: "")
    ledger.check()
    subjects = [entry.subject for entry in ledger.entries()]
    assert sorted(subjects) == sorted(f"w{w}-{n}" for w in range(50) for n in range(4))


def test_threads_of_one_process_lose_nothing(tmp_path: Path) -> None:
    ledgers = [FileLedger(tmp_path, "here", lambda: "") for _ in range(4)]

    def work(ledger: FileLedger) -> None:
        for _ in range(20):
            ledger.append("noted", "x")
            list(ledger.entries())

    threads = [threading.Thread(target=work, args=(each,)) for each in ledgers * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ledgers[0].check()
    assert len(list(ledgers[0].entries())) == 160


def test_killed_writers_leave_a_whole_ledger(tmp_path: Path) -> None:
    moments = random.Random(11)
    acknowledged = []
    for attempt in range(6):
        writer = start(tmp_path, f"k{attempt}", 100_000)
        assert writer.stdout
        lines = [writer.stdout.readline()]
        time.sleep(moments.random() * 0.03)
        os.kill(writer.pid, signal.SIGKILL)
        lines += writer.communicate()[0].splitlines()
        acknowledged += [f"k{attempt}-{line.strip()}" for line in lines]
    ledger = FileLedger(tmp_path, "here", lambda: "")
    ledger.append("noted", "last")
    ledger.check()
    assert set(acknowledged) <= {entry.subject for entry in ledger.entries()}


def test_a_reader_follows_while_others_write(tmp_path: Path) -> None:
    writer = start(tmp_path, "w", 300)
    ledger = FileLedger(tmp_path, "there", lambda: "")
    positions = {}
    seen = []
    while len(seen) < 300:
        for line in ledger.lines(positions):
            seen.append(line.entry.subject)
            positions[line.segment] = line.end
    assert seen == [f"w-{number}" for number in range(300)]
    writer.communicate()


def test_the_name_of_a_writer_is_fit_for_a_file(tmp_path: Path) -> None:
    name = writer_name()
    assert "/" not in name
    FileLedger(tmp_path, name, lambda: "").append("noted", "x")
    assert segment(tmp_path, name).exists()


def test_an_append_costs_little_beside_the_sync(
    ledger: FileLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_file.os, "fsync", lambda _: None)
    best = 1.0
    for _ in range(5):
        begun = time.perf_counter()
        for _ in range(20):
            ledger.append("noted", "x")
        best = min(best, (time.perf_counter() - begun) / 20)
    assert best < 0.001
