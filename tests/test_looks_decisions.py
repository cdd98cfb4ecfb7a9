"""What counts of what several looks saw, with looks that are written down one by one."""

from __future__ import annotations

from typing import Any

import pytest
from painted_faces import PaintedFaces, scene

from age_pipeline.data import Box, Face, Image
from face_detector.looks import LookAgain
from face_detector.view import View

SIDE = 200
"""Of the pictures in pixels: too small for tiles, unless tiles matter."""


class Script:
    """Sees in each look what is written down for it, and nothing in those after the last.

    The looks of a picture come in this order: as it is, by one, two and three quarters turned, with
    a margin, then tiles.
    """

    certain = 0.98
    small = 0.09
    squeezes = True
    model = PaintedFaces().model

    def __init__(self, *looks: Face | tuple[Face, ...] | None) -> None:
        self._looks = [[look] if isinstance(look, Face) else list(look or ()) for look in looks]

    def detect(self, image: Image) -> list[Face]:  # noqa: ARG002
        return self._looks.pop(0) if self._looks else []


def detect(script: Script, **options: Any) -> list[Face]:
    return LookAgain(script, **options).detect(scene(SIDE, SIDE))


def seen(face: Face, side: int = SIDE) -> Face:
    """A face of a turned look, in the picture."""
    turned_view = View(0, 0, side, side, face.quarter_turns)
    box = Face(face.box, face.confidence)
    found = turned_view.to_picture(box, scene(side, side))
    assert found is not None
    return found


@pytest.mark.parametrize(("confidence", "counts"), [(0.85, False), (0.95, True)])
def test_another_turn_adds_only_faces_to_be_trusted(confidence: float, counts: bool) -> None:
    own, other = Face(Box(20, 20, 60, 60), 0.95), Face(Box(120, 20, 160, 60), confidence, 1)
    found = detect(Script(own, other))
    assert found == ([own, seen(other)] if counts else [own])


def test_the_first_look_adds_its_faces_where_another_turn_is_the_pictures() -> None:
    upright, lying = Face(Box(20, 20, 60, 60), 0.6), Face(Box(20, 20, 60, 60), 0.95, 2)
    assert detect(Script(upright, None, lying)) == [seen(lying), upright]


def test_but_none_that_half_covers_a_face() -> None:
    lying = Face(Box(80, 80, 120, 120), 0.95, 2)
    upright = Face(Box(100, 80, 140, 120), 0.6)
    assert detect(Script(upright, None, lying)) == [lying]


def test_what_was_seen_faintly_covers_no_face_either() -> None:
    sure, faint = Face(Box(80, 80, 120, 120), 0.99), Face(Box(100, 80, 140, 120), 0.3)
    assert detect(Script((sure, faint)), min_confidence=0.2) == [sure]


def test_a_doubtful_face_keeps_no_face_that_fills_the_frame_from_being_found() -> None:
    doubtful = Face(Box(20, 20, 40, 40), 0.6)
    framed = Face(Box(110, 110, 290, 290), 0.95)
    found = detect(Script(doubtful, None, None, None, framed))
    assert Face(Box(10, 10, 190, 190), 0.95) in found


def test_the_margin_is_turned_as_the_picture_is() -> None:
    lying = Face(Box(20, 20, 60, 60), 0.95, 2)
    framed = Face(Box(110, 110, 150, 150), 0.92)
    found = detect(Script(None, None, lying, None, framed), thorough=True)
    assert found == [seen(lying), Face(Box(150, 150, 190, 190), 0.92, 2)]


@pytest.mark.parametrize(("confidence", "counts"), [(0.85, False), (0.95, True)])
def test_tiles_in_another_turn_add_only_faces_to_be_trusted(
    confidence: float, counts: bool
) -> None:
    # Four looks, a margin, four tiles: then the first tile in the next turn.
    face = Face(Box(100, 100, 140, 140), confidence)
    found = LookAgain(Script(*[None] * 9, face), thorough=True).detect(scene(500, 500))
    assert [face.quarter_turns for face in found] == ([1] if counts else [])


def test_a_tile_in_another_turn_must_be_clearly_better() -> None:
    lying = Face(Box(360, 360, 400, 400), 0.93, 2)
    tile = Face(Box(100, 100, 140, 140), 0.94)
    script = Script(None, None, lying, *[None] * 6, tile)
    assert LookAgain(script, thorough=True).detect(scene(500, 500)) == [seen(lying, 500)]


@pytest.mark.parametrize(("confidence", "counts"), [(0.65, False), (0.75, True)])
def test_where_nobody_else_is_even_light_asks_for_less(confidence: float, counts: bool) -> None:
    # Four looks and a margin find nobody.
    dark = Face(Box(150, 150, 190, 190), confidence)
    inside = Face(Box(50, 50, 90, 90), confidence)
    assert detect(Script(*[None] * 5, dark)) == ([inside] if counts else [])


def test_where_somebody_is_found_nobody_looks_in_even_light() -> None:
    plain, ghost = Face(Box(20, 20, 60, 60), 0.6), Face(Box(210, 210, 250, 250), 0.99)
    assert detect(Script(plain, *[None] * 4, ghost)) == [plain]
