"""The SQLAlchemy store of docs/stores.md, run as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ways import one_way

if TYPE_CHECKING:
    from qpaykit import QPayClient
    from qpaykit.simulator import Simulator

pytestmark = one_way

PAGE = Path(__file__).parent.parent.parent / "docs" / "stores.md"


@pytest.fixture
def shop(
    qpay_client: QPayClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    monkeypatch.chdir(tmp_path)
    code = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)[-1]
    namespace: dict[str, Any] = {"client": qpay_client, "__name__": "shop"}
    exec(compile(code, str(PAGE), "exec", dont_inherit=True), namespace)  # noqa: S102
    return namespace


def test_the_order_and_the_claim_are_committed_together(
    shop: dict[str, Any], qpay_client: QPayClient, qpay_simulator: Simulator
) -> None:
    from sqlalchemy import func, select
    from sqlalchemy.orm import Session

    invoice = qpay_client.invoices.create(
        amount=1500, sender_invoice_no="42", invoice_description="Tea"
    )
    payment = qpay_simulator.pay(invoice.invoice_id, callbacks=0)
    query = f"order=42&qpay_payment_id={payment}"
    handle = shop["dispatcher"].handle
    # The order is not there yet: the handler fails, and leaves no claim behind.
    assert handle(query=query).outcome == "handler_failed"
    with Session(shop["engine"]) as session:
        assert session.scalar(select(func.count()).select_from(shop["Delivery"])) == 0
        session.add(shop["Order"](number="42", state="open"))
        session.commit()
    assert [handle(query=query).outcome for _ in range(2)] == ["delivered", "duplicate"]
    with Session(shop["engine"]) as session:
        assert session.get_one(shop["Order"], "42").state == "paid"
        assert session.scalar(select(func.count()).select_from(shop["Delivery"])) == 1
    shop["engine"].dispose()
