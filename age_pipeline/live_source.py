"""Pictures of the moment: what a camera or a stream shows now, however slow its consumer is.

One reader serves cameras and streams alike. imutils' `VideoStream` has the same aim, but its thread
is never waited for, repeats the last picture when a camera has gone, and knows no times; so imutils
opens the camera here, and its thread is not started.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing

import numpy as np
from imutils.video import WebcamVideoStream

from age_pipeline.data import Frame, Image
from age_pipeline.errors import CameraError
from age_pipeline.letterbox import letterboxed
from age_pipeline.opencv_silence import opencv_silence
from age_pipeline.reading_thread import ReadingThread
from age_pipeline.video_source import WHOLE, Cut, Moment, VideoSource

TIMEOUT_S = 10.0
"""How long a live source may take for its next picture; OpenCV itself gives up after as long."""

_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 30.0

log = logging.getLogger("detect_age")


class LiveSource(VideoSource):
    """A camera or a stream. A thread of its own reads it: the latest picture is the next frame,
    however long the one before has taken.

    Times are those of arrival; `index` counts what arrived, taken or not.

    Args:
        name: What frames and errors call it.
        open_pictures: Opens it, gives its pictures as they come, and ends by a CameraError alone.
        cut: The part that is wanted.
        reconnect: Whether to open it anew, again and again, after a CameraError.
    """

    is_live = True

    def __init__(
        self,
        name: str,
        open_pictures: Callable[[], Generator[Image, None, None]],
        *,
        cut: Cut = WHOLE,
        reconnect: bool = False,
    ) -> None:
        self.name = name
        self._open_pictures = open_pictures
        self._cut = cut
        self._reconnect = reconnect
        self._first_s = math.inf

    def _open(self, stack: ExitStack) -> None:
        self._thread = ReadingThread(self._arrivals(), name=self.name, newest_only=True)
        stack.enter_context(self._thread)
        self._thread.wait_for_first()

    def __iter__(self) -> Iterator[Frame]:
        # Who reconnects may be without a picture for as long as it takes.
        timeout_s = None if self._reconnect else TIMEOUT_S
        arrived = self._thread.items(timeout_s, lambda: self.is_over() or self._is_past_its_end())
        try:
            for each in self._cut.taken_from(arrived):
                image = letterboxed(each.picture, self.width, self.height)
                yield Frame(image, self.name, index=each.index, time_s=each.time_s)
        except TimeoutError:
            raise stopped(self.name, f"none came for {TIMEOUT_S:g} s") from None

    def _is_past_its_end(self) -> bool:
        return time.monotonic() - self._first_s > self._cut.end_s

    def _arrivals(self) -> Generator[Moment[Image], None, None]:
        index = 0
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                with closing(self._open_pictures()) as pictures:
                    for picture in pictures:
                        now_s = time.monotonic()
                        if index == 0:
                            self._first_s = now_s
                            self.height, self.width = picture.shape[:2]
                        pause_s = _FIRST_PAUSE_S
                        yield Moment(index, now_s - self._first_s, picture)
                        index += 1
            except CameraError as error:
                if not self._reconnect:
                    if index == 0:
                        raise
                    raise CameraError(f"{error}; --reconnect waits for it") from error
                if not self._thread.is_left.is_set():
                    log.info("%s; trying again in %g s", error, pause_s)
            if self._thread.is_left.wait(pause_s):
                return
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)


def camera_pictures(number: int) -> Generator[Image, None, None]:
    """Open a camera of this machine, and give its pictures as they come.

    Args:
        number: As the system counts its cameras, from 0.

    Raises:
        CameraError: It gives none, or no more.
    """
    with opencv_silence():
        camera = WebcamVideoStream(number)
        try:
            image = camera.frame
            if image is None:
                raise CameraError(
                    f"camera {number} gives no pictures: is it plugged in, and does nobody else use"
                    " it? --source takes another number, or a video file"
                )
            while image is not None:
                yield np.asarray(image, dtype=np.uint8)
                _, image = camera.stream.read()
        finally:
            camera.stream.release()
    raise stopped(f"camera {number}", "was it unplugged?")


def stopped(name: str, why: str) -> CameraError:
    """The error of a live source that gave pictures and gives no more."""
    return CameraError(f"{name} has stopped giving pictures: {why}")
