"""The store under processes that are killed, and under many at once."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from anew.model.digest import Digest, digest_bytes
from anew.store.local import LocalStore

WRITER = """
import os, random, sys
from pathlib import Path
from anew.store.local import LocalStore

def pieces(seed):
    source = random.Random(seed)
    return [source.randbytes(source.choice((10, 3000, 200_000))) for _ in range(8)]

root, cache, first, last = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
with LocalStore(root, cache) as store:
    for seed in range(first, last):
        batch = store.begin()
        for piece in pieces(seed) + pieces(0):
            batch.add(piece)
        batch.commit()
        print(seed, flush=True)
"""


def pieces(seed: int) -> list[bytes]:
    source = random.Random(seed)
    return [source.randbytes(source.choice((10, 3000, 200_000))) for _ in range(8)]


def digests(seeds: list[int]) -> frozenset[Digest]:
    return frozenset(digest_bytes(piece) for seed in seeds for piece in pieces(seed))


def start(tmp_path: Path, first: int, last: int) -> "subprocess.Popen[str]":
    arguments = [str(tmp_path / "store"), str(tmp_path / "cache"), str(first), str(last)]
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, *arguments], stdout=subprocess.PIPE, text=True
    )


def test_a_killed_writer_loses_nothing_it_was_told_is_kept(tmp_path: Path) -> None:
    moments = random.Random(7)
    acknowledged: list[int] = []
    for attempt in range(8):
        writer = start(tmp_path, 1000 * attempt + 1, 1000 * (attempt + 1))
        assert writer.stdout
        acknowledged.append(int(writer.stdout.readline()))
        time.sleep(moments.random() * 0.1)
        os.kill(writer.pid, signal.SIGKILL)
        acknowledged += [int(line) for line in writer.communicate()[0].split()]
    with LocalStore(tmp_path / "store", tmp_path / "cache") as store:
        wanted = digests([0, *acknowledged])
        assert store.has_many(wanted) == wanted
        for digest in store.digests():
            store.verify(digest)
        store.sweep()
        assert list(store.layout.temporary.iterdir()) == []
    with LocalStore(tmp_path / "store", tmp_path / "other-cache") as store:
        assert store.has_many(wanted) == wanted
        assert store.damaged_packs() == ()


def test_eight_processes_write_at_once(tmp_path: Path) -> None:
    writers = [start(tmp_path, 10 * number + 1, 10 * number + 6) for number in range(8)]
    for writer in writers:
        writer.communicate()
        assert writer.returncode == 0
    seeds = [10 * number + each for number in range(8) for each in range(1, 6)]
    with LocalStore(tmp_path / "store", tmp_path / "cache") as store:
        assert store.digests() == digests([0, *seeds])
        for digest in store.digests():
            store.verify(digest)
        assert list(store.layout.temporary.iterdir()) == []


def test_a_store_is_made_once_by_many(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from anew.store.local import LocalStore;"
        "print(LocalStore(Path(sys.argv[1]), Path(sys.argv[2])).layout.uuid)"
    )
    arguments = [sys.executable, "-c", script, str(tmp_path / "s"), str(tmp_path / "c")]
    makers = [subprocess.Popen(arguments, stdout=subprocess.PIPE) for _ in range(6)]
    assert len({maker.communicate()[0] for maker in makers}) == 1
