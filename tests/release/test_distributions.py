"""What is published: the same bits from every builder, with what belongs in and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import qpaykit

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent.parent
EPOCH = 1_700_000_000


def build(source: Path, out: Path, *, umask: int, epoch: str = "") -> tuple[Path, Path]:
    environ = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
    run = subprocess.run(  # noqa: S603
        [sys.executable, str(source / "tools" / "dist_build.py"), str(out)],
        env={**environ, "SOURCE_DATE_EPOCH": epoch} if epoch else environ,
        capture_output=True,
        text=True,
        umask=umask,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return next(out.glob("*.tar.gz")), next(out.glob("*.whl"))


def unpacked(sdist: Path, folder: Path) -> Path:
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    [source] = folder.iterdir()
    return source


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return build(ROOT, tmp_path_factory.mktemp("built"), umask=0o022, epoch=str(EPOCH))


@pytest.fixture
def sdist(built: tuple[Path, Path]) -> Path:
    return built[0]


@pytest.fixture
def wheel(built: tuple[Path, Path]) -> Path:
    return built[1]


def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        [name] = (name for name in archive.namelist() if name.endswith("/METADATA"))
        return message_from_bytes(archive.read(name))


def test_the_tools_of_an_unpacked_sdist_build_the_same_bits(
    sdist: Path, wheel: Path, tmp_path: Path
) -> None:
    source = unpacked(sdist, tmp_path / "source")
    again = build(source, tmp_path / "again", umask=0o077)
    assert [path.name for path in again] == [sdist.name, wheel.name]
    assert [path.read_bytes() for path in again] == [sdist.read_bytes(), wheel.read_bytes()]


def test_what_another_machine_built_of_another_source_is_refused(
    sdist: Path, tmp_path: Path
) -> None:
    source = unpacked(sdist, tmp_path / "source")
    with (source / "src" / "qpaykit" / "_version.py").open("a") as changed:
        changed.write("# more\n")
    build(source, tmp_path / "given", umask=0o022)
    command = [sys.executable, str(ROOT / "tools" / "dist_check.py")]
    run = subprocess.run(  # noqa: S603
        [*command, "--given", str(tmp_path / "given")],
        env={**os.environ, "SOURCE_DATE_EPOCH": str(EPOCH)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert "two builds differ" in run.stderr


def test_every_file_bears_the_time_of_the_commit(sdist: Path, wheel: Path) -> None:
    with tarfile.open(sdist) as archive:
        assert {member.mtime for member in archive.getmembers()} == {EPOCH}
    with zipfile.ZipFile(wheel) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(2023, 11, 14, 22, 13, 20)}


def test_the_version_stands_in_one_place(sdist: Path, wheel: Path) -> None:
    assert metadata(wheel)["Version"] == qpaykit.__version__
    assert sdist.name == f"qpaykit-{qpaykit.__version__}.tar.gz"
    assert f'"{qpaykit.__version__}"' not in (ROOT / "pyproject.toml").read_text()


def test_the_wheel_has_the_package_its_types_and_its_licence_only(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {"qpaykit/py.typed", "qpaykit/__init__.py"} <= set(names)
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"qpaykit"}


def test_a_plain_installation_needs_six_packages(wheel: Path) -> None:
    needed = metadata(wheel).get_all("Requires-Dist", [])
    plain = {Requirement(line).name for line in needed if "extra ==" not in line}
    assert plain == {"anyio", "httpcore", "httpx", "pydantic", "tenacity", "typing-extensions"}


def test_the_sdist_has_all_that_a_check_needs(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {
        ".ci/run",
        ".github/workflows/release.yml",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "LICENSE",
        "Makefile",
        "README.md",
        "SECURITY.md",
        "noxfile.py",
        "pyproject.toml",
        "tests/conftest.py",
        "tools/dist_build.py",
    } <= names
    assert not [name for name in names if name.endswith((".pyc", ".db"))]


def test_the_index_will_show_the_readme(sdist: Path, wheel: Path) -> None:
    command = [sys.executable, "-m", "twine", "check", "--strict", str(sdist), str(wheel)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert run.returncode == 0, run.stdout


def test_the_contents_of_the_wheel_are_in_order(wheel: Path) -> None:
    command = [sys.executable, "-m", "check_wheel_contents", str(wheel)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert run.returncode == 0, run.stdout
