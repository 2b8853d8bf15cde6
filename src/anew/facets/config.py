"""What configured the program: environment variables, locale, time zone, resolved parameters."""

import os
from collections.abc import Collection, Iterable, Mapping

from msgspec.structs import replace

from anew.model.inputs import Parameter, Variable
from anew.model.secrets import is_secret_name, redacted, redacted_variables
from anew.trace.places import Places

CONFIGURATION = (".json", ".toml")
LARGEST_FILE = 64 << 10  # bytes
MOST_LEAVES = 200
OURS = ("ANEW_SPOOL", "ANEW_ROLE")


def variables(environ: Mapping[str, str], recipe: Iterable[str]) -> tuple[Variable, ...]:
    """Return the variables a run is started with, secrets redacted, by name.

    All of them, also those of a passing terminal: even their number moves objects in memory, and
    with them the order of sets of objects.
    """
    asked = frozenset(recipe)
    safe = redacted_variables(environ)
    return tuple(
        Variable(name, safe[name], name in asked) for name in sorted(safe) if name not in OURS
    )


def asked(
    variables: Iterable[Variable], names: Collection[str]
) -> tuple[tuple[Variable, ...], tuple[str, ...]]:
    """Return the variables, those marked that were asked for, and the names of what was not set."""
    marked = tuple(replace(each, read=True) if each.name in names else each for each in variables)
    there = {each.name for each in marked}
    return marked, tuple(sorted(name for name in names if name not in there and not _is_ours(name)))


def _is_ours(name: str) -> bool:
    """Say whether we, or the interpreter itself when it starts, ask for that variable."""
    return name.startswith(("ANEW_", "PYTHON", "__PYVENV")) or name == "LD_PRELOAD"


def home_of(environ: Mapping[str, str | None]) -> str:
    """Return the home of the user that a program runs as."""
    return environ.get("HOME") or os.path.expanduser("~")


def places(known: Places, environ: Mapping[str, str | None]) -> Places:
    """Return the places with the caches in them that the variables, or custom, put where they are.

    Sources: the documentation of pip, uv, Matplotlib, fontconfig, Numba, Triton, PyTorch and JAX;
    of Hugging Face Hub, scikit-learn, Keras, TensorFlow Datasets, NLTK, seaborn and pooch.
    """
    home = known.home
    cache = environ.get("XDG_CACHE_HOME") or f"{home}/.cache"
    settings = environ.get("XDG_CONFIG_HOME") or f"{home}/.config"
    installers = [environ.get("PIP_CACHE_DIR") or f"{cache}/pip",
                  environ.get("UV_CACHE_DIR") or f"{cache}/uv", f"{cache}/fontconfig",
                  f"{home}/.fonts", f"{home}/.conda/pkgs"]  # fmt: skip
    matplotlib = environ.get("MPLCONFIGDIR")
    caches = [matplotlib] if matplotlib else [f"{cache}/matplotlib", f"{settings}/matplotlib"]
    caches += [environ.get("NUMBA_CACHE_DIR") or f"{cache}/numba",
               environ.get("TRITON_CACHE_DIR") or f"{home}/.triton/cache",
               environ.get("TORCHINDUCTOR_CACHE_DIR") or f"{cache}/torchinductor",
               environ.get("JAX_COMPILATION_CACHE_DIR") or f"{cache}/jax"]  # fmt: skip
    downloads = [environ.get("HF_HOME") or f"{cache}/huggingface",
                 environ.get("TORCH_HOME") or f"{cache}/torch",
                 environ.get("SCIKIT_LEARN_DATA") or f"{home}/scikit_learn_data",
                 environ.get("KERAS_HOME") or f"{home}/.keras",
                 environ.get("TFDS_DATA_DIR") or f"{home}/tensorflow_datasets",
                 environ.get("NLTK_DATA") or f"{home}/nltk_data",
                 environ.get("SEABORN_DATA") or f"{home}/seaborn-data", cache]  # fmt: skip
    return replace(known, installers=_plain(installers), caches=_plain(caches),
                   downloads=_plain(downloads))  # fmt: skip


def _plain(folders: Iterable[str]) -> tuple[str, ...]:
    return tuple(os.path.abspath(folder) for folder in folders)


def locale_of(environ: Mapping[str, str]) -> str:
    """Return the locale that the variables ask for, by the order of POSIX."""
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        if environ.get(name):
            return environ[name]
    return "C"


def timezone_of(environ: Mapping[str, str]) -> str:
    """Return the time zone in force: TZ, else what /etc/localtime leads to."""
    if environ.get("TZ"):
        return environ["TZ"]
    try:
        target = os.path.realpath("/etc/localtime")
    except OSError:
        return "UTC"
    return target.partition("/zoneinfo/")[2] or "UTC"


def parameters(found: Iterable[tuple[int, str, dict[str, object]]]) -> tuple[Parameter, ...]:
    """Return the resolved parameters by name; the last word on a name counts.

    Raises nothing: a value that is no JSON is kept as its text.
    """
    result: dict[tuple[str, str], Parameter] = {}
    for _, source, values in found:
        for name, value in _flat(values, ""):
            text = "null" if value is None else _text(value)
            hidden = is_secret_name(name) and value not in (None, "", False)
            safe = '"<redacted>"' if hidden else redacted(text)
            result[name, source] = Parameter(name, safe, source)
    return tuple(result[key] for key in sorted(result))


def from_file(path: str, shown: str) -> dict[str, object]:
    """Return what a small JSON or TOML file that was read configures; nothing where it is data.

    A file is configuration if its top is a mapping and it has at most `MOST_LEAVES` values.
    """
    try:
        with open(path, "rb") as stream:
            data = stream.read(LARGEST_FILE + 1)
        if len(data) > LARGEST_FILE:
            return {}
        import json  # noqa: PLC0415 - few runs read JSON or TOML
        import tomllib  # noqa: PLC0415

        value = tomllib.loads(data.decode()) if shown.endswith(".toml") else json.loads(data)
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(value, dict) or sum(1 for _ in _flat(value, "")) > MOST_LEAVES:
        return {}
    return value


def _flat(value: object, place: str) -> Iterable[tuple[str, object]]:
    """Yield the leaves of nested mappings by dotted names."""
    if isinstance(value, dict) and (value or place == ""):
        for name, part in value.items():
            yield from _flat(part, f"{place}.{name}" if place else str(name))
    else:
        yield place, value


def _text(value: object) -> str:
    import json  # noqa: PLC0415 - this module is loaded before the program starts

    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=repr)
