"""Shows the signatures and fields that users see, on the pages made from docstrings.

An endpoint is written as a function that returns an `Operation` or a `Poll` of an answer; what
users call returns the answer. A list is written as one that returns its `Pages`; what users call
iterates over their rows. A model's field says how it is read; what users get has a plain type.
"""

from __future__ import annotations

import ast
import inspect
import types
import typing
from enum import Enum
from typing import Any

import griffe
from pydantic import BaseModel

from qpaykit.models.invoices import InvoiceFields, InvoiceRequest

OPERATIONS = {"Operation", "Poll", "Pages"}
HEADING = "\n\nAttributes:\n"


class PublicSignatures(griffe.Extension):
    """Replaces the signatures of endpoints and models by those that users see."""

    def on_function(self, *, func: griffe.Function, **_: Any) -> None:  # noqa: ANN401
        """Change what an endpoint is said to return."""
        decorators = {str(decorator.value) for decorator in func.decorators}
        if not decorators & {"endpoint", "paginated"}:
            return
        func.decorators.clear()
        if "async" in func.labels:  # a flow of several requests returns what users get
            func.labels.discard("async")
            return
        returns = func.returns
        if not isinstance(returns, griffe.ExprSubscript) or str(returns.left) not in OPERATIONS:
            raise TypeError(f"{func.path} is an endpoint and returns no operation: {returns}")
        func.returns = returns.slice
        if str(returns.left) == "Pages":
            func.returns = griffe.ExprSubscript(griffe.ExprName("Iterator"), returns.slice)

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:  # noqa: ANN401
        """Describe the fields of models and the words of enums."""
        for module in [*pkg["models"].members.values(), *pkg["quickqr.models"].members.values()]:
            if isinstance(module, griffe.Module):
                for written in module.classes.values():
                    _describe(written)


def _describe(written: griffe.Class) -> None:
    module = __import__(written.module.path, fromlist=["*"])
    real = getattr(module, written.name)
    if issubclass(real, Enum):
        _add_attributes(written, {member.name: f"`{member.value}`" for member in real})
    elif issubclass(real, BaseModel):
        hints = typing.get_type_hints(real)
        for name in real.model_fields:
            field = written.members.get(name)
            if isinstance(field, griffe.Attribute):
                field.annotation = _expression(shown(hints[name]), written)
        _add_attributes(written, dict.fromkeys(real.model_fields, ""))
    elif real is InvoiceFields:
        _document_invoice_fields(written)


def _document_invoice_fields(written: griffe.Class) -> None:
    """Describe the arguments of `create` as `InvoiceRequest` describes its fields."""
    request = inspect.getdoc(InvoiceRequest)
    if written.docstring is None or request is None:
        raise TypeError("InvoiceFields and InvoiceRequest must have docstrings")
    described = request.partition("Attributes:\n")[2]
    for name, hint in typing.get_type_hints(InvoiceFields).items():
        if f"    {name}: " not in described:
            raise TypeError(f"InvoiceRequest does not describe {name}")
        field = griffe.Attribute(name, annotation=_expression(shown(hint), written))
        written.set_member(name, field)  # some are inherited, and have no place here yet
    written.docstring.value = f"The keyword arguments of `invoices.create`.{HEADING}{described}"


def _add_attributes(written: griffe.Class, described: dict[str, str]) -> None:
    docstring = written.docstring
    if docstring is None or HEADING.strip() in docstring.value:
        return
    lines = [f"    {name}: {text}" for name, text in described.items()]
    docstring.value = docstring.value.rstrip() + HEADING + "\n".join(lines)


def _expression(text: str, scope: griffe.Class) -> griffe.Expr | str | None:
    return griffe.safe_get_annotation(ast.parse(text, mode="eval").body, parent=scope.module)


def shown(hint: Any) -> str:  # noqa: ANN401 (a type is whatever stands for one)
    """Write a type as users would."""
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) in {typing.Union, types.UnionType}:
        return " | ".join(dict.fromkeys(shown(argument) for argument in arguments))
    if hint is type(None):
        return "None"
    if arguments:
        name = getattr(typing.get_origin(hint), "__name__", str(hint))
        return f"{name}[{', '.join(map(shown, arguments))}]"
    return str(getattr(hint, "__name__", hint))
