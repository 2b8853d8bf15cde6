"""Files of an image, as an engine's `export` writes them: none of them comes to lie elsewhere."""

import io
import os
import tarfile
from pathlib import Path

import pytest

from anew.execute.unpacked import unpack
from anew.model.errors import NoContainer


def exported(place: Path, *members: tuple[str, bytes, str, bytes]) -> list[str]:
    """Write a tar file of (name, kind, what it leads to, contents); return what puts it out."""
    with tarfile.open(place, "w") as tar:
        for name, kind, leads_to, data in members:
            member = tarfile.TarInfo(name)
            member.type, member.linkname, member.size, member.mode = kind, leads_to, len(data), 0
            tar.addfile(member, io.BytesIO(data))
    return ["cat", str(place)]


def test_files_folders_and_links_can_be_read(tmp_path: Path) -> None:
    words = exported(
        tmp_path / "x.tar",
        ("usr", tarfile.DIRTYPE, "", b""),
        ("usr/lib", tarfile.DIRTYPE, "", b""),
        ("usr/lib/a b\n", tarfile.REGTYPE, "", b"1"),
        ("lib", tarfile.SYMTYPE, "/usr/lib", b""),
        ("usr/lib/same", tarfile.LNKTYPE, "usr/lib/a b\n", b""),
    )
    unpack(words, tmp_path / "out")
    assert (tmp_path / "out/usr/lib/a b\n").read_bytes() == b"1"
    assert (tmp_path / "out/usr/lib/same").read_bytes() == b"1"
    assert os.readlink(tmp_path / "out/lib") == "/usr/lib"
    assert (tmp_path / "out/usr").stat().st_mode & 0o700 == 0o700


def test_nothing_comes_to_lie_outside(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("mine")
    before = outside.stat().st_mode
    words = exported(
        tmp_path / "x.tar",
        ("../outside/a", tarfile.REGTYPE, "", b"1"),
        ("leads", tarfile.SYMTYPE, str(outside), b""),
        ("leads/b", tarfile.REGTYPE, "", b"1"),
        ("c", tarfile.LNKTYPE, "../outside/secret", b""),
        ("d", tarfile.LNKTYPE, "leads/secret", b""),
        ("leads", tarfile.DIRTYPE, "", b""),
        ("to", tarfile.SYMTYPE, str(outside / "secret"), b""),
        ("to", tarfile.REGTYPE, "", b"1"),
        ("device", tarfile.CHRTYPE, "", b""),
        (str(outside / "e"), tarfile.REGTYPE, "", b"1"),
        ("kept", tarfile.REGTYPE, "", b"2"),
    )
    unpack(words, tmp_path / "out")
    assert os.listdir(outside) == ["secret"]
    assert (outside / "secret").read_text() == "mine"
    assert outside.stat().st_mode == before
    assert sorted(os.listdir(tmp_path / "out")) == ["kept", "leads", "to"]


def test_an_engine_that_gives_none_is_asked_why(tmp_path: Path) -> None:
    with pytest.raises(NoContainer) as raised:
        unpack(["sh", "-c", "echo no such thing >&2; exit 1"], tmp_path / "out")
    assert "no such thing" in str(raised.value.why)


def test_half_of_a_file_is_not_believed(tmp_path: Path) -> None:
    words = exported(tmp_path / "x.tar", ("a", tarfile.REGTYPE, "", bytes(100_000)))
    data = (tmp_path / "x.tar").read_bytes()
    (tmp_path / "x.tar").write_bytes(data[:50_000])
    with pytest.raises(NoContainer):
        unpack(words, tmp_path / "out")


def test_an_export_that_fails_after_all_files_is_not_believed(tmp_path: Path) -> None:
    _, place = exported(tmp_path / "x.tar", ("a", tarfile.REGTYPE, "", b"1"))
    with pytest.raises(NoContainer) as raised:
        unpack(["sh", "-c", 'head -c 1024 "$0"; exit 3', place], tmp_path / "out")
    assert "exit code 3" in str(raised.value.why)
