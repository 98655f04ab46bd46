"""List what an installation with every extra brings, and under which licences.

python tools/licences.py            add what is missing to THIRD_PARTY_LICENSES.md
python tools/licences.py --check    end with 1 where the page misses what is installed, or where
                                    a licence needs a thought
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

PAGE = Path(__file__).parent.parent / "THIRD_PARTY_LICENSES.md"
OURS = "qpaykit"
EXTRAS = ("cli", "qr", "redis", "simulator")

# Free for any use, and without terms for those who merely install them. MPL-2.0 binds who changes
# the files of certifi themselves.
ALLOWED = {"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MPL-2.0", "PSF-2.0"}

# Older metadata name a licence by a classifier, which for BSD does not say how many clauses.
CLASSIFIED = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}

HEAD = """\
# Licences of the dependencies

qpaykit contains no code of others. On Linux these packages are installed with it; those of
an extra only with that extra. `python tools/licences.py` adds what is installed and not listed yet,
for the list differs with the Python version; a test compares the two.

| package | licence | comes with |
|---|---|---|
"""


@dataclass(frozen=True)
class Package:
    """One dependency: its licence, and what brings it: "qpaykit", or extras."""

    name: str
    licence: str
    brought_by: str

    def row(self) -> str:
        """Return its row of the page."""
        return f"| {self.name} | {self.licence} | {self.brought_by} |"


def installed() -> list[Package]:
    """Return the dependencies that are installed here."""
    always = _closure(OURS, set())
    brought_by = {name: [OURS] for name in always}
    for extra in EXTRAS:
        for name in _closure(OURS, {extra}) - always:
            brought_by.setdefault(name, []).append(f"[{extra}]")
    return [
        Package(name, licence(distribution(name)), ", ".join(brought_by[name]))
        for name in sorted(brought_by)
    ]


def licence(of: Distribution) -> str:
    """Return the licence's SPDX name, or what the metadata say instead."""
    metadata = of.metadata.json
    expression = metadata.get("license_expression")
    if isinstance(expression, str):
        return expression
    classifiers = metadata.get("classifier", [])
    named = [str(name).rpartition(" :: ")[2] for name in classifiers if "License ::" in name]
    return " AND ".join(CLASSIFIED.get(name, name) for name in named) or "unknown"


def complaints(packages: list[Package], page: str) -> list[str]:
    """Say what the page misses, and which licences are not allowed."""
    rows = set(page.splitlines())
    said = [
        f"{package.name}: {package.licence} is not in ALLOWED of tools/licences.py"
        for package in packages
        if package.licence not in ALLOWED
    ]
    said += [
        f"{package.name}: THIRD_PARTY_LICENSES.md has no row like {package.row()}"
        for package in packages
        if package.row() not in rows
    ]
    return said


def _closure(name: str, extras: set[str]) -> set[str]:
    """Return the names of all that a package needs, of what it needs, and so on."""
    found: set[str] = set()
    waiting = [(name, frozenset(extras))]
    done: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        asked = waiting.pop()
        if asked in done:
            continue
        done.add(asked)
        for text in distribution(asked[0]).requires or []:
            requirement = Requirement(text)
            marker = requirement.marker
            if marker and not any(marker.evaluate({"extra": one}) for one in asked[1] or {""}):
                continue
            needed = re.sub(r"[-_.]+", "-", requirement.name).lower()
            waiting.append((needed, frozenset(requirement.extras)))
            found.add(needed)
    return found - {OURS}


def completed(packages: list[Package], page: str) -> str:
    """Return the page with a row for each package; rows of other Python versions stay."""
    rows = {package.name: package.row() for package in packages}
    for row, name in re.findall(r"^(\| ([\w.-]+) \| .+)$", page, re.MULTILINE):
        rows.setdefault(name, row)
    return HEAD + "\n".join(rows[name] for name in sorted(rows) if name != "package") + "\n"


def main() -> None:
    """Complete the page, or check the one that is there."""
    packages = installed()
    page = PAGE.read_text(encoding="utf-8")
    if sys.argv[1:] == ["--check"]:
        found = complaints(packages, page)
        sys.exit("\n".join(found) if found else 0)
    PAGE.write_text(completed(packages, page), encoding="utf-8")


if __name__ == "__main__":
    main()
