"""Turns one description of an endpoint into a sync and an async method."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from types import GenericAlias
from typing import Any, Concatenate, Generic, TypeVar, overload

from typing_extensions import ParamSpec, Self

from qpaykit._http.session import Session
from qpaykit._sync import iterate_sync, run_sync
from qpaykit.operation import Operation, Poll
from qpaykit.resources._paginator import Pages

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


class Resource:
    """A group of endpoints of one client."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __repr__(self) -> str:
        names = [name for name in dir(self) if not name.startswith("_")]
        return f"<{type(self).__name__}: {', '.join(names)}>"

    def _flow(
        self, call: Operation[T] | Poll[T] | Coroutine[Any, Any, T]
    ) -> Coroutine[Any, Any, T]:
        if isinstance(call, Poll):
            return self._session.poll(call)
        return self._session.call(call) if isinstance(call, Operation) else call


class SyncResource(Resource):
    """A group of endpoints whose methods return answers."""

    def __init_subclass__(cls) -> None:
        """Make plain methods of the endpoints that the class inherits."""
        for name, build in _described(cls, endpoint):

            def method(self: SyncResource, *args: Any, __build: Any = build, **kwargs: Any) -> Any:
                return run_sync(self._flow(__build(self, *args, **kwargs)))

            setattr(cls, name, _with_metadata(method, build, cls, _answer_of(build)))
        for name, listing in _described(cls, paginated):

            def rows(
                self: SyncResource, *args: Any, __build: Any = listing, **kwargs: Any
            ) -> Iterator[Any]:
                return iterate_sync(__build(self, *args, **kwargs).rows(self._session))

            setattr(cls, name, _with_metadata(rows, listing, cls, _rows_of(listing, Iterator)))


class AsyncResource(Resource):
    """A group of endpoints whose methods are awaited."""

    def __init_subclass__(cls) -> None:
        """Make coroutine methods of the endpoints that the class inherits."""
        for name, build in _described(cls, endpoint):

            async def method(
                self: AsyncResource, *args: Any, __build: Any = build, **kwargs: Any
            ) -> Any:
                return await self._flow(__build(self, *args, **kwargs))

            setattr(cls, name, _with_metadata(method, build, cls, _answer_of(build)))
        for name, listing in _described(cls, paginated):

            def rows(
                self: AsyncResource, *args: Any, __build: Any = listing, **kwargs: Any
            ) -> AsyncIterator[Any]:
                rows: AsyncIterator[Any] = __build(self, *args, **kwargs).rows(self._session)
                return rows

            setattr(cls, name, _with_metadata(rows, listing, cls, _rows_of(listing, AsyncIterator)))


class endpoint(Generic[R, P, T]):  # noqa: N801 (a decorator, read as one)
    """Describes an endpoint once: the decorated method builds its `Operation` or `Poll`.

    A method that needs more than one request is a coroutine function, whose I/O is the session's
    and the store's. In a `SyncResource` it becomes a method that returns the answer, in an
    `AsyncResource` one that is awaited; name, signature and docstring are the builder's.
    """

    def __init__(
        self,
        build: Callable[Concatenate[R, P], Operation[T] | Poll[T] | Coroutine[Any, Any, T]],
    ) -> None:
        self._build = build

    @overload
    def __get__(self, instance: None, owner: type[object], /) -> Self: ...
    @overload
    def __get__(self, instance: SyncResource, owner: type[object], /) -> Callable[P, T]: ...
    @overload
    def __get__(
        self, instance: AsyncResource, owner: type[object], /
    ) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, instance: object, owner: type[object], /) -> object:
        """Return itself: `__init_subclass__` puts real methods in its place."""
        return self


class paginated(Generic[R, P, T]):  # noqa: N801 (a decorator, read as one)
    """Describes a list once: the decorated method builds its `Pages`.

    In a `SyncResource` it becomes a method that returns an iterator over the rows of all pages, in
    an `AsyncResource` one that returns an async iterator; a page is fetched when it is needed.
    """

    def __init__(self, build: Callable[Concatenate[R, P], Pages[T]]) -> None:
        self._build = build

    @overload
    def __get__(self, instance: None, owner: type[object], /) -> Self: ...
    @overload
    def __get__(
        self, instance: SyncResource, owner: type[object], /
    ) -> Callable[P, Iterator[T]]: ...
    @overload
    def __get__(
        self, instance: AsyncResource, owner: type[object], /
    ) -> Callable[P, AsyncIterator[T]]: ...
    def __get__(self, instance: object, owner: type[object], /) -> object:
        """Return itself: `__init_subclass__` puts real methods in its place."""
        return self


def _described(
    cls: type[Resource], kind: type[endpoint[Any, Any, Any] | paginated[Any, Any, Any]]
) -> list[tuple[str, Callable[..., object]]]:
    return [
        (name, member._build)
        for base in cls.__mro__
        for name, member in vars(base).items()
        if isinstance(member, kind) and name not in vars(cls)
    ]


def _answer_of(build: Callable[..., object]) -> str:
    """Return the type of what an endpoint answers, as its module writes it."""
    answer = str(build.__annotations__["return"])
    if inspect.iscoroutinefunction(build):
        return answer
    return answer[answer.index("[") + 1 : -1]


def _rows_of(build: Callable[..., object], iterator: type[object]) -> GenericAlias:
    """Return the type of what iterates over the rows of a list.

    The row stays as its module writes it: to resolve it would load every model that the module's
    signatures name.
    """
    return GenericAlias(iterator, (_answer_of(build),))


def _with_metadata(
    method: Callable[..., object],
    build: Callable[..., object],
    owner: type[object],
    returns: object,
) -> Callable[..., object]:
    method.__name__ = build.__name__
    method.__qualname__ = f"{owner.__qualname__}.{build.__name__}"
    method.__doc__ = build.__doc__
    method.__module__ = owner.__module__
    method.__annotations__ = {**build.__annotations__, "return": returns}
    signature = inspect.signature(build).replace(return_annotation=returns)
    setattr(method, "__signature__", signature)  # noqa: B010
    setattr(method, "__wrapped__", build)  # noqa: B010 (its module knows the types' names)
    return method
