"""The store in memory."""

import pytest
from store_conformance import StoreConformance

from anew.model.digest import Digest
from anew.store.memory import MemoryStore


class TestMemoryStore(StoreConformance):
    @pytest.fixture
    def store(self) -> MemoryStore:
        return MemoryStore()

    def spoil(self, store: MemoryStore, digest: Digest) -> None:  # type: ignore[override]
        data = bytearray(store.objects[digest])
        data[len(data) // 2] ^= 1
        store.objects[digest] = bytes(data)
