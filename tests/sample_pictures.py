"""The pictures of images/, as tests of the detectors want them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np

from age_pipeline.data import Box, Image

IMAGES = Path(__file__).parent.parent / "images"

PORTRAITS = ("1.png", "2.jpg", "einstein_1947.jpg")
GROUPS = ("nasa_group15.jpg", "solvay_1927.jpg")


@cache
def picture(name: str) -> Image:
    """One of them; nobody can write into it."""
    image = cv2.imread(str(IMAGES / name))
    assert image is not None
    image.flags.writeable = False
    return np.asarray(image, np.uint8)


def close_up(name: str, box: Box, part: float) -> Image:
    """The middle of a face: `part` of its box's width and height."""
    across, down = (round(side * (1 - part) / 2) for side in (box.width, box.height))
    return picture(name)[box.top + down : box.bottom - down, box.left + across : box.right - across]
