"""An endless list of payments, generated page by page."""

from __future__ import annotations

import json

LIST_PATH = "/v2/payment/list"
TOTAL = 200_000
_ROW = {
    "payment_date": "2026-03-11T05:57:47.336Z",
    "payment_status": "PAID",
    "payment_fee": "1.00",
    "payment_amount": "100.00",
    "payment_currency": "MNT",
    "payment_wallet": "0fc9b71c-cd87-4ffd-9cac-2279ebd9deb0",
    "payment_name": "Order",
    "payment_description": "Цай",
    "qr_code": None,
    "paid_by": "P2P",
    "object_type": "INVOICE",
    "object_id": "d50f49f2-9032-4a74-8929-530531f28f63",
}
_TAIL = json.dumps(_ROW, ensure_ascii=False, separators=(",", ":"))[1:]


def page_answer(request: bytes) -> bytes:
    """Answer one request for a page, with ids that tell the rows apart."""
    offset = json.loads(request)["offset"]
    size = int(offset["page_limit"])
    first = (int(offset["page_number"]) - 1) * size
    ids = range(first, min(first + size, TOTAL))
    rows = ",".join([f'{{"payment_id":"{number:015d}",{_TAIL}' for number in ids])
    return f'{{"count":{TOTAL},"rows":[{rows}]}}'.encode()
