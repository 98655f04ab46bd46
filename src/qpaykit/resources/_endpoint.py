"""Turns one description of an endpoint into a sync and an async method."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, Generic, TypeVar, overload

from typing_extensions import ParamSpec, Self

from qpaykit._http.session import Session
from qpaykit._sync import run_sync
from qpaykit.operation import Operation, Poll

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
        for name, build in _endpoints(cls):

            def method(self: SyncResource, *args: Any, __build: Any = build, **kwargs: Any) -> Any:
                return run_sync(self._flow(__build(self, *args, **kwargs)))

            setattr(cls, name, _with_metadata(method, build, cls))


class AsyncResource(Resource):
    """A group of endpoints whose methods are awaited."""

    def __init_subclass__(cls) -> None:
        """Make coroutine methods of the endpoints that the class inherits."""
        for name, build in _endpoints(cls):

            async def method(
                self: AsyncResource, *args: Any, __build: Any = build, **kwargs: Any
            ) -> Any:
                return await self._flow(__build(self, *args, **kwargs))

            setattr(cls, name, _with_metadata(method, build, cls))


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


def _endpoints(
    cls: type[Resource],
) -> list[tuple[str, Callable[..., Operation[Any] | Poll[Any] | Coroutine[Any, Any, Any]]]]:
    return [
        (name, member._build)
        for base in cls.__mro__
        for name, member in vars(base).items()
        if isinstance(member, endpoint) and name not in vars(cls)
    ]


def _with_metadata(
    method: Callable[..., object], build: Callable[..., object], owner: type[object]
) -> Callable[..., object]:
    method.__name__ = build.__name__
    method.__qualname__ = f"{owner.__qualname__}.{build.__name__}"
    method.__doc__ = build.__doc__
    method.__module__ = owner.__module__
    signature = inspect.signature(build)
    answer = str(signature.return_annotation)
    if not inspect.iscoroutinefunction(build):
        answer = answer[answer.index("[") + 1 : -1]
    method.__annotations__ = {**build.__annotations__, "return": answer}
    setattr(method, "__signature__", signature.replace(return_annotation=answer))  # noqa: B010
    setattr(method, "__wrapped__", build)  # noqa: B010 (its module knows the types' names)
    return method
