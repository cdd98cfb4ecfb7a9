"""Faces and their landmarks by YuNet (Wu, Peng and Yu 2023), through OpenCV's FaceDetectorYN."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from age_pipeline.copies import Copies
from age_pipeline.data import Face, Image, require_confidence, require_image
from age_pipeline.errors import ModelDamaged
from age_pipeline.model_files import ModelFile, load
from age_pipeline.networks import try_out
from age_pipeline.opencv_silence import opencv_silence
from face_detector.native_faces import BoxFit, NativeFace, Scale, common_faces, shown

WEIGHTS = ModelFile(
    name="yunet",
    file="face_detection_yunet_2026may.onnx",
    size=229_738,
    sha256="ebafce4e3c118d6554634be5c27ab333b4c047a9a8c3faf1d7cf93101c22f0f0",
    licence="MIT (Shiqi Yu)",
    home=Path(__file__).parent,
    # Of a file in Git LFS the ordinary address gives only the pointer.
    url="https://media.githubusercontent.com/media/opencv/opencv_zoo/"
    "47534e27c9851bb1128ccc0102f1145e27f23f98/models/face_detection_yunet/"
    "face_detection_yunet_2026may.onnx",
)

LONGER_SIDE = 640
"""Longer side in pixels to which a larger picture is shrunk. The network takes any size and was
made for faces of 10 to 300 pixels (its model card), so smaller pictures are not enlarged."""

LEAST_SIDE = 64
"""Pixels to which a shorter side is filled up with black, as OpenCV fills up to multiples of 32: of
a single row or column of such blocks its network gives another answer each time."""

SUPPRESSION = 0.3
"""Intersection over union above which the less certain of two faces goes: OpenCV's default."""

SCALE = Scale((0.0, 0.6, 0.8, 0.87, 0.93, 0.95), (0.0, 0.5, 0.8, 0.9, 0.98, 1.0))
"""0.6 is the threshold of the runner beside the network (yunet.py in opencv_zoo); OpenCV's own
default, 0.9, misses one of ten portraits. The rest was measured on pictures with faces and without.
Scores of this file hardly exceed 0.95."""

BOX = BoxFit(across=0.0, down=-0.015, width=1.01, height=1.015)


class YunetFaceDetector:
    """One look with YuNet.

    Args:
        folder: Where its file may lie; None for the project's own folder.
        min_confidence: Faces below are not reported.

    Raises:
        ModelMissing, ModelDamaged: The file cannot be used.
        ValueError: `min_confidence` is not from 0 to 1.
    """

    certain = 0.95
    """Nearly nine of ten upright faces score above this (0.91 by its own scale), one in twenty that
    stand on their head."""

    small = 0.035
    """22 of the 640 pixels."""

    squeezes = False

    def __init__(self, folder: Path | None = None, min_confidence: float = 0.5) -> None:
        require_confidence(min_confidence)
        loaded = load(WEIGHTS, folder)
        self.min_confidence = min_confidence
        self.model = loaded.use(WEIGHTS)
        try:
            # A network keeps the size of the picture between two calls.
            self._networks = Copies(lambda: _network(loaded.data, SCALE.score(min_confidence)))
        except cv2.error as error:
            raise ModelDamaged(f"{loaded.path}: OpenCV cannot load this network") from error
        blank = np.zeros((LONGER_SIDE, LONGER_SIDE, 3), np.uint8)
        try_out(lambda: self.detect(blank), WEIGHTS, loaded)

    def detect(self, image: Image) -> list[Face]:
        """Find the faces in one picture, most confident first; see `FaceDetector.detect`."""
        require_image(image)
        seen, scale = shown(image, LONGER_SIDE, enlarged=False)
        return common_faces(self._find(seen), image, scale, self.min_confidence)

    def _find(self, seen: Image) -> Iterator[NativeFace]:
        below, beside = (max(LEAST_SIDE - side, 0) for side in seen.shape[:2])
        if below or beside:
            filled = cv2.copyMakeBorder(seen, 0, below, 0, beside, cv2.BORDER_CONSTANT)
            seen = np.asarray(filled, np.uint8)
        with self._networks.lent() as network:
            network.setInputSize((seen.shape[1], seen.shape[0]))
            _, rows = network.detect(seen)
        # Each row: left, top, width and height, across and down of five landmarks, the score.
        for row in () if rows is None else rows.astype(float).tolist():
            left, top, width, height, *points, score = row
            edges = BOX.edges((left, top, left + width, top + height))
            landmarks = tuple(zip(points[::2], points[1::2], strict=True))
            yield NativeFace(edges, SCALE.confidence(score), landmarks)


def _network(data: bytes, min_score: float) -> cv2.FaceDetectorYN:
    # OpenCV 5 warns of each network that this class makes.
    with opencv_silence():
        return cv2.FaceDetectorYN.create(
            *("onnx", np.frombuffer(data, np.uint8), np.empty(0, np.uint8)),
            *((LONGER_SIDE, LONGER_SIDE), min_score, SUPPRESSION),
        )
