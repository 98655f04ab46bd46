"""`qpaykit payment`, `invoice` and `order`: what is known of one thing."""

from __future__ import annotations

from cli.shop import Run, Shop
from qpaykit import Orders


def fields(text: str) -> dict[str, str]:
    """Return what stands behind each name, up to the first empty line."""
    lines = text.partition("\n\n")[0].splitlines()
    return {name: value.strip() for name, _, value in (line.partition("  ") for line in lines)}


def test_a_payment_shows_its_money_its_order_and_its_delivery(run: Run, shop: Shop) -> None:
    invoice_id, payment_id = shop.sell("42", 1500)
    done = run("payment", payment_id, "--store", shop.store)
    shown = fields(done.out)
    assert done.code == 0
    assert shown["Order"] == "42"
    assert (shown["Paid"], shown["Fee"], shown["Left"]) == ("1,500.00 MNT", "15.00", "1,485.00")
    assert (shown["Status"], shown["Method"]) == ("paid", "transfer")
    assert shown["Invoice"] == invoice_id
    assert "order 42 was delivered, 1,500.00 of 1,500.00" in done.out


def test_a_payment_that_was_not_delivered_says_so(run: Run, shop: Shop) -> None:
    _, payment_id = shop.sell("42", 1500, deliver=False)
    assert "Nothing was delivered of it." in run("payment", payment_id, "--store", shop.store).out
    assert "delivered" not in run("payment", payment_id).out


def test_a_payment_that_qpay_does_not_know_is_refused(run: Run, shop: Shop) -> None:
    done = run("payment", "000000000000000")
    assert (done.code, done.out) == (3, "")
    assert "PAYMENT_NOTFOUND" in done.err


def test_a_payment_is_json_for_programs(run: Run, shop: Shop) -> None:
    invoice_id, payment_id = shop.sell("42", 1500)
    content = run("payment", payment_id, "--store", shop.store, "--json").json()
    assert isinstance(content, dict)
    assert content["payment_id"] == payment_id
    assert (content["payment_amount"], content["left"]) == ("1500.00", "1485.00")
    assert content["payment_date"].endswith("+08:00")
    [delivery] = content["deliveries"]
    assert (delivery["order_no"], delivery["invoice_id"]) == ("42", invoice_id)


def test_an_invoice_shows_what_is_due_and_each_payment_of_it(run: Run, shop: Shop) -> None:
    invoice = shop.client.invoices.create(
        amount=1500, sender_invoice_no="42", invoice_description="Сүүтэй цай"
    )
    part = shop.simulator.pay(invoice.invoice_id, amount=500, callbacks=0)
    declined = shop.simulator.fail(invoice.invoice_id, callbacks=0)
    done = run("invoice", invoice.invoice_id)
    shown = fields(done.out)
    assert (shown["Due"], shown["Paid"], shown["Status"]) == ("1,500.00 MNT", "500.00 MNT", "open")
    assert shown["Description"] == "Сүүтэй цай"
    assert part in done.out
    assert declined in done.out


def test_an_invoice_that_nobody_paid_says_so(run: Run, shop: Shop) -> None:
    invoice = shop.client.invoices.create(
        amount=1500, sender_invoice_no="42", invoice_description="Tea"
    )
    assert "No payments." in run("invoice", invoice.invoice_id).out
    assert run("invoice", "no-such-invoice").code == 3


def test_a_payment_that_is_listed_twice_pays_an_invoice_once(run: Run, shop: Shop) -> None:
    invoice_id, _ = shop.sell("42", 1500)
    shop.simulator.faults.add("POST", "/payment/check", "rows-twice", times=None)
    content = run("invoice", invoice_id, "--json").json()
    assert isinstance(content, dict)
    assert content["paid"] == "1500.00"
    assert len(content["payments"]) == 1


def test_an_order_is_found_in_the_store_and_shown_as_qpay_knows_it(run: Run, shop: Shop) -> None:
    invoice_id, payment_id = shop.sell("42", 1500)
    shop.sell("43", 500)
    shop.simulator.refund(payment_id, callbacks=0)
    done = run("order", "42", "--store", shop.store)
    assert done.code == 0
    assert fields(done.out)["Invoice"] == invoice_id
    assert "refunded" in done.out
    content = run("order", "42", "--store", shop.store, "--json").json()
    assert isinstance(content, dict)
    assert [one["invoice_id"] for one in content["invoices"]] == [invoice_id]


def test_an_order_that_nobody_paid_is_found_by_its_open_invoice(run: Run, shop: Shop) -> None:
    order = Orders(shop.dispatcher).open("42", amount=1500, description="Tea")
    done = run("order", "42", "--store", shop.store)
    assert done.code == 0
    assert fields(done.out)["Invoice"] == order.invoice.invoice_id
    assert fields(done.out)["Status"] == "open"
    assert "Nothing was delivered of it." in done.out


def test_an_order_that_the_store_does_not_know_is_an_error(run: Run, shop: Shop) -> None:
    shop.sell("42", 1500)
    done = run("order", "77", "--store", shop.store)
    assert (done.code, done.out) == (3, "")
    assert "order 77" in done.err


def test_a_store_that_is_not_there_is_not_made(run: Run, shop: Shop) -> None:
    nowhere = f"{shop.store}-nowhere"
    done = run("order", "42", "--store", nowhere)
    assert done.code == 2
    assert "There is no store" in done.err
    assert run("deliveries", "--store", nowhere).code == 2
