"""CPU, accelerators, drivers, kernel and place: what explains a difference."""

import os
import pwd
from shutil import which

from msgspec.structs import replace

from anew.judge.dispatch import FEATURES
from anew.model.canonical import digest_of
from anew.model.circumstances import Accelerator, Circumstances


def observe(started_at: str, version: str) -> Circumstances:
    """Describe this machine. Reads files of /proc, and asks `nvidia-smi` where it is."""
    facts = _cpu()
    flags = facts.get("flags") or facts.get("Features") or ""
    name = facts.get("model name") or facts.get("Processor") or os.uname().machine
    kernel = os.uname()
    accelerators, cuda = _accelerators()
    return Circumstances(
        host=kernel.nodename,
        user=_user(),
        started_at=started_at,
        system=_system(),
        kernel=f"{kernel.sysname} {kernel.release}",
        machine=kernel.machine,
        cpu=name,
        cpu_flags=digest_of(sorted(flags.split())) if flags else None,
        cores=os.cpu_count() or 0,
        affinity=len(os.sched_getaffinity(0)),
        memory=_memory(),
        memory_limit=_memory_limit(),
        accelerators=accelerators,
        cuda=cuda,
        container=_container(),
        libc=_libc(),
        anew=version,
        user_id=os.getuid(),
        group_id=os.getgid(),
        cpu_features=_features(flags),
    )


def inside(there: Circumstances, container: str, root: str | None) -> Circumstances:
    """Return the circumstances of what runs on this machine in a container of ours.

    `root` is the folder in which the files of its image can be read from here.
    """
    return replace(
        there, container=container, system=_system(root) if root else "", libc="",
    )  # fmt: skip


def features() -> tuple[str, ...]:
    """Return which features this CPU has that decide which code libraries run."""
    facts = _cpu()
    return _features(facts.get("flags") or facts.get("Features") or "")


def accelerators() -> tuple[Accelerator, ...]:
    """Return the accelerators that are here."""
    return _accelerators()[0]


def _features(flags: str) -> tuple[str, ...]:
    known = set(flags.split())
    return tuple(name for name in FEATURES if name in known)


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError:
        return ""


def _cpu() -> dict[str, str]:
    first = _read("/proc/cpuinfo").partition("\n\n")[0]
    pairs = (line.partition(":") for line in first.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _system(root: str = "") -> str:
    for place in ("/etc/os-release", "/usr/lib/os-release"):
        text = _read(root + place)
        if text:
            break
    for line in text.splitlines():
        if line.startswith("PRETTY_NAME="):
            return line.partition("=")[2].strip('"')
    return os.uname().sysname


def _memory() -> int:
    for line in _read("/proc/meminfo").splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) * 1024
    return 0


def _memory_limit() -> int | None:
    """Return the smallest limit of this process's control groups (version 2, then 1)."""
    group = _read("/proc/self/cgroup").partition("::")[2].strip()
    limits = []
    while group:
        text = _read(f"/sys/fs/cgroup{group}/memory.max").strip()
        if text.isdigit():
            limits.append(int(text))
        if group == "/":
            break
        group = os.path.dirname(group)
    text = _read("/sys/fs/cgroup/memory/memory.limit_in_bytes").strip()
    if text.isdigit() and int(text) < 1 << 60:
        limits.append(int(text))
    return min(limits) if limits else None


def _libc() -> str:
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (ValueError, OSError):
        return "musl" if os.path.exists("/lib/ld-musl-x86_64.so.1") else ""


def _container() -> str | None:
    """Return the kind of container we are in, with image and digest where they can be recognised.

    podman writes them into a privileged container only; `ANEW_IMAGE` says them where nothing does.
    """
    said = os.environ.get("ANEW_IMAGE", "")
    if os.path.exists("/run/.containerenv"):
        pairs = (line.partition("=") for line in _read("/run/.containerenv").splitlines())
        facts = {name: value.strip('"') for name, _, value in pairs}
        name, identifier = facts.get("image", ""), facts.get("imageid", "")
        named = f"{name} sha256:{identifier}" if identifier else name
        return f"podman {said or named}".strip()
    if os.path.exists("/.dockerenv"):
        return f"docker {said}".strip()
    if said:
        return said
    if os.environ.get("APPTAINER_CONTAINER") or os.environ.get("SINGULARITY_CONTAINER"):
        return f"apptainer {os.environ.get('APPTAINER_CONTAINER', '')}".strip()
    if "KUBERNETES_SERVICE_HOST" in os.environ:
        return "kubernetes"
    return None


def _accelerators() -> tuple[tuple[Accelerator, ...], str | None]:
    if not os.path.exists("/dev/nvidiactl") or which("nvidia-smi") is None:
        return (), None
    import subprocess  # noqa: PLC0415 - start-up is felt

    query = ["nvidia-smi", "--query-gpu=name,memory.total,driver_version"]
    try:
        done = subprocess.run(
            [*query, "--format=csv,noheader,nounits"],
            capture_output=True, text=True, timeout=10, check=False,
        )  # fmt: skip
        lines = [line.split(", ") for line in done.stdout.splitlines() if line.count(", ") == 2]
        found = tuple(Accelerator(name, int(size) << 20, driver) for name, size, driver in lines)
    except (OSError, subprocess.TimeoutExpired, ValueError):
        return (), None
    head = _read("/usr/local/cuda/version.json")
    cuda = head.partition('"version" : "')[2].partition('"')[0] if head else None
    return found, cuda or None
