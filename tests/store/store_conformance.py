"""What every store must do: subclass `StoreConformance` and give it a `store` fixture."""

import io
import os
import time
from pathlib import Path

import pytest

from anew.model.digest import Digest, digest_bytes
from anew.model.errors import ChangedWhileRead, DamagedObject, MissingObject
from anew.store.copying import stamp_of
from anew.store.protocol import Store

SIZES = (0, 1, 63, 64, 4096, 128 * 1024 - 1, 128 * 1024, 128 * 1024 + 1, 3 << 20)
NOWHERE = digest_bytes(b"what no test stores")


def content(size: int) -> bytes:
    return (b"%d, " % size * (size // 4 + 1))[:size]


class StoreConformance:
    """The behaviour both rooms above and users rely on."""

    def spoil(self, store: Store, digest: Digest) -> None:
        """Change a byte of what is kept under `digest`."""
        raise NotImplementedError

    def keep(self, store: Store, *pieces: bytes) -> list[Digest]:
        batch = store.begin()
        digests = [batch.add(piece) for piece in pieces]
        batch.commit()
        return digests

    @pytest.mark.parametrize("size", SIZES)
    def test_bytes_come_back_as_they_went_in(self, store: Store, tmp_path: Path, size: int) -> None:
        data = content(size)
        (digest,) = self.keep(store, data)
        assert digest == digest_bytes(data)
        assert store.read(digest) == data
        with store.open(digest) as stream:
            assert stream.read() == data
        store.restore(digest, tmp_path / "restored")
        assert (tmp_path / "restored").read_bytes() == data
        store.verify(digest)

    @pytest.mark.parametrize("size", SIZES)
    def test_a_file_comes_back_as_it_went_in(self, store: Store, tmp_path: Path, size: int) -> None:
        path = tmp_path / "file"
        path.write_bytes(content(size))
        batch = store.begin()
        digest = batch.add_file(str(path), stamp_of(path.stat()))
        batch.commit()
        assert digest == digest_bytes(content(size)) == store.fingerprint(str(path), None)
        assert store.read(digest) == content(size)

    def test_nothing_is_visible_before_commit(self, store: Store) -> None:
        batch = store.begin()
        digests = [batch.add(content(size)) for size in SIZES]
        assert store.has_many(digests) == frozenset()
        batch.commit()
        assert store.has_many([*digests, NOWHERE]) == frozenset(digests)

    def test_discarded_objects_are_never_seen(self, store: Store) -> None:
        batch = store.begin()
        digests = [batch.add(content(size)) for size in SIZES]
        batch.discard()
        batch.commit()
        assert store.has_many(digests) == frozenset()
        assert batch.add(b"after") == digest_bytes(b"after")
        batch.commit()
        assert store.has_many([digest_bytes(b"after")])

    def test_a_batch_can_be_used_again_after_commit(self, store: Store) -> None:
        batch = store.begin()
        first = batch.add(b"first")
        batch.commit()
        second = batch.add(b"second")
        batch.commit()
        assert store.read(first) == b"first"
        assert store.read(second) == b"second"

    def test_a_missing_object_is_named(self, store: Store, tmp_path: Path) -> None:
        for deed in (
            store.read,
            store.open,
            store.verify,
            lambda each: store.restore(each, tmp_path / "x"),
        ):
            with pytest.raises(MissingObject, match=NOWHERE):
                deed(NOWHERE)
        assert not (tmp_path / "x").exists()

    @pytest.mark.parametrize("size", [1000, 1 << 20])
    def test_damage_is_told_and_not_handed_out(
        self, store: Store, tmp_path: Path, size: int
    ) -> None:
        (digest,) = self.keep(store, content(size))
        self.spoil(store, digest)
        for deed in (
            store.read,
            store.verify,
            lambda each: store.open(each).read(),
            lambda each: store.restore(each, tmp_path / "x"),
        ):
            with pytest.raises(DamagedObject, match=digest):
                deed(digest)
        assert not (tmp_path / "x").exists()

    def test_a_dropped_object_is_gone_and_others_stay(self, store: Store) -> None:
        small, large, other = content(5000), content(1 << 20), content(6000)
        digests = self.keep(store, small, large, other)
        assert store.drop(digests[:2]) > 0
        assert store.has_many(digests) == {digests[2]}
        assert store.read(digests[2]) == other
        assert store.drop(digests[:2]) == 0
        assert self.keep(store, small, large) == digests[:2]
        assert store.read(digests[0]) == small
        assert store.read(digests[1]) == large

    def test_a_file_in_another_state_is_refused(self, store: Store, tmp_path: Path) -> None:
        path = tmp_path / "file"
        path.write_bytes(b"before")
        stamp = stamp_of(path.stat())
        path.write_bytes(b"after it")
        with pytest.raises(ChangedWhileRead, match="file"):
            store.begin().add_file(str(path), stamp)
        with pytest.raises(ChangedWhileRead, match="file"):
            store.fingerprint(str(path), stamp)

    def test_links_are_followed(self, store: Store, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"content")
        (tmp_path / "link").symlink_to("file")
        assert store.fingerprint(str(tmp_path / "link"), None) == digest_bytes(b"content")

    def test_what_is_no_regular_file_is_refused(self, store: Store, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        for path in (tmp_path / "pipe", tmp_path, tmp_path / "absent", Path("/dev/zero")):
            with pytest.raises(OSError, match=path.name):
                store.fingerprint(str(path), None)
            with pytest.raises(OSError, match=path.name):
                store.begin().add_file(str(path), None)

    def test_a_file_of_no_known_size_is_read_to_its_end(self, store: Store) -> None:
        path = Path("/proc/version")
        assert store.fingerprint(str(path), None) == digest_bytes(path.read_bytes())
        batch = store.begin()
        assert batch.add_file(str(path), None) == digest_bytes(path.read_bytes())

    def test_a_name_that_is_no_utf8_can_be_read(self, store: Store, tmp_path: Path) -> None:
        path = tmp_path / os.fsdecode(b"caf\xe9")
        path.write_bytes(b"content")
        assert store.fingerprint(str(path), None) == digest_bytes(b"content")

    def test_restore_refuses_what_exists(self, store: Store, tmp_path: Path) -> None:
        (digest,) = self.keep(store, b"new")
        (tmp_path / "file").write_bytes(b"old")
        with pytest.raises(FileExistsError):
            store.restore(digest, tmp_path / "file")
        assert (tmp_path / "file").read_bytes() == b"old"

    def test_a_restored_file_can_be_read_and_written(self, store: Store, tmp_path: Path) -> None:
        digests = self.keep(store, b"small", content(1 << 20))
        for digest in digests:
            store.restore(digest, tmp_path / digest)
            assert (tmp_path / digest).stat().st_mode & 0o777 == 0o644
            with (tmp_path / digest).open("r+b") as file:
                file.write(b"changed")
            store.verify(digest)

    def test_a_stream_can_be_searched(self, store: Store) -> None:
        for digest in self.keep(store, content(5000), content(3 << 20)):
            with store.open(digest) as stream:
                end = stream.seek(0, io.SEEK_END)
                stream.seek(end - 10)
                assert stream.read() == content(end)[-10:]
                stream.seek(100)
                assert stream.read(7) == content(end)[100:107]
                stream.seek(0)
                assert stream.read() == content(end)

    def test_holes_stay_holes_and_count_as_zeros(self, store: Store, tmp_path: Path) -> None:
        path = tmp_path / "sparse"
        with path.open("wb") as file:
            file.truncate(64 << 20)
            file.seek(20 << 20)
            file.write(b"island")
            file.seek(40 << 20)
            file.write(b"peninsula")
        begun = time.monotonic()
        batch = store.begin()
        digest = batch.add_file(str(path), None)
        batch.commit()
        assert digest == digest_bytes(path.read_bytes())
        store.restore(digest, tmp_path / "back")
        assert (tmp_path / "back").read_bytes() == path.read_bytes()
        assert time.monotonic() - begun < 20
