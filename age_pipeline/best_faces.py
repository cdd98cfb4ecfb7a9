"""One picture of each person of a video, at the best look."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2
import numpy as np

from age_pipeline.annotated_pictures import encode
from age_pipeline.data import Box, Image
from age_pipeline.destinations import write_whole
from age_pipeline.errors import OutputError
from age_pipeline.escaping import readable

log = logging.getLogger("detect_age")

_MARGIN = 0.4
"""Of the face's width and height, on each side: hair, chin and some of the neck."""

_LONGEST_SIDE = 512
"""Of a picture, in pixels; a larger one is shrunk to it."""

_HELD = 64
"""People whose pictures are kept back for better ones: less than 50 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    image: Image
    time_s: float


class BestFaces:
    """Writes `person-003.jpg` and so on into a folder when it is closed, each of them whole.

    Of somebody who has not looked better for long, the picture is written before, so that memory
    is bounded however many people pass.

    Args:
        folder: Made where it does not exist. Files of these names are replaced.

    Raises:
        OutputError: It cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._qualities: dict[int, float] = {}
        # In the order in which they were last replaced.
        self._looks: dict[int, _Look] = {}
        shown = readable(str(folder))
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = error.strerror or str(error)
            raise OutputError(f"cannot make the folder {shown} ({reason})") from error
        if any(folder.glob("person-*.jpg")):
            log.warning(
                "%s holds people of an earlier run: only those with the same numbers are replaced",
                shown,
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

        Raises:
            OutputError: Another person's picture had to be written, and could not be.
        """
        if quality <= self._qualities.get(track, -np.inf):
            return
        self._qualities[track] = quality
        self._looks.pop(track, None)
        self._looks[track] = _Look(_cut_out(image, box), time_s)
        if len(self._looks) > _HELD:
            self._write(next(iter(self._looks)))

    def forget(self, track: int) -> None:
        """Write no picture of somebody who was nobody, unless it was written already."""
        self._looks.pop(track, None)

    def close(self) -> None:
        """Write what is still kept back; harmless a second time.

        Raises:
            OutputError: A picture cannot be written.
        """
        for track in list(self._looks):
            self._write(track)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

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
