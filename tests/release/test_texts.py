"""What the texts for contributors and reporters say is so."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import project_address
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


def test_every_text_names_the_address_of_pyproject() -> None:
    repository = project_address.current().repository
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, check=False)  # noqa: S607
    if listed.returncode:
        pytest.skip("no checkout of git")
    named = [
        (path.name, found)
        for path in project_address.texts()
        if path.parent != Path(__file__).parent
        for found in re.findall(
            r"https://github\.com/(?:[\w-]+/qpaykit|qpaykit/[\w-]+)",
            path.read_text(encoding="utf-8"),
        )
    ]
    assert len(named) > 20
    assert not [(name, found) for name, found in named if found != repository]


def test_another_address_takes_the_place_of_the_old_one_everywhere() -> None:
    old = project_address.Addresses("https://github.com/a/pay", "https://a.github.io/pay/")
    new = project_address.Addresses("https://git.example/b/kit", "https://kit.example/")
    text = "https://a.github.io/pay/faq.html https://a.github.io/pay a/pay @a/maintainers ba/pay"
    assert project_address.rewritten(text, old, new) == (
        "https://kit.example/faq.html https://kit.example b/kit @b/maintainers ba/pay"
    )


def test_a_release_publishes_the_documentation_after_the_package() -> None:
    release = text(".github/workflows/release.yml")
    documentation = release.partition("\n  documentation:\n")[2]
    assert "needs: publish" in documentation
    assert "/.github/workflows/docs.yml" in documentation
    assert "make docs" in text(".github/workflows/docs.yml")
