"""The document of `anew show`: a run whole, recipe, circumstances, outcome and coverage."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from msgspec import to_builtins

from anew.cli.documents.values import moment, number, parsed, seconds
from anew.model.inputs import FileKind, Kept
from anew.trace.aspects import aspects
from anew.trace.why import why
from anew.verbs.show import touched

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anew.ledger.rows import VerdictRow
    from anew.model.circumstances import Circumstances
    from anew.model.connections import Connection
    from anew.model.digest import Digest
    from anew.model.inputs import CodeFile, Configuration, Environment, Input, Package, Seeds
    from anew.model.metric import Metric
    from anew.model.recipe import Recipe
    from anew.model.record import Coverage, Outcome, Output, Record
    from anew.trace.aspects import Aspect
    from anew.verbs.show import Files, Shown


def show(shown: Shown) -> dict[str, object]:
    """Return the document of `anew show --json`."""
    row, record, files = shown.row, shown.record, shown.files
    sealed = record is not None and files is not None
    recipe = outcome = coverage = processes = sealing = None
    command = row.command
    counterfactual: Sequence[str] = ()
    if record is not None and files is not None:
        recipe = _recipe(record.recipe, files)
        outcome = _outcome(record.outcome, files)
        coverage = _coverage(record.coverage, aspects_now(record, files))
        processes = _processes(files)
        sealing = {"hashed_b": record.sealing.hashed, "beside_b": record.sealing.beside}
        command, counterfactual = shlex.join(record.command), record.counterfactual
    elif shown.request is not None:
        counterfactual = shown.request.options.counterfactual
    where = shown.circumstances
    return {
        "schema": "anew/show-1",
        "id": row.id,
        "name": row.name,
        "status": row.status.value,
        "track": row.track,
        "replay_of": row.replay_of,
        "counterfactual": list(counterfactual),
        "project": row.project,
        "command": command,
        "started_at": row.started_at,
        "sealed": sealed,
        "record": row.record,
        "tags": dict(row.tags),
        "notes": list(row.notes),
        "verdict": row.verdict,
        "verdicts": [_verdict(each) for each in shown.verdicts],
        "recipe": recipe,
        "circumstances": _circumstances(where) if where is not None else None,
        "outcome": outcome,
        "coverage": coverage,
        "processes": processes,
        "sealing": sealing,
    }


def _processes(files: Files) -> list[dict[str, object]]:
    each_touched = touched(files)
    return [
        {
            "number": each.number,
            "parent": each.parent or None,
            "pid": each.pid,
            "argv": list(each.argv),
            "executable": each.executable,
            "cwd": each.cwd,
            "started_s": seconds(each.started),
            "duration_s": seconds(each.duration) if each.duration is not None else None,
            "exit_code": each.exit_code,
            "signal": each.signal,
            "forked": each.forked,
            "role": each.role,
            "rank": each.rank,
            "feeds": list(each.feeds),
            "read": list(each_touched[each.number].read) if each.number in each_touched else [],
            "wrote": list(each_touched[each.number].wrote) if each.number in each_touched else [],
        }
        for each in files.processes
    ]


def _verdict(row: VerdictRow) -> dict[str, object]:
    return {
        "verdict": row.answer,
        "isolated": row.isolated,
        "replay": row.replay,
        "counterfactual": row.counterfactual or None,
        "given_at": row.given_at,
        "body": row.body,
    }


def _recipe(recipe: Recipe, files: Files) -> dict[str, object]:
    code = recipe.code
    return {
        "digest": recipe.digest,
        "exact_digest": recipe.exact_digest,
        "command": {"argv": list(recipe.command.argv), "cwd": recipe.command.cwd},
        "code": {
            "commit": code.commit,
            "branch": code.branch,
            "remote": code.remote,
            "dirty": code.dirty,
            "changed_lines": code.changed_lines,
            "diff": code.diff,
            "submodules": [{"path": path, "commit": commit} for path, commit in code.submodules],
            "files": [_code_file(each, files.held) for each in files.code],
        },
        "inputs": [_input(each, files.held) for each in files.inputs],
        "environment": _environment(recipe.environment, files),
        "configuration": _configuration(recipe.configuration, files),
        "seeds": _seeds(recipe.seeds),
    }


def kept_now(digest: Digest | None, kept: Kept, held: frozenset[Digest]) -> Kept:
    """Return how bytes are held now: `anew keep` may have taken in what was a reference."""
    return Kept.VALUE if digest is not None and digest in held else kept


def _code_file(file: CodeFile, held: frozenset[Digest]) -> dict[str, object]:
    return {
        "path": file.path,
        "digest": file.digest,
        "size": file.size,
        "kept": kept_now(file.digest, file.kept, held).value,
        "kind": file.kind.value,
        "used": file.used,
        "executable": file.executable,
        "source": file.source,
        "target": file.target,
    }


def _input(given: Input, held: frozenset[Digest]) -> dict[str, object]:
    facts: dict[str, object] = {
        "path": given.path,
        "digest": given.digest,
        "size": given.size,
        "kind": given.kind.value,
        "kept": kept_now(given.digest, given.kept, held).value,
        "role": given.role,
        "dataset": None,
        "proof": given.proof.value if given.proof is not None else None,
        "target": given.target,
        "mode": f"{given.mode:04o}",
        "modified_at": moment(given.modified),
        "why": why(given),
    }
    if given.kind is FileKind.FOLDER:
        facts["size"], facts["entries"] = 0, given.size
    return facts


def _environment(environment: Environment, files: Files) -> dict[str, object]:
    python = environment.interpreter
    return {
        "digest": environment.digest,
        "manager": environment.manager,
        "python": python.version if python is not None else None,
        "interpreter": to_builtins(python) if python is not None else None,
        "packages": [_package(each) for each in files.packages],
        "libraries": [to_builtins(each) for each in files.libraries],
    }


def _package(package: Package) -> dict[str, object]:
    return {
        "name": package.name,
        "version": package.version,
        "origin": package.origin,
        "url": package.url,
        "fingerprint": package.fingerprint,
        "used": package.used,
        "patched": [to_builtins(each) for each in package.patched],
    }


def _configuration(configuration: Configuration, files: Files) -> dict[str, object]:
    streams = configuration.streams
    return {
        "parameters": [
            {"name": each.name, "value": parsed(each.value), "source": each.source}
            for each in configuration.parameters
        ],
        "variables": [to_builtins(each) for each in files.variables],
        "unset": list(configuration.unset),
        "locale": configuration.locale,
        "timezone": configuration.timezone,
        "umask": f"{configuration.umask:04o}",
        "streams": to_builtins(streams) if streams is not None else None,
    }


def _seeds(seeds: Seeds) -> dict[str, object]:
    return {
        "root": seeds.root,
        "hash_seed": seeds.hash_seed,
        "given": [to_builtins(each) for each in seeds.given],
        "draws": dict(seeds.draws),
        "threads": [to_builtins(each) for each in seeds.threads],
        "cores": seeds.cores,
        "fixed_addresses": seeds.fixed_addresses,
        "source_date_epoch": seeds.source_date_epoch,
    }


def _circumstances(circumstances: Circumstances) -> dict[str, object]:
    facts: dict[str, object] = to_builtins(circumstances)
    accelerators = [to_builtins(each) for each in circumstances.accelerators]
    for each in accelerators:
        each["memory_b"] = each.pop("memory")
    facts["accelerators"] = accelerators
    facts["memory_b"] = facts.pop("memory")
    facts["memory_limit_b"] = facts.pop("memory_limit")
    return facts


def _outcome(outcome: Outcome, files: Files) -> dict[str, object]:
    return {
        "exit_code": outcome.exit_code,
        "signal": outcome.signal,
        "duration_s": seconds(outcome.duration),
        "cpu_s": seconds(outcome.cpu_time),
        "peak_memory_b": outcome.peak_memory,
        "metrics": {each.name: _metric(each) for each in files.metrics},
        "outputs": [_output(each, files.held) for each in files.outputs],
        "deleted": list(outcome.deleted),
        "console": [
            {
                "name": each.name,
                "digest": each.digest,
                "size": each.size,
                "kept": kept_now(each.digest, each.kept, files.held).value,
            }
            for each in outcome.console
        ],
    }


def _metric(metric: Metric) -> dict[str, object]:
    return {
        "last": number(metric.last),
        "min": number(metric.min),
        "max": number(metric.max),
        "count": metric.count,
        "points": metric.points,
    }


def _output(output: Output, held: frozenset[Digest]) -> dict[str, object]:
    return {
        "path": output.path,
        "digest": output.digest,
        "size": output.size,
        "kept": kept_now(output.digest, output.kept, held).value,
        "kind": output.kind.value,
        "role": output.role,
        "executable": output.executable,
        "target": output.target,
    }


def aspects_now(record: Record, files: Files) -> tuple[Aspect, ...]:
    """Return what is held of each aspect, as the store is now."""
    listed = (("code", files.code), ("inputs", files.inputs), ("outputs", files.outputs))
    kept: dict[str, Sequence[tuple[FileKind, Kept]]] = {
        name: [(each.kind, kept_now(each.digest, each.kept, files.held)) for each in items]
        for name, items in listed
    }
    kept["console"] = [(FileKind.FILE, each.kept) for each in record.outcome.console]
    referred = {"environment": len(files.packages) + len(files.libraries)}
    return aspects(kept, referred, record.coverage.gaps)


def _coverage(coverage: Coverage, shares: Sequence[Aspect]) -> dict[str, object]:
    return {
        "percent": coverage.percent,
        "held": coverage.held,
        "seen": coverage.seen,
        "aspects": [each._asdict() for each in shares],
        "gaps": [to_builtins(each) for each in coverage.gaps],
        "aside": [to_builtins(each) for each in coverage.aside],
        "trace": coverage.trace.value,
        "connections": [_connection(each) for each in coverage.connections],
    }


def _connection(connection: Connection) -> dict[str, object]:
    return {
        "host": connection.host,
        "port": connection.port,
        "addresses": list(connection.addresses),
        "process": connection.process or None,
        "program": connection.program,
        "library": connection.library or None,
    }
