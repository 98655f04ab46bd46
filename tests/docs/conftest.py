"""The built site, for the tests of its pages."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from docs.blocks import ROOT


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site; the first worker that needs it builds it for all."""
    # The workers of one run share a folder; without workers it would be shared with earlier runs.
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "site"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            builder = [sys.executable, "tools/site.py", "--into", str(folder)]
            subprocess.run(builder, cwd=ROOT, check=True)  # noqa: S603
    return folder
