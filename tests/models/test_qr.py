"""An invoice has a QR code and a wallet link, whatever QPay left out of them."""

from __future__ import annotations

import base64
import sys

import cv2
import numpy as np
import pytest

from qpaykit import Invoice

PNG = b"\x89PNG\r\n\x1a\n, and so on\x00\x00\x00\x00IEND\xaeB`\x82"
STUMP = base64.b64encode(PNG[:12]).decode()
ENCODED = base64.b64encode(PNG).decode()
TEXT = "00020101021215312794049627940496000223100271381520457345303496540310058"


@pytest.mark.parametrize("image", [ENCODED, f"data:image/png;base64,{ENCODED}"])
def test_qpays_own_picture_is_used(image: str) -> None:
    assert Invoice.model_validate({"qr_image": image, "qr_text": TEXT}).qr_png() == PNG


@pytest.mark.parametrize("image", [None, "", "AAAA", "A", "зураг", STUMP])
def test_a_picture_is_drawn_where_qpay_sent_none(image: str | None) -> None:
    drawn = Invoice.model_validate({"qr_image": image, "qr_text": TEXT}).qr_png()
    pixels = cv2.imdecode(np.frombuffer(drawn, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert pixels is not None
    assert cv2.QRCodeDetector().detectAndDecode(pixels)[0] == TEXT


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "segno", None)
    with pytest.raises(ImportError, match=r"qpaykit\[qr\]"):
        Invoice.model_validate({"qr_text": TEXT}).qr_png()


def test_without_picture_and_text_there_is_nothing_to_draw() -> None:
    with pytest.raises(ValueError, match="neither"):
        Invoice.model_validate({"invoice_id": "1"}).qr_png()


KHAN = {"name": "Khan bank", "link": "khanbank://q?qPay_QRcode=1"}
BY_NAME = {"name": "qPay хэтэвч", "link": "https://s.qpay.mn/1"}
BY_SCHEME = {"name": "Хэтэвч", "link": "qpaywallet://q?qPay_QRcode=1"}
NO_LINK = {"name": "qPay wallet"}


@pytest.mark.parametrize(
    ("urls", "link"),
    [
        ([KHAN, BY_NAME], BY_NAME["link"]),
        ([KHAN, BY_SCHEME], BY_SCHEME["link"]),
        ([BY_NAME, BY_SCHEME], BY_SCHEME["link"]),
        ([NO_LINK, BY_SCHEME], BY_SCHEME["link"]),
        ([KHAN], None),
        ([NO_LINK, {}], None),
        ([], None),
    ],
)
def test_the_wallet_is_known_by_its_scheme_and_then_by_its_name(
    urls: list[dict[str, str]], link: str | None
) -> None:
    assert Invoice.model_validate({"urls": urls}).wallet_link == link
