"""`anew show`: what a run was."""

import os

import click

from anew.cli import render, sheets
from anew.cli.documents import shown as documents
from anew.cli.opening import opened, run_of
from anew.cli.options import as_json as json_option
from anew.cli.options import store as store_option
from anew.verbs.find import record_of
from anew.verbs.show import Files, show, touched
from anew.verbs.workspace import directory_of


@click.command("show")
@click.argument("run")
@click.option("--code", "lists", flag_value="code", multiple=True, help="All code files.")
@click.option("--inputs", "lists", flag_value="inputs", multiple=True, help="All inputs.")
@click.option("--outputs", "lists", flag_value="outputs", multiple=True, help="All outputs.")
@click.option("--packages", "lists", flag_value="packages", multiple=True, help="All packages.")
@click.option("--metrics", "lists", flag_value="metrics", multiple=True, help="All metrics.")
@click.option("--env", "lists", flag_value="env", multiple=True, help="All variables.")
@click.option("--coverage", "lists", flag_value="coverage", multiple=True,
              help="All gaps, and who called which host.")  # fmt: skip
@click.option("--processes", "lists", flag_value="processes", multiple=True,
              help="All processes, and what each read and wrote.")  # fmt: skip
@click.option("--why", "lists", flag_value="why", multiple=True,
              help="Why each input is one, and what is set aside by which rule.")  # fmt: skip
@click.option("--graph", type=click.Choice(("dot", "mermaid", "json")),
              help="Processes and files as a graph.")  # fmt: skip
@json_option
@store_option
def command(
    run: str,
    lists: tuple[str, ...],
    graph: str | None,
    as_json: bool,  # noqa: FBT001
    store: str | None,
) -> int:
    """Show what RUN was: recipe, circumstances, outcome, and what the record could not hold.

    With --code, --inputs and so on, that list alone, whole.
    """
    directory = directory_of(os.environ)
    with opened(store, directory) as workspace:
        row = run_of(workspace, run, directory)
        if (lists or graph) and not as_json:
            record_of(workspace, row)  # says so where there is none
        found = show(workspace, row)
    if graph and found.files is not None:
        _draw(found.row.id, graph, found.files)
    elif as_json:
        render.document(documents.show(found))
    elif lists:
        for name in lists if "why" not in lists else [each for each in lists if each != "inputs"]:
            head, *entries = sheets.whole(found, name)
            if not entries:
                render.say_raw(f"--{name}: there is none")
            for line in (head, *entries) if entries else ():
                render.tell(line)
    else:
        for line in sheets.sheet(found):
            render.tell(line)
    return 0


def _draw(run: str, form: str, files: Files) -> None:
    """Print the graph of a run."""
    from anew.cli import graphs

    nodes, edges = graphs.graph(files.processes, touched(files))
    if form == "json":
        render.document(graphs.document(run, nodes, edges))
        return
    for line in graphs.text(form, nodes, edges):
        render.tell(line)
