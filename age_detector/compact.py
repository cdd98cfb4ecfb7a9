"""The project's own age network: 80x80 pixels in, one probability per year of age out.

Made by training/; README.md beside this file is its model card.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np

from age_detector.face_crop import square_crop, stacked
from age_pipeline.data import AgeEstimate, Face, Image
from age_pipeline.model_files import ModelFile, load
from age_pipeline.network_engines import Engine
from age_pipeline.networks import onnx_network, try_out

WEIGHTS = ModelFile(
    name="compact",
    file="compact.onnx",
    size=2_399_368,
    sha256="27eb2d1f32a80c5c9c94c269107c5c8db5404a5cc69a5a444c709921013ed078",
    licence="non-commercial research only, trained on FairFace and UTKFace",
    home=Path(__file__).parent,
)

INPUT_SIZE = 80
"""Side of the network's square input, in pixels."""


class CompactAgeDetector:
    """Stage 2 with the network that ships with the program.

    Attributes:
        weights: The file that it needs.
        model: Which file answers.
    """

    weights: ClassVar[ModelFile] = WEIGHTS

    def __init__(self, folder: Path | None = None, engine: Engine = "opencv") -> None:
        """Load the network.

        Args:
            folder: Where its file is looked for first; None for this room's own folder.
            engine: What runs it.

        Raises:
            ModelMissing, ModelDamaged: The file is absent or not what it should be.
            PackageMissing: The engine is not installed.
            UsageError: `folder` does not exist.
        """
        loaded = load(self.weights, folder)
        self._network = onnx_network(loaded, engine)
        self.model = loaded.use(self.weights)
        blank = np.zeros((INPUT_SIZE, INPUT_SIZE, 3), np.uint8)
        try_out(lambda: self.estimate([blank]), self.weights, loaded)

    def crop(self, image: Image, face: Face) -> Image:
        """Cut a square around the middle of the face, upright.

        Args:
            image: The whole picture, uint8, shape (height, width, 3), blue-green-red. Not modified.
            face: One face in it.

        Returns:
            uint8, shape (80, 80, 3), blue-green-red.
        """
        return square_crop(image, face, INPUT_SIZE)

    def estimate(self, crops: Sequence[Image]) -> list[AgeEstimate]:
        """Estimate one age for each crop, in the same order, in one pass.

        Args:
            crops: What `crop` returned, from one picture or from several.

        Raises:
            TypeError, ValueError: One of them is something else.
        """
        if not crops:
            return []
        faces = stacked(crops, INPUT_SIZE).transpose(0, 3, 1, 2)
        return [AgeEstimate(years) for years in self._network.run(faces).astype(np.float64)]
