"""What two recipes, and two circumstances, do not share: name by name."""

from collections.abc import Iterable, Iterator
from difflib import unified_diff
from typing import TypeVar

from msgspec import to_builtins

from anew.judge.differences import Difference, between, differences
from anew.model.digest import Digest
from anew.model.errors import DamagedObject, MissingObject
from anew.model.inputs import (
    CodeFile,
    Environment,
    FileKind,
    Input,
    Library,
    Package,
    Seeds,
    Variable,
)
from anew.model.recipe import Recipe
from anew.model.record import Record
from anew.model.tree import Listing
from anew.store.listings import read_listing
from anew.store.protocol import Store

Value = TypeVar("Value")

MOST_TEXT = 4 << 20  # bytes of a file of code that is shown line by line


def recipe_differences(left: Record, right: Record, store: Store) -> tuple[Difference, ...]:
    """Return what the recipes of two runs do not share.

    Raises:
        MissingObject: a list that a recipe names is not in the store.
        DamagedObject: it is there and cannot be read.
    """
    here, there = left.recipe, right.recipe
    return (
        *between(
            "command",
            [
                ("argv", " ".join(here.command.argv), " ".join(there.command.argv)),
                ("cwd", here.command.cwd, there.command.cwd),
            ],
        ),
        *_code(here, there, store),
        *_inputs(here.inputs, there.inputs, store),
        *_looked_at(here.looked_at, there.looked_at, store),
        *_environment(here.environment, there.environment, store),
        *_configuration(here, there, store),
        *_seeds(here.seeds, there.seeds),
    )


def circumstance_differences(left: Record, right: Record, store: Store) -> tuple[Difference, ...]:
    """Return what differs of where and when two runs took place.

    Code that neither run used, and environment variables that are in neither recipe, are among it.

    Raises:
        MissingObject: a list that a record names is not in the store.
        DamagedObject: it is there and cannot be read.
    """
    here, there = to_builtins(left.circumstances), to_builtins(right.circumstances)
    found = between("circumstances", [(name, here[name], there[name]) for name in here])
    return (
        *found,
        *_unused_code(left.recipe, right.recipe, store),
        *_variables(left.recipe, right.recipe, store, recipe=False),
    )


def code_diff(left: Record, right: Record, store: Store) -> str:
    """Return a unified diff of the code of two runs; a line for each file that is no text.

    Raises:
        MissingObject: the list of files is not in the store.
        DamagedObject: it is there and cannot be read.
    """
    here, there = (_files(side.recipe.code.files, store) for side in (left, right))
    pieces = []
    for path in sorted(here.keys() | there.keys()):
        one, other = here.get(path), there.get(path)
        if one and other and (one.digest, one.target) == (other.digest, other.target):
            continue
        pieces.append(_file_diff(path, one, other, store))
    return "".join(pieces)


def _file_diff(path: str, left: CodeFile | None, right: CodeFile | None, store: Store) -> str:
    here, there = _text(left, store), _text(right, store)
    if here is None or there is None:
        return f"Files a/{path} and b/{path} differ\n"
    names = (f"a/{path}" if left else "/dev/null", f"b/{path}" if right else "/dev/null")
    lines = unified_diff(_lines(here), _lines(there), *names)
    return "".join(
        line if line.endswith("\n") else line + "\n\\ No newline at end of file\n" for line in lines
    )


def _lines(text: str) -> list[str]:
    lines = text.split("\n")
    return [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _text(file: CodeFile | None, store: Store) -> str | None:
    """Return the text of a file, empty where there is none; None where it cannot be shown."""
    if file is None:
        return ""
    if file.target is not None:
        return file.target
    if file.digest is None or file.size > MOST_TEXT:
        return None
    try:
        text = store.read(file.digest).decode()
    except (UnicodeDecodeError, MissingObject, DamagedObject):
        return None
    return None if "\0" in text else text


def _files(files: Listing, store: Store) -> dict[str, CodeFile]:
    return {each.path: each for each in read_listing(store, files, CodeFile)}


def _unlike(
    left: Listing | None, right: Listing | None, kind: type[Value], store: Store
) -> tuple[Iterable[Value], Iterable[Value]]:
    """Return the entries of two listings, none where they are one and the same."""
    if left == right:
        return (), ()
    return (
        read_listing(store, left, kind) if left else (),
        read_listing(store, right, kind) if right else (),
    )


def _code(left: Recipe, right: Recipe, store: Store) -> Iterator[Difference]:
    """Yield the files that differ and that at least one of the two runs used."""
    here, there = _unlike(left.code.used, right.code.used, CodeFile, store)
    yield from differences("code", _codes(here), _codes(there))


def _unused_code(left: Recipe, right: Recipe, store: Store) -> Iterator[Difference]:
    here, there = _unlike(left.code.files, right.code.files, CodeFile, store)
    used = {
        file.path
        for side in _unlike(left.code.used, right.code.used, CodeFile, store)
        for file in side
    }
    for found in differences("code", _codes(here), _codes(there)):
        if found.name not in used:
            yield found


def _codes(files: Iterable[CodeFile]) -> dict[str, str]:
    return {
        file.path: _content(file.digest, file.size, file.target)
        + (", executable" if file.executable else "")
        for file in files
    }


def _content(digest: Digest | None, size: int, target: str | None) -> str:
    if target is not None:
        return f"link to {target}"
    return f"{size:,} B, {digest or 'not captured'}"


def _content_of(file: Input) -> str:
    if file.kind is FileKind.FOLDER:  # its size is the number of its entries
        return f"{file.size:,} {'entry' if file.size == 1 else 'entries'}, {file.digest}"
    return _content(file.digest, file.size, file.target)


def _inputs(left: Listing, right: Listing, store: Store) -> Iterator[Difference]:
    here, there = (
        {each.path: f"{each.kind}, {_content_of(each)}" for each in side}
        for side in _unlike(left, right, Input, store)
    )
    yield from differences("inputs", here, there)


def _looked_at(left: Listing | None, right: Listing | None, store: Store) -> Iterator[Difference]:
    """Yield what one run found and the other did not, or found of another size."""
    here, there = (
        {each.path: f"there, {each.size} bytes" if each.kind is FileKind.STAT else "not there"
         for each in side}
        for side in _unlike(left, right, Input, store)
    )  # fmt: skip
    both = here.keys() & there.keys()  # else it was not looked for, or read
    yield from differences("inputs", {name: here[name] for name in both},
                           {name: there[name] for name in both})  # fmt: skip


def _environment(left: Environment, right: Environment, store: Store) -> Iterator[Difference]:
    one, other = left.interpreter, right.interpreter
    if one and other:
        names = ("implementation", "version", "build", "platform")
        yield from between(
            "environment",
            [(f"python {name}", getattr(one, name), getattr(other, name)) for name in names],
        )
    else:
        yield from between(
            "environment", [("python", one and one.version, other and other.version)]
        )
    here, there = (
        _packages(side) for side in _unlike(left.packages, right.packages, Package, store)
    )
    yield from differences("environment", here, there)
    before, after = (
        {each.path: _content(each.digest, each.size, None) for each in side}
        for side in _unlike(left.libraries, right.libraries, Library, store)
    )
    yield from differences("environment", before, after)


def _packages(packages: Iterable[Package]) -> dict[str, str]:
    return {
        each.name: " ".join(
            [each.version, f"({each.fingerprint or 'not captured'})"]
            + [f"{len(each.patched)} files patched"] * bool(each.patched)
        )
        for each in packages
    }


def _configuration(left: Recipe, right: Recipe, store: Store) -> Iterator[Difference]:
    here, there = left.configuration, right.configuration
    parameters = ({each.name: each.value for each in side.parameters} for side in (here, there))
    yield from differences("configuration", *parameters)
    yield from _variables(left, right, store, recipe=True)
    yield from between(
        "configuration",
        [
            ("locale", here.locale, there.locale),
            ("timezone", here.timezone, there.timezone),
            ("umask", oct(here.umask), oct(there.umask)),
        ],
    )
    streams = (to_builtins(side.streams) if side.streams else {} for side in (here, there))
    one, other = streams
    yield from between(
        "console", [(name, one.get(name), other.get(name)) for name in sorted({*one, *other})]
    )


def _variables(left: Recipe, right: Recipe, store: Store, *, recipe: bool) -> Iterator[Difference]:
    """Yield the variables that differ; one that is in either recipe counts as in both."""
    lists = (left.configuration.variables, right.configuration.variables)
    here, there = ({each.name: each for each in side} for side in _unlike(*lists, Variable, store))
    decisive = {each.name for side in (here, there) for each in side.values() if each.recipe}
    values = (
        {
            f"variable {name}": "<redacted>" if each.value is None else each.value
            for name, each in side.items()
            if (name in decisive) is recipe
        }
        for side in (here, there)
    )
    yield from differences("configuration", *values)


def _seeds(left: Seeds, right: Seeds) -> Iterator[Difference]:
    yield from between(
        "seeds",
        [
            ("root", left.root, right.root),
            ("hash seed", left.hash_seed, right.hash_seed),
            ("fixed addresses", left.fixed_addresses, right.fixed_addresses),
        ],
    )
    given = (
        {f"{each.function} at {each.site}, {each.count}": each.value for each in side.given}
        for side in (left, right)
    )
    yield from differences("seeds", *given)
    threads = ({each.library: str(each.count) for each in side.threads} for side in (left, right))
    yield from differences("threads", *threads)
    yield from between("threads", [("cores", left.cores, right.cores)])
    yield from between(
        "clock", [("SOURCE_DATE_EPOCH", left.source_date_epoch, right.source_date_epoch)]
    )
