"""Where to look again: the scheme, with a detector that knows what it cannot see."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from painted_faces import PaintedFaces, paint, scene, turned

from age_pipeline.data import Box, Face, Image
from face_detector.looks import SMALLEST_FACE, LookAgain

PORTRAIT = Box(150, 60, 300, 260)


@pytest.fixture
def portrait() -> Image:
    image = scene(500, 400)
    paint(image, PORTRAIT, 1)
    image.flags.writeable = False
    return image


def crowd(boxes: list[Box], width: int = 1600, height: int = 1200) -> Image:
    image = scene(width, height)
    for number, box in enumerate(boxes, start=1):
        paint(image, box, number)
    image.flags.writeable = False
    return image


def around(x: int, y: int, width: int = 40, height: int = 50) -> Box:
    """A box with this middle."""
    return Box(x - width // 2, y - height // 2, x + width // 2, y + height // 2)


def by_place(boxes: list[Box]) -> list[Box]:
    return sorted(boxes, key=lambda box: (box.left, box.top))


def found_by(detector: LookAgain, image: Image) -> list[Box]:
    return by_place([face.box for face in detector.detect(image)])


class TestOrdinaryPortrait:
    def test_a_certain_face_costs_one_look(self, portrait: Image) -> None:
        once = PaintedFaces()
        assert LookAgain(once).detect(portrait) == [Face(PORTRAIT, 0.99)]
        assert once.looks == [(400, 500)]

    def test_an_uncertain_one_is_looked_at_from_all_sides(self, portrait: Image) -> None:
        once = PaintedFaces(confidence=0.9)
        assert LookAgain(once).detect(portrait) == [Face(PORTRAIT, 0.9)]
        assert once.looks == [(400, 500), (500, 400), (400, 500), (500, 400)]

    def test_the_model_is_the_detectors(self) -> None:
        assert LookAgain(PaintedFaces()).model == PaintedFaces().model

    def test_what_is_no_picture_is_refused(self) -> None:
        with pytest.raises(TypeError, match="uint8"):
            LookAgain(PaintedFaces()).detect(np.zeros((9, 9, 3)))  # type: ignore[arg-type]


class TestLyingPicture:
    @pytest.mark.parametrize("quarter_turns", [1, 2, 3])
    @pytest.mark.parametrize("lying", [None, 0.6, 0.96])
    def test_the_face_is_found_as_it_stands(
        self, portrait: Image, quarter_turns: int, lying: float | None
    ) -> None:
        image, box = turned(portrait, PORTRAIT, quarter_turns)
        once = PaintedFaces(lying=lying)
        assert LookAgain(once).detect(image) == [Face(box, 0.99, quarter_turns)]
        assert len(once.looks) == 4

    @pytest.mark.parametrize("quarter_turns", [1, 2, 3])
    def test_a_hairs_breadth_more_does_not_turn_it(
        self, portrait: Image, quarter_turns: int
    ) -> None:
        image, box = turned(portrait, PORTRAIT, quarter_turns)
        once = PaintedFaces(confidence=0.97, lying=0.96)
        assert LookAgain(once).detect(image) == [Face(box, 0.96)]

    @pytest.mark.parametrize("quarter_turns", [1, 2, 3])
    @pytest.mark.parametrize("thorough", [False, True])
    def test_the_small_faces_of_a_lying_group_are_found_as_they_stand(
        self, quarter_turns: int, thorough: bool
    ) -> None:
        # The first is just seen in one look; the others only in tiles.
        boxes = [around(300, 300, 80, 100), around(900, 500), around(1500, 1100), around(700, 90)]
        upright = crowd(boxes)
        image, _ = turned(upright, boxes[0], quarter_turns)
        faces = LookAgain(PaintedFaces(), thorough=thorough).detect(image)
        assert {face.quarter_turns for face in faces} == {quarter_turns}
        expected = [turned(upright, box, quarter_turns)[1] for box in boxes]
        # A turned view of a large picture is shrunk, which costs a pixel.
        found = by_place([face.box for face in faces])
        assert len(found) == len(expected)
        assert all(a.iou(b) > 0.95 for a, b in zip(found, by_place(expected), strict=True))


SPREAD = [around(x, y) for x in (100, 560, 1040, 1500) for y in (90, 610, 1100)]


class TestSmallFaces:
    def test_are_found_in_tiles_and_tiles_of_tiles(self) -> None:
        once = PaintedFaces()
        image = crowd(SPREAD)
        assert once.detect(image) == []
        assert found_by(LookAgain(once), image) == by_place(SPREAD)

    def test_lead_to_smaller_ones(self) -> None:
        seen, unseen = around(400, 300, 80, 100), around(1200, 800)
        once = PaintedFaces()
        assert found_by(LookAgain(once), crowd([seen, unseen])) == [seen, unseen]
        # Nobody has to be turned for it, nor a margin drawn.
        assert all(height < width <= 1600 for height, width in once.looks)

    def test_are_not_looked_for_beside_a_large_one(self) -> None:
        large, unseen = around(400, 500, 400, 500), around(1200, 800)
        once = PaintedFaces()
        assert found_by(LookAgain(once), crowd([large, unseen])) == [large]
        assert len(once.looks) == 1
        assert found_by(LookAgain(once, thorough=True), crowd([large, unseen])) == [large, unseen]

    def test_cut_by_the_edge_of_a_tile_are_reported_once_and_whole(self) -> None:
        # The tiles of 1600x1200 end at 914 and 1600 across, 686 and 1200 down; they begin at 686
        # and 514. This detector sees no such face in the whole picture, but half of one in a tile.
        cut = [around(x, y) for x in (686, 800, 914) for y in (400, 514, 600, 686)]
        once = PaintedFaces(smallest=0.033)
        assert once.detect(crowd(cut)) == []
        assert len(once.detect(crowd(cut)[:, :914])) > 0
        assert found_by(LookAgain(once), crowd(cut)) == by_place(cut)

    def test_are_looked_for_only_where_tiles_can_show_more(self) -> None:
        # In the picture this one is small, and in a quarter of it no more.
        seen = around(200, 200, 88, 108)
        once = PaintedFaces()
        assert found_by(LookAgain(once), crowd([seen])) == [seen]
        assert len(once.looks) == 1 + 4
        # Small ones in one tile let the empty ones be cut again, but not that of the other.
        tiny = [around(x, 1000, 44, 44) for x in range(1100, 1500, 80)]
        once = PaintedFaces()
        assert found_by(LookAgain(once), crowd([seen, *tiny])) == [seen, *tiny]
        assert len(once.looks) == 1 + 4 + 3 * 4

    @pytest.mark.parametrize(("small", "large", "looks"), [(1, 2, 1), (2, 1, 5)])
    def test_are_looked_for_where_most_faces_are_small(
        self, small: int, large: int, looks: int
    ) -> None:
        boxes = [around(200 + 300 * n, 900, 88, 108) for n in range(small)]
        boxes += [around(300 + 500 * n, 300, 260, 320) for n in range(large)]
        once = PaintedFaces()
        assert found_by(LookAgain(once), crowd(boxes)) == by_place(boxes)
        assert len(once.looks) == looks

    def test_at_the_edge_of_the_picture_are_reported(self) -> None:
        corners = [Box(0, 0, 40, 50), Box(1560, 0, 1600, 50), Box(0, 1150, 40, 1200)]
        corners.append(Box(1560, 1150, 1600, 1200))
        assert found_by(LookAgain(PaintedFaces()), crowd(corners)) == by_place(corners)


class TestFaceThatFillsTheFrame:
    @pytest.mark.parametrize("size", [(400, 300), (300, 400), (200, 900)])
    def test_is_found_in_a_picture_with_a_margin(self, size: tuple[int, int]) -> None:
        width, height = size
        image = scene(width, height)
        box = Box(4, 4, width - 4, height - 4)
        paint(image, box, 1)
        once = PaintedFaces()
        assert LookAgain(once).detect(image) == [Face(box, 0.99)]
        assert len([look for look in once.looks if look[0] > height and look[1] > width]) == 1

    def test_a_doubtful_one_counts_where_nobody_else_is(self) -> None:
        image, box = scene(500, 400), Box(50, 30, 480, 380)
        paint(image, box, 1)
        assert found_by(LookAgain(PaintedFaces(confidence=0.6)), image) == [box]
        assert found_by(LookAgain(PaintedFaces(confidence=0.4)), image) == []


class TestSurer:
    """Every look is another chance for a ghost."""

    @pytest.mark.parametrize(("confidence", "reported"), [(0.79, False), (0.81, True)])
    def test_what_only_further_looks_find_must_be_surer(
        self, confidence: float, reported: bool
    ) -> None:
        small = around(400, 300)
        image = crowd([small])
        for thorough in (False, True):
            detector = LookAgain(PaintedFaces(confidence=confidence), thorough=thorough)
            assert found_by(detector, image) == ([small] if reported else [])

    def test_the_first_look_needs_no_more_than_was_asked_for(self, portrait: Image) -> None:
        assert found_by(LookAgain(PaintedFaces(confidence=0.51)), portrait) == [PORTRAIT]

    def test_a_minimum_below_the_working_point_adds_what_the_first_look_saw_faintly(
        self, portrait: Image
    ) -> None:
        faint = PaintedFaces(confidence=0.3)
        assert found_by(LookAgain(faint), portrait) == []
        assert found_by(LookAgain(faint, min_confidence=0.2), portrait) == [PORTRAIT]

    @pytest.mark.parametrize("least", [-0.1, 1.1, float("nan")])
    def test_a_minimum_that_is_no_confidence_is_refused(self, least: float) -> None:
        with pytest.raises(ValueError, match="0 to 1"):
            LookAgain(PaintedFaces(), min_confidence=least)


class Ghosts(PaintedFaces):
    """Sees one face more, in the middle, in every look of this size and turn."""

    def __init__(self, shape: tuple[int, int], confidence: float) -> None:
        super().__init__()
        self._shape, self._ghost = shape, confidence

    def detect(self, image: Image) -> list[Face]:
        faces = super().detect(image)
        if image.shape[:2] == self._shape:
            height, width = self._shape
            box = Box(width // 4, height // 4, width * 3 // 4, height * 3 // 4)
            faces.append(Face(box, self._ghost))
        return sorted(faces, key=lambda face: -(face.confidence or 0))


class TestGhosts:
    """A doubtful box must not keep anybody from being looked for."""

    @pytest.mark.parametrize("shape", [(1200, 1600), (1200, 900)], ids=["first look", "turned"])
    @pytest.mark.parametrize("confidence", [0.55, 0.85])
    def test_a_doubtful_box_hides_no_crowd(self, shape: tuple[int, int], confidence: float) -> None:
        faces = LookAgain(Ghosts(shape, confidence)).detect(crowd(SPREAD))
        assert {face.quarter_turns for face in faces if face.confidence == 0.99} == {0}
        assert {face.box for face in faces} >= set(SPREAD)

    def test_a_picture_with_two_turns_shows_the_faces_of_both(self, portrait: Image) -> None:
        lying, box = turned(portrait, PORTRAIT, 1)
        image = np.zeros((500, 900, 3), np.uint8)
        image[:, 500:] = lying
        image[:400, :500] = portrait
        image[:, 500:][..., 0][image[:, 500:][..., 1] == 255] = 2
        detector = PaintedFaces(confidence=0.95)
        assert LookAgain(detector).detect(image) == [
            Face(PORTRAIT, 0.95),
            Face(Box(box.left + 500, box.top, box.right + 500, box.bottom), 0.95, 1),
        ]

    def test_a_doubtful_box_in_a_tile_lets_it_be_cut_again(self) -> None:
        # Too small for a tile, large enough for a tile of a tile.
        tiny = around(400, 300, 24, 30)
        faces = LookAgain(Ghosts((686, 914), 0.85)).detect(crowd([tiny]))
        assert tiny in {face.box for face in faces}


class TestCost:
    @pytest.mark.parametrize(
        ("size", "looks", "thorough"),
        [
            # As it is, three turns, a margin; tiles, and tiles of tiles; even light.
            ((1600, 1200), 6 + 4 + 16, 6 + 4 * (4 + 16 + 64)),
            ((1200, 900), 6 + 4, None),
            ((3000, 2000), 6 + 2 + 8 + 32, None),
            ((9000, 6000), 6 + 2 + 8 + 32, None),
            ((600, 500), 6 + 4, 6 + 4 * 4),
            ((400, 400), 6, 6),
            ((1, 1), 6, 6),
            ((3000, 20), 6 + 2 + 4 + 8, 6 + 4 * (2 + 4 + 8 + 16)),
        ],
    )
    def test_of_an_empty_picture_is_bounded(
        self, size: tuple[int, int], looks: int, thorough: int | None
    ) -> None:
        once = PaintedFaces()
        assert LookAgain(once).detect(scene(*size)) == []
        assert len(once.looks) == looks
        if thorough is not None:
            once = PaintedFaces()
            assert LookAgain(once, thorough=True).detect(scene(*size)) == []
            assert len(once.looks) == thorough

    def test_thorough_looks_everywhere_whatever_was_found(self, portrait: Image) -> None:
        once = PaintedFaces()
        assert LookAgain(once, thorough=True).detect(portrait) == [Face(PORTRAIT, 0.99)]
        tile = (round(400 / 1.75), round(500 / 1.75))
        assert tile[1] * once.small >= SMALLEST_FACE
        assert once.looks == [
            *((400, 500), (500, 400), (400, 500), (500, 400)),
            (400 + 2 * 250, 500 + 2 * 250),
            *[tile] * 4,
            *[tile[::-1]] * 4,
            *[tile] * 4,
            *[tile[::-1]] * 4,
        ]

    @settings(max_examples=30)
    @given(st.integers(1, 1500), st.integers(1, 1500))
    def test_no_look_takes_more_memory_than_six_pictures(self, width: int, height: int) -> None:
        once = PaintedFaces()
        LookAgain(once).detect(scene(width, height))
        assert max(look[0] * look[1] for look in once.looks) <= 6 * width * height * 1.01 + 50
