"""A shop on the simulator, and the command run in this process, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.shop import Done, Run, Shop
from qpaykit import CallbackDispatcher, QPayClient, SQLiteStore
from qpaykit.simulator import Simulator


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command line in a terminal of 80 columns."""
    monkeypatch.setattr("qpaykit._http.retry.FIRST_DELAY_SECONDS", 0.001)
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "QPAY_STORE", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")

    def run(*arguments: str) -> Done:
        from qpaykit.cli.app import run as run_line

        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            run_line(arguments)
        assert isinstance(ended.value.code, int)
        out, err = capsys.readouterr()
        return Done(ended.value.code, out, err)

    return run


@pytest.fixture
def shop(
    qpay_simulator: Simulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Shop]:
    """A shop whose settings are in the environment, as the command finds them."""
    for name, value in qpay_simulator.credentials.items():
        monkeypatch.setenv(f"QPAY_{name.upper()}", str(value))
    path = tmp_path / "shop.db"
    with QPayClient(store=SQLiteStore(path)) as client:
        dispatcher = CallbackDispatcher(client, patience=0)
        shop = Shop(qpay_simulator, client, dispatcher, str(path), [])
        dispatcher.on_paid(shop.delivered.append)
        yield shop
