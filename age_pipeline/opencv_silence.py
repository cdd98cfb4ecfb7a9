"""OpenCV's own lines on stderr, kept back while something runs whose failures we tell ourselves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

import cv2

_changing = Lock()
_levels: list[int] = []
"""The level before the first of those who want silence, then one for each further one."""


@contextmanager
def opencv_silence() -> Iterator[None]:
    """Keep OpenCV from writing on stderr; after the last who wants it, it says as much as before.

    The level is the whole process's, and threads may want silence at the same time.
    """
    logging = cv2.utils.logging
    with _changing:
        _levels.append(logging.getLogLevel())
        logging.setLogLevel(logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        with _changing:
            if len(_levels) == 1:
                logging.setLogLevel(_levels[0])
                _levels.clear()
            else:
                _levels.pop()
