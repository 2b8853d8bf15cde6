"""Holdings: find and read what a store holds, in packs and in files of its own."""

import os
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from pathlib import Path

from anew.model.digest import PREFIX, Digest, digest_bytes
from anew.model.errors import DamagedObject, MissingObject
from anew.store.durable import read_at
from anew.store.layout import Layout
from anew.store.objectindex import ObjectIndex, Place
from anew.store.packs import read_index, unpack
from anew.store.verifying import damaged

LARGE = 128 * 1024  # bytes; from here on an object is a file of its own, raw
OPEN_PACKS = 16
_LISTING_PAYS = 2000  # looks at single files cost more than listing all folders of objects


class Holdings:
    """What lies in the store of `layout`. Not for two threads at once."""

    def __init__(self, layout: Layout, index: ObjectIndex) -> None:
        self.layout, self.index = layout, index
        self._packs: OrderedDict[str, int] = OrderedDict()

    def has_many(self, digests: Iterable[Digest]) -> frozenset[Digest]:
        """Return those that are held, as of the last `index.sync`."""
        asked = set(digests)
        held = self.index.held(asked)
        rest = asked - held
        if len(rest) >= _LISTING_PAYS:
            return frozenset(held | (rest & set(self.large())))
        return frozenset(held.union(each for each in rest if self.layout.object(each).exists()))

    def large(self) -> Iterator[Digest]:
        """Yield the objects that are files of their own."""
        for folder in sorted(self.layout.objects.iterdir()):
            with os.scandir(folder) as entries:
                names = [entry.name for entry in entries]
            for name in names:
                yield Digest(PREFIX + folder.name + name)

    def place(self, digest: Digest) -> Place | Path:
        """Return where an object lies, the newest packs included.

        Raises:
            MissingObject: nowhere.
            DamagedObject: nowhere, and there is a damaged pack that it may have been in.
        """
        for attempt in range(2):
            if attempt:
                self.index.sync()
            place = self.index.find(digest)
            if place is not None:
                return place
            path = self.layout.object(digest)
            if path.exists():
                return path
        if self.index.damaged:
            name, error = min(self.index.damaged.items())
            raise DamagedObject(
                f"object `{digest}` is missing, and pack `{name}` is damaged",
                why=error.why,
                hint=error.hint,
            )
        raise MissingObject(
            f"object `{digest}` is not in the store",
            why=f"`{self.layout.root}` does not hold it",
            hint="bring it from a store or bundle that does",
        )

    def read(self, digest: Digest) -> bytes:
        """Return the bytes of an object, checked.

        Raises:
            MissingObject: it is not held.
            DamagedObject: other bytes lie under its name.
        """
        place = self.place(digest)
        return self.read_large(digest, place) if isinstance(place, Path) else self.unpack(place)

    def read_large(self, digest: Digest, path: Path) -> bytes:
        """Return the bytes of an object that is a file, checked."""
        data = path.read_bytes()
        if digest_bytes(data) != digest:
            raise damaged(digest)
        return data

    def unpack(self, place: Place) -> bytes:
        """Return the bytes of an object in a pack, checked."""
        data = self.unpacked(place)
        return self._unpack_elsewhere(place) if data is None else data

    def _unpack_elsewhere(self, place: Place) -> bytes:
        """Return the bytes of an object whose place does not hold them.

        The pack is damaged, or is gone, or the cache is wrong about it; another pack may hold the
        same object.
        """
        digest = place.frame.digest
        self.forget_packs()
        if not self._is_right(place):
            self.index.rebuild()
        for other in self.index.find_all(digest):
            data = self.unpacked(other)
            if data is not None:
                return data
        last = self.place(digest)
        if isinstance(last, Path):
            return self.read_large(digest, last)
        raise damaged(digest)

    def _is_right(self, place: Place) -> bool:
        """Say whether the pack itself says the same of an object as the cache."""
        try:
            return place.frame in read_index(self.layout.packs / place.pack)
        except (FileNotFoundError, DamagedObject):
            return False

    def unpacked(self, place: Place) -> bytes | None:
        """Return the bytes of an object, checked; None where they are not there."""
        try:
            return unpack(place.frame, self.stored(place))
        except FileNotFoundError:
            return None

    def stored(self, place: Place) -> bytes:
        """Return the bytes of an object as its pack holds them."""
        file = self._packs.get(place.pack)
        if file is None:
            path = self.layout.packs / place.pack
            file = self._packs[place.pack] = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            if len(self._packs) > OPEN_PACKS:
                os.close(self._packs.popitem(last=False)[1])
        return read_at(file, place.frame.offset, place.frame.length)

    def forget_packs(self) -> None:
        """Close the packs that are open."""
        while self._packs:
            os.close(self._packs.popitem()[1])
