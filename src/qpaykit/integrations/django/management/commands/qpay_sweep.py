"""`manage.py qpay_sweep`: delivers paid orders whose callback was lost."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from django.core.management.base import BaseCommand, CommandError
from pydantic import ValidationError

from qpaykit._local_time import now
from qpaykit.errors import QPayError
from qpaykit.integrations.django.services import dispatcher

if TYPE_CHECKING:
    from argparse import ArgumentParser

_DEFAULT_DAYS = 2
_FIRST_SERVER_ERROR = 500


class Command(BaseCommand):
    """Goes through the payments of a time and delivers those that are not delivered yet."""

    help: str = "Delivers what was paid at QPay and is not delivered yet."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument(
            "--from",
            dest="start",
            help=f"the first day or moment (2026-11-01); by default {_DEFAULT_DAYS} days ago",
        )
        parser.add_argument("--to", dest="end", help="the last day or moment; by default now")
        parser.add_argument(
            "--dry-run", action="store_true", help="deliver nothing; say what would be delivered"
        )

    def handle(
        self,
        *_: object,
        start: str | None = None,
        end: str | None = None,
        dry_run: bool = False,
        **options: object,
    ) -> None:
        """Print what becomes of each payment that was not delivered before.

        Raises:
            CommandError: QPay could not be asked, a time cannot be read, or a payment could not be
                delivered.
        """
        del options
        moment = now()
        outcomes: Counter[str] = Counter()
        failed = 0
        try:
            first = start or moment - timedelta(days=_DEFAULT_DAYS)
            for reply in dispatcher().sweep(first, end or moment, dry_run=dry_run):
                outcomes[reply.outcome] += 1
                failed += reply.status_code >= _FIRST_SERVER_ERROR
                if reply.outcome != "duplicate":
                    self.stdout.write(
                        f"{reply.outcome:<14} order {reply.order_no or '?'}, payment "
                        f"{reply.payment_id}, {reply.amount}"
                    )
        except ValidationError as error:
            raise CommandError(error.errors()[0]["msg"]) from None
        except QPayError as error:
            raise CommandError(str(error)) from error
        counted = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
        self.stdout.write(f"{'Dry run' if dry_run else 'Payments'}: {counted or 'none'}")
        if failed:
            msg = f"{failed} could not be delivered: see the log of qpaykit.callbacks"
            raise CommandError(msg)
