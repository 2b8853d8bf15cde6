"""What is held of each aspect: nothing that is listed is left out of the counts."""

from hypothesis import given
from hypothesis import strategies as st

from anew.model.inputs import FileKind, Kept
from anew.model.record import Gap
from anew.trace.aspects import ASPECTS, aspects

ITEMS = st.lists(st.tuples(st.sampled_from(FileKind), st.sampled_from(Kept)))
NAMES = st.sampled_from([*ASPECTS, "network"])


@given(st.dictionaries(NAMES, ITEMS), st.dictionaries(NAMES, st.integers(0, 9)), st.lists(NAMES))
def test_each_item_and_each_gap_is_counted_once(
    kept: dict[str, list[tuple[FileKind, Kept]]], referred: dict[str, int], gaps: list[str]
) -> None:
    found = aspects(dict(kept), referred, [Gap(name, "what", "remedy") for name in gaps])
    items = sum(map(len, kept.values())) + sum(referred.values())
    assert sum(each.value + each.reference + each.missing for each in found) == items
    assert sum(each.gaps for each in found) == len(gaps)
    assert len({each.name for each in found}) == len(found)
    lost = sum(
        how is Kept.NO and kind is FileKind.FILE for rows in kept.values() for kind, how in rows
    )
    assert sum(each.missing for each in found) == lost
