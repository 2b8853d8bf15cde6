"""Texts that build a container of an environment: for OCI engines, Apptainer and editors."""

import json

from msgspec import Struct

CLOCK = 315_532_800  # 1980-01-01: the time of every file, so that the same files are the same image
ROOT = "rootfs"  # folder of the build context that holds all files at their original paths
SEARCHED = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
BASES = {"debian": "docker.io/library/debian", "ubuntu": "docker.io/library/ubuntu",
         "fedora": "registry.fedoraproject.org/fedora"}  # fmt: skip


class Content(Struct, frozen=True):
    """What a container is to hold and start.

    `argv` is the recorded command and `folder` where it was given; `prefix` that of a virtual
    environment, empty without one; `base` the image it is built on, `by_digest` where it can be.
    """

    run: str
    environment: str
    argv: tuple[str, ...]
    executable: str
    prefix: str
    folder: str
    base: str
    by_digest: str | None = None

    @property
    def origin(self) -> str:
        """The base as it is built on."""
        return self.by_digest or self.base

    @property
    def arguments(self) -> tuple[str, ...]:
        """What follows the interpreter, where the command was one of Python's."""
        name = self.argv[0].rpartition("/")[2] if self.argv else ""
        return self.argv[1:] if name.startswith(("python", "pypy")) else ()

    @property
    def covered(self) -> str:
        """The virtual environment, where a project that is mounted would lie over it."""
        return self.prefix if self.prefix.startswith(self.folder.rstrip("/") + "/") else ""

    @property
    def variables(self) -> dict[str, str]:
        """The variables by which the environment is found."""
        folder = self.executable.rpartition("/")[0]
        found = {"PATH": f"{folder}:{SEARCHED}", "LANG": "C.UTF-8"}
        return {**found, "VIRTUAL_ENV": self.prefix} if self.prefix else found

    @property
    def labels(self) -> dict[str, str]:
        """What the container says of itself."""
        found = {"io.anew.run": self.run, "io.anew.environment": self.environment,
                 "org.opencontainers.image.base.name": self.base.partition("@")[0]}  # fmt: skip
        digest = self.origin.partition("@")[2]
        return {**found, "org.opencontainers.image.base.digest": digest} if digest else found


def default_base(system: str) -> str:
    """Return an image of the system that a run was made on.

    >>> default_base("Ubuntu 24.04.1 LTS")
    'docker.io/library/ubuntu:24.04'
    >>> default_base("Debian GNU/Linux 12 (bookworm)")
    'docker.io/library/debian:12'
    """
    name = next((each for each in BASES if system.lower().startswith(each)), "debian")
    numbers = [word for word in system.split() if word[:1].isdigit()] if name in system.lower() \
        else []  # fmt: skip
    version = ".".join(numbers[0].split(".")[:2]) if numbers else "stable"
    return f"{BASES[name]}:{version}"


def containerfile(content: Content) -> str:
    """Return the Containerfile (a Dockerfile) of a container."""
    quoted = {name: _quoted(value) for name, value in content.variables.items()}
    lines = [
        f"# The environment of run {content.run}, file for file as it was recorded.",
        "# Build it so that the same files are the same image:",
        f"#   podman build --timestamp {CLOCK} --no-cache --layers=false -t NAME .",
        "# Its own files are all in rootfs/; code and data are not: mount the project, as in",
        f"#   podman run --rm {_mounts(content)} NAME",
        f"FROM {content.origin}",
        f"COPY {ROOT}/ /",
        *(f"ENV {name}={value}" for name, value in quoted.items()),
        *(f"LABEL {name}={_quoted(value)}" for name, value in content.labels.items()),
        f"WORKDIR {_escaped(content.folder)}",
        f"ENTRYPOINT {json.dumps([content.executable])}",
        f"CMD {json.dumps(list(content.arguments))}",
    ]
    return "\n".join(lines) + "\n"


def _mounts(content: Content) -> str:
    """Return the options that show the project, and the environment that it would cover."""
    mounts = [f'-v "$PWD":{_for_shell(content.folder)}']
    mounts += [f"-v {_for_shell(content.covered)}"] if content.covered else []
    return " ".join(mounts)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("$", "\\$")


def _quoted(text: str) -> str:
    return '"' + _escaped(text).replace('"', '\\"') + '"'


def apptainer(content: Content) -> str:
    """Return the definition of an Apptainer container with the same files."""
    words = " ".join(_for_shell(word) for word in (content.executable, *content.arguments))
    variables = "\n".join(
        f"    export {name}={_for_shell(value)}" for name, value in content.variables.items()
    )
    labels = "\n".join(f"    {name} {value}" for name, value in content.labels.items())
    return f"""Bootstrap: docker
From: {content.origin}
# Of an image that no registry has: `podman save IMAGE -o base.tar`, then
# Bootstrap: docker-archive
# From: base.tar

%setup
    cp -a {ROOT}/. "${{APPTAINER_ROOTFS}}/"

%environment
{variables}

%labels
{labels}

%runscript
    if [ $# -gt 0 ]; then exec {_for_shell(content.executable)} "$@"; fi
    cd {_for_shell(content.folder)} && exec {words}
"""


def _for_shell(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def devcontainer(content: Content) -> str:
    """Return a devcontainer.json, to lie in the folder `.devcontainer` of the build context."""
    mount = f"source=${{localWorkspaceFolder}},target={content.folder},type=bind"
    document = {
        "name": f"anew {content.run[:6]}",
        "build": {"dockerfile": "../Containerfile", "context": ".."},
        "workspaceFolder": content.folder,
        "workspaceMount": mount,
        "mounts": [f"type=volume,target={content.covered}"] if content.covered else [],
        "overrideCommand": True,
        "customizations": {
            "vscode": {"settings": {"python.defaultInterpreterPath": content.executable}}
        },
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
