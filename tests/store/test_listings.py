"""Long lists in pieces."""

import time
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anew.model.digest import digest_bytes
from anew.model.errors import DamagedObject, MissingObject
from anew.model.inputs import FileKind, Input, Kept, Proof
from anew.model.tree import Listing
from anew.store.listings import read_listing, write_listing
from anew.store.memory import MemoryStore

D = digest_bytes(b"some file")


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    count: int = 0


def written(store: MemoryStore, words: list[Word]) -> Listing:
    batch = store.begin()
    listing = write_listing(batch, words, lambda word: word.text)
    batch.commit()
    return listing


def words(count: int) -> list[Word]:
    return [Word(f"data/{number:07d}.png", number) for number in range(count)]


@settings(max_examples=50)
@given(st.lists(st.builds(Word, st.text(), st.integers(0, 9)), unique_by=lambda word: word.text))
def test_a_listing_comes_back_sorted(entries: list[Word]) -> None:
    store = MemoryStore()
    listing = written(store, entries)
    assert listing.count == len(entries)
    assert list(read_listing(store, listing, Word)) == sorted(entries, key=lambda each: each.text)
    assert written(store, entries[::-1]) == listing


def test_a_long_listing_is_the_same_whatever_its_history() -> None:
    entries = words(20_000)
    store, other = MemoryStore(), MemoryStore()
    written(other, entries[::2])
    assert written(store, entries) == written(other, entries[::-1])
    assert list(read_listing(store, written(store, entries), Word)) == entries


def test_one_changed_entry_rewrites_one_piece_and_the_top() -> None:
    entries = words(100_000)
    store = MemoryStore()
    written(store, entries)
    before = set(store.objects)
    assert len(before) > 50
    for change in (
        [*entries[:777], Word(entries[777].text, -1), *entries[778:]],
        [*entries[:777], *entries[778:]],
        [*entries, Word("data/0000777b.png")],
    ):
        written(store, change)
        new = set(store.objects) - before
        assert len(new) <= 3
        assert sum(len(store.objects[each]) for each in new) < 1_000_000
        before = set(store.objects)


def test_names_that_are_no_utf8_come_back() -> None:
    store = MemoryStore()
    entries = [Word("caf\udce9"), Word("cafe"), Word("café")]
    listing = written(store, entries)
    assert list(read_listing(store, listing, Word)) == sorted(entries, key=lambda each: each.text)


def test_a_listing_with_a_missing_piece_is_told() -> None:
    store = MemoryStore()
    listing = written(store, words(10_000))
    piece = max(store.objects, key=lambda each: len(store.objects[each]))
    del store.objects[piece]
    with pytest.raises(MissingObject, match=piece):
        list(read_listing(store, listing, Word))


def test_a_listing_of_another_length_or_kind_is_told() -> None:
    store = MemoryStore()
    listing = written(store, words(10))
    with pytest.raises(DamagedObject, match="10 entries and not 11"):
        list(read_listing(store, Listing(listing.digest, 11), Word))
    with pytest.raises(DamagedObject):
        list(read_listing(store, listing, Input))


def test_ten_thousand_entries_are_written_fast() -> None:
    entries = [
        Input(f"data/{n:07d}.png", FileKind.FILE, n, Kept.VALUE, D, Proof.STAMP)
        for n in range(10_000)
    ]
    best = 1.0
    for _ in range(3):
        begun = time.perf_counter()
        write_listing(MemoryStore().begin(), entries, lambda each: each.path)
        best = min(best, time.perf_counter() - begun)
    assert best < 0.1
