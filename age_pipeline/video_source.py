"""Cameras, video files and network streams, as frames one after another."""

from __future__ import annotations

import os
import re
import stat
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Self

import cv2
import numpy as np
from imutils.video import VideoStream

from age_pipeline.data import Frame, Image
from age_pipeline.errors import CameraError, InputError
from age_pipeline.file_reading import explain

_PATIENCE_S = 10.0
"""How long a camera may take for its next picture; OpenCV itself gives up one after as long."""

_POLL_S = 0.002
"""How often a camera is asked for its next picture: far below the time between two."""

_QUIET = -8
"""`AV_LOG_QUIET` of FFmpeg's libavutil/log.h."""


def open_video(source: str) -> VideoSource:
    """What a name on the command line stands for. Nothing is opened before `with`.

    Args:
        source: The number of a camera, the address of a stream (with `://`), or a file.
    """
    if source.isdecimal():
        return Camera(int(source))
    return Recording(source)


class VideoSource(ABC):
    """Gives the frames of one video, in order, and is closed by `with`.

    Attributes:
        name: What frames and errors call it.
    """

    name: str

    @abstractmethod
    def __enter__(self) -> Self:
        """Open it.

        Raises:
            CameraError: A camera or stream cannot be opened.
            InputError: A file cannot.
        """

    @abstractmethod
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    @abstractmethod
    def __iter__(self) -> Iterator[Frame]:
        """Give each frame with its `index` and its `time_s` since the first one.

        Raises:
            CameraError: A camera or stream stopped giving pictures.
            InputError: A file gives none at all.
        """


class Camera(VideoSource):
    """A camera of this machine. A thread of its own reads it: the latest picture is the next frame,
    however long the one before has taken.

    Args:
        number: As the system counts its cameras, from 0.
    """

    def __init__(self, number: int) -> None:
        self.name = f"camera {number}"
        self._number = number

    def __enter__(self) -> Self:
        with _silence():
            self._stream = VideoStream(self._number)
        # Not with start(): the stream keeps no hold of that thread, and a program that ends while
        # it still reads is aborted.
        self._thread = Thread(target=self._stream.update, name=self.name, daemon=True)
        if self._stream.read() is None:
            self._release()
            raise CameraError(
                f"{self.name} gives no pictures: is it plugged in, and does nobody else use it?"
                " --source takes another number, or a video file"
            )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stream.stop()
        self._thread.join()
        self._release()

    def __iter__(self) -> Iterator[Frame]:
        image = first_s = None
        for index in count():
            image = self._next(image)
            now_s = time.monotonic()
            first_s = now_s if first_s is None else first_s
            yield Frame(image, self.name, index=index, time_s=now_s - first_s)

    def _next(self, last: Image | None) -> Image:
        end_s = time.monotonic() + _PATIENCE_S
        while time.monotonic() < end_s:
            image = self._stream.read()
            if image is None:
                break
            # Each picture is an array of its own; the same one means that none has come since.
            if image is not last:
                return np.asarray(image, dtype=np.uint8)
            time.sleep(_POLL_S)
        raise CameraError(f"{self.name} has stopped giving pictures: was it unplugged?")

    def _release(self) -> None:
        self._stream.stream.stream.release()


class Recording(VideoSource):
    """A video file, frame by frame, or a network stream.

    Args:
        source: A file, or the address of a stream.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._is_stream = "://" in source
        # An address may hold a password, and names are shown.
        self.name = re.sub(r"://[^/@]*@", "://", source) if self._is_stream else source

    def __enter__(self) -> Self:
        if not self._is_stream:
            self._require_file()
        with _silence():
            self._capture = cv2.VideoCapture(self._source)
        if not self._capture.isOpened():
            self._capture.release()
            if self._is_stream:
                raise CameraError(f"{self.name} cannot be opened: check the address")
            raise self._no_video()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._capture.release()

    def __iter__(self) -> Iterator[Frame]:
        first_s = None
        for index in count():
            ok, image = self._capture.read()
            if not ok or image is None:
                break
            at_s = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
            first_s = at_s if first_s is None else first_s
            picture = np.asarray(image, dtype=np.uint8)
            yield Frame(picture, self.name, index=index, time_s=at_s - first_s)
        # A stream of known length has an end; any other one has been cut off.
        if self._is_stream and self._capture.get(cv2.CAP_PROP_FRAME_COUNT) <= 0:
            raise CameraError(f"{self.name} has stopped giving pictures")
        if first_s is None:
            raise self._no_video()

    def _require_file(self) -> None:
        path = Path(self._source)
        try:
            mode = path.stat().st_mode
            if stat.S_ISREG(mode):
                path.open("rb").close()
        except OSError as error:
            raise explain(self.name, error) from error
        if not (stat.S_ISREG(mode) or stat.S_ISCHR(mode)):
            raise InputError("not_a_file", f"{self.name} is not a video file")

    def _no_video(self) -> InputError:
        return InputError(
            "damaged", f"{self.name}: no video can be read from it; is it one, and is it complete?"
        )


@contextmanager
def _silence() -> Iterator[None]:
    """Keep OpenCV and its FFmpeg from writing on stderr: what fails is told by our own errors."""
    # FFmpeg's own level is read when the first video of a process is opened.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", str(_QUIET))
    before = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        cv2.utils.logging.setLogLevel(before)
