"""Headers that are kept ready: the right ones for each request, and not one token for ever."""

from __future__ import annotations

from pydantic import SecretStr

from qpaykit._http.transport import SyncTransport
from support import BASE

MOST = 256


def test_headers_of_old_tokens_are_not_kept_for_ever() -> None:
    transport = SyncTransport(BASE, None)
    for n in range(4 * MOST):
        transport._headers_for(SecretStr(f"Bearer {n}"), None)
    assert len(transport._sets) <= MOST


def test_each_token_and_length_has_its_own_headers_however_many_there_are() -> None:
    transport = SyncTransport(BASE, None)
    for length in (*range(2 * MOST), *range(2 * MOST)):
        headers = transport._headers_for(SecretStr(f"Bearer {length}"), length)
        assert headers["authorization"] == f"Bearer {length}"
        assert headers["content-length"] == str(length)
        assert ("content-type" in headers) is (length > 0)
