"""How far the probabilities that an age model gives can be taken at their word.

Everything here is of the faces that were found.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.age_answers import Answers
from benchmarks.age_groups import AgeGroups
from benchmarks.age_metrics import (
    Bin,
    Flags,
    Numbers,
    Share,
    bins_of_equal_mass,
    bins_of_equal_width,
    expected_calibration_error,
    share_of,
)

THRESHOLDS = (0.5, 0.8, 0.9, 0.95, 0.99)
"""Probabilities from which on a face may be taken for old enough."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """Who would be taken for the challenge age or older, of some faces that were found.

    Attributes:
        younger: For each of `THRESHOLDS`, how many of those who are younger reach it: the
            false-positive rate.
        older: Likewise of those who are of the challenge age or older: the true-positive rate.
        unknown: Faces whose label does not tell.
    """

    younger: tuple[Share, ...]
    older: tuple[Share, ...]
    unknown: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far probabilities can be taken at their word.

    Attributes:
        groups: The most probable group's probability against how often that is the true one, in
            ten bins of equal mass.
        error: The expected calibration error over these bins.
        challenge: P(age >= challenge age) against how often that is so, in ten bins of equal width.
    """

    groups: list[Bin]
    error: float | None
    challenge: list[Bin]


def calibration_of(answers: Answers, groups: AgeGroups, challenge_age: int) -> Calibration:
    """Hold probabilities against how often what they are given to is true."""
    answers = answers.chosen(answers.found)
    probabilities = groups.probabilities(answers.probabilities)
    right = probabilities.argmax(1) == groups.of_year[answers.first]
    bins = bins_of_equal_mass(probabilities.max(1), right)
    said, old_enough = _challenged(answers, challenge_age)
    return Calibration(
        bins, expected_calibration_error(bins), bins_of_equal_width(said, old_enough)
    )


def challenge_of(answers: Answers, challenge_age: int) -> Challenge:
    """Count who would be taken for `challenge_age` or older, by those who are and who are not."""
    answers = answers.chosen(answers.found)
    said, old_enough = _challenged(answers, challenge_age)
    reached = [said >= threshold for threshold in THRESHOLDS]
    return Challenge(
        younger=tuple(share_of(each[~old_enough]) for each in reached),
        older=tuple(share_of(each[old_enough]) for each in reached),
        unknown=len(answers) - len(said),
    )


def _challenged(answers: Answers, challenge_age: int) -> tuple[Numbers, Flags]:
    """P(age >= challenge age), and whether that is so, of the faces whose label tells."""
    told = (answers.last < challenge_age) | (answers.first >= challenge_age)
    said = answers.probabilities[told, challenge_age:].sum(1)
    return np.minimum(said, 1.0), answers.first[told] >= challenge_age
