"""One picture of each person of a video, at the best look."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from age_pipeline.annotated_pictures import encode
from age_pipeline.data import Box, Image
from age_pipeline.destinations import make_folder, write_whole
from age_pipeline.errors import OutputError, UsageError
from age_pipeline.escaping import readable

log = logging.getLogger("detect_age")

_MARGIN = 0.4
"""Of the face's width and height, on each side: hair, chin and some of the neck."""

_LONGEST_SIDE = 512
"""Of a picture, in pixels; a larger one is shrunk to it."""


def check_faces_folder(folder: str, source: str) -> None:
    """Refuse the folder whose pictures are read: there may be some of the same names.

    Args:
        folder: What the user named.
        source: Of the video: see `open_video`.

    Raises:
        UsageError: It is that folder.
    """
    read = source if os.path.isdir(source) else os.path.dirname(source) if "%" in source else None  # noqa: PTH112, PTH120
    if read is not None and os.path.realpath(folder) == os.path.realpath(read):
        raise UsageError(f"--best-faces {readable(folder)} is read: name another folder")


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    image: Image
    quality: float
    time_s: float


class BestFaces:
    """Writes `person-003.jpg` and so on into a folder, each of them whole.

    Only pictures of people who have not left are held in memory.

    Args:
        folder: Made where it does not exist. Files of these names are replaced.

    Raises:
        OutputError: It cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._looks: dict[int, _Look] = {}
        make_folder(folder)
        if any(folder.glob("person-*.jpg")):
            log.warning(
                "%s holds people of an earlier run: only those with the same numbers are replaced",
                readable(str(folder)),
            )

    def offer(self, track: int, image: Image, box: Box, quality: float, time_s: float) -> None:
        """Take a look at a person, if it is better than all before.

        Args:
            track: The person's number.
            image: The whole picture, uint8, shape (height, width, 3), blue-green-red, with nothing
                drawn on it. Not modified, and not held.
            box: Around the face.
            quality: How good this look is; more is better.
            time_s: When it was.
        """
        best = self._looks.get(track)
        if best is None or quality > best.quality:
            self._looks[track] = _Look(_cut_out(image, box), quality, time_s)

    def finish(self, track: int) -> None:
        """Write the picture of somebody who has left for good.

        Raises:
            OutputError: It cannot be written.
        """
        if track in self._looks:
            self._write(track)

    def forget(self, track: int) -> None:
        """Write no picture of somebody who was nobody."""
        self._looks.pop(track, None)

    def close(self) -> None:
        """Write what is still held; harmless a second time.

        Raises:
            OutputError: A picture cannot be written; the others are.
        """
        failed: OutputError | None = None
        for track in list(self._looks):
            try:
                self._write(track)
            except OutputError as error:
                failed = failed or error
        if failed is not None:
            raise failed

    def _write(self, track: int) -> None:
        look = self._looks.pop(track)
        path = self._folder / f"person-{track:03}.jpg"
        write_whole(path, encode(look.image, path.suffix))
        log.debug("wrote %s: person %d at %.3f s", path, track, look.time_s)


def _cut_out(image: Image, box: Box) -> Image:
    """A copy of the face with a margin, as far as the picture reaches."""
    height, width = image.shape[:2]
    across, down = _MARGIN * box.width, _MARGIN * box.height
    wide = Box.clipped(
        box.left - across,
        box.top - down,
        box.right + across,
        box.bottom + down,
        width=width,
        height=height,
    )
    if wide is None:
        raise ValueError(f"expected a box inside a picture of {width} x {height}, got {box}")
    inside = image[wide.top : wide.bottom, wide.left : wide.right]
    scale = _LONGEST_SIDE / max(wide.width, wide.height)
    if scale >= 1:
        return inside.copy()
    size = max(1, round(wide.width * scale)), max(1, round(wide.height * scale))
    return np.asarray(cv2.resize(inside, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
