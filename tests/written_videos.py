"""Annotated videos as tests write them, and what is in them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from age_pipeline.annotated_video import AnnotatedVideo
from age_pipeline.data import Image

NTSC = Fraction(30_000, 1001)
FORMATS = ["mp4", "mov", "mkv"]


def grey(level: int, width: int = 64, height: int = 48) -> Image:
    return np.full((height, width, 3), level, np.uint8)


def times_of(count: int, rate: Fraction, start_s: float = 0.0) -> list[float]:
    return [start_s + float(index / rate) for index in range(count)]


def record(
    path: Path, times: Sequence[float], rate: Fraction | None = NTSC, **more: object
) -> Path:
    with AnnotatedVideo(path, frame_rate=rate, **more) as video:  # type: ignore[arg-type]
        for index, time_s in enumerate(times):
            video.write(grey(index * 4), time_s)
    return path


def times_in(path: Path) -> list[float]:
    """The time of each picture that can be decoded."""
    with av.open(str(path)) as video:
        return [frame.time for frame in video.decode(video=0) if frame.time is not None]


def greys_in(path: Path) -> list[float]:
    """The grey of each picture, as OpenCV decodes it."""
    capture = cv2.VideoCapture(str(path))
    greys = []
    while (answer := capture.read())[0]:
        greys.append(float(answer[1].mean()))
    capture.release()
    return greys
