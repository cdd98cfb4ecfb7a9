"""A detector that sees painted faces, as blind as real ones: too small, too large, lying.

A painted face is a rectangle in a colour of its own with a forehead along its top.
"""

from __future__ import annotations

import math

import numpy as np

from age_pipeline.data import Box, Face, Image
from age_pipeline.stages import ModelUse


def scene(width: int, height: int) -> Image:
    """A picture without a face."""
    return np.full((height, width, 3), 60, np.uint8)


def paint(image: Image, box: Box, number: int) -> None:
    """Paint an upright face into a picture.

    Args:
        image: Where to.
        box: Around the face.
        number: 1 to 250, another one for each face of the picture.
    """
    image[box.top : box.bottom, box.left : box.right] = (number, 255, 0)
    image[box.top : box.top + math.ceil(box.height / 4), box.left : box.right, 2] = 255


def turned(image: Image, box: Box, quarter_turns: int) -> tuple[Image, Box]:
    """The picture as it lies when it takes so many quarter turns to set it upright, and the box."""
    marked = np.zeros(image.shape[:2], np.bool_)
    marked[box.top : box.bottom, box.left : box.right] = True
    rows, columns = np.nonzero(np.rot90(marked, -quarter_turns))
    return np.ascontiguousarray(np.rot90(image, -quarter_turns)), _around(rows, columns)


class PaintedFaces:
    """Looks once; what it sees, it sees to the pixel.

    Attributes:
        looks: Height and width of every picture that it was shown.
    """

    certain = 0.98
    small = 0.09
    squeezes = True
    min_confidence = 0.5

    def __init__(
        self,
        *,
        smallest: float = 0.045,
        largest: float = 0.7,
        confidence: float = 0.99,
        lying: float | None = None,
    ) -> None:
        """Make one.

        Args:
            smallest: Root of a face's area, as a part of the look's, below which it is not seen.
            largest: The same, above which it is not seen.
            confidence: Of an upright face.
            lying: Confidence of one that lies; None where it does not see such.
        """
        self.model = ModelUse("painted", None, None)
        self.looks: list[tuple[int, int]] = []
        self._sizes = smallest, largest
        self._upright, self._lying = confidence, lying

    def detect(self, image: Image) -> list[Face]:
        height, width = image.shape[:2]
        self.looks.append((height, width))
        faces = []
        for number in np.unique(image[..., 0][image[..., 1] == 255]):
            rows, columns = np.nonzero((image[..., 1] == 255) & (image[..., 0] == number))
            box = _around(rows, columns)
            forehead = image[rows, columns, 2] == 255
            confidence = self._upright
            # A part of a face that an edge has cut off may be all forehead or none.
            if forehead.any() and not forehead.all():
                up = rows.mean() - rows[forehead].mean()
                sideways = abs(columns.mean() - columns[forehead].mean())
                if up <= sideways:
                    if self._lying is None:
                        continue
                    confidence = self._lying
            smallest, largest = self._sizes
            if smallest <= math.sqrt(box.area / (width * height)) <= largest:
                faces.append(Face(box, confidence))
        return faces


def _around(rows: np.ndarray, columns: np.ndarray) -> Box:
    return Box(int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)
