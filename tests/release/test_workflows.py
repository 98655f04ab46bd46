"""The workflows can do no more than they must, and run nothing that can change under them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent.parent
GITHUB = ROOT / ".github"
WORKFLOWS = sorted(GITHUB.glob("workflows/*.yml"))

workflows = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)


def load(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(path.read_text())
    return loaded


def test_they_are_the_five() -> None:
    assert [path.stem for path in WORKFLOWS] == [
        "ci",
        "codeql",
        "dependency-review",
        "release",
        "zizmor",
    ]


@workflows
def test_actions_are_pinned_by_commit_with_the_version_beside_it(path: Path) -> None:
    used = re.findall(r"uses: (.+)", path.read_text())
    assert used
    assert not [use for use in used if not re.fullmatch(r"\S+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use)]


@workflows
def test_a_checkout_leaves_no_credentials_behind(path: Path) -> None:
    steps = [step for job in load(path)["jobs"].values() for step in job["steps"]]
    checkouts = [step for step in steps if "actions/checkout" in step.get("uses", "")]
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@workflows
def test_nothing_is_permitted_but_what_a_job_asks_for(path: Path) -> None:
    loaded = load(path)
    assert loaded["permissions"] == {}
    assert all(job["permissions"] for job in loaded["jobs"].values())
    assert all("timeout-minutes" in job for job in loaded["jobs"].values())


@workflows
def test_no_secret_is_stored(path: Path) -> None:
    assert "secrets." not in path.read_text()


def test_one_permission_to_write_publishes_and_one_shows_findings() -> None:
    writing = {
        (path.stem, name, permission)
        for path in WORKFLOWS
        for name, job in load(path)["jobs"].items()
        for permission, level in job["permissions"].items()
        if level == "write"
    }
    assert writing == {
        ("codeql", "analyze", "security-events"),
        ("release", "publish", "id-token"),
    }


def test_what_is_published_was_built_and_proved_in_another_job_and_approved() -> None:
    publish = load(GITHUB / "workflows" / "release.yml")["jobs"]["publish"]
    assert publish["needs"] == "build"
    assert publish["environment"]["name"] == "pypi"
    assert not [step for step in publish["steps"] if "run" in step or "checkout" in step["uses"]]
    assert publish["steps"][-1]["with"]["attestations"] is True


def test_every_python_that_pyproject_claims_is_tested_with_both_ends_of_the_dependencies() -> None:
    matrix = load(GITHUB / "workflows" / "ci.yml")["jobs"]["tests"]["strategy"]["matrix"]
    claimed = re.findall(r"Python :: (3\.\d+)", (ROOT / "pyproject.toml").read_text())
    assert matrix == {"python": claimed, "dependencies": ["lowest", "newest"]}


def test_updates_wait_until_others_have_tried_them() -> None:
    updates = load(GITHUB / "dependabot.yml")["updates"]
    assert {update["package-ecosystem"] for update in updates} == {"pip", "github-actions"}
    assert all(update["cooldown"]["default-days"] >= 7 for update in updates)


def test_zizmor_finds_nothing() -> None:
    zizmor = Path(sys.executable).with_name("zizmor")
    command = [str(zizmor), "--offline", "--persona", "auditor", str(GITHUB)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("form", ["bug", "feature", "wire"])
def test_a_form_warns_of_credentials_first_and_asks_again_last(form: str) -> None:
    body = load(GITHUB / "ISSUE_TEMPLATE" / f"{form}.yml")["body"]
    assert "no credentials" in body[0]["attributes"]["value"]
    [confirmation] = body[-1]["attributes"]["options"]
    assert "credential" in confirmation["label"]
    assert confirmation["required"] is True


def test_a_vulnerability_is_not_reported_as_an_issue() -> None:
    config = load(GITHUB / "ISSUE_TEMPLATE" / "config.yml")
    assert config["blank_issues_enabled"] is False
    assert any("/security/advisories/" in link["url"] for link in config["contact_links"])
