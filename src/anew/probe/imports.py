"""Post-import hooks: call a function right after a named module was executed, touch no other."""

from __future__ import annotations

import sys

from .journal import fault, is_ours

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.machinery import ModuleSpec
    from types import ModuleType

    from .foreign import Foreign

    Hook = Callable[[ModuleType], None]

_hooks: dict[str, list[Hook]] = {}


def after(name: str, hook: Hook) -> None:
    """Call `hook` with the module `name` when it has been imported; now, if it has been."""
    _hooks.setdefault(name, []).append(hook)
    module = sys.modules.get(name)
    if module is not None and not getattr(getattr(module, "__spec__", None), "_initializing", 0):
        _call(hook, module)


def _call(hook: Hook, module: ModuleType) -> None:
    try:
        hook(module)
    except Exception as error:
        if not is_ours(error) and not isinstance(error, (AttributeError, TypeError, ImportError)):
            raise
        fault("after the import of " + module.__name__, error)


def _fire(name: str) -> None:
    module = sys.modules.get(name)
    if module is not None:
        for hook in list(_hooks.get(name, ())):
            _call(hook, module)


class _ProxyLoader:
    """Stands in for a loader that cannot be given an attribute, until the module is executed."""

    def __init__(self, loader: Foreign) -> None:
        self.loader = loader

    def create_module(self, spec: ModuleSpec) -> Foreign:
        spec.loader = self.loader
        try:
            return self.loader.create_module(spec)
        finally:
            proxy: Foreign = self
            spec.loader = proxy

    def exec_module(self, module: Foreign) -> None:
        module.__spec__.loader = self.loader
        module.__loader__ = self.loader
        self.loader.exec_module(module)
        _fire(module.__spec__.name)

    def __getattr__(self, name: str) -> Foreign:
        return getattr(self.loader, name)


def _watch(spec: ModuleSpec) -> None:
    loader: Foreign = spec.loader
    execute = getattr(loader, "exec_module", None)
    if execute is None:
        return
    if isinstance(loader, type) or not hasattr(loader, "__dict__") or hasattr(loader, "archive"):
        proxy: Foreign = _ProxyLoader(loader)
        spec.loader = proxy
        return

    def exec_module(module: Foreign) -> None:
        loader.__dict__.pop("exec_module", None)
        execute(module)
        _fire(spec.name)

    loader.exec_module = exec_module


class _Finder:
    """First on the meta path; a dictionary look-up for every module it is not looking for."""

    def find_spec(self, name: str, path: Foreign = None, target: Foreign = None) -> Foreign:
        if name not in _hooks:
            return None
        for finder in list(sys.meta_path):
            if finder is self:
                continue
            find = getattr(finder, "find_spec", None)
            spec = find(name, path, target) if find is not None else None
            if spec is not None:
                _watch(spec)
                return spec
        return None

    def invalidate_caches(self) -> None:
        """Nothing is kept."""


class _LastFinder:
    """Last on the meta path: `import anew` where Anew is not installed."""

    def find_spec(self, name: str, path: Foreign = None, target: Foreign = None) -> Foreign:  # noqa: ARG002
        if name != "anew":
            return None
        from _frozen_importlib import ModuleSpec

        loader: Foreign = self
        return ModuleSpec(name, loader, origin="anew run")

    def create_module(self, spec: ModuleSpec) -> None:  # noqa: ARG002
        return None

    def exec_module(self, module: Foreign) -> None:
        from . import api

        module.__doc__ = api.__doc__
        for name in api.__all__:
            setattr(module, name, getattr(api, name))

    def invalidate_caches(self) -> None:
        """Nothing is kept."""


def begin() -> None:
    """Take our two places on the meta path."""
    sys.meta_path.insert(0, _Finder())
    sys.meta_path.append(_LastFinder())


def disguise(ours: Foreign, theirs: Foreign) -> Foreign:
    """Make a function of ours look like the one it stands for, to pickle and inspect as well."""
    for name in ("__module__", "__name__", "__qualname__", "__doc__"):
        try:
            setattr(ours, name, getattr(theirs, name))
        except (AttributeError, TypeError):
            pass
    ours.__dict__.update(getattr(theirs, "__dict__", {}))
    ours.__wrapped__ = theirs
    return ours


def replace(old: Foreign, new: Foreign, package: str) -> None:
    """Put `new` wherever a module of `package` exports `old`."""
    dotted = package + "."
    for name, module in list(sys.modules.items()):
        if (name == package or name.startswith(dotted)) and module is not None:
            for key, value in list(getattr(module, "__dict__", {}).items()):
                if value is old:
                    setattr(module, key, new)


class _Builtin:
    """Stands in for a builtin function: unlike ours in Python it must not become a method."""

    def __init__(self, function: Foreign) -> None:
        self._function = function
        self.__qualname__ = ""
        self.__wrapped__: Foreign = None

    def __call__(self, /, *args: Foreign, **options: Foreign) -> Foreign:
        """Do what the builtin does."""
        return self._function(*args, **options)

    def __reduce__(self) -> str:
        return str(self.__qualname__)

    def __repr__(self) -> str:
        return repr(self.__wrapped__)


def wrap(owner: Foreign, name: str, make: Callable[[Foreign], Foreign], package: str = "") -> None:
    """Replace `owner.name` by `make(old)`, disguised; in all modules of `package` too; once."""
    old = owner.__dict__.get(name) if isinstance(owner, type) else getattr(owner, name, None)
    if old is None or getattr(old, "__anew__", False):
        return
    new = make(old)
    new = disguise(_Builtin(new) if type(old) is type(len) else new, old)
    new.__anew__ = True
    if not isinstance(owner, type) and (new.__module__ is None or "." in new.__qualname__):
        new.__module__, new.__qualname__ = owner.__name__, name  # a method exported as a function
    setattr(owner, name, new)
    if package:
        replace(old, new, package)
