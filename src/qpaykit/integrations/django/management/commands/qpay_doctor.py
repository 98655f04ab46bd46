"""`manage.py qpay_doctor`: checks the settings, the database and the login."""

from __future__ import annotations

import os

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from pydantic import SecretStr

from qpaykit._diagnostics import diagnose_merchant
from qpaykit.integrations.django.checks import check_deployment, check_settings
from qpaykit.integrations.django.config import client_settings, database_alias
from qpaykit.integrations.django.store import DjangoStore

_MARKS = {True: "ok   ", False: "wrong", None: "note "}


class Command(BaseCommand):
    """Checks the settings, the database and the account."""

    help: str = "Checks QPay's settings, logs in once, and says what to do about what is wrong."
    requires_system_checks: tuple[str, ...] = ()

    def handle(self, *_: object, **options: object) -> None:
        """Print what was found.

        Raises:
            CommandError: Something is wrong.
        """
        del options
        messages = [*check_settings(), *check_deployment()]
        is_well = not any(message.is_serious() for message in messages)
        for message in messages:
            hint = f" {message.hint}" if message.hint else ""
            self._print(not message.is_serious() and None, "django", f"{message.msg}{hint}")
        if is_well:
            is_well = self._database()
            _export_settings()
            for finding in diagnose_merchant():
                self._print(finding.is_ok, finding.name, finding.message)
                is_well = is_well and finding.is_ok is not False
        if not is_well:
            raise CommandError("QPay cannot be used yet: see what is wrong above.")

    def _database(self) -> bool:
        try:
            DjangoStore(database_alias()).delivery("delivered:none")
        except DatabaseError as error:
            self._print(False, "database", f"{error}: run manage.py migrate")
            return False
        self._print(True, "database", database_alias())
        return True

    def _print(self, is_ok: bool | None, name: str, message: str) -> None:
        self.stdout.write(f"{_MARKS[is_ok]}  {name:<16} {message}")


def _export_settings() -> None:
    """Copy `settings.QPAY` to this process's environment variables, which the checks read."""
    for name, value in client_settings().items():
        if name not in {"timeout", "max_retries"} and value is not None:
            several = value if isinstance(value, tuple) else (value,)
            text = ",".join(
                one.get_secret_value() if isinstance(one, SecretStr) else str(one)
                for one in several
            )
            os.environ[f"QPAY_{name.upper()}"] = text
