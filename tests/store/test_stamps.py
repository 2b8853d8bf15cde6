"""Digests remembered by stamp."""

from pathlib import Path

import pytest

from anew.model.digest import digest_bytes
from anew.model.tree import Stamp
from anew.store.copying import stamp_of
from anew.store.mounts import Mounts
from anew.store.stamps import SETTLED, StampCache

NOW = 1_000_000_000_000_000_000
D = digest_bytes(b"content")
TABLE = """\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:50 / /home rw,relatime shared:2 - nfs4 server:/home rw
31 22 0:51 / /mnt rw - fuse.sshfs me@host:/ rw
32 22 8:1 / /win rw - fuseblk /dev/sda1 rw
33 22 0:20 / /proc rw - proc proc rw
"""


@pytest.fixture
def mounts(tmp_path: Path) -> Mounts:
    (tmp_path / "mountinfo").write_text(TABLE)
    return Mounts(tmp_path / "mountinfo")


def cache(tmp_path: Path, mounts: Mounts) -> StampCache:
    return StampCache(tmp_path / "cache" / "stamps.sqlite", mounts, lambda: NOW)


def stamp(number: int = 1, *, device: int = 254 << 8, age: int = 2 * SETTLED) -> Stamp:
    return Stamp(device, number, 7, 0o644, NOW - 3 * SETTLED, NOW - age)


def test_what_is_remembered_is_known_later(tmp_path: Path, mounts: Mounts) -> None:
    first = cache(tmp_path, mounts)
    first.remember(stamp(), D, NOW)
    assert first.find(stamp()) == D
    first.close()
    later = cache(tmp_path, mounts)
    assert later.known([stamp(), stamp(2)]) == {stamp(): D}
    assert later.find(stamp(2)) is None


@pytest.mark.parametrize("field", ["device", "inode", "size", "modified", "changed"])
def test_any_other_state_is_unknown(tmp_path: Path, mounts: Mounts, field: str) -> None:
    first = cache(tmp_path, mounts)
    first.remember(stamp(), D, NOW)
    first.close()
    other = stamp()._replace(**{field: getattr(stamp(), field) + 1})
    later = cache(tmp_path, mounts)
    assert later.find(other) is None
    assert later.known([other, stamp()]) == {stamp(): D}
    assert cache(tmp_path, mounts).known([stamp(), other]) == {stamp(): D}


def test_a_file_changed_lately_is_not_remembered(tmp_path: Path, mounts: Mounts) -> None:
    stamps = cache(tmp_path, mounts)
    for age, known in ((SETTLED + 1, True), (SETTLED, False), (0, False), (-SETTLED * 9, False)):
        stamps.remember(stamp(age, age=age) if age > 0 else stamp(99 - age, age=age), D, NOW)
        assert (stamps.find(stamp(age if age > 0 else 99 - age, age=age)) == D) is known


@pytest.mark.parametrize(
    ("device", "trusted"),
    [(254 << 8, True), (50, False), (51, False), (8 << 8 | 1, True), (20, False), (77, True)],
)
def test_only_where_stamps_prove_something(
    tmp_path: Path,
    mounts: Mounts,
    device: int,
    trusted: bool,  # noqa: FBT001
) -> None:
    stamps = cache(tmp_path, mounts)
    stamps.remember(stamp(device=device), D, NOW)
    assert (stamps.find(stamp(device=device)) == D) is trusted
    assert stamps.trusts(stamp(device=device)) is trusted


def test_without_a_table_of_mounts_nothing_is_trusted(tmp_path: Path) -> None:
    stamps = cache(tmp_path, Mounts(tmp_path / "absent"))
    stamps.remember(stamp(), D, NOW)
    assert stamps.find(stamp()) is None


def test_a_state_that_another_process_remembered_is_known_when_asked_again(
    tmp_path: Path, mounts: Mounts
) -> None:
    mine, other = cache(tmp_path, mounts), cache(tmp_path, mounts)
    assert mine.find(stamp()) is None
    other.remember(stamp(), D, NOW)
    other.flush()
    assert mine.find(stamp()) is None
    mine.forget_unknown()
    assert mine.find(stamp()) == D


def test_the_device_of_a_real_file_is_found() -> None:
    assert not Mounts().keep_time(stamp_of(Path("/proc/version").stat()).device)
    assert Mounts().keep_time(stamp_of(Path(__file__).stat()).device)


def test_inodes_of_64_bits_fit(tmp_path: Path, mounts: Mounts) -> None:
    huge = stamp((1 << 64) - 5)
    first = cache(tmp_path, mounts)
    first.remember(huge, D, NOW)
    first.close()
    assert cache(tmp_path, mounts).find(huge) == D


def test_a_broken_cache_costs_memory_only(tmp_path: Path, mounts: Mounts) -> None:
    first = cache(tmp_path, mounts)
    first.remember(stamp(), D, NOW)
    first.close()
    (tmp_path / "cache" / "stamps.sqlite").write_bytes(b"rubbish" * 999)
    later = cache(tmp_path, mounts)
    assert later.find(stamp()) is None
    later.remember(stamp(), D, NOW)
    later.close()
    assert cache(tmp_path, mounts).find(stamp()) == D


def test_thousands_are_looked_up_at_once(tmp_path: Path, mounts: Mounts) -> None:
    first = cache(tmp_path, mounts)
    stamps = [stamp(number) for number in range(10_000)]
    for each in stamps:
        first.remember(each, D, NOW)
    first.close()
    later = cache(tmp_path, mounts)
    assert len(later.known(stamps)) == 10_000
    later.close()
