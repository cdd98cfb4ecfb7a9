"""Small videos, written when a test wants one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from age_pipeline.data import Image


def plain(grey: int, size: tuple[int, int] = (64, 48)) -> Image:
    """A picture of one grey; `size` is width and height in pixels."""
    return np.full((size[1], size[0], 3), grey, np.uint8)


FILM = tuple(plain(grey) for grey in range(40, 240, 10))
"""Twenty pictures, each brighter than the one before."""

NOISE = tuple(np.random.default_rng(7).integers(0, 255, (20, 48, 64, 3)).astype(np.uint8))
"""Twenty pictures that no encoder makes small: most of a file is theirs."""


def save_video(
    path: Path,
    greys: Iterable[int] = (40, 80, 120, 160, 200),
    *,
    frame_rate: float = 10,
    size: tuple[int, int] = (64, 48),
) -> Path:
    """Write a video of plain grey frames in a format that every OpenCV writes (Motion JPEG, AVI).

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
        writer.write(plain(grey, size))
    writer.release()
    return path


def encode_video(
    path: Path,
    pictures: Sequence[Image] = FILM,
    *,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    frame_rate: Fraction | int = 10,
    times: Sequence[int] | None = None,
    options: dict[str, str] | None = None,
    pixel_aspect: Fraction | int = 0,
) -> Path:
    """Write a video as FFmpeg does; every fifth picture can be decoded without those before it.

    Args:
        path: Its suffix chooses the container.
        pictures: All of the first one's size.
        codec: As FFmpeg calls its encoder.
        pixels: The format of its pixels, likewise.
        frame_rate: Frames a second.
        times: Of each picture, in milliseconds, where they do not come at that rate.
        options: Of the container.
        pixel_aspect: The width of a pixel, in heights; 0 tells nothing of it.
    """
    with av.open(str(path), "w", options=options or {}) as output:
        stream = output.add_stream(codec, rate=frame_rate)
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt, stream.gop_size = pixels, 5
        stream.codec_context.sample_aspect_ratio = Fraction(pixel_aspect)
        if times is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            if times is not None:
                frame.pts, frame.time_base = times[number], Fraction(1, 1000)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def cut_off(path: Path, share: float = 0.6) -> Path:
    """Keep only so much of a file, from its beginning."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path
