"""Video files, as FFmpeg reads them by way of PyAV: every frame, at its exact time."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from age_pipeline.data import Frame
from age_pipeline.errors import InputError
from age_pipeline.ffmpeg_video import (
    exact,
    find_video,
    open_container,
    pixel_aspect,
    reason,
    to_image,
)
from age_pipeline.file_reading import explain
from age_pipeline.letterbox import letterboxed
from age_pipeline.pictures import MAX_PIXELS
from age_pipeline.reading_thread import ReadingThread
from age_pipeline.video_decoder import VideoDecoder, timed, told_time_s
from age_pipeline.video_source import WHOLE, Cut, Moment, VideoSource, nothing_left

_AHEAD = 4
"""How many frames wait decoded; FFmpeg's own threads hold as many more as there are cores."""

_SEEK_MARGIN_S = 1.0
"""Files are searched by the times of decoding, which lie up to 16 pictures before those shown."""

_ASSUMED_RATE = Fraction(25)
"""Frames a second where a file tells neither rate nor times; FFmpeg assumes the same."""

log = logging.getLogger("detect_age")


class VideoFile(VideoSource):
    """A video file, frame by frame. A thread of its own decodes a little ahead.

    Frames come at the times that the file tells, whether their rate is constant or not, and turned
    as it tells. Where it is damaged, the rest is given, and one error is logged.

    Args:
        source: The file.
        cut: The part that is wanted. If that does not begin at the beginning, `Frame.index` is
            exact where the frame rate is constant.
        opened: The file, if it is not on this machine; `source` is only what it is called then.
    """

    def __init__(
        self, source: str, *, cut: Cut = WHOLE, opened: InputContainer | None = None
    ) -> None:
        self.name = source
        self._cut = cut
        self._opened = opened
        self._reformatter = VideoReformatter()
        self._is_damage_told = False

    def _open(self, stack: ExitStack) -> None:
        self._thread = ReadingThread(self._frames(), name=self.name, ahead=_AHEAD)
        stack.enter_context(self._thread)
        self._thread.wait_for_first()

    def __iter__(self) -> Iterator[Frame]:
        return self._thread.items(is_over=lambda: self.is_over())

    def _frames(self) -> Generator[Frame, None, None]:
        with self._opened or _open_file(self.name) as container:
            video = _require_video(container, self.name)
            decoder = VideoDecoder(container, video)
            last_s = None
            for each in self._cut.taken_from(self._moments(container, decoder, video)):
                pixels = to_image(each.picture, self._reformatter)
                image = letterboxed(pixels, self.width, self.height)
                yield Frame(image, self.name, index=each.index, time_s=each.time_s)
                last_s = each.time_s
                self._tell_damage(decoder, last_s)
            if last_s is None:
                raise nothing_left(self.name, self._cut)
            self._tell_damage(decoder, last_s)

    def _moments(
        self, container: InputContainer, decoder: VideoDecoder, video: VideoStream
    ) -> Iterator[Moment[VideoFrame]]:
        decoded = decoder.decoded()
        first = next(decoded, None)
        if first is None:
            raise _no_video(self.name)
        rate = exact(video.average_rate or video.guessed_rate)
        self._describe(container, video, first, rate)
        search_s = self._cut.start_s - _SEEK_MARGIN_S
        if search_s > 0 and decoder.seek(first, search_s):
            decoded = decoder.decoded()
        else:
            decoded = chain([first], decoded)
        return timed(decoded, first, rate or _ASSUMED_RATE)

    def _describe(
        self,
        container: InputContainer,
        video: VideoStream,
        first: VideoFrame,
        rate: Fraction | None,
    ) -> None:
        self.height, self.width = to_image(first, self._reformatter).shape[:2]
        self.pixel_aspect = pixel_aspect(video, first)
        self.has_lost_sound = bool(container.streams.audio) and self._opened is not None
        if container.streams.audio and self._opened is None:
            self.sound_file = Path(self.name)
            self.origin_s = told_time_s(first)
        if rate:
            self.frame_rate = rate / self._cut.every
            frames = video.frames or round((container.duration or 0) / av.time_base * rate)
            self.frame_count = self._cut.count(frames, rate) if frames else None

    def _tell_damage(self, decoder: VideoDecoder, time_s: float) -> None:
        if decoder.is_damaged and not self._is_damage_told and not self._thread.is_left.is_set():
            self._is_damage_told = True
            message = "%s is damaged after %.1f s: pictures are missing or spoilt; is it complete?"
            log.error(message, self.name, time_s)


def _open_file(name: str) -> InputContainer:
    try:
        # pathlib makes "." of the empty name.
        status = os.stat(name)  # noqa: PTH116
        if not stat.S_ISREG(status.st_mode):
            raise InputError("not_a_file", f"{name} is not a video file")
        if not status.st_size:
            raise InputError("empty", f"{name} is empty: it has no bytes")
        # FFmpeg's word for what the system refuses would be less exact than the system's.
        Path(name).open("rb").close()
    except FileNotFoundError as error:
        if "*" in name:
            message = f"{name} does not exist; pictures are their folder, or like frames/%04d.png"
            raise InputError("missing", message) from None
        raise explain(name, error) from error
    except ValueError as error:  # a byte 0 in the name, or what no file system can encode
        raise explain(name, FileNotFoundError(str(error))) from None
    except OSError as error:
        raise explain(name, error) from error
    try:
        # Whatever the name looks like to FFmpeg, it is a file's.
        return open_container(f"file:{name}")
    except av.FFmpegError as error:
        raise _no_video(name, reason(error)) from error


def _require_video(container: InputContainer, name: str) -> VideoStream:
    # Of a text FFmpeg makes a film, as terminals showed it; "png_pipe" is what it calls a picture.
    kind = container.format.name
    if kind == "tty":
        raise InputError("not_an_image", f"{name} is a text, not a video")
    if kind.endswith("_pipe"):
        raise InputError("unsupported", f"{name} is one picture: detect_age.py reads pictures")
    video = find_video(container)
    if video is None:
        if container.streams.audio:
            raise InputError("not_an_image", f"{name} holds sound, but no moving pictures")
        raise _no_video(name)
    if video.codec_context is None:
        message = f"{name}: FFmpeg cannot decode its pictures; convert it to H.264"
        raise InputError("unsupported", message)
    if video.width * video.height > MAX_PIXELS:
        size = f"{video.width} x {video.height} pixels, more than {MAX_PIXELS:,}"
        raise InputError("too_large", f"{name} has {size}: make it smaller")
    return video


def _no_video(name: str, why: str = "") -> InputError:
    message = f"{name}: no video can be read from it; is it one, and is it complete?"
    return InputError("damaged", f"{message} ({why})" if why else message)
