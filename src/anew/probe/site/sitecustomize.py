"""Start the recorder, then be the user's own sitecustomize, as if this file were not there.

Kept to what every Python understands: a child may be older than the recorder supports.
"""

# ruff: noqa: INP001, ANN001, ANN202
# mypy: ignore-errors

import sys


def _folder():
    # type: () -> str
    name = __file__.replace("\\", "/")
    return name[: name.rindex("/")]


def _leave_path(folder):
    # type: (str) -> None
    for path in (folder, "/" + folder.lstrip("/")):  # it is named with more slashes than it needs
        while path in sys.path:
            sys.path.remove(path)
        sys.path_importer_cache.pop(path, None)


def _start(folder):
    # type: (str) -> None
    import _frozen_importlib  # the machinery itself: importlib.util is not loaded this early
    import _frozen_importlib_external

    package = folder[: folder.rindex("/")]
    keep = sys.dont_write_bytecode, getattr(sys, "pycache_prefix", None)
    had_gc = "gc" in sys.modules
    import gc

    collects = gc.isenabled()
    gc.disable()  # it would go through all that we load, a few times, and find nothing
    sys.dont_write_bytecode, sys.pycache_prefix = False, None  # compiled once, in our own folder
    try:
        compiled = _compiled(_frozen_importlib, _frozen_importlib_external.MAGIC_NUMBER)
        if compiled is not None:
            sys.path_importer_cache[package] = compiled
            module = _load_first(compiled, _frozen_importlib, package)
        else:
            spec = _frozen_importlib_external.spec_from_file_location(
                "_anew_probe", package + "/__init__.py", submodule_search_locations=[package]
            )
            module = _frozen_importlib.module_from_spec(spec)
            sys.modules["_anew_probe"] = module
            spec.loader.exec_module(module)
        module.begin(folder, __name__ == "_anew_boot")
    finally:
        sys.dont_write_bytecode, sys.pycache_prefix = keep
        if collects:
            gc.enable()
        if not had_gc:
            del sys.modules["gc"]


def _compiled(machinery, magic):
    # type: (object, bytes) -> object
    # What the launcher compiled for this interpreter lies in the spool, the same bytes wherever we
    # are installed: Python's own would move the program's objects by the path that stands in it.
    import marshal
    import posix

    class Compiled(object):  # noqa: UP004 - of an old Python too
        """Finds and loads our modules in one file."""

        def find_spec(self, name, target=None):  # noqa: ARG002
            part = name.rpartition(".")[2]
            if part not in index:
                return None
            spec = machinery.ModuleSpec(name, self, origin="<anew>/" + part + ".py")
            spec._set_fileattr = True
            return spec

        def create_module(self, spec):  # noqa: ARG002
            return None

        def exec_module(self, module):
            exec(self.read(module.__spec__.origin[7:-3]), module.__dict__)

        def read(self, part):
            at, size = index[part]
            descriptor = posix.open(place, posix.O_RDONLY | posix.O_CLOEXEC)
            try:
                return marshal.loads(posix.pread(descriptor, size, start + at))
            finally:
                posix.close(descriptor)

        def invalidate_caches(self):
            """Nothing is kept."""

    tag = sys.implementation.cache_tag.encode()
    place = posix.environ.get(b"ANEW_SPOOL", b"") + b"/code." + tag
    try:
        descriptor = posix.open(place, posix.O_RDONLY | posix.O_CLOEXEC)
    except OSError:
        return None
    try:
        head = posix.read(descriptor, 8)
        length = int.from_bytes(head[4:], "little")
        if head[:4] != magic:
            return None
        index = marshal.loads(posix.read(descriptor, length))
        start = 8 + length
    finally:
        posix.close(descriptor)
    return Compiled()


def _load_first(compiled, machinery, place):
    # type: (object, object, str) -> object
    # What every process needs, each after what it needs itself: the import system is not asked.
    package = None
    for part, code in compiled.read(""):
        name = "_anew_probe." + part if package else "_anew_probe"
        spec = machinery.ModuleSpec(name, compiled, origin="<anew>/" + part + ".py")
        spec._set_fileattr = True
        if not package:
            spec.submodule_search_locations = [place]
        module = machinery.module_from_spec(spec)
        sys.modules[name] = module
        if package:
            setattr(package, part, module)
        else:
            package = module
        exec(code, module.__dict__)
    return package


try:
    _own = _folder()
    _leave_path(_own)
    if sys.version_info >= (3, 9) and "_anew_probe" not in sys.modules:
        _start(_own)
except Exception:
    # The program must run whatever became of its recorder; the seal sees that nothing started.
    sys.modules.pop("_anew_probe", None)

# Our C library runs this file itself, under another name. An ImportError from here is what `site`
# would have seen without us; what is left in sys.modules under our name is theirs.
if __name__ == "sitecustomize":
    del sys.modules["sitecustomize"]
    __import__("sitecustomize")
