"""Which programs of a run could not be followed: not Python, or a Python that did not report."""

from collections.abc import Iterable, Sequence

from anew.model.record import Gap

# They start the program that is meant and decide nothing of its result, or tell of the machine.
HARMLESS = frozenset(
    ("env", "uv", "uvx", "nice", "ionice", "timeout", "nohup", "setarch", "taskset", "numactl",
     "stdbuf", "time", "true", "false", "echo", "sleep", "uname", "hostname", "lscpu", "ldconfig",
     "nvidia-smi", "arch", "id", "tty", "stty", "anew", "fc-list", "fc-match")
)  # fmt: skip


def gaps(
    main: Sequence[str], spawned: Iterable[Sequence[str]], *, reported: int, natively: bool
) -> tuple[Gap, ...]:
    """Return a gap for Python that did not report, and one for all other programs.

    Args:
        main: the command that was run.
        spawned: the commands that Python processes started.
        reported: how many Python processes told of themselves.
        natively: the C library was in the main program: it tells of the others.
    """
    names = [_name(main), *(_name(words) for words in spawned)]
    found = []
    if names[0].startswith("python") and not reported:
        found.append(
            Gap("trace", f"{names[0]} could not be seen from inside: what it read is unknown",
                "use Python 3.9 or later" + (", without -I, -S and -E" * (not natively)))
        )  # fmt: skip
    if natively:
        return tuple(found)
    others = sorted({name for name in names if not _is_python(name) and name not in HARMLESS})
    if others:
        found.append(
            Gap("trace", f"what other programs than Python read is not seen: {', '.join(others)}",
                "record with `--trace=full`, on Linux")
        )  # fmt: skip
    return tuple(found)


def _name(words: Sequence[str]) -> str:
    return words[0].rpartition("/")[2] if words else ""


def _is_python(name: str) -> bool:
    return not name or name.startswith("python") or name.endswith(".py")
