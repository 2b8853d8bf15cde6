"""seal: what a run left in its spool becomes a record."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from anew.facets import (
    addresses,
    below,
    code,
    config,
    data,
    instructions,
    large_code,
    links,
    looked_at,
    processes,
    project,
    seeds,
    spool,
    stdin,
)
from anew.facets.environment import state as environment
from anew.facets.holding import Holder
from anew.facets.links import Links
from anew.model.canonical import encode
from anew.model.entry import RUN_SEALED
from anew.model.inputs import Configuration, FileKind
from anew.model.recipe import Command, Recipe, Trace, named_inputs
from anew.model.record import (
    RECORD_SCHEMA,
    Coverage,
    Record,
    Sealing,
)
from anew.store.listings import write_listing
from anew.trace import calling
from anew.trace.events import compared
from anew.trace.histories import fold
from anew.trace.places import inside, short
from anew.trace.roles import Roles
from anew.trace.rules import Role
from anew.trace.sorting import Sorted, asides, sort
from anew.verbs import beside, opening
from anew.verbs.opening import Before, World
from anew.verbs.outcome import Ended, other_gaps, outcome_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from anew.execute.protocol import Exit
    from anew.model.digest import Digest
    from anew.model.inputs import CodeState, Environment, Seeds
    from anew.model.recipe import Request
    from anew.model.tree import Listing, Stamp
    from anew.trace import touching
    from anew.trace.histories import History
    from anew.verbs.workspace import Workspace


def seal(
    workspace: Workspace, run_id: str, *, progress: Callable[[str], None] | None = None
) -> Record:
    """Seal the run of that id from its spool; the spool is gone afterwards.

    Raises:
        OSError: the spool cannot be read, or the store not be written; the spool stays.
    """
    place = workspace.spools / run_id
    request, before, ended = opening.read(place)
    work = _Sealing(workspace, run_id, place, request, before, ended, progress or (lambda _: None))
    record = work.record()
    with workspace.store.in_use():  # until the ledger names the record, nothing of it may go
        workspace.ledger.append(RUN_SEALED, run_id, body=work.keep(record))
    shutil.rmtree(place, ignore_errors=True)
    return record


class _Sealing:
    """One seal: the facts of a run, and the batch that takes its contents in."""

    def __init__(
        self,
        workspace: Workspace,
        run_id: str,
        place: Path,
        request: Request,
        before: Before,
        ended: Exit | None,
        progress: Callable[[str], None],
    ) -> None:
        self.workspace, self.run_id, self.place = workspace, run_id, place
        self.request, self.before, self.ended = request, before, ended
        self.progress = progress
        self.world = World.of(request, before, mounted=bool(ended and ended.mounted))
        workspace.store.look_again()
        if beside.was_at_work(place):
            workspace.store.sweep()  # it was stopped with the program
        self.batch = workspace.store.begin()
        self.hashed = workspace.store.hashed
        self.holder = Holder(
            workspace.store, self.batch, request.options.keep, before.settings.limits,
            added=beside.done(place).added,
        )  # fmt: skip
        self.account = spool.read(place)
        self.run = Ended(
            place, request.argv, request.project, before, ended, self.account, self.world
        )
        environments = environment.prefixes(self.account.processes)
        self.places = opening.places(workspace, place, request, before, environments)
        self.roles = Roles(self.places, before.settings.rules)

    def record(self) -> Record:
        """Derive the record; contents go into the batch."""
        self.progress("sealing")
        histories = self._histories()
        self._warm(histories.values())
        found = sort(histories, self.roles, self.request.project)
        configuration = self._configuration(found)
        used = self._code(found, histories)
        inputs = self._inputs(found, histories)
        recipe = Recipe(
            Command(self.request.argv, self.request.cwd),
            used,
            inputs[0],
            self._environment(),
            configuration,
            self._seeds(),
            looked_at.collect(found.looked_at, self.request.project, self.batch),
            inputs[1],
        )
        outcome = outcome_of(self.run, found.outputs, found.deleted, found.own_folders, self.holder)
        trace = self._trace()
        own = (self.before.circumstances.host, *(addresses.own() if self.account.calls else ()))
        called = calling.connections(self.account.calls, trace.processes, self.before.started, own)
        told = (*self.before.gaps, *self.account.gaps, *self.holder.gaps, *calling.gaps(called),
                *other_gaps(self.run))  # fmt: skip
        named = " ".join(gap.what for gap in told)
        programs = self.account.programs
        followed = programs.followed and programs.blind is None
        asking = () if followed else instructions.gaps(found.code, self.world.real, named)
        coverage = Coverage(
            self.holder.held, self.holder.seen, tuple(dict.fromkeys((*told, *asking))),
            asides(found.aside), called,
            Trace.FULL if programs.followed else Trace.AUTO,
        )  # fmt: skip
        return Record(
            RECORD_SCHEMA,
            self.run_id,
            self.request.project,
            self.request.options.track,
            recipe,
            self.before.circumstances,
            outcome,
            coverage,
            self.request.command,
            self.request.replay_of,
            self.request.options.counterfactual,
            processes.collect(trace, self.batch),
            Sealing(self.workspace.store.hashed - self.hashed, beside.done(self.place).hashed),
        )

    def _trace(self) -> touching.Trace:
        own, project, is_here = self._stream_files(), self.request.project, self.roles.is_here

        def shown(path: str) -> str | None:
            return short(path, project) if is_here(path) and path not in own else None

        ended = self.ended
        return processes.trace_of(
            self.account, shown, project, self.before.started, ended.code if ended else None,
            ended.signal if ended else None,
        )  # fmt: skip

    def keep(self, record: Record) -> Digest:
        """Commit the batch with the record in it, and return the record's digest."""
        digest = self.batch.add(encode(record))
        self.batch.commit()
        return digest

    def _histories(self) -> dict[str, History]:
        own, before = self._stream_files(), self.before.listing
        self.links = Links(
            self.request.project, before.files.keys() - before.links.keys(), self.roles.is_here,
            self.world.real, self.before.began,
        )  # fmt: skip
        events = [event for event in self.account.events if event.path not in own]
        events = self.account.events = list(self.links.followed(events))
        events += below.walked(events, self.roles.is_here, self.world.real, self.holder)
        self.world.correct(before.files)
        files: dict[str, Stamp] = {}
        if before.whole:
            after = _look_again(self.world)
            files = after.files
            if after.whole:
                same = {path for path, target in after.links.items()
                        if before.links.get(path) == target}  # fmt: skip
                told = compared(before.files, files, opening.monotonic())
                events += [each for each in told if each.path not in own and each.path not in same]

        def inside_of(folder: str) -> Iterable[tuple[str, Stamp]]:
            return below.files(folder, self.world.real, self.holder)

        if self.before.mounts:
            return fold(events, self.world, self.world.stamp, inside_of, self.account.own)

        def now(path: str) -> Stamp | None:
            return files.get(path) or self.world.stamp(path)

        return fold(events, self.world, now, inside_of, self.account.own)

    def _stream_files(self) -> frozenset[str]:
        """Return the files that the shell made of the program's streams: they are console."""
        return frozenset(
            path for path in (self.before.stdout_file, self.before.stderr_file) if path is not None
        )

    def _warm(self, histories: Iterable[History]) -> None:
        """Ask the store once for all files whose state it may know."""
        found = [history.last for history in histories if history.last is not None]
        found += self.before.listing.files.values()
        one_each = {id(stamp): stamp for stamp in found}  # most are the very same value
        self.workspace.store.warm(one_each.values())

    def _code(self, found: Sorted, histories: dict[str, History]) -> CodeState:
        root, real = self.request.project, self.world.real
        pins = str(self.place / "pins")
        files = code.used_files(found.code, root, self.holder, real, pins, self.before.early)
        taken = frozenset(history.path for history in (*found.code, *found.inputs))
        changed = {
            path: history
            for path, history in histories.items()
            if history.changed and history.last != history.first
        }
        known = None
        if self.before.git is not None and self.before.large:
            known = large_code.listing(
                files, self.before.git, root, self.holder, real, self.workspace.cache
            )
        elif self.before.bounded:
            files += code.other_files(
                self.before.listing, self.before.git, taken, changed, root, self.holder, real, pins
            )
        outside = (
            changed[path]
            for path in sorted(changed.keys() - taken)
            if not inside(path, root)
            and self.roles.role_of(changed[path]) in (Role.OUTPUT, Role.INTERMEDIATE)
        )
        files += code.written_over(outside, self.holder, pins)
        return code.code_state(files, self.before.git, self.before.diff, self.batch, known)

    def _inputs(self, found: Sorted, histories: dict[str, History]) -> tuple[Listing, Digest]:
        pins = str(self.place / "pins")
        root, real = self.request.project, self.world.real
        inputs = data.collect(
            found.inputs, root, self.holder, real, pins, self.before.early, self.before.listing,
            self.places,
        )  # fmt: skip

        by_folder: dict[str, dict[str, History]] = {}
        for path, history in histories.items():
            if history.changed:
                by_folder.setdefault(path.rpartition("/")[0], {})[path] = history

        def names(path: str) -> list[str]:
            try:
                with os.scandir(real(path)) as found:
                    present = [each.name + "/" * each.is_dir() for each in found]
            except OSError:
                present = []
            return data.listed_before(path, present, by_folder.get(path.rstrip("/"), {}))

        followed = links.inputs(self.links.found, root)
        self.holder.count(len(followed))
        inputs += followed
        inputs += data.folders(found.folders, root, self.holder, self.batch, names)
        account, kind = self.account, self.before.streams.stdin
        inputs += stdin.collect(
            self.before.stdin, kind, self.place / opening.STDIN,
            others=bool(account.spawned) or not account.processes, holder=self.holder,
        )  # fmt: skip
        size = sum(each.size for each in inputs if each.kind is FileKind.FILE)
        listing = write_listing(self.batch, inputs, lambda each: each.path, size)
        return listing, named_inputs(inputs)

    def _environment(self) -> Environment:
        if not self.account.processes:
            return environment.none()
        main = self.account.processes[0]
        cache = self.workspace.cache / "environments"
        return environment.observe(main, cache, self.holder, self.world.real)

    def _configuration(self, found: Sorted) -> Configuration:
        variables, unset = config.asked(self.before.variables, self.account.asked)
        return Configuration(
            config.parameters([*self._from_files(found), *self.account.parameters]),
            write_listing(self.batch, variables, lambda each: each.name),
            self.before.locale,
            self.before.timezone,
            self.before.umask,
            self.before.streams,
            unset,
        )

    def _from_files(self, found: Sorted) -> list[tuple[int, str, dict[str, object]]]:
        """Return what configuration files said, in the order of their names."""
        files = []
        for history in found.inputs:
            if history.path.endswith(config.CONFIGURATION) and history.last == history.first:
                shown = short(history.path, self.request.project)
                files.append((0, shown, config.from_file(self.world.real(history.path), shown)))
        return files

    def _seeds(self) -> Seeds:
        return seeds.observed(
            self.request.root_seed,
            self.account,
            self.before.hash_seed,
            self.before.source_date_epoch,
            fixed_addresses=bool(self.ended and self.ended.fixed_addresses),
        )


def _look_again(world: World) -> project.Listing:
    """List the project as it is now, under the names that the program saw."""
    root = world.project
    real = world.real(root)
    after = project.look(project.Project(real))
    if real != root:
        after = project.as_seen(after, real, root)
    world.correct(after.files)
    return after
