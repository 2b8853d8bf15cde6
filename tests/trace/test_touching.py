"""Who touched what, from events and back."""

from hypothesis import given
from hypothesis import strategies as st

from anew.model.tree import Stamp
from anew.trace.events import Deed, Event
from anew.trace.programs import Program, Programs
from anew.trace.touching import by_process, traced

STAMP = Stamp(1, 2, 3, 0o100644, 5, 6)
PATHS = st.sampled_from(["a", "b", "d/c", "d/e"])
DEEDS = st.sampled_from([Deed.READ, Deed.TRUNCATED])
TOUCHES = st.lists(st.tuples(st.integers(1, 4), DEEDS, PATHS), max_size=40)


def programs(*ran: Program) -> Programs:
    made = Programs()
    for each in ran:
        made.start(each)
    return made


@given(TOUCHES, st.integers(1, 4))
def test_what_each_process_touched_comes_back(
    touches: list[tuple[int, Deed, str]], count: int
) -> None:
    touches = [(min(n, count), deed, path) for n, deed, path in touches]
    ran = programs(*(Program(100 + n, 99, n, argv=(f"p{n}",)) for n in range(1, count + 1)))
    events = [Event(10, deed, path, STAMP, pid=100 + n) for n, deed, path in touches]
    found = traced(ran, (), events, lambda path: path, 0)
    read = {path for _, deed, path in touches if deed is Deed.READ}
    written = {path for _, deed, path in touches if deed is not Deed.READ}
    back = by_process(found.accesses, found.main, read, written)
    for number in range(1, 5):
        own = [(deed, path) for n, deed, path in touches if n == number]
        touch = back.get(number)
        reads, writes = (touch.read, touch.wrote) if touch else ((), ())
        named = {each.path for each in found.accesses}
        alone = {path for _, path in own} - named  # the busiest one's: told by what the run did
        assert {p for d, p in own if d is Deed.READ} - alone == set(reads) - alone
        assert {p for d, p in own if d is not Deed.READ} - alone == set(writes) - alone
        assert number == found.main or not alone


def test_a_fork_and_the_program_it_becomes_are_one() -> None:
    ran = programs(
        Program(1, 0, 10, argv=("sh",)), Program(2, 1, 20, forked=True), Program(2, 1, 30, argv=("cat",))
    )  # fmt: skip
    ran.end(2, 40, 3 << 8)
    events = [Event(25, Deed.CREATED, "out", None, pid=2), Event(35, Deed.READ, "in", STAMP, pid=2)]
    found = traced(ran, (), events, lambda path: path, 0)
    shell, cat = found.processes
    assert (cat.number, cat.parent, cat.argv, cat.exit_code) == (2, 1, ("cat",), 3)
    assert by_process(found.accesses, found.main, ["in"], ["out"])[2].wrote == ("out",)
    assert shell.parent == 0


def test_a_program_that_a_process_becomes_is_its_child() -> None:
    ran = programs(Program(1, 0, 10, argv=("env",)), Program(1, 0, 20, argv=("python",)))
    found = traced(ran, (), [], lambda path: path, 0)
    assert [(each.argv, each.parent) for each in found.processes] == [
        (("env",), 0),
        (("python",), 1),
    ]


def test_a_number_that_is_given_again_is_another_process() -> None:
    ran = programs(Program(1, 0, 5, argv=("sh",)), Program(2, 1, 10, argv=("a",)))
    ran.end(2, 15, 0)
    ran.start(Program(2, 1, 20, argv=("b",)))
    found = traced(ran, (), [], lambda path: path, 0)
    assert [each.parent for each in found.processes] == [0, 1, 1]


def test_a_fork_that_tells_of_itself_late_is_still_the_parent() -> None:
    ran = programs(Program(1, 0, 10, argv=("sh",)), Program(4, 3, 20, argv=("readlink",)))
    for late in (Program(3, 2, 30, forked=True), Program(2, 1, 40, forked=True)):
        ran.start(late)
    found = traced(ran, (), [], lambda path: path, 0)
    shown = [(each.pid, each.argv, each.parent) for each in found.processes]
    assert shown == [(1, ("sh",), 0), (2, ("sh",), 1), (3, ("sh",), 2), (4, ("readlink",), 3)]


def test_what_writes_to_a_pipe_feeds_what_reads_from_it() -> None:
    ran = programs(
        Program(1, 0, 10, argv=("sh",), pipes=(0, 90, 0)),
        Program(2, 1, 20, argv=("cat",), pipes=(0, 7, 0)),
        Program(3, 1, 21, argv=("while",), pipes=(7, 90, 0)),
        Program(4, 3, 30, argv=("echo",), pipes=(7, 90, 0)),  # the pipes of its parent
    )
    found = traced(ran, (), [], lambda path: path, 0)
    assert [each.feeds for each in found.processes] == [(), (3,), (), ()]
