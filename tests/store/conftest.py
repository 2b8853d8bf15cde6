"""Parts for the tests of the store."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from anew.store.local import LocalStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LocalStore]:
    with LocalStore(tmp_path / "store", tmp_path / "cache") as opened:
        yield opened
