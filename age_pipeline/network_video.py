"""Videos that come over a network: streams, which are live, and files on a web server."""

from __future__ import annotations

import re
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from typing import Any

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from age_pipeline.data import Frame, Image
from age_pipeline.errors import CameraError
from age_pipeline.ffmpeg_video import find_video, open_container, reason, to_image
from age_pipeline.live_source import TIMEOUT_S, LiveSource, stopped
from age_pipeline.video_file import VideoFile
from age_pipeline.video_source import WHOLE, Cut, VideoSource

# Over UDP, which FFmpeg would try first, a picture whose packets are lost comes smeared.
_OPTIONS = {"rtsp_flags": "prefer_tcp"}

_SILENCE_S = 5.0
"""How long a stream may be silent: leaving waits as long. Over HTTP more is usual: a slow server,
or the next piece of a stream that comes in pieces of some seconds (HLS)."""


def shown_address(address: str) -> str:
    """An address without what may be secret in it: the user and password, and what follows "?"."""
    shown = re.sub(r"://[^?]*@", "://", address)
    # An "@" behind a "?" may end a password that has one, or be part of what follows the address.
    return re.sub(r"(?<=://).*@.*|(?<=\?).*", "...", shown)


class NetworkVideo(VideoSource):
    """Whatever an address leads to, which the first opening that succeeds decides.

    What comes over HTTP and tells its length is a file: every frame is given, and it has an end.
    Everything else is live.

    Args:
        address: With `://`.
        cut: The part that is wanted.
        reconnect: See `LiveSource`. A file is waited for as well, but only to be there.
    """

    def __init__(self, address: str, *, cut: Cut = WHOLE, reconnect: bool = False) -> None:
        self.name = shown_address(address)
        self._address = address
        self._cut = cut
        self._reconnect = reconnect
        self._may_be_file = _is_http(address)

    def _open(self, stack: ExitStack) -> None:
        live = LiveSource(self.name, self._pictures, cut=self._cut, reconnect=self._reconnect)
        try:
            self._source: VideoSource = stack.enter_context(live)
        except _FileFound as found:
            file = VideoFile(self.name, cut=self._cut, opened=found.container)
            self._source = stack.enter_context(file)
        self._source.is_over = lambda: self.is_over()
        self.is_live = self._source.is_live
        self.width, self.height = self._source.width, self._source.height
        self.frame_rate = self._source.frame_rate
        self.frame_count = self._source.frame_count
        self.has_lost_sound = self._source.has_lost_sound
        self.pixel_aspect = self._source.pixel_aspect

    def __iter__(self) -> Iterator[Frame]:
        return iter(self._source)

    def _pictures(self) -> Generator[Image, None, None]:
        """Open it, and give its pictures as they come.

        Raises:
            CameraError: It gives none, or no more.
            _FileFound: It is a file.
        """
        container = _open_stream(self._address)
        # Some cameras serve one visitor at a time: what was opened must not be opened twice.
        if self._may_be_file and (container.duration or 0) > 0:
            raise _FileFound(container)
        self._may_be_file = False
        with container:
            video = find_video(container)
            if video is None or video.codec_context is None:
                raise CameraError(f"{self.name} gives no pictures: check the address")
            reformatter = VideoReformatter()
            why = "it has ended"
            try:
                for frame in _decoded_in_time(container, video):
                    yield to_image(frame, reformatter)
            except av.FFmpegError as error:
                why = reason(error)
            except TimeoutError:
                why = f"none could be shown for {TIMEOUT_S:g} s"
        raise stopped(self.name, why)


class _FileFound(Exception):
    def __init__(self, container: InputContainer) -> None:
        super().__init__()
        self.container = container


def _is_http(address: str) -> bool:
    return address.lower().startswith(("http:", "https:"))


def _open_stream(address: str) -> InputContainer:
    try:
        return open_container(
            address,
            _OPTIONS,
            open_timeout_s=TIMEOUT_S,
            read_timeout_s=TIMEOUT_S if _is_http(address) else _SILENCE_S,
        )
    except av.FFmpegError as error:
        message = f"{shown_address(address)} cannot be opened: check the address ({reason(error)})"
        raise CameraError(message) from error


def _decoded_in_time(container: InputContainer, video: VideoStream) -> Iterator[VideoFrame]:
    last_s = time.monotonic()
    for packet in container.demux():
        frames = _decoded(packet) if packet.stream.index == video.index else []
        if frames:
            yield from frames
            last_s = time.monotonic()
        elif time.monotonic() - last_s > TIMEOUT_S:
            # Neither sound alone nor what cannot be decoded is a sign of life.
            raise TimeoutError


def _decoded(packet: Packet[Any]) -> list[VideoFrame]:
    try:
        frames: list[VideoFrame] = packet.decode()
        return frames
    except av.FFmpegError:
        # A bad line has damaged it; the next picture is on its way.
        return []
