"""Every interpreter, the lowest and the newest dependencies, types, distributions, advisories."""

from __future__ import annotations

import os
from pathlib import Path

import nox
from packaging.requirements import Requirement

nox.needs_version = ">=2025.5.1"
nox.options.default_venv_backend = "uv"
nox.options.download_python = "never"
# An audit asks a database on the network, whose answer changes without us: it is run by its name.
nox.options.sessions = ["tests", "types", "dist"]

PROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = nox.project.python_versions(PROJECT)
EXTRAS = ".[cli,django,qr,redis,sqlalchemy]"

# A shop of examples/ needs the newest of its framework, and a page of docs/ the tools that build
# it: neither is a dependency that qpaykit claims. Benchmarks want a machine for themselves.
# tests/typing and tests/release look at the sources and the distributions, which are the same on
# every interpreter. `make check` runs them all.
ELSEWHERE = ("examples", "docs", "benchmarks", "typing", "release")

# pyenv keeps its interpreters off the PATH until one is chosen; here all of them are wanted.
PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
os.environ["PATH"] = os.pathsep.join(
    [*map(str, sorted(PYENV.glob("versions/*/bin"))), os.environ["PATH"]]
)


@nox.session(python=PYTHONS)
@nox.parametrize("dependencies", ["lowest", "newest"])
def tests(session: nox.Session, dependencies: str) -> None:
    """Run the suite against the installed package; arguments after -- go to pytest."""
    arguments = [*group("test")]
    if dependencies == "lowest":
        bounds = Path(session.create_tmp()) / "lowest.txt"
        bounds.write_text("\n".join(lowest_bounds()))
        session.log("the lowest: %s", ", ".join(lowest_bounds()))
        arguments += ["--constraint", str(bounds)]
    install(session, *arguments)
    ignored = [f"--ignore=tests/{folder}" for folder in ELSEWHERE]
    session.run("pytest", "-n", "auto", *ignored, *session.posargs)


@nox.session
def types(session: nox.Session) -> None:
    """Check every type: ours strictly, and the public ones for completeness."""
    install(session, *group("test", "lint", "examples", "docs"))
    session.run("mypy")
    session.run("pyright", "--verifytypes", "qpaykit", "--ignoreexternal")
    session.run("pytest", "-m", "slow", "tests/typing")


@nox.session
def dist(session: nox.Session) -> None:
    """Build sdist and wheel twice, compare, check, install each and run what was installed."""
    session.install(*group("dist"))
    session.run("python", "tools/dist_check.py", *session.posargs)


@nox.session
def audit(session: nox.Session) -> None:
    """Look for known vulnerabilities in what an installation with every extra brings."""
    install(session)
    installed = str(session.run("uv", "pip", "freeze", silent=True, external=True))
    frozen = Path(session.create_tmp()) / "installed.txt"
    frozen.write_text("\n".join(line for line in installed.splitlines() if "==" in line))
    session.install(*group("audit"))
    # Strict: a package that the database does not know was not audited, and so is not clean.
    session.run("pip-audit", "--strict", "--no-deps", "--disable-pip", "--requirement", str(frozen))


def install(session: nox.Session, *others: str) -> None:
    """Install qpaykit as users do, as a wheel; uv would take an older one from its cache."""
    session.install(EXTRAS, *others, "--reinstall-package", "qpaykit")


def group(*names: str) -> list[str]:
    """Return what the groups of pyproject ask for."""
    return list(nox.project.dependency_groups(PROJECT, *names))


def lowest_bounds() -> list[str]:
    """Turn each bound that pyproject claims into the very version."""
    claimed = [*PROJECT["project"]["dependencies"]]
    for extra in PROJECT["project"]["optional-dependencies"].values():
        claimed += extra
    pins = set()
    for requirement in map(Requirement, claimed):
        if requirement.name == PROJECT["project"]["name"]:
            continue
        [bound] = [spec.version for spec in requirement.specifier if spec.operator == ">="]
        marker = f"; {requirement.marker}" if requirement.marker else ""
        pins.add(f"{requirement.name}=={bound}{marker}")
    return sorted(pins)
