"""Takes over what numpy draws from the system: all of it passes one function, `randbits`."""

from __future__ import annotations

import sys

from . import given, imports, seeds, state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

    from .foreign import Foreign

_WORDS = 8  # of 32 bits: the seed of the global generator


def begin() -> None:
    """Wait for numpy to be imported."""
    imports.after("numpy.random.bit_generator", _bit_generator)
    imports.after("numpy.random", _numpy_random)


def _bit_generator(module: ModuleType) -> None:
    """Answer every unseeded generator; this comes before the global one is made."""
    library: Foreign = module
    if state.root and hasattr(library, "randbits"):
        library.randbits = _randbits


def _randbits(k: int) -> int:
    return seeds.draw("numpy", int(k))


def _numpy_random(module: ModuleType) -> None:
    library: Foreign = module

    def seeding(original: Foreign) -> Foreign:
        def seed(seed: Foreign = None) -> Foreign:
            return original(given.take("numpy.random.seed", seed, "numpy"))

        return seed

    def making(original: Foreign) -> Foreign:
        def default_rng(seed: Foreign = None) -> Foreign:
            return original(given.take("numpy.random.default_rng", seed))

        return default_rng

    def restoring(original: Foreign) -> Foreign:
        def set_state(state: Foreign) -> Foreign:
            seeds.seeded.add("numpy")
            return original(state)

        return set_state

    begin_numpy()
    imports.wrap(library, "seed", seeding, "numpy.random")
    imports.wrap(library, "set_state", restoring, "numpy.random")
    imports.wrap(library, "default_rng", making, "numpy.random")


def begin_numpy() -> None:
    """Give numpy's global generator the state it begins with, unless the program has."""
    mtrand: Foreign = sys.modules.get("numpy.random.mtrand")
    if mtrand is not None and state.root and "numpy" not in seeds.seeded:
        value = seeds.start_state("numpy", 32 * _WORDS)
        mtrand._rand.seed([value >> 32 * word & 0xFFFFFFFF for word in range(_WORDS)])
