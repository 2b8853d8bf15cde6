"""Runner: records a way by the real command, holds the record to what is true, and replays it."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from anew.model.digest import digest_bytes
from tests.conformance.ways import IN, TEXT, UNREAD, Kind, Way
from tests.conftest import Anew

PROGRAMS = Path(os.environ.get("ANEW_EXAMPLES", Path(sys.executable).parent))
COMPILER = shutil.which("cc") or shutil.which("gcc")
ALL, STDIN = "*", "project/<stdin>"
FOUND: dict[str, bool] = {}
FULL = "--trace=full"  # with it, what is a gap else may be held


class Result(StrEnum):
    """How a way came out."""

    HELD = "held"  # every file with its bytes, and the replay is identical
    GAP = "gap"  # what is not held is named
    MISSED = "missed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Tried:
    """A way, how it came out, and what is to be said about it."""

    way: Way
    result: Result
    why: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """A file: its bytes, where it really lies, and where it points to if it is a link itself."""

    content: bytes | None
    place: str
    target: str | None = None


class Absent(Exception):
    """Something a way needs is not on this machine."""


def tried(way: Way, anew: Anew, folder: Path, *options: str) -> Tried:
    """Record the way in `folder`, check the record, delete all, replay.

    `options` are those of `anew run`.
    """
    try:
        words = _prepared(way, folder)
    except Absent as error:
        return Tried(way, Result.SKIPPED, str(error))
    before = _look(folder)
    name = f"w{abs(hash(way.title)):x}-{os.getpid()}"
    with open(folder / way.stdin if way.stdin else os.devnull, "rb") as stdin:
        done = anew("run", "--name", name, *options, "--", *words, check=None, cwd=folder / "project",
                    stdin=stdin, environ=_environ(folder))  # fmt: skip
    if done.returncode != way.exits:
        return Tried(way, Result.MISSED, f"exit code {done.returncode}: {done.stderr[-300:]}")
    record = anew.json("show", name, cwd="/")
    faults = [*_faults(way, record, folder, before, _look(folder)), *_noise(done.stderr)]
    if faults:
        return Tried(way, Result.MISSED, "; ".join(faults))
    # Entropy that compiled code drew is named; whether it decided anything the replay shows.
    gaps = [gap["what"] for gap in record["coverage"]["gaps"] if gap["aspect"] != "seeds"]
    if gaps or (way.gap and FULL not in options):
        named = any(way.gap and way.gap in gap for gap in gaps)
        wanted = named and len(gaps) == 1
        return Tried(way, Result.GAP if named else Result.MISSED,
                     "" if wanted else f"gaps: {gaps or 'none'}")  # fmt: skip
    _delete(folder)
    again = anew("replay", name, check=None, cwd="/", environ=_environ(folder))
    if not again.stdout.startswith("anew: identical"):
        return Tried(way, Result.MISSED, f"replay: {(again.stdout + again.stderr).strip()[:500]}")
    return Tried(way, Result.HELD)


def _environ(folder: Path) -> dict[str, str]:
    return {"PATH": f"{PROGRAMS}:{os.environ['PATH']}", "WAY": str(folder)}


def _noise(stderr: str) -> list[str]:
    return [f"on stderr: {line}" for line in stderr.splitlines()
            if line and not line.startswith("anew: ") and "ld.so" in line]  # fmt: skip


def _prepared(way: Way, folder: Path) -> list[str]:
    """Lay out what the way finds; return the words to record.

    Raises:
        Absent: what it needs is not here.
    """
    for need in way.needs:
        if not _has(need):
            raise Absent(f"needs {need.rpartition(':')[2]}")
    files = {IN: TEXT, UNREAD: b"never read\n", **way.files}
    (folder / "project").mkdir(parents=True)
    for name, content in files.items():
        path = os.fsencode(f"{folder}/{name}")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as stream:
            stream.write(content)
    if way.prepare:
        done = subprocess.run(["sh", "-e", "-c", way.prepare], cwd=folder, capture_output=True,
                              text=True, env={**os.environ, **_environ(folder)},
                              check=False)  # fmt: skip
        if done.returncode:
            raise Absent(f"cannot be prepared here: {done.stderr.strip()[-200:]}")
    if way.kind is Kind.SHELL:
        own = ["sh", "-c", way.text]
    else:
        script = folder / "project" / f"way.{way.kind}"
        script.write_text(way.text)
        own = [str(PROGRAMS / "python"), "way.py"]
    if way.kind is Kind.C:
        own = [_compiled(way, folder)]
    return [word.replace("PYTHON", own[0]) for word in way.command] or own


def _compiled(way: Way, folder: Path) -> str:
    compiler, *options = way.options or ("cc",)
    if compiler.startswith("-"):
        compiler, options = "cc", list(way.options)
    if shutil.which(compiler) is None:
        raise Absent(f"needs {compiler}")
    words = [compiler, "-w", "-o", "way", "way.c", *options]
    done = subprocess.run(
        words, cwd=folder / "project", capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Absent(f"`{' '.join(words)}`: {done.stderr.strip().splitlines()[-1]}")
    return "./way"


def _has(need: str) -> bool:
    if need not in FOUND:
        kind, _, name = need.partition(":")
        if need == "root":
            FOUND[need] = not os.geteuid()
        elif kind == "module":
            words = [str(PROGRAMS / "python"), "-c", f"import {name}"]
            FOUND[need] = not subprocess.run(words, capture_output=True, check=False).returncode
        else:
            FOUND[need] = bool(shutil.which(name)) if kind == "program" else os.path.exists(name)
    return FOUND[need]


def _look(folder: Path) -> dict[str, Seen]:
    """Return every file and link below a folder, by each path in it that leads there."""
    found = {}
    root = os.fsencode(folder)
    for place, folders, names in os.walk(root, followlinks=True):
        for name in (*names, *(each for each in folders if os.path.islink(place + b"/" + each))):
            path = place + b"/" + name
            shown = os.fsdecode(path[len(root) + 1 :])
            if "__pycache__" in shown:
                continue
            real = os.fsdecode(os.path.realpath(path)).removeprefix(f"{folder}/")
            target = os.fsdecode(os.readlink(path)) if os.path.islink(path) else None
            content = None
            if os.path.isfile(path):
                with open(path, "rb") as stream:
                    content = stream.read()
            if content is not None or target is not None:
                found[shown] = Seen(content, real, target)
    return found


def _own(files: dict[str, Seen]) -> dict[str, Seen]:
    """Return what lies there itself, and not by way of a linked folder."""
    return {
        path: seen for path, seen in files.items() if seen.target is not None or seen.place == path
    }


def _faults(
    way: Way, record: dict[str, Any], folder: Path, before: dict[str, Seen], after: dict[str, Seen]
) -> list[str]:
    """Return what the record says that is not so, and what is so that it does not say."""
    gaps = " ".join(gap["what"] for gap in record["coverage"]["gaps"])
    inputs = _files(record["recipe"]["inputs"], folder)
    code = _files(record["recipe"]["code"]["files"], folder)
    outputs = _files(record["outcome"]["outputs"], folder)
    faults = _wrong_stdin(way, inputs, before)
    if ALL not in way.reads:
        links = {path for path in way.reads if path in before and before[path].target is not None}
        reads = {before[path].place if path in before else path for path in way.reads} | links
        faults += [f"{path} was not read" for path in inputs.keys() - reads
                   if inputs[path].get("kind") != "link"]  # fmt: skip
        faults += [
            f"{path} is not among the inputs"
            for path in reads
            if path not in inputs and path not in code and not _named(path, gaps, way)
        ]
    for role, entries, truth in (("input", inputs, before), ("code", code, before),
                                 ("output", outputs, after)):  # fmt: skip
        for path, entry in entries.items():
            if entry["digest"] is None:
                if not _named(path, gaps, way):
                    faults.append(f"{role} {path} has no digest and no gap")
            elif entry["digest"] != _digest(truth.get(path), entry.get("kind", "file")):
                faults.append(f"WRONG digest of {role} {path}")
    was, now = _own(before), _own(after)
    told = outputs.keys() | {after[path].place for path in outputs if path in after}
    faults += [
        f"{path} is not among the outputs"
        for path, seen in now.items()
        if _is_other(was.get(path), seen) and path not in told and not _named(path, gaps, way)
    ]
    gone = was.keys() - now.keys()
    said = {_from(folder, path) for path in record["outcome"]["deleted"]} & was.keys()
    if gone != said and not way.gap:
        faults.append(f"deleted {sorted(gone)}, said {sorted(said)}")
    return faults


def _wrong_stdin(way: Way, inputs: dict[str, dict[str, Any]], before: dict[str, Seen]) -> list[str]:
    found = inputs.pop(STDIN, None)
    if found is None:
        return ["stdin is not among the inputs"] if way.stdin else []
    given = before[way.stdin].content if way.stdin else b""
    right = found["digest"] == str(digest_bytes(given or b""))
    return [] if right else ["WRONG digest of stdin"]


def _is_other(was: Seen | None, now: Seen) -> bool:
    if was is None or was.target != now.target:
        return True
    return now.target is None and was.content != now.content


def _digest(seen: Seen | None, kind: str) -> str:
    if seen is None:
        return "nothing is there"
    if kind == "link":
        return str(digest_bytes(os.fsencode(seen.target or "")))
    return "no file" if seen.content is None else str(digest_bytes(seen.content))


def _named(path: str, gaps: str, way: Way) -> bool:
    return path.rpartition("/")[2] in gaps or bool(way.gap and way.gap in gaps)


def _files(entries: list[dict[str, Any]], folder: Path) -> dict[str, dict[str, Any]]:
    """Return the files and links of the way among some entries, by path; a file before a link."""
    found: dict[str, dict[str, Any]] = {}
    for entry in sorted(entries, key=lambda entry: entry.get("kind", "file"), reverse=True):
        path = _from(folder, entry["path"])
        if entry.get("kind", "file") in ("file", "link") and not path.startswith("/"):
            found[path] = entry
    return found


def _from(folder: Path, path: str) -> str:
    """Return a path of a record relative to the folder of the way."""
    if not path.startswith("/"):
        return f"project/{path}"
    return path.removeprefix(f"{folder}/")


def _delete(folder: Path) -> None:
    for name in ("project", "data"):
        shutil.rmtree(os.fsencode(folder / name), ignore_errors=True)
