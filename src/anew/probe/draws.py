"""Takes over what the generators of Python, torch, TensorFlow and polars draw from the system."""

from __future__ import annotations

import posix
import sys

from . import channel, given, imports, seeds, state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

    from .foreign import Foreign


def begin() -> None:
    """Wait for the libraries to be imported."""
    imports.after("random", _random)
    imports.after("torch", _torch)
    imports.after("tensorflow", _tensorflow)
    imports.after("jax.random", _jax)
    imports.after("polars", _polars)
    if state.root:
        imports.after("uuid", _uuid)


def _random(module: ModuleType) -> None:
    library: Foreign = module
    own: Foreign = library._inst

    def seeding(original: Foreign) -> Foreign:
        def seed(self: Foreign, a: Foreign = None, version: int = 2) -> Foreign:
            if a is None:
                if state.root:
                    # Names of temporary files too: tempfile passes by those that are taken.
                    a = seeds.draw("random", 256)
            elif self is own:
                a = given.take("random.seed", a, "random")
            else:
                a = given.take("random.Random", a)
            return original(self, a, version)

        return seed

    def restoring(original: Foreign) -> Foreign:
        def setstate(self: Foreign, state: Foreign) -> Foreign:
            if self is own:
                seeds.seeded.add("random")
            return original(self, state)

        return setstate

    imports.wrap(library.Random, "seed", seeding)
    imports.wrap(library.Random, "setstate", restoring)
    library.seed, library.setstate = own.seed, own.setstate
    if state.root:
        begin_random()
        # After the library's own, which gives each fork entropy of the system.
        posix.register_at_fork(after_in_child=begin_random)


def begin_random() -> None:
    """Give `random` the state it begins with in this process or task, unless the program has."""
    module: Foreign = sys.modules.get("random")
    own = getattr(module, "_inst", None)
    if own is not None and state.root and "random" not in seeds.seeded:
        type(own).seed.__wrapped__(own, seeds.start_state("random", 256), 2)


def _uuid(module: ModuleType) -> None:
    library: Foreign = module

    def drawing(_original: Foreign) -> Foreign:
        def uuid4() -> Foreign:
            return library.UUID(bytes=seeds.draw("uuid", 128).to_bytes(16, "big"), version=4)

        return uuid4

    imports.wrap(library, "uuid4", drawing)


_torch_seed: Foreign = None


def _torch(module: ModuleType) -> None:
    global _torch_seed
    library: Foreign = module
    _torch_seed = library.manual_seed

    def seeding(original: Foreign) -> Foreign:
        def manual_seed(seed: Foreign) -> Foreign:
            return original(given.take("torch.manual_seed", seed, "torch"))

        return manual_seed

    def drawing(_original: Foreign) -> Foreign:
        def seed() -> int:
            value = seeds.draw("torch", 63)
            _torch_seed(value)
            return value

        return seed

    def restoring(original: Foreign) -> Foreign:
        def set_rng_state(new_state: Foreign) -> None:
            seeds.seeded.add("torch")
            original(new_state)

        return set_rng_state

    if state.root:
        begin_torch()
        imports.wrap(library.random, "seed", drawing, "torch")
    imports.wrap(library.random, "manual_seed", seeding, "torch")
    imports.wrap(library.random, "set_rng_state", restoring, "torch")


def begin_torch() -> None:
    """Give torch's default generators the state they begin with, unless the program has."""
    if _torch_seed is not None and state.root and "torch" not in seeds.seeded:
        _torch_seed(seeds.start_state("torch", 63))


def _tensorflow(module: ModuleType) -> None:
    library: Foreign = module
    original = library.random.set_seed

    def seeding(original: Foreign) -> Foreign:
        def set_seed(seed: Foreign) -> Foreign:
            return original(given.take("tensorflow.random.set_seed", seed, "tensorflow"))

        return set_seed

    if state.root:
        original(seeds.start_state("tensorflow", 31))
    imports.wrap(library.random, "set_seed", seeding)


def _jax(module: ModuleType) -> None:
    library: Foreign = module
    for name in ("PRNGKey", "key"):

        def seeding(original: Foreign, name: str = name) -> Foreign:
            def made(seed: Foreign, *rest: Foreign, **options: Foreign) -> Foreign:
                return original(given.take("jax.random." + name, seed), *rest, **options)

            return made

        imports.wrap(library, name, seeding)


def _polars(module: ModuleType) -> None:
    library: Foreign = module
    original = library.set_random_seed

    def seeding(original: Foreign) -> Foreign:
        def set_random_seed(seed: Foreign) -> Foreign:
            return original(given.take("polars.set_random_seed", seed, "polars"))

        return set_random_seed

    if state.root:
        channel.draws_for_us(1)  # it makes a generator from chance before it takes the seed
        original(seeds.start_state("polars", 63))
        channel.draws_for_us(0)
    imports.wrap(library, "set_random_seed", seeding)
