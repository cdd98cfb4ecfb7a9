"""OpenCV keeps quiet for a while."""

from __future__ import annotations

import cv2
import pytest

from age_pipeline.opencv_silence import opencv_silence


def test_the_level_is_given_back_after_an_error_too() -> None:
    before = cv2.utils.logging.getLogLevel()
    with opencv_silence():
        assert cv2.utils.logging.getLogLevel() == cv2.utils.logging.LOG_LEVEL_SILENT
    assert cv2.utils.logging.getLogLevel() == before
    with pytest.raises(LookupError), opencv_silence():
        raise LookupError
    assert cv2.utils.logging.getLogLevel() == before


def test_the_last_of_two_who_want_silence_ends_it() -> None:
    before = cv2.utils.logging.getLogLevel()
    first, second = opencv_silence(), opencv_silence()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert cv2.utils.logging.getLogLevel() == cv2.utils.logging.LOG_LEVEL_SILENT
    second.__exit__(None, None, None)
    assert cv2.utils.logging.getLogLevel() == before


def test_opencv_says_nothing_meanwhile(capfd: pytest.CaptureFixture[str]) -> None:
    with opencv_silence():
        assert cv2.imread("no such file.png") is None
    assert capfd.readouterr().err == ""
