"""What the texts for contributors and reporters say is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import qpaykit

ROOT = Path(__file__).parent.parent.parent
TEXTS = ["SECURITY.md", "CONTRIBUTING.md", "CODE_OF_CONDUCT.md"]


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_version_of_today_is_supported() -> None:
    minor = qpaykit.__version__.rpartition(".")[0]
    assert f"\n| {minor}.x | yes |" in text("SECURITY.md")


def test_every_target_of_make_that_is_named_exists() -> None:
    named = set(re.findall(r"`make (\w+)`", text("CONTRIBUTING.md")))
    assert {"check", "dist", "test"} <= named
    assert not [name for name in named if f"\n{name}: " not in text("Makefile")]


def test_every_session_that_continuous_integration_names_exists() -> None:
    assert "session: [types, dist, audit]" in text(".github/workflows/ci.yml")
    for name in ("tests", "types", "dist", "audit"):
        assert f"\ndef {name}(session: nox.Session" in text("noxfile.py")


@pytest.mark.parametrize("name", TEXTS)
def test_links_to_files_lead_somewhere(name: str) -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", text(name))
    assert not [link for link in links if not (ROOT / link).exists()]


def test_files_that_are_named_exist() -> None:
    named = re.findall(r"`((?:src|tests)/[\w/.]+)`", text("CONTRIBUTING.md"))
    made_up = {"src/qpaykit/models/terminals.py", "src/qpaykit/resources/terminals.py"}
    assert len(named) > 5
    assert not [path for path in named if path not in made_up and not (ROOT / path).exists()]


def test_the_example_of_an_endpoint_is_made_of_what_there_is() -> None:
    example = text("CONTRIBUTING.md")
    faces = (ROOT / "src/qpaykit/resources/payments.py").read_text()
    for name in ("endpoint", "Operation", "path_id", "parser", "Resource", "SyncResource"):
        assert re.search(rf"\b{name}\b", example)
        assert re.search(rf"^from qpaykit\..* import .*\b{name}\b", faces, re.MULTILINE)
