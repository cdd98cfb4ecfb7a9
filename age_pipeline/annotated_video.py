"""A video with the people drawn in, as a file that plays in a browser, and at any moment."""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self

from av.error import FFmpegError

from age_pipeline.data import Image, require_image
from age_pipeline.destinations import output_errors
from age_pipeline.errors import OutputError, UsageError
from age_pipeline.escaping import readable
from age_pipeline.finished_video import pictures_in, remux_faststart
from age_pipeline.video_encoder import VideoEncoder

log = logging.getLogger("detect_age")

_CONTAINERS = {".mp4": "mp4", ".mov": "mov", ".mkv": "matroska"}
"""The container, as FFmpeg calls it, that a file's suffix in lower case stands for."""

_WAITING = 4
"""Pictures that may wait to be written: enough to even out, few enough to hold."""

_WITH_INDEX = {"mp4", "mov"}
"""These are written in pieces, and made ordinary files in the end."""

_TOLERANCE_S = 0.002
"""Matroska rounds times to milliseconds."""


def check_video_name(output: str, inputs: Iterable[Path]) -> None:
    """Refuse what cannot become an annotated video, before any work is done.

    Args:
        output: What the user named.
        inputs: The files that are read.

    Raises:
        UsageError: It is of a container that is not written, or would overwrite an input.
    """
    shown = readable(output)
    if Path(output).suffix.lower() not in _CONTAINERS:
        known = ", ".join(_CONTAINERS)
        raise UsageError(f"--output {shown} is of a format that is not written: use {known}")
    if os.path.realpath(output) in {os.path.realpath(path) for path in inputs}:
        raise UsageError(f"--output {shown} would overwrite an input: name another file")


class AnnotatedVideo:
    """Writes pictures as a video: H.264, each at its own time, with the sound of the source.

    It is written under NAME.part and gets its name when it is closed and has been read again; a
    file that had the name before is replaced then. NAME.part plays at any moment, up to its last
    seconds, also after the program was killed. What is said of sizes and sound: see `VideoEncoder`
    and `open_sound`.

    The file belongs to a thread of its own: it is written while the next picture is looked at, and
    Ctrl-C, which only the main thread sees, never breaks into the writing.

    Args:
        path: The file. Its suffix chooses the container: .mp4, .mov or .mkv.
        frame_rate: Frames a second, exactly or on average; None where unknown, as for a camera.
        sound_file: A file whose sound goes along.
        sound_from_s: The time of the source at which the video begins: pictures and sound have
            their times in it counted from there.
        sound_until_s: Where the sound ends, in the source's time. It ends with the pictures anyway,
            unless less than a second of it is left.
        sound_origin_s: When the source's first picture is, by the clock of `sound_file`; None is
            where the pictures in that file begin.
        pixel_aspect: How wide a pixel is to be shown, in heights of one; None is a square.

    Raises:
        UsageError: The suffix stands for no container that is written.
        OutputError: The file cannot be written.
    """

    def __init__(
        self,
        path: Path,
        *,
        frame_rate: Fraction | None,
        sound_file: Path | None = None,
        sound_from_s: float = 0.0,
        sound_until_s: float | None = None,
        sound_origin_s: Fraction | None = None,
        pixel_aspect: Fraction | None = None,
    ) -> None:
        check_video_name(str(path), [] if sound_file is None else [sound_file])
        self._name = readable(str(path))
        self._path = Path(os.path.realpath(path))
        self._part = Path(f"{self._path}.part")
        self._container = _CONTAINERS[path.suffix.lower()]
        self._is_open = True
        self._pending: deque[Future[None]] = deque()
        with output_errors(str(path)):
            if self._path.exists() and not self._path.is_file():
                raise IsADirectoryError("it is no file")
            self._part.open("wb").close()
        self._encoder = VideoEncoder(
            self._part,
            self._container,
            frame_rate=frame_rate,
            sound_file=sound_file,
            from_s=sound_from_s,
            until_s=sound_until_s,
            sound_origin_s=sound_origin_s,
            pixel_aspect=pixel_aspect,
        )
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="annotated video")

    def write(self, image: Image, time_s: float) -> None:
        """Write the next picture, soon.

        Args:
            image: uint8, shape (height, width, 3), blue-green-red. Nobody may write into it from
                now on.
            time_s: Its time in the source, in seconds since the source's first picture.

        Raises:
            OutputError: One of the pictures before it cannot be written; nothing more can be.
            TypeError, ValueError: `image` is not such a picture, or the video is closed.
        """
        require_image(image)
        if not self._is_open:
            raise ValueError(f"{self._name} is closed")
        self._pending.append(self._worker.submit(self._encoder.add, image, time_s))
        self._settle(_WAITING)

    def close(self) -> None:
        """Finish the video, read it again and give it its name; harmless a second time.

        Without any picture there is no video: nothing is left, and an earlier file stays.

        Raises:
            OutputError: It cannot be finished, or does not hold what was written.
        """
        if not self._is_open:
            return
        self._is_open = False
        # Should the wait be interrupted, the thread finishes the file all the same.
        self._pending.append(self._worker.submit(self._finish))
        self._worker.shutdown(wait=False)
        self._settle(0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _settle(self, waiting: int) -> None:
        """Wait until no more jobs than that are left; an error of one ends them all."""
        while len(self._pending) > waiting:
            try:
                with output_errors(self._name, FFmpegError):
                    self._pending[0].result()
            except OutputError as error:
                self._fail(error)
            self._pending.popleft()

    def _fail(self, error: OutputError) -> NoReturn:
        self._release()
        message = str(error)
        try:
            pictures, kept_s = pictures_in(self._part)
        except (FFmpegError, OSError):
            pictures, kept_s = 0, 0.0
        if pictures:
            message += f"; {readable(str(self._part))} plays for {kept_s:.1f} s"
        else:
            self._part.unlink(missing_ok=True)
        raise OutputError(message) from error

    def _release(self) -> None:
        self._is_open = False
        self._worker.shutdown(cancel_futures=True)
        self._pending.clear()
        # What cannot be finished has been told already, or is not wanted.
        with suppress(FFmpegError, OSError):
            self._encoder.release()

    def _finish(self) -> None:
        self._encoder.finish()
        if not self._encoder.frames:
            self._part.unlink()
            return
        if self._container not in _WITH_INDEX or not self._remux_faststart():
            self._check(self._part)
        self._part.replace(self._path)
        log.debug("wrote %s: %d pictures", self._name, self._encoder.frames)

    def _remux_faststart(self) -> bool:
        """Make the growing file an ordinary one; where there is no room for both, it plays too."""
        ordinary = Path(f"{self._path}.whole.part")
        try:
            remux_faststart(self._part, ordinary, self._container)
            self._check(ordinary)
            ordinary.replace(self._part)
        except (FFmpegError, OSError, OutputError) as error:
            ordinary.unlink(missing_ok=True)
            log.debug("%s: its index stays between the pictures (%s)", self._name, error)
            return False
        return True

    def _check(self, path: Path) -> None:
        pictures, span_s = pictures_in(path)
        given, given_s = self._encoder.frames, self._encoder.span_s
        if pictures != given or abs(span_s - given_s) > _TOLERANCE_S:
            raise OutputError(
                f"cannot write {self._name} ({pictures} of its {given} pictures can be read again,"
                f" over {span_s:.3f} of {given_s:.3f} s): is its disk full?"
            )
