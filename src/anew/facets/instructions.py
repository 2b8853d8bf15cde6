"""Instructions: which programs of a run ask the kernel themselves, past libc and so past us."""

import os
import re
import struct
from collections.abc import Callable, Iterable, Iterator

from anew.model.record import Gap
from anew.trace.histories import History

LARGEST = 256 << 20  # bytes of a program that are looked through
X86_64 = 62
_HEADER = struct.Struct("<4sBB10xHHIQQQIHHHHHH")
_PART = struct.Struct("<IIQQQQQQ")
LOADED, NOTE, EXECUTABLE = 1, 4, 1
GO = b"Go\0\0"  # the name of the notes that Go's linker leaves
NOTES = 1 << 12  # bytes of notes that are looked at
SYSTEM_CALL = b"\x0f\x05"
NEAR = 24  # bytes in which its fourth argument is
LOOKED_BACK = 40  # bytes before the instruction, in which its number is loaded
# From <asm/unistd_64.h>: those that open, create, rename or remove files, start programs, or call.
TELLING = {2: "open", 85: "creat", 257: "openat", 437: "openat2", 82: "rename", 264: "renameat",
           316: "renameat2", 87: "unlink", 263: "unlinkat", 76: "truncate", 59: "execve",
           322: "execveat", 42: "connect", 425: "io_uring_setup"}  # fmt: skip
_NUMBER = re.compile(rb"(?:\xb8|\x48\xc7\xc0)(....)", re.DOTALL)  # mov eax or rax, a constant
# mov r10, from a register or the stack: the fourth argument of a call whose number is not known
_ANY_CALL = re.compile(rb"\x49\x89[\xca\xd2\xf2\xfa]|\x4d\x89[\xc2\xca]|\x4c\x8b[\x54\x55]")
# What follows such an instruction in code that was compiled: a look at the result, or its use.
_AFTER = re.compile(
    rb"\x48\x3d..\xff\xff|\x3d..\xff\xff|\xc3|[\x48\x49]\x89[\xc0-\xc7]|\x48\x89[\x44\x45]|\x89[\xc0-\xc7]"
    rb"|\x48\x85\xc0|\x85\xc0|\x48\x98|\x48\x63|\x48\x83\xf8|\x83\xf8|\xf7\xd8|\x48\xf7\xd8|[\x58-\x5f]|\x41[\x58-\x5f]",
    re.DOTALL,
)


def gaps(code: Iterable[History], real: Callable[[str], str], named: str) -> Iterator[Gap]:
    """Yield a gap for each program or library that asks the kernel for files itself.

    `named` are words in which programs that could not be followed at all are named already.
    """
    for history in code:
        if history.path in named:
            continue
        calls = sorted(calls_of(real(history.path)))
        if calls:
            how = f"{history.path} calls the kernel directly ({', '.join(calls)})"
            yield Gap("trace", f"{how}: that is not seen", "read and write in another program")


def of_go(executables: Iterable[str]) -> Iterator[Gap]:
    """Yield a gap for each program written in Go: it loads our library and never asks it."""
    for path in dict.fromkeys(executables):
        if is_go(path):
            what = f"{path} is a Go program, which calls the kernel directly"
            yield Gap("trace", f"{what}: its files are not seen", "record with `--trace=full`")


def is_go(path: str) -> bool:
    """Say whether a program was linked by Go, from the notes in its file (elf(5), PT_NOTE)."""
    try:
        with open(path, "rb") as stream:
            head = stream.read(_HEADER.size)
            if head[:4] != b"\x7fELF" or len(head) < _HEADER.size:
                return False
            fields = _HEADER.unpack(head)
            stream.seek(fields[7])
            table = stream.read(fields[12] * _PART.size)
            for kind, _, offset, _, _, size, _, _ in _PART.iter_unpack(table):
                if kind == NOTE:
                    stream.seek(offset)
                    if GO in stream.read(min(size, NOTES)):
                        return True
    except (OSError, ValueError, struct.error):
        return False
    return False


def calls_of(path: str) -> set[str]:
    """Return the names of the system calls in a program that would escape us; none of a script."""
    try:
        if os.path.getsize(path) > LARGEST:
            return set()
        with open(path, "rb") as stream:
            head = stream.read(_HEADER.size)
            if head[:4] != b"\x7fELF" or len(head) < _HEADER.size:
                return set()
            data = head + stream.read()
    except (OSError, ValueError):
        return set()
    fields = _HEADER.unpack(head)
    if fields[1:3] != (2, 1) or fields[4] != X86_64:
        return set()
    found: set[str] = set()
    for start, end in _code(data, fields[7], fields[12]):
        found |= set(_calls(data, start, end))
    return found


def _code(data: bytes, table: int, count: int) -> Iterator[tuple[int, int]]:
    """Yield where the parts of a program that can be executed begin and end."""
    for number in range(count):
        at = table + number * _PART.size
        if at + _PART.size > len(data):
            return
        kind, flags, offset, _, _, size, _, _ = _PART.unpack_from(data, at)
        if kind == LOADED and flags & EXECUTABLE:
            yield offset, min(offset + size, len(data))


def _calls(data: bytes, start: int, end: int) -> Iterator[str]:
    at = data.find(SYSTEM_CALL, start, end)
    while at >= 0:
        if _AFTER.match(data, at + 2) is None:
            at = data.find(SYSTEM_CALL, at + 2, end)
            continue
        before = data[max(start, at - LOOKED_BACK) : at]
        numbers = [int.from_bytes(each, "little") for each in _NUMBER.findall(before)]
        if numbers:
            if numbers[-1] in TELLING:
                yield TELLING[numbers[-1]]
        elif _ANY_CALL.search(before[-NEAR:]):
            yield "any"
        at = data.find(SYSTEM_CALL, at + 2, end)
