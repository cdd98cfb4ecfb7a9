"""The project's own age network: 64x64 pixels in, one probability per year of age out.

Trained by training/train_compact.py; README.md beside this file is its model card.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from age_detector.face_crop import square_crop, stacked
from age_pipeline.data import AgeEstimate, Face, Image
from age_pipeline.model_files import ModelFile, load
from age_pipeline.networks import onnx_network, try_out
from age_pipeline.stages import ModelUse

WEIGHTS = ModelFile(
    name="compact",
    file="compact.onnx",
    size=2_839_751,
    sha256="e1d9c5836aa975c325a67c08d38ccfa2f47512077b5275fc78498519dc38497e",
    licence="MIT; trained on FairFace (CC BY 4.0)",
    home=Path(__file__).parent,
)

INPUT_SIZE = 64
"""Side of the network's square input, in pixels."""


class CompactAgeDetector:
    """Stage 2 with the network that ships with the program.

    Attributes:
        model: Which file answers.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """Load the network.

        Args:
            folder: Where its file is looked for first; None for this room's own folder.

        Raises:
            ModelMissing, ModelDamaged: The file is absent or not what it should be.
            UsageError: `folder` does not exist.
        """
        loaded = load(WEIGHTS, folder)
        self._network = onnx_network(loaded)
        self.model = ModelUse(WEIGHTS.name, loaded.path.name, loaded.sha256)
        blank = np.zeros((INPUT_SIZE, INPUT_SIZE, 3), np.uint8)
        try_out(lambda: self.estimate([blank]), WEIGHTS, loaded)

    def crop(self, image: Image, face: Face) -> Image:
        """Cut a square around the middle of the face, upright.

        Args:
            image: The whole picture, uint8, shape (height, width, 3), blue-green-red. Not modified.
            face: One face in it.

        Returns:
            uint8, shape (64, 64, 3), blue-green-red.
        """
        return square_crop(image, face, INPUT_SIZE)

    def estimate(self, crops: Sequence[Image]) -> list[AgeEstimate]:
        """Estimate one age for each crop, in the same order, in one pass.

        Each face is shown to the network as it is and mirrored, and the two answers are averaged.

        Args:
            crops: What `crop` returned, from one picture or from several.

        Raises:
            TypeError, ValueError: One of them is something else.
        """
        if not crops:
            return []
        faces = stacked(crops, INPUT_SIZE).transpose(0, 3, 1, 2)
        both = np.concatenate([faces, faces[..., ::-1]])
        as_is, mirrored = np.split(self._network.run(both).astype(np.float64), 2)
        return [AgeEstimate(years) for years in (as_is + mirrored) / 2]
