"""The admin and the template tag: what people look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.models import User
from django.template import engines
from django.test import Client
from django.utils import translation

from integrations_django.project import Shop
from qpaykit import Invoice
from qpaykit.integrations.django.models import Delivery

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def staff(memory: str) -> Iterator[Client]:
    """A browser that is logged in to the admin; its users stand in the default database."""
    User.objects.all().delete()
    browser = Client()
    browser.force_login(User.objects.create_superuser("staff"))
    yield browser
    User.objects.all().delete()


def url(delivery: Delivery, action: str) -> str:
    from django.contrib.admin.utils import quote

    return f"/admin/qpaykit/delivery/{quote(delivery.pk)}/{action}/"


def test_the_admin_lists_what_was_delivered_and_finds_an_order(shop: Shop, staff: Client) -> None:
    shop.connect()
    for number in ("TEA-42", "TEA-43"):
        shop.call(shop.paid(shop.order(number)))
    page = staff.get("/admin/qpaykit/delivery/").content.decode()
    assert "2 deliveries" in page
    assert "PAID" in page
    page = staff.get("/admin/qpaykit/delivery/?q=TEA-43").content.decode()
    assert "1 delivery" in page


def test_the_admin_shows_a_delivery_and_lets_nobody_change_it(shop: Shop, staff: Client) -> None:
    shop.connect()
    shop.call(shop.paid(shop.order()))
    delivery = Delivery.objects.using(shop.alias).get()
    page = staff.get(url(delivery, "change")).content.decode()
    assert delivery.payment_id in page
    assert 'name="order_no"' not in page
    for answer in (
        staff.get("/admin/qpaykit/delivery/add/"),
        staff.post(url(delivery, "change"), {"order_no": "1"}),
        staff.post(url(delivery, "delete"), {"post": "yes"}),
    ):
        assert answer.status_code == 403
    assert Delivery.objects.using(shop.alias).get().order_no == "42"


def test_the_admin_has_neither_the_token_nor_the_claims(staff: Client) -> None:
    assert staff.get("/admin/qpaykit/value/").status_code == 404
    assert staff.get("/admin/qpaykit/claim/").status_code == 404


@pytest.mark.parametrize(
    ("language", "tag", "says"),
    [
        ("mn", "{% qpay_invoice invoice %}", "mn"),
        ("en-us", "{% qpay_invoice invoice %}", "en"),
        ("de", "{% qpay_invoice invoice %}", "en"),
        ("de", '{% qpay_invoice invoice lang="mn" logos=False %}', "mn"),
    ],
)
def test_the_tag_shows_an_invoice_in_the_language_of_the_page(
    language: str, tag: str, says: str
) -> None:
    invoice = Invoice.model_validate(
        {"invoice_id": "1", "qr_text": "0002", "urls": [{"name": "<b>", "link": "khanbank://q"}]}
    )
    template = engines["django"].from_string(f"{{% load qpay %}}{tag}")
    with translation.override(language):
        html = template.render({"invoice": invoice})
    expected = invoice.to_html("mn" if says == "mn" else "en", logos="logos" not in tag)
    assert html == expected
    assert "<b>" not in html
