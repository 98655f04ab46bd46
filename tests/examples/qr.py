"""Reads the QR codes that shops show."""

from __future__ import annotations

import cv2
import numpy


def read_qr(png: bytes) -> str:
    """Return what the QR code in a picture says, or an empty text where none is found."""
    picture = cv2.imdecode(numpy.frombuffer(png, numpy.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    # The plain detector misses one code in a hundred.
    detectors = (cv2.QRCodeDetectorAruco(), cv2.QRCodeDetector())
    texts = (detector.detectAndDecode(picture)[0] for detector in detectors)
    return next((text for text in texts if text), "")
