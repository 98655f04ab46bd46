"""The app for `INSTALLED_APPS`; it creates no client."""

from __future__ import annotations

from django.apps import AppConfig
from django.core import checks
from django.core.signals import setting_changed


class QPayConfig(AppConfig):
    """The app `qpaykit`: its label is the prefix of its tables."""

    name: str = "qpaykit.integrations.django"
    label: str = "qpaykit"
    verbose_name: str = "QPay"
    default_auto_field: str = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks, and follow settings that a test overrides."""
        from qpaykit.integrations.django.checks import check_deployment, check_settings
        from qpaykit.integrations.django.services import reset_after_setting

        checks.register(check_settings, "qpaykit")
        checks.register(check_deployment, "qpaykit", deploy=True)
        setting_changed.connect(reset_after_setting, dispatch_uid="qpaykit")
