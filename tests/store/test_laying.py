"""Laying out many objects at once: by several processes, each file checked, nothing left behind."""

import os
from pathlib import Path

import msgspec
import pytest

from anew.model.errors import DamagedObject
from anew.store.laying import FILE_COSTS, Laid
from anew.store.local import LocalStore
from anew.store.packs import read_index
from anew.store.sharing import WORTH_A_PROCESS, Piece, shared_out

COUNT = 2 * int(WORTH_A_PROCESS / FILE_COSTS) + 7


def objects(store: LocalStore, folder: Path) -> list[Laid]:
    """Hold many small objects and a large one; return where each is to lie."""
    folder.mkdir()
    batch = store.begin()
    datas = [b"%d " % number * 20 for number in range(COUNT)] + [bytes(300_000)]
    files = [
        Laid(batch.add(data), str(folder / str(number)), 0o600 + number % 0o200, number * 10**9)
        for number, data in enumerate(datas)
    ]
    batch.commit()
    return files


def test_all_come_out_as_they_went_in(tmp_path: Path) -> None:
    with LocalStore(tmp_path / "store", tmp_path / "cache") as store:
        files = objects(store, tmp_path / "out")
        os.umask(os.umask(0o022))
        store.lay_out(files)
    for number, file in enumerate(files):
        status = os.stat(file.target)
        assert status.st_mode & 0o7777 == file.mode
        assert status.st_mtime_ns == file.modified
        if number < COUNT:
            assert Path(file.target).read_bytes() == b"%d " % number * 20
    assert len(list((tmp_path / "out").iterdir())) == len(files)


@pytest.mark.parametrize("number", [3, COUNT // 2, COUNT - 3])
def test_a_damaged_object_is_named_whoever_met_it(tmp_path: Path, number: int) -> None:
    with LocalStore(tmp_path / "store", tmp_path / "cache") as store:
        files = objects(store, tmp_path / "out")
        (pack,) = (tmp_path / "store" / "packs").iterdir()
        frames = {frame.digest: frame for frame in read_index(pack)}
        data, last = bytearray(pack.read_bytes()), frames[files[number].digest]
        data[last.offset + last.length - 1] ^= 1
        pack.chmod(0o644)
        pack.write_bytes(data)
        with pytest.raises(DamagedObject) as raised:
            store.lay_out(files)
    assert files[number].digest[:20] in str(raised.value)
    assert not Path(files[number].target).exists()


@pytest.mark.parametrize("linkable", [False, True])
def test_a_damaged_large_object_is_named(tmp_path: Path, *, linkable: bool) -> None:
    with LocalStore(tmp_path / "store", tmp_path / "cache") as store:
        files = objects(store, tmp_path / "out")
        large = msgspec.structs.replace(files[-1], linkable=linkable)
        (held,) = (path for path in (tmp_path / "store" / "objects").rglob("*") if path.is_file())
        held.chmod(0o644)
        held.write_bytes(bytes(299_999) + b"1")
        with pytest.raises(DamagedObject) as raised:
            store.lay_out([*files[:-1], large])
    assert large.digest[:20] in str(raised.value)
    assert not Path(large.target).exists()


@pytest.mark.parametrize("number", [3, COUNT - 3, COUNT])
def test_a_file_that_is_in_the_way_stays(tmp_path: Path, number: int) -> None:
    with LocalStore(tmp_path / "store", tmp_path / "cache") as store:
        files = objects(store, tmp_path / "out")
        Path(files[number].target).write_text("mine")
        with pytest.raises(FileExistsError):
            store.lay_out(files)
    assert Path(files[number].target).read_text() == "mine"


def test_what_another_process_failed_at_is_done_here() -> None:
    here = os.getpid()
    things = list(range(COUNT))

    def work(share: object) -> None:
        del share
        os._exit(7 if os.getpid() != here else 0)

    pieces = [
        Piece(WORTH_A_PROCESS, things[: COUNT // 2]),
        Piece(WORTH_A_PROCESS, things[COUNT // 2 :]),
    ]
    with shared_out(pieces, work) as left:
        assert sorted(left()) == things
