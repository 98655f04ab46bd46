"""A client's attribute for a group of endpoints, which is imported and created on first use."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

R = TypeVar("R")


def lazy_resource(module: str) -> Callable[[Callable[[Any, type[R]], R]], LazyResource[R]]:
    """Create a group of endpoints, and import its module and models, on first use.

    Args:
        module: The module of the class that the decorated method returns.
    """
    return lambda make: LazyResource(module, make)


class LazyResource(Generic[R]):
    """The descriptor that `lazy_resource` makes."""

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
        """Return the group of a client; accessed on the client's class, the group's class."""
        kind: type[R] = getattr(
            importlib.import_module(self._module), self._make.__annotations__["return"]
        )
        if instance is None:
            return kind
        made = self._make(instance, kind)
        # An attribute of the instance is found before this descriptor.
        vars(instance)[self._name] = made
        return made

    def forget(self, instance: object) -> None:
        """Delete the group of a client, so that the next access creates a new one."""
        vars(instance).pop(self._name, None)


def forget_resources(client: object) -> None:
    """Delete every group of a client, so that new ones use its current session."""
    for owner in type(client).__mro__:
        for member in vars(owner).values():
            if isinstance(member, LazyResource):
                member.forget(client)
