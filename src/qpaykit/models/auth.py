"""The answer of auth/token and auth/refresh."""

from pydantic import Field

from qpaykit.models.base import ResponseModel
from qpaykit.models.money import ResponseMoney


class TokenResponse(ResponseModel):
    """A token pair as QPay sends it; `expires_in` is a point in time, against its name."""

    token_type: str | None = None
    access_token: str | None = Field(default=None, repr=False)
    refresh_token: str | None = Field(default=None, repr=False)
    expires_in: ResponseMoney = None
    refresh_expires_in: ResponseMoney = None
    scope: str | None = None
    not_before_policy: str | None = Field(default=None, alias="not-before-policy")
    session_state: str | None = Field(default=None, repr=False)

    def __repr_args__(self) -> list[tuple[str | None, object]]:
        """Leave out what is not known: it may be another token."""
        return [pair for pair in super().__repr_args__() if pair[0] in type(self).model_fields]
