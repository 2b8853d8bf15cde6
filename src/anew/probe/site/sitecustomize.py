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


def _start(folder):
    # type: (str) -> None
    import _frozen_importlib  # the machinery itself: importlib.util is not loaded this early
    import _frozen_importlib_external

    package = folder[: folder.rindex("/")]
    keep = sys.dont_write_bytecode, getattr(sys, "pycache_prefix", None)
    sys.dont_write_bytecode, sys.pycache_prefix = False, None  # compiled once, in our own folder
    try:
        spec = _frozen_importlib_external.spec_from_file_location(
            "_anew_probe", package + "/__init__.py", submodule_search_locations=[package]
        )
        module = _frozen_importlib.module_from_spec(spec)
        sys.modules["_anew_probe"] = module
        spec.loader.exec_module(module)
        module.begin(folder, __name__ == "_anew_boot")
    finally:
        sys.dont_write_bytecode, sys.pycache_prefix = keep


try:
    _own = _folder()
    while _own in sys.path:
        sys.path.remove(_own)
    sys.path_importer_cache.pop(_own, None)
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
