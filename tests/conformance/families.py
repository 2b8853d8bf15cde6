"""All ways, family by family."""

from tests.conformance import compiled_ways, library_ways, python_ways, shell_ways

WAYS = [*python_ways.WAYS, *shell_ways.WAYS, *compiled_ways.WAYS, *library_ways.WAYS]
