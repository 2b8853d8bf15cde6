"""The hardware of a replay: what was there and is not, and what of it can be given back."""

import os

from anew.facets import hardware
from anew.judge import dispatch
from anew.model.errors import CannotRestore
from anew.model.inputs import Library, Package
from anew.model.record import Record
from anew.store.listings import read_listing
from anew.store.local import LocalStore
from anew.verbs.giving_back import Restoration, Wishes

DRIVERS = ("libcuda.so", "libamdhip64.so", "libhsa-runtime64.so", "libze_loader.so")


def refuse_missing_accelerator(original: Record, store: LocalStore, wishes: Wishes) -> str:
    """Return what to say of an accelerator that is not here.

    Raises:
        CannotRestore: the run used one, there is none, and the CPU was not allowed to stand in.
    """
    there = original.circumstances.accelerators
    if not there or hardware.accelerators() or not _used(original, store):
        return ""
    name = there[0].name
    if wishes.allow_cpu:
        return f"the CPU stands in for {name}"
    raise CannotRestore(
        f"the run used {name}, and no accelerator is here",
        why="on a CPU its numbers would be others",
        hint="replay where there is one, or on the CPU all the same with `--allow-cpu`",
    )


def _used(original: Record, store: LocalStore) -> bool:
    """Say whether the driver's library was loaded: it is as soon as a program asks for a device."""
    libraries = original.recipe.environment.libraries
    if libraries is None:
        return False
    return any(
        os.path.basename(each.path).startswith(DRIVERS)
        for each in read_listing(store, libraries, Library)
    )


def cpu(
    original: Record,
    store: LocalStore,
    wishes: Wishes,
    variables: dict[str, str],
    restored: dict[str, Restoration],
) -> dict[str, str]:
    """Return `variables`, with what makes libraries choose as on the recorded CPU where asked.

    Raises:
        CannotRestore: it was asked for, and the recorded CPU is not known or is the larger one.
    """
    there = dispatch.level_of(original.circumstances.cpu_features)
    here = dispatch.level_of(hardware.features())
    if there is None or here is None:
        if wishes.like_cpu:
            raise CannotRestore(
                "the recorded CPU cannot be imitated",
                why="its vector instructions were not recorded, or it is no x86-64",
                hint="replay without --like-recorded-cpu",
            )
        return variables
    name, own = dispatch.NAMES[there], dispatch.NAMES[here]
    if there > here:
        note = f"this CPU has {own} only, the recorded one had {name}: last digits may differ"
        restored["cpu"] = Restoration(exact=False, note=note)
        if wishes.like_cpu:
            raise CannotRestore(
                "the recorded CPU cannot be imitated", why=note,
                hint=f"replay on a CPU that has {name}, or without --like-recorded-cpu",
            )  # fmt: skip
        return variables
    if there == here:
        restored["cpu"] = Restoration(exact=True, note=f"{name}, as recorded")
        return variables
    if not wishes.like_cpu:
        note = f"this CPU has {own}, the recorded one {name}: `--like-recorded-cpu` imitates it"
        restored["cpu"] = Restoration(exact=False, note=note)
        return variables
    packages = original.recipe.environment.packages
    versions = [
        each.version for each in (read_listing(store, packages, Package) if packages else ())
        if each.name.lower() == "numpy"
    ]  # fmt: skip
    switched = dispatch.switches(there, versions[0] if versions else "")
    note = f"{name} on a CPU with {own}, by {', '.join(sorted(switched))}"
    restored["cpu"] = Restoration(exact=False, note=note)
    return dispatch.merged(switched, variables)
