"""The ledger in memory."""

from collections.abc import Callable

import pytest
from ledger_conformance import LedgerConformance

from anew.ledger.memory import MemoryLedger


class TestMemoryLedger(LedgerConformance):
    @pytest.fixture
    def ledger(self, now: Callable[[], str]) -> MemoryLedger:
        return MemoryLedger("here", now)
