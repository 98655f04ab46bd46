"""The commands of `manage.py`."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from integrations_django.project import CALLBACK_URL, Shop
from qpaykit.integrations.django.models import Delivery

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def environment_as_it_was() -> Iterator[None]:
    # The doctor's command puts the settings there, in a process that is its own.
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


def doctor() -> tuple[bool, str]:
    out = io.StringIO()
    try:
        call_command("qpay_doctor", stdout=out)
    except CommandError:
        return False, out.getvalue()
    return True, out.getvalue()


def test_the_doctor_finds_nothing_wrong_and_logs_in(shop: Shop) -> None:
    shop.connect()
    is_well, said = doctor()
    assert is_well, said
    assert "QPay gives one" in said
    assert f"ok     callback_url     {CALLBACK_URL}" in said
    assert shop.simulator.credentials["password"] not in said


def test_the_doctor_says_what_django_lacks(shop: Shop) -> None:
    is_well, said = doctor()
    assert is_well
    assert "note   django           No receiver is connected to order_paid" in said


def test_the_doctor_fails_where_qpay_refuses_the_login(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.conf import settings

    monkeypatch.setitem(settings.QPAY, "PASSWORD", "wrong")
    is_well, said = doctor()
    assert not is_well
    assert "wrong  token" in said


def test_the_doctor_asks_for_the_migrations(shop: Shop) -> None:
    with connections[shop.alias].schema_editor() as editor:
        editor.delete_model(Delivery)
    try:
        is_well, said = doctor()
    finally:
        with connections[shop.alias].schema_editor() as editor:
            editor.create_model(Delivery)
    assert not is_well
    assert "run manage.py migrate" in said


def sweep(*options: str) -> tuple[bool, str]:
    out = io.StringIO()
    try:
        call_command("qpay_sweep", *options, stdout=out)
    except CommandError as error:
        return False, f"{out.getvalue()}{error}"
    return True, out.getvalue()


def test_a_sweep_delivers_what_no_callback_came_for(shop: Shop) -> None:
    shop.connect()
    shop.paid(shop.order())
    is_well, said = sweep("--dry-run")
    assert is_well, said
    assert "delivered      order 42" in said
    assert "Dry run: 1 delivered" in said
    assert shop.books() == ("open", [])
    assert sweep()[1].endswith("Payments: 1 delivered\n")
    assert shop.books() == ("paid", ["PAID"])
    assert sweep() == (True, "Payments: 1 duplicate\n")
    assert sweep("--from", "2020-01-01", "--to", "2020-01-31") == (True, "Payments: none\n")


def test_a_sweep_that_delivers_nothing_for_want_of_a_receiver_fails(shop: Shop) -> None:
    shop.paid(shop.order())
    is_well, said = sweep()
    assert not is_well
    assert "handler_failed" in said
    assert "1 could not be delivered" in said


def test_a_sweep_refuses_a_time_that_it_cannot_read(shop: Shop) -> None:
    is_well, said = sweep("--from", "yesterday")
    assert not is_well
    assert said


def test_a_sweep_fails_where_qpay_cannot_be_asked(shop: Shop) -> None:
    shop.simulator.faults.add("POST", "/payment/list", "500", times=9)
    assert not sweep()[0]


def test_the_migrations_are_complete(memory: str) -> None:
    call_command("makemigrations", "qpaykit", check=True, dry_run=True, verbosity=0)
