"""Who called whom, from what was told in the process and in the C library."""

from hypothesis import given
from hypothesis import strategies as st

from anew.model.processes import Process
from anew.trace.calling import Call, connections, gaps, plain

PYTHON = Process(1, 0, 7, ("/usr/bin/python3", "-u", "train.py"), started=0)
CURL = Process(2, 1, 8, ("curl", "-s", "http://data.example/"), started=50)


def called(*calls: Call) -> list[tuple[str, str, int, str, str]]:
    found = connections(calls, (PYTHON, CURL), 0, ("me", "192.0.2.9"))
    return [(each.where, " ".join(each.addresses), each.process, each.program, each.library)
            for each in found]  # fmt: skip


def test_name_address_and_library_come_together() -> None:
    code = "/usr/lib/python3.11/lib-dynload/_socket.cpython-311.so"
    assert called(
        Call(10_000, 7, "data.example", "443", "requests (urllib3)", asked=True),
        Call(11_000, 7, "data.example", "443", asked=True),
        Call(12_000, 7, "data.example", asked=True, addresses=("192.0.2.1", "192.0.2.2")),
        Call(13_000, 7, "192.0.2.1", "443", "requests (urllib3)"),
        Call(14_000, 7, "192.0.2.1", "443", code=code),
    ) == [("data.example:443", "192.0.2.1", 1, "python3 train.py", "requests (urllib3)")]


def test_a_program_that_calls_through_a_library_is_named_with_it() -> None:
    assert called(Call(60_000, 8, "192.0.2.1", "80", code="/usr/lib/libcurl.so.4")) == [
        ("192.0.2.1:80", "", 2, "curl", "libcurl.so.4")
    ]


def test_each_library_that_calls_the_same_host_is_named() -> None:
    code = "/usr/lib/python3.11/lib-dynload/_socket.cpython-311.so"
    found = called(
        Call(10_000, 7, "192.0.2.1", "443", "requests (urllib3)"),
        Call(11_000, 7, "192.0.2.1", "443", code=code),
        Call(12_000, 7, "192.0.2.1", "443", "httpx (httpcore)"),
    )
    assert [each[4] for each in found] == ["httpx (httpcore)", "requests (urllib3)"]


def test_a_program_that_calls_by_itself_has_no_library() -> None:
    assert called(Call(60_000, 8, "192.0.2.1", "80", code="/usr/bin/curl"))[0][3:] == ("curl", "")


def test_a_host_that_was_asked_for_and_never_called_is_named() -> None:
    assert called(Call(10_000, 7, "no.such.host.invalid", "443", "requests", asked=True)) == [
        ("no.such.host.invalid:443", "", 1, "python3 train.py", "requests")
    ]


def test_calls_to_the_own_machine_are_left_out() -> None:
    assert called(
        Call(1, 7, "127.0.0.1", "80"), Call(2, 7, "::1", "80"), Call(3, 7, "me", "80", asked=True),
        Call(4, 7, "alias", "80", asked=True),
        Call(5, 7, "alias", asked=True, addresses=("127.0.1.1", "192.0.2.9")),
        Call(6, 7, "192.0.2.9", "80", "torch"),
    ) == []  # fmt: skip


def test_each_host_and_port_is_one_gap_with_all_who_called() -> None:
    found = connections(
        [Call(10_000, 7, "192.0.2.1", "80", "requests"), Call(60_000, 8, "192.0.2.1", "80")],
        (PYTHON, CURL), 0, (),
    )  # fmt: skip
    (gap,) = gaps(found)
    assert gap.aspect == "network"
    assert gap.what == (
        "192.0.2.1:80 was contacted by python3 train.py with requests, curl; "
        "what it answered is not held"
    )


def test_addresses_are_compared_as_they_are_written_most_often() -> None:
    assert plain("fd00:0:0:0:0:0:0:2") == "fd00::2"
    assert [plain(each) for each in ("192.0.2.1", "data.example", "a:b")] == [
        "192.0.2.1", "data.example", "a:b",
    ]  # fmt: skip


HOSTS = st.sampled_from(["192.0.2.1", "data.example", "fd00::2", "127.0.0.1"])
CALLS = st.builds(
    Call, st.integers(0, 10**6), st.sampled_from([7, 8, 9]), HOSTS, st.sampled_from(["", "80"]),
    asked=st.booleans(), addresses=st.sampled_from([(), ("192.0.2.1",)]),
)  # fmt: skip


@given(st.lists(CALLS, max_size=12))
def test_no_host_that_was_called_goes_unnamed(calls: list[Call]) -> None:
    found = connections(calls, (PYTHON, CURL), 0, ("me", "192.0.2.9"))
    named = {name for each in found for name in (each.host, *each.addresses)}
    assert {call.host for call in calls if not call.asked} - {"127.0.0.1"} <= named
    assert len(gaps(found)) == len({each.where for each in found})
