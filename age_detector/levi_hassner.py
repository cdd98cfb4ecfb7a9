"""The age network of Levi and Hassner (2015), which the well-known tutorials use: eight brackets.

Gil Levi and Tal Hassner, "Age and Gender Classification Using Convolutional Neural Networks",
IEEE Workshop on Analysis and Modeling of Faces and Gestures (AMFG) at CVPR, 2015.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from age_detector.face_crop import stacked, upright
from age_pipeline.data import AgeEstimate, Face, Image
from age_pipeline.model_files import ModelFile, load
from age_pipeline.network_engines import Engine
from age_pipeline.networks import caffe_network, try_out

FOLDER = Path(__file__).parent

PROTOTXT = FOLDER / "levi_hassner.prototxt"

INPUT_SIZE = 227
"""Of the network's square input, in pixels."""

MEAN = np.array([78.4263377603, 87.7689143744, 114.895847746], np.float32)
"""Of each channel, blue-green-red, over the network's training pictures, as the programs that made
the network known subtract it."""

WEIGHTS = ModelFile(
    name="levi-hassner",
    file="age_net.caffemodel",
    # The size is what public copies of the file state; only the git blob id is from its authors'
    # repository itself, and only that is verified.
    size=45_661_480,
    git_blob="8391af479b658b9f4f3ace7eec6be86aae079309",
    # The repository has no licence file; this is what its README says.
    licence="none stated; copyright 2015 Gil Levi and Tal Hassner, as is, asks to cite the paper",
    home=FOLDER,
    url="https://raw.githubusercontent.com/GilLevi/AgeGenderDeepLearning/"
    "2d591d4663b3faf778377f6b4377285a96262cb5/models/age_net.caffemodel",
)


class LeviHassnerAgeDetector:
    """Stage 2 with the network of 2015. It sees exactly the face's box, without a margin.

    Attributes:
        model: Which file answers.
    """

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
        loaded = load(WEIGHTS, folder)
        self._network = caffe_network(PROTOTXT, loaded, ("prob",), engine)
        self.model = loaded.use(WEIGHTS)
        blank = np.zeros((INPUT_SIZE, INPUT_SIZE, 3), np.uint8)
        try_out(lambda: self.estimate([blank]), WEIGHTS, loaded)

    def crop(self, image: Image, face: Face) -> Image:
        """Cut out the face's box, upright, stretched to 227x227 as the original program does.

        Args:
            image: The whole picture, uint8, shape (height, width, 3), blue-green-red. Not modified.
            face: One face in it.

        Returns:
            uint8, shape (227, 227, 3), blue-green-red.
        """
        inside = np.ascontiguousarray(upright(image, face))
        return np.asarray(
            cv2.resize(inside, (INPUT_SIZE, INPUT_SIZE), interpolation=cv2.INTER_LINEAR), np.uint8
        )

    def estimate(self, crops: Sequence[Image]) -> list[AgeEstimate]:
        """Estimate one age for each crop, in the same order, in one pass.

        Args:
            crops: What `crop` returned, from one picture or from several.

        Raises:
            TypeError, ValueError: One of them is something else.
        """
        if not crops:
            return []
        batch = (stacked(crops, INPUT_SIZE) - MEAN).transpose(0, 3, 1, 2)
        outputs = self._network.run(np.ascontiguousarray(batch)).reshape(len(crops), -1)
        return [AgeEstimate.from_brackets(output) for output in outputs]
