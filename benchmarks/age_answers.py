"""Asks age models for the ages of labelled faces, and keeps what they say beside the labels."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt

from age_pipeline.data import OLDEST, AgeEstimate, Box, Face, FailedInput
from age_pipeline.labels import INTERVAL_LEVEL
from age_pipeline.progress import with_progress
from age_pipeline.stages import AgeDetector, FaceDetector
from benchmarks.age_labels import AgeLabel
from benchmarks.labelled_folders import LabelledPicture, LabelledPictures, labelled_face

log = logging.getLogger("detect_age")


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What one age model said of each labelled face. Of a face that was not found all is NaN.

    Attributes:
        labels: What is known of each face.
        probabilities: Of each year of age, float64, shape (faces, 101).
        years: The medians, float64, shape (faces,).
        intervals: First and last year of the 80% intervals, float64, shape (faces, 2).
    """

    labels: tuple[AgeLabel, ...]
    probabilities: npt.NDArray[np.float64]
    years: npt.NDArray[np.float64]
    intervals: npt.NDArray[np.float64]

    @classmethod
    def of(cls, labels: Sequence[AgeLabel], estimates: Sequence[AgeEstimate | None]) -> Answers:
        """Put the estimates, None where no face was found, beside their labels."""
        size = len(labels)
        answers = cls(
            tuple(labels),
            np.full((size, OLDEST + 1), np.nan),
            np.full(size, np.nan),
            np.full((size, 2), np.nan),
        )
        for index, (_, age) in enumerate(zip(labels, estimates, strict=True)):
            if age is not None:
                answers.probabilities[index] = age.probabilities
                answers.years[index] = age.years
                answers.intervals[index] = age.interval(INTERVAL_LEVEL)
        return answers

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def first(self) -> npt.NDArray[np.int_]:
        """The youngest year that each label allows, shape (faces,)."""
        return np.array([label.first for label in self.labels], int)

    @property
    def last(self) -> npt.NDArray[np.int_]:
        """The oldest year that each label allows, shape (faces,)."""
        return np.array([label.last for label in self.labels], int)

    @property
    def found(self) -> npt.NDArray[np.bool_]:
        """Whether the face was found, shape (faces,)."""
        return ~np.isnan(self.years)

    def chosen(self, wanted: npt.NDArray[np.bool_]) -> Answers:
        """Those of the faces that are wanted, a flag for each."""
        return Answers(
            tuple(label for label, flag in zip(self.labels, wanted, strict=True) if flag),
            self.probabilities[wanted],
            self.years[wanted],
            self.intervals[wanted],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What one age model said of the faces that one detector found.

    Attributes:
        detector: None where each picture was taken whole.
        model: The age model.
        answers: One for each face whose picture could be read.
    """

    detector: FaceDetector | None
    model: AgeDetector
    answers: Answers


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What came of a set of labelled pictures.

    Attributes:
        results: One for each detector and age model.
        unreadable: The pictures that could not be read, each reported when it was met.
    """

    results: tuple[Result, ...]
    unreadable: tuple[FailedInput, ...]


def ask(
    pictures: LabelledPictures,
    detectors: Sequence[FaceDetector | None],
    models: Sequence[AgeDetector],
) -> Outcome:
    """Show every labelled face to every age model, as every detector finds it.

    Each picture is read once, and shown to each detector once. Nothing is kept of it.

    Args:
        pictures: The labelled pictures.
        detectors: What finds the faces; None takes the whole picture as one face.
        models: What estimates the ages.
    """
    labels: list[AgeLabel] = []
    unreadable: list[FailedInput] = []
    pairs = [(detector, model) for detector in detectors for model in models]
    estimates: list[list[AgeEstimate | None]] = [[] for _ in pairs]
    with closing(with_progress(pictures, len(pictures))) as bar:
        together = zip(pictures.labels, bar, strict=True)
        for _, group in groupby(together, key=lambda pair: pair[0].name):
            own, items = zip(*group, strict=True)
            if isinstance(items[0], FailedInput):
                log.error("%s", items[0].error)
                unreadable.append(items[0])
                continue
            labels += own
            answered = [
                _ages(model, items, faces)
                for faces in (_faces(detector, items) for detector in detectors)
                for model in models
            ]
            for known, new in zip(estimates, answered, strict=True):
                known += new
    return Outcome(
        tuple(
            Result(detector, model, Answers.of(labels, ages))
            for (detector, model), ages in zip(pairs, estimates, strict=True)
        ),
        tuple(unreadable),
    )


def _faces(detector: FaceDetector | None, people: Sequence[LabelledPicture]) -> list[Face | None]:
    """The face of each person of one picture."""
    image = people[0].image
    if detector is None:
        whole = Face(Box(0, 0, image.shape[1], image.shape[0]), confidence=None)
        return [whole for _ in people]
    found = detector.detect(image)
    return [labelled_face(found, person) for person in people]


def _ages(
    model: AgeDetector, people: Sequence[LabelledPicture], faces: Sequence[Face | None]
) -> list[AgeEstimate | None]:
    image = people[0].image
    estimates = iter(
        model.estimate([model.crop(image, face) for face in faces if face is not None])
    )
    return [None if face is None else next(estimates) for face in faces]
