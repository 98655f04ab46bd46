"""Reads the QR codes that shops and the simulator show."""

from __future__ import annotations

import cv2
import numpy


def read_qr(png: bytes) -> str:
    """Return what the QR code in a picture says, or an empty text where none is found."""
    picture = cv2.imdecode(numpy.frombuffer(png, numpy.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    # Each detector misses one code in a hundred, and at another size another one.
    detectors = (cv2.QRCodeDetectorAruco(), cv2.QRCodeDetector())
    sizes = (cv2.resize(picture, None, fx=scale, fy=scale) for scale in (1.0, 1.5, 0.75, 2.0))
    texts = (detector.detectAndDecode(one)[0] for one in sizes for detector in detectors)
    return next((text for text in texts if text), "")
