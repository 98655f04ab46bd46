"""`.ci/run` goes on where it can, stops where it must, and hides nothing that was not run."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent.parent / ".ci" / "run"
BASH = shutil.which("bash")
NEEDED = ("cat", "dirname", "grep", "mktemp", "rm", "sort", "tee")
SKIPPED = "SKIPPED [3] tests/support.py:66: redis-server is not installed"

pytestmark = pytest.mark.skipif(BASH is None, reason="bash is not installed")


class Machine:
    """A machine with nothing but what a test gives it; each of its programs notes its call."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.calls = folder / "calls"
        for name in NEEDED:
            found = shutil.which(name)
            assert found
            (self.bin / name).symlink_to(found)
        self.has("make")
        self.has("id", "echo 1000")

    def has(self, name: str, does: str = ":") -> None:
        program = self.bin / name
        program.write_text(f'#!{BASH}\necho "{name} $*" >> {self.calls}\n{does}\n')
        program.chmod(0o755)

    def run(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603
            [str(BASH), str(SCRIPT)],
            env={"PATH": str(self.bin), "TMPDIR": str(self.bin.parent)},
            capture_output=True,
            text=True,
            check=False,
        )

    def called(self, name: str) -> list[str]:
        lines = self.calls.read_text().splitlines()
        return [line for line in lines if line.startswith(f"{name} ")]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def whole(machine: Machine) -> Machine:
    for name in ("redis-server", "chromium", "chromedriver"):
        machine.has(name)
    return machine


def test_it_runs_every_check_once_and_then_the_benchmarks(whole: Machine) -> None:
    run = whole.run()
    assert run.returncode == 0, run.stderr
    assert whole.called("make") == ["make test", "make checks regression"]
    assert run.stdout.endswith("Every check was run; no test was skipped.\n")


def test_nothing_is_installed_where_nothing_is_missing(whole: Machine) -> None:
    whole.has("apt-get")
    whole.has("id", "echo 0")
    whole.run()
    assert not whole.called("apt-get")


def test_what_is_missing_is_installed_by_root(machine: Machine) -> None:
    machine.has("apt-get")
    machine.has("id", "echo 0")
    machine.run()
    assert machine.called("apt-get")[-1].split()[-3:] == [
        "redis-server",
        "chromium-driver",
        "chromium",
    ]


def test_google_chrome_is_a_chromium_too(whole: Machine) -> None:
    (whole.bin / "chromium").rename(whole.bin / "google-chrome")
    assert "MISSING" not in whole.run().stdout


@pytest.mark.parametrize(
    "programs",
    [
        {},
        {"apt-get": ":"},
        {"apt-get": ":", "sudo": "exit 1"},
        {"id": "echo 0", "apt-get": "false"},
    ],
    ids=["no apt", "no sudo", "sudo wants a password", "no network"],
)
def test_without_a_way_to_install_it_goes_on_and_ends_with_what_was_not_run(
    machine: Machine, programs: dict[str, str]
) -> None:
    for name, does in programs.items():
        machine.has(name, does)
    machine.has("make", f"echo '{SKIPPED}'")
    run = machine.run()
    assert run.returncode == 0, run.stderr
    assert machine.called("make") == ["make test", "make checks regression"]
    _, _, end = run.stdout.rpartition("MISSING")
    assert "redis-server chromium-driver chromium" in end
    assert f"NOT RUN, so nothing is said of it:\n{SKIPPED}\n" in end


def test_a_check_that_fails_ends_the_run(whole: Machine) -> None:
    whole.has("make", "exit 2")
    run = whole.run()
    assert run.returncode == 2
    assert whole.called("make") == ["make test"]
    assert "FAILED" in run.stdout
    assert "Every check was run" not in run.stdout


def test_nothing_is_left_behind(whole: Machine) -> None:
    whole.run()
    assert {path.name for path in whole.bin.parent.iterdir()} == {"bin", "calls"}
    assert os.access(SCRIPT, os.X_OK)
