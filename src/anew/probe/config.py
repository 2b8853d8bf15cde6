"""Resolved parameters: what argparse, click, absl, hydra and YAML gave, defaults and all."""

from __future__ import annotations

import sys

from . import frames, imports, journal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from .foreign import Foreign

_LONGEST = 65536  # characters of a document that still is a configuration
_inside: set[str] = set()  # parsers at work: only the outermost counts


def patch(module: ModuleType) -> None:
    """Wrap what resolves parameters in the module that was imported."""
    library: Foreign = module
    if module.__name__ == "argparse":
        imports.wrap(library.ArgumentParser, "parse_known_args", _argparse)
    elif module.__name__ in ("click.core", "typer._click.core"):
        imports.wrap(library.Command, "invoke", _click)
    elif module.__name__ == "hydra.core.utils":
        imports.wrap(library, "run_job", _hydra, "hydra")
    elif module.__name__ == "absl.flags":
        imports.wrap(library.FlagValues, "__call__", _absl)
    elif module.__name__ == "yaml":
        imports.wrap(library, "load", _yaml)


def tell(source: str, values: Callable[[], dict[str, object]]) -> None:
    """Write parameters; what goes wrong in finding them is no matter of the program's."""
    try:
        found = values()
        if found:
            journal.event("param", source, found)
    except Exception as error:
        journal.fault(f"parameters of {source}", error)


def _argparse(original: Foreign) -> Foreign:
    def parse_known_args(self: Foreign, *args: Foreign, **options: Foreign) -> Foreign:
        if "argparse" in _inside or _called_by("hydra"):
            return original(self, *args, **options)
        _inside.add("argparse")
        try:
            result = original(self, *args, **options)
        finally:
            _inside.discard("argparse")
        tell("argparse", lambda: dict(vars(result[0])))
        return result

    return parse_known_args


def _called_by(package: str) -> bool:
    frame: Foreign = sys._getframe(2)
    for _ in range(4):
        if frame is None:
            return False
        if str(frame.f_globals.get("__name__", "")).partition(".")[0] == package:
            return True
        frame = frame.f_back
    return False


def _click(original: Foreign) -> Foreign:
    def invoke(self: Foreign, ctx: Foreign) -> Foreign:
        tell("click", lambda: _of_click(ctx))
        return original(self, ctx)

    return invoke


def _of_click(ctx: Foreign) -> dict[str, object]:
    front = f"{ctx.info_name}." if ctx.parent is not None else ""
    return {front + name: value for name, value in ctx.params.items()}


def _hydra(original: Foreign) -> Foreign:
    def run_job(*args: Foreign, **options: Foreign) -> Foreign:
        tell("hydra", lambda: _of_hydra([*args, *options.values()]))
        return original(*args, **options)

    return run_job


def _of_hydra(values: list[object]) -> dict[str, object]:
    library: Foreign = sys.modules["omegaconf"]  # hydra has loaded it
    for value in values:
        if isinstance(value, library.DictConfig):
            plain = library.OmegaConf.to_container(value, resolve=False)
            plain.pop("hydra", None)
            rest = library.OmegaConf.masked_copy(value, list(plain))
            return dict(library.OmegaConf.to_container(rest, resolve=True))
    return {}


def _absl(original: Foreign) -> Foreign:
    def call(self: Foreign, *args: Foreign, **options: Foreign) -> Foreign:
        result = original(self, *args, **options)
        tell("absl", lambda: _of_absl(self))
        return result

    return call


def _of_absl(values: Foreign) -> dict[str, object]:
    """Return the flags that the program defined, not those that come with absl itself."""
    return {
        flag.name: flag.value
        for module, flags in values.flags_by_module_dict().items()
        if not module.startswith("absl.")
        for flag in flags
    }


def _yaml(original: Foreign) -> Foreign:
    def load(stream: Foreign, *args: Foreign, **options: Foreign) -> Foreign:
        result = original(stream, *args, **options)
        if isinstance(result, dict) and result and not _by_library():
            tell("yaml", lambda: _of_yaml(result))
        return result

    return load


def _by_library() -> bool:
    """Say whether somebody else than the program's own code asks for the document."""
    frame: Foreign = sys._getframe(2)
    while frame is not None and frame.f_globals.get("__name__") == "yaml":
        frame = frame.f_back
    return frame is not None and frames.is_library(frame.f_code.co_filename)


def _of_yaml(document: dict[object, object]) -> dict[str, object]:
    from .text import dump

    if len(dump(document)) > _LONGEST:
        return {}
    return {str(name): value for name, value in document.items()}
