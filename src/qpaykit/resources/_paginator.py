"""Goes through the pages of a list."""

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
    """Knows when the last page of a list was reached."""

    def __init__(self) -> None:
        self.next_page = 1
        self.ended = False
        self._seen = 0
        self._last: list[R] = []

    def turn(self, page: Page[R], page_limit: int) -> list[R]:
        """Take a page, and return what is new in it.

        Args:
            page: The page that was fetched.
            page_limit: How many rows were asked for.
        """
        rows = page.rows
        # A server that has no such page may answer with the last one again.
        if not rows or rows == self._last:
            self.ended = True
            return []
        self.next_page += 1
        self._seen += len(rows)
        self._last = rows
        # A short page alone proves nothing: QPay may give fewer rows than it was asked for, and a
        # count that is this page's own, or missing, says nothing of the pages to come.
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
            pydantic.ValidationError: The request cannot be right; nothing was sent.
            QPayError: A page could not be fetched.
        """
        while not self._paginator.ended:
            page = await session.call(self._operation(self._paginator.next_page))
            for row in self._paginator.turn(page, self._page_limit):
                yield row
