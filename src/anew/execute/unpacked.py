"""Takes the files of an image out of an engine, where they cannot be looked at as they lie there.

That is so with Docker, and with podman for anybody but root.
"""

import os
import subprocess
import tarfile
from collections.abc import Sequence
from pathlib import Path

from anew.execute import engine
from anew.model.errors import NoContainer
from anew.trace.places import inside

TRUSTED = getattr(tarfile, "fully_trusted_filter", None)  # from 3.11.4 on: it is checked here
OWN = {True: 0o700, False: 0o600}  # by whether it is a folder: what its reader needs


def take_out(name: str, image: str, container: str, folder: Path) -> None:
    """Write all files of `image` below `folder`; `container` is made for that, and removed.

    Raises:
        NoContainer: the engine, called `name`, does not give them.
        OSError: they cannot be written.
    """
    engine.ask([name, "create", "--pull=never", "--network=none", "--name", container,
                *engine.limits(name), image, "/bin/true"])  # fmt: skip
    try:
        unpack([name, "export", container], folder)
    finally:
        engine.stop(name, container)


def unpack(words: Sequence[str], folder: Path) -> None:
    """Write what an engine exports, a tar file, below `folder`.

    Raises:
        NoContainer: it is none, or ends too early.
        OSError: something cannot be written.
    """
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as export:  # fmt: skip
        assert export.stdout is not None
        assert export.stderr is not None
        try:
            with tarfile.open(fileobj=export.stdout, mode="r|") as tar:
                for member in tar:
                    _write(tar, member, str(folder))
            export.stdout.read()
            why = "" if export.wait() == 0 else f"it ended with exit code {export.returncode}"
        except tarfile.TarError as error:
            why = str(error)
        finally:
            export.kill()
        if why:
            said = " ".join(export.stderr.read().decode("utf-8", "replace").split())
            raise NoContainer(f"`{words[0]} export` did not give all files", why=said or why)


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: str) -> None:
    """Write a member, for its owner to read; no device, and nothing that would lie elsewhere."""
    target = os.path.join(folder, member.name)
    places = [target, *([os.path.join(folder, member.linkname)] if member.islnk() else [])]
    folders = [os.path.realpath(os.path.dirname(place)) for place in places]
    if member.isdev() or not all(inside(each, os.path.realpath(folder)) for each in folders):
        return
    if os.path.lexists(target) and (os.path.islink(target) or not member.isdir()):
        return
    member.mode = member.mode & 0o777 | OWN[member.isdir()]
    if TRUSTED is None:
        tar.extract(member, folder)
    else:
        tar.extract(member, folder, filter=TRUSTED)
