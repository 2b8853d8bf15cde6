"""Digest of a text, by what is compiled into every Python; loaded when it is first asked for."""

from __future__ import annotations


def digest(text: str, size: int = 32) -> str:
    """Return a digest in hex; `size` in bytes."""
    try:
        from _blake2 import blake2b  # without hashlib, which would load OpenSSL
    except ImportError:
        from hashlib import blake2b
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).hexdigest()
