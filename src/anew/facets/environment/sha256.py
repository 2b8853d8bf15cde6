"""SHA-256, where a standard asks for it: RECORD (PEP 376), locks and wheels (PEP 751)."""

from base64 import urlsafe_b64encode


def sha256_file(path: str) -> str | None:
    """Return the digest of a file as a RECORD writes it; None where it cannot be read."""
    import hashlib  # noqa: PLC0415 - 3 ms, and what is known is not hashed

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
