"""Installed files: what a run's distributions consist of, from the archive, or as they lie here."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from anew.facets.environment import rebuild
from anew.facets.environment.distributions import METADATA_FOLDERS, canonical_name
from anew.facets.environment.state import site_folders
from anew.model.archive import ArchivedFile, Part
from anew.model.inputs import FileKind
from anew.store.listings import read_listing
from anew.verbs.archives import find_archive
from anew.verbs.environments import of_python

if TYPE_CHECKING:
    from collections.abc import Mapping

    from anew.model.archive import Archive
    from anew.model.digest import Digest
    from anew.model.record import Record
    from anew.verbs.workspace import Workspace


@dataclass(slots=True)
class Installed:
    """Reads installed files by their original path; `sites` are the folders of distributions."""

    workspace: Workspace
    sites: tuple[str, ...]
    archived: dict[str, ArchivedFile] | None = None  # None where the files lie here
    metadata: dict[str, str] = field(default_factory=dict)  # of distributions, by canonical name

    def read(self, path: str) -> bytes | None:
        """Return the bytes of a file; None where it is not there, or is byte-compiled.

        Raises:
            MissingObject, DamagedObject: the archive has lost it.
        """
        path = os.path.normpath(path)
        if self.archived is None:
            try:
                with open(path, "rb") as stream:
                    return stream.read()
            except OSError:
                return None
        file = self.archived.get(path)
        if file is None or file.digest is None or file.kind is not FileKind.FILE or file.held:
            return None
        return self.workspace.store.read(file.digest)

    def digest(self, path: str) -> Digest | None:
        """Return the digest of a file; None where it is not there."""
        path = os.path.normpath(path)
        if self.archived is not None:
            file = self.archived.get(path)
            return file.digest if file is not None else None
        try:
            return self.workspace.store.fingerprint(path, None)
        except OSError:
            return None

    def files_of(self, name: str) -> dict[str, Digest | None] | None:
        """Return the digests of the files that a distribution says it has, by relative path.

        None where it does not say.
        """
        folder = self.metadata.get(canonical_name(name))
        data = self.read(f"{folder}/RECORD") if folder is not None else None
        if folder is None or data is None:
            return None
        site = os.path.dirname(folder)
        lines = data.decode("utf-8", "surrogateescape").splitlines()
        paths = [row[0] for row in csv.reader(lines) if row]
        return {path: self.digest(f"{site}/{path}") for path in paths
                if not path.startswith(("..", "/"))}  # fmt: skip

    def executable(self, path: str) -> bool:
        """Say whether a file may be executed."""
        path = os.path.normpath(path)
        if self.archived is None:
            return os.access(path, os.X_OK)
        file = self.archived.get(path)
        return file is not None and bool(file.mode & 0o111)

    def text(self, name: str, file: str) -> str:
        """Return a file of the metadata of a distribution, empty where there is none."""
        folder = self.metadata.get(canonical_name(name))
        data = self.read(f"{folder}/{file}") if folder is not None else None
        return (data or b"").decode("utf-8", "replace")


def installed_files(workspace: Workspace, record: Record) -> Installed | None:
    """Return the installed files of a run; None where they are neither archived nor here."""
    environment = of_python(record)
    assert environment.interpreter is not None
    archive = find_archive(workspace, environment)
    if archive is not None:
        files = _archived(workspace, archive)
        found = Installed(workspace, archive.sites, files)
        _find_metadata(found, files)
        return found
    cache = workspace.cache / "environments"
    process = rebuild.present(environment.interpreter, environment.digest, cache, os.environ)
    if process is None:
        return None
    return files_in(workspace, site_folders(process))


def files_in(workspace: Workspace, sites: tuple[str, ...]) -> Installed:
    """Return the installed files as they lie in `sites` here."""
    found = Installed(workspace, sites)
    for site in reversed(sites):
        for name in os.listdir(site):
            _note(found, site, name)
    return found


def _archived(workspace: Workspace, archive: Archive) -> dict[str, ArchivedFile]:
    return {
        f"{tree.path}/{each.path}": each
        for tree in archive.trees if tree.part in (Part.PREFIX, Part.SITE)
        for each in read_listing(workspace.store, tree.files, ArchivedFile)
    }  # fmt: skip


def _find_metadata(found: Installed, files: Mapping[str, ArchivedFile]) -> None:
    for site in reversed(found.sites):
        start = len(site) + 1
        names = {path[start:].partition("/")[0] for path in files if path.startswith(site + "/")}
        for name in names:
            _note(found, site, name)


def _note(found: Installed, site: str, name: str) -> None:
    if name.endswith(METADATA_FOLDERS):
        found.metadata[canonical_name(name.partition("-")[0])] = f"{site}/{name}"
