"""A storm on gunicorn with three workers and PostgreSQL."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from integrations_django.fresh import Project, environment
from integrations_django.test_fresh_project import SETTINGS, postgres_settings
from qpaykit.simulator import Simulator

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="gunicorn needs a fork"),
]

ORDERS = 30
REPLAYS = 40

# A ledger that counts what the receivers did and what was committed.
LEDGER = {
    "ledger/__init__.py": "",
    "ledger/models.py": """
from django.db import models

from qpaykit.integrations.django import order_paid


class Entry(models.Model):
    order_no = models.CharField(max_length=45)


def enter(event, **kwargs):
    Entry.objects.create(order_no=event.order_no)


order_paid.connect(enter)
""",
}
BOOKS = """
from collections import Counter
from ledger.models import Entry
from qpaykit.integrations.django.models import Delivery
from shop.models import Order
print(Order.objects.filter(state="paid").count(), Order.objects.count(), Delivery.objects.count())
entries = Counter(Entry.objects.values_list("order_no", flat=True))
print(max(entries.values()), len(entries))
"""


@contextmanager
def gunicorn(project: Project, variables: dict[str, str]) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "mysite.wsgi", "--workers", "3", "--threads", "4"]
    command += ["--bind", f"127.0.0.1:{port}", "--log-level", "error", "--timeout", "120"]
    variables = environment(**variables, DJANGO_SETTINGS_MODULE="mysite.settings")
    with subprocess.Popen(command, cwd=project.folder, env=variables) as server:  # noqa: S603
        try:
            url = f"http://127.0.0.1:{port}"
            ends = time.monotonic() + 60
            while not answers(url):
                assert time.monotonic() < ends, "gunicorn does not answer"
                time.sleep(0.1)
            yield url
        finally:
            server.terminate()
            server.wait(20)


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/qpay/callback").status_code == 200
    except httpx.TransportError:
        return False


def test_thirty_orders_and_forty_replays_at_once_make_thirty_deliveries(tmp_path: Path) -> None:
    with postgres_settings() as database, Simulator() as simulator:
        apps = 'INSTALLED_APPS += ["ledger"]\n'
        project = Project(tmp_path, SETTINGS + apps + database, LEDGER)
        project.manage("makemigrations", "ledger")
        project.manage("migrate")
        variables = {f"QPAY_{k.upper()}": str(v) for k, v in simulator.credentials.items()}
        variables["QPAY_CALLBACK_SECRET"] = "a-secret-of-the-shop"
        with (
            gunicorn(
                project, variables | {"QPAY_CALLBACK_URL": "http://shop.example/qpay/callback"}
            ) as url,
            httpx.Client(timeout=120) as buyer,
            ThreadPoolExecutor(24) as pool,
        ):
            pages = list(pool.map(lambda _: buyer.get(f"{url}/buy").status_code, range(ORDERS)))
            assert pages == [200] * ORDERS
            calls = []
            for invoice in simulator.invoices():
                payment = simulator.pay(invoice.id, callbacks=0)
                path = re.sub(r"^http://shop\.example", "", invoice.callback_url)
                calls.append(f"{url}{path}&qpay_payment_id={payment}")
            assert len(calls) == ORDERS
            replays = (calls * 2)[:REPLAYS]
            statuses = list(pool.map(lambda call: buyer.get(call).status_code, calls + replays))
            # A replay that came while its order was being delivered may have to come again.
            assert set(statuses) <= {200, 503}
            assert {buyer.get(call).text for call in calls} == {"SUCCESS"}
        assert project.script(BOOKS).split() == ["30", "30", "30", "1", "30"]
        logins = [one for one in simulator.requests if one.path == "/v2/auth/token"]
        assert len(logins) == 1
