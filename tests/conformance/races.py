"""Files that change right after they were read: `python -m tests.conformance.races [FILES]`."""

import os
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from anew.model.digest import digest_bytes
from tests.conftest import Anew

# By the run itself, to the file `path` whose new bytes are `new`.
BY_THE_RUN = {
    "in place": "open(path, 'r+b').write(new)",
    "in place, times put back": "s = os.stat(path); open(path, 'r+b').write(new); os.utime(path, ns=(s.st_atime_ns, s.st_mtime_ns))",
    "truncated": "os.truncate(path, 7)",
    "truncated by opening": "open(path, 'wb').write(new)",
    "replaced": "open(path + '.n', 'wb').write(new); os.replace(path + '.n', path)",
    "unlinked": "os.unlink(path)",
    "unlinked and made again": "os.unlink(path); open(path, 'wb').write(new)",
    "renamed away, another made": "os.rename(path, path + '.old'); open(path, 'wb').write(new)",
    "appended": "open(path, 'ab').write(new)",
    "late store in a mapping": "f = open(path, 'r+b'); m = mmap.mmap(f.fileno(), 0); f.close(); keep.append(m); m[:8] = new[:8]",
    "mapping opened before it is read": "early[path][:8] = new[:8]",
    "under its other name": "open(path + '.link', 'r+b').write(new)",
    "permissions set, then in place": "os.chmod(path, 0o600); open(path, 'r+b').write(new)",
    "by another program": "subprocess.run(['sh', '-c', 'printf x > \"$1\"', 'sh', path])",
    "by two processes at once": "p = subprocess.Popen(['sh', '-c', 'printf y > \"$1\"', 'sh', path]); open(path, 'r+b').write(new); p.wait()",
    "by a forked child": "p = os.fork()\n    if not p: open(path, 'r+b').write(new); os._exit(0)\n    os.waitpid(p, 0)",
    "by copy_file_range": "s = os.open('new', os.O_RDONLY); d = os.open(path, os.O_WRONLY); os.copy_file_range(s, d, 8); os.close(s); os.close(d)",
    "swapped with another": "os.rename(path, 'swap'); os.rename('new', path); os.rename('swap', 'new')",
}  # fmt: skip
BY_A_NEIGHBOUR = ("in place", "in place, times put back", "replaced", "unlinked", "truncated")
# By a neighbour after the start and before the run reads: the run sees the new bytes only.
BEFORE_IT_IS_READ = (
    "made before it is read", "replaced before it is read", "in place before it is read",
    "made in the project before it is read", "replaced in the project before it is read",
    "made in parts while it is read", "made before it is read, gone after",
)  # fmt: skip
OWN_CHILD = "made by its own child as it is read"  # no input: the replay makes it again
SIZE = 4096
PROGRAM = """
import mmap, os, subprocess, sys, time
count, pause, data = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
keep, early, seen = [], {}, []
open('new', 'wb').write(b'n' * 4096)
def change(path, new):
    HOW
if CHILD and not os.fork():
    for i in range(count):
        with open(f'{data}/{i}', 'wb', 0) as f:
            f.write(b'X')
            f.write((b'%08d' % i * 512)[1:])
        time.sleep(pause)
    os._exit(0)
for i in range(count):
    path = os.path.abspath(f'{data}/{i}')
    while WAITS and not os.path.exists(path + '.done'):
        time.sleep(0.0002)
    while POLLS and not os.path.exists(path):
        time.sleep(0.0001)
    if EARLY:
        f = open(path, 'r+b')
        early[path] = mmap.mmap(f.fileno(), 0)
    try:
        read = open(path, 'rb').read()
    except FileNotFoundError:
        read = None
    old = b'%08d' % i * 512
    seen.append('n' if read is None else 'o' if read == old else 'c' if read == b'X' + old[1:] else 't' if read == old[:7] else 'x')
    time.sleep(pause)
    change(path, b'X' + old[1:])
open('seen.txt', 'w').write(''.join(seen))
"""


def raced(
    anew: Anew, folder: Path, how: str, count: int, pause: float, *, alone: bool
) -> Counter[str]:
    """Run a scenario on so many files; return how many are right, a gap, or WRONG."""
    project = folder / "project"
    data = project / "data" if "in the project" in how else folder / "data"
    data.mkdir(parents=True)
    project.mkdir(exist_ok=True)
    for number in range(0 if how.startswith("made") else count):
        (data / str(number)).write_bytes(_old(number))
        if how == "under its other name":
            os.link(data / str(number), data / f"{number}.link")
    marks = {
        "HOW": BY_THE_RUN.get(how, "pass") if alone else "pass",
        "EARLY": str("mapping opened" in how),
        "CHILD": str(how == OWN_CHILD),
        "WAITS": str(how in BEFORE_IT_IS_READ and "in parts" not in how),
        "POLLS": str("in parts" in how or how == OWN_CHILD),
    }
    text = PROGRAM
    for mark, value in marks.items():
        text = text.replace(mark, value)
    (project / "race.py").write_text(text)
    neighbour = threading.Thread(target=_disturb, args=(data, how, count, project / "seen.txt"))
    if not alone:
        neighbour.start()
    anew("run", "--", sys.executable, "race.py", str(count), str(pause), str(data), cwd=project)
    if not alone:
        neighbour.join()
    return _judged(anew.json("show", "@1", cwd=project), project, data, count, own=how == OWN_CHILD)


def _old(number: int) -> bytes:
    return b"%08d" % number * (SIZE // 8)


def _new(number: int) -> bytes:
    return b"X" + _old(number)[1:]


def _disturb(data: Path, how: str, count: int, end: Path) -> None:
    """Change files while somebody reads them, and once more when he is done."""
    while not (end.parent / "new").exists():
        time.sleep(0.001)
    for number in range(count):
        path = str(data / str(number))
        if how in BEFORE_IT_IS_READ:
            _prepare(path, how, number)
            continue
        state = os.stat(path)
        if how == "unlinked":
            os.unlink(path)
        elif how == "truncated":
            os.truncate(path, 7)
        elif how == "replaced":
            Path(path + ".n").write_bytes(_new(number))
            os.replace(path + ".n", path)
        else:
            with open(path, "r+b") as stream:
                stream.write(_new(number))
            if "times" in how:
                os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
        if end.exists():
            continue
        time.sleep(0.001)


def _prepare(path: str, how: str, number: int) -> None:
    """Let a file be what it was not at the start, and say so to who waits for it."""
    if "replaced" in how:
        Path(path + ".n").write_bytes(_new(number))
        os.replace(path + ".n", path)
    elif "in place" in how:
        with open(path, "r+b") as stream:
            stream.write(_new(number))
    elif "in parts" in how:
        with open(path, "wb", 0) as stream:
            stream.write(_new(number)[: SIZE // 2])
            time.sleep(0.0003)
            stream.write(_new(number)[SIZE // 2 :])
        time.sleep(0.001)
    else:
        Path(path).write_bytes(_new(number))
    Path(path + ".done").write_bytes(b"")
    if "gone after" in how:
        time.sleep(0.003)
        os.unlink(path)


def _judged(
    record: dict[str, Any], project: Path, data: Path, count: int, *, own: bool
) -> Counter[str]:
    seen = (project / "seen.txt").read_text()
    gaps = " ".join(gap["what"] for gap in record["coverage"]["gaps"]) + " "
    found = {each["path"]: each["digest"] for each in record["recipe"]["inputs"]}
    result: Counter[str] = Counter()
    for number in range(count):
        path = str(data / str(number)).removeprefix(f"{project}/")
        digest, named = found.get(path), f"{path}: " in gaps or f"{path} " in gaps
        if own:
            result["WRONG" if path in found or named else "right"] += 1
            continue
        true = {"o": _old(number), "c": _new(number), "t": _old(number)[:7]}.get(seen[number])
        if digest is None:
            nothing = "right" if seen[number] == "n" else "MISSED"  # it was gone when it was opened
            result["gap" if named else nothing] += 1
        elif true is not None and digest == str(digest_bytes(true)):
            result["right"] += 1
        else:
            result["gap" if true is None and named else "WRONG"] += 1
    return result


def scenarios(pauses: tuple[float, ...]) -> list[tuple[str, float, bool]]:
    """Return all scenarios: how, the pause in seconds, and whether the run itself changes them."""
    own = [(how, pause, True) for how in BY_THE_RUN for pause in pauses]
    own += [(OWN_CHILD, pause, True) for pause in (0.0, 0.001)]
    others = [(how, pause, False) for how in BY_A_NEIGHBOUR for pause in (0.0, 0.001)]
    return [*own, *others, *((how, 0.0, False) for how in BEFORE_IT_IS_READ)]


def main() -> int:
    """Print the table; return 1 if a file came out wrong or was missed."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    bad = 0
    for place in dict.fromkeys((tempfile.gettempdir(), "/dev/shm")):
        with tempfile.TemporaryDirectory(prefix="races-", dir=place) as name:
            folder = Path(name)
            (folder / "home").mkdir()
            for number, (how, pause, alone) in enumerate(scenarios((0.0, 0.005))):
                here = folder / str(number)
                found = raced(Anew(folder / "home", here), here, how, count, pause, alone=alone)
                bad += found["WRONG"] + found["MISSED"]
                who = "the run" if alone else "a neighbour"
                line = f"| {place} | {who} | {how} | {pause * 1e3:.0f} ms | {dict(found)} |"
                print(line, flush=True)  # noqa: T201
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
