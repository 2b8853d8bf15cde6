"""What a program finds out about a file beside its content comes back too."""

import os

from tests.conftest import Anew


def test_time_of_an_input_comes_back_to_the_nanosecond(anew: Anew) -> None:
    data = anew.write("data.txt", "1\n")
    os.utime(data, ns=(1_700_000_000_123_456_789, 1_700_000_000_123_456_789))
    anew.write("when.py", "import os\nopen('data.txt').read()\n"
               "print(os.stat('data.txt').st_mtime_ns)\n")  # fmt: skip
    assert anew("run", "when.py").stdout == "1700000000123456789\n"
    data.unlink()
    assert anew.json("replay", "@1")["verdict"] == "identical"
