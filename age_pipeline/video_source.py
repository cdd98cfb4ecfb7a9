"""What a video is to the rest of the program: frames one after another, from whatever source."""

from __future__ import annotations

import math
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Generic, Self, TypeVar
from urllib.request import url2pathname

from age_pipeline.data import Frame
from age_pipeline.errors import InputError
from age_pipeline.reading_thread import never

Picture = TypeVar("Picture")

_ROUNDING_S = 0.0005
"""Matroska and others count time in whole milliseconds."""

_CAMERA = re.compile(r"(?:/dev/video)?([0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class Moment(Generic[Picture]):
    """A picture that may not even be decoded yet, and where it stands in its video.

    Attributes:
        index: Counts all pictures of the source, from 0.
        time_s: Since the source's first picture.
        picture: In whatever form the source has it.
    """

    index: int
    time_s: float
    picture: Picture


@dataclass(frozen=True, slots=True)
class Cut:
    """The part of a video that is wanted.

    Attributes:
        start_s: Seconds after the first picture.
        duration_s: In seconds of the video; None goes on to its end.
        every: Take one picture of so many.
    """

    start_s: float = 0.0
    duration_s: float | None = None
    every: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.start_s < math.inf:
            raise ValueError(f"expected a start of 0 s or later, got {self.start_s}")
        if self.duration_s is not None and not 0 < self.duration_s < math.inf:
            raise ValueError(f"expected a duration above 0 s, got {self.duration_s}")
        if self.every < 1:
            raise ValueError(f"expected every first picture or fewer, got {self.every}")

    @property
    def end_s(self) -> float:
        """Where it ends, in seconds after the first picture; may be infinite."""
        return math.inf if self.duration_s is None else self.start_s + self.duration_s

    def taken_from(self, moments: Iterable[Moment[Picture]]) -> Iterator[Moment[Picture]]:
        """Leave out what lies outside, and stop asking for more at the end."""
        wanted = 0
        for moment in moments:
            if moment.time_s > self.end_s - _ROUNDING_S:
                return
            if moment.time_s > self.start_s - _ROUNDING_S and moment.index >= wanted:
                wanted = moment.index + self.every
                yield moment

    def count(self, frames: int, frame_rate: Fraction | float) -> int:
        """How many it takes of a source of so many frames at so many a second."""

        def before(time_s: float) -> int:
            return max(0, math.ceil(min((time_s - _ROUNDING_S) * frame_rate, frames)))

        return math.ceil((before(self.end_s) - before(self.start_s)) / self.every)


WHOLE = Cut()
"""Everything from the first picture to the last."""


class VideoSource(ABC):
    """Gives the frames of one video, in order and all of one size, and is closed by `with`.

    What comes after `is_live` is known once it is opened.

    Attributes:
        name: What frames and errors call it; never holds a password.
        is_live: Whether its pictures are those of the moment: what nobody takes is lost.
        width: Of its frames, in pixels.
        height: Likewise.
        frame_rate: How many frames it gives a second, on average; None where that is unknown.
        frame_count: How many it will give, more or less; None where that is unknown.
        sound_file: The file whose sound belongs to these frames, from its beginning; None where
            there is none.
        has_lost_sound: Whether there is sound that cannot be had, `sound_file` being None.
        origin_s: When the first picture of that file comes, in its own count of time; `time_s` 0 is
            then. None where there is no such file, or it counts no time.
        pixel_aspect: The width of a pixel, in heights; None where it is square or unknown.
        is_over: Asked while nothing comes: whether nobody waits any longer. Set by whoever knows;
            it is called where the frames are taken, ten times a second.
    """

    name: str
    is_live: bool = False
    width: int
    height: int
    frame_rate: Fraction | None = None
    frame_count: int | None = None
    sound_file: Path | None = None
    has_lost_sound: bool = False
    origin_s: Fraction | None = None
    pixel_aspect: Fraction | None = None
    is_over: Callable[[], bool] = staticmethod(never)

    def __enter__(self) -> Self:
        """Open it.

        Raises:
            CameraError: A camera or stream cannot be opened.
            InputError: A file or folder cannot, or has nothing in the part that is wanted.
        """
        with ExitStack() as stack:
            self._open(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    @abstractmethod
    def _open(self, stack: ExitStack) -> None:
        """Open it, and leave to the stack whatever is to be closed."""

    @abstractmethod
    def __iter__(self) -> Iterator[Frame]:
        """Give each frame with its `index`, which counts all pictures of the source, and `time_s`.

        Pictures of other sizes than the first are shown in its size, with black beside them.

        Raises:
            CameraError: A camera or stream stopped giving pictures.
        """


def open_video(source: str, *, cut: Cut = WHOLE, reconnect: bool = False) -> VideoSource:
    """What a name on the command line stands for. Nothing is opened before `with`.

    Args:
        source: One of these:

            - The number of a camera, or its device (`/dev/video0`).
            - The address of a stream or of a video file (with `://`).
            - A folder of pictures, or a pattern that C's printf would number (`frames/%04d.png`).
            - A video file, or its address (`file://`). `./0` is a file that is named like a camera.
        cut: The part that is wanted. Of something live, the start is so many seconds from now.
        reconnect: Whether to try again, and again, when a camera or stream fails. Nothing else is
            tried twice.
    """
    source = local_name(source)
    # Only what the source needs is imported: a camera needs no FFmpeg.
    if camera := _CAMERA.fullmatch(source):
        from age_pipeline.live_source import LiveSource, camera_pictures

        number = int(camera[1])
        opened = partial(camera_pictures, number)
        return LiveSource(f"camera {number}", opened, cut=cut, reconnect=reconnect)
    if "://" in source:
        from age_pipeline.network_video import NetworkVideo

        return NetworkVideo(source, cut=cut, reconnect=reconnect)

    from age_pipeline.frame_folder import FrameFolder, is_pattern

    # os.path answers no to names that pathlib raises at.
    if os.path.isdir(source) or (is_pattern(source) and not os.path.lexists(source)):  # noqa: PTH112
        return FrameFolder(source, cut=cut)
    from age_pipeline.video_file import VideoFile

    return VideoFile(source, cut=cut)


def local_name(source: str) -> str:
    """The name of a file or folder that is given as an address, `file:///film.mp4`; else `source`.

    An address that names its machine is read without: `file://film.mp4` is `film.mp4`.
    """
    scheme = "file://"
    if not source.lower().startswith(scheme):
        return source
    path = source[len(scheme) :]
    # RFC 8089: the one machine that can be meant.
    return url2pathname(path.removeprefix("localhost") if path.startswith("localhost/") else path)


def nothing_left(name: str, cut: Cut) -> InputError:
    """The error of a source that has no frame in the part that is wanted."""
    if cut.duration_s is None:
        message = f"{name} has no picture after {cut.start_s:g} s: start earlier"
    else:
        part = f"between {cut.start_s:g} and {cut.end_s:g} s"
        message = f"{name} has no picture {part}: start earlier, or take more"
    return InputError("no_input", message)
