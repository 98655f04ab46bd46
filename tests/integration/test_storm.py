"""The storm in its short form; `make storm` is the long one."""

from __future__ import annotations

import pytest

import storm

pytestmark = pytest.mark.slow

ORDERS = 100


@pytest.mark.parametrize("kind", ["sqlite", "redis", "postgres"])
def test_the_books_balance_after_a_storm(kind: str) -> None:
    books = storm.run(kind, seed=7, orders=ORDERS)
    assert books.wrong == []
    assert books.paid > books.orders / 2
    assert books.delivered == books.paid
    assert min(books.outages, books.overpaid) > 0
    assert books.lives > 2 * books.unopened
    assert books.swept > 0
    assert books.reopened + books.closed > 0
