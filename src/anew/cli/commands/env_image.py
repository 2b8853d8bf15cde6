"""`anew env image`: a container of the environment of a run, to build and to run in."""

import os
from pathlib import Path

import click

from anew.cli import render
from anew.cli.opening import opened, sealed_run
from anew.cli.options import as_json as json_option
from anew.cli.options import store as store_option
from anew.cli.tables import shown
from anew.model.status import SHORT_ID
from anew.verbs.images import Order, write_context
from anew.verbs.workspace import directory_of


@click.command("image")
@click.argument("run")
@click.option("-o", "--output", "place", metavar="DIR",
              help="The folder to write to (default: image-RUN); must be empty.")  # fmt: skip
@click.option("--base", metavar="IMAGE",
              help="The image to build on (default: that of the recorded system).")  # fmt: skip
@click.option("--no-lock", is_flag=True, help="Write no lock with wheels beside the files.")
@click.option("--build", is_flag=True, help="Build it by buildah, podman or Docker.")
@json_option
@store_option
def command(
    run: str,
    place: str | None,
    base: str | None,
    no_lock: bool,  # noqa: FBT001
    build: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
    store: str | None,
) -> int:
    """Write what builds a container of the environment of RUN, file for file as it was recorded.

    DIR gets a Containerfile, an Apptainer definition, a dev container, the files, and a lock. Built
    twice, the image has the same digest; `anew replay RUN --in-container` runs in it.
    """
    directory = directory_of(os.environ)
    with opened(store, directory) as workspace:
        row, record = sealed_run(workspace, run, directory)
        passing = render.passing()
        folder = Path(directory) / (place or f"image-{row.id[:SHORT_ID]}")
        order = Order(base, locked=not no_lock, build=build)
        made = write_context(workspace, record, folder, order, passing)
        passing("")
    if as_json:
        render.document(
            {"schema": "anew/env-image-1", "id": row.id, "place": made.place,
             "base": {"name": made.base, "by_digest": made.by_digest}, "files": made.files,
             "builder": made.builder, "image": made.image, "notes": made.notes}
        )  # fmt: skip
        return 0
    render.tell(shown(made.place))
    for note in made.notes:
        render.say(shown(note))
    files, base = render.count(made.files, "file"), made.by_digest or made.base
    render.say(f"build context of run {row.id[:SHORT_ID]}: {files} on {base}")
    if made.image is not None:
        digest = made.image.identity
        render.say(f"built by {made.builder}: {made.image.name} · {digest}")
    return 0
