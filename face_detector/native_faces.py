"""From what a detector says in its own way to what all detectors say alike.

Each family frames a face differently and counts its certainty on a scale of its own. A detector
states here how its box becomes the common one, which is the SSD's, and which of its scores means
which confidence; so the age of a face does not depend on who found it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from age_pipeline.data import Box, Face, Image, Landmarks


@dataclass(frozen=True, slots=True)
class BoxFit:
    """How a detector's own box becomes the common one, fitted on faces that both found.

    Attributes:
        across: How far the common box's middle lies right of the own one's, in own widths.
        down: How far it lies below, in own heights.
        width: Of the common box, in own widths.
        height: Of the common box, in own heights.
    """

    across: float
    down: float
    width: float
    height: float

    def edges(self, own: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of the common box for those of the detector's own."""
        left, top, right, bottom = own
        own_width, own_height = right - left, bottom - top
        x = (left + right) / 2 + self.across * own_width
        y = (top + bottom) / 2 + self.down * own_height
        half_width, half_height = self.width * own_width / 2, self.height * own_height / 2
        return x - half_width, y - half_height, x + half_width, y + half_height


@dataclass(frozen=True, slots=True)
class Scale:
    """Which of a detector's own scores means which confidence; straight lines lie in between.

    Attributes:
        scores: Ascending.
        confidences: Ascending, 0 to 1, one for each score.
    """

    scores: Sequence[float]
    confidences: Sequence[float]

    def confidence(self, score: float) -> float:
        """What a score means, 0 to 1."""
        return float(np.interp(score, self.scores, self.confidences))

    def score(self, confidence: float) -> float:
        """The score that means a confidence."""
        return float(np.interp(confidence, self.confidences, self.scores))


@dataclass(frozen=True, slots=True)
class NativeFace:
    """One face as a detector found it in the picture that it was shown.

    Attributes:
        edges: Left, top, right and bottom of the common box, in pixels of that picture.
        confidence: 0 to 1, on the common scale.
        landmarks: As in `Face`, in pixels of that picture.
    """

    edges: tuple[float, float, float, float]
    confidence: float
    landmarks: Landmarks | None = None


def shown(image: Image, longer_side: int, *, enlarged: bool) -> tuple[Image, float]:
    """The picture as a detector is to see it, and how many of its pixels one of the picture's is.

    Args:
        image: uint8, shape (height, width, 3). Not modified.
        longer_side: To which a larger picture is shrunk, in pixels.
        enlarged: Whether a smaller one is enlarged to it.
    """
    height, width = image.shape[:2]
    scale = longer_side / max(height, width)
    if scale == 1 or (scale > 1 and not enlarged):
        return np.ascontiguousarray(image), 1.0
    size = max(round(scale * width), 1), max(round(scale * height), 1)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size, interpolation=method), np.uint8), scale


def common_faces(
    found: Iterable[NativeFace], image: Image, scale: float, min_confidence: float
) -> list[Face]:
    """The faces in the picture's own pixels, most confident first, as `FaceDetector.detect` says.

    Args:
        found: In pixels of the picture as it was shown.
        image: The picture itself.
        scale: What `shown` returned.
        min_confidence: Faces below are left out.
    """
    height, width = image.shape[:2]
    faces = []
    for each in found:
        if each.confidence < min_confidence or not all(map(math.isfinite, each.edges)):
            continue
        box = Box.clipped(*(edge / scale for edge in each.edges), width=width, height=height)
        landmarks = each.landmarks and tuple((x / scale, y / scale) for x, y in each.landmarks)
        if box is not None:
            faces.append(Face(box, each.confidence, landmarks=landmarks))
    # The threads of a detector find its faces in any order: equal ones must not change places.
    return sorted(faces, key=lambda face: (-(face.confidence or 0), face.box.left, face.box.top))
