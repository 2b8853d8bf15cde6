"""`anew keep` holds by value what was held by reference."""

import pytest

from tests.cli.conftest import check
from tests.conftest import Anew


@pytest.fixture
def referenced(anew: Anew) -> Anew:
    anew.write("copier.py", "open('out.txt', 'w').write(open('in.txt').read())")
    anew.write("in.txt", "some data")
    anew("run", "--keep", "none", "--name", "ref", "copier.py")
    return anew


def kept(anew: Anew) -> dict[str, str]:
    run = anew.json("show", "ref")
    files = [*run["recipe"]["inputs"], *run["outcome"]["outputs"]]
    return {each["path"]: each["kept"] for each in files}


def test_references_become_values_and_the_record_stays(referenced: Anew) -> None:
    assert kept(referenced)["in.txt"] == "reference"
    record = referenced.json("show", "ref")["record"]
    document = check(referenced.json("keep", "ref"))
    assert {each["path"] for each in document["kept"]} <= {"in.txt", "out.txt"}
    assert document["gone"] == []
    assert set(kept(referenced).values()) == {"value"}
    assert referenced.json("show", "ref")["record"] == record
    (referenced.project / "in.txt").unlink()
    (referenced.project / "out.txt").unlink()
    referenced("replay", "ref")
    assert "already" in referenced("keep", "ref").stderr


def test_what_is_gone_or_changed_is_named(referenced: Anew) -> None:
    referenced.write("in.txt", "other data")
    (referenced.project / "out.txt").unlink()
    document = check(referenced.json("keep", "ref", check=20))
    assert document["kept"] == []
    why = {each["path"]: each["why"] for each in document["gone"]}
    assert "other bytes" in why["in.txt"]
    assert "nothing lies" in why["out.txt"]
    assert kept(referenced)["in.txt"] == "reference"
    assert "in.txt is gone" in referenced("keep", "ref", check=20).stderr


def test_one_place_that_still_has_the_bytes_is_enough(referenced: Anew) -> None:
    (referenced.project / "in.txt").unlink()
    document = check(referenced.json("keep", "ref"))
    assert {each["path"] for each in document["kept"]} == {"in.txt", "out.txt"}
    assert kept(referenced)["in.txt"] == "value"
    assert check(referenced.json("keep", "ref"))["kept_b"] == 0
