"""What the tests of the wire share: a server that plays what it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from helpers.scripted_server import ScriptedServer, scripted_server
from helpers.settings import settings_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from helpers.settings import Settings


@pytest.fixture(scope="session")
def _scripted() -> Iterator[ScriptedServer]:
    with scripted_server() as server:
        yield server


@pytest.fixture
def scripted(_scripted: ScriptedServer) -> ScriptedServer:
    _scripted.play([])
    return _scripted


@pytest.fixture
def server_settings(scripted: ScriptedServer) -> Settings:
    return settings_at(scripted.base_url)
