"""How many cores this process may use, and how many of them OpenCV uses for one picture."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import cv2


def usable_cores() -> int:
    """How many cores this process may use, which may be fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def opencv_threads(count: int) -> Iterator[None]:
    """Let OpenCV use so many threads for each of its functions, at least one."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(max(count, 1))
    try:
        yield
    finally:
        cv2.setNumThreads(before)
