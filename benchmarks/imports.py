"""What `import qpaykit`, a client that has not called yet and the first calls cost."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.figures import Bound, Figure
from benchmarks.server import served
from benchmarks.timing import Spent, ratio

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.plan import Plan

_SIDES = {
    "parts": "import httpx, pydantic",
    "qpaykit": "import qpaykit",
    # Both load their parts when these are asked for: this is what a shop comes to.
    "parts in use": "import httpx; from pydantic import BaseModel",
    "client": (
        "import httpx; from qpaykit import QPayClient; "
        "QPayClient(username='bench', password='bench')"
    ),
}
_FOLDER = Path(__file__).parent
_ROOT = _FOLDER.parent


def importing(plan: Plan) -> Iterator[Figure]:
    """Time the import in fresh processes."""
    spent = _alternate({side: ("-c", code) for side, code in _SIDES.items()}, plan)
    yield Figure.of(
        "import",
        "import qpaykit / import httpx, pydantic",
        ratio(spent["qpaykit"], spent["parts"]),
        Bound("cpu", 1.10),
    )
    yield Figure.of(
        "import/client",
        "a constructed QPayClient / from pydantic import BaseModel, both with httpx",
        ratio(spent["client"], spent["parts in use"]),
        Bound("cpu", 1.25),
    )


def starting(plan: Plan) -> Iterator[Figure]:
    """Time import, client, login, first create and first check in fresh processes."""
    with served() as url:
        names = ("cold_by_hand", "cold_qpaykit")
        spent = _alternate({name: (str(_FOLDER / f"{name}.py"), url) for name in names}, plan)
    yield Figure.of(
        "cold",
        "import, client, first create, first check / the same by hand",
        ratio(spent["cold_qpaykit"], spent["cold_by_hand"]),
        Bound("cpu", 1.25),
    )


def constructing(plan: Plan) -> Iterator[Figure]:
    """Look at a client before its first call, in a fresh process."""
    del plan
    found = _probe()
    yield Figure(
        "client/opened",
        "threads, sockets, files before the first call",
        value=found["opened"],
        bound=Bound("value", 0),
    )
    yield Figure(
        "client/memory",
        "a constructed QPayClient",
        value=found["qpaykit_bytes"],
        unit="bytes",
        note=f"httpx.Client(): {found['httpx_bytes']:,.0f} bytes",
    )
    for moment in ("import", "call"):
        yield Figure(
            f"client/tenacity/{moment}",
            f"modules of tenacity loaded by the {'first ' if moment == 'call' else ''}{moment}",
            value=found[f"tenacity_{moment}"],
        )


def _alternate(sides: dict[str, tuple[str, ...]], plan: Plan) -> dict[str, list[Spent]]:
    """Time each side in fresh processes, by turns, after one that is not counted."""
    for arguments in sides.values():
        _child(*arguments)
    spent: dict[str, list[Spent]] = {side: [] for side in sides}
    order = list(sides)
    for _ in range(plan.starts):
        for side in order:
            spent[side].append(_child(*sides[side]))
        order.reverse()
    return spent


def _child(*arguments: str) -> Spent:
    gc.collect()
    started = time.perf_counter()
    pid = os.posix_spawn(sys.executable, [sys.executable, "-I", *arguments], os.environ)
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - started
    if status:
        raise RuntimeError(f"`{arguments[0]} {arguments[1]}` failed")
    return Spent(usage.ru_utime + usage.ru_stime, wall)


def _probe() -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.probe"]
    output = subprocess.run(command, cwd=_ROOT, check=True, capture_output=True).stdout  # noqa: S603
    found: dict[str, float] = json.loads(output)
    return found
