"""The variables that carry the recorder."""

from pathlib import Path

from anew.probe import inject


def test_variables_are_added_and_the_rest_is_left() -> None:
    environ = {"A": "b", "PYTHONPATH": "/mine"}
    made = inject.variables("/spool", "role", environ)
    assert environ == {"A": "b", "PYTHONPATH": "/mine"}
    assert made == {
        "A": "b",
        "PYTHONPATH": f"{inject.FOLDER}:/mine",
        "ANEW_SPOOL": "/spool",
        "ANEW_ROLE": "role",
    }
    assert (Path(inject.FOLDER) / "sitecustomize.py").is_file()
    assert inject.variables("/spool", "role", made) == made


def test_hiding_gives_back_what_there_was() -> None:
    for before in ({}, {b"PYTHONPATH": b"/mine"}, {b"PYTHONPATH": b"/mine:/other"}):
        text = {key.decode(): value.decode() for key, value in before.items()}
        carried = inject.variables("/spool", "", text)
        data = {key.encode(): value.encode() for key, value in carried.items()}
        inject.hide(data, inject.FOLDER)
        assert data == before
