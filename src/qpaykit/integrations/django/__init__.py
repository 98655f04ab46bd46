"""QPay in a Django project: settings, a callback view, signals, and a store in its database.

```python
INSTALLED_APPS += ["qpaykit.integrations.django"]  # settings.py
urlpatterns += [path("qpay/", include("qpaykit.integrations.django.urls"))]  # urls.py
```

It needs `pip install "qpaykit[django]"`. Nothing is made at import: `migrate` and `collectstatic`
need none of the settings.
"""

from __future__ import annotations

try:
    import django as _django  # noqa: F401 (asked for, so that its absence is said in our words)
except ModuleNotFoundError as error:
    raise ImportError('Django is missing: pip install "qpaykit[django]"') from error

from qpaykit.integrations.django.services import aclient, client, dispatcher
from qpaykit.integrations.django.signals import (
    order_overpaid,
    order_paid,
    order_refunded,
    order_underpaid,
)

__all__ = [
    "aclient",
    "client",
    "dispatcher",
    "order_overpaid",
    "order_paid",
    "order_refunded",
    "order_underpaid",
]
