"""Talks to a container engine: podman, buildah or Docker, whichever is there."""

import csv
import io
import json
import os
import resource
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from anew.execute.protocol import Container, Mount
from anew.model.errors import NoContainer

ENGINES = ("podman", "docker")  # that run containers
BUILDERS = ("buildah", *ENGINES)
TIMEOUT = 3600.0  # seconds
RESOURCES = 1 << 24  # CAP_SYS_RESOURCE in /proc/self/status
TRIES = 3
FEW_PROCESSES = 4096  # what an engine may allow that itself may not raise its limits


class Image(Struct, frozen=True):
    """An image as an engine has it: `digest` of its manifest, `id` of its configuration."""

    name: str
    digest: str
    id: str

    @property
    def identity(self) -> str:
        """What names it and no other: its digest, else its id, where no registry gave it one."""
        return self.digest or f"sha256:{self.id}"


def find(names: Sequence[str] = ENGINES) -> str | None:
    """Return the first of the engines `names` that is there: podman, before docker."""
    return next((name for name in names if shutil.which(name)), None)


def ask(words: Sequence[str], *, folder: Path | None = None) -> str:
    """Run an engine; return what it wrote to stdout.

    Raises:
        NoContainer: it ended with an error; its own words are the reason.
    """
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, errors="replace", check=False, cwd=folder,
            stdin=subprocess.DEVNULL, timeout=TIMEOUT,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoContainer(f"{words[0]} could not be run", why=str(error)) from error
    if done.returncode != 0:
        raise NoContainer(
            f"`{words[0]} {words[1]}` ended with exit code {done.returncode}",
            why=" ".join(done.stderr.split())[-600:],
            hint=f"try `{words[0]} info`: it may need rights or a service",
        )
    return done.stdout


def look(engine: str, name: str) -> Image | None:
    """Return the image of that name, None where the engine has none."""
    if engine == "buildah":
        try:
            facts = json.loads(ask([engine, "inspect", "--type", "image", name]))
        except (NoContainer, ValueError):
            return None
        return Image(name, facts["FromImageDigest"], facts["FromImageID"])
    try:
        found = json.loads(ask([engine, "image", "inspect", name]))
    except (NoContainer, ValueError):
        return None
    if not found:
        return None
    facts = found[0]
    by_digest = [each.partition("@")[2] for each in facts.get("RepoDigests") or ()]
    identifier = str(facts["Id"]).removeprefix("sha256:")
    return Image(name, facts.get("Digest") or next(iter(by_digest), ""), identifier)


def build(context: Path, name: str, clock: int) -> tuple[str, Image]:
    """Build the Containerfile of `context`; return by what, and the image.

    The same files give the same digest: no file and no note of it has another time than `clock`.

    Raises:
        NoContainer: there is no engine, or it cannot build.
    """
    builder = find(BUILDERS)
    if builder is None:
        raise NoContainer(
            "there is no container engine here",
            why=f"none of {', '.join(BUILDERS)} is on PATH",
            hint="install one, as `apt-get install buildah`, or build the context elsewhere",
        )
    if builder == "docker":
        words = ["build", "--no-cache", "--build-arg", f"SOURCE_DATE_EPOCH={clock}"]
    else:
        words = ["build", "--no-cache", "--layers=false", "--timestamp", str(clock),
                 "--pull-never" if builder == "buildah" else "--pull=never"]  # fmt: skip
    ask([builder, *words, "-q", "-f", "Containerfile", "-t", name, "."], folder=context)
    image = look(builder, name)
    if image is None:
        raise NoContainer(f"{builder} built no image {name}", hint=f"see `{builder} images`")
    return builder, image


def can_show(engine: str) -> bool:
    """Say whether the files of its images can be read from here as they lie there."""
    return engine == "podman" and os.getuid() == 0


def show(engine: str, image: str) -> str | None:
    """Return the folder in which the files of an image lie, where they can be read from here.

    They stay to be seen until `hide`.
    """
    try:
        return ask([engine, "image", "mount", image]).strip() or None
    except NoContainer:
        return None


def hide(engine: str, image: str) -> None:
    """Let go of what `show` showed."""
    if shutil.which(engine) is None:
        return
    subprocess.run([engine, "image", "unmount", image], capture_output=True, check=False)


def words_to_run(
    container: Container, mounts: Iterable[Mount], *, interactive: bool, terminal: bool,
    first: Sequence[str],
) -> list[str]:  # fmt: skip
    """Return the command that runs `first` in a container that sees `mounts`, and no network."""
    words = [container.engine, "run", "--rm", "--name", container.name, "--pull=never",
             "--network=none", "--log-driver=none", "--security-opt=label=disable",
             f"--user={container.user}:{container.group}"]  # fmt: skip
    words += [f"--hostname={container.host}"] * bool(container.host)
    words += ["--interactive"] * interactive + ["--tty"] * terminal
    words += [f"--shm-size={container.shared_memory}"] * bool(container.shared_memory)
    words += limits(container.engine)
    if container.engine == "podman":
        words += ["--systemd=false", "--unsetenv-all"]
        words += ["--userns=keep-id"] * (os.getuid() != 0)
    words += [f"--mount={_mount(mount)}" for mount in mounts if mount.target != "/"]
    return [*words, f"--entrypoint={first[0]}", container.image, *first[1:]]


def _mount(mount: Mount) -> str:
    fields = ["type=bind", f"source={mount.source}", f"target={mount.target}"]
    fields += ["readonly"] if mount.read_only else []
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(fields)
    return line.getvalue()


def limits(engine: str) -> list[str]:
    """Return limits for an engine to set that may not raise its own."""
    if engine != "podman" or os.getuid() != 0 or _powers() & RESOURCES:
        return []
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    processes = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    few = FEW_PROCESSES if processes < 0 else min(processes, FEW_PROCESSES)
    return [f"--ulimit=nofile={files}:{files}", f"--ulimit=nproc={few}:{few}"]


def _powers() -> int:
    with open("/proc/self/status", encoding="ascii", errors="replace") as stream:
        for line in stream:
            if line.startswith("CapEff:"):
                return int(line.split()[1], 16)
    return 0


def remove(container: Container) -> None:
    """Stop a container that may go on, with all that runs in it."""
    stop(container.engine, container.name)


def stop(engine: str, container: str) -> bool:
    """Stop the container of that name at once; say whether it is gone, or never was."""
    if shutil.which(engine) is None:
        return False
    at_once = ["--time=0"] * (engine == "podman")
    for _ in range(TRIES):  # podman finds out only by trying that its own watcher was killed
        done = subprocess.run(
            [engine, "rm", "--force", *at_once, container],
            stdin=subprocess.DEVNULL, capture_output=True, check=False,
        )  # fmt: skip
        if done.returncode == 0 or b"no such container" in done.stderr.lower():
            return True
    return False
