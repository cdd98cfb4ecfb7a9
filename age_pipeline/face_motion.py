"""How a face moves: a constant-velocity Kalman filter of its box, in seconds.

As in SORT (Bewley et al. 2016, "Simple online and realtime tracking") middle and size are expected
to go on changing as they do, and as in DeepSORT (Wojke, Bewley and Paulus 2017, "Simple online and
realtime tracking with a deep association metric") what is uncertain is in proportion to the size of
the face. Time is continuous, because frames come at any rate and some are left out.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from age_pipeline.data import Box

Values = npt.NDArray[np.float64]

_SEEN = np.array([0.06, 0.06, 0.1, 0.1])
"""Standard deviation of what a detector says of a face that rests: of its middle across and down,
in sizes of the face, and of the logarithms of its width and height."""

_SPEED = np.array([4.0, 4.0, 1.5, 1.5])
"""The same of how fast a new face moves, a second: a walking person covers some 7 faces a second,
most people in front of a camera hardly move."""

_ACCELERATION = np.array([3.0, 3.0, 1.0, 1.0])
"""The same of how much that changes in a second: white noise in the acceleration."""

_ASPECT = 0.75
"""Width of most faces' boxes, in heights."""

_TOUCHING = 0.1
"""How near to an edge of the picture a box touches it, in lengths of a face."""


class FaceMotion:
    """Where one face is believed to be, and how fast it moves.

    Args:
        first: What `measured` gave where it was seen first.
    """

    def __init__(self, first: Values) -> None:
        self._mean = first
        self._velocity = np.zeros(4)
        unit = self._unit()
        self._variance = np.square(_SEEN * unit)
        self._covariance = np.zeros(4)
        self._velocity_variance = np.square(_SPEED * unit)

    @property
    def expected(self) -> Values:
        """What `measured` should give for the next box."""
        return self._mean

    @property
    def variance(self) -> Values:
        """Of what it will give around that: of the innovation."""
        return self._variance + self._seen_variance()

    @property
    def vagueness(self) -> float:
        """By how much any one place is less likely than for a face that rests in sight.

        In logarithms, 0 or more.
        """
        return float(np.log(self.variance / self._seen_variance()).sum()) / 2

    def predict(self, seconds: float) -> None:
        """Go on as before for so long, 0 or more, growing less certain."""
        acceleration = np.square(_ACCELERATION * self._unit())
        self._mean = self._mean + seconds * self._velocity
        self._variance = (
            self._variance
            + 2 * seconds * self._covariance
            + seconds**2 * self._velocity_variance
            + acceleration * seconds**3 / 3
        )
        self._covariance = (
            self._covariance + seconds * self._velocity_variance + acceleration * seconds**2 / 2
        )
        self._velocity_variance = self._velocity_variance + acceleration * seconds

    def update(self, seen: Values) -> None:
        """Believe that the face is about where `measured` gave this."""
        innovation = seen - self._mean
        variance = self.variance
        gain, velocity_gain = self._variance / variance, self._covariance / variance
        self._mean = self._mean + gain * innovation
        self._velocity = self._velocity + velocity_gain * innovation
        self._velocity_variance = self._velocity_variance - velocity_gain * self._covariance
        self._covariance = (1 - gain) * self._covariance
        self._variance = (1 - gain) * self._variance

    def _seen_variance(self) -> Values:
        return np.square(_SEEN * self._unit())

    def _unit(self) -> Values:
        """What each value is counted in: the face's size in pixels, and nothing for logarithms."""
        size = math.exp((self._mean[2] + self._mean[3]) / 2)
        return np.array([size, size, 1.0, 1.0])


def measured(box: Box, picture: tuple[int, int] | None = None) -> Values:
    """The middle of a face, across and down, and the logarithms of its width and height.

    Of a face that an edge of the picture cuts off, the box holds what is left. It is completed, so
    that who walks out of the picture does not seem to shrink.

    Args:
        box: Around the face.
        picture: Width and height of the picture, where known.
    """
    left, right = float(box.left), float(box.right)
    top, bottom = float(box.top), float(box.bottom)
    if picture is not None:
        width, height = picture
        left, right = _completed(left, right, width, _ASPECT * box.height)
        top, bottom = _completed(top, bottom, height, box.width / _ASPECT)
    middle = (left + right) / 2, (top + bottom) / 2
    return np.array([*middle, math.log(right - left), math.log(bottom - top)])


def is_cut_off(box: Box, picture: tuple[int, int] | None) -> bool:
    """Whether less than nine tenths of a face's width or height are inside the picture."""
    return bool(min(_inside(box, picture)) < 0.9)


def visible_part(box: Box, picture: tuple[int, int]) -> float:
    """How much of a face the edges of a picture leave, of that width and height: above 0, to 1."""
    return float(_inside(box, picture).prod())


def _inside(box: Box, picture: tuple[int, int] | None) -> Values:
    """The parts of a face's width and height that are inside a picture."""
    return np.asarray(np.exp(measured(box)[2:] - measured(box, picture)[2:]), np.float64)


def _completed(first: float, last: float, end: int, length: float) -> tuple[float, float]:
    """A range that reaches beyond 0 or `end` to be so long, if it touches one of them."""
    near = _TOUCHING * length
    if first <= near and last < end - near:
        return min(first, last - length), last
    if first > near and last >= end - near:
        return first, max(last, first + length)
    return first, last
