"""Reads and decompresses the body of a response, with limits on its size and time."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_BODY_BYTES = 32 * 1024 * 1024

_GZIP_OR_DEFLATE_WBITS = 32 + zlib.MAX_WBITS
_RAW_DEFLATE_WBITS = -zlib.MAX_WBITS
_CODINGS = frozenset({"gzip", "x-gzip", "deflate"})


class BodyError(Exception):
    """The body cannot be read; the message says why."""


class LateError(Exception):
    """The body did not end before the attempt's deadline."""


class Body:
    """Collects a body chunk by chunk.

    Args:
        coding: The Content-Encoding header; "" where there is none.
        seconds_left: Returns the seconds that are left of the attempt's timeout.

    Raises:
        BodyError: The coding is not one that the request accepts. Stacked codings are refused too,
            because a few kilobytes of them could fill the memory.
    """

    def __init__(self, coding: str, seconds_left: Callable[[], float]) -> None:
        coding = coding.strip().lower()
        if coding not in _CODINGS and coding not in {"", "identity"}:
            msg = f"the answer has a content-encoding that was not asked for: {coding[:40]!r}"
            raise BodyError(msg)
        self._seconds_left = seconds_left
        self._content = bytearray()
        self._received = False
        self._decoder = zlib.decompressobj(_GZIP_OR_DEFLATE_WBITS) if coding in _CODINGS else None
        # Some servers send deflate without its header. The bytes received so far are kept, so that
        # they can be decoded again as raw deflate.
        self._head: bytes | None = b"" if coding == "deflate" else None

    def add(self, chunk: bytes) -> None:
        """Add a chunk of the body.

        Raises:
            BodyError: The body is too large, or its compression is broken.
            LateError: The deadline has passed.
        """
        if self._decoder is None:
            self._content += chunk
        else:
            self._received = self._received or bool(chunk)
            self._decode(chunk)
        if len(self._content) > MAX_BODY_BYTES:
            msg = f"the answer is larger than {MAX_BODY_BYTES} bytes"
            raise BodyError(msg)
        if self._seconds_left() <= 0:
            raise LateError

    def content(self) -> bytes:
        """Return the whole body.

        Raises:
            BodyError: The compressed data ends too early, so that a part of the body is missing.
        """
        is_empty = self._decoder is not None and not self._content and not self._received
        if self._decoder is not None and not self._decoder.eof and not is_empty:
            raise BodyError("the answer's compression ends too early")
        return bytes(self._content)

    def _decode(self, chunk: bytes) -> None:
        while chunk and len(self._content) <= MAX_BODY_BYTES:
            if self._decoder is None:
                return
            free = MAX_BODY_BYTES + 1 - len(self._content)
            try:
                self._content += self._decoder.decompress(chunk, free)
            except zlib.error:
                if self._head is None or self._content:
                    raise BodyError("the answer's compression is broken") from None
                chunk, self._head = self._head + chunk, None
                self._decoder = zlib.decompressobj(_RAW_DEFLATE_WBITS)
                continue
            if self._head is not None and not self._content:
                self._head += chunk
            chunk = self._decoder.unconsumed_tail
