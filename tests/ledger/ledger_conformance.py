"""What every ledger must do: subclass `LedgerConformance` and give it a `ledger` fixture."""

import pytest

from anew.ledger.protocol import Ledger
from anew.model.digest import digest_bytes

D = digest_bytes(b"a record")


class LedgerConformance:
    """The behaviour the rooms above rely on."""

    def test_entries_come_back_in_their_order(self, ledger: Ledger) -> None:
        written = [
            ledger.append("run-opened", "r1", body=D),
            ledger.append("tagged", "r1", text="k=v"),
            ledger.append("noted", "r2", text="caf\udce9 ü\n"),
        ]
        assert list(ledger.entries()) == written
        assert [entry.text for entry in written] == ["", "k=v", "caf\udce9 ü\n"]
        assert written[0].body == D

    def test_each_entry_names_the_one_before(self, ledger: Ledger) -> None:
        first, second, third = (ledger.append("noted", name) for name in "abc")
        assert first.previous is None
        assert second.previous is not None
        assert second.previous != third.previous

    def test_the_head_names_the_whole_history(self, ledger: Ledger) -> None:
        heads = [ledger.head()]
        for _ in range(3):
            ledger.append("noted", "same")
            heads.append(ledger.head())
        assert len(set(heads)) == 4
        assert ledger.head() == heads[-1]

    def test_an_empty_ledger_has_no_entries(self, ledger: Ledger) -> None:
        assert list(ledger.entries()) == []

    @pytest.mark.parametrize("text", ["", "x" * 200_000])
    def test_a_text_may_have_any_length(self, ledger: Ledger, text: str) -> None:
        ledger.append("noted", "a", text=text)
        ledger.append("noted", "b", text=text)
        assert [entry.text for entry in ledger.entries()] == [text, text]
