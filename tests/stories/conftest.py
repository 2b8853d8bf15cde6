"""What several stories start from."""

import pytest

from anew.execute.follow import why_impossible
from tests.conftest import Anew


@pytest.fixture
def full(anew: Anew) -> Anew:
    why = why_impossible()
    if why:
        pytest.skip(f"programs cannot be followed here: {why}")
    anew.write("in.txt", "one\n")
    return anew
