"""Every dependency is listed with its licence, and a shop can live with every licence."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path
from runpy import run_path

from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent.parent
TOOL = ROOT / "tools" / "licences.py"
PAGE = (ROOT / "THIRD_PARTY_LICENSES.md").read_text()


def test_the_page_agrees_with_what_is_installed() -> None:
    command = [sys.executable, str(TOOL), "--check"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert run.returncode == 0, run.stderr


def test_every_dependency_of_pyproject_has_a_row() -> None:
    names = {Requirement(line).name for line in requires("qpaykit") or []} - {"qpaykit"}
    assert len(names) > 4
    assert not [name for name in names if f"\n| {name} | " not in PAGE]


def test_a_licence_that_binds_the_user_is_refused() -> None:
    tool = run_path(str(TOOL))
    package = tool["Package"]("gift", "GPL-3.0-only", "qpaykit")
    [complaint] = tool["complaints"]([package], package.row())
    assert complaint.startswith("gift: GPL-3.0-only is not in ALLOWED")


def test_a_package_that_is_not_listed_is_refused() -> None:
    tool = run_path(str(TOOL))
    [complaint] = tool["complaints"]([tool["Package"]("gift", "MIT", "qpaykit")], PAGE)
    assert complaint == "gift: THIRD_PARTY_LICENSES.md has no row like | gift | MIT | qpaykit |"
