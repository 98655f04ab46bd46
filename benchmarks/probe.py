"""Run in a separate process: prints as JSON what a client holds before its first call."""

from __future__ import annotations

import gc
import json
import sys
import threading
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# Before anything else is imported, for it is part of what is asked.
import qpaykit


def _tenacity() -> int:
    return sum(name.partition(".")[0] == "tenacity" for name in sys.modules)


_AT_IMPORT = _tenacity()


def _open_things() -> int:
    # Elsewhere than on Linux only the threads are seen.
    folder = Path("/proc/self/fd")
    return threading.active_count() + (len(list(folder.iterdir())) if folder.is_dir() else 0)


def _size(make: Callable[[], object]) -> tuple[int, object]:
    make()
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    made = make()
    gc.collect()
    size = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return size, made


def _client() -> qpaykit.QPayClient:
    return qpaykit.QPayClient(username="bench", password="bench", base_url="http://127.0.0.1:1")


def main() -> None:
    """Print what was found."""
    before = _open_things()
    client = _client()
    opened = _open_things() - before
    client.close()

    import httpx

    from benchmarks import mocked
    from benchmarks.samples import PAYMENT_ID

    given = httpx.Client(transport=mocked.transport())
    caller = qpaykit.QPayClient(
        username="bench", password="bench", base_url=mocked.URL, http_client=given
    )
    caller.payments.get(PAYMENT_ID)
    after_call = _tenacity()
    qpaykit_bytes, _kept = _size(_client)
    httpx_bytes, _kept = _size(httpx.Client)
    found = {
        "opened": opened,
        "qpaykit_bytes": qpaykit_bytes,
        "httpx_bytes": httpx_bytes,
        "tenacity_import": _AT_IMPORT,
        "tenacity_call": after_call - _AT_IMPORT,
    }
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
