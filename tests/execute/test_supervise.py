"""What a supervisor makes of what its child said before it became the program."""

import os

import pytest

from anew.execute import supervise
from anew.execute.protocol import Exit


@pytest.mark.parametrize(("spent", "left"), [(400, 600), (1000, 0), (1500, 0)])
def test_what_we_did_before_the_program_began_is_not_the_programs(spent: int, left: int) -> None:
    trouble, report = os.pipe()
    os.write(report, b"fixed\nspent:%d\n" % spent)
    os.close(report)
    ended = supervise._with_trouble(Exit(0, cpu_time=1000), trouble)
    assert (ended.cpu_time, ended.fixed_addresses) == (left, True)
