"""`qpaykit deliveries`: what the store remembers."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from cli.shop import Run, Shop
from qpaykit import RedisStore
from qpaykit._local_time import ULAANBAATAR, now
from qpaykit.stores.delivery import Delivery


def test_deliveries_of_a_day_are_listed_without_qpay(run: Run, shop: Shop) -> None:
    shop.sell("42", 1500)
    shop.sell("43", 20_000)
    shop.simulator.requests.clear()
    done = run("deliveries", "--store", shop.store)
    rows = [re.split(r"\s{2,}", line) for line in done.out.splitlines()]
    assert rows[0] == ["Time", "Order", "Status", "Amount", "Due"]
    assert [row[1:] for row in rows[1:]] == [
        ["42", "paid", "1,500.00", "1,500.00"],
        ["43", "paid", "20,000.00", "20,000.00"],
    ]
    assert not shop.simulator.requests


def test_deliveries_are_json_for_programs(run: Run, shop: Shop) -> None:
    invoice_id, payment_id = shop.sell("42", 1500)
    content = run("deliveries", "--store", shop.store, "--json").json()
    assert isinstance(content, dict)
    [one] = content["deliveries"]
    assert (one["order_no"], one["payment_id"], one["invoice_id"]) == ("42", payment_id, invoice_id)


def test_a_payment_too_many_is_shown_though_the_shop_has_no_handler_for_it(
    run: Run, shop: Shop
) -> None:
    invoice_id, _ = shop.sell("42", 1500)
    second = shop.simulator.pay(invoice_id, again=True, callbacks=0)
    query = shop.simulator.callback_query(second)
    assert shop.dispatcher.handle(query=query).outcome == "overpaid"
    rows = run("deliveries", "--store", shop.store).out.splitlines()
    assert re.split(r"\s{2,}", rows[2])[1:] == ["42", "overpaid", "1,500.00", "1,500.00"]
    content = run("deliveries", "--store", shop.store, "--json").json()
    assert isinstance(content, dict)
    records = [(one["payment_id"], one["outcome"]) for one in content["deliveries"]]
    assert records[1:] == [(second, "ignored")]
    assert "No handler took it: refund it." in run("order", "42", "--store", shop.store).out


def test_other_days_are_left_out(run: Run, shop: Shop) -> None:
    shop.sell("42", 1500)
    today = datetime.now(ULAANBAATAR).date()
    yesterday, tomorrow = today - timedelta(days=1), today + timedelta(days=1)
    for first, last in ((yesterday, yesterday), (tomorrow, tomorrow)):
        out = run("deliveries", "--store", shop.store, "--from", str(first), "--to", str(last)).out
        assert out == "No deliveries.\n"
    assert (
        "42"
        in run("deliveries", "--store", shop.store, "--from", str(yesterday), "--to", "today").out
    )


def test_a_store_in_redis_is_read_too(run: Run, redis_url: str) -> None:
    store = RedisStore(redis_url)
    key = "delivered:test:PAID:order:redis-42"
    store.claim(key, "me", lease=10)
    delivery = Delivery.from_json(
        f'{{"key": "{key}", "order_no": "redis-42", "amount": "1500.00", '
        f'"status": "PAID", "delivered_at": "{now().isoformat()}"}}'
    )
    store.complete(key, "me", delivery=delivery)
    store.close()
    assert "redis-42" in run("deliveries", "--store", redis_url).out


def test_a_redis_that_does_not_answer_is_told_without_its_password(run: Run) -> None:
    done = run("deliveries", "--store", "redis://:hunter2@127.0.0.1:9/0")
    assert done.code == 4
    assert done.err
    assert "hunter2" not in done.err
