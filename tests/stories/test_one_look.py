"""Anew answers Python's own look at a file it opens; whoever else looks sees the file as it is."""

import subprocess
import sys

from tests.conftest import Anew

PROGRAM = """
import ctypes, os, socket, stat, sys, threading, time

libc = ctypes.CDLL(None, use_errno=True)
size = lambda descriptor: os.fstat(descriptor).st_size

# A file that grows while it is open: by another descriptor, by another process.
with open("a", "rb") as stream:
    with open("a", "ab") as other:
        other.write(b"more")
    print("grown", size(stream.fileno()))
    os.system("printf again >> a")
    print("grown by another", size(stream.fileno()), len(stream.read()))

# The same at once, by whoever has opened it and is not Python's `open`.
for opens in (os.open, lambda path, flags: libc.open(path.encode(), flags)):
    grows = os.open("c", os.O_WRONLY | os.O_APPEND)
    for number in range(50):
        found = opens("c", os.O_RDONLY)
        before = os.lseek(found, 0, os.SEEK_END)
        os.write(grows, b"z")
        assert size(found) == before + 1, (opens, number)
        os.close(found)
    os.close(grows)

# A number that stands for something else by now.
for kind in ("socket", "pipe", "folder", "file"):
    with open("b", "rb") as stream:
        number = stream.fileno()
    if kind == "socket":
        end = socket.socket()
        print(kind, end.fileno() == number, stat.S_ISSOCK(os.fstat(end.fileno()).st_mode))
        end.close()
    elif kind == "pipe":
        ends = os.pipe()
        print(kind, number in ends, stat.S_ISFIFO(os.fstat(ends[0]).st_mode))
        [os.close(each) for each in ends]
    else:
        end = os.open("folder" if kind == "folder" else "c", os.O_RDONLY)
        print(kind, end == number, stat.S_ISDIR(os.fstat(end).st_mode), size(end))
        os.close(end)
try:
    open("folder")
except IsADirectoryError as error:
    print(error)

# An open that fails, or one of the system's files, is no look at what is opened next.
for before in ("missing", "/usr/bin/env", "/proc/self/stat", "/dev/null"):
    try:
        open(before, "rb").close()
    except OSError:
        pass
    found = libc.open(b"c", os.O_RDONLY)
    with open("c", "ab", buffering=0) as other:
        other.write(b"x")
    print("after", before, size(found))
    os.close(found)

# One who says that he opens, and never looks.
sys.audit("open", "c", "r", 0)
found = libc.open(b"c", os.O_RDONLY)
time.sleep(0.05)
with open("/proc/self/fd/%d" % found, "ab", opener=lambda path, flags: libc.open(b"c", flags)) as other:
    other.write(b"yy")
print("told only", size(found))
os.close(found)

# Many threads, each with a file of its own size; forks of a process that has them.
for number in range(16):
    with open(f"size-{number}", "wb") as stream:
        stream.write(b"." * (number * 1000))
wrong = []
def look(number):
    for _ in range(300):
        with open(f"size-{number}", "rb") as stream:
            if size(stream.fileno()) != number * 1000 or len(stream.read()) != number * 1000:
                wrong.append(number)
threads = [threading.Thread(target=look, args=(number,)) for number in range(16)]
[thread.start() for thread in threads]
for _ in range(10):
    child = os.fork()
    if not child:
        with open("size-7", "rb") as stream:
            os._exit(size(stream.fileno()) != 7000)
    if os.waitpid(child, 0)[1]:
        wrong.append("fork")
[thread.join() for thread in threads]
print("wrong", wrong)
"""


def test_what_a_program_is_told_of_a_file_is_how_the_file_is(anew: Anew) -> None:
    def begin() -> None:
        (anew.project / "folder").mkdir(exist_ok=True)
        for name, text in (("a", "first"), ("b", "bb"), ("c", "ccc")):
            anew.write(name, text)

    anew.write("look.py", PROGRAM)
    begin()
    plain = subprocess.run(
        [sys.executable, "look.py"], cwd=anew.project, capture_output=True, text=True, check=True
    ).stdout
    assert "wrong []" in plain
    begin()
    assert anew("run", sys.executable, "look.py").stdout == plain
    begin()
    replayed = anew("replay", "@1")
    assert "identical" in replayed.stdout + replayed.stderr
