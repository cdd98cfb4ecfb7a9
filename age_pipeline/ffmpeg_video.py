"""What files and streams have in common for FFmpeg, by way of PyAV: opening, and pixels."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Protocol

import av
import numpy as np
from av.container import InputContainer
from av.sidedata.sidedata import SideData
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from age_pipeline.data import Image

# PyAV keeps FFmpeg itself from writing on stderr, unless it is asked to.

# A title in an old encoding is no reason to fail. PyAV needs no telling any more from 19 on.
_ANY_TITLE: dict[str, Any] = (
    {"metadata_errors": "replace"} if hasattr(InputContainer, "metadata_errors") else {}
)


class Ratio(Protocol):
    """What PyAV gives as a rate, a time base or an aspect, which is no Fraction from 19 on."""

    @property
    def numerator(self) -> int: ...

    @property
    def denominator(self) -> int: ...


def open_container(
    address: str,
    options: Mapping[str, str] | None = None,
    *,
    open_timeout_s: float | None = None,
    read_timeout_s: float | None = None,
) -> InputContainer:
    """Open a file or a stream; whoever does closes it.

    Args:
        address: As FFmpeg has it: a file begins with `file:`, whatever it is named.
        options: FFmpeg's.
        open_timeout_s: How long opening may take; None for ever. Nothing else cuts it short.
        read_timeout_s: How long each reading may take later, likewise.

    Raises:
        av.FFmpegError: It cannot be opened.
    """
    container: InputContainer = av.open(
        address,
        options=dict(options or {}),
        timeout=(open_timeout_s, read_timeout_s),
        **_ANY_TITLE,
    )
    return container


def exact(ratio: Ratio | None) -> Fraction | None:
    """A ratio of PyAV's as a Fraction; None where it is not known, which is 0 from PyAV 19 on."""
    return Fraction(ratio.numerator, ratio.denominator) if ratio else None


def find_video(container: InputContainer) -> VideoStream | None:
    """The first track of moving pictures; the cover of a piece of music is none."""
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            return stream
    return None


def to_image(frame: VideoFrame, reformatter: VideoReformatter) -> Image:
    """The pixels of a decoded frame, 8 bits a channel, upright.

    Pixels that are not square stay as they are, and transparency is left out.

    Args:
        frame: As its decoder gave it.
        reformatter: The same one for all frames of a video, for making one takes a fifth of the
            time; one thread at a time may use it.
    """
    colours = reformatter.reformat(frame, format="bgr24")
    image = np.asarray(colours.to_ndarray(), dtype=np.uint8)
    a, b, c, d = _turn(frame)
    if abs(b) > abs(a):
        image = image.transpose(1, 0, 2)
        a, d = c, b
    return np.ascontiguousarray(image[:: -1 if d < 0 else 1, :: -1 if a < 0 else 1])


def pixel_aspect(video: VideoStream, frame: VideoFrame) -> Fraction | None:
    """The width of an upright frame's pixels, in heights; None where square or unknown."""
    aspect = exact(video.sample_aspect_ratio)
    if aspect is None or aspect == 1:
        return None
    a, b, *_ = _turn(frame)
    return 1 / aspect if abs(b) > abs(a) else aspect


def _turn(frame: VideoFrame) -> tuple[int, int, int, int]:
    """What a frame's pixels are moved by, (a, b, c, d): a point goes to (a x + c y, b x + d y)."""
    matrix = frame.side_data.get("DISPLAYMATRIX")
    if not isinstance(matrix, SideData):
        return 1, 0, 0, 1
    # ISO 14496-12, 6.2.2: [a b u; c d v; x y w]
    a, b, _, c, d = np.frombuffer(bytes(matrix), np.int32)[:5].tolist()
    return a, b, c, d


def reason(error: av.FFmpegError) -> str:
    """FFmpeg's words for what went wrong, without the address, which may hold a password."""
    if isinstance(error, av.ExitError):
        return "nothing came for too long"
    return error.strerror or type(error).__name__
