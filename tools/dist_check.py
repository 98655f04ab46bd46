"""Build and check the distributions; the files in dist/ may then be published.

python tools/dist_check.py [--given FOLDER] [--tag v1.2.3]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from runpy import run_path

from dist_build import ROOT, build, digests, last_commit, rebuild
from dist_smoke import smoke


def prove(given: Path | None) -> None:
    """Compare builds, check the metadata and the contents, install each and run it.

    Args:
        given: Where the distributions are, if another machine built them; they must be those of
            this source.
    """
    epoch = last_commit()
    with tempfile.TemporaryDirectory() as folder:
        if given is None:
            built = build(ROOT, ROOT / "dist", epoch=epoch)
        else:
            built = sorted(given.iterdir())
            same(built, build(ROOT, Path(folder) / "ours", epoch=epoch))
        [sdist] = (path for path in built if path.suffix == ".gz")
        [wheel] = (path for path in built if path.suffix == ".whl")
        same(built, rebuild(sdist, Path(folder) / "again", epoch=epoch))
    print("reproducible: a build from the sdist gives the same bits")
    run("twine", "check", "--strict", *map(str, built))
    run("check_wheel_contents", str(wheel))
    for artefact in built:
        smoke(artefact.resolve())
        print(f"installed, imported, demonstrated: {artefact.name}")
    for name, digest in digests(built).items():
        print(f"{digest}  {name}")


def same(built: list[Path], again: list[Path]) -> None:
    """End unless two builds have the same files with the same bits."""
    if digests(built) != digests(again):
        sys.exit(f"two builds differ:\n{digests(built)}\n{digests(again)}")


def same_version(tag: str) -> None:
    """End unless the tag names the source's version, and the changelog has a section for it."""
    version = run_path(str(ROOT / "src" / "qpaykit" / "_version.py"))["__version__"]
    if tag != f"v{version}":
        sys.exit(f"the tag is {tag}, and src/qpaykit/_version.py says {version}")
    if f"\n## [{version}]" not in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"):
        sys.exit(f"CHANGELOG.md has no section for {version}")


def run(module: str, *arguments: str) -> None:
    """Run a tool of this environment; end where it ends badly."""
    ended = subprocess.run([sys.executable, "-m", module, *arguments], check=False)  # noqa: S603
    if ended.returncode:
        sys.exit(f"{module} refuses")


def main() -> None:
    """Prove the distributions; with a tag, that they are the ones it names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--given", type=Path, help="where they are, if they are built already")
    parser.add_argument("--tag", help="the tag of a release")
    chosen = parser.parse_args()
    if chosen.tag is not None:
        same_version(chosen.tag)
    prove(chosen.given)


if __name__ == "__main__":
    main()
