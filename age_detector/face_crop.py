"""How a face is cut out for an age network.

A wrong margin is this field's commonest silent error, so training and prediction share this file.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from age_pipeline.data import Box, Face, Image, require_image

CROP_OF_BOX = 0.94
"""Side of the compact network's square, as a part of the square root of the face box's area."""


def upright(image: Image, face: Face) -> Image:
    """The part of `image` inside the face's box, turned so that the face stands upright.

    Raises:
        ValueError: The box reaches outside the picture.
    """
    box = _inside(image, face)
    return np.rot90(image[box.top : box.bottom, box.left : box.right], face.quarter_turns)


def square_crop(image: Image, face: Face, size: int, part: float = CROP_OF_BOX) -> Image:
    """A square around the middle of a face, upright, resized.

    Where the square reaches outside the picture, the picture's border pixels are repeated.

    Args:
        image: uint8, shape (height, width, 3). Not modified.
        face: One face in it.
        size: Side of the result in pixels.
        part: Side of the square, as a part of the square root of the face box's area.

    Returns:
        uint8, shape (size, size, 3), colours in the order of `image`.

    Raises:
        TypeError, ValueError: `image` is no such picture, or the face's box reaches outside it.
    """
    square, outside = _square(_inside(image, face), part, image.shape[1], image.shape[0])
    crop = image[square.top : square.bottom, square.left : square.right]
    if any(outside):
        crop = np.asarray(cv2.copyMakeBorder(crop, *outside, cv2.BORDER_REPLICATE), np.uint8)
    crop = np.ascontiguousarray(np.rot90(crop, face.quarter_turns))
    shrinks = crop.shape[0] > size
    resized = cv2.resize(
        crop, (size, size), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )
    return np.asarray(resized, np.uint8)


def stacked(crops: Sequence[Image], size: int) -> npt.NDArray[np.float32]:
    """Crops as one array of shape (crops, size, size, 3), ready to be made a batch of.

    Raises:
        TypeError, ValueError: A crop is not uint8 of shape (size, size, 3).
    """
    for crop in crops:
        require_image(crop)
        if crop.shape != (size, size, 3):
            raise ValueError(f"expected a crop of shape {(size, size, 3)}, got {crop.shape}")
    return np.stack(crops).astype(np.float32)


def _inside(image: Image, face: Face) -> Box:
    """The face's box, which must lie in the picture."""
    require_image(image)
    height, width = image.shape[:2]
    if face.box.right > width or face.box.bottom > height:
        raise ValueError(f"expected a box inside {width}x{height} pixels, got {face.box}")
    return face.box


def _square(
    box: Box, part: float, width: int, height: int
) -> tuple[Box, tuple[int, int, int, int]]:
    """The square's part in the picture; how far it reaches out at top, bottom, left and right."""
    side = max(round(math.sqrt(box.area) * part), 1)
    left = round((box.left + box.right - side) / 2)
    top = round((box.top + box.bottom - side) / 2)
    right, bottom = left + side, top + side
    inside = Box(max(left, 0), max(top, 0), min(right, width), min(bottom, height))
    return inside, (max(-top, 0), max(bottom - height, 0), max(-left, 0), max(right - width, 0))
