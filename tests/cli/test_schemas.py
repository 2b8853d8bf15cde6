"""Every document has a schema in the package, and real output fits it."""

import json

import jsonschema
import pytest

from anew.cli.catalogue import COMMANDS
from anew.cli.commands import env
from tests.cli.conftest import SCHEMAS, check
from tests.conftest import Anew

WITHOUT = {"run", "env"}  # its data is the program's own output; a group of commands


def test_each_command_has_a_schema_that_ships_with_the_package() -> None:
    names = {path.stem for path in SCHEMAS.iterdir()}
    own = {f"env-{name}" for name in env.COMMANDS}
    assert names == set(COMMANDS) - WITHOUT | own | {"error", "graph"}
    for path in SCHEMAS.iterdir():
        schema = json.loads(path.read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema["$id"] == f"anew/{path.stem}-1"
        assert schema["properties"]["schema"] == {"const": schema["$id"]}


def test_schemas_are_read_from_the_installed_package() -> None:
    from importlib.resources import files

    assert (files("anew.cli") / "schemas" / "show.json").is_file()


def test_documents_of_every_run_fit(recorded: Anew) -> None:
    for words in (("--all", "--replays"), ("--size",), ("--name", "none")):
        check(recorded.json("ls", *words))
    for run in recorded.json("ls", "--all", "--replays")["runs"]:
        check(recorded.json("show", run["id"]))
        check(recorded.json("show", run["id"], "--graph", "json"))
        check(recorded.json("logs", run["id"]))
        check(recorded.json("seal", run["id"]))


def test_documents_of_replays_fit(mine: Anew) -> None:
    check(mine.json("replay", "base"))
    check(mine.json("replay", "base", "--dry-run", check=11))
    assert check(mine.json("replay", "base", "--timeout", "0.001", check=None))["verdict"] in (
        "not replayed", "identical",
    )  # fmt: skip


def test_a_store_beside_the_project_fits(anew: Anew) -> None:
    check(anew.json("init", "--local"))


@pytest.mark.parametrize("name", ["show", "ls", "diff", "error"])
def test_a_schema_refuses_what_lacks_a_key(recorded: Anew, name: str) -> None:
    words = {
        "show": ("show", "base"),
        "ls": ("ls",),
        "diff": ("diff", "base", "base"),
        "error": ("show", "none"),
    }
    document = recorded.json(*words[name], check=None)
    check(document)
    for key in list(document):
        if key in ("schema", "code"):
            continue
        less = {name: value for name, value in document.items() if name != key}
        with pytest.raises(jsonschema.ValidationError):
            check(less)
