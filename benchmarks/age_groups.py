"""A division of the years of age into groups, which answers and labels are compared by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from age_pipeline.data import BRACKETS, OLDEST
from age_pipeline.errors import UsageError
from benchmarks.age_labels import FAIRFACE_GROUPS, AgeLabel


@dataclass(frozen=True, slots=True)
class AgeGroups:
    """Groups of years, youngest first.

    A year in a gap between two counts for the nearer one, the younger on a tie.

    Attributes:
        spans: First and last year of each.
    """

    spans: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        if not self.spans or any(one[1] >= other[0] for one, other in pairwise(self.spans)):
            raise ValueError(f"expected groups in order and apart, got {self.spans}")

    @property
    def names(self) -> tuple[str, ...]:
        """For example "3-9" and "70+"."""
        return tuple(
            f"{first}+" if last == OLDEST else f"{first}-{last}" for first, last in self.spans
        )

    @property
    def of_year(self) -> npt.NDArray[np.intp]:
        """The group that each year of age counts for, shape (101,)."""
        year = np.arange(OLDEST + 1)[:, None]
        first, last = np.array(self.spans).T
        return np.asarray(np.maximum(np.maximum(first - year, year - last), 0).argmin(1))

    def of_years(self, years: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
        """The group that each estimate falls in: 9.7 years is 9 until the tenth birthday.

        Args:
            years: Shape (faces,), as `AgeEstimate.years` gives them.
        """
        return np.asarray(self.of_year[np.clip(years, 0, OLDEST).astype(int)])

    def probabilities(self, of_years: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The probability of each group, shape (faces, groups), from that of each year."""
        return np.asarray(of_years @ np.eye(len(self.spans))[self.of_year])


FAIRFACE = AgeGroups(tuple(FAIRFACE_GROUPS.values()))

ADIENCE = AgeGroups(BRACKETS)


def groups_of(labels: Iterable[AgeLabel]) -> AgeGroups:
    """The division that the labels' groups belong to; FairFace's where all are single years.

    Where it is neither FairFace's nor Adience's, the years that no label's group has make groups
    of their own, so that nothing outside of a group ever counts for it.

    Raises:
        UsageError: Two groups overlap.
    """
    spans = sorted({(label.first, label.last) for label in labels if label.first < label.last})
    for known in (FAIRFACE, ADIENCE):
        if set(spans) <= set(known.spans):
            return known
    complete: list[tuple[int, int]] = []
    for first, last in [*spans, (OLDEST + 1, OLDEST + 1)]:
        begins = complete[-1][1] + 1 if complete else 0
        if first < begins:
            raise UsageError(
                f"the labels' age groups {complete[-1][0]}-{begins - 1} and {first}-{last} overlap:"
                " a face must belong to one"
            )
        if first > begins:
            complete.append((begins, first - 1))
        complete.append((first, last))
    return AgeGroups(tuple(complete[:-1]))
