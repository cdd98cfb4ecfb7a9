"""A part of a picture as one further look sees it, and the way back into the picture."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from age_pipeline.data import Box, Face, Image

OVERLAP = 0.25
"""Neighbouring tiles share this part of their side: a face cut by one is whole in another."""

COPIED_SIDE = 1200
"""Longer side in pixels to which a view is shrunk before it is turned or gets a margin: a copy of
the whole picture in full size would cost memory and show a detector no more."""

EVENED_CONTRAST = 3.0
"""How much contrast even light may add at most: cv2's clip limit, in mean bin heights."""

EVENED_TILES = (4, 4)
"""Into how many neighbourhoods across and down a picture is divided to even its light."""


@dataclass(frozen=True, slots=True)
class View:
    """A rectangle of the picture, which may reach outside it, turned counter-clockwise.

    `evened` shows it in even light: what is dark, faded or tinted gets the contrast of an ordinary
    picture (adaptive histogram equalisation of each colour, with limited contrast).
    """

    left: int
    top: int
    right: int
    bottom: int
    quarter_turns: int = 0
    evened: bool = False

    @property
    def longer_side(self) -> int:
        return max(self.right - self.left, self.bottom - self.top)

    def part(self, face: Face, *, squeezed: bool) -> float:
        """The root of a face's area, as a part of this view's longer side.

        Args:
            face: In the picture's pixels.
            squeezed: Whether the view is made a square, so that of its area the root counts.
        """
        own_area = (self.right - self.left) * (self.bottom - self.top)
        side = math.sqrt(own_area) if squeezed else self.longer_side
        return math.sqrt(face.box.area) / side

    @property
    def scale(self) -> float:
        """How much smaller the view is shown than it lies in the picture, at most 1."""
        is_copied = self.quarter_turns != 0 or self.left < 0 or self.evened
        return min(1.0, COPIED_SIDE / self.longer_side) if is_copied else 1.0

    def cut(self, image: Image) -> Image:
        """What the view shows of the picture; grey where it reaches outside."""
        height, width = image.shape[:2]
        inside = image[
            max(self.top, 0) : min(self.bottom, height), max(self.left, 0) : min(self.right, width)
        ]
        top, bottom, left, right = (
            round(self.scale * max(reach, 0))
            for reach in (-self.top, self.bottom - height, -self.left, self.right - width)
        )
        if self.scale < 1:
            size = (
                max(round(self.scale * inside.shape[1]), 1),
                max(round(self.scale * inside.shape[0]), 1),
            )
            inside = np.asarray(cv2.resize(inside, size, interpolation=cv2.INTER_AREA), np.uint8)
        if self.evened:
            inside = _in_even_light(inside)
        if top or bottom or left or right:
            grey = (127.0, 127.0, 127.0)
            inside = np.asarray(
                cv2.copyMakeBorder(
                    inside, top, bottom, left, right, cv2.BORDER_CONSTANT, value=grey
                ),
                np.uint8,
            )
        return np.ascontiguousarray(np.rot90(inside, self.quarter_turns))

    def to_picture(self, face: Face, image: Image) -> Face | None:
        """A face of this view in the picture's pixels; None where it lies outside the picture."""
        box = face.box
        one, other = self._in_picture(box.left, box.top), self._in_picture(box.right, box.bottom)
        (left, right), (top, bottom) = map(sorted, zip(one, other, strict=True))
        inside = Box.clipped(left, top, right, bottom, width=image.shape[1], height=image.shape[0])
        if inside is None:
            return None
        landmarks = face.landmarks and tuple(self._in_picture(x, y) for x, y in face.landmarks)
        return Face(inside, face.confidence, self.quarter_turns, landmarks)

    def _in_picture(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of what the view shows lies in the picture, in pixels."""
        width, height = self.right - self.left, self.bottom - self.top
        x, y = x / self.scale, y / self.scale
        across, down = {
            0: (x, y),
            1: (width - y, x),
            2: (width - x, height - y),
            3: (y, height - x),
        }[self.quarter_turns]
        return across + self.left, down + self.top

    def cuts_through(self, face: Face, image: Image) -> bool:
        """Whether the face, in the picture's pixels, touches an edge where the picture goes on.

        Another tile shows such a face whole.
        """
        box, height, width = face.box, image.shape[0], image.shape[1]
        pixel = math.ceil(1 / self.scale) - 1
        return (
            (box.left - pixel <= self.left and self.left > 0)
            or (box.top - pixel <= self.top and self.top > 0)
            or (box.right + pixel >= self.right and self.right < width)
            or (box.bottom + pixel >= self.bottom and self.bottom < height)
        )

    def tiles(self) -> list[View]:
        """The view cut in two along its longer side, and along the other unless that is short.

        The tiles are turned as the view is.
        """
        side = round(self.longer_side / (2 - OVERLAP))

        def spans(first: int, last: int) -> list[tuple[int, int]]:
            if last - first <= 1.3 * side:
                return [(first, last)]
            half = round((last - first) / (2 - OVERLAP))
            return [(first, first + half), (last - half, last)]

        return [
            View(left, top, right, bottom, self.quarter_turns)
            for top, bottom in spans(self.top, self.bottom)
            for left, right in spans(self.left, self.right)
        ]


def _in_even_light(image: Image) -> Image:
    """Spread the levels of each colour over its whole range, neighbourhood by neighbourhood."""
    equalisation = cv2.createCLAHE(EVENED_CONTRAST, EVENED_TILES)
    colours = [equalisation.apply(np.ascontiguousarray(image[..., colour])) for colour in range(3)]
    return np.asarray(np.stack(colours, axis=2), np.uint8)
