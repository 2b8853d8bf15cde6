"""What a run read from its stdin: a file as it was, or what came through a pipe."""

import os
from pathlib import Path

from anew.facets.holding import Holder
from anew.model.inputs import FileKind, Input, Proof

NAME = "<stdin>"


def collect(
    given: str | None, kind: str, piped: Path, *, others: bool, holder: Holder
) -> list[Input]:
    """Hold what was read.

    Args:
        given: the file that stdin was, or a copy of it; None: it was none.
        kind: of the stream: terminal, pipe, file, null, closed.
        piped: where Python processes kept what they read from a pipe.
        others: whether programs other than Python may have read from it.
        holder: takes the bytes in.
    """
    if given is None and kind == "pipe":
        return _from_pipe(piped, others=others, holder=holder)
    if given is None or not os.path.exists(given):
        return []
    return [_held(given, Proof.STAMP, holder)]


def _from_pipe(piped: Path, *, others: bool, holder: Holder) -> list[Input]:
    """Hold what Python read from a pipe; other programs may have read what nobody saw."""
    if piped.exists():
        return [_held(str(piped), Proof.PREIMAGE, holder)]
    if others:
        holder.gap("inputs", "what other programs than Python read from the pipe on stdin",
                   "give it as a file: `< FILE`")  # fmt: skip
    return []


def _held(path: str, proof: Proof, holder: Holder) -> Input:
    held = holder.hold("inputs", NAME, path, None)
    size = os.stat(path).st_size
    sure = proof if held.digest is not None else None
    return Input(NAME, FileKind.FILE, size, held.kept, held.digest, sure, role="stdin")
