"""Further looks where one look is blind, the same for every detector.

One look squeezes a whole picture into the few pixels that a detector sees: small faces in a large
picture vanish, and so does a face that lies on its side or fills the frame. What the first look
found says whether another can pay:

    no face that is certainly upright  ->  the picture turned by 90, 180 and 270 degrees
    still nothing                      ->  the picture with a margin around it
    nothing, or small faces            ->  overlapping tiles, and tiles of tiles

An ordinary portrait is certain at once and costs one look.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from age_pipeline.data import Box, Face, Image, require_image
from age_pipeline.stages import ModelUse

SMALL = 0.09
"""A face is small in a look when the root of its area is below this part of the look's: about 27
of the SSD's 300 pixels. Faces below half of that are missed."""

OVERLAP = 0.25
"""Neighbouring tiles share this part of their side: a face cut by one is whole in another."""

SMALLEST_TILE = 256
"""Longer side in pixels below which a tile shows a detector nothing that it has not seen."""

EMPTY_LEVELS = 2
"""How often tiles are cut into tiles while no face at all has been found."""

MARGIN = 0.5
"""Width of the margin around a picture, as a part of its longer side; of a strip, as a part of
twice its shorter side: the margin around a panorama must not fill the memory."""

SURER = 0.4
"""Every look is another chance for a ghost, so what only further looks find must close this part of
the distance from the minimum confidence to 1."""

TURNED_BETTER = 0.02
"""By how much a turned picture's best face must be the more confident one."""

SAME_FACE = 0.4
"""Intersection over union above which two boxes are one face."""

PART_OF_FACE = 0.7
"""A box with this much of its area inside a far larger face is a part of that face."""


class SingleLook(Protocol):
    """A detector that looks once, and says from which confidence on a face is surely upright."""

    min_confidence: float
    certain: float
    model: ModelUse

    def detect(self, image: Image) -> list[Face]:
        """As `FaceDetector.detect`."""
        ...


@dataclass(frozen=True, slots=True)
class View:
    """A rectangle of the picture, which may reach outside it, turned counter-clockwise."""

    left: int
    top: int
    right: int
    bottom: int
    quarter_turns: int = 0

    @property
    def longer_side(self) -> int:
        return max(self.right - self.left, self.bottom - self.top)

    def small(self, face: Face) -> bool:
        """Whether a face is small in this view."""
        own_area = (self.right - self.left) * (self.bottom - self.top)
        return face.box.area < SMALL**2 * own_area

    def cut(self, image: Image) -> Image:
        """What the view shows of the picture; grey where it reaches outside."""
        height, width = image.shape[:2]
        inside = image[
            max(self.top, 0) : min(self.bottom, height), max(self.left, 0) : min(self.right, width)
        ]
        outside = (
            max(-self.top, 0),
            max(self.bottom - height, 0),
            max(-self.left, 0),
            max(self.right - width, 0),
        )
        if any(outside):
            inside = np.asarray(
                cv2.copyMakeBorder(
                    inside, *outside, cv2.BORDER_CONSTANT, value=(127.0, 127.0, 127.0)
                ),
                np.uint8,
            )
        return np.ascontiguousarray(np.rot90(inside, self.quarter_turns))

    def to_picture(self, face: Face, image: Image) -> Face | None:
        """A face of this view in the picture's pixels; None where it lies outside the picture."""
        width, height = self.right - self.left, self.bottom - self.top
        box = face.box
        left, top, right, bottom = {
            0: (box.left, box.top, box.right, box.bottom),
            1: (width - box.bottom, box.left, width - box.top, box.right),
            2: (width - box.right, height - box.bottom, width - box.left, height - box.top),
            3: (box.top, height - box.right, box.bottom, height - box.left),
        }[self.quarter_turns]
        inside = Box.clipped(
            left + self.left,
            top + self.top,
            right + self.left,
            bottom + self.top,
            width=image.shape[1],
            height=image.shape[0],
        )
        return None if inside is None else Face(inside, face.confidence, self.quarter_turns)

    def cuts_through(self, face: Face, image: Image) -> bool:
        """Whether the face, in the picture's pixels, touches an edge where the picture goes on.

        Another tile shows such a face whole.
        """
        box, height, width = face.box, image.shape[0], image.shape[1]
        return (
            (box.left <= self.left and self.left > 0)
            or (box.top <= self.top and self.top > 0)
            or (box.right >= self.right and self.right < width)
            or (box.bottom >= self.bottom and self.bottom < height)
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


class LookAgain:
    """A detector that looks again where its first look may have been blind.

    Args:
        detector: Looks once.
        thorough: Look everywhere, whatever the first look found.
    """

    def __init__(self, detector: SingleLook, *, thorough: bool = False) -> None:
        self._detector = detector
        self._thorough = thorough

    @property
    def model(self) -> ModelUse:
        return self._detector.model

    def detect(self, image: Image) -> list[Face]:
        """Find the faces in one picture, most confident first; see `FaceDetector.detect`."""
        require_image(image)
        height, width = image.shape[:2]
        whole = View(0, 0, width, height)
        found = self._look(image, whole, first=True)
        if self._thorough or _best(found) < self._detector.certain:
            found = self._turned(image, whole, found)
        turns = found[0].quarter_turns if found else 0
        if self._thorough or not found:
            margin = round(MARGIN * min(whole.longer_side, 2 * min(width, height)))
            around = View(-margin, -margin, width + margin, height + margin, turns)
            found = found + self._look(image, around)
        for more in self._levels(image, View(0, 0, width, height, turns), found):
            found = found + more
        return merged(found)

    def _look(self, image: Image, view: View, *, first: bool = False) -> list[Face]:
        """The faces in one view, in the picture's pixels."""
        seen = (view.to_picture(face, image) for face in self._detector.detect(view.cut(image)))
        faces = [face for face in seen if face is not None and not view.cuts_through(face, image)]
        if first:
            return faces
        least = self._detector.min_confidence
        least += SURER * (1 - least)
        return [face for face in faces if (face.confidence or 0) >= least]

    def _turned(self, image: Image, whole: View, upright: list[Face]) -> list[Face]:
        """The faces of the picture in the turn that shows its best face best.

        People in one picture share its orientation.
        """
        turned = [
            self._look(image, View(0, 0, whole.right, whole.bottom, turns)) for turns in (1, 2, 3)
        ]
        best = max(turned, key=_best)
        return best if _best(best) > _best(upright) + TURNED_BETTER else upright

    def _levels(self, image: Image, whole: View, found: list[Face]) -> Iterator[list[Face]]:
        """What tiles show, then what the tiles of those tiles show that deserve it, and so on."""
        known = list(found)
        views = [(whole, found)]
        level = 0
        while views:
            level += 1
            tiles = [
                tile
                for view, seen in views
                if self._pays(view, seen or known, level)
                for tile in view.tiles()
                if tile.longer_side >= SMALLEST_TILE
            ]
            views = [(tile, self._look(image, tile)) for tile in tiles]
            new = [face for _, seen in views for face in seen]
            known += new
            yield new

    def _pays(self, view: View, faces: list[Face], level: int) -> bool:
        """Whether tiles of a view can show more than the view did.

        Args:
            view: What is to be cut into tiles.
            faces: What it shows, or where it shows nothing, what the picture shows elsewhere.
            level: How often the picture would then have been cut.
        """
        if self._thorough:
            return True
        if not faces:
            return level <= EMPTY_LEVELS
        return view.small(sorted(faces, key=lambda face: face.box.area)[len(faces) // 2])


def _best(faces: list[Face]) -> float:
    return max((face.confidence or 0 for face in faces), default=0.0)


def merged(faces: list[Face]) -> list[Face]:
    """One face for each face that several looks saw, most confident first.

    Args:
        faces: In the pixels of one picture, from any number of looks.
    """
    kept: list[Face] = []
    for face in sorted(faces, key=lambda face: -(face.confidence or 0)):
        if all(face.box.iou(other.box) <= SAME_FACE for other in kept):
            kept.append(face)
    return [
        face
        for face in kept
        if not any(
            other.box.area > 2 * face.box.area
            and face.box.intersection(other.box) > PART_OF_FACE * face.box.area
            for other in kept
        )
    ]
