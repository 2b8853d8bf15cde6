"""The sheet of one run: answer first, one screen; each long list can be asked for whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anew.cli import render
from anew.cli.documents.shown import aspects_now, kept_now
from anew.cli.tables import shown as plain
from anew.cli.tables import table
from anew.cli.trees import tree
from anew.model.inputs import FileKind, Kept
from anew.model.status import SHORT_ID
from anew.trace.why import why
from anew.verbs.show import touched

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from anew.model.digest import Digest
    from anew.model.inputs import CodeFile, Input
    from anew.model.record import Output, Record
    from anew.verbs.show import Files, Shown

SHORT_DIGEST = 15
MOST = 5  # lines of a list on the one screen
LISTS = ("code", "inputs", "outputs", "packages", "metrics", "env", "coverage", "processes", "why")


def sheet(shown: Shown) -> list[str]:
    """Return the lines about a run that fit one screen."""
    pairs = _head(shown)
    record, files = shown.record, shown.files
    if record is None or files is None:
        pairs.append(("sealed", "no: what it did is known when it has ended"))
        return _lines(pairs)
    pairs += _recipe(record, files)
    pairs += _outcome(record, files)
    where = record.circumstances
    machine = [where.host, where.cpu, render.count(where.cores, "core"), where.system]
    machine += [each.name for each in where.accelerators]
    pairs.append(("machine", " · ".join(plain(part) for part in machine if part)))
    gaps = [f"{gap.aspect}: {gap.what} · {gap.remedy}" for gap in record.coverage.gaps]
    count = f"{record.coverage.held:,} of {record.coverage.seen:,} items held"
    pairs.append(("coverage", f"{record.coverage.percent} % · {count}"))
    pairs += _few(gaps, "--coverage")
    return _lines(pairs)


def _lines(pairs: Iterable[tuple[str, str]]) -> list[str]:
    return [f"{name:<13}{text}".rstrip() for name, text in pairs if text]


def _head(shown: Shown) -> list[tuple[str, str]]:
    row = shown.row
    first = [f"run {row.id}", plain(row.name or ""), row.status.value]
    if row.replay_of:
        changed = f" with {row.counterfactual}" if row.counterfactual else ""
        first.append(plain(f"replay of {row.replay_of[:SHORT_ID]}{changed}"))
    pairs = [(" · ".join(part for part in first if part), " ")]
    own = [each for each in shown.verdicts if each.replay != row.id]
    for each in own[-MOST:]:
        by = f"replay {each.replay[:SHORT_ID]}" if each.replay else "no run came of it"
        by += " in a clean room" if each.isolated else ""
        changed = f" with {each.counterfactual}" if each.counterfactual else ""
        pairs.append(("verdict", plain(f"{each.answer} · {by}{changed} · {_time(each.given_at)}")))
    if row.replay_of and row.verdict:
        pairs.append(("verdict", row.verdict))
    if row.track != "exploratory":
        pairs.append(("track", row.track))
    took = f" · took {render.duration(row.duration)}" if row.duration is not None else ""
    pairs += [
        ("command", plain(row.command)),
        ("project", plain(row.project)),
        ("started", f"{_time(row.started_at)}{took}"),
        ("tags", plain(" ".join(f"{key}={value}" if value else key for key, value in row.tags))),
    ]
    return pairs + [("note", plain(text)) for text in row.notes]


def _time(text: str) -> str:
    return f"{text[:19].replace('T', ' ')} UTC"


def _recipe(record: Record, files: Files) -> list[tuple[str, str]]:
    recipe = record.recipe
    code = recipe.code
    used = [each for each in files.code if each.used]
    facts = [f"{render.count(len(used), 'file')} used of {len(files.code):,}"]
    if code.commit:
        changed = f" + {render.count(code.changed_lines, 'changed line')}" if code.dirty else ""
        branch = f" ({code.branch})" if code.branch else ""
        facts.append(plain(f"git {code.commit[:12]}{branch}{changed}"))
    pairs = [("recipe", f"{recipe.digest} (exact {recipe.exact_digest[:SHORT_DIGEST]})")]
    pairs.append(("code", " · ".join(facts)))
    pairs += _few([_file(each, files.held) for each in used], "--code")
    counted = [each for each in files.inputs if each.kind is FileKind.FILE]
    other = len(files.inputs) - len(counted)
    more = f" · {render.count(other, 'link, folder or absence', 'links, folders and absences')}"
    size = render.size(recipe.inputs.size)
    pairs.append(("inputs", f"{render.count(len(counted), 'file')} {size}{more if other else ''}"))
    pairs += _few([_file(each, files.held) for each in counted], "--inputs")
    python = recipe.environment.interpreter
    if python is not None:
        packages = render.count(len(files.packages), "package")
        in_use = sum(each.used for each in files.packages)
        facts = [f"{python.implementation} {python.version}", f"{packages}, {in_use} used"]
        pairs.append(("environment", " · ".join([*facts, recipe.environment.manager])))
    parameters = [f"{each.name}={each.value}" for each in recipe.configuration.parameters]
    pairs.append(("parameters", plain(" ".join(parameters))))
    asked = [each.name for each in files.variables if each.read]
    if asked:
        count = f"{len(asked)} read of {len(files.variables)}"
        pairs.append(("variables", f"{count}, --env lists them"))
    seeds = recipe.seeds
    draws = ", ".join(f"{count:,} {kind}" for kind, count in seeds.draws)
    facts = [f"root {seeds.root}" if seeds.root else "left to chance"]
    facts.append(f"drawn: {draws}" if draws else "")
    given = [f"{each.function}={each.value}" for each in seeds.given[:MOST]]
    pairs.append(("seeds", plain(" · ".join([part for part in (*facts, *given) if part]))))
    return pairs


def _outcome(record: Record, files: Files) -> list[tuple[str, str]]:
    outcome = record.outcome
    how = f"signal {outcome.signal}" if outcome.signal is not None else "not seen"
    if outcome.exit_code is not None:
        how = f"code {outcome.exit_code}"
    cost = f"{render.duration(outcome.cpu_time)} CPU · {render.size(outcome.peak_memory)} memory"
    pairs = [("exit", f"{how} · {cost}")]
    metrics = [
        f"{each.name} {each.last} "
        f"(min {each.min}, max {each.max}, {render.count(each.count, 'point')})"
        for each in files.metrics
    ]
    if metrics:
        pairs.append(("metrics", render.count(len(metrics), "metric")))
        pairs += _few(metrics, "--metrics")
    size = render.size(outcome.outputs.size)
    pairs.append(("outputs", f"{render.count(len(files.outputs), 'file')} {size}"))
    pairs += _few([_file(each, files.held) for each in files.outputs], "--outputs")
    if outcome.deleted:
        pairs.append(("deleted", plain(", ".join(outcome.deleted[:MOST]))))
    streams = [f"{each.name} {render.size(each.size)}" for each in outcome.console if each.size]
    pairs.append(("console", " · ".join(streams)))
    return pairs


def _few(lines: Sequence[str], option: str) -> list[tuple[str, str]]:
    cut = lines if len(lines) <= MOST + 1 else lines[:MOST]
    pairs = [("", f"  {plain(line)}") for line in cut]
    if len(cut) < len(lines):
        pairs.append(("", f"  and {len(lines) - len(cut):,} more: {option}"))
    return pairs


def _file(file: CodeFile | Input | Output, held: frozenset[Digest]) -> str:
    if file.target is not None:
        return f"{file.path} → {file.target}"
    kept = kept_now(file.digest, file.kept, held)
    how = {Kept.VALUE: "", Kept.REFERENCE: " · by reference", Kept.NO: " · not kept"}[kept]
    return f"{file.path}  {render.size(file.size)}{how}"


def whole(shown: Shown, name: str) -> list[str]:
    """Return one list of a sealed run, every entry a line."""
    record, files = shown.record, shown.files
    if record is None or files is None:
        return []
    match name:
        case "code":
            rows = [[plain(each.path), str(each.size), kept_now(each.digest, each.kept, files.held),
                     each.source, "used" if each.used else "", each.digest or ""]
                    for each in files.code]  # fmt: skip
            return table(("CODE", "BYTES", "KEPT", "SOURCE", "USED", "DIGEST"), rows)
        case "inputs":
            rows = [[plain(each.path), each.kind.value, str(each.size),
                     kept_now(each.digest, each.kept, files.held), each.role, each.digest or ""]
                    for each in files.inputs]  # fmt: skip
            return table(("INPUT", "KIND", "BYTES", "KEPT", "ROLE", "DIGEST"), rows)
        case "outputs":
            rows = [[plain(each.path), each.kind.value, str(each.size),
                     kept_now(each.digest, each.kept, files.held), each.role, each.digest or ""]
                    for each in files.outputs]  # fmt: skip
            return table(("OUTPUT", "KIND", "BYTES", "KEPT", "ROLE", "DIGEST"), rows)
        case "packages":
            rows = [[each.name, each.version, each.origin, "used" if each.used else "",
                     str(len(each.patched)) if each.patched else "", each.url or ""]
                    for each in files.packages]  # fmt: skip
            return table(("PACKAGE", "VERSION", "ORIGIN", "USED", "PATCHED", "URL"), rows)
        case "metrics":
            rows = [[plain(each.name), each.last, each.min, each.max, str(each.count)]
                    for each in files.metrics]  # fmt: skip
            return table(("METRIC", "LAST", "MIN", "MAX", "POINTS"), rows)
        case "why":
            return _reasons(record, files)
        case "processes":
            return ["PROCESS  [NUMBER · END · TIME]", *tree(files.processes, touched(files))]
        case "env":
            rows = [[plain(each.name), "read" if each.read else "",
                     "recipe" if each.recipe else "",
                     "<redacted>" if each.value is None else plain(each.value)]
                    for each in files.variables]  # fmt: skip
            rows += [[plain(name), "read", "", "<not set>"]
                     for name in record.recipe.configuration.unset]  # fmt: skip
            return table(("VARIABLE", "READ", "ROLE", "VALUE"), rows)
        case _:
            return _held(record, files)


def _held(record: Record, files: Files) -> list[str]:
    """Return what is held of each aspect, each gap, then which process called which host."""
    coverage = record.coverage
    counts = [[each.name, *(f"{number:,}" for number in each[1:])]
              for each in aspects_now(record, files)]  # fmt: skip
    lines = table(("ASPECT", "BY VALUE", "BY REFERENCE", "NOT HELD", "GAPS"), counts)
    rows = [[each.aspect, plain(each.what), plain(each.remedy)] for each in coverage.gaps]
    if rows:
        lines += ["", *table(("ASPECT", "WHAT IS NOT HELD", "REMEDY"), rows)]
    called = [[plain(each.where), plain(", ".join(each.addresses)), str(each.process or "?"),
               plain(each.program), plain(each.library)]
              for each in coverage.connections]  # fmt: skip
    if called:
        head = ("CONNECTION", "ADDRESSES", "PROCESS", "PROGRAM", "LIBRARY")
        lines += ["", *table(head, called)]
    return lines


def _reasons(record: Record, files: Files) -> list[str]:
    """Return each input with what made it one, then what programs used and is none."""
    rows = [[plain(each.path), each.kind.value, each.role, why(each)] for each in files.inputs]
    lines = table(("INPUT", "KIND", "ROLE", "WHY"), rows)
    aside = [[each.rule, each.role, f"{each.count:,}", each.says, plain(", ".join(each.examples))]
             for each in record.coverage.aside]  # fmt: skip
    if aside:
        lines += ["", *table(("SET ASIDE BY", "ROLE", "FILES", "WHY", "SUCH AS"), aside)]
    return lines
