"""A month of payments as a table, by day: paid, QPay's fee, what is left. Name another as 2026-11.

python examples/reconcile.py
"""

from __future__ import annotations

import sys
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import qpaykit


@dataclass
class Day:
    """The sums of a day. Refunds are apart, for QPay may take them from another payout."""

    payments: int = 0
    paid: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)
    refunded: Decimal = Decimal(0)

    def add(self, row: qpaykit.PaymentListRow) -> None:
        amount = row.payment_amount or Decimal(0)
        if row.payment_status == qpaykit.PaymentStatus.PAID:
            self.payments += 1
            self.paid += amount
            self.fees += row.payment_fee or Decimal(0)
        elif row.payment_status == qpaykit.PaymentStatus.REFUNDED:
            self.refunded += amount


def month(text: str) -> tuple[date, date]:
    """Return the first and the last day of a month that is written as 2026-11."""
    first = date.fromisoformat(f"{text}-01")
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def reconcile(client: qpaykit.QPayClient, first: date, last: date) -> tuple[dict[str, Day], Day]:
    days: dict[str, Day] = defaultdict(Day)
    total = Day()
    for row in client.payments.iterate(start_date=first, end_date=last):
        moment = row.payment_date
        day = moment.astimezone(qpaykit.ULAANBAATAR).date().isoformat() if moment else "no date"
        days[day].add(row)
        total.add(row)
    return days, total


def line(name: str, day: Day) -> str:
    sums = (day.paid, day.fees, day.paid - day.fees, day.refunded)
    return f"{name:<10} {day.payments:>8}" + "".join(f" {amount:>14,.2f}" for amount in sums)


def main(text: str) -> None:
    with qpaykit.QPayClient() as client:
        days, total = reconcile(client, *month(text))
    header = f"{'day':<10} {'payments':>8}" + "".join(
        f" {name:>14}" for name in ("paid", "fees", "left", "refunded")
    )
    print(header, "-" * len(header), sep="\n")
    for name in sorted(days):
        print(line(name, days[name]))
    print("-" * len(header), line("total", total), sep="\n")


if __name__ == "__main__":
    this_month = datetime.now(qpaykit.ULAANBAATAR).strftime("%Y-%m")
    main(sys.argv[1] if len(sys.argv) > 1 else this_month)
