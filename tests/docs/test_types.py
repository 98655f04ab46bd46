"""The Python of the texts has types that hold, as a reader's type checker sees it."""

from __future__ import annotations

import ast
import builtins
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from docs.blocks import ROOT, pages, to_run

# What a page's blocks find when they begin; see page.py.
PRELUDE = """\
from qpaykit import QPayClient
from qpaykit.simulator import Simulator

client = QPayClient()
simulator = Simulator()
invoice_id = ""
payment_id = ""
"""


def test_every_block_of_python_passes_mypy_strictly(tmp_path: Path) -> None:
    (tmp_path / "prelude.py").write_text(PRELUDE, encoding="utf-8")
    for page in pages():
        name = page.removesuffix(".md").replace("/", "_").replace("-", "_").replace(".", "_")
        for module, text in modules(page, name):
            (tmp_path / f"{module}.py").write_text(text, encoding="utf-8")
    options = ["--strict", "--implicit-reexport", "--config-file", "", "--python-version", "3.10"]
    checked = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "mypy", *options, "--cache-dir", tmp_path / "cache", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def modules(page: str, name: str) -> Iterator[tuple[str, str]]:
    """Make a module of each block, which imports what it needs from the blocks before it.

    One module for the whole page would forbid two blocks to give one name different types, as
    the shops of two frameworks do.
    """
    homes = dict.fromkeys(["client", "simulator", "invoice_id", "payment_id"], "prelude")
    for block in to_run(page, "python"):
        module = f"{name}_{block.line}"
        tree = ast.parse(block.text)
        bound = bound_names(tree)
        needed = sorted(used_names(tree) - bound - set(dir(builtins)))
        imports = [f"from {homes[used]} import {used}" for used in needed if used in homes]
        # Imports are written on the line of the fence, so that mypy names the page's lines.
        head = "; ".join(imports)
        yield module, "\n" * (block.line - 1) + head + "\n" + block.text
        homes |= dict.fromkeys(bound, module)


def bound_names(tree: ast.Module) -> set[str]:
    """Return what a block defines, imports or assigns outside its functions."""
    found: set[str] = set()
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
            continue
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        todo += ast.iter_child_nodes(node)
    return found


def used_names(tree: ast.Module) -> set[str]:
    """Return every name that is read, wherever in the block."""
    nodes = ast.walk(tree)
    return {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def test_a_wrong_type_on_a_page_would_be_found(tmp_path: Path) -> None:
    (tmp_path / "prelude.py").write_text(PRELUDE, encoding="utf-8")
    wrong = "from prelude import client\nclient.invoices.get(42)\n"
    (tmp_path / "wrong.py").write_text(wrong, encoding="utf-8")
    checked = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", ROOT / ".mypy_cache", "wrong.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert 'expected "str"' in checked.stdout
