"""`anew env show`: what was installed, and what of it was really imported."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from anew.cli import render
from anew.cli.opening import opened, sealed_run
from anew.cli.options import as_json as json_option
from anew.cli.options import store as store_option
from anew.cli.tables import shown, table
from anew.verbs.environments import SAME, show_environment
from anew.verbs.images import images
from anew.verbs.workspace import directory_of

if TYPE_CHECKING:
    from anew.model.inputs import Package
    from anew.verbs.environments import Shown
    from anew.verbs.images import Built


@click.command("show")
@click.argument("run")
@click.option("--used", is_flag=True, help="Only what was really imported.")
@json_option
@store_option
def command(run: str, used: bool, as_json: bool, store: str | None) -> int:  # noqa: FBT001
    """Show what was installed in the environment of RUN, and what of it was really imported.

    It says too whether the environment is here as it was, and whether it is archived.
    """
    directory = directory_of(os.environ)
    with opened(store, directory) as workspace:
        row, record = sealed_run(workspace, run, directory)
        found = show_environment(workspace, record)
        built = images(workspace, found.environment.digest)
    packages = [each for each in found.packages if each.used or not used]
    if as_json:
        render.document(_document(row.id, found, packages, built))
        return 0
    for line in _lines(found, packages, built):
        render.tell(line)
    return 0


def _document(
    run: str, found: Shown, packages: list[Package], built: tuple[Built, ...]
) -> dict[str, object]:
    return {
        "schema": "anew/env-show-1",
        "id": run,
        "digest": found.environment.digest,
        "manager": found.environment.manager,
        "interpreter": found.environment.interpreter,
        "packages": [
            {"name": each.name, "version": each.version, "origin": each.origin, "url": each.url,
             "fingerprint": each.fingerprint, "used": each.used,
             "changed": [file.path for file in each.patched]}
            for each in packages
        ],
        "loose": [
            {"path": each.path, "digest": each.digest, "size": each.size, "kept": each.kept}
            for each in found.loose
        ],
        "libraries": [
            {"path": each.path, "digest": each.digest, "size": each.size,
             "here": each.path not in found.other_libraries}
            for each in found.libraries
        ],
        "here": found.here,
        "differences": found.differing,
        "archives": found.archives,
        "images": [{"name": each.name, "digest": each.digest, "at": each.at} for each in built],
    }  # fmt: skip


def _lines(found: Shown, packages: list[Package], built: tuple[Built, ...]) -> list[str]:
    environment = found.environment
    python = environment.interpreter
    assert python is not None
    here = {"same": "here as recorded", "other": "another lies here", "gone": "gone"}[found.here]
    archived = "archived" if found.archives else "not archived: `anew env archive RUN`"
    used = sum(each.used for each in found.packages)
    lines = [
        f"environment  {environment.digest}",
        f"python       {python.implementation} {python.version} · {shown(python.build)}",
        f"prefix       {shown(python.prefix)} · {environment.manager}",
        f"now          {here} · {archived}",
        f"packages     {len(found.packages):,}, {used:,} imported",
    ]
    lines += [f"image        {shown(each.name)} · {each.digest} · {each.at[:10]}" for each in built]
    lines += [f"             {shown(each)}" for each in found.differing if found.here != SAME]
    if found.loose:
        files = render.count(len(found.loose), "file")
        lines.append(f"loose        {files} of no distribution")
        lines += [f"             {shown(each.path)}" for each in found.loose[:10]]
    if found.libraries:
        lines.append(f"libraries    {len(found.libraries):,} from elsewhere")
        lines += [f"             {shown(path)} is another here" for path in found.other_libraries]
    rows = [
        (shown(each.name), shown(each.version), "yes" if each.used else "",
         "" if each.origin == "index" else each.origin, _changed(each))
        for each in packages
    ]  # fmt: skip
    return lines + table(("PACKAGE", "VERSION", "IMPORTED", "ORIGIN", "CHANGED"), rows)


def _changed(package: Package) -> str:
    if not package.patched or package.origin in ("editable", "local"):
        return ""
    return render.count(len(package.patched), "file")
