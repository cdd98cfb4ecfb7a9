"""Videos that come over a network: streams, which are live, and files on a web server."""

from __future__ import annotations

import re
import time
from collections.abc import Generator, Iterator
from functools import partial
from types import TracebackType
from typing import Any, Self

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from age_pipeline.data import Frame, Image
from age_pipeline.errors import CameraError
from age_pipeline.live_source import PATIENCE_S, LiveSource, stopped
from age_pipeline.video_decoding import find_video, open_container, reason, to_image
from age_pipeline.video_file import VideoFile
from age_pipeline.video_source import WHOLE, Cut, VideoSource

# Over UDP, which FFmpeg would try first, a picture whose packets are lost comes smeared.
_OPTIONS = {"rtsp_flags": "prefer_tcp"}


def shown_address(address: str) -> str:
    """An address without what may be secret in it: the user and password, and what follows "?"."""
    shown = re.sub(r"://[^?]*@", "://", address)
    # An "@" behind a "?" may end a password that has one, or be part of what follows the address.
    return re.sub(r"(?<=://).*@.*|(?<=\?).*", "...", shown)


class NetworkVideo(VideoSource):
    """Whatever an address leads to.

    What comes over HTTP and tells its length is a file: every frame is given, and it has an end.
    Everything else is live.

    Args:
        address: With `://`.
        cut: The part that is wanted.
        reconnect: See `LiveSource`.
    """

    def __init__(self, address: str, *, cut: Cut = WHOLE, reconnect: bool = False) -> None:
        self.name = shown_address(address)
        self._address = address
        self._cut = cut
        self._reconnect = reconnect

    def __enter__(self) -> Self:
        self._source = self._find_source()
        self._source.__enter__()
        self.is_live = self._source.is_live
        self.width, self.height = self._source.width, self._source.height
        self.frame_rate = self._source.frame_rate
        self.frame_count = self._source.frame_count
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._source.__exit__(kind, error, trace)

    def __iter__(self) -> Iterator[Frame]:
        return iter(self._source)

    def _find_source(self) -> VideoSource:
        opened: list[InputContainer] = []
        if self._address.lower().startswith(("http:", "https:")):
            try:
                container = _open_stream(self._address)
            except CameraError:
                if not self._reconnect:
                    raise
            else:
                if (container.duration or 0) > 0:
                    return VideoFile(self.name, cut=self._cut, opened=container)
                opened.append(container)
        pictures = partial(_stream_pictures, self._address, opened)
        return LiveSource(self.name, pictures, cut=self._cut, reconnect=self._reconnect)


def _stream_pictures(address: str, opened: list[InputContainer]) -> Generator[Image, None, None]:
    """Open a stream, and give its pictures as they come.

    Args:
        address: With `://`.
        opened: The stream, if it is open already; the list is emptied. Some cameras serve one
            visitor at a time, so what was opened to see what it is must not be opened twice.

    Raises:
        CameraError: It gives none, or no more.
    """
    name = shown_address(address)
    with opened.pop() if opened else _open_stream(address) as container:
        video = find_video(container)
        if video is None or video.codec_context is None:
            raise CameraError(f"{name} gives no pictures: check the address")
        reformatter = VideoReformatter()
        why = "it has ended"
        try:
            for frame in _decoded_in_time(container, video):
                yield to_image(frame, reformatter)
        except av.FFmpegError as error:
            why = reason(error)
    raise stopped(name, why)


def _open_stream(address: str) -> InputContainer:
    try:
        return open_container(address, _OPTIONS, PATIENCE_S)
    except av.FFmpegError as error:
        message = f"{shown_address(address)} cannot be opened: check the address ({reason(error)})"
        raise CameraError(message) from error


def _decoded_in_time(container: InputContainer, video: VideoStream) -> Iterator[VideoFrame]:
    last_s = time.monotonic()
    for packet in container.demux():
        if packet.stream.index == video.index:
            yield from _decoded(packet)
            last_s = time.monotonic()
        elif time.monotonic() - last_s > PATIENCE_S:
            # Sound that goes on without pictures is no sign of life.
            return


def _decoded(packet: Packet[Any]) -> list[VideoFrame]:
    try:
        frames: list[VideoFrame] = packet.decode()
        return frames
    except av.FFmpegError:
        # A bad line has damaged it; the next picture is on its way.
        return []
