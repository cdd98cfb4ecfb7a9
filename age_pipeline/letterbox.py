"""A picture in the size of another: whole, undistorted, with black beside it."""

from __future__ import annotations

import cv2
import numpy as np

from age_pipeline.data import Image


def letterboxed(image: Image, width: int, height: int) -> Image:
    """Show a whole picture in the middle of one of another size.

    Args:
        image: Colour picture, uint8, shape (height, width, 3), blue-green-red. Not modified.
        width: Of the result, in pixels.
        height: Likewise.

    Returns:
        `image` itself where it has that size, else a new picture.
    """
    own_height, own_width = image.shape[:2]
    if (own_width, own_height) == (width, height):
        return image
    scale = min(width / own_width, height / own_height)
    size = max(1, round(own_width * scale)), max(1, round(own_height * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    left, top = (width - size[0]) // 2, (height - size[1]) // 2
    whole = np.zeros((height, width, 3), np.uint8)
    whole[top : top + size[1], left : left + size[0]] = cv2.resize(
        image, size, interpolation=method
    )
    return whole
