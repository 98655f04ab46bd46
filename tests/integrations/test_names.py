"""The endpoints are reached from the package's own name, and loaded only then."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "name",
    [
        "asgi.callback_app",
        "django.order_paid",
        "fastapi.router",
        "flask.blueprint",
        "starlette.callback_route",
        "wsgi.callback_app",
    ],
)
def test_an_endpoint_needs_no_import_but_that_of_qpaykit(name: str) -> None:
    script = (
        "import sys, qpaykit\n"
        "assert not [one for one in sys.modules if one.startswith('qpaykit.integrations')]\n"
        f"qpaykit.integrations.{name}\n"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", script], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
