"""Loads a module of a package when something in it is first asked for."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping


def lazy_names(package: str, names: Mapping[str, Iterable[str]]) -> Callable[[str], object]:
    """Make the `__getattr__` of a package.

    Args:
        package: Its full name.
        names: What each of its modules defines for it.
    """
    modules = {name: module for module, defined in names.items() for name in defined}

    def find(name: str) -> object:
        if name in names:
            return importlib.import_module(f"{package}.{name}")
        module = modules.get(name)
        if module is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found: object = getattr(importlib.import_module(f"{package}.{module}"), name)
        setattr(importlib.import_module(package), name, found)
        return found

    return find
