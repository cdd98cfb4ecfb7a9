"""The measures by which estimated ages are judged, each with the number of faces it is of."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Flags = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.float64]

_Z = 1.959964
"""The normal distribution holds 95% within so many standard deviations."""


@dataclass(frozen=True, slots=True)
class Share:
    """How many of so many."""

    count: int
    of: int

    def __post_init__(self) -> None:
        if not 0 <= self.count <= self.of:
            raise ValueError(f"expected a part of a whole, got {self.count} of {self.of}")

    @property
    def share(self) -> float | None:
        """0 to 1; None of nothing."""
        return self.count / self.of if self.of else None

    @property
    def confidence(self) -> tuple[float, float] | None:
        """The 95% confidence interval of `share` (Wilson 1927), right for few faces too."""
        if not self.of:
            return None
        n, share = self.of, self.count / self.of
        middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
        reach = _Z / (1 + _Z**2 / n) * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
        return max(middle - reach, 0.0), min(middle + reach, 1.0)


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over so many values.

    Attributes:
        mean: None of nothing.
        of: How many values.
        margin: Half the width of its 95% confidence interval, by the normal distribution; None of
            fewer than two values.
    """

    mean: float | None
    of: int
    margin: float | None


@dataclass(frozen=True, slots=True)
class Bin:
    """Faces of which something similar was said.

    Attributes:
        of: How many.
        said: The mean probability that was given.
        true: How often it was so.
    """

    of: int
    said: float
    true: float


def share_of(flags: Flags) -> Share:
    """How many of the flags are set."""
    return Share(int(flags.sum()), len(flags))


def mean_of(values: Numbers) -> Mean:
    """The mean of the values, of shape (faces,)."""
    n = len(values)
    if n == 0:
        return Mean(None, 0, None)
    margin = _Z * float(values.std(ddof=1)) / math.sqrt(n) if n > 1 else None
    return Mean(float(values.mean()), n, margin)


def bins_of_equal_mass(said: Numbers, true: Flags, number: int = 10) -> list[Bin]:
    """Sort the faces by the probability that was given, and cut them into parts of one size.

    Args:
        said: The probability given, shape (faces,).
        true: Whether it was so, shape (faces,).
        number: Of the bins; with fewer faces there is one for each.
    """
    return _bins(said, true, np.array_split(np.argsort(said, kind="stable"), number))


def bins_of_equal_width(said: Numbers, true: Flags, number: int = 10) -> list[Bin]:
    """Cut the range from 0 to 1 into parts of one width; those without a face are left out.

    Args:
        said: The probability given, shape (faces,).
        true: Whether it was so, shape (faces,).
        number: Of the parts.
    """
    part = np.minimum((said * number).astype(int), number - 1)
    return _bins(said, true, [np.flatnonzero(part == index) for index in range(number)])


def expected_calibration_error(bins: Sequence[Bin]) -> float | None:
    """How far what was said is from what was so, over the bins, weighted by their faces.

    After Naeini, Cooper and Hauskrecht 2015; 0 is perfect; None of nothing.
    """
    total = sum(each.of for each in bins)
    return sum(each.of * abs(each.said - each.true) for each in bins) / total if total else None


def _bins(said: Numbers, true: Flags, parts: Iterable[npt.NDArray[np.intp]]) -> list[Bin]:
    return [
        Bin(len(part), float(said[part].mean()), float(true[part].mean()))
        for part in parts
        if len(part)
    ]
