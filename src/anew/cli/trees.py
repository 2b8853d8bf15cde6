"""The processes of a run as a tree: what started what, how it ended, what it read and wrote."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from anew.cli import render
from anew.cli.tables import shown, width
from anew.trace.touching import Touch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from anew.model.processes import Process

MOST_FILES = 6  # named below a process, for reading and for writing
MOST_COLUMNS = 100  # where the output is no terminal
NOTHING = Touch()


def tree(processes: Sequence[Process], touched: Mapping[int, Touch]) -> list[str]:
    """Return a line per process, what it read and wrote below it, its children below that."""
    children: dict[int, list[Process]] = {}
    for each in processes:
        children.setdefault(each.parent, []).append(each)
    return list(_branch(children, 0, "", touched, width() or MOST_COLUMNS))


def _branch(
    children: Mapping[int, Sequence[Process]],
    parent: int,
    margin: str,
    touched: Mapping[int, Touch],
    columns: int,
) -> Iterator[str]:
    """Walk down without recursion: a chain of processes may be longer than Python's stack."""
    pending = [(each, margin, parent == 0, each is children[parent][-1])
               for each in reversed(children.get(parent, ()))]  # fmt: skip
    while pending:
        process, front, top, last = pending.pop()
        own = children.get(process.number, ())
        branch, below = ("", "") if top else (("└─ ", "   ") if last else ("├─ ", "│  "))
        facts = _facts(process)
        words = shown(name_of(process))
        room = columns - len(front) - len(branch) - len(facts) - 2
        if len(words) > room > 20:
            words = words[: room - 1] + "…"
        yield f"{front}{branch}{words}  {facts}"
        inner = front + below + ("│  " if own else "   ")
        touch = touched.get(process.number, NOTHING)
        for verb, paths in (("reads", touch.read), ("writes", touch.wrote)):
            for path in grouped(paths, MOST_FILES):
                yield f"{inner}{verb:<6} {shown(path)}"
        if process.feeds:
            yield f"{inner}feeds  {', '.join(map(str, process.feeds[:MOST_FILES]))}"
        pending += [(each, front + below, False, each is own[-1]) for each in reversed(own)]


def name_of(process: Process) -> str:
    """Return the command of a process; what runs inline in an interpreter is cut to a line."""
    words = [word if "\n" not in word else word.strip().splitlines()[0] + " …"
             for word in process.argv]  # fmt: skip
    return shlex.join(words) or process.executable or f"process {process.pid}"


def _facts(process: Process) -> str:
    facts = [str(process.number)]
    if process.forked:
        facts.append("fork")
    if process.rank is not None:
        facts.append(f"rank {process.rank}")
    if process.signal is not None:
        facts.append(f"signal {process.signal}")
    elif process.exit_code is not None:
        facts.append(f"exit {process.exit_code}")
    if process.duration is not None:
        facts.append(render.duration(process.duration))
    return f"[{' · '.join(facts)}]"


def grouped(paths: Iterable[str], most: int) -> list[str]:
    """Return `paths`; where there are more than `most`, those of a folder are one line.

    >>> grouped(["a/1", "a/2", "b"], 2)
    ['a/ (2 files)', 'b']
    """
    paths = list(paths)
    if len(paths) <= most:
        return paths
    folders: dict[str, list[str]] = {}
    for path in paths:
        folders.setdefault(path.rpartition("/")[0], []).append(path)
    lines: list[str] = []
    for folder, inside in folders.items():
        lines += inside if len(inside) == 1 else [f"{folder or '.'}/ ({len(inside):,} files)"]
    if len(lines) > most:
        lines[most - 1 :] = [f"and more in {len(lines) - most + 1:,} other places"]
    return lines
