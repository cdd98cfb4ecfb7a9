"""Faces by a Haar cascade (Viola and Jones 2001), the one that OpenCV 4's wheels carry."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2

from age_pipeline.copies import Copies
from age_pipeline.data import Face, Image, require_confidence, require_image
from age_pipeline.errors import ModelDamaged
from age_pipeline.model_files import LoadedModel, ModelFile, load
from age_pipeline.model_packages import needed_code
from face_detector.cascade_trees import trees_are_whole
from face_detector.native_faces import BoxFit, NativeFace, Scale, common_faces, shown

WEIGHTS = ModelFile(
    name="haar",
    file="haarcascade_frontalface_alt2.xml",
    size=540_616,
    sha256="7b0c967d9abbdfbde025eb9c786947d151b6426040d07a8f9562ed8fd90724b4",
    licence="BSD (Intel)",
    home=Path(__file__).parent,
    package_folder="cv2/data",
    requirement="opencv-python>=4.13,<5",
    needs="cv2.CascadeClassifier",
)
"""Of the frontal cascades in the wheel one that has few ghosts and still finds many faces; the
tutorials' `default` finds a few more, with several times the ghosts."""

LONGER_SIDE = 320
"""Longer side in pixels of what the cascade sees: its window is 20x20, and time and ghosts grow
with the number of windows."""

SCALE_FACTOR = 1.1
"""How much larger each next window is: OpenCV's default."""

SCALE = Scale((0, 4, 7, 10, 20, 60), (0.0, 0.5, 0.8, 0.9, 0.98, 1.0))
"""By the number of windows that found the face. OpenCV's default, minNeighbors=3, wants more than
three of them; the rest was measured on pictures with faces and without."""

BOX = BoxFit(across=0.0, down=-0.012, width=0.85, height=1.13)


class HaarFaceDetector:
    """One look with the cascade.

    Args:
        folder: Where its file may lie; None for the project's own folder.
        min_confidence: Faces below are not reported.

    Raises:
        ModelMissing, ModelDamaged: The file cannot be used.
        PackageMissing: This OpenCV has no cascades.
        ValueError: `min_confidence` is not from 0 to 1.
    """

    certain = 0.98
    """Ghosts reach 0.95; a face that does not stand upright is hardly found at all."""

    small = 0.13
    """42 of the 320 pixels."""

    squeezes = False

    def __init__(self, folder: Path | None = None, min_confidence: float = 0.5) -> None:
        require_confidence(min_confidence)
        make = needed_code(WEIGHTS)
        loaded = load(WEIGHTS, folder)
        self.min_confidence = min_confidence
        self.model = loaded.use(WEIGHTS)
        # A cascade keeps the picture's integral images between its windows.
        self._cascades = Copies(lambda: _filled(make(), loaded))

    def detect(self, image: Image) -> list[Face]:
        """Find the faces in one picture, most confident first; see `FaceDetector.detect`."""
        require_image(image)
        seen, scale = shown(image, LONGER_SIDE, enlarged=True)
        return common_faces(self._find(seen), image, scale, self.min_confidence)

    def _find(self, seen: Image) -> Iterator[NativeFace]:
        grey = cv2.cvtColor(seen, cv2.COLOR_BGR2GRAY)
        with self._cascades.lent() as cascade:
            boxes, windows = cascade.detectMultiScale2(
                grey, scaleFactor=SCALE_FACTOR, minNeighbors=1
            )
        for (left, top, width, height), number in zip(boxes, windows, strict=True):
            edges = BOX.edges((left, top, left + width, top + height))
            yield NativeFace(edges, SCALE.confidence(number))


def _filled(cascade: Any, loaded: LoadedModel) -> Any:
    """A cascade with the content of what was read."""
    text = loaded.data.decode(errors="replace")
    try:
        storage = cv2.FileStorage(text, cv2.FILE_STORAGE_READ | cv2.FILE_STORAGE_MEMORY)
        understood = cascade.read(storage.getFirstTopLevelNode())
    except (cv2.error, SystemError):
        # OpenCV's binding raises SystemError where the constructor of FileStorage fails.
        understood = False
    if not understood or cascade.empty():
        raise ModelDamaged(f"{loaded.path} is no cascade that OpenCV can load; delete it")
    if not loaded.verified and not trees_are_whole(text):
        raise ModelDamaged(f"{loaded.path} is a cascade whose trees lead nowhere; delete it")
    return cascade
