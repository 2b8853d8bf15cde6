"""`anew tag` and `anew note` write into the ledger, never into a record."""

from tests.cli.conftest import check
from tests.conftest import Anew


def test_tags_are_added_changed_and_taken_away(mine: Anew) -> None:
    record = mine.json("show", "base")["record"]
    assert check(mine.json("tag", "base", "paper=fig4", "good"))["tags"] == {
        "paper": "fig4",
        "good": "",
    }
    assert mine.json("tag", "base", "--remove", "paper")["tags"] == {"good": ""}
    assert mine.json("ls", "--tag", "good")["runs"][0]["name"] == "base"
    assert mine.json("show", "base")["record"] == record
    assert mine("tag", "base").stdout == "good\n"


def test_a_run_is_given_another_name(mine: Anew) -> None:
    run = mine.json("show", "base")["id"]
    assert mine.json("tag", "base", "--name", "final")["name"] == "final"
    assert mine.json("show", "final")["id"] == run
    mine("show", "base", check=21)
    assert mine.json("tag", "final", "--name", "")["name"] is None


def test_what_is_no_tag_or_name_changes_nothing(mine: Anew) -> None:
    for words in (("=x",), ("ok", "--remove", "none"), ("ok", "--name", "a b")):
        assert mine.json("tag", "base", *words, check=2)["error"]["code"] == "usage"
    assert mine.json("show", "base")["tags"] == {"paper": "fig3"}


def test_notes_join_those_there_are(mine: Anew) -> None:
    document = check(mine.json("note", "base", "looks", "good"))
    assert document["notes"] == ["the first", "looks good"]
    assert "2 notes" in mine("note", "base", "looks good").stderr  # said before
    assert "looks good" in mine("show", "base").stdout
    mine("note", "base", "  ", check=2)
