"""The picture of the architecture shows the modules that there are, and their imports."""

from __future__ import annotations

import functools
import subprocess
import sys
from xml.etree import ElementTree

import module_picture
import pytest
from module_picture import GROUND, PACKAGE, PICTURE, picture, room_of

from docs.blocks import ROOT

SVG = "{http://www.w3.org/2000/svg}"


@functools.cache
def imports() -> set[tuple[str, str]]:
    return module_picture.imports()


def drawn() -> ElementTree.Element:
    return ElementTree.parse(PICTURE).getroot()  # noqa: S314 (our own file)


def test_it_is_drawn_from_the_imports_of_today() -> None:
    assert PICTURE.read_text() == picture(), "run: python tools/module_picture.py"


def test_every_module_and_package_stands_in_one_box() -> None:
    there = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}
    there |= {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    boxes = [group.get("data-modules", "").split() for group in drawn().iter(f"{SVG}g")]
    assert sorted(module for box in boxes for module in box) == sorted(there)


def test_every_arrow_is_an_import_and_every_import_an_arrow() -> None:
    arrows = {
        (arrow.get("data-from"), arrow.get("data-to")) for arrow in drawn().iter(f"{SVG}path")
    }
    arrows.discard((None, None))  # the tip of an arrow
    assert arrows == {(a, b) for a, b in imports() if b != GROUND}


def test_the_ground_floor_imports_nothing_from_above() -> None:
    assert not [(a, b) for a, b in imports() if a == GROUND]


def test_imports_lead_one_way() -> None:
    assert not [(a, b) for a, b in imports() if (b, a) in imports()]


@pytest.mark.parametrize("room", ["client", "callbacks", "models"])
def test_what_is_loaded_with_a_room_is_what_its_arrows_lead_to(room: str) -> None:
    reached, todo = {room}, [room]
    while todo:
        near = {b for a, b in imports() if a == todo[-1]} - reached
        todo.pop()
        reached |= near
        todo += near
    code = f"import sys, qpaykit.{room}; print(*[m for m in sys.modules if 'qpaykit.' in m])"
    loaded = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert {room_of(name.split(".")[1]) for name in loaded} <= reached | {GROUND}


def test_a_module_without_a_place_in_the_picture_is_refused() -> None:
    with pytest.raises(LookupError, match="nonsense has no room"):
        module_picture.room_of("nonsense")
