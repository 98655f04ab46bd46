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
    # A workflow of our own is of the same commit as the one that uses it.
    own = r"\$/\.github/workflows/\w+\.yml"
    pinned = rf"\S+@[0-9a-f]{{40}} # v\d+\.\d+\.\d+|{own}"
    assert not [use for use in used if not re.fullmatch(pinned, use)]


@workflows
def test_a_checkout_leaves_no_credentials_behind(path: Path) -> None:
    steps = [step for job in load(path)["jobs"].values() for step in job.get("steps", ())]
    checkouts = [step for step in steps if "actions/checkout" in step.get("uses", "")]
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@workflows
def test_nothing_is_permitted_but_what_a_job_asks_for(path: Path) -> None:
    loaded = load(path)
    assert loaded["permissions"] == {}
    assert all(job["permissions"] for job in loaded["jobs"].values())
    # One that uses a workflow has the limits of that workflow's jobs.
    assert all("timeout-minutes" in job or "uses" in job for job in loaded["jobs"].values())


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


def release() -> dict[str, Any]:
    jobs: dict[str, Any] = load(GITHUB / "workflows" / "release.yml")["jobs"]
    return jobs


def runs(job: dict[str, Any]) -> list[str]:
    return [step["run"] for step in job["steps"] if "run" in step]


def used(job: dict[str, Any]) -> list[str]:
    return [step["uses"].partition("@")[0] for step in job["steps"] if "uses" in step]


def test_what_is_published_was_tested_and_proved_in_other_jobs_and_approved() -> None:
    publish = release()["publish"]
    assert publish["needs"] == ["tests", "prove"]
    assert publish["environment"]["name"] == "pypi"
    assert used(publish) == ["actions/download-artifact", "pypa/gh-action-pypi-publish"]
    assert not runs(publish)
    assert publish["steps"][-1]["with"]["attestations"] is True


def test_a_release_is_tested_as_every_change_is() -> None:
    assert release()["tests"]["uses"] == "$/.github/workflows/ci.yml"
    # YAML reads the word `on` as a truth value.
    triggers = yaml.safe_load((GITHUB / "workflows" / "ci.yml").read_text())[True]
    assert {"pull_request", "workflow_call"} <= triggers.keys()


def test_what_is_built_is_uploaded_before_anything_else_is_run() -> None:
    build = release()["build"]
    install, make = runs(build)
    assert "--require-hashes" in install
    assert install.endswith("--requirement .github/build-requirements.txt")
    assert make == "python tools/dist_build.py"
    assert build["steps"][-2]["run"] == make
    assert used(build)[-1] == "actions/upload-artifact"


def test_what_is_proved_is_what_was_built() -> None:
    prove = release()["prove"]
    assert prove["needs"] == "build"
    assert runs(prove)[-1].startswith("nox --session dist -- --given dist --tag ")
    assert used(prove)[-1] == "actions/download-artifact"
    uploads = [name for name, job in release().items() if "upload-artifact" in str(job)]
    assert uploads == ["build"]


def test_a_release_is_built_by_what_pyproject_pins() -> None:
    needed = (GITHUB / "build-requirements.txt").read_text()
    pinned = re.findall(r'"((?:build|hatchling)==[^"]+)"', (ROOT / "pyproject.toml").read_text())
    assert len(pinned) == 2
    assert not [pin for pin in pinned if f"\n{pin} \\\n    --hash=sha256:" not in needed]


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
