"""The shops that the pages give for FastAPI, run there; tests/integrations_django has Django's."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from docs.blocks import to_run
from qpaykit import ConfigurationError
from qpaykit.simulator import Simulator

pytestmark = pytest.mark.slow


def test_the_documented_fastapi_closes_its_client(
    qpay_simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in qpay_simulator.credentials.items():
        monkeypatch.setenv(f"QPAY_{name.upper()}", str(value))
    [block] = [b for b in to_run("docs/callbacks.md", "python") if "import FastAPI" in b.text]
    page: dict[str, Any] = {"__name__": "page"}
    exec(compile(block.text, str(block), "exec", dont_inherit=True), page)  # noqa: S102
    with TestClient(page["app"]) as browser:
        answer = browser.get("/callback", params={"qpay_payment_id": "1"})
        assert (answer.status_code, answer.text) == (409, "mismatch")
    with pytest.raises(ConfigurationError, match="this client is closed"):
        asyncio.run(page["qpay"].invoices.get("1"))
