"""SHA-256, where a standard asks for it: RECORD (PEP 376), locks and wheels (PEP 751)."""

from __future__ import annotations

import os
from base64 import urlsafe_b64encode
from contextlib import ExitStack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future, ThreadPoolExecutor

LARGE = 1 << 20  # bytes; below it a thread costs more than it saves
BLOCK = 1 << 16  # holds most files
WORKERS = 4


def sha256_files(paths: Sequence[str]) -> list[str | None]:
    """Return the digests of files as a RECORD writes them; None where one cannot be read."""
    import hashlib  # noqa: PLC0415 - 3 ms, and what is known is not hashed

    found: list[str | None] = []
    large: dict[int, Future[str | None]] = {}
    with ExitStack() as ending:
        pool: ThreadPoolExecutor | None = None  # hashing leaves Python to others
        for number, path in enumerate(paths):
            try:
                file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            except OSError:
                found.append(None)
                continue
            try:
                data = _first(file)
                if len(data) < LARGE:
                    found.append(_as_in_record(hashlib.sha256(data).digest()))
                    continue
                pool = pool or ending.enter_context(_pool())
                large[number] = pool.submit(_whole, path)
                found.append(None)
            except OSError:  # a folder
                found.append(None)
            finally:
                os.close(file)
    for number, digest in large.items():
        found[number] = digest.result()
    return found


def _pool() -> ThreadPoolExecutor:
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - 5 ms

    return ThreadPoolExecutor(WORKERS)


def _first(file: int) -> bytes:
    """Return all bytes of a small file, and `LARGE` or a few more of another."""
    data = os.read(file, BLOCK)
    while len(data) < LARGE and (more := os.read(file, LARGE if len(data) >= BLOCK else BLOCK)):
        data += more
    return data


def _whole(path: str) -> str | None:
    import hashlib  # noqa: PLC0415

    try:
        with open(path, "rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").digest()
    except OSError:
        return None
    return _as_in_record(digest)


def sha256_bytes(data: bytes) -> str:
    """Return the digest of `data` as a RECORD writes it."""
    import hashlib  # noqa: PLC0415

    return _as_in_record(hashlib.sha256(data).digest())


def sha256_hex(path: str) -> str:
    """Return the digest of a file as a lock writes it."""
    import hashlib  # noqa: PLC0415

    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _as_in_record(digest: bytes) -> str:
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
