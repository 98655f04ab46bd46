"""The async shops close their client when their server stops."""

from __future__ import annotations

import asyncio
import runpy
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp.web import AppRunner

from examples.running import EXAMPLES, environment
from qpaykit import ConfigurationError
from qpaykit.simulator import Simulator

pytestmark = pytest.mark.slow

Shop = dict[str, Any]


@pytest.fixture
def load(
    qpay_simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Shop]:
    monkeypatch.chdir(tmp_path)
    settings = environment(qpay_simulator.credentials, "http://127.0.0.1:9/callback")
    for name, value in settings.items():
        if name.startswith("QPAY_"):
            monkeypatch.setenv(name, value)
    return lambda name: runpy.run_path(str(EXAMPLES / f"{name}.py"))


async def by_asgi(shop: Shop) -> None:
    """Start and stop an app as uvicorn does."""
    said: list[str] = []
    told: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    for kind in ("lifespan.startup", "lifespan.shutdown"):
        told.put_nowait({"type": kind})

    async def send(message: dict[str, Any]) -> None:
        said.append(message["type"])
        if message["type"] == "lifespan.startup.complete":
            await shop["client"].tokens.get()

    await shop["app"]({"type": "lifespan", "asgi": {"version": "3.0"}}, told.get, send)
    assert said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def by_aiohttp(shop: Shop) -> None:
    runner = AppRunner(shop["make_app"]([]))
    await runner.setup()
    await shop["client"].tokens.get()
    await runner.cleanup()


# Litestar's newest way to declare a query's parameter is unknown to its older versions.
@pytest.mark.filterwarnings("ignore:.*deprecated inferred style")
@pytest.mark.parametrize(
    ("name", "run"),
    [("shop_fastapi", by_asgi), ("shop_litestar", by_asgi), ("shop_aiohttp", by_aiohttp)],
)
def test_it_closes_its_client_when_the_server_stops(
    name: str, run: Callable[[Shop], Awaitable[None]], load: Callable[[str], Shop]
) -> None:
    shop = load(name)

    async def story() -> None:
        await run(shop)
        with pytest.raises(ConfigurationError, match="this client is closed"):
            await shop["client"].invoices.get("1")

    asyncio.run(story())
    shop["db"].close()
