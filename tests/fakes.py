"""Both stages without any model, for tests of everything else: `from fakes import FakeFaces`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from age_pipeline.data import OLDEST, AgeEstimate, Box, Face, Image, require_image
from age_pipeline.stages import ModelUse

FACE = Face(Box(4, 6, 24, 30), confidence=0.9)
"""Where `FakeFaces` sees somebody unless told otherwise; it lies in a picture of 24x30 or more."""


def bell(years: float = 30, spread: float = 4) -> AgeEstimate:
    """A bell of probabilities around `years`; with a spread of 0 all of it lies on that year."""
    distances = np.abs(np.arange(OLDEST + 1) - years)
    weights = np.exp(-0.5 * (distances / spread) ** 2) if spread else distances == distances.min()
    return AgeEstimate(weights / weights.sum())


class FakeFaces:
    """Stage 1: sees the same faces in every picture, but nobody in a wholly black one.

    Attributes:
        seen: The shape of each picture that was handed in.
    """

    def __init__(self, faces: Sequence[Face] = (FACE,)) -> None:
        self.model = ModelUse(name="fake-faces", file="faces.bin", sha256="f" * 64)
        self.seen: list[tuple[int, ...]] = []
        self._faces = sorted(faces, key=lambda face: -(face.confidence or 0))

    def detect(self, image: Image) -> list[Face]:
        require_image(image)
        self.seen.append(image.shape)
        return list(self._faces) if image.any() else []


class FakeAges:
    """Stage 2: gives the first crop of each call the first age, the second the second, and again.

    Attributes:
        calls: How many crops each call of `estimate` had.
    """

    SIZE = 8

    def __init__(self, ages: Sequence[AgeEstimate] = (bell(),)) -> None:
        self.model = ModelUse(name="fake-ages", file="ages.bin", sha256="a" * 64)
        self.calls: list[int] = []
        self._ages = list(ages)

    def become(self, *ages: AgeEstimate) -> None:
        """Give other ages from now on."""
        self._ages = list(ages)

    def crop(self, image: Image, face: Face) -> Image:
        require_image(image)
        inside = image[face.box.top : face.box.bottom, face.box.left : face.box.right]
        rows, columns = (np.arange(self.SIZE) * length // self.SIZE for length in inside.shape[:2])
        return inside[np.ix_(rows, columns)]

    def estimate(self, crops: Sequence[Image]) -> list[AgeEstimate]:
        self.calls.append(len(crops))
        return [self._ages[index % len(self._ages)] for index, _ in enumerate(crops)]
