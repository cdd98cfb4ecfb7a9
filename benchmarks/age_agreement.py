"""How far the ages of the same faces lie apart when another detector or model answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from benchmarks.accuracy_report import Report


@dataclass(frozen=True, slots=True)
class Agreement:
    """What two reports say of the faces that both found.

    Attributes:
        first: The title of one.
        second: That of the other.
        median: Of the absolute differences in years; None without a face that both found.
        bias: The median of the second's years less the first's; None likewise.
        of: How many faces both found.
    """

    first: str
    second: str
    median: float | None
    bias: float | None
    of: int


def agreements(reports: Sequence[Report]) -> list[Agreement]:
    """Each report with each, in their order.

    Args:
        reports: Of the same faces in the same order, as `ask` gives them.
    """
    return [_agreement(first, second) for first, second in combinations(reports, 2)]


def _agreement(first: Report, second: Report) -> Agreement:
    apart = second.result.answers.years - first.result.answers.years
    apart = apart[~np.isnan(apart)]
    if not len(apart):
        return Agreement(first.short_title, second.short_title, None, None, 0)
    return Agreement(
        first.short_title,
        second.short_title,
        float(np.median(np.abs(apart))),
        float(np.median(apart)),
        len(apart),
    )
