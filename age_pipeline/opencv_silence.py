"""OpenCV's own lines on stderr, kept back while something runs whose failures we tell ourselves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import cv2


@contextmanager
def opencv_silence() -> Iterator[None]:
    """Keep OpenCV from writing on stderr; afterwards it says as much as before."""
    before = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        cv2.utils.logging.setLogLevel(before)
