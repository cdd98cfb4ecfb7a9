from __future__ import annotations

from contextlib import suppress

import cv2

from age_pipeline.opencv_threads import opencv_threads


def test_opencv_has_so_many_threads_and_then_as_many_as_before() -> None:
    before = cv2.getNumThreads()
    with suppress(LookupError), opencv_threads(before + 1):
        assert cv2.getNumThreads() == before + 1
        raise LookupError
    assert cv2.getNumThreads() == before


def test_it_has_at_least_one() -> None:
    with opencv_threads(0):
        assert cv2.getNumThreads() == 1
