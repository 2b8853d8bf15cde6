"""Readers and writers in C++ and Rust, which no audit hook sees: their calls name the files."""

from __future__ import annotations

import posix

from . import files, imports, journal
from .paths import status, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from .foreign import Foreign

_READ = posix.O_RDONLY
_NEW = posix.O_WRONLY | posix.O_CREAT | posix.O_TRUNC
_CHANGE = posix.O_RDWR
_MODES = {
    "r": _READ, "rb": _READ, "w": _NEW, "wb": _NEW, "w-": _NEW | posix.O_EXCL,
    "x": _NEW | posix.O_EXCL, "r+": _CHANGE, "r+b": _CHANGE, "a": _CHANGE | posix.O_CREAT,
    "ab": posix.O_WRONLY | posix.O_APPEND | posix.O_CREAT,
}  # fmt: skip

_PYARROW = {
    "pyarrow.csv": (("read_csv", "r"), ("open_csv", "r"), ("write_csv", "w1")),
    "pyarrow.json": (("read_json", "r"), ("open_json", "r")),
    "pyarrow.feather": (("read_table", "r"), ("read_feather", "r"), ("write_feather", "w1")),
}
_POLARS_READS = (
    "read_csv", "scan_csv", "read_parquet", "scan_parquet", "read_ipc", "scan_ipc", "read_json",
    "read_ndjson", "scan_ndjson", "read_avro", "read_ipc_stream", "read_parquet_schema",
)  # fmt: skip
_POLARS_WRITES = ("write_csv", "write_parquet", "write_ipc", "write_json", "write_ndjson",
                  "write_avro", "sink_csv", "sink_parquet", "sink_ipc", "sink_ndjson")  # fmt: skip
# module: (class or empty, function, place of the path, its name, opened how)
_PLACES = {
    "torch.serialization": (("", "save", 1, "f", _NEW),),
    "torch.jit": (("", "load", 0, "f", _READ), ("", "save", 1, "f", _NEW)),
    "xgboost.core": (
        ("DMatrix", "__init__", 1, "data", _READ),
        ("DMatrix", "save_binary", 1, "fname", _NEW),
        ("Booster", "load_model", 1, "fname", _READ),
        ("Booster", "save_model", 1, "fname", _NEW),
    ),
    "lightgbm.basic": (
        ("Dataset", "__init__", 1, "data", _READ),
        ("Dataset", "save_binary", 1, "filename", _NEW),
        ("Booster", "__init__", 3, "model_file", _READ),
        ("Booster", "predict", 1, "data", _READ),
        ("Booster", "save_model", 1, "filename", _NEW),
    ),
    "catboost.core": (
        ("Pool", "__init__", 1, "data", _READ),
        ("Pool", "save", 1, "fname", _NEW),
        ("CatBoost", "load_model", 1, "fname", _READ),
        ("CatBoost", "save_model", 1, "fname", _NEW),
    ),
    "safetensors.torch": (("", "load_file", 0, "filename", _READ),
                          ("", "save_file", 1, "filename", _NEW)),
    "safetensors.numpy": (("", "load_file", 0, "filename", _READ),
                          ("", "save_file", 1, "filename", _NEW)),
    "cv2": (("", "imread", 0, "filename", _READ), ("", "imwrite", 0, "filename", _NEW)),
    "faiss": (("", "read_index", 0, "fname", _READ), ("", "write_index", 1, "fname", _NEW)),
    "sentencepiece": (("SentencePieceProcessor", "Load", 1, "model_file", _READ),),
    "soundfile": (("SoundFile", "__init__", 1, "file", _READ),),
}  # fmt: skip
_BESIDE = (".weight", ".query", ".init", ".position", ".group")  # read by LightGBM with a data file


def patch(module: ModuleType) -> None:
    """Wrap the readers and writers of the module that was imported."""
    library: Foreign = module
    name = module.__name__
    if name in _PYARROW:
        for function, how in _PYARROW[name]:
            imports.wrap(library, function, _opening(_NEW if how == "w1" else _READ, how == "w1"))
    elif name == "pyarrow":
        imports.wrap(library, "memory_map", _by_mode(0, "r"), "pyarrow")
        imports.wrap(library, "create_memory_map", _opening(_NEW, 0), "pyarrow")
        imports.wrap(library, "input_stream", _opening(_READ, 0), "pyarrow")
        imports.wrap(library, "output_stream", _opening(_NEW, 0), "pyarrow")
        _arrow_file(library)
    elif name in ("pyarrow.parquet", "pyarrow.parquet.core"):
        _parquet(library)
    elif name == "pyarrow.dataset":
        imports.wrap(library, "dataset", _dataset)
        imports.wrap(library, "write_dataset", _opening(_NEW, 1))
    elif name == "h5py":
        imports.wrap(library.File, "__init__", _by_mode(1, "r"))
    elif name == "polars":
        _polars(library)
    elif name == "tables.file":
        imports.wrap(library, "open_file", _by_mode(0, "r"), "tables")
    else:
        for owner, function, place, option, flags in _PLACES.get(name, ()):
            holder = getattr(library, owner, None) if owner else library
            if holder is not None:
                imports.wrap(holder, function, _at(place, option, flags), name.partition(".")[0])


def touched(path: Foreign, flags: int) -> None:
    """Take note of a path, a list of paths, a folder or a pattern that is opened natively."""
    try:
        if isinstance(path, (list, tuple)):
            for each in path:
                touched(each, flags)
            return
        name = text(path)
        if not name or "://" in name or not journal.path:
            return
        if "*" in name or "?" in name:
            from glob import glob

            for each in sorted(glob(name, recursive=True)):
                files.opened(each, flags)
        else:
            _with_folder(name, flags)
    except Exception as error:
        if not journal.is_ours(error):
            raise
        journal.fault("native files", error)


def _with_folder(name: str, flags: int) -> None:
    from os import walk
    from os.path import isdir, join

    if not isdir(name):
        files.opened(name, flags)
    elif flags == _READ:
        for folder, folders, names in walk(name):
            folders.sort()
            for each in sorted(names):
                files.opened(join(folder, each), flags)


def _opening(flags: int, place: int) -> Callable[[Foreign], Foreign]:
    """Wrap a function whose argument at `place` is a path."""

    def make(original: Foreign) -> Foreign:
        def opening(*args: Foreign, **options: Foreign) -> Foreign:
            if len(args) > place:
                touched(args[place], flags)
            else:
                for name in ("source", "path", "where", "input_file", "dest", "output_file"):
                    touched(options.get(name), flags)
            return original(*args, **options)

        return opening

    return make


def _at(place: int, option: str, flags: int) -> Callable[[Foreign], Foreign]:
    """Wrap a function that takes a path, or an object in its stead, in one place."""

    def make(original: Foreign) -> Foreign:
        def opening(*args: Foreign, **options: Foreign) -> Foreign:
            path = args[place] if len(args) > place else options.get(option)
            if isinstance(path, (str, bytes)) or hasattr(path, "__fspath__"):
                _touched_as_told(path, flags)
            return original(*args, **options)

        return opening

    return make


def _touched_as_told(path: Foreign, flags: int) -> None:
    """Take note of a path as XGBoost takes it (`name?format=…#cache`), with what lies beside it."""
    try:
        name = text(path) or ""
        if flags == _READ and status(name) is None:
            name = name.partition("#")[0].partition("?")[0]
    except Exception as error:
        if not journal.is_ours(error):
            raise
        return
    if not name.endswith("\n"):
        touched(name, flags)
        if flags == _READ:
            for end in _BESIDE:
                if status(name + end) is not None:
                    touched(name + end, flags)


def _first(options: dict[str, Foreign], *names: str) -> Foreign:
    return next((options[name] for name in names if name in options), None)


def _by_mode(place: int, default: str) -> Callable[[Foreign], Foreign]:
    """Wrap a function that takes a path and, next to it, a mode."""

    def make(original: Foreign) -> Foreign:
        def opening(*args: Foreign, **options: Foreign) -> Foreign:
            path = args[place] if len(args) > place else _first(options, "path", "name", "filename")
            mode = args[place + 1] if len(args) > place + 1 else options.get("mode", default)
            touched(path, _MODES.get(str(mode), _READ))
            return original(*args, **options)

        return opening

    return make


def _arrow_file(library: Foreign) -> None:
    """Put a class in front of OSFile, which is compiled and takes no attribute."""
    real: Foreign = library.OSFile

    class _Looks(type):
        def __instancecheck__(cls, instance: Foreign) -> bool:
            return isinstance(instance, real)

        def __subclasscheck__(cls, subclass: Foreign) -> bool:
            return issubclass(subclass, real)

    class OSFile(real, metaclass=_Looks):  # type: ignore[misc]
        def __new__(
            cls, path: Foreign, mode: str = "r", *rest: Foreign, **more: Foreign
        ) -> Foreign:
            touched(path, _MODES.get(mode, _READ))  # before it is made: that opens the file
            return real.__new__(cls, path, mode, *rest, **more)

        def __init__(self, *_: Foreign, **__: Foreign) -> None:
            super().__init__()

    OSFile.__module__, OSFile.__qualname__ = real.__module__, real.__qualname__
    OSFile.__doc__ = real.__doc__
    library.OSFile = OSFile


def _parquet(library: Foreign) -> None:
    for name in ("ParquetFile", "ParquetDataset"):
        if hasattr(library, name):
            imports.wrap(getattr(library, name), "__init__", _opening(_READ, 1))
    if hasattr(library, "ParquetWriter"):
        imports.wrap(library.ParquetWriter, "__init__", _opening(_NEW, 1))
    for name in ("read_table", "read_schema", "read_metadata"):
        if hasattr(library, name):
            imports.wrap(library, name, _opening(_READ, 0), "pyarrow.parquet")


def _dataset(original: Foreign) -> Foreign:
    def dataset(*args: Foreign, **options: Foreign) -> Foreign:
        result = original(*args, **options)
        try:
            local = type(getattr(result, "filesystem", None)).__name__ == "LocalFileSystem"
            names = list(result.files) if local else []
        except Exception:
            return result
        touched(names, _READ)
        return result

    return dataset


def _polars(library: Foreign) -> None:
    for name in _POLARS_READS:
        if hasattr(library, name):
            imports.wrap(library, name, _opening(_READ, 0), "polars")
    for frame in (library.DataFrame, library.LazyFrame):
        for name in _POLARS_WRITES:
            if name in frame.__dict__:
                imports.wrap(frame, name, _opening(_NEW, 1))
