"""How far the estimated ages are from the labelled ones, through the default face detector.

    python -m benchmarks.accuracy --data DATA
    python -m benchmarks.accuracy --data DATA --age-model levi-hassner --sets photos

The sets are described in training/README.md. A face that is not found counts as wrong. Labels of
FairFace and UTKFace are judgements of how old a face looks, not birth dates.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

import age_detector
import face_detector
from age_pipeline.data import AgeEstimate, Box, Face
from age_pipeline.stages import AgeDetector, FaceDetector
from benchmarks.sample_pictures import KNOWN_AGES, read_sample, solvay_people
from training.data_sets import (
    FAIRFACE_GROUPS,
    LabelledPicture,
    all_age_faces,
    fairface,
    utkface_validation,
)
from training.find_faces import central_face


@dataclass(frozen=True, slots=True)
class Answer:
    """A label and what the program said; `age` is None where no face was found."""

    first: int
    last: int
    age: AgeEstimate | None


def answers(
    pictures: Iterator[LabelledPicture], faces: FaceDetector | None, ages: AgeDetector
) -> list[Answer]:
    """Ask for the age of the labelled face of each picture."""
    results = []
    for picture in tqdm(pictures, leave=False):
        height, width = picture.image.shape[:2]
        face: Face | None = Face(Box(0, 0, width, height), None)
        if faces is not None:
            face = central_face(faces.detect(picture.image), width, height)
        age = None
        if face is not None:
            (age,) = ages.estimate([ages.crop(picture.image, face)])
        results.append(Answer(picture.first, picture.last, age))
    return results


def report_groups(name: str, results: list[Answer]) -> None:
    """Print how often the group that `years` falls in is the labelled one, or next to it."""
    starts = np.array([first for first, _ in FAIRFACE_GROUPS.values()])
    labelled = np.searchsorted(starts, [answer.first for answer in results])
    apart = np.array(
        [
            99
            if answer.age is None
            else abs(int(np.searchsorted(starts, answer.age.years, side="right")) - 1 - group)
            for answer, group in zip(results, labelled, strict=True)
        ]
    )
    lost = sum(answer.age is None for answer in results)
    print(
        f"{name}: {len(results)} faces, {lost} not found, exact {np.mean(apart == 0):.1%}, "
        f"within one group {np.mean(apart <= 1):.1%}"
    )
    for index, group in enumerate(FAIRFACE_GROUPS):
        own = apart[labelled == index]
        print(
            f"  {group:6} {len(own):5} faces  exact {np.mean(own == 0):6.1%}"
            f"  within one group {np.mean(own <= 1):6.1%}"
        )


def report_years(name: str, results: list[Answer]) -> None:
    """Print the errors in years, by decade, and how often the 80% interval holds the label."""
    known = [(answer.first, answer.age) for answer in results if answer.age is not None]
    truths = np.array([truth for truth, _ in known])
    errors = np.array([age.years for _, age in known]) - truths
    held = [age.interval(0.8)[0] <= truth <= age.interval(0.8)[1] for truth, age in known]
    close = np.sum(np.abs(errors) <= 5) / len(results)
    print(
        f"{name}: {len(results)} faces, {len(results) - len(known)} not found, "
        f"mean error {np.abs(errors).mean():.2f} years, within 5 years {close:.1%}, "
        f"80% interval holds {np.mean(held):.1%}"
    )
    for decade in range(0, 100, 10):
        own = errors[truths // 10 == decade // 10]
        if len(own):
            print(
                f"  {decade:2}s {len(own):5} faces  mean error {np.abs(own).mean():5.2f}"
                f"  signed {own.mean():+6.2f}"
            )


def report_images(faces: FaceDetector, ages: AgeDetector) -> None:
    """Print what the sample pictures show beside the truth."""
    for file, truth in KNOWN_AGES.items():
        image = read_sample(file)
        (age,) = ages.estimate([ages.crop(image, faces.detect(image)[0])])
        low, high = age.interval(0.8)
        print(f"images/{file}: {truth} years old, read as {age.years:.1f} ({low}-{high})")
    image = read_sample("solvay_1927.jpg")
    found = faces.detect(image)
    results = []
    for person in solvay_people():
        own = [face for face in found if person.inside(face.box)]
        own_age = ages.estimate([ages.crop(image, own[0])])[0] if own else None
        results.append(Answer(person.age, person.age, own_age))
    report_years("images/solvay_1927.jpg", results)


def main() -> None:
    """Print one report for each set."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="folder that holds the archives")
    parser.add_argument("--age-model", default=None)
    parser.add_argument("--age", type=Path, default=None, help="folder of the model's file")
    parser.add_argument("--sets", nargs="+", default=None, help="some of: images val photos ...")
    options = parser.parse_args()
    faces, ages = face_detector.load(), age_detector.load(options.age_model, options.age)
    sets: dict[str, Callable[[Path], None]] = {
        "images": lambda _: report_images(faces, ages),
        "val": lambda data: report_groups(
            "FairFace validation", answers(fairface(data / "fairface-val.tar"), faces, ages)
        ),
        "photos": lambda data: report_groups(
            "FairFace photographs", answers(fairface(data / "fairface-photos.tar"), faces, ages)
        ),
        "utkface": lambda data: report_years(
            "UTKFace validation",
            answers(utkface_validation(data / "utkface-dev.tar"), faces, ages),
        ),
        "utkface-whole": lambda data: report_years(
            "UTKFace validation, --whole",
            answers(utkface_validation(data / "utkface-dev.tar"), None, ages),
        ),
        "aaf": lambda data: report_years(
            "All-Age-Faces", answers(all_age_faces(data / "aaf-val.tar"), faces, ages)
        ),
    }
    print(f"age model: {ages.model.name}, {ages.model.file}, sha256 {ages.model.sha256}")
    for name in options.sets or (sets if options.data else ["images"]):
        if name not in sets:
            parser.error(f"no set named {name!r}; there is: {', '.join(sets)}")
        if name != "images" and options.data is None:
            parser.error(f"the set {name} needs --data")
        sets[name](options.data)


if __name__ == "__main__":
    main()
