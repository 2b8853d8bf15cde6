"""The recorder inside the user's process. Standard library only; Python 3.9 and later."""

from __future__ import annotations


def begin(folder: str) -> None:
    """Start recording this process; `folder` is the one that was put in front of PYTHONPATH."""
    from .start import begin as begin_all

    begin_all(folder)
