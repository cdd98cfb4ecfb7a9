"""One age for one person from many looks at the same face.

Looks at one face err mostly alike: what makes a person look older than they are does so in every
frame. What differs between looks, by a shifted box, another light or a turned head, is small beside
it (`benchmarks.steadiness` measures it: some 2 years, where the error itself is 5 to 7). So looks
are averaged to take out what differs, and are never counted as independent: the result is the
weighted geometric mean of the looks' distributions, which has the spread of a typical look however
many there are, nearer to that of the sharper ones. A look that says little, because the face is
small or blurred, is a wide distribution and counts for less in that mean by itself; `readability`
lowers its say further.

Evidence fades: after `HALF_LIFE_S` a look has half its say, so that a person whose number was
handed to another by mistake does not keep the first one's age for ever. What is said of the whole
video in the end (`SteadyAge.overall`) is made of all looks alike.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from age_pipeline.data import OLDEST, AgeEstimate, Face, Image, require_image

HALF_LIFE_S = 5.0
"""In seconds of the video."""

LEAST_SHARE = 0.05
"""A further look is worth its time where it would have at least this part of the say."""

LEAST_GAP_S = 0.08
"""Seconds between two looks at one person: closer ones show the same again."""

LONGEST_GAP_S = 2.0
"""After so long any look is worth its time: the good ones of before may have been somebody else."""

SHARP = 6.0
"""Grey levels of detail, root mean square, from which on a crop counts as sharp: the middle one of
FairFace's photographs has 6.6, from 20 pixels a side 3.2, blurred by 1/20 of its side 1.3."""

_FLOOR = 1e-5
"""Added to each year's probability: one look that excludes a year does not exclude it for ever."""

_FINE, _COARSE = 0.8, 2.0
"""Gaussians, as parts of 1/80 of the crop's side, between which detail is measured: noise is mostly
finer than the first, and what a blurred or tiny face still has is coarser than the second."""


def readability(crop: Image, face: Face) -> float:
    """How much can be told from one look at a face, above 0 up to 1.

    Args:
        crop: What `AgeDetector.crop` gave for it: uint8, shape (side, side, 3). A small face that
            was enlarged to it has as little detail as a blurred one. Not modified.
        face: Where it was, and how sure the detector was.
    """
    require_image(crop)
    grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY).astype(np.float32)
    unit = crop.shape[0] / 80
    detail = cv2.GaussianBlur(grey, (0, 0), _FINE * unit) - cv2.GaussianBlur(
        grey, (0, 0), _COARSE * unit
    )
    sharpness = min(1.0, float(np.sqrt(np.mean(np.square(detail)))) / SHARP)
    confidence = 1.0 if face.confidence is None else face.confidence
    return max(0.01, sharpness**2 * confidence)


class SteadyAge:
    """The age of one person, look by look.

    Attributes:
        looks: How many there were.
    """

    def __init__(self) -> None:
        self.looks = 0
        self._recent, self._whole = _Say(), _Say()
        self._time_s = 0.0

    def wants(self, readable: float, time_s: float) -> bool:
        """Whether one more look would change anything.

        Args:
            readable: The `readability` that it would have.
            time_s: When, in seconds of the video.
        """
        gap_s = time_s - self._time_s
        if self.looks == 0 or gap_s >= LONGEST_GAP_S:
            return True
        say = self._recent.weight * 0.5 ** (gap_s / HALF_LIFE_S)
        return gap_s >= LEAST_GAP_S and readable >= LEAST_SHARE * (say + readable)

    def add(self, look: AgeEstimate, readable: float, time_s: float) -> None:
        """Take one look.

        Args:
            look: What the age model made of it.
            readable: Its `readability`, above 0.
            time_s: When, in seconds of the video; never before the last one.

        Raises:
            ValueError: Nothing can be read from it, or it comes too late.
        """
        if not readable > 0:
            raise ValueError(f"expected a readability above 0, got {readable}")
        if self.looks and time_s < self._time_s:
            raise ValueError(f"expected a time of at least {self._time_s} s, got {time_s}")
        logs = np.log(look.probabilities + _FLOOR)
        self._recent.add(logs, readable, kept=0.5 ** ((time_s - self._time_s) / HALF_LIFE_S))
        self._whole.add(logs, readable, kept=1.0)
        self._time_s = time_s
        self.looks += 1

    @property
    def age(self) -> AgeEstimate:
        """What the looks say together, the last ones most.

        Raises:
            ValueError: There was none.
        """
        return self._recent.together

    @property
    def overall(self) -> AgeEstimate:
        """What all looks say together, whenever they were.

        Raises:
            ValueError: There was none.
        """
        return self._whole.together


class _Say:
    """A weighted geometric mean of distributions."""

    def __init__(self) -> None:
        self.weight = 0.0
        self._logs = np.zeros(OLDEST + 1)
        self._together: AgeEstimate | None = None

    def add(self, logs: npt.NDArray[np.float64], weight: float, *, kept: float) -> None:
        self._logs = kept * self._logs + weight * logs
        self.weight = kept * self.weight + weight
        self._together = None

    @property
    def together(self) -> AgeEstimate:
        if not self.weight:
            raise ValueError("expected at least one look")
        if self._together is None:
            # Without the floor again, one look is exactly what the model said.
            shares = np.maximum(np.exp(self._logs / self.weight) - _FLOOR, 0)
            self._together = AgeEstimate(shares / shares.sum())
        return self._together
