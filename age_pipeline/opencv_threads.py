"""How many threads OpenCV runs each of its functions in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import cv2


@contextmanager
def opencv_threads(count: int) -> Iterator[None]:
    """Let OpenCV, and the engines that are made ready meanwhile, use so many, at least one."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(max(count, 1))
    try:
        yield
    finally:
        cv2.setNumThreads(before)
