"""Durable writing: create, write all of it, make a folder's entries last."""

import os
import time
from collections.abc import Iterable
from pathlib import Path

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
RECENT_SECONDS = 600  # a folder changed since may not have been made durable by who changed it


def open_new(path: Path) -> int:
    """Return a descriptor of a new, private file, for reading and writing."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    return os.open(path, flags, PRIVATE_FILE)


def write_all(file: int, data: bytes | bytearray | memoryview) -> None:
    """Write `data` where the file stands; a full disk raises."""
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def read_at(file: int, offset: int, length: int) -> bytes:
    """Return `length` bytes from `offset`, fewer only where the file ends."""
    data = os.pread(file, length, offset)
    if len(data) == length or not data:
        return data
    pieces = [data]
    got = len(data)
    while got < length:
        data = os.pread(file, length - got, offset + got)
        if not data:
            break
        pieces.append(data)
        got += len(data)
    return b"".join(pieces)


def replace_whole(path: Path, data: bytes) -> None:
    """Put `data` in the place of what is at `path`: who reads it finds the old or the new.

    It is not made to last through a power cut.
    """
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_bytes(data)
    part.replace(path)


def sync_folder(folder: Path) -> None:
    """Make the entries of `folder` last through a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def changed_lately(folder: Path) -> bool:
    """Say whether someone may still be about to make `folder` durable."""
    return time.time() - folder.stat().st_mtime < RECENT_SECONDS


def make_folders(folders: Iterable[Path]) -> set[Path]:
    """Make private folders; return the parents of those that were not there."""
    parents = set()
    for folder in folders:
        try:
            folder.mkdir(PRIVATE_FOLDER)
        except FileExistsError:
            continue
        parents.add(folder.parent)
    return parents
