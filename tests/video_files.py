"""Small videos, written when a test wants one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np


def save_video(
    path: Path,
    greys: Iterable[int] = (40, 80, 120, 160, 200),
    *,
    frame_rate: float = 10,
    size: tuple[int, int] = (64, 48),
) -> Path:
    """Write a video of plain grey frames in a format that every OpenCV writes (Motion JPEG, AVI).

    OpenCV's own writer does it: FFmpeg takes its log level from the first who uses it in a process,
    and that must be the code under test.

    Args:
        path: Ends in `.avi`.
        greys: The grey of each frame, 0 to 255.
        frame_rate: Frames a second.
        size: Width and height in pixels.
    """
    motion_jpeg = cv2.VideoWriter.fourcc(*"MJPG")
    writer = cv2.VideoWriter(str(path), cv2.CAP_OPENCV_MJPEG, motion_jpeg, frame_rate, size)
    assert writer.isOpened()
    for grey in greys:
        writer.write(np.full((size[1], size[0], 3), grey, np.uint8))
    writer.release()
    return path
