"""The nouns that cross a border between rooms. Frozen, validated, and free of any model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from age_pipeline.errors import InputError

Image: TypeAlias = npt.NDArray[np.uint8]
"""A colour picture: uint8, shape (height, width, 3), blue-green-red as OpenCV has it."""

Landmarks: TypeAlias = tuple[tuple[float, float], ...]
"""Points of a face, across and down in pixels: the person's right eye, left eye, tip of the nose,
right and left corner of the mouth. They may lie outside the face's box and the picture."""

OLDEST = 100
"""The last year of age that a distribution covers; it stands for "100 and older"."""

BRACKETS: tuple[tuple[int, int], ...] = (
    (0, 2),
    (4, 6),
    (8, 12),
    (15, 20),
    (25, 32),
    (38, 43),
    (48, 53),
    (60, 100),
)
"""First and last year of the eight Adience brackets (Eidinger, Enbar and Hassner 2014)."""

BRACKET_NAMES: tuple[str, ...] = tuple(f"{first}-{last}" for first, last in BRACKETS)


def bracket_index(year: int) -> int:
    """Which bracket a year of age counts for: its own, else the nearest, the younger on a tie."""
    distances = [max(first - year, year - last, 0) for first, last in BRACKETS]
    return distances.index(min(distances))


_BRACKET_OF_YEAR = np.array([bracket_index(year) for year in range(OLDEST + 1)])


def require_image(image: Image) -> None:
    """Raise unless `image` is a colour picture as this program passes them around.

    Raises:
        TypeError: Not a uint8 array.
        ValueError: Not of shape (height, width, 3), or without any pixel.
    """
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8:
        found = getattr(image, "dtype", type(image).__name__)
        raise TypeError(f"expected a picture of uint8, got {found}")
    if image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise ValueError(f"expected a picture of shape (height, width, 3), got {image.shape}")


def require_confidence(value: float) -> None:
    """Raise ValueError unless `value` can be a minimum confidence."""
    if not 0 <= value <= 1:
        raise ValueError(f"expected a minimum confidence of 0 to 1, got {value}")


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in whole pixels; `right` and `bottom` are one past the last pixel inside.

    So `image[box.top : box.bottom, box.left : box.right]` is what the box holds. Never empty and
    never left of or above the picture; `Box.clipped` keeps it inside on the other sides too.
    """

    left: int
    top: int
    right: int
    bottom: int

    def __post_init__(self) -> None:
        if not (0 <= self.left < self.right and 0 <= self.top < self.bottom):
            raise ValueError(f"expected 0 <= left < right and 0 <= top < bottom, got {self}")

    @classmethod
    def clipped(
        cls, left: float, top: float, right: float, bottom: float, *, width: int, height: int
    ) -> Box | None:
        """The part of a rectangle that lies in a picture, in whole pixels.

        Fractions of a pixel are cut off, as the original program does.

        Args:
            left: Edge in pixels; it may lie outside the picture, as may the others, or be infinite.
            top: Likewise.
            right: Likewise, one past the last pixel inside.
            bottom: Likewise.
            width: Of the picture, in pixels.
            height: Of the picture, in pixels.

        Returns:
            The box, or None where nothing of it is left, or where an edge is not a number.
        """
        edges = np.array([left, top, right, bottom], dtype=np.float64)
        if np.isnan(edges).any():
            return None
        whole = np.clip(edges, 0, (width, height, width, height)).astype(int)
        if whole[2] <= whole[0] or whole[3] <= whole[1]:
            return None
        return cls(*(int(edge) for edge in whole))

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def area(self) -> int:
        return self.width * self.height

    def intersection(self, other: Box) -> int:
        """How many pixels the two boxes share."""
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(across, 0) * max(down, 0)

    def iou(self, other: Box) -> float:
        """Intersection over union, 0 (apart) to 1 (the same box)."""
        shared = self.intersection(other)
        return shared / (self.area + other.area - shared)


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture, with the name it is reported under.

    Attributes:
        image: The pixels; see `Image`. Nobody writes into them.
        name: The input's name as the user gave it.
        relative: Where its annotated copy goes below an output folder.
        index: Number of the frame in a video, from 0.
        time_s: Its time in a video.
    """

    image: Image
    name: str
    relative: PurePath | None = None
    index: int = 0
    time_s: float | None = None

    def __post_init__(self) -> None:
        require_image(self.image)

    @property
    def width(self) -> int:
        return int(self.image.shape[1])

    @property
    def height(self) -> int:
        return int(self.image.shape[0])


@dataclass(frozen=True, slots=True)
class FailedInput:
    """An input that gave no picture, and why."""

    name: str
    error: InputError


LANDMARKS = 5
"""How many points of a face a detector of landmarks tells."""


@dataclass(frozen=True, slots=True)
class Face:
    """Where a face is.

    Attributes:
        box: Around the face in the original picture.
        confidence: 0 to 1, mapped so that 0.5 is the detector's recommended working point; None
            where no detector was asked.
        quarter_turns: How often the picture must be turned by 90 degrees, counter-clockwise, for
            the face to stand upright (0 to 3; the `k` of `numpy.rot90`).
        landmarks: In the original picture; None where the detector tells of none.
    """

    box: Box
    confidence: float | None
    quarter_turns: int = 0
    landmarks: Landmarks | None = None

    def __post_init__(self) -> None:
        if self.confidence is not None and not 0 <= self.confidence <= 1:
            raise ValueError(f"expected a confidence of 0 to 1, got {self.confidence}")
        if self.quarter_turns not in range(4):
            raise ValueError(f"expected 0 to 3 quarter turns, got {self.quarter_turns}")
        points = self.landmarks
        if points is not None and not (
            len(points) == LANDMARKS and all(len(point) == 2 for point in points)
        ):
            raise ValueError(f"expected {LANDMARKS} landmarks of two numbers each, got {points}")


@dataclass(frozen=True, slots=True, eq=False)
class AgeEstimate:
    """How old a face looks: one probability for each year of age from 0 to 100.

    Everything else that the program says of an age is read off this distribution.

    Attributes:
        probabilities: float64, shape (101,), sums to 1; read-only. The last stands for "100 and
            older".
    """

    probabilities: npt.NDArray[np.float64]

    def __post_init__(self) -> None:
        values = np.array(self.probabilities, dtype=np.float64)
        if values.shape != (OLDEST + 1,):
            raise ValueError(f"expected {OLDEST + 1} probabilities, got shape {values.shape}")
        total = values.sum()
        if not ((values >= 0).all() and abs(total - 1) < 1e-3):
            raise ValueError(f"expected probabilities that sum to 1, got a sum of {total}")
        values /= total
        values.flags.writeable = False
        object.__setattr__(self, "probabilities", values)

    @classmethod
    def from_brackets(cls, probabilities: npt.ArrayLike) -> AgeEstimate:
        """Spread the probability of each of the eight brackets evenly over the bracket's years.

        Args:
            probabilities: Shape (8,), in the order of `BRACKETS`, sums to 1.
        """
        given = np.asarray(probabilities, dtype=np.float64)
        if given.shape != (len(BRACKETS),):
            raise ValueError(f"expected {len(BRACKETS)} probabilities, got shape {given.shape}")
        years = np.zeros(OLDEST + 1)
        for (first, last), probability in zip(BRACKETS, given, strict=True):
            years[first : last + 1] = probability / (last - first + 1)
        return cls(years)

    @property
    def years(self) -> float:
        """The median.

        The probability of a year lies evenly on the half year to either side of it, so that
        certainty of 30 reads 30.0.
        """
        cumulative = np.cumsum(self.probabilities)
        year = int(np.searchsorted(cumulative, 0.5))
        before = float(cumulative[year - 1]) if year else 0.0
        within = (0.5 - before) / float(self.probabilities[year])
        return year - 0.5 + within

    @property
    def brackets(self) -> dict[str, float]:
        """The probability of each bracket, youngest first; they sum to 1.

        A year that lies in a gap between two brackets counts for the nearer one, the younger on a
        tie.
        """
        sums = np.bincount(_BRACKET_OF_YEAR, self.probabilities, minlength=len(BRACKETS))
        return dict(zip(BRACKET_NAMES, sums.tolist(), strict=True))

    @property
    def bracket(self) -> str:
        """The most probable bracket, for example "25-32"."""
        brackets = self.brackets
        return max(brackets, key=lambda name: brackets[name])

    @property
    def bracket_confidence(self) -> float:
        """The probability of `bracket`."""
        return max(self.brackets.values())

    def interval(self, level: float = 0.8) -> tuple[int, int]:
        """The shortest run of whole years that holds at least `level` of the probability.

        Of several equally short runs the most probable one counts.

        Args:
            level: Above 0, at most 1.

        Returns:
            First and last year, both inside.
        """
        if not 0 < level <= 1:
            raise ValueError(f"expected a level above 0 and at most 1, got {level}")
        cumulative = np.concatenate([[0.0], np.cumsum(self.probabilities)])
        needed = min(level, float(cumulative[-1])) - 1e-12
        ends = np.searchsorted(cumulative, cumulative + needed)
        length = int((ends - np.arange(len(ends)))[ends < len(ends)].min())
        first = int(np.argmax(cumulative[length:] - cumulative[:-length]))
        return first, first + length - 1

    def at_least(self, age: int) -> float:
        """P(age >= `age`), 0 to 1, for a whole year of age from 0 to 100."""
        if not 0 <= age <= OLDEST:
            raise ValueError(f"expected an age of 0 to {OLDEST}, got {age}")
        return min(float(self.probabilities[age:].sum()), 1.0)


@dataclass(frozen=True, slots=True)
class Person:
    """A face and the age it shows.

    Attributes:
        face: Where it is.
        age: How old it looks.
        track: The person's number in a video, from 1; None in a picture.
    """

    face: Face
    age: AgeEstimate
    track: int | None = None
