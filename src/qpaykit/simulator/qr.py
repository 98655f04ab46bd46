"""QR texts as Mongolian banks read them: EMVCo's tag, length, value, with a check sum."""

from __future__ import annotations

import base64
import binascii
import io

import segno

_CURRENCY_MNT = "496"
_MASK_PATTERN = 2
_MERCHANT_ACCOUNT = "2794049600000000000000000000000"


def qr_text(*, merchant: str, reference: str, amount: str) -> str:
    """Write the text of a QR code.

    Args:
        merchant: The name that the buyer is shown; cut to 25 characters.
        reference: What the wallet sends back to QPay, at most 40 characters.
        amount: The amount in MNT, with a point before decimals.
    """
    content = "".join(
        (
            _field("00", "01"),
            _field("01", "12"),
            _field("15", _MERCHANT_ACCOUNT),
            _field("52", "5734"),
            _field("53", _CURRENCY_MNT),
            _field("54", amount),
            _field("58", "MN"),
            _field("59", merchant[:25]),
            _field("60", "Ulaanbaatar"),
            _field("62", _field("01", reference[:8]) + _field("07", reference)),
        )
    )
    content += "6304"
    return f"{content}{binascii.crc_hqx(content.encode(), 0xFFFF):04X}"


def png_base64(text: str) -> str:
    """Draw a QR code and return the PNG as QPay does: base64, without a `data:` prefix."""
    picture = io.BytesIO()
    # Trying all eight masks takes most of the time that an invoice takes here; any can be read.
    segno.make(text, error="m", mask=_MASK_PATTERN).save(picture, kind="png", scale=4, border=4)
    return base64.b64encode(picture.getvalue()).decode()


def _field(tag: str, value: str) -> str:
    return f"{tag}{len(value.encode()):02d}{value}"
