"""Who is alive, dead, or cannot be known."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from anew.ledger.leases import (
    FRESH_SECONDS,
    SILENT_SECONDS,
    STALE_SECONDS,
    Lease,
    Leases,
    Standing,
    standing,
)
from anew.store.process import Process, parse_process, this_process

ME = this_process()
AWAY = replace(ME, host="elsewhere", machine="ffffffff", boot="another")
REBOOTED = replace(ME, boot="another")
CONTAINED = replace(ME, namespace="1", pid=1)
NOBODY = replace(ME, pid=2**22 + 1)
REUSED = replace(ME, start=ME.start + 1)


@pytest.mark.parametrize(
    ("holder", "silence", "expected"),
    [
        (ME, 0, Standing.ALIVE),
        (ME, STALE_SECONDS * 9, Standing.ALIVE),
        (NOBODY, 0, Standing.DEAD),
        (REUSED, 0, Standing.DEAD),
        (REBOOTED, SILENT_SECONDS + 1, Standing.DEAD),
        (REBOOTED, SILENT_SECONDS - 1, Standing.ALIVE),
        (AWAY, FRESH_SECONDS - 1, Standing.ALIVE),
        (AWAY, FRESH_SECONDS + 1, Standing.UNKNOWN),
        (AWAY, STALE_SECONDS - 1, Standing.UNKNOWN),
        (AWAY, STALE_SECONDS + 1, Standing.DEAD),
        (CONTAINED, FRESH_SECONDS + 1, Standing.UNKNOWN),
        (replace(ME, boot=""), FRESH_SECONDS + 1, Standing.UNKNOWN),
        (replace(REBOOTED, host="elsewhere"), FRESH_SECONDS + 1, Standing.UNKNOWN),
    ],
)
def test_only_proof_or_a_long_silence_is_death(
    holder: Process, silence: float, expected: Standing
) -> None:
    assert standing(Lease("r", holder, "2026"), silence, ME) == expected


@pytest.mark.parametrize(
    ("silence", "expected"),
    [
        (0, Standing.ALIVE),
        (FRESH_SECONDS * 2, Standing.UNKNOWN),
        (STALE_SECONDS * 2, Standing.DEAD),
    ],
)
def test_a_lease_that_cannot_be_read_counts_by_its_heartbeat(
    silence: float, expected: Standing
) -> None:
    assert standing(None, silence, ME) == expected


def test_a_lease_is_taken_kept_and_released(tmp_path: Path) -> None:
    leases = Leases(tmp_path)
    assert leases.standing("run") == Standing.DEAD
    assert not leases.beat("run")
    lease = leases.take("run", "2026-01-01T00:00:00Z")
    assert leases.find("run") == lease
    assert leases.runs() == ("run",)
    assert leases.standing("run") == Standing.ALIVE
    os.utime(tmp_path / "leases" / "run.json", (0, 0))
    assert leases.beat("run")
    assert (tmp_path / "leases" / "run.json").stat().st_mtime > 1e9
    leases.release("run")
    leases.release("run")
    assert leases.runs() == ()
    assert leases.find("run") is None


def test_a_damaged_lease_is_no_error(tmp_path: Path) -> None:
    leases = Leases(tmp_path)
    leases.take("run", "2026")
    (tmp_path / "leases" / "run.json").write_bytes(b"{")
    assert leases.find("run") is None
    assert leases.standing("run") == Standing.ALIVE


def test_a_process_that_ended_is_dead_even_unburied(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from anew.ledger.leases import Leases;"
        "Leases(Path(sys.argv[1])).take('run', '2026'); print('taken', flush=True);"
        "sys.stdin.read()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdin
    assert child.stdout
    child.stdout.readline()
    leases = Leases(tmp_path)
    assert leases.standing("run") == Standing.ALIVE
    assert not leases.claim("run", "2026")
    child.stdin.close()
    child.stdout.read()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert leases.standing("run") == Standing.DEAD
    child.wait()
    child.stdout.close()
    assert leases.claim("run", "2026")
    assert not leases.claim("run", "2026")
    assert leases.standing("run") == Standing.ALIVE


def test_one_of_many_gets_what_is_claimed(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from anew.ledger.leases import Leases;"
        "print(Leases(Path(sys.argv[1])).claim('run', '2026'), flush=True); time.sleep(1)"
    )
    arguments = [sys.executable, "-c", script, str(tmp_path)]
    claims = [subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) for _ in range(6)]
    assert sorted(claim.communicate()[0].strip() for claim in claims) == ["False"] * 5 + ["True"]


def test_the_name_of_a_process_can_be_read_back() -> None:
    assert parse_process(ME.name) == ME
    assert parse_process(f"{ME.name}~more") == ME
    assert parse_process("whatever") is None
    assert parse_process("a~b~c~d~e~f") is None
