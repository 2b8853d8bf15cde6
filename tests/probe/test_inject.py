"""The variables that carry the recorder."""

import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from anew.probe import inject


def test_variables_are_added_and_the_rest_is_left() -> None:
    environ = {"A": "b", "PYTHONPATH": "/mine"}
    made = inject.variables("/spool", "role", environ)
    assert environ == {"A": "b", "PYTHONPATH": "/mine"}
    assert made == {
        "A": "b",
        "PYTHONPATH": f"{inject.padded(inject.FOLDER)}:/mine",
        "ANEW_SPOOL": inject.padded("/spool"),
        "ANEW_ROLE": "role",
    }
    assert (Path(inject.FOLDER) / "sitecustomize.py").is_file()
    assert inject.variables("/spool", "role", made) == made


@given(st.text("/ab é", min_size=1))
def test_paths_of_ours_are_of_one_length_and_lead_where_they_led(name: str) -> None:
    path = os.path.abspath(f"/{name}")
    long = inject.padded(path)
    assert len(os.fsencode(long)) == inject.WIDTH
    assert inject.padded(long) == long
    assert inject.plain(long) == inject.plain(path)
    assert long[inject.start_of(long) :] == inject.plain(path)


def test_a_path_longer_than_others_stays_as_it_is() -> None:
    assert {len(inject.padded("/" + "a" * n)) for n in range(inject.WIDTH)} == {inject.WIDTH}
    longest = "/" + "a" * inject.WIDTH
    assert inject.padded(longest) == longest
    assert inject.padded("relative") == "relative"


def test_a_folder_of_ours_is_known_by_any_number_of_slashes() -> None:
    assert inject.without("/a:///b//c:/b", "/b//c") == "/a:/b"
    assert inject.without("/a:/b//c", "////b//c") == "/a"
    assert inject.in_front(inject.padded("/site") + ":/mine", "/site").endswith("/site:/mine")


def test_hiding_gives_back_what_there_was() -> None:
    for before in ({}, {b"PYTHONPATH": b"/mine"}, {b"PYTHONPATH": b"/mine:/other"}):
        text = {key.decode(): value.decode() for key, value in before.items()}
        carried = inject.variables("/spool", "", text)
        data = {key.encode(): value.encode() for key, value in carried.items()}
        inject.hide(data, inject.FOLDER)
        assert data == before
