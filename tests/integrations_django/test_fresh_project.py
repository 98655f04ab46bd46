"""The page's project, made fresh: run by its own commands, as a reader would."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from helpers.postgres import postgres_server
from integrations_django.fresh import Project

pytestmark = pytest.mark.slow

MAX_ADDED_LINES = 15
SETTINGS = 'ALLOWED_HOSTS = ["*"]\nSTATIC_ROOT = BASE_DIR / "static"\n'

ROLLBACKS = '''
import asyncio

from django.db import transaction
from django.test import TestCase, TransactionTestCase, override_settings

from qpaykit.integrations.django import aclient, client, dispatcher
from qpaykit.integrations.django.models import Claim, Delivery, Value
from qpaykit.simulator import Simulator
from shop.models import Order

simulator = Simulator()


def setUpModule():
    simulator.start()


def tearDownModule():
    simulator.stop()


class Story:
    """Each of its tests finds nothing of the others, whatever their order."""

    def setUp(self):
        qpay = {name.upper(): value for name, value in simulator.credentials.items()}
        qpay["CALLBACK_URL"] = "https://shop.example/qpay/callback"
        changed = override_settings(QPAY=qpay)
        changed.enable()
        self.addCleanup(changed.disable)
        simulator.reset()
        for model in (Claim, Delivery, Value, Order):
            self.assertEqual(model.objects.count(), 0, model)

    def deliver(self):
        [invoice] = simulator.invoices()
        simulator.pay(invoice.id, callbacks=0)
        [reply] = dispatcher().check(invoice.id)
        self.assertEqual(reply.outcome, "delivered")
        self.assertEqual((Order.objects.get().state, Delivery.objects.count()), ("paid", 1))

    def test_one(self):
        self.client.get("/buy")
        self.deliver()

    def test_another(self):
        with transaction.atomic():
            self.client.get("/buy")
        self.assertGreater(Value.objects.count(), 0)
        self.deliver()

    def test_the_functions_after_a_commit_are_the_shops_alone(self):
        self.client.get("/buy")
        if isinstance(self, TestCase):
            with self.captureOnCommitCallbacks() as callbacks:
                self.deliver()
            self.assertEqual(callbacks, [])

    async def test_an_async_one(self):
        order = await Order.objects.acreate()
        invoice = await aclient().invoices.create(
            amount=1500, sender_invoice_no=order.pk, invoice_description="Tea"
        )
        await aclient().aclose()
        from asgiref.sync import sync_to_async

        await sync_to_async(self.deliver)()


class RolledBack(Story, TestCase):
    pass


class Flushed(Story, TransactionTestCase):
    pass
'''

# A shop of which a worker is killed, at each point of a delivery; the next callback delivers.
KILLED = """
import os, signal, sys

from django.db import connection
from django.test import Client

from qpaykit.integrations.django import dispatcher, order_paid
from qpaykit.integrations.django.models import Delivery
from qpaykit.simulator import Simulator
from shop.models import Order

simulator = Simulator()
simulator.start()
os.environ |= {f"QPAY_{name.upper()}": str(v) for name, v in simulator.credentials.items()}
os.environ["QPAY_CALLBACK_URL"] = "https://shop.example/qpay/callback"


def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)


def before_the_receivers():
    order_paid.send = die


def after_the_receivers():
    order_paid.connect(die)


def before_the_commit():
    connection.commit = die


def after_the_commit():
    commit = connection.commit
    connection.commit = lambda: (commit(), die())


def books():
    connection.close()
    return Order.objects.get().state, Delivery.objects.count()


for point, expected in (
    (before_the_receivers, ("open", 0)),
    (after_the_receivers, ("open", 0)),
    (before_the_commit, ("open", 0)),
    (after_the_commit, ("paid", 1)),
):
    simulator.reset()
    Delivery.objects.all().delete()
    Order.objects.all().delete()
    page = Client().get("/buy")
    assert page.status_code == 200 and b"data:image/png" in page.content, page.content
    payment = simulator.pay(simulator.invoices()[0].id, callbacks=0)
    path = f"/qpay/callback?qpay_payment_id={payment}"
    connection.close()
    worker = os.fork()
    if worker == 0:
        connection.ensure_connection()
        point()
        Client().get(path)
        os._exit(0)
    assert os.waitpid(worker, 0)[1] == signal.SIGKILL, point
    assert books() == expected, (point, books())
    assert Client().get(path).content == b"SUCCESS", point
    assert books() == ("paid", 1), (point, books())
    print(point.__name__)
"""


@contextmanager
def postgres_settings() -> Iterator[str]:
    with postgres_server() as url:
        parts = urlsplit(url)
        database = {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "postgres",
            "HOST": parts.hostname,
            "PORT": parts.port,
            "USER": parts.username,
        }
        yield f"DATABASES = {{'default': {database}}}\n"


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def project(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    folder = tmp_path_factory.mktemp("fresh")
    files = {"shop/test_rollbacks.py": ROLLBACKS}
    if request.param == "sqlite":
        yield Project(folder, SETTINGS, files)
        return
    with postgres_settings() as database:
        yield Project(folder, SETTINGS + database, files)


@pytest.fixture(scope="module")
def migrated(project: Project) -> Project:
    project.manage("migrate")
    return project


def test_the_page_adds_fifteen_lines_at_most(project: Project) -> None:
    assert 10 < len(project.added) <= MAX_ADDED_LINES, "\n".join(project.added)


def test_the_commands_of_django_need_no_settings_of_qpay(migrated: Project) -> None:
    assert "QPAY_USERNAME" in migrated.manage("check")
    migrated.manage("collectstatic", "--no-input", "--dry-run")
    migrated.manage("makemigrations", "--check", "--dry-run")


def test_the_documented_test_and_the_rollbacks_of_tests(migrated: Project) -> None:
    said = migrated.manage("test", "shop")
    assert "Ran 9 tests" in said
    assert "OK" in said


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_worker_that_is_killed_leaves_both_or_neither(migrated: Project) -> None:
    assert "after_the_commit" in migrated.script(KILLED)
