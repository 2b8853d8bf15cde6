"""Every way to read or write a file is held or named: recorded, checked, deleted and replayed."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from anew.execute import follow
from anew.execute.preload import library
from tests.conformance import compiled_ways
from tests.conformance.families import WAYS
from tests.conformance.runner import FULL, Result, tried
from tests.conformance.ways import Way
from tests.conftest import Anew

# The libraries take seconds to load: of each one way, and all where that is asked for.
ASKED = os.environ.get("ANEW_CONFORMANCE") == "all"


def _is_first_of_its_library(way: Way) -> bool:
    if way.family != "libraries" or not way.needs:
        return True
    of = [each for each in WAYS if each.needs[:1] == way.needs[:1]]
    return of[0] is way


CHOSEN = [way for way in WAYS if ASKED or _is_first_of_its_library(way)]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One store for all ways: what is known of an environment need not be found out again."""
    found = tmp_path_factory.mktemp("home")
    if library(found / "cache") is None:
        pytest.skip("Anew was built without its C library")
    return found


@pytest.mark.parametrize("way", CHOSEN, ids=[way.title for way in CHOSEN])
def test_way_is_held_or_named(way: Way, home: Path, tmp_path: Path) -> None:
    found = tried(way, Anew(home, tmp_path), tmp_path / "way")
    if found.result is Result.SKIPPED:
        pytest.skip(found.why)
    assert found.result is (Result.GAP if way.gap else Result.HELD), found.why


# No library can be loaded into them, or they pass it by: their system calls are followed instead.
BLIND = [way for way in compiled_ways.WAYS if way.gap and "mounted" not in way.gap]


@pytest.mark.parametrize("way", BLIND, ids=[way.title for way in BLIND])
def test_way_that_passes_libc_by_is_held_where_system_calls_are_followed(
    way: Way, home: Path, tmp_path: Path
) -> None:
    why = follow.why_impossible()
    if why:
        pytest.skip(f"programs cannot be followed here: {why}")
    found = tried(replace(way, gap=""), Anew(home, tmp_path), tmp_path / "way", FULL)
    if found.result is Result.SKIPPED:
        pytest.skip(found.why)
    assert found.result is Result.HELD, found.why


def test_ways_are_many_and_each_has_a_name_of_its_own() -> None:
    titles = [way.title for way in WAYS]
    assert len(set(titles)) == len(titles) >= 120
