"""All that is reported of one age model on the faces that one detector found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks.accuracy_figures import Figures, figures_of
from benchmarks.age_answers import Answers, Result
from benchmarks.age_groups import AgeGroups
from benchmarks.age_labels import AgeLabel
from benchmarks.age_metrics import Flags
from benchmarks.calibration_figures import Calibration, Challenge, calibration_of, challenge_of

MOST_VALUES = 12
"""A column with more different values is a name rather than a group, and reported only on request.
"""


@dataclass(frozen=True, slots=True)
class Part:
    """The figures of the faces that have something in common.

    Attributes:
        column: What they have in common, for example "sex"; "decade" and "age group" are of the
            labelled age.
        value: For example "female".
        figures: How accurate the answers are.
        challenge: At the challenge age.
    """

    column: str
    value: str
    figures: Figures
    challenge: Challenge


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """What is reported of one result.

    Attributes:
        result: Who answered, and what.
        groups: What groups of age are compared.
        challenge_age: The year of age T that P(age >= T) is judged at.
        figures: Of all faces.
        challenge: Of all faces.
        calibration: Of all faces.
        parts: The figures part by part.
    """

    result: Result
    groups: AgeGroups
    challenge_age: int
    figures: Figures
    challenge: Challenge
    calibration: Calibration
    parts: tuple[Part, ...]

    @property
    def title(self) -> str:
        """Who answered: `compact, faces by ssd`."""
        detector = self.result.detector
        found = "whole pictures" if detector is None else f"faces by {detector.model.name}"
        return f"{self.result.model.model.name}, {found}"

    @property
    def short_title(self) -> str:
        """The same in two words: `compact, ssd`."""
        detector = self.result.detector
        return f"{self.result.model.model.name}, {detector.model.name if detector else 'whole'}"


def report_of(
    result: Result, groups: AgeGroups, columns: Iterable[str], challenge_age: int
) -> Report:
    """Work out the report.

    Args:
        result: Who answered, and what.
        groups: What groups of age to compare; see `groups_of`.
        columns: The columns to report by.
        challenge_age: From 0 to 100.
    """
    answers = result.answers
    return Report(
        result,
        groups,
        challenge_age,
        figures_of(answers, groups),
        challenge_of(answers, challenge_age),
        calibration_of(answers, groups, challenge_age),
        tuple(_parts(answers, groups, columns, challenge_age)),
    )


def usual_columns(labels: Iterable[AgeLabel]) -> list[str]:
    """The columns to report by unless others are asked for."""
    return [
        column for column, values in values_of(labels).items() if 2 <= len(values) <= MOST_VALUES
    ]


def values_of(labels: Iterable[AgeLabel]) -> dict[str, set[str]]:
    """Every column of the labels with its different values."""
    values: dict[str, set[str]] = {}
    for label in labels:
        for column, value in label.groups.items():
            values.setdefault(column, set()).add(value)
    return values


def parts_by_age(answers: Answers, groups: AgeGroups) -> Iterator[tuple[str, str, Flags]]:
    """Part the faces by labelled age: single years by their decade, the rest by their group.

    Returns:
        "decade" or "age group", which one, and a flag for each face; the youngest first.
    """
    single = answers.first == answers.last
    for decade in np.unique(answers.first[single] // 10):
        yield "decade", f"{decade * 10}s", single & (answers.first // 10 == decade)
    group = groups.of_year[answers.first]
    for index in np.unique(group[~single]):
        yield "age group", groups.names[index], ~single & (group == index)


def _parts(
    answers: Answers, groups: AgeGroups, columns: Iterable[str], challenge_age: int
) -> Iterator[Part]:
    for column, value, wanted in [*parts_by_age(answers, groups), *_by_columns(answers, columns)]:
        chosen = answers.chosen(wanted)
        yield Part(column, value, figures_of(chosen, groups), challenge_of(chosen, challenge_age))


def _by_columns(answers: Answers, columns: Iterable[str]) -> Iterator[tuple[str, str, Flags]]:
    for column in columns:
        values = np.array([label.groups.get(column) for label in answers.labels], object)
        for value in sorted(set(values.tolist()) - {None}):
            yield column, value, values == value
