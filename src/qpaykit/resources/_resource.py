"""A group of endpoints as an attribute of a client, made when it is first used."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

R = TypeVar("R")


def resource(module: str) -> Callable[[Callable[[Any, type[R]], R]], LazyResource[R]]:
    """Make a group of endpoints, and load its module and models, when it is first used.

    Args:
        module: Where the class is that the decorated method names as its answer.
    """
    return lambda make: LazyResource(module, make)


class LazyResource(Generic[R]):
    """The attribute that `resource` makes."""

    def __init__(self, module: str, make: Callable[[Any, type[R]], R]) -> None:
        self._module = module
        self._make = make
        self.__doc__ = make.__doc__

    def __set_name__(self, owner: type[object], name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type[object]) -> type[R]: ...
    @overload
    def __get__(self, instance: object, owner: type[object]) -> R: ...
    def __get__(self, instance: object | None, owner: type[object]) -> type[R] | R:
        """Return the group of a client; its class where a class of clients is asked."""
        kind: type[R] = getattr(
            importlib.import_module(self._module), self._make.__annotations__["return"]
        )
        if instance is None:
            return kind
        made = self._make(instance, kind)
        # From now on it is found there, before this descriptor is.
        vars(instance)[self._name] = made
        return made

    def forget(self, instance: object) -> None:
        """Let the group of a client be made anew."""
        vars(instance).pop(self._name, None)


def forget_resources(client: object) -> None:
    """Let every group of a client be made anew, with what the client has now."""
    for owner in type(client).__mro__:
        for member in vars(owner).values():
            if isinstance(member, LazyResource):
                member.forget(client)
