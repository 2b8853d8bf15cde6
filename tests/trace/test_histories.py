"""What is a state that the run found, where others make files while it goes on."""

import pytest

from anew.model.tree import Stamp
from anew.trace.events import Deed, Event
from anew.trace.histories import History, fold
from anew.trace.own import Own
from anew.trace.proofs import Source, bytes_of_first
from anew.trace.roles import was_input

BEGAN = 1000
OLD = Stamp(1, 7, 3, 0o100644, 10, 10)
NEW = Stamp(1, 8, 3, 0o100644, 2000, 2000)
LATER = Stamp(1, 8, 3, 0o100644, 3000, 3000)


class Before:
    """Knows of one file, or of one that was not there."""

    began = BEGAN

    def __init__(self, known: dict[str, Stamp | None]) -> None:
        self._known = known

    def state(self, path: str) -> tuple[bool, Stamp | None]:
        return path in self._known, self._known.get(path)


def found(
    *events: Event,
    last: Stamp | None = NEW,
    known: dict[str, Stamp | None] | None = None,
    own: Own | None = None,
) -> History:
    given = own if own is not None else Own(followed=True)
    return fold(events, Before(known or {}), lambda _: last, own=given)["f"]


def read(stamp: Stamp, time: int = 50) -> Event:
    return Event(time, Deed.READ, "f", stamp)


@pytest.mark.parametrize("known", [{}, {"f": None}, {"f": OLD}], ids=["unknown", "absent", "other"])
def test_what_another_program_makes_before_it_is_read_is_an_input(
    known: dict[str, Stamp | None],
) -> None:
    history = found(read(NEW), known=known)
    bytes_ = bytes_of_first(history)
    assert was_input(history)
    assert not history.changed
    assert bytes_ is not None
    assert (bytes_.source, bytes_.stamp) == (Source.PLACE, NEW)


@pytest.mark.parametrize("known", [{}, {"f": None}, {"f": OLD}], ids=["unknown", "absent", "other"])
def test_what_another_changes_again_after_it_was_read_is_an_input_without_bytes(
    known: dict[str, Stamp | None],
) -> None:
    history = found(read(NEW), last=LATER, known=known)
    assert was_input(history)
    assert bytes_of_first(history) is None


def test_a_change_that_the_listing_tells_of_is_the_one_that_was_met() -> None:
    told = Event(90, Deed.CHANGED, "f", OLD)
    history = found(read(NEW), told, known={"f": OLD})
    assert (history.first, history.changed, history.met) == (NEW, False, True)


def test_what_the_run_made_under_another_name_is_no_input() -> None:
    own = Own(followed=True)
    own.made(NEW)
    assert not was_input(found(read(NEW), own=own))
    assert not was_input(found(read(LATER), last=LATER, own=own))


def test_what_the_run_wrote_under_another_name_is_no_input() -> None:
    own = Own(followed=True)
    own.wrote(NEW)
    assert not was_input(found(read(LATER), last=LATER, own=own))


def test_what_the_run_read_before_it_wrote_it_is_an_input() -> None:
    own = Own(followed=True)
    own.wrote(NEW)
    assert was_input(found(read(NEW), last=LATER, own=own))


def test_an_inode_that_the_run_had_before_or_has_after_another_program_is_told_apart() -> None:
    own = Own(followed=True)
    own.made(NEW._replace(changed=1200))
    own.gone(NEW._replace(changed=1300))
    own.made(NEW._replace(changed=2500))
    assert was_input(found(read(NEW), own=own))
    assert not was_input(found(read(NEW._replace(changed=1300)), own=own))
    assert not was_input(found(read(NEW._replace(changed=2600)), own=own))


def test_where_a_program_could_not_be_followed_nothing_is_taken_for_another_s() -> None:
    assert not was_input(found(read(NEW), own=Own(followed=False)))


def test_two_states_that_were_read_have_no_one_digest() -> None:
    history = found(read(NEW), read(LATER, 60), last=LATER)
    assert was_input(history)
    assert bytes_of_first(history) is None


def test_what_another_made_and_the_run_appends_to_is_an_input_that_changed() -> None:
    history = found(Event(50, Deed.UPDATED, "f", NEW), last=LATER)
    assert was_input(history)
    assert history.changed
    assert bytes_of_first(history) is None


def test_what_another_made_and_the_run_moves_is_found_under_its_new_name() -> None:
    history = found(Event(50, Deed.MOVED_AWAY, "f", NEW, "g"), last=None)
    bytes_ = bytes_of_first(history)
    assert was_input(history)
    assert bytes_ is not None
    assert (bytes_.source, bytes_.name) == (Source.MOVED, "g")
