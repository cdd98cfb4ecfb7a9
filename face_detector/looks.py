"""Further looks where one look is blind, the same for every detector.

One look squeezes a whole picture into the few pixels that a detector sees: small faces in a large
picture vanish, and so does a face that lies on its side or fills the frame. What the first look
found says whether another can pay:

    no face that is certainly upright  ->  the picture turned by 90, 180 and 270 degrees
    still none to be trusted           ->  the picture with a margin around it
    still none, or small faces         ->  overlapping tiles, and tiles of tiles
    nobody anywhere                    ->  the picture with a margin, in even light

An ordinary portrait is certain at once and costs one look. What is looked for never depends on the
confidence that the user asks for: that decides only which of the faces found are reported.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

from age_pipeline.data import Face, Image, require_confidence, require_image
from age_pipeline.stages import FaceDetector, ModelUse
from face_detector.merging import (
    TRUSTED,
    TURNED_BETTER,
    best_confidence,
    confidence,
    is_apart,
    merged,
    trusted,
)
from face_detector.view import View

WORKING_POINT = 0.5
"""The confidence from which on the first look's faces count: every detector maps its scores so that
this is what its makers recommend."""

FURTHER = 0.8
"""Every look is another chance for a ghost, so further looks' faces count only from here on."""

LAST_RESORT = 0.7
"""The confidence from which on the look in even light counts. It is taken only where nobody else
was found, so that it may ask for less than `FURTHER`; more contrast makes more ghosts, so that it
must ask for more than the first look."""

SMALLEST_FACE = 23
"""Side in pixels of the smallest face that tiles look for: a tile in which such a face is not small
shows a detector nothing more."""

EMPTY_LEVELS = 3
"""How often tiles are cut into tiles at most while no face is known."""

EMPTY_FACE = 72
"""Side in pixels of the smallest face that tiles of tiles look for while no face is known."""

MARGIN = 0.5
"""Width of the margin around a picture, as a part of its longer side; of a strip, as a part of
twice its shorter side: the margin around a panorama must not fill the memory."""


class SingleLook(FaceDetector, Protocol):
    """A detector that looks once, and says what it sees well."""

    @property
    def certain(self) -> float:
        """The confidence from which on a face surely stands upright."""
        ...

    @property
    def small(self) -> float:
        """A face is small in a look when the root of its area is below this part of the look's
        longer side: half of that is missed.
        """
        ...

    @property
    def squeezes(self) -> bool:
        """Whether it makes a square of every picture, and so sees more of the shorter side."""
        ...


class LookAgain:
    """A detector that looks again where its first look may have been blind.

    Args:
        detector: Looks once, and reports at least every face from the working point on.
        min_confidence: Faces below are not reported. Below the working point it adds what the
            first look faintly saw.
        thorough: Look everywhere in every turn, whatever the first look found.

    Raises:
        ValueError: `min_confidence` is not from 0 to 1.
    """

    def __init__(
        self,
        detector: SingleLook,
        *,
        min_confidence: float = WORKING_POINT,
        thorough: bool = False,
    ) -> None:
        require_confidence(min_confidence)
        self._detector = detector
        self._min_confidence = min_confidence
        self._thorough = thorough

    @property
    def model(self) -> ModelUse:
        return self._detector.model

    def detect(self, image: Image) -> list[Face]:
        """Find the faces in one picture, most confident first; see `FaceDetector.detect`."""
        require_image(image)
        height, width = image.shape[:2]
        whole = View(0, 0, width, height)
        seen = self._see(image, whole)
        found, turns = [face for face in seen if confidence(face) >= WORKING_POINT], 0
        if self._thorough or best_confidence(found) < self._detector.certain:
            found, turns = self._turned(image, whole, found)
        margin = round(MARGIN * min(whole.longer_side, 2 * min(width, height)))
        frame = View(-margin, -margin, width + margin, height + margin, turns)
        framed: list[Face] = []
        if self._thorough or best_confidence(found) < TRUSTED:
            framed = self._see(image, frame)
            found = found + [face for face in framed if confidence(face) >= FURTHER]
        further = list(self._tiles(image, View(0, 0, width, height, turns), found))
        if self._thorough:
            for other in {0, 1, 2, 3} - {turns}:
                further += trusted(self._tiles(image, View(0, 0, width, height, other), found))
        everyone = found + further
        if not everyone:
            # A face that fills the frame counts as it would in a first look.
            everyone = [face for face in framed if confidence(face) >= WORKING_POINT]
            evened = self._see(image, replace(frame, evened=True))
            everyone += [face for face in evened if confidence(face) >= LAST_RESORT]
        sure = merged(everyone, turns)
        faint = [face for face in merged(seen) if is_apart(face, sure)]
        reported = [face for face in sure + faint if confidence(face) >= self._min_confidence]
        return sorted(reported, key=confidence, reverse=True)

    def _see(self, image: Image, view: View) -> list[Face]:
        """The faces in one view, in the picture's pixels."""
        seen = (view.to_picture(face, image) for face in self._detector.detect(view.cut(image)))
        return [face for face in seen if face is not None and not view.cuts_through(face, image)]

    def _look(self, image: Image, view: View) -> list[Face]:
        """The faces in one further view that count."""
        return [face for face in self._see(image, view) if confidence(face) >= FURTHER]

    def _turned(self, image: Image, whole: View, upright: list[Face]) -> tuple[list[Face], int]:
        """The faces of the picture in all four turns, and the turn that shows its best face best.

        That turn's faces come first; of the others only what shows another face is kept.
        """
        looks = [upright] + [
            self._look(image, View(0, 0, whole.right, whole.bottom, turns)) for turns in (1, 2, 3)
        ]
        best = max((1, 2, 3), key=lambda turns: best_confidence(looks[turns]))
        needed = max(TRUSTED, best_confidence(upright) + TURNED_BETTER)
        turns = best if best_confidence(looks[best]) >= needed else 0
        kept = list(looks[turns])
        for other, faces in enumerate(looks):
            least = WORKING_POINT if other == 0 else TRUSTED
            kept += [f for f in faces if confidence(f) >= least and is_apart(f, kept)]
        return kept, turns

    def _tiles(self, image: Image, whole: View, found: list[Face]) -> Iterator[Face]:
        """What tiles show, then what the tiles of those tiles show that deserve it, and so on."""
        known = trusted(found)
        views = [(whole, known)]
        level = 0
        while views:
            level += 1
            tiles = [
                tile
                for view, seen in views
                if self._pays(view, seen or known, level)
                for tile in view.tiles()
                if tile.longer_side * self._detector.small >= SMALLEST_FACE
            ]
            views = []
            for tile in tiles:
                faces = self._look(image, tile)
                yield from faces
                views.append((tile, trusted(faces)))
            known = known + [face for _, seen in views for face in seen]

    def _pays(self, view: View, faces: list[Face], level: int) -> bool:
        """Whether tiles of a view can show more than the view did.

        Args:
            view: What is to be cut into tiles.
            faces: What it surely shows, or where that is nothing, what the picture shows elsewhere.
            level: How often the picture would then have been cut.
        """
        if self._thorough:
            return True
        if not faces:
            shows = view.longer_side * self._detector.small
            return level == 1 or (level <= EMPTY_LEVELS and shows > EMPTY_FACE)
        middle = sorted(faces, key=lambda face: face.box.area)[len(faces) // 2]
        return view.part(middle, squeezed=self._detector.squeezes) < self._detector.small
