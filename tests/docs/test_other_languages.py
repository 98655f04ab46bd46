"""Shops in other languages do against the simulator what the texts show."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from docs.blocks import Block, pages, to_run
from qpaykit.simulator import Simulator

pytestmark = pytest.mark.slow

PROGRAMS = {"javascript": ("node", "shop.mjs"), "php": ("php", "shop.php")}
BLOCKS = [block for language in PROGRAMS for page in pages() for block in to_run(page, language)]


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_a_block_is_paid(block: Block, tmp_path: Path) -> None:
    program, name = PROGRAMS[block.language]
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    (tmp_path / name).write_text(block.text, encoding="utf-8")
    with Simulator() as simulator:
        settings = {f"QPAY_{k.upper()}": str(v) for k, v in simulator.credentials.items()}
        ran = subprocess.run(  # noqa: S603
            [program, name],
            cwd=tmp_path,
            env={**os.environ, **settings},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert (ran.returncode, ran.stdout) == (0, "PAID 1500\n"), ran.stderr
        assert simulator.callbacks[-1].url.startswith(f"{settings['QPAY_CALLBACK_URL']}?order=42&")


def test_there_are_blocks_in_both_languages() -> None:
    assert {block.language for block in BLOCKS} == set(PROGRAMS)
