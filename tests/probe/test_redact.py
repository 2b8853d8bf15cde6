"""No secret of a command line is written down, not even into a spool that is gone in a second."""

from anew.probe import redact
from tests.probe.spools import Spool

CHILD = """
import subprocess, sys
subprocess.run([sys.executable, "-c", "pass", "--api-key", "TOPSECRET1", "--token=TOPSECRET2",
                "https://me:TOPSECRET3@host/x", "ghp_" + "TOPSECRET4" * 4, "--lr", "1"])
"""


def test_secrets_in_the_arguments_of_children_are_not_in_the_spool(spool: Spool) -> None:
    spool.script(CHILD, "--password", "TOPSECRET5")
    said = b"".join(path.read_bytes() for path in (spool.folder / "probe").iterdir())
    text = said.replace(CHILD.encode(), b"")
    assert len(spool.starts()) == 2
    assert b"TOPSECRET" not in text
    assert b"--lr" in text


def test_what_is_no_secret_stays() -> None:
    plain = [
        "x.py",
        "--lr",
        "0.1",
        "data/key=1.csv",
        "-c",
        "key = 1; print(key)",
        "a=b",
        "http://h/x@y",
    ]
    assert redact.words(plain) == plain
