"""Faces by histograms of oriented gradients and linear SVMs (King 2015): dlib's face detector."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from age_pipeline.copies import Copies
from age_pipeline.data import Face, Image, require_confidence, require_image
from age_pipeline.model_packages import ModelPackage, needed_code
from face_detector.native_faces import BoxFit, NativeFace, Scale, common_faces, shown

WEIGHTS = ModelPackage(
    name="hog",
    needs="dlib.get_frontal_face_detector",
    requirement="dlib-bin>=20,<21",
    licence="Boost Software License 1.0",
)

LONGER_SIDE = 640
"""Longer side in pixels of what the detector sees. Its window is 80x80, so smaller pictures are
enlarged."""

SCALE = Scale((-1.0, 0.0, 0.25, 0.5, 1.0, 2.0), (0.0, 0.5, 0.8, 0.9, 0.98, 1.0))
"""By the distance from the SVM's plane: 0 is dlib's own threshold (adjust_threshold of
face_detector.py among its examples); the rest was measured."""

BOXES = (
    BoxFit(across=0.0, down=-0.118, width=0.957, height=1.28),
    BoxFit(across=0.083, down=-0.047, width=0.93, height=1.255),
    BoxFit(across=-0.083, down=-0.047, width=0.93, height=1.255),
    BoxFit(across=-0.058, down=-0.1, width=0.99, height=1.26),
    BoxFit(across=0.058, down=-0.1, width=0.99, height=1.26),
)
"""One for each of its five filters: faces that look ahead, left and right, and that look ahead
tilted left and right (frontal_face_detector.h)."""


class HogFaceDetector:
    """One look with dlib's detector.

    Args:
        folder: Not looked into: the model is part of the package.
        min_confidence: Faces below are not reported.

    Raises:
        PackageMissing: dlib is not installed.
        ValueError: `min_confidence` is not from 0 to 1.
    """

    certain = 0.95
    """Ghosts reach 0.93; a face that does not stand upright is not found."""

    small = 0.18
    """115 of the 640 pixels; those below 88 are missed."""

    squeezes = False

    def __init__(self, folder: Path | None = None, min_confidence: float = 0.5) -> None:
        del folder
        require_confidence(min_confidence)
        # A detector keeps the picture's features while its filters run.
        self._detectors = Copies(needed_code(WEIGHTS))
        self.min_confidence = min_confidence
        self.model = WEIGHTS.use()

    def detect(self, image: Image) -> list[Face]:
        """Find the faces in one picture, most confident first; see `FaceDetector.detect`."""
        require_image(image)
        seen, scale = shown(image, LONGER_SIDE, enlarged=True)
        return common_faces(self._find(seen), image, scale, self.min_confidence)

    def _find(self, seen: Image) -> Iterator[NativeFace]:
        red_first = np.ascontiguousarray(seen[..., ::-1])
        with self._detectors.lent() as detector:
            found = detector.run(red_first, 0, SCALE.score(self.min_confidence))
        for area, score, filter_number in zip(*found, strict=True):
            # dlib's right and bottom are the last pixel inside.
            own = (area.left(), area.top(), area.right() + 1, area.bottom() + 1)
            yield NativeFace(BOXES[filter_number].edges(own), SCALE.confidence(score))
