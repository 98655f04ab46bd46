"""`payments.iterate` page by page, whatever the server's counts are worth."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import anyio
import httpx
import pytest

if TYPE_CHECKING:
    import respx

    from qpaykit import AsyncQPayClient, QPayClient

DATES: Any = {"start_date": "2026-01-01", "end_date": "2026-01-31"}


def rows(*ids: str) -> list[dict[str, str]]:
    return [{"payment_id": one} for one in ids]


@pytest.mark.parametrize(
    ("pages", "expected", "requests"),
    [
        ([{"count": 0, "rows": []}], "", 1),
        ([{"count": 3, "rows": rows("a", "b")}, {"count": 3, "rows": rows("c")}], "abc", 2),
        (
            [{"count": 2, "rows": rows("a", "b")}, {"count": 2, "rows": []}],
            "ab",
            2,
        ),
        # A full page is followed by another, though the count says that it was the last.
        (
            [
                {"count": 3, "rows": rows("a", "b")},
                {"count": 3, "rows": rows("c", "d")},
                {"count": 3, "rows": []},
            ],
            "abcd",
            3,
        ),
        # QPay gives fewer rows than it was asked for.
        ([{"count": 2, "rows": rows("a")}, {"count": 2, "rows": rows("b")}], "ab", 2),
        # A count that is missing, or the page's own, ends nothing.
        ([{"rows": rows("a")}, {"rows": rows("b")}, {"rows": []}], "ab", 3),
        (
            [
                {"count": 1, "rows": rows("a")},
                {"count": 1, "rows": rows("b")},
                {"count": 0, "rows": []},
            ],
            "ab",
            3,
        ),
        # The last page comes again and again.
        ([{"count": 9, "rows": rows("a", "b")}] * 3, "ab", 2),
    ],
)
def test_iterate_goes_through_all_pages(
    client: QPayClient,
    qpay: respx.MockRouter,
    pages: list[dict[str, object]],
    expected: str,
    requests: int,
) -> None:
    answers = [httpx.Response(200, json=page) for page in pages]
    route = qpay.post("/payment/list").mock(side_effect=answers)
    found = client.payments.iterate(**DATES, page_limit=2)
    assert "".join(str(row.payment_id) for row in found) == expected
    assert route.call_count == requests
    numbers = [json.loads(c.request.content)["offset"]["page_number"] for c in route.calls]
    assert numbers == list(range(1, requests + 1))


def test_iterate_asks_for_a_page_only_when_it_is_wanted(
    client: QPayClient, qpay: respx.MockRouter
) -> None:
    route = qpay.post("/payment/list").respond(json={"count": 9, "rows": rows("a", "b")})
    found = client.payments.iterate(**DATES, page_limit=2)
    assert route.call_count == 0
    assert [next(found).payment_id, next(found).payment_id] == ["a", "b"]
    assert route.call_count == 1


NARROWED: dict[str, Any] = {
    "object_type": "MERCHANT",
    "object_id": "m-1",
    "merchant_branch_code": "B1",
    "merchant_terminal_code": "T1",
    "merchant_staff_code": "S1",
}


@pytest.mark.parametrize("face", ["sync", "async"])
@pytest.mark.parametrize(
    ("given", "sent", "limit"),
    [
        ({}, {"object_type": "INVOICE", "object_id": "TEST_INVOICE"}, 100),
        (
            {**NARROWED, "page_limit": 2, "extra": {"new_field": 1}},
            {**NARROWED, "new_field": 1},
            2,
        ),
    ],
    ids=["by default", "narrowed"],
)
def test_iterate_asks_for_every_page_alike(
    client: QPayClient,
    async_client: AsyncQPayClient,
    qpay: respx.MockRouter,
    face: str,
    given: dict[str, Any],
    sent: dict[str, object],
    limit: int,
) -> None:
    pages = [{"count": 3, "rows": rows("a", "b")}, {"count": 3, "rows": rows("c")}]
    route = qpay.post("/payment/list").mock(
        side_effect=[httpx.Response(200, json=page) for page in pages]
    )

    async def awaited() -> list[str | None]:
        async with async_client:
            return [one.payment_id async for one in async_client.payments.iterate(**DATES, **given)]

    found = (
        anyio.run(awaited)
        if face == "async"
        else [one.payment_id for one in client.payments.iterate(**DATES, **given)]
    )
    assert found == ["a", "b", "c"]
    dates = {"start_date": "2026-01-01 00:00:00", "end_date": "2026-01-31 23:59:59"}
    assert [json.loads(one.request.content) for one in route.calls] == [
        {**sent, **dates, "offset": {"page_number": number, "page_limit": limit}}
        for number in (1, 2)
    ]
