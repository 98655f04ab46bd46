"""The base classes of all requests and all answers."""

from collections.abc import Iterable, Mapping
from typing import ClassVar, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError, to_json

from qpaykit._redaction import MASK, Redactor, is_private, shown

Extra: TypeAlias = Mapping[str, JsonValue]
"""Further fields of a request, which its model does not know."""

A = TypeVar("A", bound="ResponseModel")


class RequestModel(BaseModel):
    """A request to QPay: unknown fields and wrong types are refused."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        populate_by_name=True,
        defer_build=True,
    )

    def to_json(self, extra: Extra | None = None) -> bytes:
        """Return the body to send; what is None is left out.

        Args:
            extra: Further fields, which this model does not know.

        Raises:
            pydantic.ValidationError: One of them is a field that it knows.
        """
        if extra:
            return self._with_extra(extra)
        # Calling the serializer directly takes half the time of `model_dump_json`.
        body: bytes = self.__pydantic_serializer__.to_json(self, by_alias=True, exclude_none=True)
        return body

    def _with_extra(self, extra: Extra) -> bytes:
        known = sorted(name for name in extra if name in type(self).model_fields)
        if known:
            raise ValidationError.from_exception_data(
                type(self).__name__,
                [
                    InitErrorDetails(
                        type=PydanticCustomError("extra", "has an argument of its own: use that"),
                        loc=("extra", name),
                        input=None,
                    )
                    for name in known
                ],
                hide_input=True,
            )
        content = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        return to_json({**content, **extra})


class ResponseModel(BaseModel):
    """An answer of QPay: any field may be missing, and unknown fields are kept."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="allow",
        frozen=True,
        hide_input_in_errors=True,
        populate_by_name=True,
        coerce_numbers_to_str=True,
        defer_build=True,
    )

    def __repr_args__(self) -> Iterable[tuple[str | None, object]]:
        for name, value in super().__repr_args__():
            private = name is not None and is_private(name)
            # The name of an unknown field may contain a secret.
            known = name if name in type(self).model_fields else name and Redactor().text(name)
            yield known, MASK if private else shown(value)


def readable(model: type[ResponseModel], content: Mapping[str, object]) -> dict[str, object]:
    """Leave out the fields that a model cannot read, so that the others can be used."""
    known = dict(content)
    while known:
        try:
            model.model_validate(known)
        except ValidationError as problem:  # noqa: PERF203 (a second turn is rare)
            broken = {error["loc"][0] for error in problem.errors() if error["loc"]}
            known = {name: value for name, value in known.items() if name not in broken}
            if not broken:
                return {}
        else:
            break
    return known


def read_json(model: type[A], body: bytes | str) -> A:
    """Read a body; half of what `model_validate_json` takes is its own preparations."""
    answer: A = model.__pydantic_validator__.validate_json(body)
    return answer
