"""Where faces go between two looks for them: their boxes follow the picture's own motion.

The median flow of Kalal, Mikolajczyk and Matas (2010, "Forward-backward error: automatic detection
of tracking failures"): points inside a box are followed to the next frame and back again by sparse
optical flow, those that do not return are left out, and the box moves and grows as most of the
others do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from age_pipeline.data import Box, Image

Values = npt.NDArray[np.float32]

LOST = 0.4
"""Certainty below which a face counts as lost."""

_LONGEST_SIDE = 640
"""Of the grey picture in which points are followed, in pixels."""

_GREY, _CONTRAST = 128.0, 50.0
"""Mean and standard deviation that its grey levels are given."""

_FLAT = 5.0
"""Standard deviation below which there is more noise than picture in them."""

_MOST_POINTS, _FEWEST_POINTS = 5, 3
"""Points across and down a face, of a few faces and of many."""

_ALL_POINTS = 300
"""From so many points on, faces have fewer each: their number is what following costs."""

_INSIDE = 0.8
"""How much of a box's width and height they are spread over: the rest is mostly not face."""

_WINDOW = (15, 15)
_LEVELS = 3
"""Pyramid levels: with the window they follow about 60 pixels from frame to frame."""

_ENOUGH = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 10, 0.03)
"""Iterations for a point on each level, and a step in pixels that ends them."""

_RETURN = 0.02
"""How far from its start a point may return to, in sizes of the face, half a pixel at least."""


@dataclass(frozen=True, slots=True)
class Followed:
    """Where a face has gone to.

    Attributes:
        box: Around it.
        certainty: 0 to 1: the part of the face's points that have been followed all the way. It
            sinks where something hides the face.
    """

    box: Box
    certainty: float


class Follower:
    """Follows the faces of one frame through the next ones.

    follower.start(first_image, boxes)
    for image in next_images:
        followed = follower.follow(image)
    """

    def __init__(self) -> None:
        self._picture: Image | None = None
        self._faces: list[_Face | None] = []
        self._scale = 1.0

    def start(self, image: Image, boxes: Sequence[Box]) -> None:
        """Forget the faces of before and follow these.

        Args:
            image: Colour picture, uint8, shape (height, width, 3), blue-green-red. Not modified.
            boxes: Around the faces in it; none ends following.
        """
        self._picture, self._scale = _reduced(image) if boxes else (None, 1.0)
        grid = _grid(len(boxes))
        self._faces = [_Face.around(box, self._scale, grid) for box in boxes]

    def follow(self, image: Image) -> list[Followed | None]:
        """Say where the faces are in the next frame.

        Args:
            image: Of the same size as the one before. Not modified.

        Returns:
            Where each is, in the order of `start`; None for one that is lost or outside.

        Raises:
            ValueError: The picture has another size.
        """
        faces = [face for face in self._faces if face is not None]
        if self._picture is None or not faces:
            return [None] * len(self._faces)
        picture, _ = _reduced(image)
        if picture.shape != self._picture.shape:
            raise ValueError(f"expected another picture of the same size, got {image.shape}")
        after, returns = _flow(
            self._picture, picture, np.concatenate([face.points for face in faces])
        )
        ends = np.cumsum([len(face.points) for face in faces])[:-1]
        moves = iter(zip(np.split(after, ends), np.split(returns, ends), strict=True))
        self._faces = [None if face is None else face.moved(*next(moves)) for face in self._faces]
        self._picture = picture
        height, width = image.shape[:2]
        return [
            None if face is None else face.followed(self._scale, width, height)
            for face in self._faces
        ]


@dataclass(frozen=True, slots=True, eq=False)
class _Face:
    """One face, in pixels of the reduced picture.

    Attributes:
        middle: float32, shape (2,).
        size: Likewise: width and height.
        points: float32, shape (points, 2): those that have gone along so far.
        count: How many there were at first.
    """

    middle: Values
    size: Values
    points: Values
    count: int

    @classmethod
    def around(cls, box: Box, scale: float, grid: Values) -> _Face:
        middle = np.array([box.left + box.right, box.top + box.bottom], np.float32) * (scale / 2)
        size = np.array([box.width, box.height], np.float32) * scale
        return cls(middle, size, middle + grid * size, len(grid))

    def moved(self, after: Values, returns: Values) -> _Face | None:
        """The face where its points have gone to; None where too few come back.

        Args:
            after: Where each of `points` is now.
            returns: How far from where it was each is when followed back.
        """
        unit = float(np.sqrt(self.size.prod()))
        kept = returns <= max(0.5, _RETURN * unit)
        if kept.sum() < LOST * self.count:
            return None
        before, now = self.points[kept], after[kept]
        shift = np.median(now - before, axis=0)
        size = self.size * _growth(before, now)
        return _Face(self.middle + shift, size.astype(np.float32), now, self.count)

    def followed(self, scale: float, width: int, height: int) -> Followed | None:
        """It in pixels of the whole picture; None where nothing of it is left in there."""
        start, end = (self.middle - self.size / 2) / scale, (self.middle + self.size / 2) / scale
        edges = [round(float(edge)) for edge in (*start, *end)]
        box = Box.clipped(*edges, width=width, height=height)
        return None if box is None else Followed(box, len(self.points) / self.count)


def _grid(faces: int) -> Values:
    """Where the points of one of so many faces are in its box: shape (points, 2).

    They are counted from its middle, in its widths and heights.
    """
    side = int(np.clip(np.sqrt(_ALL_POINTS / max(faces, 1)), _FEWEST_POINTS, _MOST_POINTS))
    steps = np.linspace(-_INSIDE / 2, _INSIDE / 2, side, dtype=np.float32)
    return np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)


def _growth(before: Values, after: Values) -> float:
    """By what most distances between two points have been multiplied."""
    first, second = np.triu_indices(len(before), 1)
    old = np.linalg.norm(before[first] - before[second], axis=1)
    new = np.linalg.norm(after[first] - after[second], axis=1)
    apart = old > 0
    return float(np.median(new[apart] / old[apart])) if apart.any() else 1.0


def _reduced(image: Image) -> tuple[Image, float]:
    """The grey picture in which points are followed, and its size as a part of the whole's."""
    scale = min(1.0, _LONGEST_SIDE / max(image.shape[:2]))
    small = image
    if scale < 1:
        height, width = image.shape[:2]
        size = max(1, round(width * scale)), max(1, round(height * scale))
        small = np.asarray(cv2.resize(image, size), np.uint8)
    grey = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
    # A lamp that goes on or off changes nothing then.
    mean, deviation = (float(each.item()) for each in cv2.meanStdDev(grey))
    gain = _CONTRAST / max(deviation, _FLAT)
    even = cv2.addWeighted(grey, gain, grey, 0, _GREY - gain * mean)
    return np.asarray(even, np.uint8), scale


def _flow(old: Image, new: Image, before: Values) -> tuple[Values, Values]:
    """Where points go to, and how far from their start each is when followed back."""

    def step(one: Image, other: Image, points: Values) -> tuple[Values, npt.NDArray[np.bool_]]:
        there, found, _ = cv2.calcOpticalFlowPyrLK(
            one,
            other,
            points[:, None],
            np.empty(0),
            winSize=_WINDOW,
            maxLevel=_LEVELS,
            criteria=_ENOUGH,
        )
        return np.asarray(there[:, 0], np.float32), found[:, 0] == 1

    after, went = step(old, new, before)
    back, came = step(new, old, after)
    returns = np.linalg.norm(back - before, axis=1)
    return after, np.where(went & came, returns, np.inf).astype(np.float32)
