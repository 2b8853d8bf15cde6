"""Parts for the tests of the ledger."""

from collections.abc import Callable
from itertools import count

import pytest


@pytest.fixture
def now() -> Callable[[], str]:
    """A clock that goes on a microsecond each time it is looked at."""
    ticks = count()
    return lambda: f"2026-01-01T00:00:00.{next(ticks):06d}Z"
