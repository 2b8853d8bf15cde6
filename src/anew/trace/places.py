"""Places: the folders that tell what a file is to a run, and paths relative to them."""

from msgspec import Struct

SYSTEM = ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/sbin", "/etc", "/opt/conda", "/var/lib",
          "/var/cache")  # fmt: skip
MEMORY = "/dev/shm"  # a folder like any other, though it lies among the devices
NOISE = ("/proc", "/sys", "/dev", "/run", "/var/run")


class Places(Struct, frozen=True):
    """All absolute, normalised, without a `/` at the end.

    `environments` are the prefixes of the interpreters that took part; `own` our store and spool;
    `installers` the caches of those who install packages; `caches` those of libraries, whose files
    are made anew when they are missing; `downloads` folders of data and models that were fetched.
    """

    project: str
    home: str
    temporary: str
    environments: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    installers: tuple[str, ...] = ()
    caches: tuple[str, ...] = ()
    downloads: tuple[str, ...] = ()


def inside(path: str, folder: str) -> bool:
    """Say whether `path` is `folder` or lies below it.

    >>> inside("/a/b", "/a"), inside("/ab", "/a"), inside("/a", "/")
    (True, False, True)
    """
    return path == folder or path.startswith(folder if folder == "/" else folder + "/")


def short(path: str, project: str) -> str:
    """Return `path` relative to the project where inside it, else as it is.

    >>> short("/p/x/y", "/p"), short("/q", "/p"), short("/p", "/p")
    ('x/y', '/q', '.')
    """
    if path == project:
        return "."
    return path[len(project) + 1 :] if inside(path, project) and project != "/" else path


def whole(path: str, project: str) -> str:
    """Return the absolute path of what `short` gave.

    >>> whole("x/y", "/p"), whole("/q", "/p"), whole(".", "/p")
    ('/p/x/y', '/q', '/p')
    """
    if path == ".":
        return project
    return path if path.startswith("/") else f"{project}/{path}"
