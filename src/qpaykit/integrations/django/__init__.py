"""QPay in a Django project: settings, a callback view, signals, and a store in its database.

```python
INSTALLED_APPS += ["qpaykit.integrations.django"]  # settings.py
urlpatterns += [path("qpay/", include("qpaykit.integrations.django.urls"))]  # urls.py
```

It needs `pip install "qpaykit[django]"`. Nothing is made at import: `migrate` and `collectstatic`
need none of the settings.
"""

from __future__ import annotations

from importlib.util import find_spec

if find_spec("django") is None:
    raise ImportError('Django is missing: pip install "qpaykit[django]"')

from qpaykit.integrations.django.services import aclient, client, dispatcher, orders
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
    "orders",
]
