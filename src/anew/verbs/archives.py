"""archive: the installed files of a run's environment go into the store, and are found there."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anew.facets.environment import rebuild
from anew.facets.environment.archiving import take_in
from anew.facets.environment.comparing import named_differences
from anew.facets.environment.inventory import scan
from anew.facets.environment.state import digest_of_environment, site_folders
from anew.facets.environment.trees import tops
from anew.model.archive import Archive
from anew.model.canonical import decode, encode
from anew.model.digest import Digest
from anew.model.entry import ENVIRONMENT_ARCHIVED, RUN_REMOVED
from anew.model.errors import CannotArchive, NoEnvironment
from anew.model.inputs import Library
from anew.store.listings import read_listing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from anew.facets.spool import Process
    from anew.model.inputs import Environment
    from anew.model.record import Record
    from anew.verbs.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Archived:
    """What is now in the store. `added` in bytes on disk; `known` where it was there before."""

    archive: Archive
    digest: Digest
    files: int
    size: int
    added: int
    known: bool


def archive_environment(
    workspace: Workspace,
    record: Record,
    progress: Callable[[str], None],
    *,
    libraries: bool = False,
    interpreter: bool | None = None,
) -> Archived:
    """Take in the files of the environment of `record`, which must be here as it was recorded.

    With `libraries` shared libraries from elsewhere are taken in too; `interpreter` says whether
    the Python is, where it has a prefix of its own: None for one that is made to be moved.

    Raises:
        CannotArchive: the environment is gone or another, or cannot be read.
        OSError: the store cannot be written.
    """
    recorded, store = record.recipe.environment, workspace.store
    process = _recorded(workspace, recorded)
    cache = workspace.cache / "environments"
    found = scan(site_folders(process), cache)
    wanted = _libraries(workspace, recorded) if libraries else ()
    assert recorded.interpreter is not None
    with store.in_use():
        batch = store.begin()
        try:
            archive = take_in(
                recorded.digest, recorded.interpreter, site_folders(process),
                tops(process, record.project, found, wanted, interpreter=interpreter),
                store, batch, progress,
            )  # fmt: skip
            if digest_of_environment(process, cache) != recorded.digest:
                raise CannotArchive(
                    "the environment changed while it was archived",
                    why="it is no longer the recorded one",
                    hint="let nothing install into it meanwhile, then archive again",
                )
            digest = batch.add(encode(archive))
            batch.commit()
        finally:
            batch.discard()
        known = digest in archives(workspace).get(recorded.digest, ())
        workspace.ledger.append(ENVIRONMENT_ARCHIVED, record.id, body=digest, text=recorded.digest)
    return Archived(
        archive, digest,
        sum(tree.files.count for tree in archive.trees),
        sum(tree.files.size for tree in archive.trees),
        batch.written, known,
    )  # fmt: skip


def _recorded(workspace: Workspace, recorded: Environment) -> Process:
    """Return the interpreter of a record as it is here, its environment provably the same."""
    interpreter = recorded.interpreter
    if interpreter is None or recorded.packages is None:
        raise CannotArchive(
            "there is no environment to archive", why="no Python took part in the run",
            hint="its programs are the system's own: see `anew show RUN`",
        )  # fmt: skip
    cache = workspace.cache / "environments"
    process = rebuild.present(interpreter, recorded.digest, cache, os.environ)
    if process is not None:
        return process
    try:
        differing = named_differences(recorded, workspace.store, cache)
    except NoEnvironment as error:
        raise CannotArchive(
            f"the environment {interpreter.prefix} is gone",
            why=error.why or error.what,
            hint="rebuild it with `anew env rebuild RUN`, or run the experiment again",
        ) from error
    raise CannotArchive(
        f"the environment {interpreter.prefix} is no longer the recorded one",
        why="; ".join(differing), hint="archive it right after a run, or run the experiment again",
    )  # fmt: skip


def _libraries(workspace: Workspace, recorded: Environment) -> Sequence[Library]:
    """Return the libraries from elsewhere that are here as they were recorded."""
    if recorded.libraries is None:
        return ()
    kept = []
    for each in read_listing(workspace.store, recorded.libraries, Library):
        try:
            same = workspace.store.fingerprint(each.path, None) == each.digest
        except OSError:
            continue
        if same:
            kept.append(each)
    return kept


def archives(workspace: Workspace) -> dict[Digest, list[Digest]]:
    """Return the archives of each environment, the latest last; not those freed with their run."""
    named: list[tuple[Digest, Digest, str]] = []
    removed: set[str] = set()
    for entry in workspace.ledger.entries():
        if entry.kind == RUN_REMOVED:
            removed.add(entry.subject)
        elif entry.kind == ENVIRONMENT_ARCHIVED and entry.body is not None:
            named.append((Digest(entry.text), entry.body, entry.subject))
    held = workspace.store.has_many(body for _, body, _ in named) if removed and named else ()
    found: dict[Digest, list[Digest]] = {}
    for environment, body, run in named:
        if run not in removed or body in held:
            others = found.setdefault(environment, [])
            others[:] = [each for each in others if each != body] + [body]
    return found


def find_archive(workspace: Workspace, environment: Environment) -> Archive | None:
    """Return the archive of an environment: of the same prefix, else the latest.

    Raises:
        DamagedObject: it is there and cannot be read.
    """
    digests = archives(workspace).get(environment.digest, [])
    held = workspace.store.has_many(digests)
    prefix = environment.interpreter.prefix if environment.interpreter else ""
    best: Archive | None = None
    for digest in digests:
        if digest in held:
            archive = decode(workspace.store.read(digest), Archive)
            if best is None or archive.interpreter.prefix == prefix or (
                best.interpreter.prefix != prefix
            ):  # fmt: skip
                best = archive
    return best
