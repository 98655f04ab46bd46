"""What the tests of the wire share: a server that plays what it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fuzz.server import ScriptedServer, scripted_server
from support import settings_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support import Settings


@pytest.fixture(scope="session")
def _scripted() -> Iterator[ScriptedServer]:
    with scripted_server() as server:
        yield server


@pytest.fixture
def scripted(_scripted: ScriptedServer) -> ScriptedServer:
    _scripted.play([])
    return _scripted


@pytest.fixture
def there(scripted: ScriptedServer) -> Settings:
    return settings_at(scripted.base_url)
