"""What tells one person from another at a glance: the light and the colours of head and shoulders.

From hair to shoulders each of ten rows has its mean brightness and colour, and how much they vary
across. Rows stay alike while a head turns from side to side, and no network is asked.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from age_pipeline.data import Box, Image

Appearance = npt.NDArray[np.float64]

_BESIDE, _ABOVE, _BELOW = 0.35, 0.35, 0.5
"""How far hair and shoulders are looked at, in widths and heights of the face."""

_ROWS, _COLUMNS = 10, 8

_COLOUR = 1 / 24
"""What a step of the a and b of 8-bit CIELAB counts for, beside one of brightness in standard
deviations: colours that a lamp shifts must not outweigh who is there."""

_DARK = 12.0
"""Added to the standard deviation of the brightness: what is evenly lit shows noise, not people."""


def appearance(image: Image, box: Box) -> Appearance:
    """How somebody looks.

    Args:
        image: Colour picture, uint8, shape (height, width, 3), blue-green-red. Not modified.
        box: Around the face, in it.

    Returns:
        float64, shape (10, 6); see `difference`.
    """
    height, width = image.shape[:2]
    beside, above, below = _BESIDE * box.width, _ABOVE * box.height, _BELOW * box.height
    left, right = max(0, round(box.left - beside)), min(width, round(box.right + beside))
    top, bottom = max(0, round(box.top - above)), min(height, round(box.bottom + below))
    cells = cv2.resize(
        image[top:bottom, left:right], (_COLUMNS, _ROWS), interpolation=cv2.INTER_AREA
    )
    colours = cv2.cvtColor(cells, cv2.COLOR_BGR2LAB).astype(np.float64)
    light = colours[..., 0]
    colours[..., 0] = (light - light.mean()) / (light.std() + _DARK)
    colours[..., 1:] = (colours[..., 1:] - 128) * _COLOUR
    return np.concatenate([colours.mean(axis=1), colours.std(axis=1)], axis=1)


def difference(one: Appearance, other: Appearance) -> float:
    """How differently two faces look.

    0 for the same, seldom above 0.5 for the same person in other light or with the head turned,
    seldom below 0.6 for two people (FairFace's photographs).
    """
    return float(np.sqrt(np.square(one - other).sum(axis=1).mean()))
