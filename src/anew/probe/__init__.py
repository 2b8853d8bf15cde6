"""The recorder inside the user's process. Standard library only; Python 3.9 and later."""

from __future__ import annotations


def begin(folder: str, natively: bool = False) -> None:  # noqa: FBT001, FBT002
    """Start recording this process.

    Args:
        folder: the one that was put in front of PYTHONPATH.
        natively: our C library called: it sees the files, and we only what it cannot.
    """
    from .start import begin as begin_all

    begin_all(folder, natively)
