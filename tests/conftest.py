"""What many tests share: a client whose QPay is mocked, and clocks that do not wait."""

from __future__ import annotations

import decimal
import logging
import os
import re
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import respx
import trustme
from anyio.from_thread import start_blocking_portal

from helpers.answers import token_body
from helpers.clients import CLIENT_VARIANTS, Opener, opener
from helpers.postgres import postgres_server
from helpers.products import PRODUCTS, ProductOpener, client_of
from helpers.redis import redis_server
from helpers.settings import BACKENDS, BASE, HOSTILE_CONTEXTS, SETTINGS
from qpaykit import AsyncQPayClient, QPayClient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from anyio.from_thread import BlockingPortal

HERE = Path(__file__).parent


# Further variants of slow tests. CI has twelve minutes, and runs each of these tests over another
# store, framework or width; `make test-nightly` runs them all.
NIGHTLY = re.compile(
    r"test_in_a_browser.*(flask-1280|django-390|aiohttp|litestar)"
    r"|test_shops.*(aiohttp|flask|litestar)"
    r"|test_fresh_project.*(commands.*postgres|documented.*postgres|fifteen.*sqlite)"
    r"|integrations_django/test_gunicorn"
    r"|orders/.*\[redis|orders/test_orders_stateful"
    r"|test_shared_store.*(postgres|redis)|test_storm.*(postgres|redis)"
    # The code of a Mongolian page is that of its English one: test_languages.py holds that.
    r"|test_pages.*first_block.*(docs/mn/|README.mn)"
    r"|test_site.*sideways|hostile_contexts.*one digit"
)

# tests/http runs what depends on the HTTP library over both of them.
NIGHTLY_OVER_HTTPX2 = re.compile(r"integration/test_(story|signed_callbacks).*httpx2")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the variants that wait for the nightly run."""
    for item in items:
        is_slow = item.get_closest_marker("slow") is not None
        if (is_slow and NIGHTLY.search(item.nodeid)) or NIGHTLY_OVER_HTTPX2.search(item.nodeid):
            item.add_marker(pytest.mark.nightly)


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name texts without a backslash: a test cannot be chosen by an id that has one."""
    if isinstance(val, (str, bytes, list, dict)) and "\\" in ascii(val):
        return ascii(val).replace("\\", "/")[:60]
    return None


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USERNAME", "PASSWORD", "INVOICE_CODE", "CALLBACK_URL", "BASE_URL"):
        monkeypatch.delenv(f"QPAY_{name}", raising=False)
    monkeypatch.delenv("QPAY_CALLBACK_SECRET", raising=False)
    for name in ("USERNAME", "PASSWORD", "TERMINAL_ID", "CALLBACK_URL", "BASE_URL"):
        monkeypatch.delenv(f"QPAY_QUICKQR_{name}", raising=False)
    monkeypatch.delenv("QPAY_QUICKQR_CALLBACK_SECRET", raising=False)


@pytest.fixture(autouse=True)
def hostile_decimal_context() -> Iterator[None]:
    """Run the tests under the decimal context that a variable names; see test_decimal_contexts."""
    name = os.environ.get("HOSTILE_DECIMAL_CONTEXT")
    if name is None:
        yield
        return
    with decimal.localcontext(HOSTILE_CONTEXTS[name]):
        yield


@pytest.fixture(autouse=True)
def no_log_level_from_another_test() -> Iterator[None]:
    # The frameworks of the examples set the root logger up.
    root = logging.getLogger()
    level = root.level
    yield
    root.setLevel(level)
    # A logging configuration of theirs disables the loggers that are there already.
    for name in list(root.manager.loggerDict):
        if name.startswith("qpaykit"):
            logger = logging.getLogger(name)
            logger.disabled, logger.propagate = False, True
            logger.setLevel(logging.NOTSET)


@pytest.fixture(scope="session")
def strange_certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certificate of an authority that signed nothing here."""
    path = tmp_path_factory.mktemp("trust") / "strange.pem"
    trustme.CA().cert_pem.write_to_path(str(path))
    return path


@pytest.fixture(autouse=True)
def one_certificate(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, strange_certificate: Path
) -> None:
    """Have each new client read one certificate: the system's hundreds take 30 ms."""
    # A build downloads from an index, and a benchmark measures what users have.
    if request.path.relative_to(HERE).parts[0] not in {"release", "benchmarks"}:
        monkeypatch.setenv("SSL_CERT_FILE", str(strange_certificate))


@pytest.fixture
def qpay() -> Iterator[respx.MockRouter]:
    """A mocked QPay that gives a token; every other route is the test's."""
    with respx.mock(base_url=BASE, assert_all_called=False) as router:
        router.post("/auth/token", name="token").respond(json=token_body())
        yield router


@pytest.fixture(params=PRODUCTS)
def open_client(request: pytest.FixtureRequest, qpay: respx.MockRouter) -> ProductOpener:
    """Make clients of each product: what is asked of one is asked of both."""
    return partial(client_of, request.param)


@pytest.fixture
def client(qpay: respx.MockRouter, quick_retries: None) -> Iterator[QPayClient]:
    with QPayClient(**SETTINGS) as client:
        yield client


@pytest.fixture
def async_client(qpay: respx.MockRouter, quick_retries: None) -> AsyncQPayClient:
    return AsyncQPayClient(**SETTINGS)


@pytest.fixture(scope="session")
def portals() -> Iterator[dict[str, BlockingPortal]]:
    """An event loop of each kind, in a thread of its own."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(start_blocking_portal(name)) for name in BACKENDS}


@pytest.fixture(params=CLIENT_VARIANTS)
def new_client(
    request: pytest.FixtureRequest, portals: dict[str, BlockingPortal], quick_retries: None
) -> Iterator[Opener]:
    """Make clients with the settings of a `QPayClient`; they are closed after the test."""
    with ExitStack() as stack:
        yield opener(request.param, portals, stack)


@pytest.fixture
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the pauses that grow; what QPay asks for by Retry-After stays."""
    monkeypatch.setattr("qpaykit._http.retry.FIRST_DELAY_SECONDS", 0.001)


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with redis_server() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_server_url() -> Iterator[str]:
    with postgres_server() as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server_url: str) -> str:
    """A PostgreSQL without tables; its URL, for psycopg 3."""
    from sqlalchemy import NullPool, create_engine, text

    engine = create_engine(postgres_server_url, poolclass=NullPool)
    with engine.begin() as connection:
        # A transaction that an earlier test left open would be waited for.
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
        )
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    return postgres_server_url


@pytest.fixture
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    def find(kind: str) -> str:
        if kind == "sqlite":
            return str(tmp_path / "store.db")
        if kind == "sqlalchemy-sqlite":
            return f"sqlite:///{tmp_path / 'shop.db'}"
        url: str = request.getfixturevalue(f"{kind}_url")
        return url

    return find
