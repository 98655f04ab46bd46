"""The files and shops that the pages give for Django and FastAPI, run in those frameworks."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from docs.blocks import to_run
from qpaykit import ConfigurationError
from qpaykit.simulator import Simulator

pytestmark = pytest.mark.slow

SETTINGS = """\
from pathlib import Path

BASE_DIR = Path(__file__).parent
SECRET_KEY = "of the tests"
ALLOWED_HOSTS = ["*"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["django.contrib.staticfiles", "shop"]
MIDDLEWARE = [
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
]
ROOT_URLCONF = "shop.urls"
STATIC_URL, STATIC_ROOT = "static/", BASE_DIR / "static"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": BASE_DIR / "shop.db",
        "OPTIONS": {"timeout": 20},
    }
}
"""

# What every script begins with: an order of a shop, with its invoice, and the URL of its callback.
BEGIN = """\
import os, sys, threading
from contextlib import closing

import django

django.setup()

from django.db import connection
from django.test import Client

from qpaykit.simulator import Simulator

SHOP = "https://shop.example"
simulator = Simulator()
simulator.start()
os.environ |= {f"QPAY_{name.upper()}": str(v) for name, v in simulator.credentials.items()}
os.environ["QPAY_CALLBACK_URL"] = f"{SHOP}/callback"
os.environ["QPAY_CALLBACK_SECRET"] = "a-secret-of-the-shop"

from shop import orders, qpay
from shop.models import Delivered, Order

browser = Client(enforce_csrf_checks=True)
number = "42"
Order.objects.create(number=number, amount=1500)
invoice = qpay.client().invoices.create(
    amount=1500, sender_invoice_no=number, invoice_description="Tea"
)
Order.objects.update(invoice_id=invoice.invoice_id)
payment = simulator.pay(invoice.invoice_id, callbacks=0)
url = simulator.invoices()[0].callback_url.removeprefix(SHOP)
url += f"&qpay_payment_id={payment}"


def books():
    return Order.objects.get().state, Delivered.objects.count()
"""


class Project:
    """A Django project of the files of the page."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        files = {block.file: block.text for block in to_run("docs/django.md", "python")}
        files |= {"settings.py": SETTINGS, "shop/__init__.py": ""}
        for name, text in files.items():
            assert name is not None
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text)
        self.manage("makemigrations", "shop")
        self.manage("migrate")

    def manage(self, *command: str) -> str:
        return self.run("-m", "django", *command)

    def script(self, text: str, *, ends: int = 0) -> str:
        return self.run("-c", BEGIN + text, ends=ends)

    def run(self, *arguments: str, ends: int = 0) -> str:
        clean = {name: v for name, v in os.environ.items() if not name.startswith("QPAY_")}
        path = os.pathsep.join([str(self.folder), *filter(None, [os.environ.get("PYTHONPATH")])])
        ran = subprocess.run(  # noqa: S603
            [sys.executable, *arguments],
            cwd=self.folder,
            env=clean | {"DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": path},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ran.returncode == ends, ran.stdout + ran.stderr
        return ran.stdout


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("project"))


@pytest.fixture
def project(migrated: Project) -> Project:
    migrated.manage("flush", "--no-input")
    return migrated


@pytest.mark.parametrize("command", ["check", "migrate", "collectstatic --no-input"])
def test_the_commands_of_django_need_no_settings_of_qpay(project: Project, command: str) -> None:
    project.manage(*command.split())


def test_the_test_of_the_page_passes(project: Project) -> None:
    project.manage("test", "shop")


def test_the_order_and_the_claim_are_committed_together(project: Project) -> None:
    project.script("""
real = qpay.dispatcher()._pipeline.handlers._by_name["PAID"]

def fails(event):
    real(event)
    raise RuntimeError("after the order was saved")

qpay.dispatcher()._pipeline.handlers._by_name["PAID"] = fails
assert browser.get(url).status_code == 500
assert books() == ("open", 0), books()
qpay.dispatcher()._pipeline.handlers._by_name["PAID"] = real
assert [browser.get(url).content for _ in range(2)] == [b"SUCCESS", b"SUCCESS"]
assert books() == ("paid", 1), books()
""")


def test_a_worker_that_dies_after_the_order_was_saved_leaves_neither(project: Project) -> None:
    project.script(
        """
real = qpay.dispatcher()._pipeline.handlers._by_name["PAID"]

def dies(event):
    real(event)
    os._exit(9)

qpay.dispatcher()._pipeline.handlers._by_name["PAID"] = dies
browser.get(url)
""",
        ends=9,
    )
    left = "from shop.models import *; print(Order.objects.get().state, Delivered.objects.count())"
    assert project.run("-c", f"import django; django.setup(); {left}").split() == ["open", "0"]


def test_calls_at_the_same_moment_deliver_once(project: Project) -> None:
    project.script("""
real, called = qpay.dispatcher()._pipeline.handlers._by_name["PAID"], []

def counted(event):
    called.append(event)
    real(event)

qpay.dispatcher()._pipeline.handlers._by_name["PAID"] = counted
statuses = []

def call():
    statuses.append(browser.get(url).status_code)
    connection.close()

threads = [threading.Thread(target=call) for _ in range(6)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
assert statuses == [200] * 6, statuses
assert len(called) == 1, called
assert books() == ("paid", 1), books()
""")


def test_an_unsigned_callback_is_refused_and_a_post_needs_no_token(project: Project) -> None:
    project.script("""
assert browser.get(f"/callback?qpay_payment_id={payment}").status_code == 403
assert browser.post("/orders").status_code == 403  # the shop's own forms keep their tokens
body = {"payment_id": payment, "payment_status": "PAID"}
answer = browser.post(url, body, content_type="application/json")
assert answer.content == b"SUCCESS", answer.content
assert books() == ("paid", 1), books()
""")


def test_a_lost_callback_is_made_good_by_the_button(project: Project) -> None:
    project.script("""
assert Client().post(f"/orders/{number}/paid").content == b"paid"
assert books() == ("paid", 1), books()
""")


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
