"""Draws docs/images/modules.svg: the rooms of src/qpaykit, and who imports whom.

python tools/module_picture.py

The rooms and their places are written here; the arrows are the imports that run. Imports for types
alone are left out, and so are those of the ground floor, on which everything may stand.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "qpaykit"
PICTURE = ROOT / "docs" / "images" / "modules.svg"

WIDTH, HEIGHT = 790, 745
GROUND = "ground"

# Light boxes and grey arrows read well on a light page and on a dark one.
HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"
  font-family="system-ui, sans-serif" text-anchor="middle">
<title>The rooms of qpaykit and who imports whom</title>
<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8"
  orient="auto"><path d="M0 0 10 5 0 10z" fill="#7c8798"/></marker></defs>"""


@dataclass(frozen=True)
class Room:
    """A box of the picture: its middle, its size, the modules in it and what they do."""

    x: int
    y: int
    modules: tuple[str, ...]
    does: str
    width: int = 176
    height: int = 56

    @property
    def label(self) -> str:
        """What its sign says."""
        return " · ".join(self.modules)


ROOMS = {
    "desk": Room(
        400, 42, ("__main__", "cli", "_commands", "demo", "doctor", "pytest_plugin"),
        "commands, and fixtures for tests", width=530,
    ),
    "client": Room(210, 152, ("client",), "settings in, resources out"),
    "simulator": Room(680, 152, ("simulator",), "a QPay on your desk"),
    "resources": Room(100, 262, ("resources",), "what is asked of QPay"),
    "config": Room(640, 262, ("config",), "settings, checked"),
    "callbacks": Room(500, 372, ("callbacks",), "parse, verify, deliver once"),
    "_http": Room(320, 482, ("_http",), "sends, renews, retries"),
    "operation": Room(100, 592, ("operation",), "a request as a value"),
    "models": Room(320, 592, ("models",), "what travels, its limits"),
    "stores": Room(560, 592, ("stores",), "the token, the deliveries"),
    GROUND: Room(
        390, 702, ("errors", "error_codes", "_redaction", "_drive", "_forks", "_loops", "_version"),
        "everything may stand on these; they stand on nothing above", width=700,
    ),
}  # fmt: skip

# Where a straight line would run through a room, the point that it bends towards.
BENDS = {
    ("callbacks", "models"): (490, 520),
    ("resources", "models"): (170, 520),
    ("client", "stores"): (400, 440),
}


def room_of(module: str) -> str:
    """Return the room of a top-level module or package."""
    for name, room in ROOMS.items():
        if module in room.modules:
            return name
    raise LookupError(f"{module} has no room in the picture: give it one")


def imports() -> set[tuple[str, str]]:
    """Return which room imports which when the code runs; the face of the package is no room."""
    return {
        (room_of(importer), room_of(imported))
        for path in PACKAGE.rglob("*.py")
        if (importer := path.relative_to(PACKAGE).parts[0].removesuffix(".py")) != "__init__"
        for imported in _imported(ast.parse(path.read_text(encoding="utf-8")))
        if room_of(importer) != room_of(imported)
    }


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return
    if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("qpaykit."):
        yield node.module.split(".")[1]
    elif isinstance(node, ast.ImportFrom) and node.module == "qpaykit":
        raise LookupError("inside the package, import from the module that has it")
    for child in ast.iter_child_nodes(node):
        yield from _imported(child)


def picture() -> str:
    """Draw it."""
    arrows = sorted((a, b) for a, b in imports() if b != GROUND)
    parts = [
        HEAD.format(width=WIDTH, height=HEIGHT),
        *(_arrow(a, b) for a, b in arrows),
        *(_box(name, room) for name, room in ROOMS.items()),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _box(name: str, room: Room) -> str:
    left, top = room.x - room.width // 2, room.y - room.height // 2
    fill = "#cbd5e1" if name == GROUND else "#e2e8f0"
    return (
        f'<g data-room="{name}" data-modules="{" ".join(room.modules)}">'
        f'<rect x="{left}" y="{top}" width="{room.width}" height="{room.height}" rx="6"'
        f' fill="{fill}" stroke="#475569"/>'
        f'<text x="{room.x}" y="{room.y - 4}" font-size="15" font-weight="600"'
        f' fill="#0f172a">{room.label}</text>'
        f'<text x="{room.x}" y="{room.y + 16}" font-size="12" fill="#334155">{room.does}</text></g>'
    )


def _arrow(importer: str, imported: str) -> str:
    start, end = ROOMS[importer], ROOMS[imported]
    bend = BENDS.get((importer, imported), ((start.x + end.x) // 2, (start.y + end.y) // 2))
    x1, y1 = _edge(start, *bend)
    x2, y2 = _edge(end, *bend)
    return (
        f'<path data-from="{importer}" data-to="{imported}" fill="none" stroke="#7c8798"'
        f' stroke-width="1.6" marker-end="url(#tip)"'
        f' d="M{x1} {y1} Q{bend[0]} {bend[1]} {x2} {y2}"/>'
    )


def _edge(room: Room, x: int, y: int) -> tuple[int, int]:
    """Return where the line from a room's middle towards a point leaves the room."""
    dx, dy = x - room.x, y - room.y
    scale = min(
        room.width / 2 / abs(dx) if dx else float("inf"),
        room.height / 2 / abs(dy) if dy else float("inf"),
    )
    return round(room.x + dx * scale), round(room.y + dy * scale)


def main() -> None:
    """Draw it anew."""
    PICTURE.write_text(picture(), encoding="utf-8")


if __name__ == "__main__":
    main()
