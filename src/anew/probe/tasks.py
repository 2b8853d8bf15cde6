"""Tasks of pools: what is drawn in one is keyed by its number, not by the worker it falls to.

Which worker gets which task is a race. The numbers are given where tasks are submitted, in order.
"""

from __future__ import annotations

import posix

from . import draws, draws_numpy, frames, imports, roles

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import ModuleType

    from .foreign import Foreign

_counts: dict[str, int] = {}
# A process that is not recorded (`python -I`) must be able to unpickle a task: as the function.
_SOURCE = (
    "lambda function, key, number, pid: (__import__('_anew_probe.tasks', fromlist=['Task'])"
    ".Task(function, key, number, pid) if '_anew_probe' in __import__('sys').modules else function)"
)


class _Maker:
    """Pickles as an expression, and so needs nothing of ours at the other end."""

    def __call__(self, function: Foreign, key: str, number: int, pid: int) -> Task:
        return Task(function, key, number, pid)

    def __reduce__(self) -> tuple[Foreign, ...]:
        return eval, (_SOURCE,)


_MAKER = _Maker()


class Task:
    """A function with a place in the order of submission; each call is the next place."""

    def __init__(self, function: Foreign, key: str, number: int, pid: int) -> None:
        self.__wrapped__ = function
        self._anew = key, number, pid

    def __call__(self, /, *args: Foreign, **options: Foreign) -> Foreign:
        """Call the function, what it draws keyed by its number."""
        key, number, pid = self._anew
        self._anew = key, number + 1, pid
        before = getattr(roles.task, "key", None)
        roles.task.key = f"{key}.{number}"
        try:
            if posix.getpid() != pid:
                draws.begin_random()
                draws_numpy.begin_numpy()
                draws.begin_torch()
            return self.__wrapped__(*args, **options)
        finally:
            roles.task.key = before

    def __reduce__(self) -> tuple[Foreign, ...]:
        return _MAKER, (self.__wrapped__, *self._anew)

    def __getattr__(self, name: str) -> Foreign:
        if name in ("__wrapped__", "_anew"):
            raise AttributeError(name)
        return getattr(self.__wrapped__, name)


def patch(module: ModuleType) -> None:
    """Number the tasks of the pools in the module that was imported."""
    library: Foreign = module
    name = module.__name__
    if name == "multiprocessing.pool":
        imports.wrap(library.Pool, "apply_async", _apply_async)
        imports.wrap(library.Pool, "_guarded_task_generation", _generation)
    elif name == "concurrent.futures.thread":
        imports.wrap(library.ThreadPoolExecutor, "submit", _submit)
    elif name == "joblib.parallel":
        imports.wrap(library.Parallel, "__call__", _parallel)
    else:
        imports.wrap(library.ProcessPoolExecutor, "submit", _submit)


def _key(depth: int = 2) -> str:
    """Return a key for what is submitted at a line, the n-th time there."""
    place = f"{roles.current()}#{frames.place(depth + 1)}"
    count = _counts.get(place, 0)
    _counts[place] = count + 1
    return f"{place}.{count}"


def _submit(original: Foreign) -> Foreign:
    def submit(self: Foreign, fn: Foreign, /, *args: Foreign, **options: Foreign) -> Foreign:
        if callable(fn) and type(self).__name__ != "InterpreterPoolExecutor":
            fn = Task(fn, _key(), 0, posix.getpid())
        return original(self, fn, *args, **options)

    return submit


def _apply_async(original: Foreign) -> Foreign:
    def apply_async(self: Foreign, *args: Foreign, **options: Foreign) -> Foreign:
        if args and callable(args[0]):
            args = (Task(args[0], _key(), 0, posix.getpid()), *args[1:])
        elif callable(options.get("func")):
            options["func"] = Task(options["func"], _key(), 0, posix.getpid())
        return original(self, *args, **options)

    return apply_async


def _generation(original: Foreign) -> Foreign:
    def _guarded_task_generation(
        self: Foreign, result_job: Foreign, func: Foreign, iterable: Foreign
    ) -> Foreign:
        key, pid = _key(), posix.getpid()
        if getattr(func, "__name__", "") in ("mapstar", "starmapstar"):
            return original(self, result_job, func, _chunks(iterable, key, pid))
        return _each(original(self, result_job, func, iterable), key, pid)

    return _guarded_task_generation


def _chunks(batches: Iterable[Foreign], key: str, pid: int) -> Iterator[Foreign]:
    number = 0
    for function, batch in batches:
        yield Task(function, key, number, pid), batch
        number += len(batch)


def _each(tasks: Iterable[Foreign], key: str, pid: int) -> Iterator[Foreign]:
    for job, number, function, args, options in tasks:
        yield job, number, Task(function, key, number, pid), args, options


class _Numbered:
    """The tasks of a joblib call; a length only where there was one."""

    def __init__(self, tasks: Iterable[Foreign], key: str) -> None:
        self._tasks, self._key = tasks, key

    def __iter__(self) -> Iterator[Foreign]:
        pid = posix.getpid()
        for number, task in enumerate(self._tasks):
            if isinstance(task, tuple) and len(task) == 3:
                yield Task(task[0], self._key, number, pid), task[1], task[2]
            else:
                yield task


class _Counted(_Numbered):
    def __len__(self) -> int:
        return len(self._tasks)  # type: ignore[arg-type]


def _parallel(original: Foreign) -> Foreign:
    def call(self: Foreign, iterable: Foreign) -> Foreign:
        kind: Callable[[Foreign, str], _Numbered] = (
            _Counted if hasattr(iterable, "__len__") else _Numbered
        )
        return original(self, kind(iterable, _key()))

    return call
