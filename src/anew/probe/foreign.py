"""Foreign: the type of what belongs to the user's program or its libraries; for type checkers."""

from __future__ import annotations

from typing import Any

Foreign = Any
