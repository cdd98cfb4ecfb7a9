"""Everything that is said of how accurate an age model is, worked out from its answers.

A face that was not found counts as wrong wherever answers are right or wrong: within 5 years,
brackets and groups. Errors, intervals and probabilities are of the faces that were found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from benchmarks.age_answers import Answers
from benchmarks.age_groups import ADIENCE, AgeGroups
from benchmarks.age_metrics import Mean, Numbers, Share, mean_of, share_of

CLOSE = 5
"""Years within which an estimate is called close."""

Groups: TypeAlias = npt.NDArray[np.intp]
"""The place of a group among its `AgeGroups`, for each face."""


@dataclass(frozen=True, slots=True)
class YearFigures:
    """Of the faces whose labels are single years.

    Attributes:
        error: The mean absolute error in years.
        bias: The mean signed error in years: above 0, faces read old.
        close: Within `CLOSE` years.
        held: How many of the 80% intervals hold the true age.
        bracket: Whether the most probable Adience bracket is the true one.
        bracket_near: Whether it is that or a neighbour of it.
    """

    error: Mean
    bias: Mean
    close: Share
    held: Share
    bracket: Share
    bracket_near: Share


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """How well answers agree with labels as age groups.

    Attributes:
        exact: Whether the group that `years` falls in is the true one.
        near: Whether it is that or a neighbour of it.
        probable: Whether the most probable group is the true one.
        probable_near: Whether it is that or a neighbour of it.
    """

    exact: Share
    near: Share
    probable: Share
    probable_near: Share


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of some faces.

    Attributes:
        faces: How many there are.
        not_found: How many of them were not found.
        years: None where no label is a single year.
        groups: By the groups of the whole set.
        width: Of the 80% intervals, in years.
    """

    faces: int
    not_found: int
    years: YearFigures | None
    groups: GroupFigures
    width: Mean


def figures_of(answers: Answers, groups: AgeGroups) -> Figures:
    """Work out the figures of these faces; there may be none."""
    low, high = answers.intervals[answers.found].T
    single = answers.first == answers.last
    return Figures(
        faces=len(answers),
        not_found=int((~answers.found).sum()),
        years=_year_figures(answers.chosen(single)) if single.any() else None,
        groups=_group_figures(answers, groups),
        width=mean_of(high - low + 1),
    )


def _year_figures(answers: Answers) -> YearFigures:
    found = answers.found
    truth = answers.first[found]
    errors = answers.years[found] - truth
    low, high = answers.intervals[found].T
    brackets = _groups_apart(answers, ADIENCE, _most_probable(answers, ADIENCE))
    return YearFigures(
        error=mean_of(np.abs(errors)),
        bias=mean_of(errors),
        close=Share(int((np.abs(errors) <= CLOSE).sum()), len(answers)),
        held=share_of((low <= truth) & (truth <= high)),
        bracket=share_of(brackets == 0),
        bracket_near=share_of(brackets <= 1),
    )


def _group_figures(answers: Answers, groups: AgeGroups) -> GroupFigures:
    by_years = _groups_apart(answers, groups, groups.of_years(answers.years[answers.found]))
    probable = _groups_apart(answers, groups, _most_probable(answers, groups))
    return GroupFigures(
        exact=share_of(by_years == 0),
        near=share_of(by_years <= 1),
        probable=share_of(probable == 0),
        probable_near=share_of(probable <= 1),
    )


def _most_probable(answers: Answers, groups: AgeGroups) -> Groups:
    return np.asarray(groups.probabilities(answers.probabilities[answers.found]).argmax(1))


def _groups_apart(answers: Answers, groups: AgeGroups, said: Groups) -> Numbers:
    """How many groups each answer is from the truth; infinitely many where no face was found.

    Args:
        answers: All faces.
        groups: What is compared.
        said: The group of each face that was found.
    """
    apart = np.full(len(answers), np.inf)
    apart[answers.found] = np.abs(said - groups.of_year[answers.first[answers.found]])
    return apart
