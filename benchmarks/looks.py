"""What the further looks find, and what they cost, case by case.

    python -m benchmarks.looks
    python -m benchmarks.looks --data DATA

Each row: faces found by one look, by default and by --thorough, how many looks that took, and the
time of the default as a multiple of one look, in this run. With --data also: how often FairFace's
photographs, upright and turned, are found the right way up, and at what cost.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

import cv2
import numpy as np

from age_pipeline.data import Face, Image
from age_pipeline.stages import FaceDetector
from benchmarks.labelled_folders import LabelledPicture, labelled_face, open_labelled
from benchmarks.sample_pictures import read_sample
from face_detector.looks import LookAgain
from face_detector.ssd import SsdFaceDetector

REPEATS = 5


class CountingDetector(SsdFaceDetector):
    """The SSD, counting how often it looks."""

    looks = 0

    def detect(self, image: Image) -> list[Face]:
        """As `SsdFaceDetector.detect`."""
        self.looks += 1
        return super().detect(image)


def cases(detector: SsdFaceDetector) -> Iterator[tuple[str, Image]]:
    """Named pictures, most of them made from images/."""
    for name in ("1.png", "2.jpg", "einstein_1947.jpg"):
        image = read_sample(name)
        box = detector.detect(image)[0].box
        yield f"{name}, a portrait", image
        yield f"{name} lying on its side", np.ascontiguousarray(np.rot90(image))
        yield f"{name} upside down", np.ascontiguousarray(np.rot90(image, 2))
        yield f"{name}, the face fills the frame", image[box.top : box.bottom, box.left : box.right]
    yield "nasa_group15.jpg, 23 people", read_sample("nasa_group15.jpg")
    yield "solvay_1927.jpg, 29 people", read_sample("solvay_1927.jpg")
    scene = _empty(1200, 1600)
    small = cv2.resize(read_sample("1.png"), (200, 200), interpolation=cv2.INTER_AREA)
    scene[500:700, 700:900] = small
    yield "one face of 36 pixels in 1600x1200", scene
    yield "nobody, 640x480", _empty(480, 640)
    yield "nobody, 1600x1200", _empty(1200, 1600)
    yield "nobody, 4000x3000", _empty(3000, 4000)


def _empty(height: int, width: int) -> Image:
    """A seeded landscape of soft blotches."""
    noise = np.random.default_rng(1).integers(0, 256, (height // 40, width // 40, 3), np.uint8)
    return np.asarray(cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def _median_times(detectors: Sequence[FaceDetector], image: Image) -> list[float]:
    """Seconds that each detector takes for the picture; they take turns."""
    times: list[list[float]] = [[] for _ in detectors]
    for _ in range(REPEATS):
        for detector, own in zip(detectors, times, strict=True):
            started = time.perf_counter()
            detector.detect(image)
            own.append(time.perf_counter() - started)
    return [median(own) for own in times]


def report_cases() -> None:
    """Print one row for each case, as a table in Markdown."""
    once = CountingDetector()
    again, thorough = LookAgain(once), LookAgain(once, thorough=True)
    print("| picture | one look finds | default finds | looks | time | --thorough finds | looks |")
    print("|---|---|---|---|---|---|---|")
    for name, image in cases(once):
        cells = [f"{len(once.detect(image))}"]
        one, default = _median_times([once, again], image)
        once.looks = 0
        cells += [f"{len(again.detect(image))}", f"{once.looks}", f"{default / one:.1f}"]
        once.looks = 0
        cells += [f"{len(thorough.detect(image))}", f"{once.looks}"]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def report_photographs(data: Path) -> None:
    """Print orientation and cost over FairFace's photographs in all four turns."""
    once = CountingDetector()
    again = LookAgain(once)
    labelled = open_labelled(data / "fairface-photos.tar")
    pictures = [each for each in labelled if isinstance(each, LabelledPicture)]
    for turns in range(4):
        found = upright = single = looks = 0
        for picture in pictures:
            turned = replace(picture, image=np.ascontiguousarray(np.rot90(picture.image, turns)))
            once.looks = 0
            face = labelled_face(again.detect(turned.image), turned)
            looks += once.looks
            single += once.looks == 1
            found += face is not None
            upright += face is not None and (face.quarter_turns + turns) % 4 == 0
        number = len(pictures)
        print(
            f"FairFace photographs turned by {turns * 90:3} degrees: found {found / number:.1%}, "
            f"right way up {upright / number:.1%}, one look was enough for {single / number:.1%}, "
            f"looks on average {looks / number:.2f}"
        )


def main() -> None:
    """Print both reports."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="folder that holds fairface-photos.tar")
    options = parser.parse_args()
    report_cases()
    if options.data:
        report_photographs(options.data)


if __name__ == "__main__":
    main()
