"""The pictures of a video file, decoded in order, and what a damaged file still gives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from age_pipeline.ffmpeg_video import exact
from age_pipeline.video_source import Moment

_DISCONTINUITY_S = 1
"""What leaps back by more is another recording, joined to the one before."""

_LONGEST_S = 1e9
"""Thirty years: in nanoseconds, they fit into the 64 bits of FFmpeg's times."""

_TICK_S = Fraction(1, 1000)
"""The least time between two pictures; broken files give two the same."""

_SHORT_OF_S = 0.5
"""How much earlier than it says a sound file may end."""


class VideoDecoder:
    """Decodes the video track of an open file.

    Args:
        container: The file.
        video: The track in it.

    Attributes:
        is_damaged: Whether something could not be read so far.
    """

    def __init__(self, container: InputContainer, video: VideoStream) -> None:
        self.is_damaged = False
        self._container = container
        self._video = video
        # All cores, for as long as frames need not come at once.
        video.thread_type = "AUTO"

    def seek(self, first: VideoFrame, time_s: float) -> bool:
        """Go to the last picture before a time from which decoding can start.

        Args:
            first: The file's first picture.
            time_s: After that, in seconds.

        Returns:
            Whether the file allows it; if not, decoding goes on where it was.
        """
        tick_s = exact(self._video.time_base)
        if first.pts is None or tick_s is None:
            return False
        offset = first.pts + int(min(time_s, _LONGEST_S) / tick_s)
        try:
            self._container.seek(offset, stream=self._video)
        except av.FFmpegError:
            return False
        return True

    def decoded(self) -> Iterator[VideoFrame]:
        """Decode from here to the end, and over what is damaged."""
        end_s = 0.0
        packets = self._container.demux()
        while (packet := self._next(packets)) is not None:
            self.is_damaged |= packet.is_corrupt
            if packet.pts is not None and (tick_s := exact(packet.time_base)) is not None:
                end_s = max(end_s, float((packet.pts + (packet.duration or 0)) * tick_s))
            if packet.stream.index == self._video.index:
                yield from self._decode(packet)
        # Matroska says how long it should be; all others have their damage found by now.
        if "matroska" in self._container.format.name:
            told_s = (self._container.duration or 0) / av.time_base
            self.is_damaged |= end_s < told_s - _SHORT_OF_S

    def _next(self, packets: Iterator[Packet[Any]]) -> Packet[Any] | None:
        try:
            return next(packets, None)
        except av.FFmpegError:
            self.is_damaged = True
            return None

    def _decode(self, packet: Packet[Any]) -> list[VideoFrame]:
        if packet.is_corrupt:
            # Decoded, it would cost the pictures that are still in the decoder.
            return []
        try:
            frames: list[VideoFrame] = packet.decode()
        except av.FFmpegError:
            self.is_damaged = True
            return []
        self.is_damaged |= any(frame.is_corrupt for frame in frames)
        return frames


def told_time_s(frame: VideoFrame) -> Fraction | None:
    """When a file shows a frame, as it counts time, in seconds; None where it does not say."""
    tick_s = exact(frame.time_base)
    return None if frame.pts is None or tick_s is None else frame.pts * tick_s


def timed(
    frames: Iterable[VideoFrame], first: VideoFrame, frame_rate: Fraction
) -> Iterator[Moment[VideoFrame]]:
    """Give each frame with its number and its time after the first of its file; times only grow.

    Args:
        frames: One after another, from anywhere in the file.
        first: The file's first one.
        frame_rate: Frames a second; numbers the first of `frames`, and times them where the file
            does not.
    """
    origin_s = told_time_s(first) or Fraction(0)
    index, before_s = 0, None
    for frame in frames:
        told_s = told_time_s(frame)
        if before_s is None:
            time_s = Fraction(0) if told_s is None else told_s - origin_s
            index = round(time_s * frame_rate)
        else:
            index += 1
            next_s = before_s + 1 / frame_rate
            if told_s is None:
                told_s = next_s + origin_s
            elif told_s - origin_s < before_s - _DISCONTINUITY_S:
                origin_s = told_s - next_s
            time_s = max(told_s - origin_s, before_s + _TICK_S)
        yield Moment(index, float(time_s), frame)
        before_s = time_s
