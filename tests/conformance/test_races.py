"""Files that change right after they were read: right, or a gap, never wrong."""

from pathlib import Path

import pytest

from anew.execute.preload import library
from tests.conformance.races import raced, scenarios
from tests.conftest import Anew

FILES = 12


@pytest.mark.parametrize(("how", "pause", "alone"), scenarios((0.0,)))
def test_no_digest_is_wrong(how: str, pause: float, *, alone: bool, tmp_path: Path) -> None:
    if library(tmp_path / "cache") is None:
        pytest.skip("Anew was built without its C library")
    (tmp_path / "home").mkdir()
    found = raced(Anew(tmp_path / "home", tmp_path), tmp_path, how, FILES, pause, alone=alone)

    assert found["WRONG"] == 0, found
    if alone:
        assert found["right"] == FILES, found
    else:
        assert found["MISSED"] == 0, found
