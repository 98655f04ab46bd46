"""Every block of code in the texts does what the reader is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from docs.blocks import MONGOLIAN, ROOT, blocks, pages, pages_to_run, to_run

pytestmark = pytest.mark.slow

# Each block that is not run, by its page and its reason. A new one is a decision: write it here.
ADDED = "it is added to what startproject wrote, by tests/integrations_django"
NOT_RUN = [
    ("docs/django.md", ADDED),
    ("docs/django.md", ADDED),
    ("docs/http.md", "httpx2 begins at Python 3.11, these pages at 3.10"),
    ("docs/http.md", "there is no such file here"),
    ("docs/moving.md", "qpay-client's code"),
    ("docs/moving.md", "qpay-py's code"),
]
NOT_RUN += [
    (mongolian, reason)
    for page, reason in NOT_RUN
    if (mongolian := page.replace("docs/", "docs/mn/")) in MONGOLIAN
]
LANGUAGES = {
    *("python", "console", "javascript", "json", "text", "ini", "nginx", "php", "toml", "yaml"),
}


@pytest.mark.parametrize("page", pages_to_run())
def test_the_python_of_a_page_runs_from_its_first_block_to_its_last(
    page: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "--tb=short", "-p", "qpaykit.pytest_plugin"]
    command += ["-c", str(ROOT / "pyproject.toml"), str(ROOT / "tests" / "docs" / "page.py")]
    # A page shows how a program begins; what it opens is closed when the process ends.
    command += ["-W", "ignore::ResourceWarning"]
    command += ["-W", "ignore::pytest.PytestUnraisableExceptionWarning"]
    # A folder of its own: many processes of pytest clean a shared one up at once.
    command += [f"--basetemp={tmp_path / 'base'}"]
    # The plugins of others take longer to load than most pages to run.
    ours = {"DOCS_PAGE": page, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    ran = subprocess.run(  # noqa: S603
        command,
        cwd=tmp_path,
        env={**os.environ, **ours},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    # Most pages define no test: their blocks have run when that is known.
    well = {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}
    assert ran.returncode in well, f"{page} failed\n{ran.stdout}{ran.stderr}"


@pytest.mark.parametrize("page", pages())
def test_every_block_says_what_language_it_is_in(page: str) -> None:
    assert {block.language for block in blocks(page)} <= LANGUAGES


def test_every_block_of_json_is_json() -> None:
    for page in pages():
        for block in to_run(page, "json"):
            assert json.loads(block.text), str(block)


def test_the_blocks_that_are_not_run_are_known_each_with_its_reason() -> None:
    found = [(b.page, b.not_run) for page in pages() for b in blocks(page) if b.not_run]
    assert sorted(found) == sorted(NOT_RUN)


def test_the_pages_have_blocks_to_run() -> None:
    assert len(to_run("README.md", "python")) > 1
    assert len(pages_to_run()) > 5


def test_a_mongolian_page_is_run_where_its_code_differs_from_the_english_page() -> None:
    assert {"docs/errors.md", "docs/mn/errors.md", "docs/refunds.md"} <= set(pages_to_run())
    assert "docs/mn/refunds.md" not in pages_to_run()
