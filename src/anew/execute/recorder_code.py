"""Compiles the recorder: runs as `python -I -S recorder_code.py FOLDER FILE` in what it is for.

What a process always loads is one part, in the order in which the modules need each other, so that
the import system is not asked for each of them. The file holds: the magic number of the
interpreter's bytecode; how long the list of parts is, in 4 bytes, little-endian; the list, name to
place and size; the parts. All but the numbers is of `marshal`. `sitecustomize` reads it.
"""

from __future__ import annotations
import __future__

import ast
import importlib.util
import marshal
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType

FIRST = "start"  # the module that imports what every process needs
TOGETHER = ""  # the name of that part


class _Lean(ast.NodeTransformer):
    """Takes out what is for readers: annotations, and what they need to be left unread."""

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        return None if node.module == "__future__" else node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        node.returns = None
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is None:
            return ast.copy_location(ast.Pass(), node)
        return ast.copy_location(ast.Assign([node.target], node.value), node)


def main(folder: str, to: str) -> None:
    """Compile the modules in a folder, and in `site` below it, into one file."""
    trees = {}
    for place in (folder, os.path.join(folder, "site")):
        for name in sorted(os.listdir(place)):
            if name.endswith(".py"):
                with open(os.path.join(place, name), "rb") as stream:
                    trees[name[:-3]] = ast.parse(stream.read())
    together = ["__init__", *_needed(FIRST, trees)]
    codes = {name: _compiled(name, tree) for name, tree in trees.items()}
    parts = {TOGETHER: marshal.dumps([(name, codes[name]) for name in together])}
    for name in sorted(set(codes) - set(together)):
        parts[name] = marshal.dumps(codes[name])
    index, at = {}, 0
    for name, data in parts.items():
        index[name] = at, len(data)
        at += len(data)
    head = marshal.dumps(index)
    with open(to, "wb") as stream:
        stream.write(importlib.util.MAGIC_NUMBER + len(head).to_bytes(4, "little") + head)
        stream.write(b"".join(parts.values()))
        stream.flush()
        os.fsync(stream.fileno())


def _compiled(name: str, tree: ast.Module) -> CodeType:
    lean = ast.fix_missing_locations(_Lean().visit(tree))
    flags = __future__.annotations.compiler_flag
    code: CodeType = compile(lean, f"<anew>/{name}.py", "exec", flags, True, 2)  # noqa: FBT003
    return code


def _needed(name: str, trees: dict[str, ast.Module], known: set[str] | None = None) -> list[str]:
    """Return a module and what it imports when it is loaded, each after what it needs."""
    known = set() if known is None else known
    known.add(name)
    found = []
    for node in trees[name].body:
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            for other in [node.module] if node.module else [each.name for each in node.names]:
                if other not in known:
                    found += _needed(other, trees, known)
    return [*found, name]


if __name__ == "__main__":
    main(*sys.argv[1:])
