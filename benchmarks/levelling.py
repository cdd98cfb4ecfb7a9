"""Would ages be better if each face were levelled by its eyes before it is cropped?

    python -m benchmarks.levelling faces.tar
    python -m benchmarks.levelling faces --labels ages.csv --age-model compact-free

FOLDER is as for benchmarks.accuracy. The detector must tell landmarks: yunet does. The first row is
what the program does, in the second every face has been turned so that the eyes are level.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

import age_detector
import face_detector
from age_pipeline import options
from age_pipeline.data import AgeEstimate, Face, Image
from age_pipeline.errors import UsageError
from age_pipeline.stages import AgeDetector, ModelUse
from benchmarks import running
from benchmarks.accuracy_report import report_of
from benchmarks.accuracy_tables import comparison_text
from benchmarks.age_answers import ask
from benchmarks.age_groups import groups_of
from benchmarks.labelled_folders import open_labelled


@dataclass(frozen=True, slots=True)
class LevelledAges:
    """An age model that is shown faces with level eyes.

    Attributes:
        ages: The model.
    """

    ages: AgeDetector

    @property
    def model(self) -> ModelUse:
        return replace(self.ages.model, name=f"{self.ages.model.name} levelled")

    def crop(self, image: Image, face: Face) -> Image:
        """As the model's own crop, of the picture turned around the middle of the face."""
        return self.ages.crop(levelled(image, face), face)

    def estimate(self, crops: Sequence[Image]) -> list[AgeEstimate]:
        """As the model itself."""
        return self.ages.estimate(crops)


def levelled(image: Image, face: Face) -> Image:
    """The picture turned around the middle of a face until the eyes are level.

    Args:
        image: uint8, shape (height, width, 3). Not modified.
        face: With landmarks.

    Raises:
        UsageError: It has none.
    """
    if face.landmarks is None:
        raise UsageError("the detector does not tell where the eyes are: take --detector yunet")
    (right_x, right_y), (left_x, left_y) = face.landmarks[:2]
    # Of a face that lies, the eyes of the picture set upright are to be level.
    tilt = math.degrees(math.atan2(left_y - right_y, left_x - right_x)) - 90 * face.quarter_turns
    middle = (face.box.left + face.box.right) / 2, (face.box.top + face.box.bottom) / 2
    turn = cv2.getRotationMatrix2D(middle, (tilt + 180) % 360 - 180, 1)
    size = image.shape[1], image.shape[0]
    return np.asarray(
        cv2.warpAffine(image, turn, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
        np.uint8,
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run on these arguments, or on the command line's; returns the exit code."""
    return running.run(lambda: _run(_parser().parse_args(argv)), "levelling")


def _run(asked: argparse.Namespace) -> None:
    pictures = open_labelled(asked.folder, labels=asked.labels)
    groups = groups_of(pictures.labels)
    if asked.limit is not None:
        if asked.limit < 1:
            raise UsageError(f"--limit {asked.limit} leaves nothing to measure: give 1 or more")
        pictures = pictures.spread(asked.limit)
    ages = age_detector.load(asked.age_model)
    faces = face_detector.load(asked.detector)
    outcome = ask(pictures, [faces], [ages, LevelledAges(ages)])
    reports = [report_of(result, groups, [], challenge_age=18) for result in outcome.results]
    print(comparison_text(reports), end="")


def _parser() -> argparse.ArgumentParser:
    about, _, examples = (__doc__ or "").partition("\n\n")
    parser = options.Parser("python -m benchmarks.levelling", about, examples)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="faces of known age")
    parser.add_argument("--labels", type=Path, metavar="CSV", help="their ages")
    parser.add_argument("--limit", type=int, metavar="N", help="take N faces, evenly spread")
    parser.add_argument("--age-model", choices=age_detector.NAMES, help="what estimates the ages")
    parser.add_argument(
        "--detector",
        choices=face_detector.NAMES,
        default="yunet",
        help="what finds the faces and their eyes (default: %(default)s)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
