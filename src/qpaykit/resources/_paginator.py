"""Follows the pages of a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from qpaykit._http.session import Session
    from qpaykit.operation import Operation

R = TypeVar("R")


class Page(Protocol[R]):
    """A page of a list, as QPay answers."""

    @property
    def rows(self) -> list[R]:
        """What is on this page."""

    @property
    def count(self) -> int:
        """How many rows QPay says there are."""


class Paginator(Generic[R]):
    """Decides whether a list has a further page."""

    def __init__(self) -> None:
        self.next_page = 1
        self.ended = False
        self._seen = 0
        self._last: list[R] = []

    def add(self, page: Page[R], page_limit: int) -> list[R]:
        """Add a page, and return its rows; none if it repeats the page before it.

        Args:
            page: The page that was fetched.
            page_limit: How many rows were asked for.
        """
        rows = page.rows
        # A server may answer a page beyond the last one with the last one again.
        if not rows or rows == self._last:
            self.ended = True
            return []
        self.next_page += 1
        self._seen += len(rows)
        self._last = rows
        # A short page may not be the last one: QPay may return fewer rows than the limit. The count
        # only decides if it is more than this page's rows; otherwise it may be this page's own.
        counts_all = page.count > len(rows)
        self.ended = len(rows) < page_limit and counts_all and self._seen >= page.count
        return rows


class Pages(Generic[R]):
    """The pages of a list, fetched one after the other.

    Args:
        operation: Builds the request of a page, by its number from 1.
        page_limit: How many rows a page is asked for.
    """

    def __init__(self, operation: Callable[[int], Operation[Page[R]]], page_limit: int) -> None:
        self._operation = operation
        self._page_limit = page_limit
        self._paginator: Paginator[R] = Paginator()

    async def rows(self, session: Session) -> AsyncGenerator[R, None]:
        """Iterate over the rows of all pages; a page is fetched when it is needed.

        Raises:
            pydantic.ValidationError: The request is invalid; nothing was sent.
            QPayError: A page could not be fetched.
        """
        while not self._paginator.ended:
            page = await session.call(self._operation(self._paginator.next_page))
            for row in self._paginator.add(page, self._page_limit):
                yield row
