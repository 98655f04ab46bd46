"""Build sdist and wheel: for the same commit the same bits, wherever zlib is the same.

python tools/dist_build.py [OUT] [--source FOLDER]
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent


def last_commit() -> str:
    """Tell when the last commit was made: the only clock that every builder shares."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given is not None:
        return given
    unpacked = ROOT / "PKG-INFO"
    if unpacked.exists():
        # No checkout but an sdist, whose files have the time of its commit.
        return str(int(unpacked.stat().st_mtime))
    command = ["git", "log", "-1", "--format=%ct"]
    return subprocess.check_output(command, cwd=ROOT, text=True).strip()  # noqa: S603


def build(source: Path, out: Path, *, epoch: str, umask: int = -1) -> list[Path]:
    """Build the sdist, and the wheel out of it, by the backend that the group `dist` pins."""
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("qpaykit-*"):
        old.unlink()
    run = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(source)],
        env={**os.environ, "SOURCE_DATE_EPOCH": epoch},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        umask=umask,
        check=False,
    )
    if run.returncode:
        sys.exit(run.stdout)
    return sorted(out.glob("qpaykit-*"))


def rebuild(sdist: Path, out: Path, *, epoch: str) -> list[Path]:
    """Build again as a stranger would: from the sdist, at another place, by another umask."""
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(sdist) as archive:
            archive.extractall(folder, filter="data")
        [source] = Path(folder).iterdir()
        return build(source, out, epoch=epoch, umask=0o077)


def digests(built: list[Path]) -> dict[str, str]:
    """Return the SHA-256 of each file by its name."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in built}


def main() -> None:
    """Build into OUT and print the digests."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", nargs="?", type=Path, default=ROOT / "dist")
    parser.add_argument("--source", type=Path, default=ROOT)
    chosen = parser.parse_args()
    built = build(chosen.source, chosen.out, epoch=last_commit())
    for name, digest in digests(built).items():
        print(f"{digest}  {name}")


if __name__ == "__main__":
    main()
