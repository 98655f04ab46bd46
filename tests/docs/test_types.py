"""The Python of the texts has types that hold, as a reader's type checker sees it."""

from __future__ import annotations

import ast
import builtins
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs.blocks import ROOT, Block, pages_to_run, to_run

pytestmark = pytest.mark.slow

# What a page's blocks find when they begin; see page.py.
PRELUDE = """\
from qpaykit import QPayClient
from qpaykit.simulator import Simulator

client = QPayClient()
simulator = Simulator()
invoice_id = ""
payment_id = ""
"""


WRONG = "from prelude import client\n\nclient.invoices.get(42)\n"


def test_every_block_of_python_passes_mypy_strictly_and_a_wrong_one_would_not(
    tmp_path: Path,
) -> None:
    written = {"prelude": PRELUDE, "wrong": WRONG}
    for page in pages_to_run():
        written |= modules(page, re.sub(r"\W", "_", page.removesuffix(".md")))
    for module, text in written.items():
        path = tmp_path / f"{module}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    options = ["--strict", "--implicit-reexport", "--config-file=", "--python-version=3.10"]
    options += ["--explicit-package-bases"]
    # The cache outlives the test: the frameworks take most of the time.
    options += ["--no-error-summary", f"--cache-dir={ROOT / '.mypy_cache' / 'docs'}"]
    checked = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "mypy", *options, "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    found = checked.stdout.splitlines()
    expected = [line for line in found if line.startswith("wrong.py:3: error: ")]
    assert expected, checked.stdout + checked.stderr
    assert found == expected, checked.stdout


def modules(page: str, name: str) -> Iterator[tuple[str, str]]:
    """Make a module of each block, which imports what it needs from the blocks before it.

    One module for the whole page would forbid two blocks to give one name different types, as
    the shops of two frameworks do.
    """
    homes = dict.fromkeys(["client", "simulator", "invoice_id", "payment_id"], "prelude")
    for block in to_run(page, "python"):
        if block.file:
            yield block.file.removesuffix(".py"), saved(block)
            continue
        module = f"{name}_{block.line}"
        tree = ast.parse(block.text)
        bound = bound_names(tree)
        needed = sorted(used_names(tree) - bound - set(dir(builtins)))
        imports = [f"from {homes[used]} import {used}" for used in needed if used in homes]
        # Imports are written on the line of the fence, so that mypy names the page's lines.
        head = "; ".join(imports)
        yield module, "\n" * (block.line - 1) + head + "\n" + block.text
        homes |= dict.fromkeys(bound, module)


def saved(block: Block) -> str:
    """Return a block that is a file of its own, with its lines where the page has them."""
    head = ""
    if block.page == "docs/django.md":
        # A reader of Django has its plugin for mypy, which knows what the fields of a model hold,
        # and writes no types where `startproject` and `startapp` write none.
        head = '# mypy: allow-untyped-defs, disable-error-code="var-annotated"'
    return "\n" * (block.line - 1) + head + "\n" + block.text


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
