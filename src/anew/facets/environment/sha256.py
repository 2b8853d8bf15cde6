"""SHA-256, where a standard asks for it: the RECORD of an installed distribution (PEP 376)."""

from base64 import urlsafe_b64encode


def sha256_file(path: str) -> str | None:
    """Return the digest of a file as a RECORD writes it; None where it cannot be read."""
    import hashlib  # noqa: PLC0415 - 3 ms, and what is known is not hashed

    try:
        with open(path, "rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").digest()
    except OSError:
        return None
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
