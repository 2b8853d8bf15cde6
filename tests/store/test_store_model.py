"""The store against a dictionary, through every order of deeds that hypothesis thinks of."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from anew.model.digest import Digest, digest_bytes
from anew.store.local import LocalStore
from anew.store.process import SEPARATOR, this_process

sizes = st.sampled_from([0, 1, 100, 5000, 131_071, 131_072, 300_000])


class StoreMachine(RuleBasedStateMachine):
    known = Bundle("known")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.model: dict[Digest, bytes] = {}
        self.staged: dict[Digest, bytes] = {}
        self.store = LocalStore(self.folder / "store", self.folder / "cache")
        self.batch = self.store.begin()

    def teardown(self) -> None:
        self.batch.discard()
        self.store.close()
        shutil.rmtree(self.folder)

    @rule(target=known, size=sizes, letter=st.sampled_from([b"a", b"b", b"c"]))
    def add(self, size: int, letter: bytes) -> Digest:
        data = (letter * 7 + b"\n") * (size // 8) + letter * (size % 8)
        digest = self.batch.add(data)
        assert digest == digest_bytes(data)
        self.staged[digest] = data
        return digest

    @rule(target=known, size=sizes)
    def add_file(self, size: int) -> Digest:
        path = self.folder / "file"
        path.write_bytes(b"f" * size)
        digest = self.batch.add_file(str(path), None)
        self.staged[digest] = b"f" * size
        return digest

    @rule()
    def commit(self) -> None:
        self.batch.commit()
        self.model.update(self.staged)
        self.staged = {}

    @rule()
    def discard(self) -> None:
        self.batch.discard()
        self.staged = {}

    @rule(digest=known)
    def drop(self, digest: Digest) -> None:
        self.discard()
        freed = self.store.drop([digest])
        assert (freed > 0) == (digest in self.model)
        self.model.pop(digest, None)

    @rule()
    def reopen(self) -> None:
        self.batch.discard()
        self.staged = {}
        self.store.close()
        self.store = LocalStore(self.folder / "store", self.folder / "cache")
        self.batch = self.store.begin()

    @rule()
    def lose_the_cache(self) -> None:
        shutil.rmtree(self.folder / "cache", ignore_errors=True)

    @rule()
    def spoil_the_cache(self) -> None:
        for path in (self.folder / "cache").rglob("objects*.sqlite"):
            path.write_bytes(b"spoiled" * 1000)
        self.reopen()

    @rule()
    def leave_something_behind(self) -> None:
        me = this_process().name
        dead = me.rpartition(SEPARATOR)[0] + SEPARATOR + "1" + SEPARATOR + "ff"
        folder = self.folder / "store" / "tmp" / dead
        folder.mkdir(exist_ok=True)
        (folder / "1").write_bytes(b"half an obj")
        assert self.store.sweep() == 1

    @rule(digest=known)
    def read(self, digest: Digest) -> None:
        if digest in self.model:
            assert self.store.read(digest) == self.model[digest]
            self.store.verify(digest)
            with self.store.open(digest) as stream:
                assert stream.read() == self.model[digest]
            self.store.restore(digest, self.folder / "restored")
            assert (self.folder / "restored").read_bytes() == self.model[digest]
            (self.folder / "restored").unlink()

    @invariant()
    def holds_what_it_should(self) -> None:
        asked = self.model.keys() | self.staged.keys()
        assert self.store.has_many(asked) == self.model.keys()
        assert self.store.digests() == self.model.keys()


TestStore = StoreMachine.TestCase
TestStore.settings = settings(max_examples=25, stateful_step_count=25)
