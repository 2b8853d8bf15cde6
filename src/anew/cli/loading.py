"""Loading: what all commands are made of, without what comes with it and is not used."""

import contextlib
import sys
from typing import Any

NOT_NEEDED = "typing_extensions"  # `typing` has all of it since 3.11; `inspect` comes with it: 7 ms


def load_msgspec() -> None:
    """Load msgspec; where it does not go without what it only asks after, leave it to others."""
    if NOT_NEEDED in sys.modules:
        return
    modules: dict[str, Any] = sys.modules
    modules[NOT_NEEDED] = None  # to import it is an error from here on
    try:
        with contextlib.suppress(ImportError):
            import msgspec  # noqa: F401
    finally:
        del modules[NOT_NEEDED]
