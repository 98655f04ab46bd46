"""`qpaykit payments`: the payments of some days, on a terminal, in Excel and for programs."""

from __future__ import annotations

import csv
import re
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from cli.shop import Run, Shop
from qpaykit._local_time import ULAANBAATAR
from qpaykit.cli.csv_file import write_csv
from qpaykit.cli.payments import Sums, _write

DAY = timedelta(days=1)


def table(text: str) -> list[list[str]]:
    """Return the cells of a table, which stand two blanks apart."""
    return [re.split(r"\s{2,}", line.strip()) for line in text.splitlines()]


def test_each_payment_has_its_order_what_was_paid_the_fee_and_what_is_left(
    run: Run, shop: Shop
) -> None:
    shop.sell("42", 1500)
    shop.sell("43", 20_000, method="CARD")
    done = run("payments", "--store", shop.store)
    header, first, second, _, sums = table(done.out)
    assert done.code == 0
    assert header == ["Time", "Order", "Paid", "Fee", "Left", "Method", "Status"]
    assert first[1:] == ["42", "1,500.00", "15.00", "1,485.00", "transfer", "paid"]
    assert second[1:] == ["43", "20,000.00", "200.00", "19,800.00", "card", "paid"]
    assert sums == ["2 paid", "21,500.00", "215.00", "21,285.00"]


def test_what_was_refunded_or_failed_is_shown_and_not_summed(run: Run, shop: Shop) -> None:
    _, refunded = shop.sell("42", 1500)
    shop.simulator.refund(refunded, callbacks=0)
    shop.sell("43", 1000)
    content = run("payments", "--json").json()
    assert isinstance(content, dict)
    assert [one["payment_status"] for one in content["payments"]] == ["REFUNDED", "PAID"]
    assert [one["left"] for one in content["payments"]] == ["0.00", "990.00"]
    [sums] = content["sums"]
    assert (sums["count"], sums["amount"], sums["left"]) == (1, "1000.00", "990.00")


def test_the_days_are_ulaanbaatars(run: Run, shop: Shop) -> None:
    # 00:30 of the 2nd in Ulaanbaatar is the 1st in UTC.
    night = datetime(2030, 1, 2, 0, 30, tzinfo=ULAANBAATAR)
    shop.simulator.advance(night.timestamp() - datetime.now(ULAANBAATAR).timestamp())
    shop.client.tokens.invalidate()
    _, payment = shop.sell("42", 1500, deliver=False)
    for day, found in (("2030-01-01", []), ("2030-01-02", [payment]), ("2030-01-03", [])):
        content = run("payments", "--from", day, "--json").json()
        assert isinstance(content, dict)
        assert [one["payment_id"] for one in content["payments"]] == found
    both = run("payments", "--from", "2030-01-01", "--to", "2030-01-02").out
    assert "01-02 00:30" in both
    assert "2030-01-02 00:30" not in both
    assert "2030-01-02 00:30" in run("payments", "--from", "2029-12-31", "--to", "2030-01-02").out


@pytest.mark.parametrize("kind", ["rows-twice", "rows-again"])
def test_a_payment_that_is_listed_twice_counts_once(run: Run, shop: Shop, kind: str) -> None:
    shop.sell("42", 1500)
    shop.simulator.faults.add("POST", "/payment/list", kind, times=None)
    content = run("payments", "--json").json()
    assert isinstance(content, dict)
    assert len(content["payments"]) == 1
    assert content["sums"][0]["amount"] == "1500.00"


def test_all_pages_are_fetched(run: Run, shop: Shop) -> None:
    invoice = shop.client.invoices.create(
        amount=1000, sender_invoice_no="42", invoice_description="Tea"
    )
    for _ in range(101):
        shop.simulator.pay(invoice.invoice_id, again=True, callbacks=0)
    content = run("payments", "--json").json()
    assert isinstance(content, dict)
    assert content["sums"][0]["count"] == 101


def test_an_order_that_the_store_does_not_know_is_asked_of_qpay_once(run: Run, shop: Shop) -> None:
    invoice_id, _ = shop.sell("42", 1500, deliver=False)
    shop.simulator.pay(invoice_id, again=True, callbacks=0)
    shop.simulator.requests.clear()
    assert table(run("payments").out)[1][1] == "42"
    assert len(shop.simulator.requests.to("GET", f"/invoice/{invoice_id}")) == 1


def test_qpay_is_not_asked_about_invoices_that_the_store_knows(run: Run, shop: Shop) -> None:
    invoice_id, _ = shop.sell("42", 1500)
    shop.simulator.requests.clear()
    assert table(run("payments", "--store", shop.store).out)[1][1] == "42"
    assert not shop.simulator.requests.to("GET", f"/invoice/{invoice_id}")


def test_without_orders_qpay_is_asked_for_the_list_alone(run: Run, shop: Shop) -> None:
    shop.sell("42", 1500)
    shop.simulator.requests.clear()
    done = run("payments", "--no-orders")
    asked = {one.path for one in shop.simulator.requests}
    assert asked == {"/v2/auth/token", "/v2/payment/list"}
    assert "--orders" in done.err


def test_the_shops_token_is_used_and_stays_valid(run: Run, shop: Shop) -> None:
    shop.sell("42", 1500)
    shop.simulator.requests.clear()
    run("payments", "--store", shop.store)
    assert not shop.simulator.requests.to("POST", "/auth/token")


def test_a_day_without_payments_says_so(run: Run, shop: Shop) -> None:
    assert run("payments", "--from", "yesterday").out == "No payments.\n"
    assert run("payments", "--from", "yesterday", "--lang", "mn").out == "Төлбөр алга.\n"


def test_an_order_number_cannot_control_the_terminal(run: Run, shop: Shop) -> None:
    shop.sell("\x1b[31m[bold]x", 1500)
    out = run("payments").out
    assert "\x1b" not in out
    assert "[bold]x" in out


def test_excel_opens_the_csv_as_it_was_meant(run: Run, shop: Shop, tmp_path: Path) -> None:
    _, payment = shop.sell("0042", 1500, lines="=cmd|' /C calc'!A0")
    shop.sell("43", 500, lines="Сүүтэй цай")
    path = tmp_path / "day.csv"
    done = run("payments", "--csv", str(path))
    assert done.out == f"2 payments are in {path}.\n"
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    header, first, second, sums = csv.reader(path.read_text("utf-8-sig").splitlines())
    assert header[1:5] == ["Order", "Paid", "Fee", "Left"]
    assert first[1:5] == ["'0042", "1500.00", "15.00", "1485.00"]
    assert first[8] == f"'{payment}"
    assert first[10] == "'=cmd|' /C calc'!A0"
    assert second[10] == "Сүүтэй цай"
    assert sums == ["", "2 paid", "2000.00", "20.00", "1980.00", "MNT"]


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+976 9911", "'+976 9911"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("  =1+1", "'  =1+1"),
        ("\t=1+1", "'\t=1+1"),
        ("019276866891878", "'019276866891878"),
        ("493622150113497", "'493622150113497"),
        ("1E5", "'1E5"),
        ("42", "42"),
        ("INV-42", "INV-42"),
        ("Цай, сүү", "Цай, сүү"),
        (Decimal("-5.00"), "-5.00"),
    ],
)
def test_a_cell_is_what_it_was_in_any_spreadsheet(
    tmp_path: Path, cell: str | Decimal, written: str
) -> None:
    path = tmp_path / "one.csv"
    write_csv(path, ["Title"], [[cell]])
    with path.open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file)) == [["Title"], [written]]


def test_nothing_is_written_when_a_page_is_missing(run: Run, shop: Shop, tmp_path: Path) -> None:
    shop.sell("42", 1500)
    shop.simulator.faults.add("POST", "/payment/list", "500", times=None)
    path = tmp_path / "day.csv"
    assert run("payments", "--csv", str(path)).code == 4
    assert not path.exists()


def test_a_csv_file_and_json_are_written_together(run: Run, shop: Shop, tmp_path: Path) -> None:
    shop.sell("42", 1500)
    path = tmp_path / "day.csv"
    content = run("payments", "--csv", str(path), "--json").json()
    assert isinstance(content, dict)
    assert content["sums"][0]["amount"] == "1500.00"
    assert "1500.00" in path.read_text("utf-8-sig")


@pytest.mark.parametrize("place", ["nowhere/day.csv", "."])
def test_a_csv_file_that_cannot_be_written_is_refused_before_qpay_is_asked(
    run: Run, shop: Shop, tmp_path: Path, place: str
) -> None:
    done = run("payments", "--csv", str(tmp_path / place))
    assert (done.code, done.out) == (2, "")
    assert "cannot be written" in done.err
    assert not shop.simulator.requests


def test_cyrillic_in_the_csv_does_not_depend_on_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "day.csv"
    sums = Sums("MNT", 1, Decimal(1500), Decimal(15), Decimal(1485))
    _write(path, [], [sums], "mn")
    assert "1 төлсөн" in path.read_text("utf-8-sig")
