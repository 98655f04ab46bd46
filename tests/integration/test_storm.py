"""The storm in its short form; `make storm` is the long one."""

from __future__ import annotations

import pytest

import storm


@pytest.mark.parametrize("kind", ["sqlite", "redis"])
def test_the_books_balance_after_a_storm(kind: str, redis_url: str) -> None:
    books = storm.run(kind, seed=7, orders=120, redis_url=redis_url)
    assert books.wrong == []
    assert books.paid > 60
    assert books.delivered == books.paid
    assert books.recovered > 0
