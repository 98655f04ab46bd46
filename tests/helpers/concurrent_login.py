"""A store in which another process is quicker by a moment."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from helpers.answers import token_body
from qpaykit import MemoryStore
from qpaykit._http.token import Token, token_from_response
from qpaykit.models import TokenResponse

if TYPE_CHECKING:
    from qpaykit.stores import ClaimState


class ConcurrentLoginStore(MemoryStore):
    """A store into which another process puts the `newer` token just before a claim."""

    newer: Token | None = None

    def claim(self, key: str, owner: str, *, lease: float) -> ClaimState:
        if self.newer is not None:
            self.set(key.replace("login:", "token:"), self.newer.to_json())
        return super().claim(key, owner, lease=lease)


def a_token(access: str) -> Token:
    return token_from_response(TokenResponse.model_validate(token_body(access)), time.time())
