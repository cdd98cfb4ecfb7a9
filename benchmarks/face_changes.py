"""What may happen to a picture of a face, or to the box around it, while the face stays as old.

A change makes another picture and box of a picture and box, or None where it cannot be made. None
looks for the face again, so that only the age model is measured.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from io import BytesIO

import cv2
import numpy as np
from PIL import Image as PillowImage

from age_pipeline.data import Box, Face, Image
from age_pipeline.pictures import decode

Change = Callable[[Image, Face], tuple[Image, Face] | None]

_JPEG_BLOCK = 16
"""Side in pixels of what a JPEG encodes together where colours have half the resolution."""


def surroundings(image: Image, face: Face) -> tuple[Image, Face]:
    """The face and as much again on each side: all that matters of a large picture.

    It is cut between a JPEG's blocks, so that saving it again does what saving the whole picture
    would, and halving it likewise.
    """
    box, (height, width) = face.box, image.shape[:2]
    margin = max(box.width, box.height)
    left, top = (max(edge - margin, 0) // _JPEG_BLOCK * _JPEG_BLOCK for edge in (box.left, box.top))
    right, bottom = (
        min(math.ceil((edge + margin) / _JPEG_BLOCK) * _JPEG_BLOCK, end)
        for edge, end in ((box.right, width), (box.bottom, height))
    )
    inside = Box(box.left - left, box.top - top, box.right - left, box.bottom - top)
    return np.ascontiguousarray(image[top:bottom, left:right]), replace(face, box=inside)


def box_moved(across: float = 0, down: float = 0, scale: float = 1) -> Change:
    """Shift the box by parts of its width and height, and scale it around its middle.

    What reaches outside the picture is cut off, as detectors do with their boxes.
    """

    def change(image: Image, face: Face) -> tuple[Image, Face] | None:
        box = face.box
        wider, higher = (scale - 1) / 2 * box.width, (scale - 1) / 2 * box.height
        right, lower = across * box.width, down * box.height
        return _with_box(
            image,
            face,
            (box.left + right - wider, box.top + lower - higher),
            (box.right + right + wider, box.bottom + lower + higher),
        )

    return change


def saved_again(quality: int) -> Change:
    """Save the picture as JPEG of this quality, and read it again."""

    def change(image: Image, face: Face) -> tuple[Image, Face]:
        file = BytesIO()
        PillowImage.fromarray(image[..., ::-1]).save(file, "JPEG", quality=quality)
        return decode(file.getvalue(), "the picture saved again"), face

    return change


def blurred(part: float) -> Change:
    """Blur the picture by a Gaussian whose sigma is this part of the face's size."""

    def change(image: Image, face: Face) -> tuple[Image, Face]:
        return np.asarray(cv2.GaussianBlur(image, (0, 0), part * _size(face)), np.uint8), face

    return change


def halved(image: Image, face: Face) -> tuple[Image, Face] | None:
    """Shrink the picture to half its width and height."""
    return _shrunk(image, face, 0.5)


def shrunk_to(size: int) -> Change:
    """Shrink the picture until the face has this size in pixels; one that is no larger is left."""

    def change(image: Image, face: Face) -> tuple[Image, Face] | None:
        return _shrunk(image, face, size / _size(face)) if _size(face) > size else None

    return change


BOX_MOVES: Mapping[str, Change] = {
    "box shifted left by 10%": box_moved(across=-0.1),
    "box shifted right by 10%": box_moved(across=0.1),
    "box shifted up by 10%": box_moved(down=-0.1),
    "box shifted down by 10%": box_moved(down=0.1),
    "box scaled by 0.9": box_moved(scale=0.9),
    "box scaled by 1.1": box_moved(scale=1.1),
}
"""What another detector, or the same on the next frame of a video, may do to the box."""

COPIES: Mapping[str, Change] = {
    "saved again as JPEG of quality 40": saved_again(40),
    "halved in size": halved,
}
"""What happens to pictures on their way; who is in them can still be seen well."""

LOSSES: Mapping[str, Change] = {
    "blurred, sigma 2% of the face": blurred(0.02),
    "blurred, sigma 4% of the face": blurred(0.04),
    "blurred, sigma 8% of the face": blurred(0.08),
    "shrunk to a face of 32 pixels": shrunk_to(32),
    "shrunk to a face of 24 pixels": shrunk_to(24),
    "shrunk to a face of 16 pixels": shrunk_to(16),
    "shrunk to a face of 12 pixels": shrunk_to(12),
}
"""What leaves less and less of the face to be seen."""


def _size(face: Face) -> float:
    """The side of a square as large as the face's box."""
    return math.sqrt(face.box.area)


def _shrunk(image: Image, face: Face, factor: float) -> tuple[Image, Face] | None:
    height, width = image.shape[:2]
    size = max(round(width * factor), 1), max(round(height * factor), 1)
    small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    across, down, box = size[0] / width, size[1] / height, face.box
    return _with_box(
        small,
        face,
        (box.left * across, box.top * down),
        (box.right * across, box.bottom * down),
    )


def _with_box(
    image: Image, face: Face, start: tuple[float, float], end: tuple[float, float]
) -> tuple[Image, Face] | None:
    """The picture with another box, rounded to whole pixels; None where nothing of it is left."""
    edges = (round(edge) for edge in (*start, *end))
    box = Box.clipped(*edges, width=image.shape[1], height=image.shape[0])
    return None if box is None else (image, replace(face, box=box))
