"""The processes and files of a run as a graph, in the languages of DOT and Mermaid, and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from anew.cli.tables import shown
from anew.cli.trees import name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from anew.model.processes import Process
    from anew.trace.touching import Touch

FORMS = ("dot", "mermaid", "json")
LONGEST = 60  # letters of a name
STYLES = {"started": " [style=dashed]", "fed": " [style=bold]"}  # in DOT
ARROWS = {"started": "-.->", "fed": "==>"}  # in Mermaid
MOST_ALIKE = 3  # files of a folder, touched by the same processes, that are nodes of their own


@dataclass(frozen=True, slots=True)
class Node:
    """A process, or a file or several files of a folder that the same processes touched."""

    id: str
    kind: str  # process, file, files
    name: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Edge:
    """What led to what: a process `started` or `fed` another, a file was `read` or `wrote`."""

    source: str
    target: str
    kind: str


def graph(
    processes: Sequence[Process], touched: Mapping[int, Touch]
) -> tuple[list[Node], list[Edge]]:
    """Return nodes and edges; many files of one folder that were touched alike are one node."""
    nodes = [Node(f"p{each.number}", "process", name_of(each)) for each in processes]
    edges = [Edge(f"p{each.parent}", f"p{each.number}", "started")
             for each in processes if each.parent]  # fmt: skip
    edges += [Edge(f"p{each.number}", f"p{other}", "fed")
              for each in processes for other in each.feeds]  # fmt: skip
    readers: dict[str, list[int]] = {}
    writers: dict[str, list[int]] = {}
    for number, touch in sorted(touched.items()):
        for path in touch.read:
            readers.setdefault(path, []).append(number)
        for path in touch.wrote:
            writers.setdefault(path, []).append(number)
    alike: dict[tuple[str, tuple[int, ...], tuple[int, ...]], list[str]] = {}
    for path in sorted(readers.keys() | writers.keys()):
        key = path.rpartition("/")[0], tuple(readers.get(path, ())), tuple(writers.get(path, ()))
        alike.setdefault(key, []).append(path)
    for (folder, reading, writing), paths in alike.items():
        groups = [[path] for path in paths] if len(paths) <= MOST_ALIKE else [paths]
        for group in groups:
            name = group[0] if len(group) == 1 else f"{folder or '.'}/ ({len(group):,} files)"
            node = Node(f"f{len(nodes)}", "file" if len(group) == 1 else "files", name, len(group))
            nodes.append(node)
            edges += [Edge(node.id, f"p{number}", "read") for number in reading]
            edges += [Edge(f"p{number}", node.id, "wrote") for number in writing]
    return nodes, edges


def text(form: str, nodes: Sequence[Node], edges: Sequence[Edge]) -> list[str]:
    """Return the lines of a graph in a language for graphs."""
    return _dot(nodes, edges) if form == "dot" else _mermaid(nodes, edges)


def document(run: str, nodes: Sequence[Node], edges: Sequence[Edge]) -> dict[str, object]:
    """Return the graph of a run as a document."""
    return {
        "schema": "anew/graph-1",
        "id": run,
        "nodes": [{"id": each.id, "kind": each.kind, "name": each.name, "count": each.count}
                  for each in nodes],
        "edges": [{"source": each.source, "target": each.target, "kind": each.kind}
                  for each in edges],
    }  # fmt: skip


def _dot(nodes: Iterable[Node], edges: Iterable[Edge]) -> list[str]:
    """Write the language of Graphviz (graphviz.org/doc/info/lang.html)."""
    lines = ["digraph run {", "  rankdir=LR;"]
    for each in nodes:
        shape = "box" if each.kind == "process" else "note"
        name = _short(each.name).replace("\\", "\\\\").replace('"', '\\"')
        lines.append(f'  {each.id} [shape={shape}, label="{name}"];')
    for edge in edges:
        style = STYLES.get(edge.kind, "")
        lines.append(f"  {edge.source} -> {edge.target}{style};")
    return [*lines, "}"]


def _mermaid(nodes: Iterable[Node], edges: Iterable[Edge]) -> list[str]:
    """Write a flowchart of Mermaid (mermaid.js.org/syntax/flowchart.html)."""
    lines = ["flowchart LR"]
    for each in nodes:
        left, right = ("[", "]") if each.kind == "process" else ("([", "])")
        lines.append(f'  {each.id}{left}"{_entities(_short(each.name))}"{right}')
    for edge in edges:
        arrow = ARROWS.get(edge.kind, "-->")
        lines.append(f"  {edge.source} {arrow} {edge.target}")
    return lines


def _entities(name: str) -> str:
    """Write what Mermaid would take for its own by entity codes."""
    special = {"#": "#35;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "&": "#amp;", "`": "#96;"}
    return "".join(special.get(letter, letter) for letter in name)


def _short(name: str) -> str:
    name = shown(name)
    return name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"
