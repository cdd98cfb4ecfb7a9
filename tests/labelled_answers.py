"""Answers made by hand: what a face is labelled, and what is said of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from fakes import FakeAges, bell

from age_pipeline.data import AgeEstimate
from age_pipeline.stages import AgeDetector, FaceDetector
from benchmarks.age_answers import Answers, Result
from benchmarks.age_labels import AgeLabel
from benchmarks.age_metrics import Bin

SURE = 0
"""The spread of an estimate that lies on one year."""


def label(first: int, last: int | None = None, **groups: str) -> AgeLabel:
    return AgeLabel(
        name=f"{first}.png", first=first, last=first if last is None else last, groups=groups
    )


def said(*pairs: tuple[AgeLabel, AgeEstimate | float | None]) -> Answers:
    """A number is an estimate that is sure of this year; None is a face that was not found."""
    estimates = [
        age if age is None or isinstance(age, AgeEstimate) else bell(age, SURE) for _, age in pairs
    ]
    return Answers.of([own for own, _ in pairs], estimates)


def mixture(shares: dict[int, float]) -> AgeEstimate:
    """An estimate with these probabilities of these years."""
    return AgeEstimate(np.array([shares.get(year, 0.0) for year in range(101)]))


def numbers(bins: Sequence[Bin]) -> list[float]:
    """Faces, what was said and what was true, of one bin after the other."""
    return [value for each in bins for value in (each.of, each.said, each.true)]


def result(
    answers: Answers, detector: FaceDetector | None = None, model: AgeDetector | None = None
) -> Result:
    return Result(detector, model or FakeAges(), answers)
