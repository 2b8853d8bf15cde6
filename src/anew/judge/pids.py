"""Process ids: numbers that differ because they are processes of the one run and of the other."""

import re
from collections.abc import Set as AbstractSet

PROCESS_ID = "process id"
LONG = 4  # digits from which on a number is hardly a process by chance; one of the two has them
_NUMBER = re.compile(r"(?<![\w.,+-])(\d{1,7})(?!\w|[.,]\d)")  # bare: with no point, sign or unit


def differ_in_pids_only(
    left: str, right: str, here: AbstractSet[int], there: AbstractSet[int]
) -> bool:
    """Say whether two texts differ in numbers alone that are each a process of its own run.

    >>> differ_in_pids_only("worker 20935: 12", "worker 31: 12", {20935}, {31})
    True
    >>> differ_in_pids_only("worker 20935: 12", "worker 31: 13", {20935}, {31})
    False
    """
    if not here or not there:
        return False
    one, other = _NUMBER.split(left), _NUMBER.split(right)
    if len(one) != len(other) or one[::2] != other[::2]:
        return False
    return all(
        number == also
        or (max(len(number), len(also)) >= LONG and int(number) in here and int(also) in there)
        for number, also in zip(one[1::2], other[1::2], strict=True)
    )
