"""The store in a folder."""

import json
import os
import resource
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from store_conformance import StoreConformance, content

from anew.model.digest import Digest, digest_bytes
from anew.model.errors import (
    ChangedWhileRead,
    DamagedObject,
    MissingObject,
    StoreUnusable,
    Unsupported,
)
from anew.store import batch as batches
from anew.store import copying, local, locking
from anew.store.copying import stamp_of
from anew.store.holdings import LARGE
from anew.store.local import LocalStore


def keep(store: LocalStore, *pieces: bytes) -> list[Digest]:
    batch = store.begin()
    digests = [batch.add(piece) for piece in pieces]
    batch.commit()
    return digests


def flip(path: Path, place: int) -> None:
    path.chmod(0o600)
    with path.open("r+b") as file:
        file.seek(place)
        byte = file.read(1)[0]
        file.seek(place)
        file.write(bytes([byte ^ 1]))


def again(store: LocalStore, tmp_path: Path, cache: str = "cache") -> LocalStore:
    store.close()
    return LocalStore(store.layout.root, tmp_path / cache)


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


class TestLocalStore(StoreConformance):
    def spoil(self, store: LocalStore, digest: Digest) -> None:  # type: ignore[override]
        path = store.layout.object(digest)
        if path.exists():
            flip(path, path.stat().st_size // 2)
        else:
            (pack,) = store.layout.packs.iterdir()
            flip(pack, 20)


class TestLocalStoreWithoutCache(StoreConformance):
    """The same where the cache cannot be written."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[LocalStore]:
        (tmp_path / "cache").write_text("a file where the folder should be")
        with LocalStore(tmp_path / "store", tmp_path / "cache") as opened:
            yield opened

    spoil = TestLocalStore.spoil


def test_a_store_is_private(store: LocalStore) -> None:
    old = os.umask(0)
    try:
        keep(store, b"small", content(1 << 20))
    finally:
        os.umask(old)
    root = store.layout.root
    assert stat.S_IMODE(root.stat().st_mode) == 0o700
    for path in root.rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        expected = {0o700} if path.is_dir() else {0o600, 0o444}
        assert mode in expected, path


def test_a_store_of_a_later_version_is_refused(store: LocalStore, tmp_path: Path) -> None:
    path = store.layout.root / "format.json"
    form = json.loads(path.read_text())
    for change in ({"store": 2}, {"features": ["chunks"]}):
        path.write_text(json.dumps({**form, **change}))
        with pytest.raises(Unsupported, match=r"version 2|chunks"):
            LocalStore(store.layout.root, tmp_path / "cache")
    path.write_text("{")
    with pytest.raises(StoreUnusable, match=r"format\.json"):
        LocalStore(store.layout.root, tmp_path / "cache")


def test_a_folder_that_is_no_store_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.tex").touch()
    with pytest.raises(StoreUnusable, match=r"thesis\.tex"):
        LocalStore(tmp_path / "home", tmp_path / "cache")
    assert files_in(tmp_path / "home") == ["thesis.tex"]
    with pytest.raises(StoreUnusable, match="cannot be used"):
        LocalStore(tmp_path / "home" / "thesis.tex" / "x", tmp_path / "cache")


def test_the_same_bytes_take_room_once(store: LocalStore, tmp_path: Path) -> None:
    keep(store, b"small", content(1 << 20))
    before = files_in(store.layout.root)
    path = tmp_path / "copy"
    path.write_bytes(content(1 << 20))
    batch = store.begin()
    batch.add(b"small")
    batch.add(content(1 << 20))
    batch.add_file(str(path), None)
    batch.add_file(str(path), None)
    batch.commit()
    assert files_in(store.layout.root) == before


def test_a_commit_leaves_one_pack_and_nothing_temporary(store: LocalStore) -> None:
    keep(store, *(b"%d" % number for number in range(1000)))
    assert len(files_in(store.layout.packs)) == 1
    assert list(store.layout.temporary.iterdir()) == []


def test_a_very_large_batch_becomes_several_packs(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "PACK_SIZE", 10_000)
    monkeypatch.setattr(batches, "BUFFER_SIZE", 5_000)
    pieces = [os.urandom(1000) for _ in range(100)]
    digests = keep(store, *pieces)
    assert 5 <= len(files_in(store.layout.packs)) <= 10
    assert [store.read(digest) for digest in digests] == pieces


def test_what_one_store_writes_another_sees(store: LocalStore, tmp_path: Path) -> None:
    with LocalStore(store.layout.root, tmp_path / "cache") as other:
        (digest,) = keep(store, b"new")
        assert other.read(digest) == b"new"
        other.drop([digest])
        with pytest.raises(MissingObject):
            store.read(digest)
        assert store.has_many([digest]) == frozenset()


def test_a_lost_index_is_made_again(store: LocalStore, tmp_path: Path) -> None:
    digests = keep(store, b"one", b"two", content(1 << 20))
    shutil.rmtree(tmp_path / "cache")
    assert store.has_many(digests) == frozenset(digests)
    assert store.read(digests[0]) == b"one"
    with again(store, tmp_path) as fresh:
        assert fresh.has_many(digests) == frozenset(digests)
        assert fresh.digests() == frozenset(digests)


@pytest.mark.parametrize("garbage", [b"", b"no database at all" * 1000, b"SQLite format 3\0" * 500])
def test_a_broken_index_is_made_again(store: LocalStore, tmp_path: Path, garbage: bytes) -> None:
    digests = keep(store, b"one", b"two", content(1 << 20))
    store.close()
    for path in (tmp_path / "cache").rglob("*.sqlite"):
        path.write_bytes(garbage)
    with LocalStore(store.layout.root, tmp_path / "cache") as fresh:
        assert fresh.has_many(digests) == frozenset(digests)
        assert [fresh.read(digest) for digest in digests[:2]] == [b"one", b"two"]
        assert keep(fresh, b"three") == [digest_bytes(b"three")]


def test_an_index_that_contradicts_a_pack_loses(store: LocalStore, tmp_path: Path) -> None:
    digests = keep(store, b"one" * 50, b"two" * 50)
    index = store._holdings.index
    index._cache.run(lambda db: db.execute("UPDATE objects SET start = 8, length = 9"))
    assert store.read(digests[0]) == b"one" * 50
    with again(store, tmp_path) as fresh:
        assert fresh.read(digests[1]) == b"two" * 50


def test_a_pack_that_is_cut_short_is_told(store: LocalStore, tmp_path: Path) -> None:
    digests = keep(store, b"one", b"two")
    (pack,) = store.layout.packs.iterdir()
    (other,) = keep(store, b"other pack")
    os.truncate(pack, pack.stat().st_size - 1)
    with again(store, tmp_path, "other-cache") as fresh:
        with pytest.raises(DamagedObject, match=pack.name):
            fresh.read(digests[0])
        assert fresh.read(other) == b"other pack"
        assert fresh.damaged_packs() == (pack.name,)
        assert keep(fresh, b"one") == digests[:1]
        assert fresh.read(digests[0]) == b"one"


@pytest.mark.parametrize("place", [-1, -20, -50, -70])
def test_any_damage_to_the_end_of_a_pack_is_told(
    store: LocalStore, tmp_path: Path, place: int
) -> None:
    (digest,) = keep(store, b"one")
    (pack,) = store.layout.packs.iterdir()
    flip(pack, pack.stat().st_size + place)
    with again(store, tmp_path, "other-cache") as fresh, pytest.raises(DamagedObject):
        fresh.read(digest)


def test_a_large_sparse_file_takes_neither_time_nor_room(store: LocalStore, tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(1 << 30)
    batch = store.begin()
    digest = batch.add_file(str(path), None)
    batch.commit()
    assert store.size_on_disk([digest]) < 1 << 20
    store.restore(digest, tmp_path / "back")
    assert (tmp_path / "back").stat().st_size == 1 << 30
    assert (tmp_path / "back").stat().st_blocks < 100


@pytest.mark.parametrize("size", [LARGE - 1, 4 << 20])
def test_a_file_that_changes_while_it_is_read_is_refused(
    store: LocalStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content(size))
    pread, preadv = os.pread, os.preadv

    def meddle() -> None:
        with path.open("r+b") as file:
            file.write(b"!")
        os.utime(path, ns=(0, 0))

    def reading(*arguments: int) -> bytes:
        meddle()
        return pread(*arguments)

    def reading_into(*arguments: object) -> int:
        meddle()
        return preadv(*arguments)  # type: ignore[arg-type]

    batch = store.begin()
    with monkeypatch.context() as patched:
        patched.setattr(copying.os, "pread", reading)
        patched.setattr(copying.os, "preadv", reading_into)
        with pytest.raises(ChangedWhileRead, match="modified"):
            batch.add_file(str(path), None)
    batch.add(b"whole")
    batch.commit()
    assert len(store.digests()) == 1


def test_a_known_file_that_is_held_is_not_read(
    store: LocalStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [tmp_path / "small", tmp_path / "large"]
    for path, size in zip(paths, (100, 1 << 20), strict=True):
        path.write_bytes(content(size))
    store._stamps.now = lambda: time.time_ns() + 10_000_000_000  # as if long had passed
    stamps = [stamp_of(path.stat()) for path in paths]
    batch = store.begin()
    digests = [batch.add_file(*each) for each in zip(map(str, paths), stamps, strict=True)]
    batch.commit()
    with again(store, tmp_path) as fresh:
        monkeypatch.setattr(batches, "opened", None)
        monkeypatch.setattr(local, "opened", None)
        assert fresh.known(stamps) == dict(zip(stamps, digests, strict=True))
        batch = fresh.begin()
        assert batch.add_file(str(paths[0]), stamps[0]) == digests[0]
        assert fresh.fingerprint(str(paths[1]), None) == digests[1]


def test_a_known_file_whose_object_was_dropped_is_stored_again(
    store: LocalStore, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"content")
    store._stamps.now = lambda: time.time_ns() + 10_000_000_000
    batch = store.begin()
    digest = batch.add_file(str(path), None)
    batch.commit()
    store.drop([digest])
    batch = store.begin()
    assert batch.add_file(str(path), None) == digest
    batch.commit()
    assert store.read(digest) == b"content"


def test_dropping_frees_what_it_says(store: LocalStore) -> None:
    digests = keep(store, *(os.urandom(1000) for _ in range(100)), os.urandom(1 << 20))

    def used() -> int:
        root = store.layout.root
        return sum((root / name).stat().st_size for name in files_in(root))

    before = used()
    freed = store.drop(digests[50:])
    assert before - used() == freed
    assert freed > 1_050_000
    assert store.has_many(digests) == frozenset(digests[:50])
    for digest in digests[:50]:
        store.verify(digest)


def test_nothing_is_dropped_while_somebody_adds(store: LocalStore, tmp_path: Path) -> None:
    (digest,) = keep(store, b"old")
    with LocalStore(store.layout.root, tmp_path / "cache") as other:
        batch = other.begin()
        batch.add(b"old")
        with pytest.raises(StoreUnusable, match="in use"), store.alone(wait=0.1):
            pass
        batch.commit()
        with other.in_use(), pytest.raises(StoreUnusable), store.alone(wait=0.1):
            pass
    with store.alone():
        with pytest.raises(StoreUnusable):
            locking.share(store.layout.lock, wait=0.1)
        assert store.drop([digest]) > 0


def test_a_crash_while_packs_are_rewritten_loses_nothing(
    store: LocalStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = keep(store, *(os.urandom(1000) for _ in range(10)))
    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", None)
        with pytest.raises(TypeError):
            store.drop(digests[:5])
    with again(store, tmp_path, "other-cache") as fresh:
        assert fresh.has_many(digests[5:]) == frozenset(digests[5:])
        fresh.drop(digests[:5])
        assert fresh.digests() == frozenset(digests[5:])


def test_leftovers_of_the_dead_are_swept_and_of_the_living_are_not(
    store: LocalStore, tmp_path: Path
) -> None:
    living = store.begin()
    living.add(content(1 << 20))
    script = (
        "import sys, os, signal; from pathlib import Path; from anew.store.local import LocalStore;"
        "s = LocalStore(Path(sys.argv[1]), Path(sys.argv[2])); b = s.begin();"
        "b.add(bytes(1 << 20)); os.kill(os.getpid(), signal.SIGKILL)"
    )
    arguments = [str(store.layout.root), str(tmp_path / "cache")]
    subprocess.run([sys.executable, "-c", script, *arguments], check=False)
    (store.layout.temporary / "somebody-elses").mkdir()
    (store.layout.temporary / "old").mkdir()
    os.utime(store.layout.temporary / "old", (0, 0))
    assert len(list(store.layout.temporary.iterdir())) == 4
    assert store.sweep() == 2
    living.commit()
    assert len(store.digests()) == 1


def test_a_full_disk_is_told_and_the_store_stays_whole(store: LocalStore) -> None:
    (kept,) = keep(store, b"kept")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    batch = store.begin()
    small = batch.add(os.urandom(100_000))
    resource.setrlimit(resource.RLIMIT_FSIZE, (65536, limits[1]))
    try:
        with pytest.raises(OSError, match="large"):
            batch.add(os.urandom(1 << 20))
        with pytest.raises(OSError, match="large"):
            batch.commit()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert store.digests() == {kept}
    assert list(store.layout.temporary.iterdir()) == []
    assert store.has_many([small]) == frozenset()
    assert keep(store, b"more") == [digest_bytes(b"more")]


def test_a_store_that_cannot_be_written_can_be_read(store: LocalStore, tmp_path: Path) -> None:
    digests = keep(store, b"small", content(1 << 20))
    (store.layout.root / "lock").unlink()
    with again(store, tmp_path, "no-cache") as fresh:
        assert [len(fresh.read(digest)) for digest in digests] == [5, 1 << 20]
        assert not (store.layout.root / "lock").exists()


def test_free_space_is_judged_by_share_and_size(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.statvfs(store.layout.root)

    class Space:
        f_frsize = 1 << 20
        f_blocks = 1000 << 10
        f_bavail = 50 << 10

    monkeypatch.setattr(os, "statvfs", lambda _: Space)
    assert real.f_blocks
    assert store.free_space_allows(29 << 30)
    assert not store.free_space_allows(31 << 30)
    Space.f_blocks = 100 << 10
    assert store.free_space_allows(39 << 30)
    assert not store.free_space_allows(41 << 30)


def test_a_thousand_packs_open_fast(store: LocalStore, tmp_path: Path) -> None:
    (digest,) = keep(store, b"first")
    for number in range(300):
        keep(store, b"%d" % number)
    with again(store, tmp_path) as fresh:
        assert fresh.has_many([digest])
    best = 1.0
    for _ in range(3):
        begun = time.perf_counter()
        with LocalStore(store.layout.root, tmp_path / "cache") as fresh:
            fresh.has_many([digest])
        best = min(best, time.perf_counter() - begun)
    assert best < 0.05


def test_what_can_be_nowhere_yet_is_found_by_all_without_having_been_asked_for(
    tmp_path: Path,
) -> None:
    store = LocalStore(tmp_path / "store", tmp_path / "cache")
    batch = store.begin()
    first = batch.add_new(b"a request")
    batch.commit()
    assert not list((tmp_path / "cache").rglob("objects-*.sqlite"))  # nobody was asked
    assert store.read(first) == b"a request"

    batch = store.begin()
    same, large = batch.add_new(b"a request"), batch.add_new(b"x" * LARGE)
    both = batch.add(b"beside it")
    batch.commit()
    assert store.has_many([first, large, both]) == {first, large, both}
    assert same == first
    assert again(store, tmp_path, "another").read(first) == b"a request"


def test_a_store_that_was_made_ready_knows_what_came_and_goes_on_without_its_cache(
    tmp_path: Path,
) -> None:
    store = LocalStore(tmp_path / "store", tmp_path / "cache")
    (one,) = keep(LocalStore(tmp_path / "store", tmp_path / "other"), b"one")
    store.get_ready()
    assert store.has_many([one]) == {one}
    shutil.rmtree(tmp_path / "cache")
    (two,) = keep(LocalStore(tmp_path / "store", tmp_path / "other"), b"two")
    assert keep(store, b"one", b"three")[0] == one
    assert store.has_many([one, two]) == {one, two}

    blocked = LocalStore(tmp_path / "store", tmp_path / "again")
    (tmp_path / "again").write_text("no folder")
    blocked.get_ready()
    assert blocked.read(two) == b"two"
