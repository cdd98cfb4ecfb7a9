"""Pictures with the people drawn in, as files."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from functools import partial
from io import BytesIO
from pathlib import Path, PurePath
from typing import Any, ClassVar

import cv2
import numpy as np
from PIL import Image as PillowImage

from age_pipeline.data import Frame, Image, Person
from age_pipeline.destinations import STDOUT, StandardOutput, make_folder, write_whole
from age_pipeline.drawing import draw_people
from age_pipeline.errors import OutputError
from age_pipeline.escaping import readable
from age_pipeline.output_names import WRITTEN, OutputNames, is_one_file, writable
from age_pipeline.records import Reporting
from age_pipeline.sinks import PreparedSink, Ready, Sink

log = logging.getLogger("detect_age")

_QUALITY = 95

# PNG level 3 is twice as fast as Pillow's own 6, for a few per cent more bytes.
_SETTINGS: dict[str, dict[str, Any]] = {
    "PNG": {"compress_level": 3},
    "WEBP": {"quality": _QUALITY},
    "TIFF": {"compression": "tiff_lzw"},
}

_JPEG_SIDE = 65500
"""Pixels: JPEG_MAX_DIMENSION of libjpeg."""


def open_annotated(
    output: str, inputs: Iterable[Path], reporting: Reporting, *, one_picture: bool
) -> Sink:
    """Open what `--output` names.

    Args:
        output: A folder, made where it does not exist; or, for one picture, a file or `-`.
        inputs: The files read in this run: none of them is ever overwritten.
        reporting: What is reported of each age.
        one_picture: Whether one picture is the whole input; several always need a folder.

    Raises:
        UsageError: `output` does not fit the inputs, or is of a format that is not written.
        OutputError: The folder is absent and cannot be made.
    """
    path = Path(output)
    if not is_one_file(output, one_picture=one_picture):
        make_folder(path)
        return AnnotatedPictures(OutputNames(path, inputs), reporting)
    if output == STDOUT:
        return AnnotatedPicture(None, reporting)
    if not path.parent.is_dir():
        raise OutputError(f"cannot write {readable(output)}: its folder does not exist")
    chosen = OutputNames(path.parent, inputs).choose(PurePath(path.name))
    if chosen.name != path.name:
        log.info("%s is an input: the copy is written to %s", output, chosen)
    return AnnotatedPicture(chosen, reporting)


class AnnotatedPictures(PreparedSink):
    """A copy of each picture with the people drawn in. One that fails keeps the next from nothing.

    Position and other EXIF data do not reach the copies: only pixels do.
    """

    outlives_errors: ClassVar[bool] = True

    def __init__(self, names: OutputNames, reporting: Reporting) -> None:
        self._names = names
        self._reporting = reporting

    def prepare(self, frame: Frame, people: Sequence[Person]) -> Ready:
        relative = frame.relative or PurePath(Path(frame.name).name)
        data = _annotated(frame, people, self._reporting, writable(relative).suffix)
        return Ready(partial(self._write, frame.name, relative, data), len(data))

    def _write(self, name: str, relative: PurePath, data: bytes) -> None:
        path = self._names.choose(relative)
        make_folder(path.parent)
        write_whole(path, data)
        log.debug("%s: wrote %s", name, path)


class AnnotatedPicture(PreparedSink):
    """The copy of one picture in a file of its own, or on standard output where `path` is None."""

    def __init__(self, path: Path | None, reporting: Reporting) -> None:
        self._path = path
        self._reporting = reporting

    def prepare(self, frame: Frame, people: Sequence[Person]) -> Ready:
        target = self._path or writable(PurePath(frame.relative or frame.name))
        data = _annotated(frame, people, self._reporting, target.suffix)
        return Ready(partial(self._write, frame.name, data), len(data))

    def _write(self, name: str, data: bytes) -> None:
        if self._path is None:
            with StandardOutput() as out:
                out.write(data)
        else:
            write_whole(self._path, data)
            log.debug("%s: wrote %s", name, self._path)


def encode(image: Image, suffix: str) -> bytes:
    """Make the content of a picture file: the pixels and nothing else.

    Args:
        image: uint8, shape (height, width, 3), blue-green-red.
        suffix: One of `WRITTEN`, in any case.

    Raises:
        OutputError: The format has no room for a picture of this size.
    """
    format_name = WRITTEN[suffix.lower()]
    try:
        return _jpeg(image) if format_name == "JPEG" else _by_pillow(image, format_name)
    except (OSError, ValueError) as error:
        reason = f"{image.shape[1]} x {image.shape[0]} pixels, {error}"
        raise OutputError(f"no {format_name} can be made ({reason}): name a .png") from error


def _jpeg(image: Image) -> bytes:
    """By OpenCV, which takes the pixels as they are: three quarters of Pillow's time."""
    if max(image.shape) > _JPEG_SIDE:
        # OpenCV itself would complain on stderr.
        raise ValueError(f"at most {_JPEG_SIDE} on a side")
    try:
        is_done, content = cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, _QUALITY))
    except cv2.error as error:
        raise ValueError(error.err or "OpenCV gives no reason") from error
    if not is_done:
        raise ValueError("OpenCV gives no reason")
    return content.tobytes()


def _by_pillow(image: Image, format_name: str) -> bytes:
    size = (image.shape[1], image.shape[0])
    pixels = np.ascontiguousarray(image)
    # Pillow turns the colours round while it copies: five times as fast as an array of them.
    picture = PillowImage.frombuffer("RGB", size, pixels, "raw", "BGR", 0, 1)
    content = BytesIO()
    picture.save(content, format_name, **_SETTINGS.get(format_name, {}))
    return content.getvalue()


def _annotated(frame: Frame, people: Sequence[Person], reporting: Reporting, suffix: str) -> bytes:
    try:
        drawn = draw_people(
            frame.image,
            people,
            interval_level=reporting.interval_level,
            at_least=reporting.at_least,
        )
        return encode(drawn, suffix)
    except MemoryError as error:
        raise OutputError(f"{frame.name}: no memory is left for an annotated copy") from error
