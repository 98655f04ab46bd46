"""The SQLAlchemy store of docs/stores.md, run as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy.orm import Session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qpaykit.simulator import Simulator

PAGE = Path(__file__).parent.parent.parent / "docs" / "stores.md"


@pytest.fixture
def secret() -> str | None:
    return "a-secret-of-the-tests"


@pytest.fixture
def shop(
    secret: str | None,
    qpay_simulator: Simulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[dict[str, Any]]:
    monkeypatch.chdir(tmp_path)
    for name, value in qpay_simulator.credentials.items():
        monkeypatch.setenv(f"QPAY_{name.upper()}", str(value))
    if secret is not None:
        monkeypatch.setenv("QPAY_CALLBACK_SECRET", secret)
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    [code] = [block for block in blocks if "SQLAlchemyStore(engine" in block]
    namespace: dict[str, Any] = {"__name__": "shop"}
    exec(compile(code, str(PAGE), "exec", dont_inherit=True), namespace)  # noqa: S102
    yield namespace
    namespace["client"].close()
    namespace["engine"].dispose()


def test_the_order_and_its_delivery_are_committed_together(
    shop: dict[str, Any], qpay_simulator: Simulator
) -> None:
    invoice = shop["client"].invoices.create(
        amount=1500, sender_invoice_no="42", invoice_description="Tea"
    )
    payment = qpay_simulator.pay(invoice.invoice_id, callbacks=0)
    query = f"{urlsplit(qpay_simulator.invoices()[0].callback_url).query}&qpay_payment_id={payment}"
    handle = shop["dispatcher"].handle
    # The order is not there yet: the handler fails, and leaves no claim behind.
    assert handle(query=query).outcome == "handler_failed"
    assert list(shop["store"].deliveries()) == []
    with Session(shop["engine"]) as session:
        session.add(shop["Order"](number="42", state="open"))
        session.commit()
    assert [handle(query=query).outcome for _ in range(2)] == ["delivered", "duplicate"]
    assert [one.order_no for one in shop["store"].deliveries()] == ["42"]
    with Session(shop["engine"]) as session:
        assert session.get_one(shop["Order"], "42").state == "paid"


@pytest.mark.parametrize("secret", ["a-secret-of-the-tests", None])
def test_a_cheap_payment_does_not_deliver_another_buyers_order(
    shop: dict[str, Any], qpay_simulator: Simulator
) -> None:
    with Session(shop["engine"]) as session:
        session.add(shop["Order"](number="42", state="open"))
        session.commit()
    cheap = shop["client"].invoices.create(
        amount=10, sender_invoice_no="43", invoice_description="Sweet"
    )
    payment = qpay_simulator.pay(cheap.invoice_id, callbacks=0)
    reply = shop["dispatcher"].handle(query=f"order=42&qpay_payment_id={payment}")
    assert reply.status_code in {403, 500}
    with Session(shop["engine"]) as session:
        assert session.get_one(shop["Order"], "42").state == "open"
