"""Callback endpoints, ready for a web framework."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qpaykit._lazy import lazy_names

if TYPE_CHECKING:
    from qpaykit.integrations import asgi as asgi
    from qpaykit.integrations import django as django
    from qpaykit.integrations import fastapi as fastapi
    from qpaykit.integrations import flask as flask
    from qpaykit.integrations import starlette as starlette
    from qpaykit.integrations import wsgi as wsgi

# `import qpaykit` is enough for `qpaykit.integrations.flask.blueprint(…)`.
_NAMES: dict[str, tuple[str, ...]] = dict.fromkeys(
    ("asgi", "django", "fastapi", "flask", "starlette", "wsgi"), ()
)

__getattr__: Callable[[str], object] = lazy_names(__name__, _NAMES)
